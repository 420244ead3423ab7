//! The operator of the hub's own machine: whoever may open the hub's local socket is one.
//!
//! Several may be there at one time. They operate and never serve, take no room from the network's
//! sessions, and cannot be kept out by them. `// spec: admission §7`

use crate::ask::Claim;
use crate::capability::Role;
use crate::code::Code;
use crate::hub::members::grant::Granted;
use crate::hub::{Hub, Source, Standing};
use crate::id::PeerId;
use crate::wire::frame::{Method, Purpose};

impl Source {
    /// Whether what comes from here is the operator's.
    pub(in crate::hub) fn is_local(self) -> bool {
        matches!(self, Self::Local)
    }
}

impl Standing {
    pub(in crate::hub) fn is_local(&self) -> bool {
        match self {
            Self::TurnedAway(away) => away.source.is_local(),
            Self::Carried(source) | Self::Pending(source) | Self::Reserved(source, _) => {
                source.is_local()
            }
            Self::Live(live) => live.source.is_local(),
        }
    }
}

impl Hub {
    /// Who a claim over the local socket is, and what it may do.
    pub(in crate::hub) fn operator(claim: &Claim) -> Result<Granted, Code> {
        if claim.purpose == Purpose::Serve || claim.method != Method::Open {
            return Err(Code::Refused);
        }
        Ok(Granted {
            peer: PeerId::operator(),
            capabilities: Role::Admin.capabilities(),
            expires: None,
            record: None,
            issues: None,
        })
    }

    /// Whether as many local links are there as may be.
    pub(in crate::hub) fn has_enough_local(&self) -> bool {
        let local = self.links.iter().filter(|(_, standing)| standing.is_local()).count();
        local >= self.config.limits.local_links
    }
}
