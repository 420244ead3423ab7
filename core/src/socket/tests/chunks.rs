//! However the bytes are cut, the same comes of them; and nothing panics on any bytes.

use proptest::prelude::*;

use super::*;

/// What comes of `bytes`, pushed in pieces of these sizes (in turn), and what was sent.
fn in_pieces(
    mut end: End,
    bytes: &[u8],
    sizes: &[usize],
) -> (Vec<Event>, Option<SocketError>, Vec<u8>) {
    let mut sizes = sizes.iter().copied().cycle();
    let (mut events, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
        rest = more;
        end.plain.extend(piece);
        let (more, error) = end.drain();
        events.extend(more);
        if error.is_some() {
            return (events, error, end.sent());
        }
    }
    (events, None, end.sent())
}

/// A fresh connecting end and an accepting end that have not been upgraded.
fn fresh() -> [End; 2] {
    let limits = Limits::default();
    let mut connecting = End::connecting(&limits);
    connecting.sent();
    [connecting, End::accepting(&limits)]
}

/// An upgraded end that reads what `sender` sends.
pub(super) fn reader_of(sender: MaskingSide, limits: &Limits) -> End {
    let (connecting, accepting) = End::pair(limits);
    match sender {
        MaskingSide::Connecting => accepting,
        MaskingSide::Accepting => connecting,
    }
}

pub(super) fn senders() -> impl Strategy<Value = MaskingSide> {
    prop::sample::select(vec![MaskingSide::Connecting, MaskingSide::Accepting])
}

/// A stream of frames as `sender` sends them: mostly good ones, some broken.
fn frames(sender: MaskingSide) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        6 => Just(FIN | BINARY),
        2 => Just(BINARY),
        3 => Just(CONTINUE),
        3 => Just(FIN | CONTINUE),
        2 => Just(FIN | PING),
        1 => Just(FIN | PONG),
        1 => any::<u8>(),
    ];
    let size = prop_oneof![4 => 0..20usize, 1 => 120..130usize, 1 => 300..400usize];
    let one = (first, size, any::<[u8; 4]>(), any::<u8>())
        .prop_map(|(first, size, key, fill)| frame(first, &vec![fill; size], Some(key)));
    let close =
        (prop_oneof![990..1020u16, any::<u16>()], "[a-z]{0,9}").prop_map(move |(code, reason)| {
            let key = (sender == MaskingSide::Connecting).then_some(KEY);
            frame(FIN | CLOSE, &close_with(code, &reason), key)
        });
    prop::collection::vec(prop_oneof![12 => one, 1 => close], 0..12).prop_map(|all| all.concat())
}

/// The same with a few bytes changed.
pub(super) fn mutated_frames(sender: MaskingSide) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (frames(sender), changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_cut_of_the_same_frames_gives_the_same(
        (sender, bytes) in senders().prop_flat_map(|one| (Just(one), mutated_frames(one))),
        sizes in prop::collection::vec(1..40usize, 1..8),
    ) {
        let end = || reader_of(sender, &Limits::default());
        let whole = in_pieces(end(), &bytes, &[usize::MAX]);
        prop_assert_eq!(&in_pieces(end(), &bytes, &sizes), &whole);
        prop_assert_eq!(&in_pieces(end(), &bytes, &[1]), &whole);
    }

    #[test]
    fn any_cut_of_an_upgrade_gives_the_same(
        sizes in prop::collection::vec(1..90usize, 1..8),
        change in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let [_, mut accepting] = fresh();
        let change = |mut bytes: Vec<u8>| {
            if let Some((place, byte)) = &change {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            bytes
        };
        let good = End::connecting(&Limits::default()).sent();
        accepting.take(&good).unwrap();
        let answer = change(accepting.sent());
        let request = change(good);

        let request = [request, masked(FIN | BINARY, b"early")].concat();
        let accepting = || { let [_, accepting] = fresh(); accepting };
        let whole = in_pieces(accepting(), &request, &[usize::MAX]);
        prop_assert_eq!(&in_pieces(accepting(), &request, &sizes), &whole);
        prop_assert_eq!(&in_pieces(accepting(), &request, &[1]), &whole);

        let answer = [answer, bare(FIN | BINARY, b"Hello")].concat();
        let connecting = || { let [connecting, _] = fresh(); connecting };
        let whole = in_pieces(connecting(), &answer, &[usize::MAX]);
        prop_assert_eq!(&in_pieces(connecting(), &answer, &sizes), &whole);
        prop_assert_eq!(&in_pieces(connecting(), &answer, &[1]), &whole);
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        sizes in prop::collection::vec(1..60usize, 1..5),
        prefix in prop::sample::select(
            vec!["", "GET /link?n=", "HTTP/1.1 101 ", "HTTP/1.", "GET "]
        ),
    ) {
        for end in fresh() {
            in_pieces(end, &[prefix.as_bytes(), &bytes].concat(), &sizes);
        }
        for end in [End::connected(), End::accepted()] {
            in_pieces(end, &bytes, &sizes);
        }
    }
}

#[test]
fn a_whole_link_works_byte_by_byte_in_both_directions() {
    let limits = Limits::default();
    let mut connecting = End::connecting(&limits);
    let request = connecting.sent();
    let (events, error, answer) = in_pieces(End::accepting(&limits), &request, &[1]);
    assert_eq!((events, error), (vec![Event::Upgraded(NONCE)], None));
    let mut hub = bare(FIN | BINARY, b"Hello");
    hub.extend(bare(FIN | CLOSE, &close_with(1001, "stopping")));
    let (events, error, sent) = in_pieces(connecting, &[answer, hub].concat(), &[1]);
    let closed = Event::Closed(Some(CloseCode::GOING_AWAY), "stopping".to_owned());
    assert_eq!(events, [Event::Upgraded(NONCE), message(b"Hello"), closed]);
    assert_eq!(error, None);
    assert_eq!(
        sent,
        frame(FIN | CLOSE, &close_with(1001, ""), Some(sent[2..6].try_into().unwrap()))
    );
}
