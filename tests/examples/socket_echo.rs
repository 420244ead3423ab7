//! The core's WebSocket alone, on TCP: it sends every message back. Test suites that others wrote
//! talk to it (`tests/interop/test_kosoku.py`).
//!
//! ```text
//! socket_echo serve             listens on 127.0.0.1 and prints its port
//! socket_echo connect PORT N    opens /link?case=1 to /link?case=N there, one after the other
//! ```
//!
//! Such suites know nothing of Bowline's subprotocol, which the core asks for on both sides. So the
//! header that names it is put into the first head that comes. Nothing else is touched.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bowline_core::buffer::Buffer;
use bowline_core::id::Nonce;
use bowline_core::limits::Limits;
use bowline_core::random::{Random, Seed};
use bowline_core::socket::{Incoming, PATH, SUBPROTOCOL, Socket, UpgradePolicy, UpgradeRequest};

/// Nothing waits longer than this for the other end.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve"] => serve(),
        ["connect", port, cases] => connect(port.parse()?, cases.parse()?),
        _ => Err("usage: socket_echo serve | socket_echo connect PORT N".into()),
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            let socket = Socket::accept(Arc::new(UpgradePolicy::default()), &Limits::default());
            // What breaks the connection is the suite's to judge.
            let _ = Echo { socket, plain: Buffer::new(), out: Buffer::new() }.run(stream);
        });
    }
    Ok(())
}

fn connect(port: u16, cases: u32) -> Result<(), Box<dyn Error>> {
    for case in 1..=cases {
        let request = UpgradeRequest {
            host: format!("127.0.0.1:{port}"),
            path: format!("{PATH}?case={case}&agent=bowline"),
            nonce: Nonce([0; 32]),
        };
        let mut out = Buffer::new();
        let random = Random::new(&Seed([0; 32]));
        let socket = Socket::connect(&request, random, &Limits::default(), &mut out);
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        let _ = Echo { socket, plain: Buffer::new(), out }.run(stream);
    }
    Ok(())
}

/// One end of a WebSocket, with its buffers.
struct Echo {
    socket: Socket,
    plain: Buffer,
    out: Buffer,
}

impl Echo {
    /// Sends back what comes, until both ends have closed or the other one breaks the rules.
    fn run(mut self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        self.flush(&mut stream)?;
        let head = named_subprotocol(read_head(&mut stream)?);
        self.plain.extend(&head);
        self.socket.set_message_limit(Limits::default().message);
        let mut bytes = vec![0; 64 << 10];
        loop {
            let ended = self.turn();
            self.flush(&mut stream)?;
            if ended {
                break;
            }
            let count = stream.read(&mut bytes)?;
            if count == 0 {
                return Ok(());
            }
            self.plain.extend(&bytes[..count]);
        }
        stream.shutdown(Shutdown::Write)?;
        while stream.read(&mut bytes)? > 0 {}
        Ok(())
    }

    /// Takes all that has come; whether that was the end.
    fn turn(&mut self) -> bool {
        loop {
            let message = match self.socket.read(&mut self.plain, &mut self.out) {
                Ok(None) => return false,
                Ok(Some(Incoming::Message(message))) => message.to_vec(),
                Ok(Some(Incoming::Closed { .. })) => return true,
                Ok(Some(_)) => continue,
                Err(error) => {
                    if let Some(code) = error.close_code() {
                        self.socket.close(code, "", &mut self.out);
                    }
                    return true;
                }
            };
            self.socket.write(&message, &mut self.out);
        }
    }

    fn flush(&mut self, stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(self.out.filled())?;
        self.out.clear();
        Ok(())
    }
}

/// A request's or an answer's head, with its blank line.
fn read_head(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// The head, with the header that names Bowline's subprotocol.
fn named_subprotocol(mut head: Vec<u8>) -> Vec<u8> {
    head.truncate(head.len() - 2);
    head.extend(format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n").as_bytes());
    head
}
