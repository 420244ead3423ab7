//! A peer that comes again while its older link is still there.

use super::*;
use crate::random::Seed;

/// What a peer that comes and is proved is answered.
fn ask(hub: &mut Hub, peer: &str, purpose: Purpose, now: Now) -> Result<LinkAnswer, AskRefusal> {
    let link = hub.arrive(somewhere(), now).unwrap();
    let key = peer.bytes().fold(0, u8::wrapping_add);
    let question = LinkAsk::Reserve(Box::new(claim(peer, key, purpose)));
    let answer = hub.answer(link, &question, now);
    hub.gone(link, now);
    answer
}

#[test]
fn new_calls_go_to_the_newer_link_and_the_older_may_still_answer_what_it_runs() {
    let mut hub = hub();
    let older = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, older), ["call 2"]);
    let newer = join(&mut hub, "web-1", Purpose::Serve);
    input(&mut hub, op, &uptime(3, "web-1"));
    assert_eq!(sent(&mut hub, op), ["result 3 not-ready"], "the newer has not registered");
    let name = "uptime".parse().unwrap();
    let command = Command { name, description: String::new(), arguments: Vec::new() };
    input(&mut hub, newer, &Frame::Register(Register { commands: vec![command] }));
    input(&mut hub, op, &uptime(5, "web-1"));
    assert_eq!(sent(&mut hub, newer), ["registered", "call 2"]);
    assert!(sent(&mut hub, older).is_empty());
    input(&mut hub, older, &result(2));
    assert_eq!(sent(&mut hub, op), ["result 1 done"]);
}

#[test]
fn the_older_link_takes_what_it_ran_with_it_and_leaves_the_newer_online() {
    let mut hub = hub();
    let older = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    let newer = serve(&mut hub, "web-1");
    hub.gone(older, Now::default());
    assert_eq!(sent(&mut hub, op), ["result 1 lost"]);
    assert_eq!(hub.members.serving("web-1".parse().unwrap()), Some(newer));
    input(&mut hub, op, &uptime(3, "web-1"));
    assert_eq!(sent(&mut hub, newer), ["call 2"]);
}

#[test]
fn a_third_link_within_a_minute_is_another_machine_with_the_same_id_and_is_told_once() {
    let mut hub = hub();
    serve(&mut hub, "web-1");
    serve(&mut hub, "web-1");
    serve(&mut hub, "web-1");
    while hub.poll_event().is_some() {}
    for _ in 0..2 {
        let answer = ask(&mut hub, "web-1", Purpose::Serve, Now::default());
        assert_eq!(answer, Err(AskRefusal::later(Code::DuplicateId, Some(60))));
    }
    let contested = HubEvent::Contested { peer: "web-1".parse().unwrap() };
    assert_eq!((hub.poll_event(), hub.poll_event()), (Some(contested), None));
    // Whoever calls is not many, and the peer that is there stays.
    let answer = ask(&mut hub, "web-1", Purpose::Operate, Now::default());
    assert!(matches!(answer, Ok(LinkAnswer::Reserved(_))), "{answer:?}");
    let later = Now { mono: Mono::default().after(Duration::from_secs(60)), unix: 60 };
    let answer = ask(&mut hub, "web-1", Purpose::Serve, later);
    assert!(matches!(answer, Ok(LinkAnswer::Reserved(_))), "{answer:?}");
}

#[test]
fn a_peer_that_left_and_came_again_is_one_machine_however_often() {
    let mut hub = hub();
    for _ in 0..9 {
        let link = serve(&mut hub, "web-1");
        hub.gone(link, Now::default());
    }
}

#[test]
fn so_many_sessions_begin_in_a_second_and_one_more_is_told_when_to_come() {
    let limits = Limits { admissions_per_second: 2, ..Limits::default() };
    let mut hub =
        Hub::new(HubConfig { limits, ..HubConfig::default() }, Durable::default(), &Seed([7; 32]));
    join(&mut hub, "a", Purpose::Serve);
    join(&mut hub, "b", Purpose::Operate);
    let no = |retry_after| Err(AskRefusal::later(Code::RateLimited, Some(retry_after)));
    let answers = [(); 4].map(|()| ask(&mut hub, "c", Purpose::Serve, Now::default()));
    assert_eq!(answers, [no(1), no(1), no(2), no(2)]);
    let later = Now { mono: Mono::default().after(Duration::from_secs(1)), unix: 1 };
    assert!(matches!(ask(&mut hub, "c", Purpose::Serve, later), Ok(LinkAnswer::Reserved(_))));
}
