//! Links of a hub whose secret is being replaced.

use core::time::Duration;

use super::scenario::*;
use crate::ask::Answer;
use crate::auth::{AuthError, Credential};
use crate::code::Code;
use crate::link::{EndReason, TimerKind};

/// A hub whose secret is 7 and was 6 until ten seconds from here on; the peer has this one.
fn plan(has: u8) -> Plan {
    let hub_old_secret = Some((secret(6), START + 10));
    Plan { credential: Credential::Secret(secret(has)), hub_old_secret, ..Plan::tofu() }
}

#[test]
fn a_peer_is_admitted_by_either_secret_and_the_hub_proves_itself_with_the_same_one() {
    for has in [6, 7] {
        let mut world = plan(has).world();
        world.run();
        // The peer keeps the hub only if its MAC is the secret's.
        assert_eq!(world.peer.told.last().unwrap(), "admitted web-1 secret serve", "{has}");
        assert!(world.peer_ledger.entry().is_some());
    }
}

#[test]
fn any_other_secret_is_refused_as_ever() {
    let mut world = plan(5).world();
    world.run();
    assert_eq!(*world.hub.reason(), EndReason::Auth(AuthError::WrongSecret));
    assert_eq!(world.peer.reason().code(), Code::Refused);
}

#[test]
fn a_session_by_the_old_secret_ends_with_it_at_both_ends_and_one_by_the_new_does_not() {
    for (has, ends) in [(6, true), (7, false)] {
        let mut world = plan(has).admitted();
        world.pass(Duration::from_secs(9));
        world.run();
        assert!(world.hub.link.is_admitted() && world.peer.link.is_admitted());
        world.pass(Duration::from_secs(1));
        world.run();
        assert_eq!(world.hub.ended.is_some(), ends, "{has}");
        if ends {
            assert_eq!(*world.hub.reason(), EndReason::TimedOut(TimerKind::Expiry));
            assert_eq!(world.peer.reason().code(), Code::SessionExpired);
            assert!(world.peer.reason().is_retryable());
        }
    }
}

#[test]
fn whoever_proved_the_old_secret_too_late_is_told_that_it_has_ended() {
    let mut world = plan(6).world();
    let no = Answer::Refused(Code::Expired.into());
    world.instead.insert("reserve", [no].into());
    world.run();
    assert_eq!(world.hub.reason().code(), Code::Expired);
    assert_eq!(world.peer.reason().code(), Code::Expired);
    assert_eq!(world.peer_ledger.entry(), None);
}
