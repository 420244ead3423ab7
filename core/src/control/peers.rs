//! Peers: who serves, who is enrolled, who may come back.
//! `// spec: control §1, §3, §4, §12 and §13`

use std::collections::BTreeMap;

use crate::capability::{Capability, Role};
use crate::control::field::{FieldMisread, FieldType, Flag, Item, record};
use crate::control::item::{Word, words};
use crate::control::page::{Page, Paged};
use crate::id::{CommandName, Jti, PeerId, Pin};
use crate::wire::bounds;
use crate::wire::frame::Method;
use crate::wire::value::{Value, ValueBuf, ValueError};

/// Names and values of labels.
pub type LabelMap = BTreeMap<String, String>;

record! {
    /// Who is listed.
    #[derive(Default)]
    PeersRequest {
        /// Id behind which the list starts.
        after: Option<PeerId>,
        /// Part of the peers that is listed; [`Listed::Served`] without it.
        which: Option<Listed>,
    }
}

words! {
    /// Part of the peers.
    #[derive(Default)]
    Listed {
        /// Who serves, or has.
        #[default]
        Served "served",
        /// Every bound id.
        Bound "bound",
    }
}

words! {
    /// Whether a peer is connected to serve.
    Presence {
        /// It is.
        Online "online",
        /// It is not.
        Offline "offline",
    }
}

record! {
    /// What is known of a peer in any list.
    #[non_exhaustive]
    PeerEntry {
        /// Id of the peer.
        id: PeerId,
        /// Whether it is connected to serve.
        state: Word<Presence>,
        /// Seconds since 1970: when its session began, or its last one ended, where that is known.
        since: Option<u64>,
        /// Labels that count; none where an absent peer has none.
        labels: Option<LabelMap>,
        /// Labels that it gives itself and that do not count; none where there are none.
        claimed: Option<LabelMap>,
        /// Revocation in force.
        revoked: Option<Revoked>,
    }
    with {
        /// Session that serves.
        session: Option<PeerSession>,
        /// Binding of the id, where it is asked for.
        binding: Option<Binding>,
        /// Enrolment by a join token, where the binding is asked for.
        enrolment: Option<Enrolled>,
    }
}

record! {
    /// Session of a peer that serves.
    #[non_exhaustive]
    PeerSession {
        /// Whether it has registered.
        ready: bool,
        /// Program and version, as the peer says.
        agent: String,
        /// Id of the session.
        session: String,
        /// Address that it comes from.
        remote: String,
        /// Microseconds of the last round trip.
        rtt_us: Option<u64>,
    }
}

record! {
    /// How an id is bound.
    #[non_exhaustive]
    Binding {
        /// Method that it was bound by.
        method: Word<Method>,
        /// Pin of the key.
        key: Pin,
        /// The key: `ed25519/` and 43 characters of unpadded base64url.
        public_key: String,
        /// Seconds since 1970.
        first_seen: u64,
        /// Whether it has ever served.
        serves: bool,
    }
}

record! {
    /// What a join token made of a peer.
    #[non_exhaustive]
    Enrolled {
        /// Id of the token.
        jti: Jti,
        /// Issue of its certificates that holds.
        issue: u32,
        /// Role of its sessions.
        role: Word<Role>,
        /// Capabilities of its sessions.
        capabilities: Vec<Word<Capability>>,
        /// Labels that the token gave it.
        token_labels: LabelMap,
    }
}

record! {
    /// That a peer was revoked.
    #[non_exhaustive]
    Revoked {
        /// Seconds since 1970.
        at: u64,
        /// Sentence for a person.
        reason: String,
    }
}

record! {
    /// A peer in the list of `peers`.
    #[non_exhaustive]
    PeerSummary {
        /// Names of its commands; none while it is away.
        commands: Option<Vec<CommandName>>,
    }
    with {
        /// What every list says.
        peer: PeerEntry,
    }
}

impl Paged for PeersRequest {
    fn behind(&self, page: &Page<PeerSummary>) -> Option<Self> {
        page.last("id").map(|id| Self { after: Some(id), ..self.clone() })
    }
}

record! {
    /// Whose details are wanted.
    PeerRequest {
        /// Id of the peer.
        id: PeerId,
        /// Command behind which the commands start.
        after: Option<CommandName>,
    }
}

record! {
    /// All that the hub knows of one peer.
    #[non_exhaustive]
    PeerDetail {
        /// Arguments of each command, in positional order; none while it is away.
        commands: Option<BTreeMap<CommandName, Vec<DeclaredArgument>>>,
        /// Description of each command; none while it is away.
        descriptions: Option<BTreeMap<CommandName, String>>,
        /// Whether there are more commands behind the last of these.
        more: Flag,
        /// Sessions of the id that call and watch.
        operating: u64,
    }
    with {
        /// What every list says.
        peer: PeerEntry,
    }
}

record! {
    /// Argument of a command, as its peer declared it.
    #[non_exhaustive]
    DeclaredArgument {
        /// Name of the argument.
        name: String,
        /// Type, as a person writes it: `string`, `integer`, `number`, `boolean`, `choice`, `path`.
        kind as "type": String,
        /// Whether it may be left out.
        optional: bool,
        /// Choices of a choice; none where they would fill a page by themselves.
        choices: Option<Vec<String>>,
    }
}

impl Paged for PeerRequest {
    fn behind(&self, peer: &PeerDetail) -> Option<Self> {
        let (last, _) = peer.commands.as_ref().filter(|_| peer.more.0)?.last_key_value()?;
        Some(Self { after: Some(*last), ..self.clone() })
    }
}

record! {
    /// Whose id is to be free for another key.
    ForgetRequest {
        /// Id of the peer.
        id: PeerId,
    }
}

record! {
    /// An id is free.
    #[non_exhaustive]
    Forgotten {
        /// The id.
        id: PeerId,
        /// Sessions that were ended.
        ended: u64,
    }
}

record! {
    /// Who may not come back.
    RevokePeerRequest {
        /// Id of the peer.
        id: PeerId,
        /// Sentence for a person.
        reason: Option<RevokeReason>
            => "the reason: expected 1 to 1024 bytes of text in one line, without control characters",
    }
}

/// Why a peer is revoked: 1 to [`bounds::TEXT`] bytes in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeReason(pub String);

impl Item for RevokeReason {
    fn kind() -> FieldType {
        FieldType::Text
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::text(&self.0))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let fits = |text: &&str| {
            (1..=bounds::TEXT).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        value
            .text()
            .filter(fits)
            .map(|text| Self(text.to_owned()))
            .ok_or_else(FieldMisread::default)
    }
}

record! {
    /// A peer is revoked.
    #[non_exhaustive]
    PeerRevoked {
        /// Id of the peer.
        id: PeerId,
        /// Sessions that were ended.
        ended: u64,
        /// Method that the id is bound by, where the hub knows it: it decides how it may come back.
        method: Option<Word<Method>>,
    }
}

record! {
    /// Who may come back.
    AllowPeerRequest {
        /// Id of the peer.
        id: PeerId,
    }
}

record! {
    /// A peer may come back.
    #[non_exhaustive]
    PeerAllowed {
        /// Id of the peer.
        id: PeerId,
        /// Whether it was revoked.
        revoked: bool,
        /// Method that the id is bound by, where the hub knows it: it decides how it may come back.
        method: Option<Word<Method>>,
    }
}
