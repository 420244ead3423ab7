//! Links from the hub's own machine: no TLS and no secret, whatever the network needs.

use super::scenario::*;
use crate::auth::{AuthError, Credential};
use crate::code::Code;
use crate::hub::Source;
use crate::link::EndReason;
use crate::trust::{Mode, TrustError};
use crate::wire::frame::{Method, Purpose};

/// The operator at the local socket of a hub that speaks TLS and wants the secret elsewhere.
fn local() -> Plan {
    let mut plan = Plan {
        source: Source::Local,
        mode: Mode::Plain,
        tls: (false, true),
        credential: Credential::Open,
        purpose: Purpose::Operate,
        ..Plan::plain()
    };
    plan.known.hub_id = Some(identity().id());
    plan
}

#[test]
fn the_operator_is_admitted_without_tls_or_a_secret_and_nothing_is_recorded() {
    let mut world = local().world();
    world.run();
    let admitted = "admitted operator open operate";
    let peer = ["secured plain", "upgraded", "learnt Identity", "ask keep", admitted];
    assert_eq!(world.peer.told, peer);
    let hub = ["secured plain", "upgraded", "ask arrive", "ask reserve", "ask commit", admitted];
    assert_eq!(world.hub.told, hub);
    assert_eq!(world.hub_ledger.bindings().count(), 0);
}

#[test]
fn the_secret_is_not_offered_there_not_even_to_who_has_it() {
    let mut world = Plan { credential: Credential::Secret(secret(7)), ..local() }.world();
    world.run();
    let EndReason::Auth(AuthError::HubLacksMethod { wanted, offered }) = world.peer.reason() else {
        panic!("{:?}", world.peer.told);
    };
    assert_eq!((*wanted, offered.as_str()), (Method::Secret, "'open'"));
}

#[test]
fn what_would_serve_there_is_refused() {
    let mut world = Plan { purpose: Purpose::Serve, ..local() }.world();
    world.run();
    assert_eq!(world.peer.reason().code(), Code::Refused);
    assert_eq!(*world.hub.reason(), EndReason::Auth(AuthError::Refused(None, Code::Refused)));
}

#[test]
fn another_hub_behind_the_socket_is_told_by_its_identity() {
    let mut plan = local();
    plan.known.hub_id = Some(crate::id::HubId([9; 16]));
    let mut world = plan.world();
    world.run();
    assert!(
        matches!(
            world.peer.reason(),
            EndReason::Auth(AuthError::Trust(TrustError::IdentityMismatch { .. }))
        ),
        "{:?}",
        world.peer.told
    );
}

#[test]
fn open_is_not_offered_to_the_network_because_it_is_offered_here() {
    let mut world = Plan { source: somewhere(), tls: (false, false), ..local() }.world();
    world.run();
    assert_eq!(world.peer.reason().code(), Code::MethodNotOffered);
}
