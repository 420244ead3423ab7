//! Output of several peers, a line at a time, each with its peer's id before it.
//!
//! ```text
//!  held ── nothing comes for a while ──► told, its row stays open ── more ──► the row goes on
//!   │ its end                                │ another line is told
//!   ▼                                        ▼
//!  id: a whole row                          the row ends; more ──► id: a row of its own
//! ```
//!
//! A line waits for its end, so that lines of several peers do not mix. What has waited for
//! [`PAUSE`], such as a prompt, is told as far as it came. Nothing marks a row that goes on with a
//! line: a program gets what the commands wrote, and the id.
//!
//! A pipe gets the bytes of each line as they came. On a terminal a peer could overwrite the id
//! before another's line, so that there lines are tamed, and a carriage return before what is told
//! begins a row: each state of a progress bar that was told stays.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use bowline_core::id::PeerId;
use bowline_core::wire::frame::OutputStream;

use crate::{stdio, tame};

/// Bytes of one line that are held for its end; a longer line is told in parts.
const LINE: usize = 16 << 10;
/// Bytes of all lines together that are held; beyond, a line is told as far as it came.
const HELD: usize = 1 << 20;
/// The longest that a line waits for its end while nothing of it comes.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest that it waits while more and more of it comes.
const LONGEST: Duration = Duration::from_secs(1);

/// Lines whose ends have not come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: BTreeMap<LineSource, Begun>,
    held: usize,
    /// No line is due before.
    next: Option<Instant>,
    /// Whose readers are terminals: of standard output, and of standard error.
    terminals: [bool; 2],
    /// Whether both outputs go to the same place.
    is_shared: bool,
    /// The line whose row is open, in each place.
    open: [Option<LineSource>; 2],
}

/// Whose line it is.
type LineSource = (PeerId, OutputStream);

/// A line whose end has not come.
#[derive(Debug, Default)]
struct Begun {
    /// What was not told.
    bytes: Vec<u8>,
    /// Whether some of it was told.
    is_told: bool,
    /// When the first of `bytes` came, and when they are told.
    waits: Option<(Instant, Instant)>,
}

impl Lines {
    /// Lines for where this program writes.
    pub(crate) fn for_readers() -> Self {
        let terminals = [io::stdout().is_terminal(), io::stderr().is_terminal()];
        let is_shared = terminals == [true; 2] || stdio::is_one_file();
        Self { terminals, is_shared, ..Self::default() }
    }

    fn is_terminal(&self, source: OutputStream) -> bool {
        match source {
            OutputStream::Out => self.terminals[0],
            OutputStream::Err => self.terminals[1],
        }
    }

    /// The line whose row is open where this output goes.
    fn open(&mut self, source: OutputStream) -> &mut Option<LineSource> {
        match source {
            OutputStream::Err if !self.is_shared => &mut self.open[1],
            OutputStream::Out | OutputStream::Err => &mut self.open[0],
        }
    }

    /// Takes a piece of output; what is told now.
    pub(crate) fn take(
        &mut self,
        peer: PeerId,
        source: OutputStream,
        mut bytes: &[u8],
        now: Instant,
    ) -> Vec<u8> {
        let (line, mut told) = ((peer, source), Vec::new());
        let mut begun = self.begun.remove(&line).unwrap_or_default();
        self.held -= begun.bytes.len();
        while let Some(at) = bytes.iter().position(|&byte| byte == b'\n') {
            begun.bytes.extend_from_slice(&bytes[..at]);
            self.end_row(line, &mut begun, &mut told);
            begun = Begun::default();
            bytes = &bytes[at + 1..];
        }
        while begun.bytes.len() + bytes.len() > LINE {
            let (part, rest) = bytes.split_at(LINE - begun.bytes.len());
            begun.bytes.extend_from_slice(part);
            self.end_row(line, &mut begun, &mut told);
            bytes = rest;
        }
        begun.bytes.extend_from_slice(bytes);
        if self.held + begun.bytes.len() > HELD {
            self.end_row(line, &mut begun, &mut told);
        }
        if !bytes.is_empty() {
            self.wait(&mut begun, now);
        }
        self.keep(line, begun);
        told
    }

    /// When [`Lines::flush`] is to be called, at the latest.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// What has waited long enough.
    pub(crate) fn flush(&mut self, now: Instant) -> Vec<(OutputStream, Vec<u8>)> {
        if self.next.is_none_or(|next| now < next) {
            return Vec::new();
        }
        let waits = |begun: &Begun| begun.waits.map(|(_, until)| until);
        let is_due = |begun: &Begun| waits(begun).is_some_and(|until| until <= now);
        let due = self.begun.iter().filter(|(_, begun)| is_due(begun));
        let due: Vec<LineSource> = due.map(|(line, _)| *line).collect();
        let told = due.into_iter().filter_map(|line| {
            let told = self.tell(line)?;
            Some((line.1, told))
        });
        let told = told.collect();
        self.next = self.begun.values().filter_map(waits).min();
        told
    }

    /// Tells a line as far as it came, where that is anything.
    fn tell(&mut self, line: LineSource) -> Option<Vec<u8>> {
        let mut begun = self.begun.remove(&line)?;
        self.held -= begun.bytes.len();
        begun.waits = None;
        let whole = begun.bytes.len() - unfinished(&begun.bytes, self.is_terminal(line.1));
        let rest = begun.bytes.split_off(whole);
        let mut told = Vec::new();
        if whole > 0 {
            self.row(line, &mut begun, &mut told);
        }
        begun.bytes = rest;
        self.keep(line, begun);
        (whole > 0).then_some(told)
    }

    /// A peer says no more: its last lines, where they had no end.
    pub(crate) fn end(&mut self, peer: PeerId) -> Vec<(OutputStream, Vec<u8>)> {
        let ends = OutputStream::ALL.iter().filter_map(|&source| {
            let mut begun = self.begun.remove(&(peer, source))?;
            self.held -= begun.bytes.len();
            let mut told = Vec::new();
            self.end_row((peer, source), &mut begun, &mut told);
            (!told.is_empty()).then_some((source, told))
        });
        ends.collect()
    }

    /// The peers whose lines have not come to their end.
    pub(crate) fn unfinished(&self) -> Vec<PeerId> {
        let mut peers: Vec<PeerId> = self.begun.keys().map(|(peer, _)| *peer).collect();
        peers.dedup();
        peers
    }

    /// Whether a row is open where this output goes.
    pub(crate) fn is_open(&self, source: OutputStream) -> bool {
        let at = usize::from(source == OutputStream::Err && !self.is_shared);
        self.open[at].is_some()
    }

    /// Ends the row that is open where this output goes, for a line of somebody else's.
    pub(crate) fn make_way(&mut self, source: OutputStream) -> &'static [u8] {
        match self.open(source).take() {
            Some(_) => b"\n",
            None => b"",
        }
    }

    /// Tells what is held of a line, and ends its row.
    fn end_row(&mut self, line: LineSource, begun: &mut Begun, told: &mut Vec<u8>) {
        let is_terminal = self.is_terminal(line.1);
        if begun.is_told && is_terminal && begun.bytes.iter().all(|&byte| byte == b'\r') {
            begun.bytes.clear();
        }
        // Where all of it was told there may be no row left to end.
        if !begun.is_told || !begun.bytes.is_empty() {
            self.row(line, begun, told);
        }
        if self.open(line.1).take_if(|open| *open == line).is_some() {
            told.push(b'\n');
        }
        begun.waits = None;
    }

    /// Tells what is held of a line, in the row that is open for it, or in one of its own.
    fn row(&mut self, line: LineSource, begun: &mut Begun, told: &mut Vec<u8>) {
        let (peer, source) = line;
        let is_terminal = self.is_terminal(source);
        let mut bytes = &begun.bytes[..];
        let mut goes_on = *self.open(source) == Some(line);
        if is_terminal {
            while let Some(rest) = bytes.strip_prefix(b"\r") {
                (bytes, goes_on) = (rest, false);
            }
        }
        if !goes_on {
            told.extend_from_slice(self.make_way(source));
            told.extend_from_slice(peer.as_str().as_bytes());
            told.extend_from_slice(b": ");
        }
        match is_terminal {
            true => tame::line(bytes, told),
            false => told.extend_from_slice(bytes),
        }
        begun.bytes.clear();
        begun.is_told = true;
        *self.open(source) = Some(line);
    }

    /// More of a line came at this moment.
    fn wait(&mut self, begun: &mut Begun, now: Instant) {
        if begun.bytes.is_empty() {
            return;
        }
        let since = begun.waits.map_or(now, |(since, _)| since);
        let until = (now + PAUSE).min(since + LONGEST);
        begun.waits = Some((since, until));
        self.next = Some(self.next.map_or(until, |next| next.min(until)));
    }

    fn keep(&mut self, line: LineSource, begun: Begun) {
        if begun.is_told || !begun.bytes.is_empty() {
            self.held += begun.bytes.len();
            self.begun.insert(line, begun);
        }
    }
}

/// Bytes at the end that are a part of something: of a character or, for a terminal, of a control
/// sequence or an end of a line.
fn unfinished(bytes: &[u8], is_terminal: bool) -> usize {
    let from = |n: usize| bytes.len().checked_sub(n).map(|at| &bytes[at..]);
    let is_part = |n: &usize| {
        let part = from(*n).and_then(|part| core::str::from_utf8(part).err());
        part.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    match (1..=3).find(is_part) {
        Some(character) => character,
        None if is_terminal => tame::unfinished(bytes),
        None => 0,
    }
}

#[cfg(test)]
mod tests;
