//! A peer on a plain blocking socket of the standard library: no runtime, one thread, one loop.
//!
//! It serves one command, `hello`, to a hub that offers TLS and the shared secret, and ends with
//! its link:
//!
//! ```text
//! cargo run -p bowline-core --example blocking_socket -- 127.0.0.1:7777 blocking-1 secret.key
//! ```
//!
//! It may be run again: the hub binds `blocking-1` to the key that it saw first, so the key is kept
//! beside the secret as `blocking-1.key`, and so is what was learnt of the hub, as
//! `blocking-1.trust`. Without the key it needs another id, or an operator who frees this one
//! (`bowline peers forget`).
//!
//! A program that is to go on for longer dials again, at the pace of `bowline_core::peer`.
// The core is kept from these; a program that drives it is where they belong.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bowline_core::ask::{Answer, Question};
use bowline_core::auth::{Credential, Dial, SharedSecret, Transport};
use bowline_core::code::Code;
use bowline_core::id::PeerId;
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::link::{Event, Link};
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::trust::{Entry, KnownHub};
use bowline_core::tunnel::ClientTls;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{CallResult, Command, OutputStream, Register, Status};
use data_encoding::BASE64URL_NOPAD;

fn main() {
    if let Err(error) = run() {
        eprintln!("blocking_socket: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, id, secret] = arguments.as_slice() else {
        return Err("usage: blocking_socket ADDRESS PEER-ID SECRET-FILE".into());
    };
    let peer: PeerId = id.parse()?;
    let files = Files::beside(Path::new(secret), id);
    let secret = read_private(Path::new(secret))?.ok_or("there is no secret file")?;
    let secret = BASE64URL_NOPAD.decode(String::from_utf8(secret)?.trim().as_bytes())?;
    let mut random = Random::new(&entropy()?);
    let dial = Dial {
        known: KnownHub { hub: address.clone(), entry: files.entry()?, ..KnownHub::default() },
        credential: Credential::Secret(SharedSecret::new(&secret)?),
        agent: "blocking/1".to_owned(),
        ..Dial::new(address, Transport::Tls(ClientTls::new()?), peer, files.key(&mut random)?)
    };
    let clock = Clock(Instant::now());
    let mut socket = TcpStream::connect(address.as_str())?;
    socket.set_nodelay(true)?;
    let mut link = Link::connect(Arc::new(dial), &random.seed(), clock.now())?;
    // spec: the loop contract of `bowline_core`, with reading and writing in turn.
    loop {
        while let Some(event) = link.poll_event() {
            match event {
                // Each question is answered: one that is not ends the admission by its time limit.
                Event::Ask(ask, Question::Store(kept)) => {
                    let answer = match kept.entry.map_or(Ok(()), |entry| files.keep(&entry)) {
                        Ok(()) => Answer::Stored,
                        Err(_) => Answer::Refused(Code::Unavailable.into()),
                    };
                    link.answer(ask, answer, clock.now());
                }
                // A peer that has the secret is asked nothing else.
                Event::Ask(ask, _) => {
                    link.answer(ask, Answer::Refused(Code::Refused.into()), clock.now());
                }
                Event::Admitted(admitted) => {
                    println!("admitted as {}", admitted.peer);
                    link.send(&Frame::Register(Register { commands: vec![hello()?] }))?;
                }
                Event::Frame(Frame::Registered(_)) => println!("ready"),
                Event::Frame(Frame::Call(call)) => {
                    let id = call.id;
                    // A short answer fits the credit that every caller gives; a long one would be
                    // taken in parts. Who reads a call's input grants it again, with `link.grant`.
                    link.output(id, OutputStream::Out, b"hello from one thread\n")?;
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

/// What is kept from one run to the next, in files that only their owner may read.
struct Files {
    key: PathBuf,
    trust: PathBuf,
}

impl Files {
    fn beside(secret: &Path, id: &str) -> Self {
        let at = |kind: &str| secret.with_file_name(format!("{id}.{kind}"));
        Self { key: at("key"), trust: at("trust") }
    }

    /// The key that the hub knows this id by, made at the first run.
    fn key(&self, random: &mut Random) -> Result<PeerKey, Box<dyn Error>> {
        if let Some(der) = read_private(&self.key)? {
            return Ok(PeerKey(SigningKey::from_pkcs8(&der)?));
        }
        let key = SigningKey::generate(random);
        // Never over another: its id would be lost.
        write_private(&self.key, &key.to_pkcs8())?;
        Ok(PeerKey(key))
    }

    /// What is known of the hub: identity, TLS key, generation and date, in one line.
    fn entry(&self) -> Result<Option<Entry>, Box<dyn Error>> {
        let Some(bytes) = read_private(&self.trust)? else { return Ok(None) };
        let text = String::from_utf8(bytes)?;
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [identity, pin, generation, first_seen] = fields.as_slice() else {
            return Err(format!("{} is not what was kept there", self.trust.display()).into());
        };
        Ok(Some(Entry {
            identity: identity.parse()?,
            pin: if *pin == "-" { None } else { Some(pin.parse()?) },
            generation: generation.parse()?,
            first_seen: first_seen.parse()?,
        }))
    }

    /// Keeps it, all or nothing, before the session begins.
    fn keep(&self, entry: &Entry) -> io::Result<()> {
        let Entry { identity, pin, generation, first_seen } = entry;
        let pin = pin.map_or_else(|| "-".to_owned(), |pin| pin.to_string());
        let part = self.trust.with_extension("trust.part");
        // A run that was cut short may have left one.
        let _ = fs::remove_file(&part);
        write_private(&part, format!("{identity} {pin} {generation} {first_seen}\n").as_bytes())?;
        fs::rename(&part, &self.trust)
    }
}

/// What a file holds, up to 4 KiB; none where it is not there.
fn read_private(path: &Path) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(format!("{} is open to others: chmod 600 it", path.display()).into());
    }
    let mut bytes = Vec::new();
    file.take(4096).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// A file that was not there, on the disk when this returns.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
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
