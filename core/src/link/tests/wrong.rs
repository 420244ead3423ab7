//! Messages that are no frames, each wrong in one place, through a whole link: the exact error for
//! the operator, and `protocol-error` with close 4012 for the other end. What a newer version may
//! add does no harm.

use super::raw::{Raw, encoded};
use super::scenario::*;
use crate::auth::{AuthError, Credential};
use crate::code::{CloseCode, Code};
use crate::link::EndReason;
use crate::session::SessionError;
use crate::wire::Frame;
use crate::wire::frame::tests::wrong::{Wrong, right, with_a_high_key, wrong};
use crate::wire::frame::{Authenticate, Goaway, Hello, Method, Ping, Welcome};

/// Which end of an admitted link is told something.
#[derive(Clone, Copy, Debug)]
enum At {
    Peer,
    Hub,
}

impl At {
    fn of(self, world: &mut World) -> &mut End {
        match self {
            Self::Peer => &mut world.peer,
            Self::Hub => &mut world.hub,
        }
    }

    /// One message, as the other end's WebSocket sends it.
    fn message(self, message: &[u8]) -> Vec<u8> {
        let (mask, zeros): (u8, &[u8]) = match self {
            Self::Peer => (0, &[]),
            Self::Hub => (0x80, &[0; 4]),
        };
        let len = u16::try_from(message.len()).unwrap();
        let head = match len {
            ..126 => vec![0x82, mask | len as u8],
            _ => [&[0x82, mask | 126][..], &len.to_be_bytes()].concat(),
        };
        [&head, zeros, message].concat()
    }
}

/// Payloads of WebSocket frames, of less than 126 bytes each.
fn payloads(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let len = usize::from(second & 0x7F);
        assert!(len < 126);
        let (mask, rest) = rest.split_at(if second & 0x80 == 0 { 0 } else { 4 });
        let (payload, rest) = rest.split_at(len);
        let key = [mask, &[0; 4]].concat();
        let key = key.iter().take(4).cycle();
        all.push((first & 0x0F, payload.iter().zip(key).map(|(byte, key)| byte ^ key).collect()));
        bytes = rest;
    }
    all
}

/// What an end says last: Goaway with this code, then Close.
fn last_words(code: Code) -> Vec<(u8, Vec<u8>)> {
    let goaway = encoded(&Frame::Goaway(Goaway { code, text: "", reconnect_after: None }));
    vec![(0x2, goaway), (0x8, code.close().0.to_be_bytes().to_vec())]
}

#[test]
fn in_a_session_every_wrong_message_ends_the_link_with_protocol_error_and_its_own_reason() {
    let is_frame = |wrong: &Wrong| !wrong.sample.contains("body");
    let (mut ended, words) = (0, last_words(Code::ProtocolError));
    for Wrong { sample, way, bytes, error } in wrong().into_iter().filter(is_frame) {
        let mut world = Plan::plain().admitted();
        for at in [At::Peer, At::Hub] {
            let now = world.now;
            let end = at.of(&mut world);
            end.feed(&at.message(&bytes), now);
            let sent = end.sent(now);
            end.drain();
            let case = format!("{sample}: {way}: {at:?}");
            assert_eq!(*end.reason(), EndReason::Wire(error), "{case}");
            assert_eq!(end.reason().code(), Code::ProtocolError, "{case}");
            assert_eq!(payloads(&sent), words, "{case}");
            assert_eq!(end.told, [format!("ended a message is not a frame: {error}")], "{case}");
            assert!(!end.reason().is_retryable(), "{case}");
            ended += 1;
        }
    }
    assert!(ended > 2000, "{ended}");
}

#[test]
fn before_admission_every_wrong_message_is_refused_with_protocol_error() {
    for Wrong { sample, way, bytes, error } in wrong() {
        let case = format!("{sample}: {way}");
        // A body that is wrong stands in the frame that carries it.
        if matches!(sample, "hello" | "welcome" | "refuse") {
            let mut peer = End::new(Plan::plain().peer_link());
            let mut raw = Raw::hub();
            raw.exchange(&mut peer);
            if sample == "welcome" {
                let hello = raw.hello(&[Method::Secret]);
                raw.say(&hello);
                raw.exchange(&mut peer);
                assert_eq!(raw.kinds(), ["authenticate"], "{case}");
            }
            let sent = raw.got.len();
            raw.say(&bytes);
            raw.exchange(&mut peer);
            assert_eq!(*peer.reason(), EndReason::Auth(AuthError::Wire(error)), "{case}");
            assert_eq!(raw.got.len(), sent, "{case}: nothing more was sent");
            assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR), "{case}");
        }
        if sample == "authenticate" {
            let mut hub = End::new(Plan::plain().hub_link());
            let mut raw = Raw::peer();
            raw.exchange(&mut hub);
            raw.say(&bytes);
            raw.exchange(&mut hub);
            assert_eq!(*hub.reason(), EndReason::Auth(AuthError::Wire(error)), "{case}");
            assert_eq!(raw.kinds(), ["hello", "refuse"], "{case}");
            let Frame::Refuse(refuse) = raw.last() else { panic!("{case}") };
            assert_eq!(refuse.code, Code::ProtocolError, "{case}");
            assert_eq!(refuse.text, Code::ProtocolError.row().meaning, "{case}");
            assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR), "{case}");
        }
    }
}

#[test]
fn a_frame_of_admission_that_comes_again_in_a_session_ends_it() {
    let words = last_words(Code::ProtocolError);
    for bytes in right() {
        let kind = Frame::decode(&bytes).unwrap().kind();
        if !matches!(kind, "hello" | "authenticate" | "welcome" | "refuse") {
            continue;
        }
        for at in [At::Peer, At::Hub] {
            let mut world = Plan::plain().admitted();
            let now = world.now;
            let end = at.of(&mut world);
            end.feed(&at.message(&bytes), now);
            let sent = end.sent(now);
            end.drain();
            assert_eq!(*end.reason(), EndReason::Session(SessionError::Direction(kind)));
            assert_eq!(payloads(&sent), words, "{kind}");
        }
    }
}

/// A body that is wrong, in a frame that is not, with everything around it as it should be.
#[test]
fn a_body_that_is_wrong_is_refused_as_its_frame_is() {
    let mut plan = Plan::plain();
    (plan.credential, plan.hub_open) = (Credential::Open, true);
    plan.known.hub_id = Some(identity().id());
    let mut tried = 0;
    for Wrong { sample, way, bytes: body, error } in wrong() {
        let (case, body) = (format!("{sample}: {way}"), body.as_slice());
        let (end, raw) = match sample {
            "hello body" | "welcome body" => {
                let (mut peer, mut raw) = (End::new(plan.peer_link()), Raw::hub());
                raw.exchange(&mut peer);
                if sample == "hello body" {
                    let signature = identity().sign_hello(&raw.nonce.unwrap(), body);
                    raw.say_frame(&Frame::Hello(Hello { body, signature: &signature }));
                } else {
                    let hello = raw.hello(&[Method::Open]);
                    raw.say(&hello);
                    raw.exchange(&mut peer);
                    raw.say_frame(&Frame::Welcome(Welcome { body, proof: &[] }));
                }
                raw.exchange(&mut peer);
                (peer, raw)
            }
            "auth body" | "least auth body" => {
                let (mut hub, mut raw) = (End::new(plan.hub_link()), Raw::peer());
                raw.exchange(&mut hub);
                raw.say_frame(&Frame::Authenticate(Authenticate { body, proof: &[] }));
                raw.exchange(&mut hub);
                assert_eq!(raw.kinds(), ["hello", "refuse"], "{case}");
                (hub, raw)
            }
            _ => continue,
        };
        assert_eq!(*end.reason(), EndReason::Auth(AuthError::Wire(error)), "{case}");
        assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR), "{case}");
        let asked = |told: &String| told.starts_with("ask") && told != "ask arrive";
        assert!(!end.told.iter().any(asked), "{case}: {:?}", end.told);
        tried += 1;
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn a_key_that_a_newer_version_adds_is_skipped_and_the_link_goes_on() {
    let mut read = 0;
    for (sample, bytes) in with_a_high_key() {
        // What an admitted end takes at any time, from either side.
        if !matches!(sample, "ping" | "goaway") {
            continue;
        }
        for at in [At::Peer, At::Hub] {
            let mut world = Plan::plain().admitted();
            let now = world.now;
            let end = at.of(&mut world);
            end.feed(&at.message(&bytes), now);
            let sent = payloads(&end.sent(now));
            end.drain();
            match sample {
                "ping" => {
                    let pong = encoded(&Frame::Pong(Ping { token: 1 }));
                    assert_eq!(sent, [(0x2, pong)], "{at:?}");
                    assert!(end.ended.is_none() && end.link.is_admitted(), "{at:?}");
                }
                _ => assert_eq!(end.told, ["frame goaway"], "{at:?}"),
            }
            read += 1;
        }
    }
    assert_eq!(read, 4);
}
