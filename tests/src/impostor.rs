//! What may listen where a hub is expected: other servers, a proxy that changes what a hub says, a
//! port that swallows, and one who poses as a hub.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;

use bowline_core::buffer::Buffer;
use bowline_core::id::{Nonce, SessionId};
use bowline_core::identity::{HubIdentity, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::random::{Random, Seed};
use bowline_core::socket::{Incoming, Socket, UpgradePolicy};
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    AuthBody, Hello, HelloBody, Method, SessionLimits, Welcome, WelcomeBody,
};
use rustix::net::{AddressFamily, SocketType, bind, connect, getsockname, listen, socket};

use crate::wait::BOUND;

/// A server on a port that the system chose, for as long as the tests run: `serve` has each
/// connection.
///
/// # Panics
/// When it cannot listen.
#[must_use]
pub fn listening(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let local = listener.local_addr().expect("its address");
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            let _ = stream.set_read_timeout(Some(BOUND));
            thread::spawn(move || serve(stream));
        }
    });
    local
}

/// A server that says `line` to whoever connects, as SSH does.
#[must_use]
pub fn greeting(line: &'static str) -> SocketAddr {
    listening(move |mut stream| {
        let _ = stream.write_all(line.as_bytes());
        drain(stream);
    })
}

/// A web server: `answer` to a request, and 400 to what is none.
#[must_use]
pub fn web(answer: &'static str) -> SocketAddr {
    listening(move |mut stream| {
        let mut bytes = [0; 4096];
        let n = stream.read(&mut bytes).unwrap_or(0);
        let bad = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let said = if bytes[..n].starts_with(b"GET ") { answer } else { bad };
        let _ = stream.write_all(said.as_bytes());
        drain(stream);
    })
}

/// A port that takes connections and closes each without a word.
#[must_use]
pub fn closing() -> SocketAddr {
    listening(drop)
}

/// A port that takes connections and says nothing.
#[must_use]
pub fn silent() -> SocketAddr {
    listening(drain)
}

/// Reads until the other end has done, so that nothing that was written is lost.
fn drain(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while stream.read(&mut bytes).is_ok_and(|n| n > 0) {}
}

/// A proxy to `hub` that puts `new` in the place of `old`, of the same length, in what the hub
/// says.
///
/// # Panics
/// When the lengths differ.
#[must_use]
pub fn changing(hub: SocketAddr, old: &'static str, new: &'static str) -> SocketAddr {
    assert_eq!(old.len(), new.len());
    listening(move |near| {
        let Ok(far) = TcpStream::connect(hub) else { return };
        let (Ok(near_out), Ok(far_in)) = (near.try_clone(), far.try_clone()) else { return };
        thread::spawn(move || pass(near, far, |_| {}));
        pass(far_in, near_out, |bytes| {
            let found = bytes.windows(old.len()).position(|window| window == old.as_bytes());
            if let Some(at) = found {
                bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
            }
        });
    })
}

fn pass(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) {
    let mut bytes = [0; 16 << 10];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        change(&mut bytes[..n]);
        if to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// A port that swallows what is sent to it, as a firewall does: nobody takes its connections, and
/// there is no room for another, so that the system drops every attempt.
#[derive(Debug)]
pub struct Swallowing {
    local: SocketAddr,
    _sockets: Vec<OwnedFd>,
}

impl Swallowing {
    /// One.
    ///
    /// # Panics
    /// When it cannot be set up.
    #[must_use]
    pub fn start() -> Self {
        let new = || socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        let listener = new();
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        bind(&listener, &any).expect("a port");
        listen(&listener, 0).expect("a listener");
        let local = SocketAddr::try_from(getsockname(&listener).expect("its address"));
        let local = local.expect("an IP address");
        let mut sockets = vec![listener];
        // The first fills the queue; more make sure of it, and wait for ever.
        for _ in 0..4 {
            let filler = new();
            rustix::io::ioctl_fionbio(&filler, true).expect("an option");
            let _ = connect(&filler, &local);
            sockets.push(filler);
        }
        Self { local, _sockets: sockets }
    }

    /// Where it is.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }
}

/// Something that poses as a hub without TLS: it admits whoever asks, and has not the secret that
/// it would need to prove itself.
#[must_use]
pub fn impostor() -> SocketAddr {
    listening(|stream| {
        pose(stream);
    })
}

fn pose(mut stream: TcpStream) -> Option<()> {
    let identity = HubIdentity(SigningKey::generate(&mut Random::new(&Seed([77; 32]))));
    let (mut plain, mut out) = (Buffer::new(), Buffer::new());
    let mut socket = Socket::accept(Arc::new(UpgradePolicy::default()), &Limits::default());
    loop {
        let said = match socket.read(&mut plain, &mut out).ok()? {
            Some(Incoming::Upgraded(upgraded)) => Some(hello(&identity, &upgraded.nonce)),
            Some(Incoming::Message(message)) => Some(welcome(message)?),
            Some(Incoming::Closed { .. }) => return None,
            _ => None,
        };
        if let Some(said) = said {
            socket.write(&said, &mut out);
            stream.write_all(out.filled()).ok()?;
            out.clear();
            continue;
        }
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes).ok()? {
            0 => return None,
            n => plain.extend(&bytes[..n]),
        }
    }
}

const LIMITS: SessionLimits =
    SessionLimits { message: 1 << 20, open_calls: 16, call_deadline_ms: 60_000 };

fn hello(identity: &HubIdentity, nonce: &Nonce) -> Vec<u8> {
    let unix = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let body = HelloBody {
        identity: identity.0.public(),
        name: "impostor".to_owned(),
        nonce: Nonce([3; 32]),
        methods: vec![Method::Secret as u64],
        unix: unix.map_or(0, |since| since.as_secs()),
        tls_keys: Vec::new(),
        generation: 1,
        limits: LIMITS,
    };
    let body = body.encode();
    let signature = identity.sign_hello(nonce, &body);
    let mut message = Vec::new();
    Frame::Hello(Hello { body: &body, signature: &signature }).encode(&mut message);
    message
}

fn welcome(message: &[u8]) -> Option<Vec<u8>> {
    let Ok(Frame::Authenticate(frame)) = Frame::decode(message) else { return None };
    let peer = AuthBody::decode(frame.body).ok()?.peer?;
    let body = WelcomeBody {
        session: SessionId([1; 16]),
        peer,
        capabilities: Vec::new(),
        expires: None,
        heartbeat: 15,
        limits: LIMITS,
        issued: None,
    };
    let body = body.encode();
    let mut message = Vec::new();
    Frame::Welcome(Welcome { body: &body, proof: &[0; 32] }).encode(&mut message);
    Some(message)
}
