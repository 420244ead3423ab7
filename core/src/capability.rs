//! What a session may do: exact strings, sets of them, and the roles that expand to them.
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

/// Every capability without a parameter, and its spelling.
const PLAIN: &[(Capability, &str)] = &[
    (Capability::Serve, "serve"),
    (Capability::Call, "call"),
    (Capability::Publish, "publish"),
    (Capability::Subscribe, "subscribe"),
    (Capability::PolicyAdmin, "policy.admin"),
    (Capability::RoomAdmin, "room.admin"),
    (Capability::TickAdmin, "tick.admin"),
    (Capability::ArchiveRead, "archive.read"),
    (Capability::ArchiveAdmin, "archive.admin"),
    (Capability::QueryRead, "query.read"),
    (Capability::QueryAdmin, "query.admin"),
    (Capability::TopologyAdmin, "topology.admin"),
    (Capability::TokenAdmin, "token.admin"),
    (Capability::PeerAdmin, "peer.admin"),
    (Capability::KeyAdmin, "key.admin"),
    (Capability::AuditRead, "audit.read"),
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
        PLAIN.iter().find(|(_, name)| *name == text).map(|&(c, _)| c).ok_or(UnknownCapability)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::CallNamed(name) = self {
            return write!(f, "call:{name}");
        }
        let name = PLAIN.iter().find(|(c, _)| c == self).map_or("", |&(_, name)| name);
        f.write_str(name)
    }
}

impl Capability {
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
            Self::Admin => PLAIN.iter().map(|&(capability, _)| capability).collect(),
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
}

/// Text that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role: one of admin, member, agent, read-only")]
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
        for &(capability, name) in PLAIN {
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
        for (capability, name) in PLAIN {
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
