//! The hub's own commands, as an operator and as others call them.

mod capabilities;
mod forget;
mod issue;
mod keys;
mod peer;
mod revoke;
mod rotate;
mod status;
mod tokens;

use super::issuing_hub::{IssuingHub, NOON, invited};
use super::listing::spelled;
use super::*;
use crate::facts::TokenRecord;
use crate::id::{HubId, RefreshHash};
use crate::wire::value::{ArgumentsBuf, Scalar};

/// The operator of the hub's machine.
pub(super) fn operator(hub: &mut Hub) -> LinkId {
    let link = hub.arrive(Source::Local, Now::default()).unwrap();
    let (method, identity, evidence) = (Method::Open, None, None);
    let claim = Claim { method, identity, evidence, ..claim("x", 0, Purpose::Operate) };
    let grant = reserve(hub, link, &claim).unwrap();
    assert_eq!(commit(hub, link, &claim, grant), Ok(LinkAnswer::Committed));
    link
}

/// Calls a command of the hub.
fn ask(hub: &mut Hub, link: LinkId, id: u64, name: &str, arguments: &[(&str, Scalar<'_>)]) {
    let mut buf = ArgumentsBuf::new();
    for &(name, value) in arguments {
        buf.named(name, value).unwrap();
    }
    let (name, arguments) = (name.parse().unwrap(), buf.as_arguments());
    let (id, target, delivery) = (CallId(id), Target::Hub, Default::default());
    let call = Call { id, target, name, arguments, deadline_ms: 1000, window: 0, delivery };
    input(hub, link, &Frame::Call(call));
}

/// What came of the only call that is open: its value, or the code and what is missing.
pub(super) fn answered(hub: &mut Hub, link: LinkId) -> Result<String, String> {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let answer = match outbox.front() {
        Some(Frame::Result(result)) => match result.status {
            Status::Failed(code) => Err(code.to_string()),
            _ => Ok(spelled(&result.value.unwrap())),
        },
        Some(Frame::Deny(deny)) => Err(format!("{} {}", deny.code, deny.required.unwrap())),
        other => panic!("{other:?}"),
    };
    outbox.pop();
    assert!(outbox.is_empty(), "more than one answer");
    answer
}

/// Calls a command that is answered at once.
fn say(
    hub: &mut Hub,
    link: LinkId,
    id: u64,
    name: &str,
    arguments: &[(&str, Scalar<'_>)],
) -> Result<String, String> {
    ask(hub, link, id, name, arguments);
    answered(hub, link)
}
