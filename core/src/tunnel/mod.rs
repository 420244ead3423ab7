//! Plaintext ⇄ network bytes: TLS 1.3, or nothing, behind one type.
//!
//! A [`Tunnel`] takes network bytes through `receive_buffer`, `received` and `received_eof`, gives
//! plaintext from `open`, takes plaintext with `seal`, and gives network bytes from `transmit`. It
//! says whom it reached ([`Secured`]), and judges nothing of that: `trust/` does. It frames
//! nothing: `socket/` does. Network bytes differ from run to run (rustls draws the key shares);
//! plaintext does not.
//!
//! ```text
//!  network ─► receive_buffer ─► input ─► open ─► plain        bound: limits.tls_input
//!  network ◄─ transmit ◄─ output ◄─ seal ◄─ plain             bound: limits.sealed
//! ```

mod client_certificate;
mod config;
mod error;
mod network;
mod plain;
mod sniff;
mod tls;
mod verifier;

use rustls::pki_types::CertificateDer;

pub use self::config::{ClientTls, ServerTls};
pub use self::error::TunnelError;
use self::network::NetworkBytes;
use self::plain::Plain;
use self::sniff::Expect;
use self::tls::Tls;
use crate::buffer::Buffer;
use crate::id::Pin;
use crate::limits::Limits;

/// One end of a connection's tunnel.
///
/// After any input call [`Tunnel::open`], then [`Tunnel::transmit`] until it is empty.
#[derive(Debug)]
pub struct Tunnel {
    kind: TunnelKind,
}

#[derive(Debug)]
enum TunnelKind {
    Plain(Plain),
    Tls(Tls),
}

/// What a TLS handshake came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Secured {
    /// The cipher suite's registered name, as rustls spells it: `TLS13_AES_256_GCM_SHA384`.
    pub suite: &'static str,
    /// The key exchange group's name: `X25519MLKEM768`.
    pub group: &'static str,
    /// What the accepting side presented; `None` there itself.
    pub served: Option<Served>,
    /// The certificate (DER) that the connecting side showed at an accepting side that asked for
    /// one; `None` at the connecting side itself. It has an Ed25519 key, and the other end proved
    /// that it holds it; nothing else of it has been checked: it may be anybody's.
    pub shown: Option<CertificateDer<'static>>,
}

/// The accepting side's certificates. It proved that it holds the first one's key; nothing else of
/// them has been checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Served {
    /// As presented, its own first; never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// The pin of its own certificate's key.
    pub pin: Pin,
}

impl Tunnel {
    /// The connecting end without TLS.
    #[must_use]
    pub fn connect_plain(limits: &Limits) -> Self {
        Self { kind: TunnelKind::Plain(Plain::new(Expect::ConnectPlain, limits)) }
    }

    /// The accepting end without TLS.
    #[must_use]
    pub fn accept_plain(limits: &Limits) -> Self {
        Self { kind: TunnelKind::Plain(Plain::new(Expect::AcceptPlain, limits)) }
    }

    /// The connecting end of TLS. `name` is the host of the URL, a DNS name or an IP literal; a
    /// DNS name is sent to the hub in the clear (SNI), an IP address is not. ClientHello is in
    /// [`Tunnel::transmit`] at once.
    ///
    /// # Errors
    /// [`TunnelError::BadName`] where `name` is neither; [`TunnelError::Tls`] where no key share
    /// can be made.
    pub fn connect_tls(
        config: &ClientTls,
        name: &str,
        limits: &Limits,
    ) -> Result<Self, TunnelError> {
        Ok(Self { kind: TunnelKind::Tls(Tls::connect(config, name, limits)?) })
    }

    /// The accepting end of TLS.
    ///
    /// # Errors
    /// [`TunnelError::Tls`] where rustls refuses the configuration.
    pub fn accept_tls(config: &ServerTls, limits: &Limits) -> Result<Self, TunnelError> {
        Ok(Self { kind: TunnelKind::Tls(Tls::accept(config, limits)?) })
    }

    /// Room for at most `want` network bytes, and for no more than the input's bound leaves. Empty
    /// means: do not read the socket. It stays empty once the other end's stream or this tunnel is
    /// at its end.
    #[must_use]
    pub fn receive_buffer(&mut self, want: usize) -> &mut [u8] {
        self.network_mut().receive_buffer(want)
    }

    /// The first `n` bytes of the room that [`Tunnel::receive_buffer`] lent last are filled. Call
    /// [`Tunnel::open`] next.
    pub fn received(&mut self, n: usize) {
        self.network_mut().received(n);
    }

    /// The other end's stream is at its end. Call [`Tunnel::open`] next: with TLS it says
    /// [`TunnelError::Truncated`] where no close_notify came first.
    pub fn received_eof(&mut self) {
        self.network_mut().ended = true;
    }

    /// Opens everything that was received and appends the plaintext to `plain`. Handshake bytes
    /// and alerts that this gives rise to are in [`Tunnel::transmit`] afterwards.
    ///
    /// # Errors
    /// Any, and then the same for ever. Plaintext that came before the error is in `plain`; an
    /// alert or a refusal may be in [`Tunnel::transmit`], and should be sent.
    pub fn open(&mut self, plain: &mut Buffer) -> Result<(), TunnelError> {
        match &mut self.kind {
            TunnelKind::Plain(tunnel) => tunnel.open(plain),
            TunnelKind::Tls(tunnel) => tunnel.open(plain),
        }
    }

    /// Moves plaintext into records of at most 16 KiB while `limits.sealed` bytes hold them; what
    /// has no room stays in `plain`. Does nothing before the handshake is done, after
    /// [`Tunnel::close`], and after an error.
    pub fn seal(&mut self, plain: &mut Buffer) {
        match &mut self.kind {
            TunnelKind::Plain(tunnel) => tunnel.seal(plain),
            TunnelKind::Tls(tunnel) => tunnel.seal(plain),
        }
    }

    /// Ends our direction: with TLS, queues close_notify, as soon as the handshake is done. The
    /// other direction goes on. Again, it does nothing.
    pub fn close(&mut self) {
        match &mut self.kind {
            TunnelKind::Plain(tunnel) => tunnel.close(),
            TunnelKind::Tls(tunnel) => tunnel.close(),
        }
    }

    /// Network bytes to send. Say with [`Tunnel::transmitted`] how many were; fewer is normal.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        self.network().output.filled()
    }

    /// The first `n` bytes of [`Tunnel::transmit`] were sent.
    pub fn transmitted(&mut self, n: usize) {
        self.network_mut().output.consume(n);
    }

    /// Bounds the network bytes that may wait to be opened; `limits.tls_input` until then. One
    /// record ([`crate::limits::TLS_RECORD`]) is the least, and is taken where less is asked for.
    pub fn set_input_limit(&mut self, bytes: usize) {
        self.network_mut().set_input_limit(bytes);
    }

    /// Whether plaintext can pass: after the handshake, or at once without TLS; not after an error.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.kind {
            TunnelKind::Plain(tunnel) => tunnel.is_open(),
            TunnelKind::Tls(tunnel) => tunnel.is_open(),
        }
    }

    /// Whether the other end's stream is whole: all of it was opened, and its end was clean.
    #[must_use]
    pub fn peer_closed(&self) -> bool {
        match &self.kind {
            TunnelKind::Plain(tunnel) => tunnel.peer_closed(),
            TunnelKind::Tls(tunnel) => tunnel.peer_closed(),
        }
    }

    /// What the handshake came to; `None` before its end, and without TLS.
    #[must_use]
    pub fn secured(&self) -> Option<&Secured> {
        match &self.kind {
            TunnelKind::Plain(_) => None,
            TunnelKind::Tls(tunnel) => tunnel.secured(),
        }
    }

    /// Frees every buffer that is empty. Call it before sleeping.
    pub fn rest(&mut self) {
        self.network_mut().rest();
    }

    /// Bytes of memory behind the buffers.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.network().input.capacity() + self.network().output.capacity()
    }

    fn network(&self) -> &NetworkBytes {
        match &self.kind {
            TunnelKind::Plain(tunnel) => &tunnel.network,
            TunnelKind::Tls(tunnel) => &tunnel.network,
        }
    }

    fn network_mut(&mut self) -> &mut NetworkBytes {
        match &mut self.kind {
            TunnelKind::Plain(tunnel) => &mut tunnel.network,
            TunnelKind::Tls(tunnel) => &mut tunnel.network,
        }
    }
}

#[cfg(test)]
mod tests;
