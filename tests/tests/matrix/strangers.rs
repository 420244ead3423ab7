//! Peers made by hand, on real sockets: who speaks first, out of order, twice, too much, too
//! slowly, stops half way, or meddles with calls that are another's. Each is told its code, the
//! hub's owner the exact reason, and the healthy link beside it goes on.

use std::time::Duration;

use bowline_core::auth::AuthError;
use bowline_core::code::{CloseCode, Code};
use bowline_core::id::CallId;
use bowline_core::limits::Limits;
use bowline_core::link::{EndReason, TimerKind};
use bowline_core::session::SessionError;
use bowline_core::socket::SocketError;
use bowline_core::wire::frame::{
    CallResult, Cancel, Command, Goaway, Input, Output, OutputStream, Ping, Purpose, Register,
    Status, WelcomeBody, Window,
};
use bowline_core::wire::{Frame, WireError};
use bowline_shell::config::{HubSettings, Insecure, LimitSettings, TlsMode};
use bowline_tests::healthy::Healthy;
use bowline_tests::notices::ended;
use bowline_tests::on_each_hub;
use bowline_tests::raw::{Raw, authenticate, encoded, masked};
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::World;

/// A hub in `plain` that admits with proof and without, and a link that is healthy.
struct Scene<H: Shell> {
    world: World<H>,
    healthy: Healthy,
    ended: usize,
}

impl<H: Shell> Scene<H> {
    async fn new() -> Self {
        Self::limited(Limits::default()).await
    }

    async fn limited(limits: Limits) -> Self {
        let settings = HubSettings {
            mode: Some(TlsMode::Plain),
            auth_required: Some(false),
            // How many strangers one address may send is not what this is about.
            limits: LimitSettings { failures_per_minute: Some(1_000_000), ..Default::default() },
            ..HubSettings::default()
        };
        let insecure = Insecure { no_auth: true, ..Insecure::default() };
        let world = World::<H>::limited(settings, insecure, limits);
        let secret = world.secret();
        let healthy = Healthy::beside(world.url(), &secret, &world.at("healthy")).await;
        Self { world, healthy, ended: 0 }
    }

    fn dial(&self) -> Raw {
        Raw::dial(self.world.local())
    }

    fn greeted(&self) -> Raw {
        Raw::greeted(self.world.local())
    }

    fn admitted(&self, purpose: Purpose) -> Raw {
        Raw::admitted(self.world.local(), purpose)
    }

    /// How the next stranger's link ended at the hub; the healthy one goes on.
    async fn ends(&mut self, reason: EndReason, admitted: bool) {
        let told = self.world.notices.nth(self.ended, ended).await;
        self.ended += 1;
        assert_eq!((told.reason, told.admitted), (reason, admitted));
        self.healthy.goes_on().await;
    }
}

/// Holds a stranger to the hub's last words: Refuse or Goaway with this code, then Close.
fn told(raw: &mut Raw, code: Code) {
    raw.hear_all();
    match raw.last() {
        Frame::Refuse(refuse) => {
            assert_eq!((refuse.code, refuse.text), (code, code.row().meaning));
        }
        Frame::Goaway(goaway) => assert_eq!(goaway.code, code),
        other => panic!("{other:?}"),
    }
    assert_eq!(raw.closed, Some(Some(code.close())));
}

fn out_of_turn(kind: &'static str) -> EndReason {
    EndReason::Auth(AuthError::OutOfTurn(kind))
}

fn register() -> Frame<'static> {
    Frame::Register(Register::default())
}

async fn one_that_speaks_first_is_answered_in_the_language_that_is_awaited<H: Shell>() {
    let mut scene = Scene::<H>::new().await;
    // A frame before the upgrade.
    let mut raw = scene.dial();
    raw.take_out();
    raw.write(&[&masked(&encoded(&register()))[..], b"\r\n\r\n"].concat());
    let answer = raw.answer();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let told = scene.world.notices.nth(0, ended).await;
    assert!(matches!(told.reason, EndReason::Socket(SocketError::Malformed { .. })), "{told:?}");
    scene.ended = 1;
    scene.healthy.goes_on().await;

    // A frame in the same flight as the request, before Hello can have been read.
    let mut raw = scene.dial();
    let request = raw.take_out();
    raw.write(&[request, masked(&encoded(&register()))].concat());
    self::told(&mut raw, Code::ProtocolError);
    assert_eq!(raw.kinds(), ["hello", "refuse"]);
    scene.ends(out_of_turn("register"), false).await;
}

async fn one_that_speaks_out_of_order_or_twice_is_told_protocol_error<H: Shell>() {
    let mut scene = Scene::<H>::new().await;
    let goaway = Goaway { code: Code::GoingAway, text: "", reconnect_after: None };
    for frame in [register(), Frame::Goaway(goaway), Frame::Unknown(0x90)] {
        let mut raw = scene.greeted();
        raw.say_frame(&frame);
        told(&mut raw, Code::ProtocolError);
        scene.ends(out_of_turn(frame.kind()), false).await;
    }
    let mut raw = scene.admitted(Purpose::Serve);
    raw.say(&authenticate(Purpose::Serve));
    told(&mut raw, Code::ProtocolError);
    let twice = EndReason::Session(SessionError::Direction("authenticate"));
    scene.ends(twice, true).await;
}

async fn one_that_says_too_much_is_closed_by_the_bound_that_it_broke<H: Shell>() {
    let mut limits = Limits::default();
    limits.message = 64 << 10;
    let (before, after) = (limits.message_before_admission, limits.message);
    let mut scene = Scene::<H>::limited(limits).await;

    let mut raw = scene.dial();
    raw.take_out();
    raw.write(b"GET /link HTTP/1.1\r\n");
    raw.write(&[b'a'; 9000]);
    let answer = raw.answer();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    scene.ends(EndReason::Socket(SocketError::HeadTooLong { limit: 8 << 10 }), false).await;

    let mut raw = scene.greeted();
    raw.say(&vec![0; before + 1]);
    raw.hear_all();
    assert_eq!(raw.closed, Some(Some(CloseCode::TOO_BIG)));
    let too_big =
        |limit: usize| EndReason::Socket(SocketError::TooBig { length: limit as u64 + 1, limit });
    scene.ends(too_big(before), false).await;

    let mut raw = scene.admitted(Purpose::Serve);
    raw.say(&vec![0; after + 1]);
    raw.hear_all();
    assert_eq!(raw.closed, Some(Some(CloseCode::TOO_BIG)));
    scene.ends(too_big(after), true).await;

    // Pings of the WebSocket with no message between them.
    let mut raw = scene.admitted(Purpose::Serve);
    raw.write(&[0x89, 0x80, 0, 0, 0, 0].repeat(65));
    raw.hear_all();
    assert_eq!(raw.closed, Some(Some(CloseCode::RATE_LIMITED)));
    scene.ends(EndReason::Socket(SocketError::IdleFrames { limit: 64 }), true).await;
}

async fn one_that_is_too_slow_is_timed_out_however_it_dawdles<H: Shell>() {
    let mut limits = Limits::default();
    limits.upgrade_within = Duration::from_millis(300);
    limits.admission_within = Duration::from_millis(300);
    let mut scene = Scene::<H>::limited(limits).await;
    let (upgrade, admission) = (TimerKind::Upgrade, TimerKind::Admission);

    let silent = scene.dial();
    assert_eq!(silent.answer(), "", "there is nothing to say to one that has not asked");
    scene.ends(EndReason::TimedOut(upgrade), false).await;

    // A byte now and then wins no time.
    let mut dripping = scene.dial();
    for byte in dripping.take_out() {
        if scene.world.notices.codes().len() > scene.ended {
            break;
        }
        dripping.write(&[byte]);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(dripping.answer(), "");
    scene.ends(EndReason::TimedOut(upgrade), false).await;

    let mut greeted = scene.greeted();
    told(&mut greeted, Code::AdmissionTimeout);
    scene.ends(EndReason::TimedOut(admission), false).await;
}

/// A sample of the bytes: `core` stops at each of them.
async fn one_that_stops_half_way_is_cut_and_forgotten<H: Shell>() {
    let mut scene = Scene::<H>::new().await;
    let request = scene.dial().take_out();
    // The dial that only told how long a request is.
    scene.ends(EndReason::Cut, false).await;
    for stop in (0..request.len()).step_by(29) {
        let mut raw = scene.dial();
        raw.take_out();
        raw.write(&request[..stop]);
        raw.end();
        raw.hear_all();
        scene.ends(EndReason::Cut, false).await;
    }
    let message = masked(&authenticate(Purpose::Serve));
    for stop in (0..message.len()).step_by(7) {
        let mut raw = scene.greeted();
        raw.write(&message[..stop]);
        raw.end();
        raw.hear_all();
        scene.ends(EndReason::Cut, false).await;
    }
}

/// A sample of the frames that are wrong: `core` sends each, wrong in each place.
async fn one_whose_frames_are_wrong_is_told_protocol_error<H: Shell>() {
    let mut scene = Scene::<H>::new().await;
    let deep = [&b"\x82\x10\xA2\x00\x01\x18\x80"[..], &[0x81; 6], &[0x80]].concat();
    for (message, error) in [
        (&b"\x82\x10\xA2\x00\x01\x18\x7F\x00"[..], WireError::UnknownKey(0x7F)),
        (b"\x82\x10\xA2\x00\x01\x00\x01", WireError::KeyOrder),
        (b"\x82\x10\xA1\x00\x61a", WireError::WrongType),
        (b"\x83\x10\xA1\x00\x01\x00", WireError::WrongLength),
        (&deep, WireError::TooDeep),
        (b"\x82\x10\xA1\x00\x01\x00", WireError::Trailing),
        (b"\x82\x10\xA1\x00", WireError::Short),
        (b"\x82\x18\x7F\xA0", WireError::UnknownFrame(0x7F)),
        (b"", WireError::Short),
    ] {
        let mut raw = scene.admitted(Purpose::Operate);
        raw.say(message);
        told(&mut raw, Code::ProtocolError);
        scene.ends(EndReason::Wire(error), true).await;
    }
    // An unknown high key harms nobody.
    let mut raw = scene.admitted(Purpose::Operate);
    raw.say(b"\x82\x10\xA2\x00\x07\x18\x80\x00");
    assert!(raw.hear());
    assert_eq!(raw.kinds(), ["hello", "welcome", "pong"]);
    scene.healthy.goes_on().await;
}

/// The healthy call is 1 on its caller's link and 2 on its runner's. To a stranger's link no such
/// call was ever made, whatever it says about one.
async fn nobody_answers_feeds_or_cancels_anothers_call<H: Shell>() {
    let mut scene = Scene::<H>::new().await;
    for id in [1, 2, 3, 4].map(CallId) {
        let peer = "healthy".parse().unwrap();
        let status = Status::Exited(0);
        for frame in [
            Frame::Result(CallResult { id, peer: None, status, value: None, text: "" }),
            Frame::Output(Output {
                id,
                peer,
                source: OutputStream::Out,
                offset: 0,
                bytes: b"forged",
            }),
            Frame::Input(Input { id, offset: 0, bytes: b"forged", end: true }),
            Frame::Cancel(Cancel { id, reason: "" }),
            Frame::Window(Window { id, bytes: 1 }),
        ] {
            let mut raw = scene.admitted(Purpose::Serve);
            raw.say_frame(&frame);
            told(&mut raw, Code::ProtocolError);
            let error = SessionError::NeverMade(frame.kind(), id);
            scene.ends(EndReason::Session(error), true).await;
        }
        // One that serves nothing has no calls to answer at all.
        let mut raw = scene.admitted(Purpose::Operate);
        raw.say_frame(&Frame::Result(CallResult { id, peer: None, status, value: None, text: "" }));
        told(&mut raw, Code::ProtocolError);
        scene.ends(EndReason::Session(SessionError::Direction("result")), true).await;
    }
    within(scene.healthy.leave()).await;
}

async fn an_answer_that_comes_twice_is_taken_once_and_the_link_goes_on<H: Shell>() {
    let mut scene = Scene::<H>::new().await;
    let mut raw = scene.admitted(Purpose::Serve);
    let Frame::Welcome(welcome) = raw.last() else { panic!("{:?}", raw.kinds()) };
    let name = WelcomeBody::decode(welcome.body).unwrap().peer;
    let command = Command {
        name: "twice".parse().unwrap(),
        description: String::new(),
        arguments: Vec::new(),
    };
    raw.say_frame(&Frame::Register(Register { commands: vec![command] }));
    assert!(raw.hear());
    assert_eq!(raw.last().kind(), "registered");
    let answering = tokio::task::spawn_blocking(move || {
        // The end of the call's input may have come with it.
        assert!(raw.hear());
        let call = raw.got.iter().find_map(|message| match Frame::decode(message) {
            Ok(Frame::Call(call)) => Some(call.id),
            _ => None,
        });
        let (id, peer) = (call.unwrap(), None);
        for status in [Status::Exited(3), Status::Exited(4)] {
            raw.say_frame(&Frame::Result(CallResult { id, peer, status, value: None, text: "" }));
        }
        raw.say_frame(&Frame::Ping(Ping { token: 1 }));
        while raw.last().kind() != "pong" {
            assert!(raw.hear(), "{:?}", raw.kinds());
        }
    });
    assert_eq!(scene.healthy.calls(name.as_str(), "twice").await.exit(), 3);
    within(answering).await.unwrap();
    scene.healthy.goes_on().await;
}

on_each_hub! {
    one_that_speaks_first_is_answered_in_the_language_that_is_awaited,
    one_that_speaks_out_of_order_or_twice_is_told_protocol_error,
    one_that_says_too_much_is_closed_by_the_bound_that_it_broke,
    one_that_is_too_slow_is_timed_out_however_it_dawdles,
    one_that_stops_half_way_is_cut_and_forgotten,
    one_whose_frames_are_wrong_is_told_protocol_error,
    nobody_answers_feeds_or_cancels_anothers_call,
    an_answer_that_comes_twice_is_taken_once_and_the_link_goes_on,
}
