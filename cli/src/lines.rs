//! Output of several peers, a line at a time, each with its peer's id before it.

use std::collections::BTreeMap;

use bowline_core::id::PeerId;
use bowline_core::wire::frame::Source;

/// Bytes of one line that are held for its end; a longer line is told in parts.
const LINE: usize = 16 << 10;
/// Bytes of all lines together that are held; beyond, a line is told as far as it came.
const HELD: usize = 1 << 20;

/// Lines whose ends have not come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: BTreeMap<(PeerId, Source), Vec<u8>>,
    held: usize,
}

impl Lines {
    /// Takes a piece of output; the whole lines that there are now.
    pub(crate) fn take(&mut self, peer: PeerId, source: Source, mut bytes: &[u8]) -> Vec<u8> {
        let mut told = Vec::new();
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
            tell(peer, &mut begun, &mut told);
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
fn tell(peer: PeerId, line: &mut Vec<u8>, told: &mut Vec<u8>) {
    told.extend_from_slice(peer.as_str().as_bytes());
    told.extend_from_slice(b": ");
    told.append(line);
    told.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
