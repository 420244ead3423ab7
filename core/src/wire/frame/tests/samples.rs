//! One of each frame and body, and its bytes as another encoder (Python's cbor2) spells them.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::capability::Capability;
use crate::code::Code;
use crate::id::{CallId, CommandName, Nonce, PeerId, Pin, PublicKey, SessionId};
use crate::wire::WireError;
use crate::wire::frame::*;
use crate::wire::value::{Arguments, ArgumentsBuf, Labels, Scalar, Value, ValueBuf};

/// Reads bytes as a frame or a body, and writes that again.
pub(super) type Again = fn(&[u8]) -> Result<Vec<u8>, WireError>;

/// Valid bytes, and what reads them and writes them again.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) again: Again,
}

pub(super) fn all() -> Vec<Sample> {
    let frames = frames().into_iter().map(|(name, _, hex)| (name, hex, frame_again as _));
    let bodies: [(_, _, Again); 6] = [
        ("hello body", HELLO_BODY, |b| HelloBody::decode(b).map(|body| body.encode())),
        ("auth body", AUTH_BODY, |b| AuthBody::decode(b).map(|body| body.encode())),
        ("least auth body", LEAST_AUTH_BODY, |b| AuthBody::decode(b).map(|body| body.encode())),
        ("welcome body", WELCOME_BODY, |b| WelcomeBody::decode(b).map(|body| body.encode())),
        ("full welcome body", FULL_WELCOME_BODY, |b| {
            WelcomeBody::decode(b).map(|body| body.encode())
        }),
        ("refresh body", REFRESH_BODY, |b| {
            RefreshBody::decode(b).map(|body| body.encode().to_vec())
        }),
    ];
    frames
        .chain(bodies)
        .map(|(name, hex, again)| Sample { name, bytes: unhex(hex), again })
        .collect()
}

/// The bytes of the frame of this name.
pub(super) fn bytes(name: &str) -> Vec<u8> {
    all().into_iter().find(|sample| sample.name == name).unwrap().bytes
}

pub(super) fn frame_again(bytes: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut again = Vec::new();
    Frame::decode(bytes)?.encode(&mut again);
    Ok(again)
}

pub(super) fn unhex(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap()
}

pub(super) fn peer(id: &str) -> PeerId {
    id.parse().unwrap()
}

pub(super) fn command(name: &str) -> CommandName {
    name.parse().unwrap()
}

/// Leaked, so that it can stand in a frame that outlives the test that made it.
fn arguments() -> Arguments<'static> {
    let mut arguments = ArgumentsBuf::new();
    let list = ValueBuf::array([ValueBuf::scalar(Scalar::Bytes(&[1])).unwrap()]).unwrap();
    let map = ValueBuf::map([("s", ValueBuf::uint(1))]).unwrap();
    arguments.push_text("main").unwrap();
    arguments.push(Scalar::Integer(-5)).unwrap();
    arguments.push(Scalar::Float(1.5)).unwrap();
    arguments.push(Scalar::Boolean(true)).unwrap();
    arguments.push_value(list.as_value()).unwrap();
    arguments.named_value("wait", map.as_value()).unwrap();
    arguments.named("to", Scalar::Text("a")).unwrap();
    Box::leak(Box::new(arguments)).as_arguments()
}

fn uptime() -> Command {
    Command { name: command("uptime"), description: String::new(), arguments: vec![] }
}

fn deploy() -> Command {
    let argument = |name: &str, kind, optional| Argument { name: name.to_owned(), kind, optional };
    let choice = ArgumentKind::Choice(vec!["a".to_owned(), "b".to_owned()]);
    Command {
        name: command("deploy"),
        description: "Deploys.".to_owned(),
        arguments: vec![
            argument("ref", ArgumentKind::String, false),
            argument("to", choice, true),
            argument("root", ArgumentKind::Path, true),
        ],
    }
}

pub(super) const LIMITS: SessionLimits =
    SessionLimits { message: 1 << 20, open_calls: 1024, call_deadline_ms: 86_400_000 };

pub(super) fn hello_body() -> HelloBody {
    HelloBody {
        identity: PublicKey([0x11; 32]),
        name: "hub one".to_owned(),
        nonce: Nonce([0x22; 32]),
        methods: vec![0, 1],
        unix: 1_700_000_000,
        tls_keys: vec![Pin([0x33; 32]), Pin([0x44; 32])],
        generation: 7,
        limits: LIMITS,
    }
}

pub(super) fn auth_body() -> AuthBody {
    let labels = [("zone", "b"), ("rack-1", "a")];
    AuthBody {
        method: 1,
        purpose: Purpose::Serve,
        peer: Some(peer("web1")),
        key: Some(PublicKey([0x55; 32])),
        seen: Some(Pin([0x33; 32])),
        credential: Some(b"token".to_vec()),
        agent: "bowline/0.1.0".to_owned(),
        labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        generation: Some(7),
        later: None,
    }
}

pub(super) fn least_auth_body() -> AuthBody {
    AuthBody {
        method: 0,
        purpose: Purpose::Operate,
        peer: None,
        key: None,
        seen: None,
        credential: None,
        agent: String::new(),
        labels: BTreeMap::new(),
        generation: None,
        later: None,
    }
}

pub(super) fn welcome_body() -> WelcomeBody {
    WelcomeBody {
        session: SessionId([0x66; 16]),
        peer: peer("web1"),
        capabilities: vec![Capability::CallNamed(command("uptime")), Capability::Serve],
        expires: Some(1_700_086_400),
        heartbeat: 15,
        limits: LIMITS,
        issued: None,
    }
}

pub(super) fn issued() -> Issued {
    Issued {
        certificate: vec![0x30, 3, 1, 2, 3],
        refresh: Zeroizing::new([0x88; 32]),
        refresh_ends: 1_707_862_400,
    }
}

pub(super) fn frames() -> Vec<(&'static str, Frame<'static>, &'static str)> {
    vec![
        (
            "hello",
            Frame::Hello(Hello { body: b"body", signature: &[0x77; 64] }),
            "830144626f6479584077777777777777777777777777777777777777777777777777777777777777\
         777777777777777777777777777777777777777777777777777777777777777777",
        ),
        (
            "authenticate",
            Frame::Authenticate(Authenticate { body: b"body", proof: &[0x88; 64] }),
            "830244626f6479584088888888888888888888888888888888888888888888888888888888888888\
         888888888888888888888888888888888888888888888888888888888888888888",
        ),
        (
            "welcome",
            Frame::Welcome(Welcome { body: b"body", proof: &[0x99; 32] }),
            "830344626f6479582099999999999999999999999999999999999999999999999999999999999999\
         99",
        ),
        (
            "refuse",
            Frame::Refuse(Refuse {
                code: Code::Full,
                text: "come back",
                unix: 1_700_000_000,
                retry_after: Some(30),
            }),
            "8204a4006466756c6c0169636f6d65206261636b021a6553f10003181e",
        ),
        ("ping", Frame::Ping(Ping { token: 1 }), "8210a10001"),
        ("pong", Frame::Pong(Ping { token: u64::MAX }), "8211a1001bffffffffffffffff"),
        (
            "register",
            Frame::Register(Register { commands: vec![deploy(), uptime()] }),
            "8212a10082a300666465706c6f7901684465706c6f79732e0283a200637265660100a40062746f01\
         0402826161616203f5a30064726f6f74010503f5a30066757074696d6501600280",
        ),
        ("registered", Frame::Registered(Registered { count: 2 }), "8213a10002"),
        (
            "call",
            Frame::Call(Call {
                id: CallId(9),
                target: Target::Peer(peer("web1")),
                name: command("deploy"),
                arguments: arguments(),
                deadline_ms: 30_000,
                window: 65_536,
                delivery: Delivery::Attached,
            }),
            "821820a7000901647765623102666465706c6f790385646d61696e24f93e00f581410104a262746f\
         61616477616974a161730105197530061a00010000",
        ),
        (
            "call to labels",
            Frame::Call(Call {
                id: CallId(10),
                target: Target::Labels(Labels::parse(b"\xA1\x64zone\x61b").unwrap()),
                name: command("uptime"),
                arguments: Arguments::default(),
                deadline_ms: 0,
                window: 0,
                delivery: Delivery::Attached,
            }),
            "821820a5000a01a1647a6f6e6561620266757074696d6505000600",
        ),
        (
            "call to the hub",
            Frame::Call(Call {
                id: CallId(11),
                target: Target::Hub,
                name: command("peers"),
                arguments: Arguments::default(),
                deadline_ms: 1000,
                window: 1,
                delivery: Delivery::Attached,
            }),
            "821820a5000b016368756202657065657273051903e80601",
        ),
        (
            "call, detached",
            Frame::Call(Call {
                id: CallId(11),
                target: Target::All,
                name: command("uptime"),
                arguments: Arguments::default(),
                deadline_ms: 1000,
                window: 0,
                delivery: Delivery::Detached,
            }),
            "821820a6000b0163616c6c0266757074696d65051903e806000701",
        ),
        (
            "accepted",
            Frame::Accepted(Accepted {
                id: CallId(9),
                sent: vec![peer("web1"), peer("web2")],
                queued: vec![],
            }),
            "821821a300090182647765623164776562320280",
        ),
        (
            "output",
            Frame::Output(Output {
                id: CallId(9),
                peer: peer("web1"),
                source: OutputStream::Err,
                offset: 4096,
                bytes: b"hi\n",
            }),
            "821822a50009016477656231020203191000044368690a",
        ),
        (
            "result, exited",
            Frame::Result(CallResult {
                id: CallId(9),
                peer: Some(peer("web1")),
                status: Status::Exited(-1),
                value: None,
                text: "",
            }),
            "821823a4000901647765623102000320",
        ),
        (
            "result, signalled",
            Frame::Result(CallResult {
                id: CallId(9),
                peer: Some(peer("web1")),
                status: Status::Signalled(15),
                value: Some(Value::parse(b"\x81\xF9\x3C\x00").unwrap()),
                text: "",
            }),
            "821823a500090164776562310201040f0581f93c00",
        ),
        (
            "result, failed",
            Frame::Result(CallResult {
                id: CallId(9),
                peer: None,
                status: Status::Failed(Code::Lost),
                value: None,
                text: "the link died",
            }),
            "821823a40009020206646c6f7374076d746865206c696e6b2064696564",
        ),
        (
            "done",
            Frame::Done(Done { id: CallId(9), answered: 1, failed: 2, missing: 300, claimed: 0 }),
            "821824a40009010102020319012c",
        ),
        (
            "cancel",
            Frame::Cancel(Cancel { id: CallId(9), reason: "stop" }),
            "821825a20009016473746f70",
        ),
        (
            "window",
            Frame::Window(Window { id: CallId(9), bytes: 65_536 }),
            "821826a20009011a00010000",
        ),
        (
            "input",
            Frame::Input(Input { id: CallId(9), offset: 5, bytes: b"abc", end: false }),
            "821827a3000901050243616263",
        ),
        (
            "input, end",
            Frame::Input(Input { id: CallId(9), offset: 8, bytes: b"", end: true }),
            "821827a400090108024003f5",
        ),
        (
            "deny",
            Frame::Deny(Deny {
                id: Some(CallId(9)),
                code: Code::Denied,
                request: "deploy",
                required: Some(Capability::CallNamed(command("deploy"))),
                text: "",
            }),
            "821850a50009016664656e69656402666465706c6f79036b63616c6c3a6465706c6f790460",
        ),
        (
            "deny without a call",
            Frame::Deny(Deny {
                id: None,
                code: Code::Unsupported,
                request: "register",
                required: None,
                text: "no",
            }),
            "821850a3016b756e737570706f727465640268726567697374657204626e6f",
        ),
        (
            "goaway",
            Frame::Goaway(Goaway {
                code: Code::GoingAway,
                text: "stopping",
                reconnect_after: Some(5),
            }),
            "821851a3006a676f696e672d61776179016873746f7070696e670205",
        ),
        ("refresh", Frame::Refresh(Refresh { body: b"body", proof: &[0x77; 64] }), REFRESH),
        ("refreshed", Frame::Refreshed(Refreshed(issued())), REFRESHED),
    ]
}

pub(super) const HELLO_BODY: &str = "\
    a80058201111111111111111111111111111111111111111111111111111111111111111016768756220\
    6f6e65025820222222222222222222222222222222222222222222222222222222222222222203820001\
    041a6553f100058258203333333333333333333333333333333333333333333333333333333333333333\
    58204444444444444444444444444444444444444444444444444444444444444444060707a3001a0010\
    000001190400021a05265c00";
pub(super) const AUTH_BODY: &str = "\
    a90001010002647765623103582055555555555555555555555555555555555555555555555555555555\
    555555550458203333333333333333333333333333333333333333333333333333333333333333054574\
    6f6b656e066d626f776c696e652f302e312e3007a2647a6f6e656162667261636b2d3161610807";
pub(super) const LEAST_AUTH_BODY: &str = "a3000001010660";
pub(super) const WELCOME_BODY: &str = "\
    a600506666666666666666666666666666666601647765623102826b63616c6c3a757074696d65657365\
    727665041a65554280050f06a3001a0010000001190400021a05265c00";
pub(super) const FULL_WELCOME_BODY: &str = "\
    a700506666666666666666666666666666666601647765623102826b63616c6c3a757074696d65657365\
    727665041a65554280050f06a3001a0010000001190400021a05265c0007a30045300301020301582088\
    88888888888888888888888888888888888888888888888888888888888888021a65cbe980";
pub(super) const REFRESH_BODY: &str = "\
    a10058209999999999999999999999999999999999999999999999999999999999999999";
pub(super) const REFRESH: &str = "\
    83184044626f647958407777777777777777777777777777777777777777777777777777777777777777\
    7777777777777777777777777777777777777777777777777777777777777777";
pub(super) const REFRESHED: &str = "\
    821841a30045300301020301582088888888888888888888888888888888888888888888888888888888\
    88888888021a65cbe980";
