//! `calls`, `call` and `cancel-call`: every key, whose calls they are, pages, and what is no
//! argument.

use super::detached::{detached, name};
use super::fanout::everyone;
use super::listing::spelled;
use super::*;
use crate::capability::Capability;
use crate::wire::value::{ArgumentsBuf, Labels, Scalar};

/// Asks the hub, as the link's call of this id; the answer as text.
fn ask(
    hub: &mut Hub,
    link: LinkId,
    id: u64,
    command: &str,
    named: &[(&str, &str)],
) -> Result<String, Code> {
    let mut arguments = ArgumentsBuf::default();
    for (key, value) in named {
        arguments.named(key, Scalar::Text(value)).unwrap();
    }
    ask_with(hub, link, id, command, &arguments)
}

fn ask_with(
    hub: &mut Hub,
    link: LinkId,
    id: u64,
    command: &str,
    arguments: &ArgumentsBuf,
) -> Result<String, Code> {
    let (target, name, delivery) = (Target::Hub, command.parse().unwrap(), Default::default());
    let (id, arguments) = (CallId(id), arguments.as_arguments());
    let call = Call { id, target, name, arguments, deadline_ms: 1000, window: 0, delivery };
    sent(hub, link);
    input(hub, link, &Frame::Call(call));
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let Some(Frame::Result(result)) = outbox.front() else { panic!("no result") };
    match result.status {
        Status::Failed(code) => Err(code),
        _ => Ok(spelled(&result.value.unwrap())),
    }
}

/// The ids that `calls` lists.
fn listed(hub: &mut Hub, link: LinkId, id: u64, after: Option<&str>) -> Vec<String> {
    let after: Vec<_> = after.map(|after| ("after", after)).into_iter().collect();
    let answer = ask(hub, link, id, "calls", &after).unwrap();
    let ids = answer.split('{').skip(1).map(|entry| entry.split(' ').next().unwrap());
    ids.map(|id| id.strip_prefix("id=").unwrap().to_owned()).collect()
}

fn at(hub: &mut Hub, unix: u64, link: LinkId, frame: &Frame<'_>) {
    hub.input(link, frame, Now { mono: Mono::default(), unix });
}

fn says(hub: &mut Hub, link: LinkId, id: u64, source: Stream, bytes: &[u8]) {
    let peer = "liar".parse().unwrap();
    input(hub, link, &Frame::Output(Output { id: CallId(id), peer, source, offset: 0, bytes }));
}

#[test]
fn a_call_is_listed_while_it_runs_and_after_its_end() {
    let mut hub = hub();
    let links = ["a", "b"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    at(&mut hub, 100, op, &uptime(1, "a"));
    at(&mut hub, 101, op, &everyone(3, 100));
    at(&mut hub, 102, op, &detached(5, Target::Peer("b".parse().unwrap())));
    at(&mut hub, 103, links[0], &result(4));
    let running = |id, target, delivery, started, answered, targets| {
        format!(
            "{{id={id} state=running caller=op failed=0 target={target} command=uptime \
             missing=0 started={started} targets={targets} answered={answered} \
             delivery={delivery}}}"
        )
    };
    assert_eq!(
        ask(&mut hub, op, 7, "calls", &[]).unwrap(),
        format!(
            "[{} {} {}]",
            running("7-1", "a", "attached", 100, 0, 1),
            running("7-2", "all", "attached", 101, 1, 2),
            running("7-3", "b", "detached", 102, 0, 1),
        )
    );
    at(&mut hub, 110, links[0], &result(2));
    let failed = Status::Exited(1);
    let wrong = CallResult { id: CallId(2), peer: None, status: failed, value: None, text: "" };
    at(&mut hub, 111, links[1], &Frame::Result(wrong));
    hub.gone(links[1], Now { mono: Mono::default(), unix: 112 });
    let ended = |id, target, delivery, started, ended, (answered, failed, missing)| {
        let targets = answered + failed + missing;
        format!(
            "{{id={id} ended={ended} state=ended caller=op failed={failed} target={target} \
             command=uptime missing={missing} started={started} targets={targets} \
             answered={answered} delivery={delivery}}}"
        )
    };
    assert_eq!(
        ask(&mut hub, op, 9, "calls", &[]).unwrap(),
        format!(
            "[{} {} {}]",
            ended("7-1", "a", "attached", 100, 110, (1, 0, 0)),
            ended("7-2", "all", "attached", 101, 111, (1, 1, 0)),
            ended("7-3", "b", "detached", 102, 112, (0, 0, 1)),
        )
    );
}

#[test]
fn a_call_shows_how_it_ended_on_each_peer_and_what_was_kept() {
    let limits = Limits { kept_output_per_leg: 4, ..Limits::default() };
    let mut hub = hub_with(limits, Role::Member);
    let gone = serve(&mut hub, "d");
    hub.gone(gone, Now::default());
    let links = ["a", "b", "c"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &detached(1, Target::All));
    assert_eq!(name(&mut hub, op).unwrap(), "7-1");
    says(&mut hub, links[0], 2, Stream::Out, b"hello");
    says(&mut hub, links[0], 2, Stream::Err, b"!");
    input(&mut hub, links[0], &result(2));
    let (id, peer, value) = (CallId(2), None, None);
    let status = Status::Failed(Code::NotStarted);
    let text = "no such file";
    input(&mut hub, links[1], &Frame::Result(CallResult { id, peer, status, value, text }));
    let shown = ask(&mut hub, op, 3, "call", &[("id", "7-1")]).unwrap();
    let peers = " peers=[{err=! out=ello exit=0 peer=a status=exited out_dropped=1} \
                 {code=not-started peer=b text=no such file status=failed} \
                 {peer=c status=running} \
                 {code=offline peer=d text=The peer is not connected. status=failed}] ";
    for part in ["{id=7-1 ", peers, " state=running ", " targets=4 ", " missing=1 "] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let rest = ask(&mut hub, op, 5, "call", &[("id", "7-1"), ("after", "c")]).unwrap();
    assert!(rest.contains("peer=d") && !rest.contains("peer=c"), "{rest}");
}

#[test]
fn an_attached_call_shows_its_peers_while_it_runs_and_one_for_one_peer_afterwards() {
    let mut hub = hub();
    let links = ["a", "b"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "a"));
    input(&mut hub, op, &everyone(3, 100));
    let shown = |hub: &mut Hub, id, call| {
        let shown = ask(hub, op, id, "call", &[("id", call)]).unwrap();
        shown.split_once("peers=").map(|(_, peers)| peers.split(']').next().unwrap().to_owned())
    };
    assert_eq!(shown(&mut hub, 5, "7-1").unwrap(), "[{peer=a status=running}");
    input(&mut hub, links[1], &result(2));
    let both = "[{peer=a status=running} {exit=0 peer=b status=exited}";
    assert_eq!(shown(&mut hub, 7, "7-2").unwrap(), both);
    input(&mut hub, links[0], &result(4));
    assert_eq!(shown(&mut hub, 9, "7-2"), None, "only its counts are known");
    let (id, peer, value, text) = (CallId(2), None, None, "");
    let status = Status::Signalled(9);
    input(&mut hub, links[0], &Frame::Result(CallResult { id, peer, status, value, text }));
    assert_eq!(shown(&mut hub, 11, "7-1").unwrap(), "[{peer=a signal=9 status=signalled}");
}

#[test]
fn the_target_of_a_call_for_labels_is_a_map() {
    let mut hub = hub();
    let op = join(&mut hub, "op", Purpose::Operate);
    let tests = [("role".to_owned(), "web".to_owned())].into();
    let bytes = Labels::encode(&tests).unwrap();
    let name = "uptime".parse().unwrap();
    let target = Target::Labels(Labels::parse(&bytes).unwrap());
    let (id, arguments, delivery) = (CallId(1), Default::default(), Default::default());
    let call = Call { id, target, name, arguments, deadline_ms: 1000, window: 0, delivery };
    input(&mut hub, op, &Frame::Call(call));
    let listed = ask(&mut hub, op, 3, "calls", &[]).unwrap();
    assert!(listed.contains("target={role=web}"), "{listed}");
}

#[test]
fn a_peer_knows_of_its_own_calls_and_an_administrator_of_all() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let (one, two) = (join(&mut hub, "a", Purpose::Operate), join(&mut hub, "b", Purpose::Operate));
    let again = join(&mut hub, "a", Purpose::Operate);
    input(&mut hub, one, &uptime(1, "web-1"));
    input(&mut hub, one, &detached(3, Target::All));
    input(&mut hub, two, &uptime(1, "web-1"));
    input(&mut hub, one, &uptime(5, "web-1"));
    input(&mut hub, web, &result(8));
    assert_eq!(listed(&mut hub, one, 7, None), ["7-1", "7-2", "7-4"]);
    assert_eq!(listed(&mut hub, again, 1, None), ["7-1", "7-2", "7-4"], "another session");
    assert_eq!(listed(&mut hub, two, 3, None), ["7-3"]);
    for (n, id) in ["7-1", "7-2", "7-4", "7-9", "6-3"].into_iter().enumerate() {
        for (m, command) in ["call", "cancel-call"].into_iter().enumerate() {
            let answer = ask(&mut hub, two, (4 * n + 2 * m + 5) as u64, command, &[("id", id)]);
            assert_eq!(answer, Err(Code::UnknownCall), "{command} {id}");
        }
    }
    assert_eq!(sent(&mut hub, web), ["call 2", "call 4", "input 4", "call 6", "call 8"]);
    let live = hub.links.session_mut(two).unwrap();
    live.capabilities = live.capabilities.iter().chain([Capability::PeerAdmin]).collect();
    assert_eq!(listed(&mut hub, two, 101, None), ["7-1", "7-2", "7-3", "7-4"]);
    assert!(ask(&mut hub, two, 103, "call", &[("id", "7-2")]).is_ok());
}

#[test]
fn who_has_an_id_that_was_freed_knows_nothing_of_the_calls_of_the_one_before() {
    let mut hub = hub();
    serve(&mut hub, "web-1");
    let before = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, before, &detached(1, Target::All));
    assert_eq!(listed(&mut hub, before, 3, None), ["7-1"]);
    let admin = join(&mut hub, "admin", Purpose::Operate);
    hub.control((admin, CallId(1))).forgotten("op".parse().unwrap(), true);
    hub.gone(before, Now::default());
    let after = join(&mut hub, "op", Purpose::Operate);
    assert_eq!(listed(&mut hub, after, 1, None), [] as [String; 0]);
    assert_eq!(ask(&mut hub, after, 3, "call", &[("id", "7-1")]), Err(Code::UnknownCall));
    input(&mut hub, after, &detached(5, Target::All));
    assert_eq!(listed(&mut hub, after, 7, None), ["7-2"]);
    hub.calls.assert_counted();
}

#[test]
fn a_call_is_cancelled_once_by_whoever_may() {
    let mut hub = hub();
    let web = serve(&mut hub, "web-1");
    let (op, again) =
        (join(&mut hub, "op", Purpose::Operate), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    input(&mut hub, op, &detached(3, Target::All));
    input(&mut hub, op, &everyone(5, 100));
    sent(&mut hub, web);
    for (n, (id, frame)) in
        [("7-1", "cancel 2"), ("7-2", "cancel 4"), ("7-3", "cancel 6")].into_iter().enumerate()
    {
        let call =
            |hub: &mut Hub, m| ask(hub, again, (4 * n + m) as u64, "cancel-call", &[("id", id)]);
        assert_eq!(call(&mut hub, 1), Ok("true".to_owned()));
        let mut outbox = Outbox::default();
        hub.take_outbox(web, &mut outbox);
        let Some(Frame::Cancel(cancel)) = outbox.front() else { panic!("no cancel") };
        assert_eq!(
            (format!("cancel {}", cancel.id), cancel.reason),
            (frame.into(), "op cancelled the call")
        );
        assert_eq!(call(&mut hub, 3), Ok("true".to_owned()), "it runs until its runner ends it");
        assert_eq!(sent(&mut hub, web), [] as [String; 0]);
    }
    for id in [2, 4, 6] {
        input(&mut hub, web, &result(id));
    }
    for (n, id) in ["7-1", "7-2", "7-3"].into_iter().enumerate() {
        let answer = ask(&mut hub, op, 2 * n as u64 + 7, "cancel-call", &[("id", id)]);
        assert_eq!(answer, Ok("false".to_owned()), "it has ended");
    }
}

#[test]
fn as_many_ended_calls_are_listed_as_the_limit_says_and_no_more() {
    let mut hub = hub_with(Limits { ended_calls: 2, ..Limits::default() }, Role::Member);
    let web = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    for n in 0..2 {
        input(&mut hub, op, &uptime(2 * n + 1, "web-1"));
        input(&mut hub, web, &result(2 * n + 2));
    }
    assert_eq!(listed(&mut hub, op, 101, None), ["7-1", "7-2"], "n");
    input(&mut hub, op, &everyone(5, 100));
    input(&mut hub, web, &result(6));
    assert_eq!(listed(&mut hub, op, 103, None), ["7-2", "7-3"], "n + 1");
}

#[test]
fn pages_of_calls_follow_each_other_without_a_gap_and_end_with_an_empty_one() {
    let mut hub = hub_with(Limits { open_calls: 3000, ..Limits::default() }, Role::Member);
    serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    for n in 0..3000 {
        input(&mut hub, op, &uptime(2 * n + 1, "web-1"));
    }
    let (mut seen, mut pages) = (Vec::<String>::new(), 0);
    loop {
        let last = seen.last().cloned();
        let page = listed(&mut hub, op, 10_001 + 2 * pages, last.as_deref());
        if page.is_empty() {
            break;
        }
        pages += 1;
        seen.extend(page);
    }
    let all: Vec<_> = (1..=3000).map(|n| format!("7-{n}")).collect();
    assert_eq!(seen, all);
    assert!(pages > 1, "{pages}");
}

#[test]
fn pages_of_a_calls_peers_follow_each_other_within_a_message() {
    let mut hub = hub();
    let links: Vec<_> = (0..9).map(|n| serve(&mut hub, &format!("p{n}"))).collect();
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &detached(1, Target::All));
    for &link in &links {
        says(&mut hub, link, 2, Stream::Out, &[b'x'; 64 << 10]);
        says(&mut hub, link, 2, Stream::Err, &[b'x'; 64 << 10]);
    }
    let (mut last, mut seen) = (None, 0);
    for n in 1.. {
        let mut arguments = vec![("id", "7-1".to_owned())];
        arguments.extend(last.map(|last: usize| ("after", format!("p{last}"))));
        let arguments: Vec<_> = arguments.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let page = ask(&mut hub, op, 2 * n + 1, "call", &arguments).unwrap();
        let peers = page.matches("peer=").count();
        if peers == 0 {
            break;
        }
        assert!(page.len() < 700 << 10, "{}", page.len());
        assert!(page.contains(&format!("peer=p{seen} ")), "the next one");
        seen += peers;
        last = Some(seen - 1);
    }
    assert_eq!(seen, 9);
}

#[test]
fn anything_but_the_named_texts_is_a_bad_argument() {
    let mut hub = hub();
    let op = join(&mut hub, "op", Purpose::Operate);
    let build = |add: &dyn Fn(&mut ArgumentsBuf)| {
        let mut arguments = ArgumentsBuf::default();
        add(&mut arguments);
        arguments
    };
    let positional = build(&|a| drop(a.push_text("7-1")));
    let number = build(&|a| drop(a.named("id", Scalar::Integer(7))));
    let unknown = build(&|a| drop(a.named("name", Scalar::Text("7-1"))));
    let none = ArgumentsBuf::default();
    let id = build(&|a| drop(a.named("id", Scalar::Text("7-1"))));
    let nonsense = build(&|a| drop(a.named("id", Scalar::Text("nonsense"))));
    let after = build(&|a| drop(a.named("after", Scalar::Text("Not one"))));
    let both = build(&|a| {
        drop(a.named("id", Scalar::Text("7-1")));
        drop(a.named("after", Scalar::Text("Not one")));
    });
    let wrong = [
        ("calls", vec![&positional, &number, &unknown, &id, &after, &both]),
        ("call", vec![&positional, &number, &unknown, &none, &nonsense, &after, &both]),
        ("cancel-call", vec![&positional, &number, &unknown, &none, &nonsense, &after, &both]),
    ];
    let mut id = 1;
    for (command, wrong) in wrong {
        for (n, arguments) in wrong.into_iter().enumerate() {
            let answer = ask_with(&mut hub, op, id, command, arguments);
            assert_eq!(answer, Err(Code::BadArgument), "{command} {n}");
            id += 2;
        }
    }
}

/// Why a link's runner is told to stop, once what was sent before is out of the way.
fn told_to_stop(hub: &mut Hub, link: LinkId) -> String {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    loop {
        match outbox.front() {
            Some(Frame::Cancel(cancel)) => return cancel.reason.to_owned(),
            Some(_) => outbox.pop(),
            None => panic!("nothing tells it to stop"),
        }
    }
}

#[test]
fn a_runner_is_told_why_it_is_to_stop() {
    for name in ["one", "all"] {
        for (what, reason) in [
            ("deadline", "the call's deadline passed"),
            ("gone", "the caller is gone"),
            ("credit", "the caller asked for more output than it has credit for"),
        ] {
            let mut hub = hub();
            let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
            let target = match name {
                "one" => Target::Peer("web-1".parse().unwrap()),
                _ => Target::All,
            };
            input(&mut hub, op, &call(1, target, "uptime", 1000));
            while hub.work(Now::default()) {}
            match what {
                "deadline" => {
                    let at = hub.poll_timeout().unwrap();
                    hub.handle_timeout(Now { mono: at, unix: 0 });
                }
                "gone" => hub.gone(op, Now::default()),
                _ => input(&mut hub, op, &window(1, u64::from(u32::MAX))),
            }
            while hub.work(Now::default()) {}
            assert_eq!(told_to_stop(&mut hub, web), reason, "{name}: {what}");
        }
    }
}
