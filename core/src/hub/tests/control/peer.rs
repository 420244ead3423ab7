//! `peer`, and `peers` with what is bound.

use super::*;
use crate::wire::frame::{Argument, ArgumentKind};

fn id(peer: &'static str) -> [(&'static str, Scalar<'static>); 1] {
    [("id", Scalar::Text(peer))]
}

fn argument(name: &str, kind: ArgumentKind, optional: bool) -> Argument {
    Argument { name: name.to_owned(), kind, optional }
}

/// Has a peer register these.
fn register(hub: &mut Hub, link: LinkId, commands: Vec<Command>) {
    input(hub, link, &Frame::Register(Register { commands }));
    assert_eq!(sent(hub, link), ["registered"]);
}

fn command(name: &str, arguments: Vec<Argument>) -> Command {
    Command { name: name.parse().unwrap(), description: format!("does {name}"), arguments }
}

#[test]
fn it_tells_the_binding_the_session_and_each_declared_argument() {
    let mut hub = hub();
    let web = join(&mut hub, "web-1", Purpose::Serve);
    let choices = vec!["nginx".to_owned(), "app".to_owned()];
    let restart = vec![
        argument("unit", ArgumentKind::Choice(choices), false),
        argument("wait", ArgumentKind::Integer, true),
    ];
    register(&mut hub, web, vec![command("restart", restart), command("uptime", Vec::new())]);
    hub.round_trip(web, Duration::from_micros(250));
    join(&mut hub, "web-1", Purpose::Operate);
    let caller = join(&mut hub, "ops", Purpose::Operate);
    let key = PublicKey(["web-1".bytes().fold(0, u8::wrapping_add); 32]);
    let expected = [
        "id=web-1".to_owned(),
        format!("key={}", key.pin()),
        "agent=".to_owned(),
        "ready=true".to_owned(),
        "since=0".to_owned(),
        "state=online".to_owned(),
        "labels={}".to_owned(),
        "method=secret".to_owned(),
        "remote=127.0.0.1".to_owned(),
        "rtt_us=250".to_owned(),
        "serves=true".to_owned(),
        "session=01010101010101010101010101010101".to_owned(),
        "commands={uptime=[] restart=[\
         {name=unit type=choice choices=[nginx app] optional=false} \
         {name=wait type=integer optional=true}]}"
            .to_owned(),
        "operating=1".to_owned(),
        "first_seen=0".to_owned(),
        format!("public_key={key:?}"),
        "descriptions={uptime=does uptime restart=does restart}".to_owned(),
    ];
    let told = say(&mut hub, caller, 1, "peer", &id("web-1")).unwrap();
    assert_eq!(told, format!("{{{}}}", expected.join(" ")));
}

#[test]
fn a_peer_that_only_called_is_known_by_its_binding_and_a_guest_by_its_session() {
    let mut hub = hub();
    let ops = join(&mut hub, "ops", Purpose::Operate);
    let told = say(&mut hub, ops, 1, "peer", &id("ops")).unwrap();
    assert!(told.contains("state=offline") && told.contains("operating=1"), "{told}");
    assert!(told.contains("serves=false") && !told.contains("commands="), "{told}");

    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let (method, identity, evidence) = (Method::Open, None, None);
    let guest = Claim { method, identity, evidence, ..claim("x", 0, Purpose::Serve) };
    let grant = reserve(&mut hub, link, &guest).unwrap();
    assert_eq!(commit(&mut hub, link, &guest, grant), Ok(LinkAnswer::Committed));
    let told = say(&mut hub, ops, 3, "peer", &id("guest-1")).unwrap();
    assert!(told.contains("state=online") && !told.contains("method="), "{told}");
    assert!(told.contains("commands={}"), "{told}");
}

#[test]
fn commands_beyond_a_page_are_left_for_the_next_and_none_is_lost() {
    let mut hub = hub();
    let web = join(&mut hub, "web-1", Purpose::Serve);
    let wide = |n: usize| {
        let choices = (0..40).map(|i| format!("{i:0>500}")).collect();
        command(&format!("c{n:02}"), vec![argument("a", ArgumentKind::Choice(choices), false)])
    };
    register(&mut hub, web, (0..30).map(wide).collect());
    let caller = join(&mut hub, "ops", Purpose::Operate);
    let (mut seen, mut after, mut pages) = (Vec::<String>::new(), None, 0);
    loop {
        let mut arguments = id("web-1").to_vec();
        arguments.extend(after.as_deref().map(|after: &str| ("after", Scalar::Text(after))));
        let told = say(&mut hub, caller, 2 * pages + 1, "peer", &arguments).unwrap();
        let names = told.match_indices("=does ").map(|(at, _)| told[at - 3..at].to_owned());
        seen.extend(names);
        pages += 1;
        if !told.contains("more=true") {
            break;
        }
        after = seen.last().cloned();
    }
    let all: Vec<String> = (0..30).map(|n| format!("c{n:02}")).collect();
    assert_eq!((seen, pages), (all, 3));
}

#[test]
fn choices_that_would_fill_a_page_alone_are_left_out() {
    let mut hub = hub();
    let web = join(&mut hub, "web-1", Purpose::Serve);
    let kind = || ArgumentKind::Choice((0..64).map(|i| format!("{i:0>1000}")).collect());
    let arguments = (0..5).map(|n| argument(&format!("a{n}"), kind(), false)).collect();
    register(&mut hub, web, vec![command("wide", arguments)]);
    let caller = join(&mut hub, "ops", Purpose::Operate);
    let told = say(&mut hub, caller, 1, "peer", &id("web-1")).unwrap();
    assert!(told.contains("{name=a4 type=choice optional=false}"), "{}", told.len());
    assert!(!told.contains("choices="));
}

#[test]
fn an_unknown_peer_and_a_wrong_argument_are_told_apart() {
    let mut hub = hub();
    let caller = join(&mut hub, "ops", Purpose::Operate);
    let cases: [(&[(&str, Scalar<'_>)], &str); 6] = [
        (&id("nobody"), "unknown-peer"),
        (&[], "bad-argument"),
        (&[("id", Scalar::Text("Web 1"))], "bad-argument"),
        (&[("id", Scalar::Integer(1))], "bad-argument"),
        (&[("name", Scalar::Text("ops"))], "bad-argument"),
        (&[("id", Scalar::Text("ops")), ("after", Scalar::Text("A B"))], "bad-argument"),
    ];
    for (n, (arguments, code)) in cases.into_iter().enumerate() {
        let answer = say(&mut hub, caller, 2 * n as u64 + 1, "peer", arguments);
        assert_eq!(answer, Err(code.to_owned()), "{n}");
    }
}

#[test]
fn peers_lists_who_is_bound_with_the_binding_where_that_is_asked_for() {
    let mut hub = hub();
    serve(&mut hub, "web-1");
    let caller = join(&mut hub, "ops", Purpose::Operate);
    let plain = say(&mut hub, caller, 1, "peers", &[]).unwrap();
    assert!(!plain.contains("ops") && !plain.contains("method="), "{plain}");
    let bound = [("which", Scalar::Text("bound"))];
    let all = say(&mut hub, caller, 3, "peers", &bound).unwrap();
    assert!(all.starts_with("[{id=ops key=sha256/"), "{all}");
    assert!(all.contains("serves=false") && all.contains(" {id=web-1 key=sha256/"), "{all}");
    let after = [bound[0], ("after", Scalar::Text("ops"))];
    let rest = say(&mut hub, caller, 5, "peers", &after).unwrap();
    assert!(!rest.contains("id=ops") && rest.contains("id=web-1"), "{rest}");
    let served = [("which", Scalar::Text("served"))];
    assert_eq!(say(&mut hub, caller, 7, "peers", &served), Ok(plain));
    let wrong = [("which", Scalar::Text("all"))];
    let refused = say(&mut hub, caller, 9, "peers", &wrong);
    assert_eq!(refused, Err("bad-argument".to_owned()));
}
