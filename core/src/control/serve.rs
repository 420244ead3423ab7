//! Carrying a command out: arguments in, reply out; between them a handler for each request.

use crate::capability::Capability;
use crate::code::Code;
use crate::control::ControlRequest;
use crate::control::field::{FieldMisread, Item};
use crate::id::PeerId;
use crate::wire::value::{Arguments, ValueBuf, ValueError};

/// Carries out the requests of one command.
pub(crate) trait Handler<R: ControlRequest> {
    /// What is answered.
    ///
    /// # Errors
    /// [`ControlError`]: why nothing is; nothing has changed.
    fn handle(&mut self, request: R) -> Result<CommandAnswer<R::Reply>, ControlError>;
}

/// What a handler answers.
#[derive(Debug)]
pub(crate) enum CommandAnswer<T> {
    /// This.
    Now(T),
    /// Nothing yet: the call ends once durable storage has answered.
    Later,
}

/// Why a command is not carried out.
#[derive(Debug)]
pub(crate) enum ControlError {
    /// The session lacks this capability.
    Denied(Capability),
    /// The call fails.
    Failed {
        /// With this code.
        code: Code,
        /// The peer that it is about, where the answer names one.
        peer: Option<PeerId>,
        /// A sentence in the place of what the code means.
        text: Option<String>,
    },
}

impl ControlError {
    /// A failure with a sentence of its own.
    pub(crate) fn because(code: Code, text: impl Into<String>) -> Self {
        Self::Failed { code, peer: None, text: Some(text.into()) }
    }

    /// A failure that is about a peer.
    pub(crate) fn of_peer(code: Code, peer: PeerId) -> Self {
        Self::Failed { code, peer: Some(peer), text: None }
    }
}

impl From<Code> for ControlError {
    fn from(code: Code) -> Self {
        Self::Failed { code, peer: None, text: None }
    }
}

impl From<FieldMisread> for ControlError {
    fn from(misread: FieldMisread) -> Self {
        Self::Failed { code: Code::BadArgument, peer: None, text: misread.said }
    }
}

/// What a hub builds keeps to the bounds of values.
impl From<ValueError> for ControlError {
    fn from(_: ValueError) -> Self {
        Self::from(Code::Failed)
    }
}

/// Reads a request, has it handled, and spells the reply; none where it comes later.
pub(super) fn serve<R: ControlRequest, H: Handler<R>>(
    handler: &mut H,
    arguments: Arguments<'_>,
) -> Result<Option<ValueBuf>, ControlError> {
    match handler.handle(R::of_arguments(arguments)?)? {
        CommandAnswer::Now(reply) => Ok(Some(reply.to_value()?)),
        CommandAnswer::Later => Ok(None),
    }
}
