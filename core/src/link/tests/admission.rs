//! Every way in: the exact events at both ends.

use super::scenario::*;
use crate::auth::Credential;
use crate::trust::{Known, Mode, PinSpec};
use crate::wire::frame::Purpose;

#[test]
fn a_secret_peer_is_admitted_without_tls_and_both_tell_the_same_story() {
    let mut world = Plan::plain().world();
    world.run();
    assert_eq!(
        world.peer.told,
        [
            "secured plain",
            "upgraded",
            "learnt FirstContact",
            "ask keep",
            "admitted web-1 secret serve"
        ]
    );
    assert_eq!(
        world.hub.told,
        [
            "secured plain",
            "upgraded",
            "ask reserve",
            "ask record",
            "ask commit",
            "admitted web-1 secret serve"
        ]
    );
}

#[test]
fn a_secret_peer_is_admitted_over_tls_at_its_first_contact_and_keeps_the_hub() {
    let mut world = Plan::tofu().world();
    world.run();
    assert_eq!(
        world.peer.told,
        [
            "secured tls",
            "upgraded",
            "learnt FirstContact",
            "ask keep",
            "admitted web-1 secret serve"
        ]
    );
    let entry = world.peer_ledger.entry().unwrap();
    assert_eq!(entry.identity, identity().id());
    assert_eq!(entry.pin, Some(server_tls(3).pin()));
    assert_eq!((entry.generation, entry.first_seen), (5, START));
}
