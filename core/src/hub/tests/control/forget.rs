//! `forget`: durable before it is done, and done for sessions that are on their way too.

use super::*;
use crate::ask::AskId;

fn forget(hub: &mut Hub, link: LinkId, id: u64, peer: &str) {
    ask(hub, link, id, "forget", &[("id", Scalar::Text(peer))]);
}

/// The question that the hub asks, and nothing beside it.
fn asked(hub: &mut Hub) -> (AskId, StoreAsk) {
    let asked = hub.poll_ask().expect("a question");
    assert_eq!(hub.poll_ask(), None);
    asked
}

fn id(text: &str) -> PeerId {
    text.parse().unwrap()
}

/// Whether the hub has told a link to end, and how.
fn closing(hub: &mut Hub, link: LinkId) -> Option<Code> {
    hub.take_outbox(link, &mut Outbox::default())
}

#[test]
fn nothing_changes_before_the_ledger_has_forgotten_and_then_everything_does() {
    let mut hub = hub();
    let (web, calls) = (serve(&mut hub, "web-1"), join(&mut hub, "web-1", Purpose::Operate));
    let other = serve(&mut hub, "web-2");
    let operator = operator(&mut hub);
    forget(&mut hub, operator, 1, "web-1");
    let (ask, question) = asked(&mut hub);
    assert_eq!(question, StoreAsk::Change(Change::Forget(id("web-1"))));
    // No answer, no change.
    assert_eq!(sent(&mut hub, operator), Vec::<String>::new());
    assert_eq!((closing(&mut hub, web), hub.members.bound_count()), (None, 2));
    input(&mut hub, operator, &uptime(3, "web-1"));
    assert_eq!(sent(&mut hub, web), ["call 2"]);

    hub.answer_ask(ask, Ok(Stored::Changed(true)), Now::default());
    assert_eq!(answered(&mut hub, operator), Ok("{id=web-1 ended=2}".to_owned()));
    for link in [web, calls] {
        assert_eq!(closing(&mut hub, link), Some(Code::Revoked));
    }
    assert_eq!((closing(&mut hub, other), closing(&mut hub, operator)), (None, None));
    assert_eq!(
        say(&mut hub, operator, 5, "peer", &[("id", Scalar::Text("web-1"))]),
        Err("unknown-peer".to_owned())
    );
    // The id is another key's for the taking, while the old link still says goodbye.
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let stranger = claim("web-1", 9, Purpose::Serve);
    let grant = reserve(&mut hub, link, &stranger).unwrap();
    assert_eq!(key_of(grant.record.clone()), PublicKey([9; 32]));
    assert_eq!(commit(&mut hub, link, &stranger, grant), Ok(LinkAnswer::Committed));
    hub.gone(web, Now::default());
    assert_eq!(hub.members.serving(id("web-1")), Some(link));
}

#[test]
fn a_ledger_that_cannot_forget_leaves_everything_as_it_was() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let operator = operator(&mut hub);
    forget(&mut hub, operator, 1, "web-1");
    let (ask, _) = asked(&mut hub);
    hub.answer_ask(ask, Err(Code::Unavailable.into()), Now::default());
    assert_eq!(answered(&mut hub, operator), Err("unavailable".to_owned()));
    assert_eq!((closing(&mut hub, web), hub.members.bound_count()), (None, 1));
    // An answer that comes twice, or to nothing, is none.
    hub.answer_ask(ask, Ok(Stored::Changed(true)), Now::default());
    hub.answer_ask(AskId(99), Ok(Stored::Changed(true)), Now::default());
    assert_eq!((closing(&mut hub, web), hub.members.bound_count()), (None, 1));
}

#[test]
fn an_answer_of_another_kind_forgets_nobody() {
    let mut hub = hub();
    serve(&mut hub, "web-1");
    let operator = operator(&mut hub);
    forget(&mut hub, operator, 1, "web-1");
    let (ask, _) = asked(&mut hub);
    hub.answer_ask(ask, Ok(Stored::KeysRotated(Vec::new())), Now::default());
    assert_eq!(answered(&mut hub, operator), Err("failed".to_owned()));
    assert_eq!(hub.members.bound_count(), 1);
}

#[test]
fn a_binding_of_the_operators_id_is_forgotten_and_the_operator_stays() {
    let mut hub = hub();
    let operator = operator(&mut hub);
    forget(&mut hub, operator, 1, "operator");
    let (ask, _) = asked(&mut hub);
    hub.answer_ask(ask, Ok(Stored::Changed(true)), Now::default());
    assert_eq!(answered(&mut hub, operator), Ok("{id=operator ended=0}".to_owned()));
    assert_eq!(closing(&mut hub, operator), None);
}

#[test]
fn whoever_asked_may_be_gone_when_it_is_done() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let operator = operator(&mut hub);
    forget(&mut hub, operator, 1, "web-1");
    let (ask, _) = asked(&mut hub);
    hub.gone(operator, Now::default());
    hub.answer_ask(ask, Ok(Stored::Changed(true)), Now::default());
    assert_eq!((closing(&mut hub, web), hub.members.bound_count()), (Some(Code::Revoked), 0));
}

#[test]
fn an_id_that_neither_the_hub_nor_the_ledger_knows_is_unknown() {
    let mut hub = hub();
    let operator = operator(&mut hub);
    for (n, (bound, answer)) in
        [(false, Err("unknown-peer".to_owned())), (true, Ok("{id=web-1 ended=0}".to_owned()))]
            .into_iter()
            .enumerate()
    {
        forget(&mut hub, operator, 2 * n as u64 + 1, "web-1");
        let (ask, _) = asked(&mut hub);
        hub.answer_ask(ask, Ok(Stored::Changed(bound)), Now::default());
        assert_eq!(answered(&mut hub, operator), answer);
    }
}

#[test]
fn an_admission_under_way_is_asked_for_again_and_binds_anew() {
    let mut hub = hub();
    let first = serve(&mut hub, "web-1");
    hub.gone(first, Now::default());
    let operator = operator(&mut hub);
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let key = "web-1".bytes().fold(0, u8::wrapping_add);
    let claimed = claim("web-1", key, Purpose::Serve);
    let grant = reserve(&mut hub, link, &claimed).unwrap();
    // It is known, so that there is nothing to record.
    assert_eq!(grant.record, None);
    forget(&mut hub, operator, 1, "web-1");
    let (ask, _) = asked(&mut hub);
    hub.answer_ask(ask, Ok(Stored::Changed(true)), Now::default());
    assert_eq!(commit(&mut hub, link, &claimed, grant), Ok(LinkAnswer::Stale));
    let again = reserve(&mut hub, link, &claimed).unwrap();
    assert!(again.record.is_some());
    assert_eq!(commit(&mut hub, link, &claimed, again), Ok(LinkAnswer::Committed));
}

#[test]
fn it_is_for_who_administers_peers_and_needs_an_id() {
    let mut hub = hub();
    serve(&mut hub, "web-1");
    let member = join(&mut hub, "ops", Purpose::Operate);
    forget(&mut hub, member, 1, "web-1");
    assert_eq!(answered(&mut hub, member), Err("denied peer.admin".to_owned()));
    let operator = operator(&mut hub);
    assert_eq!(say(&mut hub, operator, 1, "forget", &[]), Err("bad-argument".to_owned()));
    forget(&mut hub, operator, 3, "Web 1");
    assert_eq!(answered(&mut hub, operator), Err("bad-argument".to_owned()));
    assert_eq!(hub.poll_ask(), None);
}

#[test]
fn nobody_listens_to_a_session_that_was_cut_off_nor_calls_it_while_its_link_still_ends() {
    let mut hub = hub();
    let (web, other) = (serve(&mut hub, "web-1"), serve(&mut hub, "web-2"));
    let operator = operator(&mut hub);
    input(&mut hub, operator, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, web), ["call 2"]);
    assert_eq!(hub.cut_off(web), None);
    forget(&mut hub, operator, 3, "web-1");
    let (ask, _) = asked(&mut hub);
    hub.answer_ask(ask, Ok(Stored::Changed(true)), Now::default());
    assert!(answered(&mut hub, operator).is_ok());
    // Even where frames wait that its link does not take.
    assert_eq!(hub.cut_off(web), Some(Code::Revoked));
    assert_eq!((hub.cut_off(other), hub.cut_off(operator)), (None, None));

    input(&mut hub, web, &uptime(1, "web-2"));
    assert_eq!(sent(&mut hub, other), Vec::<String>::new());
    let (id, peer) = (CallId(2), "web-1".parse().unwrap());
    let (status, value, text) = (Status::Exited(0), None, "");
    input(&mut hub, web, &Frame::Result(CallResult { id, peer: Some(peer), status, value, text }));
    assert_eq!(sent(&mut hub, operator), Vec::<String>::new());
    input(&mut hub, operator, &uptime(5, "web-1"));
    assert_eq!(sent(&mut hub, operator), ["result 5 unknown-peer"]);
    // What it ran has an unknown outcome.
    hub.gone(web, Now::default());
    assert_eq!(sent(&mut hub, operator), ["result 1 lost"]);
}

/// The key that an id is to be bound to.
fn key_of(record: Option<FactRecord>) -> PublicKey {
    let Some(FactRecord::Bind(binding)) = record else { panic!("{record:?}") };
    binding.key
}
