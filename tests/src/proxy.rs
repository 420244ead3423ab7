//! A proxy between a peer and a hub that does to their bytes what a network may do, and more.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use bowline_shell::config::{HubUrl, Scheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What is done to the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every byte travels in a write of its own.
    Split,
    /// Every piece waits a moment.
    Delay,
}

/// A proxy that listens. Dropping it leaves its connections alone.
#[derive(Debug)]
pub struct Proxy {
    local: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    hub: SocketAddr,
    fault: Fault,
    corrupt: AtomicBool,
    accepted: AtomicUsize,
    /// The ways whose bytes are swallowed.
    swallows: AtomicU8,
    cut: watch::Sender<usize>,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the peer to the hub.
    ToHub,
    /// From the hub to the peer.
    FromHub,
}

impl Way {
    fn bit(self) -> u8 {
        match self {
            Self::ToHub => 1,
            Self::FromHub => 2,
        }
    }
}

impl Proxy {
    /// A proxy before `hub`.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(hub: SocketAddr, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let local = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            hub,
            fault,
            corrupt: AtomicBool::new(false),
            accepted: AtomicUsize::new(0),
            swallows: AtomicU8::new(0),
            cut: watch::Sender::new(0),
        });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                serving.accepted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serving.clone().carry(near));
            }
        });
        Self { local, shared }
    }

    /// The URL under which the hub is reached through this proxy.
    #[must_use]
    pub fn url(&self) -> HubUrl {
        HubUrl::of_address(Scheme::Wss, self.local)
    }

    /// Cuts every connection that is there.
    pub fn cut(&self) {
        self.shared.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Swallows every byte that goes these ways, and every end, and keeps the sockets open: nobody
    /// is told anything.
    pub fn swallow(&self, ways: &[Way]) {
        let bits = ways.iter().fold(0, |bits, way| bits | way.bit());
        self.shared.swallows.store(bits, Ordering::Relaxed);
    }

    /// Swallows nothing more. A connection that has lost bytes stays as it is.
    pub fn heal(&self) {
        self.swallow(&[]);
    }

    /// Turns over one bit of the next bytes that the hub sends.
    pub fn corrupt(&self) {
        self.shared.corrupt.store(true, Ordering::Relaxed);
    }

    /// How many connections there were.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::Relaxed)
    }
}

impl Shared {
    async fn carry(self: Arc<Self>, near: TcpStream) {
        let mut cut = self.cut.subscribe();
        cut.mark_unchanged();
        let Ok(far) = TcpStream::connect(self.hub).await else { return };
        if near.set_nodelay(true).is_err() || far.set_nodelay(true).is_err() {
            return;
        }
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        let both = async {
            tokio::join!(
                self.pump(near_in, far_out, Way::ToHub),
                self.pump(far_in, near_out, Way::FromHub)
            )
        };
        tokio::select! {
            _ = both => {}
            _ = cut.changed() => {}
        }
    }

    async fn pump(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way) {
        let mut buffer = vec![0; 16 << 10];
        let mut lost = false;
        loop {
            let read = from.read(&mut buffer).await;
            lost |= self.swallows.load(Ordering::Relaxed) & way.bit() != 0;
            let n = match read {
                Ok(n @ 1..) => n,
                // Whoever holds the other end hears nothing of it.
                _ if lost => return pending().await,
                _ => return,
            };
            if lost {
                continue;
            }
            let bytes = &mut buffer[..n];
            if way == Way::FromHub && self.corrupt.swap(false, Ordering::Relaxed) {
                bytes[n - 1] ^= 1;
            }
            let step = if self.fault == Fault::Split { 1 } else { n };
            for piece in bytes.chunks(step) {
                if self.fault == Fault::Delay {
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                if to.write_all(piece).await.is_err() {
                    return;
                }
            }
        }
    }
}
