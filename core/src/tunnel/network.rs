//! The network side that both kinds of tunnel share: bytes in, bytes out, each with its bound.

use crate::buffer::Buffer;
use crate::limits::{Limits, TLS_RECORD};

/// Network bytes of one connection that wait to be opened, and that wait for the socket.
#[derive(Debug)]
pub(super) struct NetworkBytes {
    /// Received and not yet opened.
    pub(super) input: Buffer,
    /// How much room the last `receive_buffer` lent.
    lent: usize,
    /// Nothing more is taken in.
    shut: bool,
    /// The other end's stream is at its end.
    pub(super) ended: bool,
    /// Bytes that [`NetworkBytes::input`] may hold.
    input_limit: usize,
    /// Sealed and not yet taken by the socket.
    pub(super) output: Buffer,
    /// Bytes that may be sealed ahead of the socket.
    pub(super) output_limit: usize,
}

impl NetworkBytes {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            input: Buffer::new(),
            lent: 0,
            shut: false,
            ended: false,
            input_limit: limits.tls_input.max(TLS_RECORD),
            output: Buffer::new(),
            output_limit: limits.sealed,
        }
    }

    /// Room for at most `want` bytes, and for no more than the bound leaves.
    pub(super) fn receive_buffer(&mut self, want: usize) -> &mut [u8] {
        let left = match self.shut || self.ended {
            true => 0,
            false => self.input_limit.saturating_sub(self.input.len()),
        };
        self.lent = want.min(left);
        self.input.space(self.lent)
    }

    /// Takes `n` bytes of the room that was lent.
    pub(super) fn received(&mut self, n: usize) {
        self.input.fill(n.min(self.lent));
        self.lent = 0;
    }

    /// Bounds the input; below one record nothing could ever be opened.
    pub(super) fn set_input_limit(&mut self, bytes: usize) {
        self.input_limit = bytes.max(TLS_RECORD);
    }

    /// Whether the input is as full as it may be.
    pub(super) fn is_full(&self) -> bool {
        self.input.len() >= self.input_limit
    }

    /// Drops what was received and takes no more.
    pub(super) fn shut(&mut self) {
        self.input = Buffer::new();
        self.lent = 0;
        self.shut = true;
    }

    /// Takes no more, and owes the other end `refusal`.
    pub(super) fn refuse(&mut self, refusal: &[u8]) {
        self.shut();
        self.output.extend(refusal);
    }

    /// Frees what is empty.
    pub(super) fn rest(&mut self) {
        self.input.rest();
        self.output.rest();
        self.lent = 0;
    }
}
