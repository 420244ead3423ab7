//! `run` on several peers: output as it comes, counts, and a summary.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use bowline_core::id::PeerId;
use bowline_core::wire::frame::OutputStream;
use bowline_shell::peer::Session;
use bowline_shell::runtime::{Alarm, Runtime};

use super::INTERRUPTED;
use super::fan::{Fan, Told};
use super::json::{piece, result};
use super::progress::Progress;
use super::tally::Tally;
use super::target::Target;
use super::watch::{Heard, Watch};
use crate::exit::Failure;
use crate::lines::Lines;
use crate::output;

pub(super) async fn many(
    session: &Session,
    target: &Target,
    mut fan: impl Fan,
    mut watch: Watch<'_, impl Runtime>,
    json: bool,
) -> Result<u8, Failure> {
    let mut teller = FanTeller::new(json);
    let mut alarm = Alarm::new(watch.runtime());
    let over = loop {
        alarm.set(teller.lines.due());
        let told = match watch.next(poll_fn(|cx| next(&mut fan, &mut alarm, cx))).await {
            Ok(told) => told,
            Err(Heard::Interrupt) => {
                teller.cancelling();
                fan.cancel();
                continue;
            }
            Err(Heard::Again) => return Ok(INTERRUPTED),
        };
        if let Some(Told::Over(over)) = told {
            break over;
        }
        let now = watch.runtime().now();
        let write = move || {
            let told = teller.tell(told, now);
            (teller, told)
        };
        let mut cancelled = false;
        let cancel = || {
            fan.cancel();
            cancelled = true;
        };
        let written = watch.write(cancel, write).await;
        teller = match written.map_err(output::failure)? {
            Some((teller, Ok(()))) => teller,
            Some((_, Err(error))) => return output::unwritten(error),
            None => return Ok(INTERRUPTED),
        };
        if cancelled {
            teller.cancelling();
        }
        teller.progress.show(&teller.tally, fan.waiting());
    };
    session.close();
    session.ended().await;
    let failure = match over {
        Ok(counts) => {
            counts.into_iter().for_each(|counts| teller.tally.counted(counts));
            teller.tally.claim(fan.claimed());
            teller.tally.is_empty().then(|| target.nobody())
        }
        Err(failure) => {
            teller.tally.lost();
            Some(failure)
        }
    };
    let uncounted = target.uncounted(teller.tally.claimed());
    let write = move || {
        let told = teller.finish(failure.as_ref(), uncounted.as_deref());
        (teller, failure, told)
    };
    let (teller, failure) = match watch.write(|| {}, write).await.map_err(output::failure)? {
        Some((teller, failure, Ok(()))) => (teller, failure),
        Some((_, _, Err(error))) => return output::unwritten(error),
        None => return Ok(INTERRUPTED),
    };
    failure.map_or_else(|| Ok(teller.tally.exit()), Err)
}

/// The next thing to tell; none where a line has waited long enough for its end.
fn next<R: Runtime>(
    fan: &mut impl Fan,
    alarm: &mut Alarm<R>,
    cx: &mut Context<'_>,
) -> Poll<Option<Told>> {
    match fan.poll(cx) {
        Poll::Ready(told) => Poll::Ready(Some(told)),
        Poll::Pending => alarm.poll(cx).map(|()| None),
    }
}

/// Where everything is told.
struct FanTeller {
    json: bool,
    lines: Lines,
    tally: Tally,
    progress: Progress,
}

impl FanTeller {
    fn new(json: bool) -> Self {
        let progress = if json { Progress::hidden() } else { Progress::new() };
        Self { json, lines: Lines::for_readers(), tally: Tally::default(), progress }
    }

    fn cancelling(&mut self) {
        // That it cannot be written is told by what is written next.
        let _ = self.make_way();
        self.progress.around(false, || {
            output::say(format_args!("cancelling on each peer; once more ends at once"));
        });
    }

    fn tell(&mut self, told: Option<Told>, now: Instant) -> io::Result<()> {
        for (source, lines) in self.lines.flush(now) {
            self.write(source, &lines)?;
        }
        let Some(told) = told else { return Ok(()) };
        match told {
            Told::Sent(peers) => self.tally.sent(peers),
            Told::Output { peer, source, bytes } if self.json => {
                output::try_line(piece(Some(peer), source, &bytes))?;
            }
            Told::Output { peer, source, bytes } => {
                let lines = self.lines.take(peer, source, &bytes, now);
                self.write(source, &lines)?;
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
            self.write(source, &line)?;
        }
        Ok(())
    }

    fn write(&mut self, source: OutputStream, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        // It stands on the terminal that standard error is.
        let is_open = self.lines.is_open(OutputStream::Err);
        self.progress.around(is_open, || output::stream(source, lines))
    }

    /// Ends what is open for a line of our own.
    fn make_way(&mut self) -> io::Result<()> {
        let end = self.lines.make_way(OutputStream::Err);
        self.write(OutputStream::Err, end)
    }

    /// Tells what is left, and how it went.
    fn finish(&mut self, failure: Option<&Failure>, uncounted: Option<&str>) -> io::Result<()> {
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
            output::try_line(summary)?;
        } else if !self.tally.is_empty() {
            self.tally.summary().iter().for_each(|line| output::say(format_args!("{line}")));
        }
        if let Some(uncounted) = uncounted {
            output::say(uncounted);
        }
        Ok(())
    }
}
