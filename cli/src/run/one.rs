//! `run` on one peer, as `ssh` would run it.

use std::future::poll_fn;

use bowline_core::wire::frame::Status;
use bowline_shell::call::{CallBuilder, CallEvent, Finished};
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;

use super::INTERRUPTED;
use super::json::{piece, result};
use super::pipe::Pipe;
use super::watch::{Heard, Watch};
use crate::exit::{self, Failure};
use crate::{event, output};

pub(super) async fn one(
    session: &Session,
    call: CallBuilder,
    mut watch: Watch<'_, impl Runtime>,
    json: bool,
) -> Result<u8, Failure> {
    let mut pipe = Pipe::start(call);
    let finished = loop {
        let next = match watch.next(poll_fn(|cx| pipe.poll(cx))).await {
            Ok(next) => next,
            Err(Heard::Interrupt) => {
                pipe.cancel();
                continue;
            }
            Err(Heard::Again) => return Ok(INTERRUPTED),
        };
        match next {
            Some(CallEvent::Output { peer, source, bytes }) => {
                let write = move || match json {
                    true => output::try_line(piece(peer, source, &bytes)),
                    false => output::stream(source, &bytes),
                };
                match watch.write(|| pipe.cancel(), write).await {
                    Ok(Some(Ok(()))) => {}
                    Ok(None) => return Ok(INTERRUPTED),
                    Ok(Some(Err(error))) | Err(error) => {
                        return output::unwritten(error).map_err(Failure::ours);
                    }
                }
            }
            Some(CallEvent::Finished(finished)) => break finished,
            _ => return Err(Failure::new(exit::OURS, "the call ended without a result")),
        }
    };
    session.close();
    session.ended().await;
    if json {
        let told = result(finished.peer, finished.status, &finished.text);
        match watch.write(|| {}, move || output::line(told)).await {
            Ok(Some(told)) => told.map_err(Failure::ours)?,
            Ok(None) => return Ok(INTERRUPTED),
            Err(error) => return output::unwritten(error).map_err(Failure::ours),
        }
    }
    pipe.failure().map_or_else(|| end(&finished), |failure| Err(failure.ours()))
}

fn end(finished: &Finished) -> Result<u8, Failure> {
    match finished.status {
        // Codes beyond a byte are cut as a shell cuts them.
        Status::Exited(code) => Ok((code & 0xFF) as u8),
        Status::Signalled(signal) => Ok((128 + (signal & 0x7F)) as u8),
        // A success it is not, and any other code is the command's own.
        Status::ExitedCut(0) => Ok(told_of_cut(exit::FAILURES)),
        Status::ExitedCut(code) => Ok(told_of_cut((code & 0xFF) as u8)),
        Status::SignalledCut(signal) => Ok(told_of_cut((128 + (signal & 0x7F)) as u8)),
        Status::Failed(code) => Err(Failure::call(code, finished).ours()),
    }
}

/// The exit code, once it is said that output is missing.
fn told_of_cut(code: u8) -> u8 {
    output::say(event::OUTPUT_CUT);
    code
}
