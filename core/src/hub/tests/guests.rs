//! Peers that bring no id.

use super::*;

fn guest(hub: &mut Hub) -> (LinkId, Claim, Grant) {
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let claim = Claim {
        method: Method::Open,
        identity: None,
        evidence: None,
        later: Later::Nothing,
        ..claim("x", 0, Purpose::Serve)
    };
    let grant = reserve(hub, link, &claim).unwrap();
    (link, claim, grant)
}

#[test]
fn each_guest_gets_an_id_of_its_own_and_nothing_is_recorded() {
    let mut hub = hub();
    let (_, _, one) = guest(&mut hub);
    let (_, _, two) = guest(&mut hub);
    assert_eq!((one.peer.as_str(), two.peer.as_str()), ("guest-1", "guest-2"));
    assert_eq!((one.record, two.record), (None, None));
}

#[test]
fn nobody_binds_the_id_of_a_guest_who_serves() {
    let mut hub = hub();
    let (link, claimed, grant) = guest(&mut hub);
    let peer = grant.peer;
    assert_eq!(commit(&mut hub, link, &claimed, grant), Ok(LinkAnswer::Committed));
    let other = hub.arrive(somewhere(), Now::default()).unwrap();
    let named = claim(peer.as_str(), 1, Purpose::Serve);
    assert_eq!(reserve(&mut hub, other, &named).unwrap_err().code, Code::IdTaken);
}
