//! What a session asks of the hub itself: typed requests, typed replies, lists page by page.

use core::fmt;

use bowline_core::code::Code;
use bowline_core::control::field::Item;
use bowline_core::control::{ControlCommand, ControlRequest, FieldMisread, Page, Paged};
use bowline_core::id::IdError;
use bowline_core::wire::frame::Status;

use crate::call::Finished;
use crate::peer::Session;

/// Pages of one list, at most. A hub of a million peers needs fewer.
const PAGES: usize = 100_000;
/// Bytes of all pages of one list together, at most (256 MiB).
const BYTES: usize = 256 << 20;

/// The hub of a session, as what can be asked. Made by [`Session::hub`].
#[derive(Clone, Copy, Debug)]
pub struct HubClient<'s> {
    session: &'s Session,
}

/// Why a hub did not answer a request.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// It did not carry it out, or the link ended.
    #[error("{}", sentence(.code, .finished))]
    Failed {
        /// Why.
        code: Code,
        /// How the call ended.
        finished: Box<Finished>,
    },
    /// Its answer is not what the command answers.
    #[error("the hub's answer to '{}' is not understood: {misread}", .command.name())]
    Misread {
        /// The command.
        command: ControlCommand,
        /// What is wrong with the answer.
        misread: FieldMisread,
    },
    /// Its list goes on without end.
    #[error(
        "the hub's list '{}' does not come to its end: expected at most {PAGES} pages and {} MiB, \
         each page behind the one before; is it the hub that is meant?", .command.name(), BYTES >> 20
    )]
    Endless {
        /// The command.
        command: ControlCommand,
    },
}

bowline_core::debug_as_display!(AskError);

fn sentence(code: &Code, finished: &Finished) -> String {
    let said = finished.text.to_string();
    format!("{code}: {}", if said.is_empty() { code.row().meaning } else { &said })
}

impl Session {
    /// The hub itself, to be asked.
    #[must_use]
    pub fn hub(&self) -> HubClient<'_> {
        HubClient { session: self }
    }
}

impl<'s> HubClient<'s> {
    /// Asks, and waits for the reply. Of a list that is its first page.
    ///
    /// # Errors
    /// [`AskError::Failed`]; [`AskError::Misread`].
    pub async fn ask<R: ControlRequest>(&self, request: &R) -> Result<R::Reply, AskError> {
        read::<R>(&self.finished(request).await?)
    }

    /// Asks for a list, page by page.
    pub fn pages<R: Paged>(&self, request: R) -> Pages<'s, R> {
        Pages { hub: *self, next: Some(request), budget: Budget::default() }
    }

    /// Asks for a whole list.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn list<R, T>(&self, request: R) -> Result<Vec<T>, AskError>
    where
        R: Paged<Reply = Page<T>>,
        T: Item,
    {
        let (mut pages, mut list) = (self.pages(request), Vec::new());
        while let Some(page) = pages.next().await? {
            list.extend(page.iter());
        }
        Ok(list)
    }

    async fn finished<R: ControlRequest>(&self, request: &R) -> Result<Finished, AskError> {
        let failed = |code, finished| AskError::Failed { code, finished: Box::new(finished) };
        let unsaid = |why: &dyn fmt::Display| {
            let code = Code::BadArgument;
            failed(code, Finished::failed(code, &why.to_string()))
        };
        let name = R::COMMAND.name().parse().map_err(|error: IdError| unsaid(&error))?;
        let arguments = request.to_arguments().map_err(|error| unsaid(&error))?;
        let finished = self.session.call_hub(name).arguments(arguments).start().finished().await;
        match finished.status {
            Status::Failed(code) => Err(failed(code, finished)),
            Status::Exited(_)
            | Status::Signalled(_)
            | Status::ExitedCut(_)
            | Status::SignalledCut(_) => Ok(finished),
        }
    }
}

fn read<R: ControlRequest>(finished: &Finished) -> Result<R::Reply, AskError> {
    let value = finished.value().ok_or_else(FieldMisread::default);
    let reply = value.and_then(R::Reply::read);
    reply.map_err(|misread| AskError::Misread { command: R::COMMAND, misread })
}

/// The pages of a list, as they are asked for.
#[derive(Debug)]
#[must_use = "nothing is asked before the first page is waited for"]
pub struct Pages<'s, R> {
    hub: HubClient<'s>,
    /// The request for the next page; none behind the last.
    next: Option<R>,
    budget: Budget,
}

impl<R: Paged> Pages<'_, R> {
    /// The next page; none behind the last one.
    ///
    /// # Errors
    /// As [`HubClient::ask`], and [`AskError::Endless`].
    pub async fn next(&mut self) -> Result<Option<R::Reply>, AskError> {
        let Some(request) = self.next.take() else { return Ok(None) };
        let finished = self.hub.finished(&request).await?;
        let endless = AskError::Endless { command: R::COMMAND };
        if !self.budget.page(finished.value.as_ref().map_or(0, Vec::len)) {
            return Err(endless);
        }
        let page = read::<R>(&finished)?;
        self.next = request.behind(&page);
        if self.next.as_ref() == Some(&request) {
            return Err(endless);
        }
        Ok(Some(page))
    }
}

/// What is left of the pages and bytes of one list.
#[derive(Debug)]
struct Budget {
    pages: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { pages: PAGES, bytes: BYTES }
    }
}

impl Budget {
    /// A page of so many bytes came; whether the list may have it.
    fn page(&mut self, bytes: usize) -> bool {
        let left = self.pages.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        if let Some((pages, bytes)) = left {
            (self.pages, self.bytes) = (pages, bytes);
        }
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_have_as_many_pages_and_bytes_as_its_bounds_and_no_more() {
        let mut pages = Budget::default();
        assert!((0..PAGES).all(|_| pages.page(1)));
        assert!(!pages.page(0));
        let mut bytes = Budget::default();
        assert!(bytes.page(BYTES - 1) && bytes.page(1));
        assert!(!bytes.page(1));
    }
}
