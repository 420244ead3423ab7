//! `run` on several peers: output as it comes, counts, and a summary.

use std::future::poll_fn;
use std::io;

use bowline_core::id::PeerId;
use bowline_shell::peer::Session;

use super::INTERRUPTED;
use super::fan::{Fan, Told};
use super::json::{piece, result};
use super::progress::Progress;
use super::tally::Tally;
use super::target::Target;
use crate::exit::Failure;
use crate::lines::Lines;
use crate::output;
use crate::signals::Inbox;

pub(super) async fn many(
    session: &Session,
    target: &Target,
    mut fan: impl Fan,
    signals: &mut Inbox,
    json: bool,
) -> Result<u8, Failure> {
    let mut teller = Teller::new(json);
    let mut interrupted = false;
    let over = loop {
        let Some(told) = signals.or_end(poll_fn(|cx| fan.poll(cx))).await else {
            if interrupted {
                return Ok(INTERRUPTED);
            }
            interrupted = true;
            teller.progress.around(|| {
                output::say(format_args!("cancelling on each peer; once more ends at once"));
            });
            fan.cancel();
            continue;
        };
        match told {
            Told::Over(over) => break over,
            told => {
                if let Err(error) = teller.tell(told) {
                    return output::unwritten(error);
                }
                teller.progress.show(&teller.tally, fan.waiting());
            }
        }
    };
    session.close();
    session.ended().await;
    let failure = match over {
        Ok(counts) => {
            counts.into_iter().for_each(|counts| teller.tally.counted(counts));
            teller.tally.is_empty().then(|| target.nobody())
        }
        Err(failure) => {
            teller.tally.lost();
            Some(failure)
        }
    };
    if let Err(error) = teller.finish(failure.as_ref()) {
        return output::unwritten(error);
    }
    failure.map_or_else(|| Ok(teller.tally.exit()), Err)
}

/// Where everything is told.
struct Teller {
    json: bool,
    lines: Lines,
    tally: Tally,
    progress: Progress,
}

impl Teller {
    fn new(json: bool) -> Self {
        let progress = if json { Progress::hidden() } else { Progress::new() };
        Self { json, lines: Lines::default(), tally: Tally::default(), progress }
    }

    fn tell(&mut self, told: Told) -> io::Result<()> {
        match told {
            Told::Sent(peers) => self.tally.sent(peers),
            Told::Output { peer, source, bytes } if self.json => {
                output::try_line(piece(Some(peer), source, &bytes))?;
            }
            Told::Output { peer, source, bytes } => {
                let lines = self.lines.take(peer, source, &bytes);
                if !lines.is_empty() {
                    self.progress.around(|| output::stream(source, &lines))?;
                }
            }
            Told::Ended(answer) => {
                self.tally.ended(&answer);
                if self.json {
                    output::try_line(result(answer.peer, answer.status, &answer.text))?;
                }
                if let Some(peer) = answer.peer {
                    self.last_lines(peer)?;
                }
            }
            Told::Over(_) => {}
        }
        Ok(())
    }

    /// A peer says no more.
    fn last_lines(&mut self, peer: PeerId) -> io::Result<()> {
        for (source, line) in self.lines.end(peer) {
            self.progress.around(|| output::stream(source, &line))?;
        }
        Ok(())
    }

    /// Tells what is left, and how it went.
    fn finish(&mut self, failure: Option<&Failure>) -> io::Result<()> {
        for peer in self.lines.unfinished() {
            self.last_lines(peer)?;
        }
        self.progress = Progress::hidden();
        if self.json {
            let mut summary = self.tally.json();
            if let Some(failure) = failure {
                summary["code"] = failure.name.map(|name| name.name()).into();
                summary["text"] = failure.message.as_str().into();
            }
            return output::try_line(summary);
        }
        if !self.tally.is_empty() {
            self.tally.summary().iter().for_each(|line| output::say(format_args!("{line}")));
        }
        Ok(())
    }
}
