//! The control plane: what may be asked of a hub itself, by calls whose target is `hub`.
//!
//! One table says what there is. A row is a command: its name, the capability that it needs, what
//! it does in a sentence, and the types of its request and of its reply. Those are structs whose
//! rows give each key its name and type ([`field`]), in a file for each family of commands. From
//! the tables follow what a hub takes and answers, what a program asks by and reads, and what
//! `spec/control.md` is held to.
//!
//! ```text
//!   request ──to_arguments──► Call ──► hub: of_arguments ──► Handler ──► reply
//!   reply ◄──────read──────── Result ◄──────────── to_value ◄──────────────┘
//! ```
//!
//! This floor knows what is asked and answered, and not what becomes of it (`hub`).

pub mod field;
pub mod item;

mod call_name;
mod calls;
mod keys;
mod page;
mod peers;
mod serve;
mod status;
#[cfg(test)]
mod tests;
mod tokens;

pub use call_name::{CallName, NoCallName};
pub use calls::{
    CallDelivery, CallDetail, CallLeg, CallRequest, CallState, CallSummary, CallTarget,
    CallsRequest, CancelCallRequest, LegStage,
};
pub use field::{FieldMisread, Flag};
pub use item::{OutputBytes, Word};
pub use keys::{
    ExportKeysRequest, GRACE, Grace, KeySummary, KeyUse, KeysRequest, KeysRotated,
    RotateKeysRequest, RotateSecretRequest, SecretRotated,
};
pub use page::{PAGE, Page, Paged};
pub use peers::{
    AllowPeerRequest, Binding, DeclaredArgument, Enrolled, ForgetRequest, Forgotten, LabelMap,
    Listed, PeerAllowed, PeerDetail, PeerEntry, PeerRequest, PeerRevoked, PeerSession, PeerSummary,
    PeersRequest, Presence, RevokePeerRequest, RevokeReason, Revoked,
};
pub use status::{HubStatus, RolledBack, StatusRequest};
pub use tokens::{
    GivenLabels, GrantedCapabilities, IssueTokenRequest, RevokeTokenRequest, Rooms, TokenIssued,
    TokenLife, TokenRevoked, TokenState, TokenSubject, TokenSummary, TokensRequest, UseLimit,
};

pub(crate) use serve::{CommandAnswer, ControlError, Handler};

use crate::capability::Capability;
use crate::id::CommandName;
use crate::wire::value::{Arguments, ArgumentsBuf, ValueBuf, ValueError};
use field::{ControlRecord, FieldType, Fields, Item, rows_of};

/// What is asked of a hub: the named arguments of one command.
pub trait ControlRequest: ControlRecord + Clone {
    /// What the hub answers where it can do it.
    type Reply: Item;

    /// The command.
    const COMMAND: ControlCommand;

    /// The arguments of the call.
    ///
    /// # Errors
    /// [`ValueError`]: a value is nested deeper than values may be.
    fn to_arguments(&self) -> Result<ArgumentsBuf, ValueError> {
        let (mut entries, mut arguments) = (Vec::new(), ArgumentsBuf::new());
        self.write(&mut entries)?;
        for (name, value) in &entries {
            arguments.named_value(name, value.as_value())?;
        }
        Ok(arguments)
    }

    /// The request that a call's arguments spell.
    ///
    /// # Errors
    /// [`FieldMisread`]: an argument is missing, out of range, unknown, or has no name.
    fn of_arguments(arguments: Arguments<'_>) -> Result<Self, FieldMisread> {
        let fields = Fields(arguments.named().collect());
        let rows = rows_of::<Self>();
        let is_known = |(name, _): &(&str, _)| rows.iter().any(|row| row.key == *name);
        if arguments.positional().next().is_some() || !fields.0.iter().all(is_known) {
            return Err(FieldMisread::default());
        }
        Self::read(&fields)
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CommandRow {
    /// The command.
    pub command: ControlCommand,
    /// Its name on the wire.
    pub name: &'static str,
    /// What a session needs to ask for it: [`Capability::Call`], as for everything that is asked of
    /// the hub, or one that administers, beside that.
    pub required: Capability,
    /// What it does, in a sentence for a person.
    pub sentence: &'static str,
    /// The rows of its arguments.
    pub arguments: fn() -> Vec<field::FieldRow>,
    /// The kind of its reply.
    pub reply: fn() -> FieldType,
}

macro_rules! control {
    ($(
        $command:ident $name:literal $required:ident $sentence:literal:
            $request:ty => $reply:ty;
    )*) => {
        /// A command of the hub itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ControlCommand { $(#[doc = $sentence] $command,)* }

        /// Every command, in the order of [`ControlCommand`].
        pub const TABLE: &[CommandRow] = &[$(CommandRow {
            command: ControlCommand::$command,
            name: $name,
            required: Capability::$required,
            sentence: $sentence,
            arguments: rows_of::<$request>,
            reply: <$reply as Item>::kind,
        },)*];

        $(impl ControlRequest for $request {
            type Reply = $reply;
            const COMMAND: ControlCommand = ControlCommand::$command;
        })*

        /// Has the handler of a command carry it out; the reply, or none where it comes later. What
        /// handles no request of one of the commands does not compile here.
        pub(crate) fn carry_out<H>(
            handlers: &mut H,
            command: ControlCommand,
            arguments: Arguments<'_>,
        ) -> Result<Option<ValueBuf>, ControlError>
        where
            $(H: Handler<$request>,)*
        {
            match command {
                $(ControlCommand::$command => serve::serve::<$request, H>(handlers, arguments),)*
            }
        }
    };
}

control! {
    Peers "peers" Call "Lists the peers that serve, or have served, or are bound.":
        PeersRequest => Page<PeerSummary>;
    Status "status" PeerAdmin "Says how the hub is set up, and how much goes on.":
        StatusRequest => HubStatus;
    Peer "peer" Call "Says all that the hub knows of one peer.":
        PeerRequest => PeerDetail;
    Forget "forget" PeerAdmin "Frees an id for another key.":
        ForgetRequest => Forgotten;
    Calls "calls" Call "Lists the calls that the hub knows.":
        CallsRequest => Page<CallSummary>;
    Call "call" Call "Says how one call went on each peer, and what was kept of it.":
        CallRequest => CallDetail;
    CancelCall "cancel-call" Call "Has the runners of one call told to stop.":
        CancelCallRequest => bool;
    RotateSecret "rotate-secret" KeyAdmin "Puts another shared secret in the place of the hub's.":
        RotateSecretRequest => SecretRotated;
    IssueToken "issue-token" TokenAdmin "Makes a join token.":
        IssueTokenRequest => TokenIssued;
    Tokens "tokens" TokenAdmin "Lists the join tokens whose records the hub keeps.":
        TokensRequest => Page<TokenSummary>;
    RevokeToken "revoke-token" TokenAdmin "Has a token admit nobody any more.":
        RevokeTokenRequest => TokenRevoked;
    RevokePeer "revoke-peer" PeerAdmin "Has a peer not come back.":
        RevokePeerRequest => PeerRevoked;
    AllowPeer "allow-peer" PeerAdmin "Lets a revoked peer come back.":
        AllowPeerRequest => PeerAllowed;
    Keys "keys" KeyAdmin "Lists the keys of join tokens.":
        KeysRequest => Vec<KeySummary>;
    RotateKeys "rotate-keys" KeyAdmin "Has another key sign join tokens.":
        RotateKeysRequest => KeysRotated;
    ExportKeys "export-keys" KeyAdmin "Gives the keys that verify join tokens, as a JWK set.":
        ExportKeysRequest => String;
}

impl ControlCommand {
    /// The row of [`TABLE`].
    #[must_use]
    pub fn row(self) -> &'static CommandRow {
        &TABLE[self as usize]
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The command of this name; none where this version has none.
    #[must_use]
    pub fn of(name: &CommandName) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name.as_str()).map(|row| row.command)
    }
}
