//! `peers`: every key of an entry, pages, and what is no argument of it.

use super::*;
use crate::random::Seed;
use crate::wire::Value;
use crate::wire::value::{ArgumentsBuf, Scalar};

/// Asks, and gives the entries of the answer as text.
fn ask(
    hub: &mut Hub,
    link: LinkId,
    id: u64,
    arguments: &ArgumentsBuf,
) -> Result<Vec<String>, Code> {
    let name = "peers".parse().unwrap();
    let arguments = arguments.as_arguments();
    let (id, target, delivery) = (CallId(id), Target::Hub, Default::default());
    let call = Call { id, target, name, arguments, deadline_ms: 1000, window: 0, delivery };
    input(hub, link, &Frame::Call(call));
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let Some(Frame::Result(result)) = outbox.front() else { panic!("no result") };
    if let Status::Failed(code) = result.status {
        return Err(code);
    }
    Ok(result.value.unwrap().items().unwrap().map(|entry| spelled(&entry)).collect())
}

pub(super) fn spelled(value: &Value<'_>) -> String {
    if let Some(entries) = value.entries() {
        let entries: Vec<_> = entries.map(|(key, v)| format!("{key}={}", spelled(&v))).collect();
        return format!("{{{}}}", entries.join(" "));
    }
    if let Some(items) = value.items() {
        let items: Vec<_> = items.map(|item| spelled(&item)).collect();
        return format!("[{}]", items.join(" "));
    }
    match value.scalar() {
        Some(Scalar::Text(text)) => text.to_owned(),
        Some(Scalar::Integer(number)) => number.to_string(),
        Some(Scalar::Boolean(yes)) => yes.to_string(),
        Some(Scalar::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("{other:?} in a listing"),
    }
}

/// As long as an id may be, so that a few thousand fill pages.
fn id(n: usize) -> String {
    format!("p{n:063}")
}

fn bound(n: usize, serves: bool) -> Binding {
    let peer = id(n).parse().unwrap();
    let key = PublicKey([1; 32]);
    Binding { peer, key, method: Method::Secret, first_seen: 0, serves }
}

#[test]
fn an_entry_says_all_that_the_hub_knows_of_a_peer() {
    let mut hub = hub();
    let gone = serve(&mut hub, "gone");
    hub.links.session_mut(gone).unwrap().claimed = [("role".to_owned(), "web".to_owned())].into();
    hub.gone(gone, Now { mono: Mono::default(), unix: 77 });
    join(&mut hub, "mute", Purpose::Serve);
    let web = serve(&mut hub, "web-1");
    hub.round_trip(web, Duration::from_micros(250));
    let op = join(&mut hub, "op", Purpose::Operate);
    let listed = ask(&mut hub, op, 1, &ArgumentsBuf::default()).unwrap();
    let session = "session=01010101010101010101010101010101";
    let expected = [
        "{id=gone since=77 state=offline claimed={role=web}}".to_owned(),
        format!(
            "{{id=mute agent= ready=false since=0 state=online labels={{}} \
             remote=127.0.0.1 {session} commands=[]}}"
        ),
        format!(
            "{{id=web-1 agent= ready=true since=0 state=online labels={{}} \
             remote=127.0.0.1 rtt_us=250 {session} commands=[uptime]}}"
        ),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn pages_follow_each_other_without_a_gap_and_end_with_an_empty_one() {
    let known = (0..9_000).map(|n| bound(n, n % 10 != 0));
    let mut hub = Hub::new(HubConfig::default(), Durable::bound(known), &Seed([7; 32]));
    let op = join(&mut hub, "op", Purpose::Operate);
    let (mut seen, mut pages) = (Vec::<String>::new(), Vec::new());
    loop {
        let mut arguments = ArgumentsBuf::default();
        if let Some(last) = seen.last() {
            arguments.named("after", Scalar::Text(last)).unwrap();
        }
        let id = 2 * pages.len() as u64 + 1;
        let page = ask(&mut hub, op, id, &arguments).unwrap();
        pages.push(page.len());
        let ids = page.iter().map(|entry| entry["{id=".len()..][..64].to_owned());
        seen.extend(ids);
        if page.is_empty() {
            break;
        }
    }
    let all: Vec<_> = (0..9_000).filter(|n| n % 10 != 0).map(id).collect();
    assert_eq!(seen, all);
    assert!(pages.len() > 2, "{pages:?}");
}

#[test]
fn anything_but_after_and_a_peer_id_is_a_bad_argument() {
    let mut hub = hub();
    let op = join(&mut hub, "op", Purpose::Operate);
    let build = |add: &dyn Fn(&mut ArgumentsBuf)| {
        let mut arguments = ArgumentsBuf::default();
        add(&mut arguments);
        arguments
    };
    let wrong = [
        build(&|a| drop(a.push_text("web-1"))),
        build(&|a| drop(a.named("before", Scalar::Text("web-1")))),
        build(&|a| drop(a.named("after", Scalar::Text("Web 1")))),
        build(&|a| drop(a.named("after", Scalar::Boolean(true)))),
    ];
    for (n, arguments) in wrong.iter().enumerate() {
        let id = 2 * n as u64 + 1;
        assert_eq!(ask(&mut hub, op, id, arguments), Err(Code::BadArgument), "{n}");
    }
}
