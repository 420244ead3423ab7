//! A call that was made here: its output as it comes, its input, its end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::CommandName;
use bowline_core::wire::frame::{Delivery, OutputStream};
use bowline_core::wire::value::{ArgumentsBuf, ValueError};

use crate::call::order::{CallRequest, Callee};
use crate::call::{
    Argument, CallError, CallEvent, CallShared, CallSide, CallState, Finished, OUTPUT_LIMIT,
    Output, OutwardEnd,
};
use crate::driver::Mailbox;

/// A call in the making: [`Session::call`](crate::peer::Session::call).
#[derive(Debug)]
#[must_use = "nothing is called before start"]
pub struct CallBuilder {
    mailbox: Arc<Mailbox>,
    to: Callee,
    name: CommandName,
    arguments: ArgumentsBuf,
    /// What is wrong with the first argument that cannot be sent.
    wrong: Option<String>,
    deadline: Duration,
    input: bool,
    output_limit: usize,
    delivery: Delivery,
}

impl CallBuilder {
    pub(crate) fn new(mailbox: Arc<Mailbox>, to: Callee, name: CommandName) -> Self {
        let deadline = Duration::from_secs(24 * 60 * 60);
        let (arguments, delivery) = (ArgumentsBuf::new(), Delivery::Attached);
        let (wrong, output_limit) = (None, OUTPUT_LIMIT);
        let input = false;
        Self { mailbox, to, name, arguments, wrong, deadline, input, output_limit, delivery }
    }

    /// An argument by its name: `arg("lines", 20)`. One that cannot be sent, as its name is there
    /// already, or longer than 64 bytes, or its value is NaN, ends the call with
    /// [`Code::BadArgument`] as soon as it starts; a call has 64 arguments at most.
    pub fn arg(mut self, name: &str, value: impl Into<Argument>) -> Self {
        let pushed = value.into().0.and_then(|value| {
            self.arguments.named_value(name, value.as_value())?;
            Ok(())
        });
        self.check(pushed, || format!("the argument '{}'", excerpt(name)))
    }

    /// An argument by its position, behind those that are there. As [`CallBuilder::arg`].
    pub fn positional(mut self, value: impl Into<Argument>) -> Self {
        let nth = self.arguments.as_arguments().positional().count() + 1;
        let pushed = value.into().0.and_then(|value| {
            self.arguments.push_value(value.as_value())?;
            Ok(())
        });
        self.check(pushed, || format!("argument {nth}"))
    }

    fn check(mut self, pushed: Result<(), ValueError>, which: impl FnOnce() -> String) -> Self {
        if let Err(error) = pushed {
            self.wrong.get_or_insert_with(|| format!("{}: {error}", which()));
        }
        self
    }

    /// All arguments, in place of those that are there; none without.
    pub fn arguments(mut self, arguments: ArgumentsBuf) -> Self {
        (self.arguments, self.wrong) = (arguments, None);
        self
    }

    /// How long the call may take; 24 h without.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The command will get input, by [`Calling::write`] and [`Calling::end_input`]; without, its
    /// input is empty. Of several peers each gets the same.
    pub fn with_input(mut self) -> Self {
        self.input = true;
        self
    }

    /// Leaves the call to the hub: it ends here at once, with the name under which the hub keeps it
    /// ([`Finished::kept_as`]), and goes on without this link. Its input is empty.
    pub fn detach(mut self) -> Self {
        self.delivery = Delivery::Detached;
        self
    }

    /// How many bytes [`CallBuilder::output`] gathers at most, of both outputs together;
    /// [`OUTPUT_LIMIT`] without.
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// Makes the call, with an empty input, and gathers what the command writes until it ends.
    ///
    /// # Errors
    /// [`CallError::Failed`]: the call was refused, or the command did not run to its end. That it
    /// ended with another exit code than 0 is no error. [`CallError::TooMuch`]: it wrote more than
    /// [`CallBuilder::output_limit`]. [`CallError::Several`]: the call is for several peers.
    pub async fn output(mut self) -> Result<Output, CallError> {
        if self.to.is_several() && self.delivery != Delivery::Detached {
            return Err(CallError::Several);
        }
        self.input = false;
        let limit = self.output_limit;
        Output::gather(self.start(), limit).await
    }

    /// Makes the call.
    pub fn start(self) -> Calling {
        let Self { mailbox, to, name, arguments, wrong, deadline, input, delivery, .. } = self;
        let (side, end) = match delivery {
            // The hub's answer is the end, and nothing here is left to feed.
            Delivery::Detached => (CallSide::Made, OutwardEnd::Sent),
            _ => {
                let side = if to.is_several() { CallSide::MadeForSeveral } else { CallSide::Made };
                (side, if input { OutwardEnd::Open } else { OutwardEnd::Wanted })
            }
        };
        let cell = CallShared::new(side, None, &mailbox);
        cell.lock().end = end;
        if let Some(wrong) = wrong {
            cell.finish(Finished::failed(Code::BadArgument, &wrong));
            return Calling { cell };
        }
        mailbox.order(CallRequest { cell: cell.clone(), to, name, arguments, deadline, delivery });
        Calling { cell }
    }
}

/// What a message shows of a name: its first 80 characters.
fn excerpt(name: &str) -> String {
    name.chars().take(80).collect()
}

/// A call that was made. Dropping it cancels what has not ended.
#[derive(Debug)]
#[must_use = "dropping it cancels the call"]
pub struct Calling {
    cell: Arc<CallShared>,
}

impl Calling {
    /// The next thing that the call tells, its end last; `None` after the end.
    pub async fn next(&mut self) -> Option<CallEvent> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`Calling::next`].
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<CallEvent>> {
        let mut state = self.cell.lock();
        if let Some(event) = state.take_told() {
            if state.taken > 0 {
                self.cell.post(&mut state);
            }
            return Poll::Ready(Some(event));
        }
        if state.inward_ended {
            return Poll::Ready(None);
        }
        if let Some(finished) = state.finished.clone() {
            state.inward_ended = true;
            return Poll::Ready(Some(CallEvent::Finished(finished)));
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Waits for the end; whatever comes before it is dropped.
    pub async fn finished(mut self) -> Finished {
        loop {
            match self.next().await {
                Some(CallEvent::Finished(finished)) => return finished,
                Some(_) => {}
                None => return Finished::lost(),
            }
        }
    }

    /// Gives the command input; waits for room. How many of the first bytes were taken: none once
    /// the call is over.
    pub async fn write(&mut self, bytes: &[u8]) -> usize {
        poll_fn(|cx| self.poll_write(cx, bytes)).await
    }

    /// As [`Calling::write`].
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let mut state = self.cell.lock();
        if state.finished.is_some() || state.end != OutwardEnd::Open || bytes.is_empty() {
            return Poll::Ready(0);
        }
        let taken = state.poll_out(cx, OutputStream::Out, bytes);
        if taken.is_ready() {
            self.cell.post(&mut state);
        }
        taken
    }

    /// The command gets no more input.
    pub fn end_input(&mut self) {
        self.tell(|state| {
            if state.end == OutwardEnd::Open {
                state.end = OutwardEnd::Wanted;
            }
        });
    }

    /// Asks the command to stop, on each peer; its end still comes.
    pub fn cancel(&mut self) {
        self.tell(|state| state.cancel = true);
    }

    fn tell(&self, change: impl FnOnce(&mut CallState)) {
        let mut state = self.cell.lock();
        if state.finished.is_none() {
            change(&mut state);
            self.cell.post(&mut state);
        }
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        // What was not taken is not wanted any more, and must not hold the command back.
        self.tell(|state| {
            state.cancel = true;
            state.discard();
        });
    }
}
