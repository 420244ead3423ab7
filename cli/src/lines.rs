//! Output of several peers, a line at a time, each with its peer's id before it.
//!
//! A pipe gets the bytes of each line as they came. On a terminal a peer could overwrite the id
//! before another's line, so that there lines are tamed.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use bowline_core::id::PeerId;
use bowline_core::wire::frame::Source;

use crate::tame;

/// Bytes of one line that are held for its end; a longer line is told in parts.
const LINE: usize = 16 << 10;
/// Bytes of all lines together that are held; beyond, a line is told as far as it came.
const HELD: usize = 1 << 20;

/// Lines whose ends have not come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: BTreeMap<(PeerId, Source), Vec<u8>>,
    held: usize,
    /// Whose readers are terminals: of standard output, and of standard error.
    terminals: [bool; 2],
}

impl Lines {
    /// Lines for where this program writes.
    pub(crate) fn for_readers() -> Self {
        let terminals = [io::stdout().is_terminal(), io::stderr().is_terminal()];
        Self { terminals, ..Self::default() }
    }

    fn is_terminal(&self, source: Source) -> bool {
        match source {
            Source::Out => self.terminals[0],
            Source::Err => self.terminals[1],
        }
    }

    /// Takes a piece of output; the whole lines that there are now.
    pub(crate) fn take(&mut self, peer: PeerId, source: Source, mut bytes: &[u8]) -> Vec<u8> {
        let mut told = Vec::new();
        let tell = teller(self.is_terminal(source));
        let mut begun = self.begun.remove(&(peer, source)).unwrap_or_default();
        self.held -= begun.len();
        while let Some(at) = bytes.iter().position(|&byte| byte == b'\n') {
            begun.extend_from_slice(&bytes[..at]);
            tell(peer, &mut begun, &mut told);
            bytes = &bytes[at + 1..];
        }
        while begun.len() + bytes.len() > LINE {
            let (part, rest) = bytes.split_at(LINE - begun.len());
            begun.extend_from_slice(part);
            tell(peer, &mut begun, &mut told);
            bytes = rest;
        }
        begun.extend_from_slice(bytes);
        if self.held + begun.len() > HELD {
            tell(peer, &mut begun, &mut told);
        }
        if !begun.is_empty() {
            self.held += begun.len();
            self.begun.insert((peer, source), begun);
        }
        told
    }

    /// A peer says no more: its last lines, where they had no end.
    pub(crate) fn end(&mut self, peer: PeerId) -> impl Iterator<Item = (Source, Vec<u8>)> {
        Source::ALL.iter().filter_map(move |&source| {
            let mut begun = self.begun.remove(&(peer, source))?;
            self.held -= begun.len();
            let mut told = Vec::new();
            teller(self.is_terminal(source))(peer, &mut begun, &mut told);
            Some((source, told))
        })
    }

    /// The peers whose lines have not come to their end.
    pub(crate) fn unfinished(&self) -> Vec<PeerId> {
        let mut peers: Vec<PeerId> = self.begun.keys().map(|(peer, _)| *peer).collect();
        peers.dedup();
        peers
    }
}

/// Ends a line.
fn teller(is_terminal: bool) -> impl Fn(PeerId, &mut Vec<u8>, &mut Vec<u8>) {
    move |peer, line, told| {
        told.extend_from_slice(peer.as_str().as_bytes());
        told.extend_from_slice(b": ");
        if is_terminal {
            tame::line(line, told);
            line.clear();
        } else {
            told.append(line);
        }
        told.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use bowline_core::text::is_unsafe;
    use proptest::prelude::*;

    use super::*;

    fn on_a_terminal() -> Lines {
        Lines { terminals: [true; 2], ..Lines::default() }
    }

    fn id(text: &str) -> PeerId {
        text.parse().unwrap()
    }

    fn ended(lines: &mut Lines, peer: &str) -> Vec<(Source, String)> {
        let text = |(source, told)| (source, String::from_utf8(told).unwrap());
        lines.end(id(peer)).map(text).collect()
    }

    #[test]
    fn pieces_of_two_peers_and_of_two_streams_do_not_mix_in_a_line() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(id("a"), Source::Out, b"he"), b"");
        assert_eq!(lines.take(id("b"), Source::Out, b"other\n"), b"b: other\n");
        assert_eq!(lines.take(id("a"), Source::Err, b"oops\n"), b"a: oops\n");
        assert_eq!(lines.take(id("a"), Source::Out, b"llo\n\nla"), b"a: hello\na: \n");
        assert_eq!(lines.unfinished(), [id("a")]);
        assert_eq!(ended(&mut lines, "a"), [(Source::Out, "a: la\n".to_owned())]);
        assert_eq!(ended(&mut lines, "a"), []);
        assert_eq!((lines.held, lines.begun.len()), (0, 0));
    }

    #[test]
    fn both_streams_of_a_peer_are_told_to_their_end() {
        let mut lines = Lines::default();
        lines.take(id("a"), Source::Err, b"e");
        lines.take(id("a"), Source::Out, b"o");
        let (out, err) = ((Source::Out, "a: o\n".to_owned()), (Source::Err, "a: e\n".to_owned()));
        assert_eq!(ended(&mut lines, "a"), [out, err]);
    }

    #[test]
    fn a_line_as_long_as_the_bound_waits_for_its_end_and_a_longer_one_is_told_in_parts() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(id("a"), Source::Out, &vec![b'x'; LINE]), b"");
        let whole = lines.take(id("a"), Source::Out, b"\n");
        assert_eq!(whole.len(), "a: ".len() + LINE + 1);

        assert_eq!(lines.take(id("a"), Source::Out, &vec![b'x'; LINE]), b"");
        let part = lines.take(id("a"), Source::Out, b"yz\n");
        assert_eq!(part.len(), "a: ".len() + LINE + 2 + 1, "the end of the line was there");
        let part = lines.take(id("a"), Source::Out, &vec![b'x'; LINE + 1]);
        assert_eq!(part.len(), "a: ".len() + LINE + 1);
        assert_eq!(lines.held, 1);
        assert_eq!(lines.take(id("a"), Source::Out, b"\n"), b"a: x\n");
    }

    #[test]
    fn as_much_is_held_of_all_lines_as_the_bound_says_and_no_more() {
        let mut lines = Lines::default();
        for n in 0..HELD / LINE {
            assert_eq!(lines.take(id(&format!("p{n}")), Source::Out, &vec![b'x'; LINE]), b"");
        }
        assert_eq!(lines.held, HELD);
        assert_eq!(lines.take(id("one-more"), Source::Out, b"y"), b"one-more: y\n");
        assert_eq!(lines.take(id("p0"), Source::Out, b"\n").len(), "p0: ".len() + LINE + 1);
        assert_eq!(lines.take(id("one-more"), Source::Out, b"y"), b"");
    }

    #[test]
    fn a_pipe_gets_each_line_as_it_came() {
        let mut lines = Lines::default();
        let hostile = b"\x1b[1A\r\x9b\xff\n";
        assert_eq!(lines.take(id("a"), Source::Out, hostile), [b"a: ", &hostile[..]].concat());
    }

    #[test]
    fn a_sequence_is_tamed_alike_wherever_it_is_split() {
        let bytes = "\x1b[31mred\x1b[1A\u{9b}2K\r\u{202e}\x1b]0;x\x07\n".as_bytes();
        let whole = on_a_terminal().take(id("a"), Source::Out, bytes);
        for at in 0..=bytes.len() {
            for then in at..=bytes.len() {
                let mut lines = on_a_terminal();
                let pieces = [&bytes[..at], &bytes[at..then], &bytes[then..]];
                let told = pieces.map(|piece| lines.take(id("a"), Source::Out, piece)).concat();
                assert_eq!(told, whole, "{at} {then}");
            }
        }
    }

    #[test]
    fn a_sequence_that_the_bound_of_a_line_cuts_does_nothing() {
        for length in LINE - 6..LINE {
            let mut lines = on_a_terminal();
            let bytes = [&vec![b'x'; length], &b"\x1b[1A\x1b[31mred\n"[..]].concat();
            let told = String::from_utf8(lines.take(id("a"), Source::Out, &bytes)).unwrap();
            assert_tame(&told);
        }
    }

    /// Nothing but line feeds, tabs and colour, which no line leaves on.
    fn assert_tame(told: &str) {
        for line in told.split('\n') {
            let mut parts = line.split('\x1b');
            let plain = |text: &str| !text.contains(|c| is_unsafe(c) && c != '\t');
            assert!(parts.next().is_none_or(plain), "{line:?}");
            let mut last = None;
            for part in parts {
                let (colour, text) = part.split_once('m').expect("the end of a colour");
                let digits = colour.strip_prefix('[').expect("a colour");
                assert!(digits.bytes().all(|b| b"0123456789;:".contains(&b)), "{line:?}");
                assert!(plain(text), "{line:?}");
                last = Some((digits, text));
            }
            assert!(matches!(last, None | Some(("0", ""))), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn peers_drive_no_terminal_and_leave_each_others_lines_alone(
            pieces in prop::collection::vec(
                (0..3_usize, any::<bool>(), prop::collection::vec(
                    prop_oneof![
                        any::<u8>(),
                        prop::sample::select(&b"\x1b\x1b[[]m;10K\r\n\t\x9b\xc2"[..]),
                    ],
                    0..40,
                )),
                0..30,
            ),
        ) {
            let peers = ["a", "b", "c"].map(id);
            let mut lines = on_a_terminal();
            let mut told = Vec::new();
            for (peer, is_error, bytes) in pieces {
                let source = if is_error { Source::Err } else { Source::Out };
                told.extend(lines.take(peers[peer], source, &bytes));
            }
            for peer in peers {
                told.extend(lines.end(peer).flat_map(|(_, line)| line));
            }
            let told = String::from_utf8(told).unwrap();
            assert_tame(&told);
            for line in told.lines() {
                prop_assert!(["a: ", "b: ", "c: "].iter().any(|id| line.starts_with(id)), "{line:?}");
            }
        }
    }
}
