//! A proxy in front of a hub without TLS: it speaks TLS for it, with a key of its own, or none, and
//! says in the request for whom it carries the connection.
//!
//! ```text
//! peer ──TLS, the proxy's key, or plain──► front ──plain, X-Forwarded-For──► hub
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bowline_core::buffer::Buffer;
use bowline_core::id::Pin;
use bowline_core::identity::TlsKey;
use bowline_core::limits::Limits;
use bowline_core::random::Random;
use bowline_core::tunnel::{ServerTls, Tunnel};
use bowline_shell::clock::Clock;
use bowline_shell::config::{HubUrl, Scheme};
use bowline_shell::entropy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A proxy that has its address and its key, and carries nothing yet.
#[derive(Debug)]
pub struct TlsProxy {
    listener: TcpListener,
    local: SocketAddr,
    tls: Option<ServerTls>,
}

/// A proxy that carries.
#[derive(Debug)]
pub struct Carrying {
    local: SocketAddr,
    scheme: Scheme,
    /// The value of the header; none for no header.
    says: Arc<Mutex<Option<String>>>,
}

impl TlsProxy {
    /// A proxy that speaks TLS.
    pub async fn with_tls() -> Self {
        let seed = entropy::seed().expect("randomness");
        let names = ["127.0.0.1".to_owned()];
        let now = Clock::start().now().unix;
        let key = TlsKey::self_signed(&mut Random::new(&seed), &names, "front", now);
        let (chain, key) = key.expect("a key").into_parts();
        Self::listen(Some(ServerTls::new(chain, key).expect("TLS"))).await
    }

    /// A proxy that does not.
    pub async fn plain() -> Self {
        Self::listen(None).await
    }

    async fn listen(tls: Option<ServerTls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let local = listener.local_addr().expect("its address");
        Self { listener, local, tls }
    }

    /// The pin of the key that it serves.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.tls.as_ref().expect("TLS").pin()
    }

    /// Carries every connection to `hub`, for whom `says` names.
    pub fn carry_to(self, hub: SocketAddr, says: Option<&str>) -> Carrying {
        let Self { listener, local, tls } = self;
        let scheme = if tls.is_some() { Scheme::Wss } else { Scheme::Ws };
        let says = Arc::new(Mutex::new(says.map(str::to_owned)));
        let said = says.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let header = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
                tokio::spawn(carry(near, hub, tls.clone(), header));
            }
        });
        Carrying { local, scheme, says }
    }
}

impl Carrying {
    /// The URL under which the hub is reached through this proxy.
    #[must_use]
    pub fn url(&self) -> HubUrl {
        HubUrl::of_address(self.scheme, self.local)
    }

    /// What the header says from the next connection on.
    pub fn says(&self, header: Option<&str>) {
        *self.says.lock().unwrap_or_else(PoisonError::into_inner) = header.map(str::to_owned);
    }
}

async fn carry(
    near: TcpStream,
    hub: SocketAddr,
    tls: Option<ServerTls>,
    header: Option<String>,
) -> io::Result<()> {
    let limits = Limits::default();
    let mut far = TcpStream::connect(hub).await?;
    let mut near = near;
    let mut tunnel = match &tls {
        Some(tls) => Tunnel::accept_tls(tls, &limits).map_err(io::Error::other)?,
        None => Tunnel::accept_plain(&limits),
    };
    let (mut up, mut down) = (Buffer::default(), Buffer::default());
    let mut header = header.map(|header| format!("X-Forwarded-For: {header}\r\n"));
    let (mut from_near, mut from_far) = ([0; 4096], [0; 4096]);
    loop {
        tunnel.seal(&mut down);
        while !tunnel.transmit().is_empty() {
            let n = near.write(tunnel.transmit()).await?;
            tunnel.transmitted(n);
        }
        // The header goes behind the request line, before any that the peer may have written.
        if let Some(line) = up.filled().iter().position(|&byte| byte == b'\n')
            && let Some(header) = header.take()
        {
            far.write_all(&up.filled()[..=line]).await?;
            far.write_all(header.as_bytes()).await?;
            up.consume(line + 1);
        }
        if header.is_none() {
            far.write_all(up.filled()).await?;
            up.clear();
        }
        tokio::select! {
            n = near.read(&mut from_near) => {
                let n = n?;
                if n == 0 {
                    return Ok(());
                }
                tunnel.receive_buffer(n)[..n].copy_from_slice(&from_near[..n]);
                tunnel.received(n);
                tunnel.open(&mut up).map_err(io::Error::other)?;
            }
            n = far.read(&mut from_far) => {
                let n = n?;
                if n == 0 {
                    tunnel.close();
                    while !tunnel.transmit().is_empty() {
                        let n = near.write(tunnel.transmit()).await?;
                        tunnel.transmitted(n);
                    }
                    return near.shutdown().await;
                }
                down.extend(&from_far[..n]);
            }
        }
    }
}
