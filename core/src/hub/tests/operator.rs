//! The operator of the hub's own machine.

use super::*;
use crate::capability::{Capabilities, Capability};
use crate::random::Seed;

fn claimed(purpose: Purpose) -> Claim {
    Claim {
        method: Method::Open,
        identity: None,
        evidence: None,
        later: Later::Nothing,
        ..claim("x", 0, purpose)
    }
}

fn granted(hub: &mut Hub) -> (LinkId, Grant) {
    let link = hub.arrive(Source::Local, Now::default()).unwrap();
    let claim = claimed(Purpose::Operate);
    let grant = reserve(hub, link, &claim).unwrap();
    assert_eq!(commit(hub, link, &claim, grant.clone()), Ok(LinkAnswer::Committed));
    (link, grant)
}

#[test]
fn whoever_is_local_is_the_operator_whatever_the_secret_may_do() {
    let mut hub = hub_with(Limits::default(), Role::Agent);
    let (first, one) = granted(&mut hub);
    let (_, two) = granted(&mut hub);
    assert_eq!((one.peer, two.peer), (PeerId::operator(), PeerId::operator()));
    assert_eq!(one.peer.as_str(), "operator");
    let all: Capabilities = Role::Admin.capabilities();
    assert_eq!((one.capabilities, one.record, one.expires), (all.clone(), None, None));
    assert!(all.allow(Capability::PeerAdmin) && all.allow(Capability::KeyAdmin));
    let web = serve_as(&mut hub, Role::Member);
    input(&mut hub, first, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, web), ["call 2"]);
}

/// A serving peer, in spite of a role that would not let it serve.
fn serve_as(hub: &mut Hub, role: Role) -> LinkId {
    hub.members.reconfigure(&HubConfig { secret_role: role, ..hub.config.clone() });
    let link = serve(hub, "web-1");
    hub.members.reconfigure(&hub.config);
    link
}

#[test]
fn the_operator_does_not_serve_and_brings_no_proof_of_its_own() {
    let mut hub = hub();
    let link = hub.arrive(Source::Local, Now::default()).unwrap();
    for claim in [claimed(Purpose::Serve), claim("web-1", 1, Purpose::Operate)] {
        assert_eq!(reserve(&mut hub, link, &claim).unwrap_err().code, Code::Refused);
    }
}

#[test]
fn whoever_comes_by_the_secret_or_with_nothing_never_administers() {
    let mut hub = hub_with(Limits::default(), Role::Admin);
    let open = Claim {
        method: Method::Open,
        identity: None,
        evidence: None,
        later: Later::Nothing,
        ..claim("x", 0, Purpose::Operate)
    };
    for claim in [claim("ops", 1, Purpose::Operate), open] {
        let link = hub.arrive(somewhere(), Now::default()).unwrap();
        let grant = reserve(&mut hub, link, &claim).unwrap();
        assert!(grant.capabilities.allow(Capability::Call));
        assert!(!grant.capabilities.iter().any(Capability::administers), "{grant:?}");
    }
}

#[test]
fn nobody_takes_the_operators_id_over_the_network() {
    let mut hub = hub();
    for purpose in [Purpose::Serve, Purpose::Operate] {
        let link = hub.arrive(somewhere(), Now::default()).unwrap();
        let refused = reserve(&mut hub, link, &claim("operator", 1, purpose)).unwrap_err();
        assert_eq!(refused.code, Code::IdTaken);
    }
}

#[test]
fn a_binding_of_the_operators_id_from_before_keeps_nobody_out() {
    let peer = PeerId::operator();
    let key = PublicKey([1; 32]);
    let bound = Binding { peer, key, method: Method::Secret, first_seen: 0, serves: true };
    let config = HubConfig::default();
    let mut hub = Hub::new(config, Durable::bound([bound]), &Seed([7; 32]));
    granted(&mut hub);
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let claim = claim("operator", 1, Purpose::Serve);
    assert_eq!(reserve(&mut hub, link, &claim).unwrap_err().code, Code::IdTaken);
}

#[test]
fn sessions_of_the_network_and_of_the_operator_do_not_take_each_others_room() {
    let mut hub = hub_with(Limits { sessions: 1, ..Limits::default() }, Role::Member);
    granted(&mut hub);
    serve(&mut hub, "web-1");
    granted(&mut hub);
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let refused = reserve(&mut hub, link, &claim("web-2", 2, Purpose::Serve)).unwrap_err();
    assert_eq!(refused.code, Code::Full);
}

#[test]
fn local_links_are_bounded_admitted_or_not() {
    let mut hub = hub_with(Limits { local_links: 2, ..Limits::default() }, Role::Member);
    let (first, _) = granted(&mut hub);
    hub.arrive(Source::Local, Now::default()).unwrap();
    assert_eq!(hub.arrive(Source::Local, Now::default()).unwrap_err().code, Code::RateLimited);
    assert!(hub.arrive(somewhere(), Now::default()).is_ok());
    hub.gone(first, Now::default());
    assert!(hub.arrive(Source::Local, Now::default()).is_ok());
}
