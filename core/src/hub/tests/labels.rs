//! Labels: those that a token gives count, those that a peer gives itself only where the hub says
//! so, and what counts is what is so when the call goes to the peer.

use super::fanout::{heard, labelled, nothing_is_left};
use super::issuing_hub::{IssuingHub, invited};
use super::*;
use crate::facts::TokenRecord;
use crate::random::Seed;
use crate::wire::value::Scalar;

/// A token that gives `zone=b`, for as many as come.
fn zone_b(desk: &mut IssuingHub) -> TokenRecord {
    let (uses, labels) = (Scalar::Integer(9), Scalar::Text("zone=b"));
    desk.issue_with(&[("uses", uses), ("labels", labels), ("role", Scalar::Text("agent"))])
}

/// A peer of this token that serves, and says these labels of itself.
fn joined(
    desk: &mut IssuingHub,
    token: &TokenRecord,
    (peer, key): (&str, u8),
    says: &[(&str, &str)],
) -> LinkId {
    let labels = says.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let link = desk.admit(&Claim { labels, ..invited(token, peer, key) }).unwrap();
    let command = Command {
        name: "uptime".parse().unwrap(),
        description: String::new(),
        arguments: Vec::new(),
    };
    input(&mut desk.hub, link, &Frame::Register(Register { commands: vec![command] }));
    assert_eq!(sent(&mut desk.hub, link), ["registered"]);
    link
}

/// What a call by these tests leads to at once.
fn calls(desk: &mut IssuingHub, id: u64, tests: &[(&str, &str)]) -> Vec<String> {
    let operator = desk.operator;
    input(&mut desk.hub, operator, &labelled(id, tests));
    heard(&mut desk.hub, operator)
}

#[test]
fn a_peer_that_gives_itself_a_label_is_no_target_by_it_and_is_counted() {
    let mut desk = IssuingHub::new();
    let token = zone_b(&mut desk);
    let liar = joined(&mut desk, &token, ("liar", 1), &[("role", "db"), ("zone", "a")]);
    assert_eq!(calls(&mut desk, 1, &[("role", "db")]), ["done 0 0 0, 1 claim it"]);
    assert_eq!(calls(&mut desk, 3, &[("role", "db"), ("zone", "b")]), ["done 0 0 0, 1 claim it"]);
    assert!(sent(&mut desk.hub, liar).is_empty());
    assert_eq!(calls(&mut desk, 5, &[("zone", "a")]), ["done 0 0 0"], "its token says b");
    assert_eq!(calls(&mut desk, 7, &[("zone", "b")]), ["accepted liar"]);
    desk.hub.gone(liar, desk.now);
    assert_eq!(heard(&mut desk.hub, desk.operator), ["liar lost", "done 0 0 1"]);
    assert_eq!(calls(&mut desk, 9, &[("role", "db")]), ["done 0 0 0, 1 claim it"], "away");
    assert_eq!(calls(&mut desk, 11, &[("zone", "b")]), ["accepted", "liar offline", "done 0 0 1"]);
    nothing_is_left(&desk.hub);
}

#[test]
fn what_a_token_gave_is_known_after_the_hub_started_again() {
    let mut desk = IssuingHub::new();
    let token = zone_b(&mut desk);
    joined(&mut desk, &token, ("liar", 1), &[("role", "db")]);
    let config = HubConfig { self_labels: true, ..desk.hub.config.clone() };
    let mut hub = Hub::new(config, desk.ledger.memory.durable(), &Seed([7; 32]));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &labelled(1, &[("role", "db")]));
    input(&mut hub, op, &labelled(3, &[("zone", "b")]));
    assert_eq!(heard(&mut hub, op), ["done 0 0 0", "accepted", "liar offline", "done 0 0 1"]);
}

#[test]
fn where_a_hub_takes_peers_at_their_word_their_tokens_still_go_before() {
    let mut desk = IssuingHub::new();
    desk.hub.reconfigure(HubConfig { self_labels: true, ..desk.hub.config.clone() });
    let token = zone_b(&mut desk);
    let peer = joined(&mut desk, &token, ("web-1", 1), &[("role", "db"), ("zone", "a")]);
    assert_eq!(calls(&mut desk, 1, &[("zone", "a")]), ["done 0 0 0"]);
    assert_eq!(calls(&mut desk, 3, &[("role", "db"), ("zone", "b")]), ["accepted web-1"]);
    assert_eq!(sent(&mut desk.hub, peer), ["call 2"]);
}

#[test]
fn a_peer_that_has_other_labels_by_its_turn_is_not_called() {
    let limits = Limits { slice: 1, admissions_per_second: 1_000_000, ..Limits::default() };
    for by_its_own_word in [false, true] {
        let mut desk = IssuingHub::with(limits.clone());
        desk.hub.reconfigure(HubConfig { self_labels: true, ..desk.hub.config.clone() });
        let (token, key) = (zone_b(&mut desk), ["zone", "role"][usize::from(by_its_own_word)]);
        let says = [("role", "b")];
        let links = [("a", 1), ("b", 2)].map(|who| joined(&mut desk, &token, who, &says));
        // The first slice takes in all, and calls the first.
        assert_eq!(calls(&mut desk, 1, &[(key, "b")]), ["accepted a"]);
        let second = if by_its_own_word {
            let config = HubConfig { self_labels: false, ..desk.hub.config.clone() };
            desk.hub.reconfigure(config);
            links[1]
        } else {
            let other = desk.issue_with(&[("labels", Scalar::Text("zone=c"))]);
            joined(&mut desk, &other, ("b", 2), &says)
        };
        while desk.hub.work(desk.now) {}
        assert!(sent(&mut desk.hub, second).is_empty(), "{key}");
        let mut outbox = Outbox::default();
        desk.hub.take_outbox(desk.operator, &mut outbox);
        outbox.pop();
        let Some(Frame::Result(result)) = outbox.front() else { panic!("{key}") };
        let status = Status::Failed(Code::Offline);
        assert_eq!((result.peer, result.status), (Some("b".parse().unwrap()), status));
        assert_eq!(result.text, "its labels do not pass the target's tests any more");
        input(&mut desk.hub, links[0], &super::result(2));
        assert_eq!(heard(&mut desk.hub, desk.operator), ["a exit 0", "done 1 0 1"]);
        nothing_is_left(&desk.hub);
    }
}

#[test]
fn a_list_tells_what_counts_from_what_a_peer_says_of_itself() {
    let mut desk = IssuingHub::new();
    let token = zone_b(&mut desk);
    joined(&mut desk, &token, ("liar", 1), &[("role", "db"), ("zone", "a")]);
    joined(&mut desk, &token, ("plain", 2), &[("zone", "b")]);
    let listed = desk.say("peers", &[]).unwrap();
    let (liar, plain) = listed.split_once("id=plain").unwrap();
    assert!(liar.contains("labels={zone=b}"), "{liar}");
    assert!(liar.contains("claimed={role=db zone=a}"), "{liar}");
    assert!(plain.contains("labels={zone=b}") && !plain.contains("claimed"), "{plain}");
    desk.hub.reconfigure(HubConfig { self_labels: true, ..desk.hub.config.clone() });
    let shown = desk.say("peer", &[("id", Scalar::Text("liar"))]).unwrap();
    assert!(shown.contains("labels={role=db zone=b}"), "{shown}");
    assert!(shown.contains("claimed={zone=a}"), "{shown}");
}

#[test]
fn the_list_of_calls_says_how_many_only_claim_the_labels() {
    let mut desk = IssuingHub::new();
    let token = zone_b(&mut desk);
    joined(&mut desk, &token, ("liar", 1), &[("role", "db")]);
    calls(&mut desk, 1_001, &[("role", "db")]);
    let listed = desk.say("calls", &[]).unwrap();
    assert!(listed.contains("claimed=1"), "{listed}");
}
