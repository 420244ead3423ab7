//! A tunnel that is none: bytes pass as they are, after the first ones showed no TLS.
//!
//! For a hub on loopback or behind a proxy that ends TLS. It has the bounds of the TLS tunnel, so
//! that nothing above it can tell the two apart.

use super::error::TunnelError;
use super::network::NetworkBytes;
use super::sniff::{Expect, Sniff, SniffVerdict, sniff};
use crate::buffer::Buffer;
use crate::limits::Limits;

/// One end of a plain connection.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) network: NetworkBytes,
    expect: Expect,
    phase: PlainPhase,
    /// Ours ended: nothing more is sealed.
    closed: bool,
    /// Theirs ended, and all of it was handed over.
    peer_closed: bool,
}

#[derive(Debug)]
enum PlainPhase {
    /// The first bytes are held until they show what the other end speaks.
    Sniff,
    /// Bytes pass.
    Open,
    /// For good.
    Failed(TunnelError),
}

impl Plain {
    pub(super) fn new(expect: Expect, limits: &Limits) -> Self {
        let network = NetworkBytes::new(limits);
        Self { network, expect, phase: PlainPhase::Sniff, closed: false, peer_closed: false }
    }

    pub(super) fn open(&mut self, plain: &mut Buffer) -> Result<(), TunnelError> {
        if let PlainPhase::Sniff = self.phase {
            self.sniff();
        }
        match &self.phase {
            PlainPhase::Failed(error) => return Err(error.clone()),
            PlainPhase::Sniff => return Ok(()),
            PlainPhase::Open => {}
        }
        let input = &mut self.network.input;
        if plain.is_empty() {
            core::mem::swap(plain, input);
        } else {
            plain.extend(input.filled());
        }
        input.clear();
        if self.network.ended {
            self.peer_closed = true;
        }
        Ok(())
    }

    fn sniff(&mut self) {
        let verdict = match sniff(self.expect, self.network.input.filled()) {
            Sniff::Settled(verdict) => verdict,
            Sniff::SoFar(verdict) if self.network.ended => verdict,
            Sniff::SoFar(_) => return,
        };
        self.phase = match verdict {
            SniffVerdict::Agrees => PlainPhase::Open,
            SniffVerdict::Differs(refusal) => {
                self.network.refuse(refusal);
                PlainPhase::Failed(TunnelError::TlsWherePlainExpected)
            }
            SniffVerdict::Foreign => {
                self.network.refuse(b"");
                PlainPhase::Failed(TunnelError::Foreign)
            }
        };
    }

    pub(super) fn seal(&mut self, plain: &mut Buffer) {
        if self.closed || self.has_failed() {
            return;
        }
        let room = self.network.output_limit.saturating_sub(self.network.output.len());
        let taken = room.min(plain.len());
        self.network.output.extend(&plain.filled()[..taken]);
        plain.consume(taken);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_open(&self) -> bool {
        !self.has_failed()
    }

    pub(super) fn peer_closed(&self) -> bool {
        self.peer_closed
    }

    fn has_failed(&self) -> bool {
        matches!(self.phase, PlainPhase::Failed(_))
    }
}
