//! A peer made by hand, on a socket without TLS: it speaks the WebSocket, and says in it whatever a
//! test has it say, in order or not.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use bowline_core::buffer::Buffer;
use bowline_core::code::CloseCode;
use bowline_core::id::Nonce;
use bowline_core::limits::Limits;
use bowline_core::random::{Random, Seed};
use bowline_core::socket::{Incoming, Socket, UpgradeRequest};
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{AuthBody, Authenticate, Method, Purpose};

use crate::wait::BOUND;

/// A connection to a hub in `plain`.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    socket: Socket,
    plain: Buffer,
    out: Buffer,
    /// Messages that came.
    pub got: Vec<Vec<u8>>,
    /// The hub's Close came: its code.
    pub closed: Option<Option<CloseCode>>,
}

impl Raw {
    /// A connection over which nothing was said; the request for the upgrade waits.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn dial(hub: SocketAddr) -> Self {
        let stream = TcpStream::connect(hub).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        stream.set_read_timeout(Some(BOUND)).expect("an option");
        let request = UpgradeRequest {
            host: hub.to_string(),
            path: "/link".to_owned(),
            nonce: Nonce([9; 32]),
        };
        let (mut out, masks) = (Buffer::new(), Random::new(&Seed([5; 32])));
        let socket = Socket::connect(&request, masks, &Limits::default(), &mut out);
        Self { stream, socket, plain: Buffer::new(), out, got: Vec::new(), closed: None }
    }

    /// The same, upgraded, with the hub's Hello.
    ///
    /// # Panics
    /// When the hub does not greet.
    #[must_use]
    pub fn greeted(hub: SocketAddr) -> Self {
        let mut raw = Self::dial(hub);
        raw.flush();
        raw.hear();
        assert_eq!(raw.kinds(), ["hello"]);
        raw
    }

    /// The same, admitted by `open`.
    ///
    /// # Panics
    /// When the hub does not admit it.
    #[must_use]
    pub fn admitted(hub: SocketAddr, purpose: Purpose) -> Self {
        let mut raw = Self::greeted(hub);
        raw.say(&authenticate(purpose));
        raw.hear();
        assert_eq!(raw.kinds(), ["hello", "welcome"]);
        raw
    }

    /// What waits to be written, which a test may want to write itself.
    pub fn take_out(&mut self) -> Vec<u8> {
        let out = self.out.filled().to_vec();
        self.out.clear();
        out
    }

    /// Writes these bytes as they are. That nobody takes them is no failure.
    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Writes what waits.
    pub fn flush(&mut self) {
        let out = self.take_out();
        self.write(&out);
    }

    /// Sends one message.
    pub fn say(&mut self, message: &[u8]) {
        self.socket.write(message, &mut self.out);
        self.flush();
    }

    /// Sends one frame.
    pub fn say_frame(&mut self, frame: &Frame<'_>) {
        self.say(&encoded(frame));
    }

    /// Reads until another message came, or the end; whether one came.
    ///
    /// # Panics
    /// When neither comes.
    pub fn hear(&mut self) -> bool {
        let before = self.got.len();
        while self.got.len() == before {
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece) {
                Ok(0) => return false,
                Ok(n) => self.came(&piece[..n]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return false,
                Err(error) => panic!("nothing came: {error}"),
            }
        }
        true
    }

    fn came(&mut self, bytes: &[u8]) {
        self.plain.extend(bytes);
        loop {
            match self.socket.read(&mut self.plain, &mut self.out) {
                Ok(Some(Incoming::Message(message))) => self.got.push(message.to_vec()),
                Ok(Some(Incoming::Closed { code, .. })) => self.closed = Some(code),
                Ok(Some(_)) => {}
                // An answer that is no upgrade: a test looks at its bytes, see `answer`.
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// Reads to the end: everything that the hub still says.
    pub fn hear_all(&mut self) {
        while self.hear() {}
    }

    /// What the hub answers to a request that it does not upgrade.
    ///
    /// # Panics
    /// When it does not end.
    pub fn answer(mut self) -> String {
        let mut answer = Vec::new();
        match self.stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("no end came: {error}"),
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Says that no more follows, and goes on listening.
    pub fn end(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The frames that came, each by its kind.
    ///
    /// # Panics
    /// When one is none.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        let kind = |message: &Vec<u8>| Frame::decode(message).expect("a frame").kind();
        self.got.iter().map(kind).collect()
    }

    /// The last frame that came.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn last(&self) -> Frame<'_> {
        Frame::decode(self.got.last().expect("a message")).expect("a frame")
    }
}

/// Authenticate by `open`, which proves nothing.
#[must_use]
pub fn authenticate(purpose: Purpose) -> Vec<u8> {
    let body = AuthBody {
        method: Method::Open.number(),
        purpose,
        peer: None,
        key: None,
        seen: None,
        credential: None,
        agent: "raw".to_owned(),
        labels: Default::default(),
        generation: None,
        later: None,
    }
    .encode();
    encoded(&Frame::Authenticate(Authenticate { body: &body, proof: &[] }))
}

/// A frame as one message.
#[must_use]
pub fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut message = Vec::new();
    frame.encode(&mut message);
    message
}

/// One message of less than 126 bytes as the connecting side frames it, with a mask of zeros.
///
/// # Panics
/// When it is longer.
#[must_use]
pub fn masked(message: &[u8]) -> Vec<u8> {
    assert!(message.len() < 126, "a longer length takes more bytes");
    [&[0x82, 0x80 | message.len() as u8, 0, 0, 0, 0][..], message].concat()
}
