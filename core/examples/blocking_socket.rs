//! A peer on a plain blocking socket of the standard library: no runtime, one thread, one loop.
//!
//! It serves one command, `hello`, to a hub that offers TLS and the shared secret, and ends with its
//! link:
//!
//! ```text
//! cargo run -p bowline-core --example blocking_socket -- 127.0.0.1:7777 blocking-1 secret.key
//! ```
//!
//! A program that is to go on for longer dials again, at the pace of `bowline_core::peer`, and keeps
//! what it learns of the hub in a file.
// The core is kept from these; a program that drives it is where they belong.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bowline_core::auth::{Credential, Dial, SharedSecret, Transport};
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::ledger::Memory;
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::trust::{Known, Mode};
use bowline_core::tunnel::ClientTls;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{CallResult, Command, Purpose, Register, Source, Status};
use data_encoding::BASE64URL_NOPAD;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, id, secret] = arguments.as_slice() else {
        return Err("usage: blocking_socket ADDRESS PEER-ID SECRET-FILE".into());
    };
    let secret = BASE64URL_NOPAD.decode(std::fs::read_to_string(secret)?.trim().as_bytes())?;
    let mut random = Random::new(&entropy()?);
    let (host, _) = address.rsplit_once(':').ok_or("an address is HOST:PORT")?;
    let dial = Dial {
        host: host.to_owned(),
        authority: address.clone(),
        path: "/link".to_owned(),
        transport: Transport::Tls(ClientTls::new()?),
        trust: Mode::Tofu,
        known: Known { hub: address.clone(), ..Known::default() },
        credential: Credential::Secret(SharedSecret::new(&secret)?),
        purpose: Purpose::Serve,
        peer: id.parse()?,
        // A program that keeps its id keeps its key, in a file.
        key: Arc::new(PeerKey(SigningKey::generate(&mut random))),
        agent: "blocking/1".to_owned(),
        labels: BTreeMap::new(),
        limits: Limits::default(),
    };
    let clock = Clock(Instant::now());
    let mut socket = TcpStream::connect(address.as_str())?;
    socket.set_nodelay(true)?;
    let mut link = Link::connect(Arc::new(dial), &random.seed(), clock.now())?;
    let mut ledger = Memory::default();
    // spec: the loop contract of `bowline_core`, with reading and writing in turn.
    loop {
        while let Some(event) = link.poll_event() {
            match event {
                Event::Ask(ask, question) => {
                    let answer = ledger.answer(&question).ok_or("a peer's questions are few")?;
                    link.answer(ask, answer, clock.now());
                }
                Event::Admitted(admitted) => {
                    println!("admitted as {}", admitted.peer);
                    link.send(&Frame::Register(Register { commands: vec![hello()?] }))?;
                }
                Event::Frame(Frame::Registered(_)) => println!("ready"),
                Event::Frame(Frame::Call(call)) => {
                    let id = call.id;
                    // A short answer fits the credit that every caller gives; a long one would be
                    // taken in parts.
                    link.output(id, Source::Out, b"hello from one thread\n")?;
                    let (status, value, text) = (Status::Exited(0), None, "");
                    link.send(&Frame::Result(CallResult { id, peer: None, status, value, text }))?;
                }
                Event::Ended(ended) => {
                    println!("ended: {}", ended.reason);
                    return Ok(linger(&mut socket)?);
                }
                _ => {}
            }
        }
        while !link.transmit().is_empty() {
            let written = socket.write(link.transmit())?;
            link.transmitted(written, clock.now());
        }
        let Some((deadline, _)) = link.poll_timeout() else { continue };
        let wait = deadline.since(clock.now().mono);
        if wait.is_zero() {
            link.handle_timeout(clock.now());
            continue;
        }
        let room = link.receive_buffer();
        if room.is_empty() {
            continue;
        }
        socket.set_read_timeout(Some(wait))?;
        match socket.read(room) {
            Ok(0) => link.received_eof(clock.now()),
            Ok(read) => link.received(read, clock.now()),
            Err(error) if is_time(&error) => link.handle_timeout(clock.now()),
            Err(_) => link.received_eof(clock.now()),
        }
    }
}

fn hello() -> Result<Command, Box<dyn Error>> {
    let (description, arguments) = ("Says hello".to_owned(), Vec::new());
    Ok(Command { name: "hello".parse()?, description, arguments })
}

/// Shuts down writing and reads what still comes, so that the last words are not lost.
fn linger(socket: &mut TcpStream) -> io::Result<()> {
    socket.shutdown(Shutdown::Write)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut dropped = [0; 4096];
    for _ in 0..16 {
        match socket.read(&mut dropped) {
            Ok(read) if read > 0 => {}
            _ => break,
        }
    }
    Ok(())
}

fn is_time(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// 32 bytes that nobody else knows.
fn entropy() -> io::Result<Seed> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(Seed(seed))
}

/// Both clocks, the monotonic one from the start of the program.
struct Clock(Instant);

impl Clock {
    fn now(&self) -> Now {
        let passed = u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now { mono: Mono(passed), unix: unix.as_secs() }
    }
}
