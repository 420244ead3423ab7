//! tungstenite whole as the oracle: it upgrades and talks with us in both roles, and of any stream
//! of frames it makes what we make, but for the differences that [`agrees`] lists.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;

use proptest::prelude::*;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::server::{Request as TheirRequest, Response};
use tungstenite::http::HeaderValue;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{ClientRequestBuilder, Message};

use super::chunks::{mutated_frames, reader_of, senders};
use super::*;

/// The other end of tungstenite's stream: what it will read, and what it wrote.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<(VecDeque<u8>, Vec<u8>)>>);

impl Wire {
    fn feed(&self, bytes: &[u8]) {
        self.0.borrow_mut().0.extend(bytes);
    }

    fn written(&self) -> Vec<u8> {
        core::mem::take(&mut self.0.borrow_mut().1)
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.borrow_mut().0.read(into)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn config(limit: usize) -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(limit)).max_frame_size(Some(limit))
}

/// Our connecting end, upgraded by tungstenite's server.
fn with_their_server(limits: &Limits) -> (End, Wire, WebSocket<Wire>) {
    let mut ours = End::connecting(limits);
    let wire = Wire::default();
    wire.feed(&ours.sent());
    #[expect(clippy::result_large_err, reason = "the error type of their callback")]
    let choose = |request: &TheirRequest, mut response: Response| {
        assert_eq!(request.uri().path(), "/link");
        let offered = request.headers().get("Sec-WebSocket-Protocol").cloned();
        response.headers_mut().insert("Sec-WebSocket-Protocol", offered.unwrap());
        Ok(response)
    };
    let config = config(limits.message_before_admission);
    let theirs = tungstenite::accept_hdr_with_config(wire.clone(), choose, Some(config)).unwrap();
    assert_eq!(ours.take(&wire.written()), Ok(vec![Event::Upgraded(NONCE)]));
    (ours, wire, theirs)
}

/// Our accepting end, upgraded with tungstenite's client.
fn with_their_client(limits: &Limits) -> (End, Wire, WebSocket<Wire>) {
    let mut ours = End::accepting(limits);
    let wire = Wire::default();
    let uri = format!("ws://hub.example:7777/link?n={NONCE}").parse().unwrap();
    let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
    let config = config(limits.message_before_admission);
    let begun = tungstenite::client::client_with_config(request, wire.clone(), Some(config));
    let Err(HandshakeError::Interrupted(waiting)) = begun else {
        panic!("the client did not wait for its answer");
    };
    assert_eq!(ours.take(&wire.written()), Ok(vec![Event::Upgraded(NONCE)]));
    wire.feed(&ours.sent());
    let (theirs, response) = waiting.handshake().unwrap();
    let protocol = response.headers().get("Sec-WebSocket-Protocol");
    assert_eq!(protocol, Some(&HeaderValue::from_static(SUBPROTOCOL)));
    (ours, wire, theirs)
}

type Upgraded = fn(&Limits) -> (End, Wire, WebSocket<Wire>);

const BOTH: [Upgraded; 2] = [with_their_server, with_their_client];

#[test]
fn messages_pass_in_both_roles_and_directions() {
    let limits = Limits { message_before_admission: 70_000, ..Limits::default() };
    for upgraded in BOTH {
        let (mut ours, wire, mut theirs) = upgraded(&limits);
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            theirs.send(Message::binary(bytes.clone())).unwrap();
            assert_eq!(ours.take(&wire.written()), Ok(vec![message(&bytes)]));
            ours.socket.write(&bytes, &mut ours.out);
            wire.feed(&ours.sent());
            assert_eq!(theirs.read().unwrap(), Message::binary(bytes));
        }
        theirs.send(Message::binary(vec![1; 70_001])).unwrap();
        let error = SocketError::TooBig { length: 70_001, limit: 70_000 };
        assert_eq!(ours.take(&wire.written()), Err(error));
    }
}

#[test]
fn pings_and_the_close_are_answered_in_both_roles() {
    for upgraded in BOTH {
        let (mut ours, wire, mut theirs) = upgraded(&Limits::default());
        theirs.send(Message::Ping(b"there?".as_slice().into())).unwrap();
        assert_eq!(ours.take(&wire.written()), Ok(vec![]));
        wire.feed(&ours.sent());
        assert_eq!(theirs.read().unwrap(), Message::Pong(b"there?".as_slice().into()));

        ours.socket.close(CloseCode::REVOKED, "revoked", &mut ours.out);
        wire.feed(&ours.sent());
        let Message::Close(Some(close)) = theirs.read().unwrap() else {
            panic!("no Close came");
        };
        assert_eq!((u16::from(close.code), close.reason.as_str()), (4013, "revoked"));
        // Their server says that the connection is over, their client waits for ours to end it.
        let _ = theirs.flush();
        let closed = Event::Closed(Some(CloseCode::REVOKED), "revoked".to_owned());
        assert_eq!(ours.take(&wire.written()), Ok(vec![closed]));
    }
}

#[test]
fn their_close_is_answered_as_they_expect() {
    for upgraded in BOTH {
        let (mut ours, wire, mut theirs) = upgraded(&Limits::default());
        let frame = tungstenite::protocol::CloseFrame { code: 4015.into(), reason: "idle".into() };
        theirs.close(Some(frame)).unwrap();
        let closed = Event::Closed(Some(CloseCode::IDLE), "idle".to_owned());
        assert_eq!(ours.take(&wire.written()), Ok(vec![closed]));
        wire.feed(&ours.sent());
        let Message::Close(Some(answer)) = theirs.read().unwrap() else {
            panic!("the Close was not answered");
        };
        assert_eq!(u16::from(answer.code), 4015);
    }
}

/// What tungstenite makes of `bytes` that `sender` sent: messages and the Close, and the error that
/// ended it, if any.
fn theirs(sender: MaskingSide, bytes: &[u8], limit: usize) -> (Vec<Event>, Option<Error>) {
    let role = match sender {
        MaskingSide::Connecting => Role::Server,
        MaskingSide::Accepting => Role::Client,
    };
    let wire = Wire::default();
    wire.feed(bytes);
    let mut socket = WebSocket::from_raw_socket(wire, role, Some(config(limit)));
    let mut events = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Binary(bytes)) => events.push(message(&bytes)),
            Ok(Message::Close(close)) => {
                let code = close.as_ref().map(|close| CloseCode(close.code.into()));
                let reason = close.map(|close| close.reason.as_str().to_owned());
                events.push(Event::Closed(code, reason.unwrap_or_default()));
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            // We end at the first text, and all that comes after it is theirs alone.
            Ok(Message::Text(text)) => events.push(message(text.as_bytes())),
            Ok(Message::Frame(_)) => panic!("reading gives no raw frames"),
            // After the Close they say that it is over, whatever follows.
            Err(Error::ConnectionClosed) => return (events, None),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (events, None);
            }
            Err(error) => return (events, Some(error)),
        }
    }
}

/// Whether tungstenite may make `theirs` (what came after the messages that both gave, and its
/// error) of what we end with `ours`. It knows fewer refusals; each that is ours alone is here with
/// its reason.
fn agrees(ours: &SocketError, more: &[Event], theirs: Option<&Error>) -> bool {
    use ProtocolError as P;
    match (ours, theirs) {
        // Ours alone: one spelling for each length (RFC 6455 §5.2: "MUST be used"), no text
        // (Bowline is binary), and bounds on work.
        (
            SocketError::LongLength { .. }
            | SocketError::Text
            | SocketError::Fragments { .. }
            | SocketError::IdleFrames { .. },
            _,
        ) => true,
        // A Close that is wrong twice: they look at its reason first.
        (SocketError::CloseCode { .. } | SocketError::CloseReason, Some(Error::Utf8(_))) => true,
        // Ours alone: they answer such a code with 1002 and go on as if that had come.
        (SocketError::CloseCode { .. }, _) => {
            matches!(more, [Event::Closed(Some(CloseCode::WEBSOCKET), _)])
        }
        // Ours at the first byte; their server stops looking, their client judges a whole frame.
        (SocketError::AfterClose, _) => more.is_empty(),
        // A frame that is wrong twice: they look at the size first, for control frames too, then
        // at the masking; we look at its reserved bits first. A length with its top bit set is
        // above the limit for them.
        (error, Some(Error::Capacity(CapacityError::MessageTooLong { .. }))) => {
            is_told_by_the_header(error)
        }
        (error, Some(Error::Protocol(P::UnmaskedFrameFromClient))) => {
            matches!(error, SocketError::Unmasked | SocketError::ReservedBits)
        }
        (SocketError::Opcode { opcode }, Some(Error::Protocol(P::InvalidOpcode(came)))) => {
            opcode == came
        }
        (SocketError::Masked, Some(Error::Protocol(P::MaskedFrameFromServer)))
        | (SocketError::ReservedBits, Some(Error::Protocol(P::NonZeroReservedBits)))
        | (SocketError::FragmentedControl, Some(Error::Protocol(P::FragmentedControlFrame)))
        | (SocketError::LongControl { .. }, Some(Error::Protocol(P::ControlFrameTooBig)))
        | (SocketError::Continuation, Some(Error::Protocol(P::UnexpectedContinueFrame)))
        | (SocketError::Interrupted, Some(Error::Protocol(P::ExpectedFragment(_))))
        | (SocketError::HalfCloseCode, Some(Error::Protocol(P::InvalidCloseSequence))) => true,
        _ => false,
    }
}

/// Whether a frame's header alone was enough for us, so that they may still wait for its payload.
fn is_told_by_the_header(error: &SocketError) -> bool {
    !matches!(
        error,
        SocketError::CloseCode { .. } | SocketError::HalfCloseCode | SocketError::CloseReason
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn of_any_frames_they_make_what_we_make(
        (sender, bytes) in senders().prop_flat_map(|one| (Just(one), mutated_frames(one))),
    ) {
        const LIMIT: usize = 600;
        let limits = Limits { message_before_admission: LIMIT, ..Limits::default() };
        let mut end = reader_of(sender, &limits);
        end.plain.extend(&bytes);
        let (ours, our_error) = end.drain();

        // They judge a frame when it is whole, so what we refused by its header is made whole.
        let padding = our_error.as_ref().is_some_and(is_told_by_the_header);
        let padded = [&bytes[..], &vec![0; if padding { 70_000 } else { 0 }]].concat();
        let (mut theirs, their_error) = theirs(sender, &padded, LIMIT);
        // 1014 was registered after their table was made, and they answer it with 1002.
        for (theirs, ours) in theirs.iter_mut().zip(&ours) {
            if let Event::Closed(Some(CloseCode(1014)), _) = ours {
                prop_assert!(matches!(theirs, Event::Closed(Some(CloseCode::WEBSOCKET), _)));
                *theirs = ours.clone();
            }
        }

        match our_error {
            None => {
                prop_assert!(their_error.is_none(), "{:?}", their_error);
                prop_assert_eq!(theirs, ours);
            }
            Some(error) => {
                prop_assert!(theirs.len() >= ours.len());
                let (same, more) = theirs.split_at(ours.len());
                prop_assert_eq!(same, ours);
                prop_assert!(
                    agrees(&error, more, their_error.as_ref()),
                    "ours {:?}, theirs {:?} after {:?}", error, their_error, more
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_request_that_we_upgrade_is_one_that_they_upgrade(
        // A comma would make `Upgrade` a list, which RFC 9110 §7.8 allows and they do not read.
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<u8>().prop_filter("no comma", |b| *b != b',')),
            0..3,
        ),
    ) {
        let mut request = End::connecting(&Limits::default()).sent();
        for (place, byte) in changes {
            let place = place.index(request.len());
            request[place] = byte;
        }
        let ours = End::accepting(&Limits::default()).take(&request);
        if ours == Ok(vec![Event::Upgraded(NONCE)]) {
            let wire = Wire::default();
            wire.feed(&request);
            prop_assert!(tungstenite::accept(wire.clone()).is_ok());
            prop_assert!(wire.written().starts_with(b"HTTP/1.1 101 "));
        }
    }
}
