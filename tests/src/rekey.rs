//! A TLS proxy that rustls drives by its buffered connections, and that asks for new keys whenever
//! a test says so (RFC 8446 §4.6.3).
//!
//! ```text
//! peer ──TLS, the proxy's key──► rekey ──plain──► hub
//! ```

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bowline_core::id::Pin;
use bowline_core::identity::TlsKey;
use bowline_core::random::Random;
use bowline_shell::clock::Clock;
use bowline_shell::config::{HubUrl, Scheme};
use bowline_shell::entropy;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::version::TLS13;
use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Such a proxy, which carries nothing yet.
#[derive(Debug)]
pub struct Rekey {
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    pin: Pin,
}

/// One that carries.
#[derive(Debug)]
pub struct Rekeying {
    local: SocketAddr,
    asked: watch::Sender<u64>,
    answered: Arc<AtomicU64>,
}

impl Rekey {
    /// A proxy with a key of its own.
    ///
    /// # Panics
    /// When it cannot make its key or listen.
    pub async fn listen() -> Self {
        let seed = entropy::seed().expect("randomness");
        let (names, now) = (["127.0.0.1".to_owned()], Clock::start().now().unix);
        let key = TlsKey::self_signed(&mut Random::new(&seed), &names, "rekey", now);
        let key = key.expect("a key");
        let pin = key.pin();
        let (chain, key) = key.into_parts();
        let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        Self { listener, tls: Arc::new(tls), pin }
    }

    /// The pin of its key.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// Carries every connection to `hub`, which has no TLS.
    ///
    /// # Panics
    /// When it has no address.
    #[must_use]
    pub fn carry_to(self, hub: SocketAddr) -> Rekeying {
        let Self { listener, tls, .. } = self;
        let local = listener.local_addr().expect("its address");
        let (asked, answered) = (watch::Sender::new(0), Arc::<AtomicU64>::default());
        let (asking, counted) = (asked.clone(), answered.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let asked = asking.subscribe();
                tokio::spawn(carry(near, hub, tls.clone(), asked, counted.clone()));
            }
        });
        Rekeying { local, asked, answered }
    }
}

impl Rekeying {
    /// The URL under which the hub is reached through this proxy.
    #[must_use]
    pub fn url(&self) -> HubUrl {
        HubUrl::of_address(Scheme::Wss, self.local)
    }

    /// Takes new keys on every connection, and asks the other end to do the same.
    pub fn ask(&self) {
        self.asked.send_modify(|asked| *asked += 1);
    }

    /// How often other ends have taken new keys.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

async fn carry(
    mut near: TcpStream,
    hub: SocketAddr,
    tls: Arc<ServerConfig>,
    mut asked: watch::Receiver<u64>,
    answered: Arc<AtomicU64>,
) -> io::Result<()> {
    let mut far = TcpStream::connect(hub).await?;
    let mut connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let (mut from_near, mut from_far) = ([0; 4096], [0; 4096]);
    let (mut plain, mut sealed, mut records) = (Vec::new(), Vec::new(), Records::default());
    asked.mark_unchanged();
    loop {
        while connection.wants_write() {
            connection.write_tls(&mut sealed)?;
        }
        near.write_all(&sealed).await?;
        far.write_all(&plain).await?;
        sealed.clear();
        plain.clear();
        tokio::select! {
            n = near.read(&mut from_near) => {
                let mut bytes = &from_near[..n?];
                if bytes.is_empty() {
                    return Ok(());
                }
                answered.fetch_add(records.key_updates(bytes), Ordering::Relaxed);
                while !bytes.is_empty() {
                    connection.read_tls(&mut bytes)?;
                    connection.process_new_packets().map_err(io::Error::other)?;
                    // WouldBlock where nothing more is there, which is what it says at the end.
                    let _ = connection.reader().read_to_end(&mut plain);
                }
            }
            n = far.read(&mut from_far) => {
                let n = n?;
                if n == 0 {
                    return Ok(());
                }
                connection.writer().write_all(&from_far[..n])?;
            }
            Ok(()) = asked.changed() => {
                connection.refresh_traffic_keys().map_err(io::Error::other)?;
            }
        }
    }
}

/// The records of one end, by their headers.
#[derive(Debug, Default)]
struct Records {
    header: Vec<u8>,
    /// Bytes of the record that are still to come.
    left: usize,
}

impl Records {
    /// How many of the records in these bytes are as long as a KeyUpdate and nothing else that a
    /// link sends: five bytes, their type, and a tag. The shortest frame is longer.
    fn key_updates(&mut self, bytes: &[u8]) -> u64 {
        let mut found = 0;
        for &byte in bytes {
            if self.left > 0 {
                self.left -= 1;
                continue;
            }
            self.header.push(byte);
            if let [kind, _, _, high, low] = self.header[..] {
                self.left = usize::from(u16::from_be_bytes([high, low]));
                found += u64::from(kind == APPLICATION_DATA && self.left == 5 + 1 + 16);
                self.header.clear();
            }
        }
        found
    }
}

/// The outer type of every sealed record (RFC 8446 §5.2).
const APPLICATION_DATA: u8 = 23;
