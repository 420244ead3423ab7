use std::sync::LazyLock;

use bowline_core::text::is_unsafe;
use proptest::prelude::*;

use super::*;

fn on_a_terminal() -> Lines {
    Lines { terminals: [true; 2], is_shared: true, ..Lines::default() }
}

fn id(text: &str) -> PeerId {
    text.parse().unwrap()
}

/// A moment that is `millis` behind the first that is asked for.
fn at(millis: u64) -> Instant {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    *FIRST + Duration::from_millis(millis)
}

impl Lines {
    /// What is told of a piece that comes at the first moment.
    fn first(&mut self, peer: &str, source: OutputStream, bytes: &[u8]) -> String {
        self.later(peer, source, bytes, 0)
    }

    fn later(&mut self, peer: &str, source: OutputStream, bytes: &[u8], millis: u64) -> String {
        let told = self.take(id(peer), source, bytes, at(millis));
        String::from_utf8(told).unwrap()
    }

    /// What is told once it has waited, in the order in which it is.
    fn waited(&mut self, millis: u64) -> String {
        let told = self.flush(at(millis)).into_iter().flat_map(|(_, told)| told);
        String::from_utf8(told.collect()).unwrap()
    }
}

fn ended(lines: &mut Lines, peer: &str) -> Vec<(OutputStream, String)> {
    let text = |(source, told)| (source, String::from_utf8(told).unwrap());
    lines.end(id(peer)).into_iter().map(text).collect()
}

#[test]
fn pieces_of_two_peers_and_of_two_streams_do_not_mix_in_a_line() {
    let mut lines = Lines::default();
    assert_eq!(lines.take(id("a"), OutputStream::Out, b"he", at(0)), b"");
    assert_eq!(lines.take(id("b"), OutputStream::Out, b"other\n", at(0)), b"b: other\n");
    assert_eq!(lines.take(id("a"), OutputStream::Err, b"oops\n", at(0)), b"a: oops\n");
    assert_eq!(lines.take(id("a"), OutputStream::Out, b"llo\n\nla", at(0)), b"a: hello\na: \n");
    assert_eq!(lines.unfinished(), [id("a")]);
    assert_eq!(ended(&mut lines, "a"), [(OutputStream::Out, "a: la\n".to_owned())]);
    assert_eq!(ended(&mut lines, "a"), []);
    assert_eq!((lines.held, lines.begun.len()), (0, 0));
}

#[test]
fn both_streams_of_a_peer_are_told_to_their_end() {
    let mut lines = Lines::default();
    lines.take(id("a"), OutputStream::Err, b"e", at(0));
    lines.take(id("a"), OutputStream::Out, b"o", at(0));
    let (out, err) =
        ((OutputStream::Out, "a: o\n".to_owned()), (OutputStream::Err, "a: e\n".to_owned()));
    assert_eq!(ended(&mut lines, "a"), [out, err]);
}

#[test]
fn a_line_as_long_as_the_bound_waits_for_its_end_and_a_longer_one_is_told_in_parts() {
    let mut lines = Lines::default();
    assert_eq!(lines.take(id("a"), OutputStream::Out, &vec![b'x'; LINE], at(0)), b"");
    let whole = lines.take(id("a"), OutputStream::Out, b"\n", at(0));
    assert_eq!(whole.len(), "a: ".len() + LINE + 1);

    assert_eq!(lines.take(id("a"), OutputStream::Out, &vec![b'x'; LINE], at(0)), b"");
    let part = lines.take(id("a"), OutputStream::Out, b"yz\n", at(0));
    assert_eq!(part.len(), "a: ".len() + LINE + 2 + 1, "the end of the line was there");
    let part = lines.take(id("a"), OutputStream::Out, &vec![b'x'; LINE + 1], at(0));
    assert_eq!(part.len(), "a: ".len() + LINE + 1);
    assert_eq!(lines.held, 1);
    assert_eq!(lines.take(id("a"), OutputStream::Out, b"\n", at(0)), b"a: x\n");
}

#[test]
fn as_much_is_held_of_all_lines_as_the_bound_says_and_no_more() {
    let mut lines = Lines::default();
    for n in 0..HELD / LINE {
        assert_eq!(
            lines.take(id(&format!("p{n}")), OutputStream::Out, &vec![b'x'; LINE], at(0)),
            b""
        );
    }
    assert_eq!(lines.held, HELD);
    assert_eq!(lines.take(id("one-more"), OutputStream::Out, b"y", at(0)), b"one-more: y\n");
    assert_eq!(
        lines.take(id("p0"), OutputStream::Out, b"\n", at(0)).len(),
        "p0: ".len() + LINE + 1
    );
    assert_eq!(lines.take(id("one-more"), OutputStream::Out, b"y", at(0)), b"");
}

#[test]
fn a_pipe_gets_each_line_as_it_came() {
    let mut lines = Lines::default();
    let hostile = b"\x1b[1A\r\x9b\xff\n";
    assert_eq!(
        lines.take(id("a"), OutputStream::Out, hostile, at(0)),
        [b"a: ", &hostile[..]].concat()
    );
}

#[test]
fn a_sequence_is_tamed_alike_wherever_it_is_split() {
    let bytes = "\x1b[31mred\x1b[1A\u{9b}2K\r\u{202e}\x1b]0;x\x07\n".as_bytes();
    let whole = on_a_terminal().take(id("a"), OutputStream::Out, bytes, at(0));
    for cut in 0..=bytes.len() {
        for then in cut..=bytes.len() {
            let mut lines = on_a_terminal();
            let pieces = [&bytes[..cut], &bytes[cut..then], &bytes[then..]];
            let told =
                pieces.map(|piece| lines.take(id("a"), OutputStream::Out, piece, at(0))).concat();
            assert_eq!(told, whole, "{cut} {then}");
        }
    }
}

#[test]
fn a_sequence_that_the_bound_of_a_line_cuts_does_nothing() {
    for length in LINE - 6..LINE {
        let mut lines = on_a_terminal();
        let bytes = [&vec![b'x'; length], &b"\x1b[1A\x1b[31mred\n"[..]].concat();
        let told =
            String::from_utf8(lines.take(id("a"), OutputStream::Out, &bytes, at(0))).unwrap();
        assert_tame(&told);
    }
}

#[test]
fn a_prompt_is_told_after_a_pause_and_what_follows_stands_behind_it() {
    let mut lines = Lines::default();
    assert_eq!(lines.due(), None);
    assert_eq!(lines.first("a", OutputStream::Out, b"Name"), "");
    assert_eq!(lines.later("a", OutputStream::Out, b"? ", 100), "");
    assert_eq!((lines.due(), lines.waited(200).as_str()), (Some(at(200)), ""));
    assert_eq!((lines.due(), lines.waited(300).as_str()), (Some(at(300)), "a: Name? "));
    assert!(lines.is_open(OutputStream::Out) && !lines.is_open(OutputStream::Err));
    assert_eq!((lines.due(), lines.held, lines.waited(900).as_str()), (None, 0, ""));
    assert_eq!(lines.later("a", OutputStream::Out, b"Bob", 1000), "");
    assert_eq!(lines.waited(1200), "Bob");
    assert_eq!(lines.later("a", OutputStream::Out, b"!\nnext\n", 1300), "!\na: next\n");
    assert!(!lines.is_open(OutputStream::Out) && lines.begun.is_empty());
}

#[test]
fn a_line_that_never_pauses_is_told_all_the_same() {
    let mut lines = Lines::default();
    let mut told = String::new();
    for millis in (0..2000).step_by(100) {
        told += &lines.waited(millis);
        told += &lines.later("a", OutputStream::Out, b".", millis);
    }
    assert_eq!(told, "a: ....................".get(..3 + 10).unwrap());
}

#[test]
fn a_row_ends_where_another_line_is_told_and_its_line_goes_on_in_one_of_its_own() {
    let mut lines = Lines::default();
    assert_eq!(lines.first("a", OutputStream::Out, b"one "), "");
    assert_eq!(lines.first("b", OutputStream::Out, b"x"), "");
    assert_eq!(lines.waited(200), "a: one \nb: x");
    assert_eq!(lines.later("c", OutputStream::Out, b"whole\n", 300), "\nc: whole\n");
    assert_eq!(lines.later("a", OutputStream::Out, b"two\n", 300), "a: two\n");
    // All of it was told, and its row is ended: there is nothing to add.
    assert_eq!(lines.later("b", OutputStream::Out, b"\n", 300), "");
    assert_eq!(lines.later("b", OutputStream::Out, b"\n", 300), "b: \n");
    assert!(lines.begun.is_empty());
}

#[test]
fn the_end_of_a_peer_ends_its_row_and_says_nothing_twice() {
    let mut lines = Lines::default();
    for peer in ["a", "b"] {
        lines.first(peer, OutputStream::Out, b"x");
    }
    assert_eq!(lines.waited(200), "a: x\nb: x");
    assert_eq!(lines.unfinished(), [id("a"), id("b")]);
    assert_eq!(ended(&mut lines, "a"), []);
    assert_eq!(ended(&mut lines, "b"), [(OutputStream::Out, "\n".to_owned())]);
    assert!(!lines.is_open(OutputStream::Out) && lines.unfinished().is_empty());
}

#[test]
fn both_outputs_share_the_rows_of_one_place_and_no_others() {
    for is_shared in [false, true] {
        let mut lines = Lines { is_shared, ..Lines::default() };
        lines.first("a", OutputStream::Out, b"out");
        assert_eq!(lines.waited(200), "a: out");
        let between = if is_shared { "\na: err\n" } else { "a: err\n" };
        assert_eq!(lines.later("a", OutputStream::Err, b"err\n", 300), between);
        let goes_on = if is_shared { "a: !\n" } else { "!\n" };
        assert_eq!(lines.later("a", OutputStream::Out, b"!\n", 300), goes_on);
        lines.later("a", OutputStream::Out, b"out", 300);
        assert_eq!(lines.waited(500), "a: out");
        assert_eq!(lines.make_way(OutputStream::Err), if is_shared { &b"\n"[..] } else { b"" });
        assert_eq!(lines.is_open(OutputStream::Out), !is_shared);
    }
}

#[test]
fn no_character_is_told_in_parts() {
    for mut lines in [Lines::default(), on_a_terminal()] {
        assert_eq!(lines.first("a", OutputStream::Out, "ä語".get(..2).unwrap().as_bytes()), "");
        assert_eq!(lines.first("a", OutputStream::Out, &"語".as_bytes()[..2]), "");
        assert_eq!(lines.waited(200), "a: ä");
        // What waits for the rest of its character is not due before more comes.
        assert_eq!((lines.due(), lines.held), (None, 2));
        assert_eq!(lines.later("a", OutputStream::Out, &"語".as_bytes()[2..], 300), "");
        assert_eq!(lines.waited(500), "語");
    }
}

#[test]
fn each_state_of_a_progress_bar_that_is_told_stays_on_the_terminal() {
    let mut lines = on_a_terminal();
    let mut told = String::new();
    for (millis, state) in [(0, "10%\r"), (300, "20%\r"), (600, "30%\r40%\r"), (900, "done\r\n")] {
        told += &lines.later("a", OutputStream::Out, state.as_bytes(), millis);
        told += &lines.waited(millis + 200);
    }
    assert_eq!(told, "a: 10%\na: 20%\na: 30%\\r40%\na: done\n");
    assert!(lines.begun.is_empty());
    // A bar that begins with the return is told alike from its first state on.
    for (millis, state, told) in
        [(1000, "\r10%", "b: 10%"), (1300, "\r20%", "\nb: 20%"), (1600, "\r\n", "\n")]
    {
        let ended = lines.later("b", OutputStream::Out, state.as_bytes(), millis);
        assert_eq!(ended + &lines.waited(millis + 200), told);
    }
    // The end of a line alone ends the row.
    lines.later("a", OutputStream::Out, b"10%\r", 1200);
    assert_eq!(lines.waited(1400), "a: 10%");
    assert_eq!(lines.later("a", OutputStream::Out, b"\n", 1500), "\n");

    let mut piped = Lines::default();
    piped.first("a", OutputStream::Out, b"10%\r");
    assert_eq!(piped.waited(200), "a: 10%\r");
    assert_eq!(piped.later("a", OutputStream::Out, b"20%\r\n", 300), "20%\r\n");
}

#[test]
fn a_sequence_that_a_pause_cuts_is_whole_when_it_is_told() {
    let mut lines = on_a_terminal();
    assert_eq!(lines.first("a", OutputStream::Out, b"\x1b[31mred\x1b[3"), "");
    assert_eq!(lines.waited(200), "a: \x1b[31mred\x1b[0m");
    assert_eq!(lines.later("a", OutputStream::Out, b"2mgreen\n", 300), "\x1b[32mgreen\x1b[0m\n");
    lines.later("a", OutputStream::Out, b"\x1b[", 400);
    assert_eq!(lines.waited(600), "");
    assert_eq!(ended(&mut lines, "a"), [(OutputStream::Out, "a: \\u{1b}[\n".to_owned())]);
}

/// Nothing but line feeds, tabs and colour, which no line leaves on.
fn assert_tame(told: &str) {
    for line in told.split('\n') {
        let mut parts = line.split('\x1b');
        let plain = |text: &str| !text.contains(|c| is_unsafe(c) && c != '\t');
        assert!(parts.next().is_none_or(plain), "{line:?}");
        let mut last = "0";
        for part in parts {
            let (colour, text) = part.split_once('m').expect("the end of a colour");
            let digits = colour.strip_prefix('[').expect("a colour");
            assert!(digits.bytes().all(|b| b"0123456789;:".contains(&b)), "{line:?}");
            assert!(plain(text), "{line:?}");
            last = digits;
        }
        assert_eq!(last, "0", "{line:?}");
    }
}

/// Pieces of three peers, of either output, and how long nothing comes behind each.
fn pieces() -> impl Strategy<Value = Vec<(usize, bool, u64, Vec<u8>)>> {
    let byte =
        prop_oneof![any::<u8>(), prop::sample::select(&b"\x1b\x1b[[]m;10K\r\n\t\x9b\xc2"[..]),];
    let piece = (0..3_usize, any::<bool>(), 0..400_u64, prop::collection::vec(byte, 0..40));
    prop::collection::vec(piece, 0..30)
}

/// Everything that is told of them, in its order.
fn told(lines: &mut Lines, pieces: &[(usize, bool, u64, Vec<u8>)]) -> Vec<(OutputStream, Vec<u8>)> {
    let peers = PEERS.map(id);
    let (mut told, mut millis) = (Vec::new(), 0);
    for (peer, is_error, pause, bytes) in pieces {
        let source = if *is_error { OutputStream::Err } else { OutputStream::Out };
        told.push((source, lines.take(peers[*peer], source, bytes, at(millis))));
        millis += pause;
        told.extend(lines.flush(at(millis)));
    }
    told.extend(peers.into_iter().flat_map(|peer| lines.end(peer)));
    assert_eq!((lines.held, lines.begun.len(), lines.open), (0, 0, [None; 2]));
    told
}

const PEERS: [&str; 3] = ["a", "b", "c"];

proptest! {
    #[test]
    fn peers_drive_no_terminal_and_leave_each_others_lines_alone(pieces in pieces()) {
        let told = told(&mut on_a_terminal(), &pieces).into_iter().flat_map(|(_, told)| told);
        let told = String::from_utf8(told.collect()).unwrap();
        assert_tame(&told);
        for line in told.lines() {
            let is_somebodys = PEERS.iter().any(|id| line.starts_with(&format!("{id}: ")));
            prop_assert!(is_somebodys, "{line:?}");
        }
    }

    #[test]
    fn a_pipe_gets_every_byte_once_and_each_row_says_whose_it_is(pieces in pieces()) {
        let told = told(&mut Lines::default(), &pieces);
        for (source, is_error) in [(OutputStream::Out, false), (OutputStream::Err, true)] {
            let all = told.iter().filter(|(of, _)| *of == source).flat_map(|(_, told)| told);
            let all: Vec<u8> = all.copied().collect();
            let mut seen = [const { Vec::new() }; 3];
            for row in all.split_inclusive(|&byte| byte == b'\n') {
                let (id, rest) = row.split_at_checked(3).expect("an id");
                let peer = PEERS.iter().position(|peer| id == format!("{peer}: ").as_bytes());
                let text = rest.strip_suffix(b"\n").expect("the end of a row");
                seen[peer.expect("a peer")].extend_from_slice(text);
            }
            for (peer, seen) in seen.iter().enumerate() {
                let sent = pieces.iter().filter(|piece| (piece.0, piece.1) == (peer, is_error));
                let sent = sent.flat_map(|piece| &piece.3).copied().filter(|&byte| byte != b'\n');
                prop_assert_eq!(seen, &sent.collect::<Vec<u8>>());
            }
        }
    }
}
