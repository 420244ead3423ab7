//! A TLS 1.3 connection: sealed bytes in and out of the network's buffers, plaintext to the caller.
//!
//! Its shape is that of the next rustls line (owned buffers, errors that stay), over the calls in
//! [`drive`]. It bounds what the other end may make us hold and do, knows truncation from a clean
//! end, and refuses everything after an error or a close.
//!
//! ```text
//!  Sniff ──first bytes are TLS──► Handshake ──finished both ways──► Open
//!    │                                │                              │
//!    └───────── an error ─────────────┴──────────────────────────────┴──► Failed
//! ```
//!
//! The two directions close apart: ours with `close`, theirs with close_notify (`peer_closed`).
//!
//! rustls is shown the input one whole record further at a time. That makes work countable by
//! record, and it is what keeps the input from ever getting shorter under rustls: 0.23.46 keeps
//! a position in it while part of a handshake message waits, and panics where that lies outside.

mod drive;

use core::fmt;

use rustls::Error;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;

use self::drive::{TlsConnection, TlsStep, Work};
use super::config::{ClientTls, ServerTls};
use super::error::TunnelError;
use super::network::NetworkBytes;
use super::sniff::{Expect, Sniff, SniffVerdict, sniff};
use super::verifier;
use super::{Secured, Served};
use crate::buffer::Buffer;
use crate::limits::Limits;

/// One end of a TLS connection.
pub(super) struct Tls {
    connection: Box<TlsConnection>,
    pub(super) network: NetworkBytes,
    expect: Expect,
    phase: TlsPhase,
    /// How many bytes of the input rustls has seen: whole records, in which it may hold a position.
    /// Never more than are held: `next` counts them, and `discard` takes from both.
    shown: usize,
    /// Records since the last plaintext.
    empty_records: u32,
    empty_records_limit: u32,
    ours: Ours,
    peer_closed: bool,
    secured: Option<Box<Secured>>,
}

enum TlsPhase {
    /// Nothing goes to rustls before the first bytes are known to be TLS.
    Sniff,
    /// No plaintext either way.
    Handshake,
    /// Plaintext both ways, for each until it is closed.
    Open,
    /// For good.
    Failed(TunnelError),
}

/// Our direction.
#[derive(PartialEq)]
enum Ours {
    /// May be written to.
    Open,
    /// To be closed when the handshake is done.
    Closing,
    /// close_notify is queued.
    Closed,
}

impl Tls {
    pub(super) fn connect(
        config: &ClientTls,
        name: &str,
        limits: &Limits,
    ) -> Result<Self, TunnelError> {
        let config = config.config.clone();
        let client = UnbufferedClientConnection::new(config, server_name(name)?)?;
        let mut tls = Self::new(TlsConnection::Client(client), Expect::ConnectTls, limits);
        // Queues ClientHello. There is no input, so no plaintext either.
        tls.drive(&mut Buffer::new())?;
        Ok(tls)
    }

    pub(super) fn accept(config: &ServerTls, limits: &Limits) -> Result<Self, TunnelError> {
        let server = UnbufferedServerConnection::new(config.config.clone())?;
        Ok(Self::new(TlsConnection::Server(server), Expect::AcceptTls, limits))
    }

    fn new(connection: TlsConnection, expect: Expect, limits: &Limits) -> Self {
        Self {
            connection: Box::new(connection),
            network: NetworkBytes::new(limits),
            expect,
            phase: TlsPhase::Sniff,
            shown: 0,
            empty_records: 0,
            empty_records_limit: limits.empty_records,
            ours: Ours::Open,
            peer_closed: false,
            secured: None,
        }
    }

    pub(super) fn open(&mut self, plain: &mut Buffer) -> Result<(), TunnelError> {
        if let TlsPhase::Sniff = self.phase {
            self.sniff();
        }
        match &self.phase {
            TlsPhase::Failed(error) => return Err(error.clone()),
            TlsPhase::Sniff => return Ok(()),
            TlsPhase::Handshake | TlsPhase::Open => {}
        }
        if self.peer_closed {
            return Ok(());
        }
        self.drive(plain).map_err(|error| self.fail(error))
    }

    fn sniff(&mut self) {
        let verdict = match sniff(self.expect, self.network.input.filled()) {
            Sniff::Settled(verdict) => verdict,
            Sniff::SoFar(verdict) if self.network.ended => verdict,
            Sniff::SoFar(_) => return,
        };
        match verdict {
            SniffVerdict::Agrees => self.phase = TlsPhase::Handshake,
            SniffVerdict::Foreign => {
                self.fail(TunnelError::Foreign);
            }
            SniffVerdict::Differs(refusal) => {
                self.fail(TunnelError::PlainWhereTlsExpected);
                self.network.output.extend(refusal);
            }
        }
    }

    /// Shows rustls all that is held, and hands out what it opens.
    fn drive(&mut self, plain: &mut Buffer) -> Result<(), TunnelError> {
        let mut upto = self.shown;
        loop {
            let NetworkBytes { input, output, .. } = &mut self.network;
            // `upto` is `shown`, or the end of what is held.
            let shown = &mut input.filled_mut()[..upto];
            let (discard, step) = self.connection.step(shown, output, &mut Work::Open(plain));
            self.discard(discard);
            upto = upto.saturating_sub(discard);
            match step {
                TlsStep::Again => {}
                TlsStep::Data => self.empty_records = 0,
                TlsStep::Waiting | TlsStep::Ready => {
                    self.finish_handshake()?;
                    if self.empty_records > self.empty_records_limit {
                        return Err(TunnelError::EmptyRecords);
                    }
                    match self.next() {
                        NextRecord::Record(end) => {
                            self.shown = end;
                            upto = end;
                            self.empty_records += u32::from(self.is_open());
                        }
                        // rustls refuses a bad header before its record is whole.
                        NextRecord::Part(end) if upto < end => upto = end,
                        NextRecord::Part(_) | NextRecord::Nothing => break,
                    }
                }
                TlsStep::PeerClosed => {
                    // Whatever follows close_notify means nothing (RFC 8446 §6.1).
                    self.peer_closed = true;
                    self.network.shut();
                    self.shown = 0;
                    return Ok(());
                }
                TlsStep::Closed => return Ok(()),
                TlsStep::Failed(error) => {
                    let NetworkBytes { input, output, .. } = &mut self.network;
                    let error = error.into();
                    if let TunnelError::NotShown { .. } = error {
                        // Not even an alert: whoever serves this key gets nothing.
                        output.clear();
                    } else {
                        self.connection.drain_alert(&mut input.filled_mut()[..upto], output);
                    }
                    return Err(error);
                }
            }
        }
        if self.network.is_full() {
            return Err(TunnelError::TooBig);
        }
        if self.network.ended {
            return Err(TunnelError::Truncated);
        }
        Ok(())
    }

    /// What of the input rustls has not seen.
    fn next(&self) -> NextRecord {
        let held = self.network.input.filled();
        let Some([_, _, _, high, low]) = held.get(self.shown..).and_then(<[u8]>::first_chunk)
        else {
            return NextRecord::Nothing;
        };
        let end = self.shown + HEADER + usize::from(u16::from_be_bytes([*high, *low]));
        if end <= held.len() { NextRecord::Record(end) } else { NextRecord::Part(held.len()) }
    }

    fn discard(&mut self, n: usize) {
        self.network.input.consume(n);
        self.shown = self.shown.saturating_sub(n);
    }

    /// Once the handshake is over: remembers what came of it, and closes where that was asked for.
    fn finish_handshake(&mut self) -> Result<(), TunnelError> {
        if self.is_open() || self.connection.common().is_handshaking() {
            return Ok(());
        }
        self.phase = TlsPhase::Open;
        self.secured = Some(Box::new(self.outcome()?));
        if self.ours == Ours::Closing {
            self.close();
        }
        Ok(())
    }

    fn outcome(&self) -> Result<Secured, TunnelError> {
        let common = self.connection.common();
        let suite = common.negotiated_cipher_suite().and_then(|s| s.suite().as_str());
        let group = common.negotiated_key_exchange_group().and_then(|g| g.name().as_str());
        let (Some(suite), Some(group)) = (suite, group) else {
            return Err(Error::HandshakeNotComplete.into());
        };
        let (mut served, mut shown) = (None, None);
        if let Some(chain @ [own, ..]) = common.peer_certificates() {
            match self.connection.as_ref() {
                TlsConnection::Client(_) => {
                    served = Some(Served { pin: verifier::pin(own)?, chain: chain.to_vec() });
                }
                TlsConnection::Server(_) => shown = Some(own.clone()),
            }
        }
        Ok(Secured { suite, group, served, shown })
    }

    pub(super) fn seal(&mut self, plain: &mut Buffer) {
        if self.is_open() && self.ours == Ours::Open && !plain.is_empty() {
            let ahead = self.network.output_limit;
            self.write(Work::Seal { plain, ahead });
        }
    }

    pub(super) fn close(&mut self) {
        if self.ours == Ours::Closed {
            return;
        }
        if self.is_open() {
            self.ours = Ours::Closed;
            self.write(Work::Close);
        } else {
            self.ours = Ours::Closing;
        }
    }

    /// Calls rustls until it lets us write. It sees nothing that it has not seen, so nothing is
    /// opened.
    fn write(&mut self, mut work: Work<'_>) {
        loop {
            let NetworkBytes { input, output, .. } = &mut self.network;
            let shown = &mut input.filled_mut()[..self.shown];
            let (discard, step) = self.connection.step(shown, output, &mut work);
            self.discard(discard);
            match step {
                TlsStep::Again | TlsStep::Data => {}
                TlsStep::PeerClosed => self.peer_closed = true,
                TlsStep::Waiting | TlsStep::Ready | TlsStep::Closed => return,
                TlsStep::Failed(error) => {
                    self.fail(error.into());
                    return;
                }
            }
        }
    }

    /// Fuses: the error stays, the input goes, what waits in the output may still be sent.
    fn fail(&mut self, error: TunnelError) -> TunnelError {
        self.network.shut();
        self.shown = 0;
        self.phase = TlsPhase::Failed(error.clone());
        error
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, TlsPhase::Open)
    }

    pub(super) fn peer_closed(&self) -> bool {
        self.peer_closed
    }

    pub(super) fn secured(&self) -> Option<&Secured> {
        self.secured.as_deref()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.phase {
            TlsPhase::Sniff => "Sniff",
            TlsPhase::Handshake => "Handshake",
            TlsPhase::Open => "Open",
            TlsPhase::Failed(_) => "Failed",
        };
        write!(f, "Tls({phase}, {:?})", self.network)
    }
}

/// The input behind what rustls has seen.
enum NextRecord {
    /// A whole record, which ends here.
    Record(usize),
    /// Part of one, up to here, its header whole.
    Part(usize),
    /// Not even a header.
    Nothing,
}

/// The name to connect to. An IPv6 address may have the brackets that it has in a URL.
fn server_name(name: &str) -> Result<ServerName<'static>, TunnelError> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    ServerName::try_from(bare.to_owned())
        .map_err(|_| TunnelError::BadName(name.chars().take(80).collect()))
}

/// Bytes of a record's header (RFC 8446 §5.1).
const HEADER: usize = 5;
