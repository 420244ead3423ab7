//! One step of rustls 0.23's unbuffered API, and the only file that names its types.
//!
//! The rules of that API that are easy to break, each of which costs bytes, a hang or a panic:
//!
//! * `discard` counts once the state is handled and before the next call, with `Ok` and with `Err`.
//!   [`TlsConnection::step`] hands it out beside the step, so that no caller can miss it.
//! * `EncodeTlsData` that is not encoded is lost; `TransmitTlsData` without `done` comes for ever.
//!   Our own queue takes the bytes at once, so both are dealt with here.
//! * Data may come before a pending transmit, so nothing depends on the order of states.
//! * After `Err` an alert may wait. rustls forgets that it failed, and a call too many decrypts the
//!   bad record again, so [`TlsConnection::drain_alert`] calls only while it says that there is
//!   one.

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError,
    UnbufferedStatus, WriteTraffic,
};
use rustls::{CommonState, Error};

use crate::buffer::Buffer;

/// rustls' state for one connection.
pub(super) enum TlsConnection {
    /// The connecting side.
    Client(UnbufferedClientConnection),
    /// The accepting side.
    Server(UnbufferedServerConnection),
}

/// What a call is for.
pub(super) enum Work<'a> {
    /// Append opened plaintext here.
    Open(&'a mut Buffer),
    /// Seal `plain` while no more than `ahead` bytes wait in the output.
    Seal {
        /// What to seal; what has no room stays.
        plain: &'a mut Buffer,
        /// The bound of the output.
        ahead: usize,
    },
    /// Queue close_notify.
    Close,
}

/// What one call did.
pub(super) enum TlsStep {
    /// Something; call again.
    Again,
    /// One record's plaintext was opened; call again.
    Data,
    /// Nothing more without more input.
    Waiting,
    /// The same, and this side may write.
    Ready,
    /// The other end sent close_notify.
    PeerClosed,
    /// Both ends did.
    Closed,
    /// Over. [`TlsConnection::drain_alert`] gets what the other end is owed.
    Failed(Error),
}

impl TlsConnection {
    /// Makes one call with `shown`, the front of the input. Returns how many bytes of it to drop
    /// before the next call, whatever the step.
    pub(super) fn step(
        &mut self,
        shown: &mut [u8],
        output: &mut Buffer,
        work: &mut Work<'_>,
    ) -> (usize, TlsStep) {
        match self {
            Self::Client(client) => handle(client.process_tls_records(shown), output, work),
            Self::Server(server) => handle(server.process_tls_records(shown), output, work),
        }
    }

    /// After [`TlsStep::Failed`], with the input that is left once its discard was dropped: queues
    /// the alert, where there is one.
    pub(super) fn drain_alert(&mut self, left: &mut [u8], output: &mut Buffer) {
        let mut nowhere = Buffer::new();
        while self.common().wants_write() {
            let (_, step) = self.step(left, output, &mut Work::Open(&mut nowhere));
            if !matches!(step, TlsStep::Again) {
                return;
            }
        }
    }

    /// What both sides have in common: suite, group, certificates.
    pub(super) fn common(&self) -> &CommonState {
        match self {
            Self::Client(client) => client,
            Self::Server(server) => server,
        }
    }
}

fn handle<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    output: &mut Buffer,
    work: &mut Work<'_>,
) -> (usize, TlsStep) {
    let UnbufferedStatus { mut discard, state } = status;
    let state = match state {
        Ok(state) => state,
        Err(error) => return (discard, TlsStep::Failed(error)),
    };
    let step = match state {
        ConnectionState::ReadTraffic(mut traffic) => match work {
            Work::Open(plain) => {
                let mut step = TlsStep::Again;
                while let Some(record) = traffic.next_record() {
                    match record {
                        Ok(record) => {
                            discard += record.discard;
                            plain.extend(record.payload);
                            step = TlsStep::Data;
                        }
                        Err(error) => return (discard, TlsStep::Failed(error)),
                    }
                }
                step
            }
            // Left in rustls for the next call that opens.
            Work::Seal { .. } | Work::Close => TlsStep::Waiting,
        },
        ConnectionState::EncodeTlsData(mut data) => done(encode(&mut data, output)),
        ConnectionState::TransmitTlsData(transmit) => {
            transmit.done();
            TlsStep::Again
        }
        ConnectionState::WriteTraffic(mut traffic) => match work {
            Work::Open(_) => TlsStep::Ready,
            Work::Seal { plain, ahead } => match seal(&mut traffic, plain, output, *ahead) {
                Ok(()) => TlsStep::Ready,
                Err(error) => TlsStep::Failed(error),
            },
            Work::Close => match append(output, CLOSE_NOTIFY, |room| {
                traffic.queue_close_notify(room).map_err(encrypt_error)
            }) {
                Ok(_) => TlsStep::Ready,
                Err(error) => TlsStep::Failed(error),
            },
        },
        ConnectionState::BlockedHandshake => TlsStep::Waiting,
        ConnectionState::PeerClosed => TlsStep::PeerClosed,
        ConnectionState::Closed => TlsStep::Closed,
        // Early data, which is never offered nor taken, and what 0.23 may yet add.
        _ => TlsStep::Failed(Error::General("a TLS state that was not asked for".into())),
    };
    (discard, step)
}

fn done(result: Result<usize, Error>) -> TlsStep {
    match result {
        Ok(_) => TlsStep::Again,
        Err(error) => TlsStep::Failed(error),
    }
}

fn encode<Data>(data: &mut EncodeTlsData<'_, Data>, output: &mut Buffer) -> Result<usize, Error> {
    append(output, 0, |room| {
        data.encode(room).map_err(|error| match error {
            EncodeError::InsufficientSize(size) => Failure::Small(size),
            EncodeError::AlreadyEncoded => Failure::Final(Error::EncryptError),
        })
    })
}

/// Seals whole records while they fit. Where nothing waits one record always goes, cut to the
/// bound, so that a small bound cannot stop the link.
fn seal<Data>(
    traffic: &mut WriteTraffic<'_, Data>,
    plain: &mut Buffer,
    output: &mut Buffer,
    ahead: usize,
) -> Result<(), Error> {
    while !plain.is_empty() {
        let mut len = plain.len().min(FRAGMENT);
        if output.is_empty() {
            len = len.min(ahead.saturating_sub(OVERHEAD).max(1));
        } else if output.len() + len + OVERHEAD > ahead {
            return Ok(());
        }
        let record = &plain.filled()[..len];
        append(output, len + OVERHEAD, |room| {
            traffic.encrypt(record, room).map_err(encrypt_error)
        })?;
        plain.consume(len);
    }
    Ok(())
}

/// Why a write into lent room did not happen.
enum Failure {
    /// The room was too small.
    Small(InsufficientSizeError),
    /// It never will.
    Final(Error),
}

fn encrypt_error(error: EncryptError) -> Failure {
    match error {
        EncryptError::InsufficientSize(size) => Failure::Small(size),
        EncryptError::EncryptExhausted => Failure::Final(Error::EncryptError),
    }
}

/// Has `write` fill room at the back of `output`: `guess` bytes, then as many as it asks for.
fn append(
    output: &mut Buffer,
    guess: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Failure>,
) -> Result<usize, Error> {
    let written = match write(output.space(guess)) {
        Err(Failure::Small(size)) => write(output.space(size.required_size)),
        other => other,
    };
    match written {
        Ok(n) => {
            output.fill(n);
            Ok(n)
        }
        Err(Failure::Final(error)) => Err(error),
        Err(Failure::Small(_)) => Err(Error::EncryptError),
    }
}

/// Plaintext bytes of a full record (RFC 8446 §5.1).
const FRAGMENT: usize = 16 << 10;

/// A record's header, content type and tag, the same in all three suites.
const OVERHEAD: usize = 5 + 1 + 16;

/// A sealed close_notify.
const CLOSE_NOTIFY: usize = 2 + OVERHEAD;
