//! `run` on one peer, as `ssh` would run it.

use std::future::poll_fn;

use bowline_core::wire::frame::Status;
use bowline_shell::call::{CallBuilder, CallEvent, Finished};
use bowline_shell::peer::Session;

use super::INTERRUPTED;
use super::json::{piece, result};
use super::pipe::Pipe;
use crate::exit::{self, Failure};
use crate::output;
use crate::signals::Inbox;

pub(super) async fn one(
    session: &Session,
    call: CallBuilder,
    signals: &mut Inbox,
    json: bool,
) -> Result<u8, Failure> {
    let mut pipe = Pipe::start(call);
    let mut interrupted = false;
    let finished = loop {
        let Some(next) = signals.or_end(poll_fn(|cx| pipe.poll(cx))).await else {
            if interrupted {
                return Ok(INTERRUPTED);
            }
            interrupted = true;
            pipe.cancel();
            continue;
        };
        match next {
            Some(CallEvent::Output { peer, source, bytes }) => {
                let written = match json {
                    true => output::try_line(piece(peer, source, &bytes)),
                    false => output::stream(source, &bytes),
                };
                if let Err(error) = written {
                    return output::unwritten(error).map_err(Failure::ours);
                }
            }
            Some(CallEvent::Finished(finished)) => break finished,
            _ => return Err(Failure::new(exit::OURS, "the call ended without a result")),
        }
    };
    session.close();
    session.ended().await;
    end(&finished, json)
}

fn end(finished: &Finished, json: bool) -> Result<u8, Failure> {
    if json {
        output::line(result(finished.peer, finished.status, &finished.text))
            .map_err(Failure::ours)?;
    }
    match finished.status {
        // Codes beyond a byte are cut as a shell cuts them.
        Status::Exited(code) => Ok((code & 0xFF) as u8),
        Status::Signalled(signal) => Ok((128 + (signal & 0x7F)) as u8),
        Status::Failed(code) => Err(Failure::call(code, finished).ours()),
    }
}
