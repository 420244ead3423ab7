//! Calls made to their end, with everything that came.

use std::collections::BTreeMap;

use bowline_core::code::Code;
use bowline_core::id::PeerId;
use bowline_core::wire::frame::{OutputStream, Status};
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::call::{CallBuilder, CallEvent, Calling, Finished};
use bowline_shell::peer::Session;

use crate::wait::within;
use crate::world::id;

/// What a call came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its standard output.
    pub out: Vec<u8>,
    /// Its standard error.
    pub err: Vec<u8>,
    /// Its end.
    pub finished: Finished,
}

impl Outcome {
    /// Standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// The exit code.
    ///
    /// # Panics
    /// When it did not end by itself.
    #[must_use]
    pub fn exit(&self) -> i64 {
        let Status::Exited(code) = self.finished.status else { panic!("{self:?}") };
        code
    }

    /// The code of a call that failed.
    ///
    /// # Panics
    /// When it did not.
    #[must_use]
    pub fn code(&self) -> Code {
        let Status::Failed(code) = self.finished.status else { panic!("{self:?}") };
        code
    }
}

/// A call of `command` on `peer`.
///
/// # Panics
/// When these are no names.
pub fn call(session: &Session, peer: &str, command: &str) -> CallBuilder {
    session.call(id(peer), command.parse().expect("a command name"))
}

/// Text arguments by position.
///
/// # Panics
/// When they are too long.
#[must_use]
pub fn positional(values: &[&str]) -> ArgumentsBuf {
    let mut arguments = ArgumentsBuf::new();
    for value in values {
        arguments.push_text(value).expect("an argument");
    }
    arguments
}

/// Text arguments by name.
///
/// # Panics
/// When they are too long.
#[must_use]
pub fn named(values: &[(&str, &str)]) -> ArgumentsBuf {
    let mut arguments = ArgumentsBuf::new();
    for (name, value) in values {
        arguments.named(name, Scalar::Text(value)).expect("an argument");
    }
    arguments
}

/// Makes the call and collects everything until its end.
pub async fn run(call: CallBuilder) -> Outcome {
    finish(call.start()).await
}

/// Collects everything until the end of a call.
pub async fn finish(mut calling: Calling) -> Outcome {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let finished = within(async {
        loop {
            match calling.next().await.expect("an end") {
                CallEvent::Output { source: OutputStream::Out, bytes, .. } => out.extend(bytes),
                CallEvent::Output { source: OutputStream::Err, bytes, .. } => err.extend(bytes),
                CallEvent::Finished(finished) => return finished,
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    Outcome { out, err, finished }
}

/// What a call for several peers came to.
#[derive(Debug, Default)]
pub struct Fanned {
    /// The peers that it was sent to, in the order in which they were told.
    pub sent: Vec<PeerId>,
    /// Standard output, by peer.
    pub out: BTreeMap<PeerId, Vec<u8>>,
    /// How it ended on each peer, in the order in which they were told.
    pub answers: Vec<Finished>,
    /// The end.
    pub end: Option<Finished>,
}

impl Fanned {
    /// Standard output of one peer as text.
    #[must_use]
    pub fn text(&self, peer: &str) -> String {
        let out = self.out.get(&id(peer)).map(Vec::as_slice).unwrap_or_default();
        String::from_utf8_lossy(out).into_owned()
    }

    /// Each peer and how it ended there, by peer.
    ///
    /// # Panics
    /// When an answer is nobody's.
    #[must_use]
    pub fn ends(&self) -> Vec<(String, Status)> {
        let of = |answer: &Finished| (answer.peer.expect("a peer").to_string(), answer.status);
        let mut ends: Vec<_> = self.answers.iter().map(of).collect();
        ends.sort_by(|a, b| a.0.cmp(&b.0));
        ends
    }

    /// How many answered, failed and are missing.
    ///
    /// # Panics
    /// When the end has no counts.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let counts = self.end.as_ref().and_then(|end| end.counts).expect("counts");
        (counts.answered, counts.failed, counts.missing)
    }
}

/// Collects everything until the end of a call for several peers.
pub async fn finish_all(mut calling: Calling) -> Fanned {
    let mut fanned = Fanned::default();
    within(async {
        loop {
            match calling.next().await.expect("an end") {
                CallEvent::Accepted { sent } => fanned.sent.extend(sent),
                CallEvent::Output { peer, source: OutputStream::Out, bytes } => {
                    let peer = peer.expect("a peer");
                    assert!(fanned.answers.iter().all(|answer| answer.peer != Some(peer)));
                    fanned.out.entry(peer).or_default().extend(bytes);
                }
                CallEvent::Output { .. } => {}
                CallEvent::Answered(answer) => fanned.answers.push(answer),
                CallEvent::Finished(end) => {
                    fanned.end = Some(end);
                    return fanned;
                }
                other => panic!("{other:?}"),
            }
        }
    })
    .await
}

/// Collects standard output until `wanted` is in it.
pub async fn until_output(calling: &mut Calling, wanted: &str) -> String {
    let mut seen = String::new();
    within(async {
        while !seen.contains(wanted) {
            match calling.next().await.expect("output") {
                CallEvent::Output { bytes, .. } => seen.push_str(&String::from_utf8_lossy(&bytes)),
                other => panic!("{other:?} before {wanted:?}"),
            }
        }
    })
    .await;
    seen
}
