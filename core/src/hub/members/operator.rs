//! The operator of the hub's own machine: whoever may open the hub's local socket is one.
//!
//! Several may be there at one time. They operate and never serve, take no room from the network's
//! sessions, and cannot be kept out by them. `// spec: admission §7`

use crate::ask::Claim;
use crate::capability::Role;
use crate::code::Code;
use crate::hub::members::grant::Granted;
use crate::id::PeerId;
use crate::wire::frame::{Method, Purpose};

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
