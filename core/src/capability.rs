//! What a session may do: exact strings, sets of them, and the roles that expand to them.
//!
//! Some are of parts that this version does not have. Tokens, ledgers and Welcome carry them as any
//! other, so that nothing changes its meaning once the part is there; nothing asks for them yet,
//! and programs refuse to give them away by name ([`Capability::awaits`]).
//!
//! Capabilities come from the hub's registry and configuration, never from a certificate. A denial
//! names the capability that was missing and keeps the link.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeSet;

use crate::id::CommandName;

/// One thing that a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// `serve`: register commands and be called.
    Serve,
    /// `call`: call every command.
    Call,
    /// `call:NAME`: call one command.
    CallNamed(CommandName),
    /// `publish`: publish to rooms.
    Publish,
    /// `subscribe`: receive what is published in rooms.
    Subscribe,
    /// `policy.admin`: change a room's policy.
    PolicyAdmin,
    /// `room.admin`: open and lock rooms.
    RoomAdmin,
    /// `tick.admin`: drive a room's clock.
    TickAdmin,
    /// `archive.read`: read a room's archive.
    ArchiveRead,
    /// `archive.admin`: change a room's archive.
    ArchiveAdmin,
    /// `query.read`: run queries.
    QueryRead,
    /// `query.admin`: define queries.
    QueryAdmin,
    /// `topology.admin`: change a room's topology.
    TopologyAdmin,
    /// `token.admin`: issue and revoke tokens.
    TokenAdmin,
    /// `peer.admin`: revoke, allow and forget peers.
    PeerAdmin,
    /// `key.admin`: rotate keys.
    KeyAdmin,
    /// `audit.read`: read the audit.
    AuditRead,
}

/// A part of the protocol that capabilities are kept for and that this version does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Coming {
    /// Rooms, with their clocks, archives, queries and topology.
    #[error("rooms are not in this version")]
    Rooms,
    /// The audit.
    #[error("the audit is not in this version")]
    Audit,
}

/// Every capability without a parameter, its spelling, and what it awaits if nothing asks for it.
const PLAIN: &[(Capability, &str, Option<Coming>)] = &[
    (Capability::Serve, "serve", None),
    (Capability::Call, "call", None),
    (Capability::Publish, "publish", Some(Coming::Rooms)),
    (Capability::Subscribe, "subscribe", Some(Coming::Rooms)),
    (Capability::PolicyAdmin, "policy.admin", Some(Coming::Rooms)),
    (Capability::RoomAdmin, "room.admin", Some(Coming::Rooms)),
    (Capability::TickAdmin, "tick.admin", Some(Coming::Rooms)),
    (Capability::ArchiveRead, "archive.read", Some(Coming::Rooms)),
    (Capability::ArchiveAdmin, "archive.admin", Some(Coming::Rooms)),
    (Capability::QueryRead, "query.read", Some(Coming::Rooms)),
    (Capability::QueryAdmin, "query.admin", Some(Coming::Rooms)),
    (Capability::TopologyAdmin, "topology.admin", Some(Coming::Rooms)),
    (Capability::TokenAdmin, "token.admin", None),
    (Capability::PeerAdmin, "peer.admin", None),
    (Capability::KeyAdmin, "key.admin", None),
    (Capability::AuditRead, "audit.read", Some(Coming::Audit)),
];

/// Text that names no capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an unknown capability")]
pub struct UnknownCapability;

impl FromStr for Capability {
    type Err = UnknownCapability;
    fn from_str(text: &str) -> Result<Self, UnknownCapability> {
        if let Some(name) = text.strip_prefix("call:") {
            return name.parse().map(Self::CallNamed).map_err(|_| UnknownCapability);
        }
        let found = PLAIN.iter().find(|(_, name, _)| *name == text);
        found.map(|&(capability, ..)| capability).ok_or(UnknownCapability)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::CallNamed(name) = self {
            return write!(f, "call:{name}");
        }
        let name = PLAIN.iter().find(|(c, ..)| c == self).map_or("", |&(_, name, _)| name);
        f.write_str(name)
    }
}

impl Capability {
    /// Every capability that something asks for, without a parameter: `call` stands for `call:NAME`
    /// too.
    pub fn in_force() -> impl Iterator<Item = Self> {
        PLAIN.iter().filter(|(_, _, awaits)| awaits.is_none()).map(|&(capability, ..)| capability)
    }

    /// The part that it is kept for, where this version does not have it: who holds it may do
    /// nothing more.
    #[must_use]
    pub fn awaits(self) -> Option<Coming> {
        PLAIN.iter().find(|(capability, ..)| *capability == self).and_then(|&(_, _, awaits)| awaits)
    }

    /// Whether it administers the hub or a room, or reads the audit.
    #[must_use]
    pub fn administers(self) -> bool {
        match self {
            Self::PolicyAdmin
            | Self::RoomAdmin
            | Self::TickAdmin
            | Self::ArchiveAdmin
            | Self::QueryAdmin
            | Self::TopologyAdmin
            | Self::TokenAdmin
            | Self::PeerAdmin
            | Self::KeyAdmin
            | Self::AuditRead => true,
            Self::Serve
            | Self::Call
            | Self::CallNamed(_)
            | Self::Publish
            | Self::Subscribe
            | Self::ArchiveRead
            | Self::QueryRead => false,
        }
    }
}

/// What a session holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(BTreeSet<Capability>);

impl Capabilities {
    /// Whether `wanted` is held, or covered by one that is: `call` covers every `call:NAME`.
    #[must_use]
    pub fn allow(&self, wanted: Capability) -> bool {
        let covered = match wanted {
            Capability::CallNamed(_) => self.0.contains(&Capability::Call),
            _ => false,
        };
        covered || self.0.contains(&wanted)
    }

    /// The same without what administers.
    #[must_use]
    pub fn without_administration(self) -> Self {
        self.0.into_iter().filter(|capability| !capability.administers()).collect()
    }

    /// The same without what awaits a part that this version does not have.
    #[must_use]
    pub fn in_force(&self) -> Self {
        self.iter().filter(|capability| capability.awaits().is_none()).collect()
    }

    /// Everything held, in order.
    pub fn iter(&self) -> impl Iterator<Item = Capability> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(held: I) -> Self {
        Self(held.into_iter().collect())
    }
}

/// A named set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Everything.
    Admin,
    /// Serve, call, publish, subscribe; never administration.
    #[default]
    Member,
    /// Serve only.
    Agent,
    /// Subscribe and read; no calls.
    ReadOnly,
}

/// Every role and its spelling.
const ROLES: &[(Role, &str)] = &[
    (Role::Admin, "admin"),
    (Role::Member, "member"),
    (Role::Agent, "agent"),
    (Role::ReadOnly, "read-only"),
];

impl Role {
    /// What the role expands to.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        match self {
            Self::Admin => PLAIN.iter().map(|&(capability, ..)| capability).collect(),
            Self::Member => Capabilities::from_iter([
                Capability::Serve,
                Capability::Call,
                Capability::Publish,
                Capability::Subscribe,
            ]),
            Self::Agent => Capabilities::from_iter([Capability::Serve]),
            Self::ReadOnly => Capabilities::from_iter([
                Capability::Subscribe,
                Capability::ArchiveRead,
                Capability::QueryRead,
            ]),
        }
    }

    /// The part that all of its capabilities are kept for, where this version does not have it.
    #[must_use]
    pub fn awaits(self) -> Option<Coming> {
        let all = self.capabilities();
        let awaited = all.iter().next().and_then(Capability::awaits);
        awaited.filter(|_| all.iter().all(|capability| capability.awaits().is_some()))
    }
}

/// Text that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role: one of admin, member, agent")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        ROLES.iter().find(|(_, name)| *name == text).map(|&(role, _)| role).ok_or(UnknownRole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(ROLES.iter().find(|(role, _)| role == self).map_or("", |&(_, name)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_and_role_reads_back_as_itself() {
        for &(capability, name, _) in PLAIN {
            assert_eq!(capability.to_string(), name);
            assert_eq!(name.parse(), Ok(capability));
        }
        let named = Capability::CallNamed("uptime".parse().unwrap());
        assert_eq!(named.to_string().parse(), Ok(named));
        for &(role, name) in ROLES {
            assert_eq!((role.to_string().as_str(), name.parse()), (name, Ok(role)));
        }
        for bad in ["", "Call", "call:", "call:A", "calls", " serve"] {
            assert_eq!(bad.parse::<Capability>(), Err(UnknownCapability), "{bad:?}");
        }
    }

    #[test]
    fn what_awaits_a_part_is_held_and_is_not_in_force() {
        let names = |capabilities: &Capabilities| {
            capabilities.iter().map(|held| held.to_string()).collect::<Vec<_>>().join(" ")
        };
        let member = Role::Member.capabilities();
        assert_eq!(names(&member), "serve call publish subscribe");
        assert_eq!(names(&member.in_force()), "serve call");
        assert_eq!(Capability::in_force().collect::<Capabilities>(), {
            Role::Admin.capabilities().in_force()
        });
        assert_eq!(Capability::Publish.awaits(), Some(Coming::Rooms));
        assert_eq!(Capability::AuditRead.awaits(), Some(Coming::Audit));
        assert_eq!(Capability::CallNamed("uptime".parse().unwrap()).awaits(), None);
        let awaits = [Role::Admin, Role::Member, Role::Agent, Role::ReadOnly].map(Role::awaits);
        assert_eq!(awaits, [None, None, None, Some(Coming::Rooms)]);
    }

    #[test]
    fn call_covers_each_command_and_one_command_covers_no_other() {
        let uptime = Capability::CallNamed("uptime".parse().unwrap());
        let restart = Capability::CallNamed("restart".parse().unwrap());
        assert!(Role::Member.capabilities().allow(uptime));
        let one = Capabilities::from_iter([uptime]);
        assert!(one.allow(uptime) && !one.allow(restart) && !one.allow(Capability::Call));
    }

    #[test]
    fn without_administration_an_admin_is_what_a_member_is_and_reads_what_a_reader_reads() {
        let left = Role::Admin.capabilities().without_administration();
        let member = Role::Member.capabilities();
        let reader = Role::ReadOnly.capabilities();
        assert_eq!(left, member.iter().chain(reader.iter()).collect());
        for role in [Role::Member, Role::Agent, Role::ReadOnly] {
            assert_eq!(role.capabilities().without_administration(), role.capabilities());
        }
        for (capability, name, _) in PLAIN {
            assert_eq!(capability.administers(), name.ends_with(".admin") || *name == "audit.read");
        }
    }

    #[test]
    fn a_member_administers_nothing_and_an_agent_calls_nothing() {
        let member = Role::Member.capabilities();
        assert!(!member.allow(Capability::TokenAdmin) && !member.allow(Capability::PeerAdmin));
        assert!(!Role::Agent.capabilities().allow(Capability::Call));
        assert!(!Role::ReadOnly.capabilities().allow(Capability::Call));
    }
}
