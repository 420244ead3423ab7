//! A relay in the middle that terminates TLS with a key of its own, and passes all else on.
//!
//! ```text
//! peer ──TLS, the relay's key──► relay ──TLS, the hub's key──► hub
//! ```
//!
//! It reads everything in the clear and may change what it passes on.

use std::io;
use std::net::SocketAddr;

use bowline_core::buffer::Buffer;
use bowline_core::id::Pin;
use bowline_core::identity::TlsKey;
use bowline_core::limits::Limits;
use bowline_core::random::Random;
use bowline_core::tunnel::{ClientTls, ServerTls, Tunnel};
use bowline_shell::clock::Clock;
use bowline_shell::config::{HubUrl, Scheme};
use bowline_shell::entropy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A relay that listens.
#[derive(Debug)]
pub struct Relay {
    local: SocketAddr,
    pin: Pin,
}

impl Relay {
    /// A relay before `hub`.
    ///
    /// # Panics
    /// When it cannot make its key or listen.
    pub async fn start(hub: SocketAddr) -> Self {
        let seed = entropy::seed().expect("randomness");
        let names = ["127.0.0.1".to_owned()];
        let now = Clock::start().now().unix;
        let key = TlsKey::self_signed(&mut Random::new(&seed), &names, "relay", now);
        let key = key.expect("a key");
        let pin = key.pin();
        let (chain, key) = key.into_parts();
        let tls = ServerTls::new(chain, key).expect("TLS");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let local = listener.local_addr().expect("its address");
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, hub, tls.clone()));
            }
        });
        Self { local, pin }
    }

    /// The URL under which the hub is reached through this relay.
    #[must_use]
    pub fn url(&self) -> HubUrl {
        HubUrl::of_address(Scheme::Wss, self.local)
    }

    /// The pin of the relay's own key.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.pin
    }
}

/// One side of the relay: a tunnel and its socket.
struct Side {
    tunnel: Tunnel,
    socket: TcpStream,
    /// Plaintext that came from it.
    plain: Buffer,
    ended: bool,
}

impl Side {
    fn new(tunnel: Tunnel, socket: TcpStream) -> Self {
        Self { tunnel, socket, plain: Buffer::default(), ended: false }
    }

    /// Takes what came: `n` bytes, or the end.
    fn came(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.ended = true;
            self.tunnel.received_eof();
        }
        let room = self.tunnel.receive_buffer(bytes.len());
        let n = room.len().min(bytes.len());
        assert_eq!(n, bytes.len(), "the tunnel holds what one read brings");
        room[..n].copy_from_slice(bytes);
        self.tunnel.received(n);
        self.ended |= self.tunnel.open(&mut self.plain).is_err() || self.tunnel.peer_closed();
    }

    async fn flush(&mut self) -> io::Result<()> {
        while !self.tunnel.transmit().is_empty() {
            let n = self.socket.write(self.tunnel.transmit()).await?;
            self.tunnel.transmitted(n);
        }
        Ok(())
    }
}

async fn carry(near: TcpStream, hub: SocketAddr, tls: ServerTls) -> io::Result<()> {
    let limits = Limits::default();
    let far = TcpStream::connect(hub).await?;
    let client = ClientTls::new().map_err(io::Error::other)?;
    let accepted = Tunnel::accept_tls(&tls, &limits).map_err(io::Error::other)?;
    let connected = Tunnel::connect_tls(&client, "127.0.0.1", &limits).map_err(io::Error::other)?;
    let (mut near, mut far) = (Side::new(accepted, near), Side::new(connected, far));
    let (mut from_near, mut from_far) = ([0; 4096], [0; 4096]);
    loop {
        far.tunnel.seal(&mut near.plain);
        near.tunnel.seal(&mut far.plain);
        if near.ended {
            far.tunnel.close();
        }
        if far.ended {
            near.tunnel.close();
        }
        near.flush().await?;
        far.flush().await?;
        tokio::select! {
            n = near.socket.read(&mut from_near), if !near.ended => near.came(&from_near[..n?]),
            n = far.socket.read(&mut from_far), if !far.ended => far.came(&from_far[..n?]),
            else => return Ok(()),
        }
    }
}
