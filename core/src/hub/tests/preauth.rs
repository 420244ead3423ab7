//! Who is let as far as Hello, and what those are told who are not.

use proptest::prelude::*;

use super::*;
use crate::arrival::{Arrival, ProxyPath, RejectReason, TurnedAway};
use crate::forwarded::Forwarded;
use crate::hub::preauth::{Counted, Rejection};
use crate::random::Seed;

fn at(seconds: u64) -> Now {
    Now { mono: Mono::default().after(Duration::from_secs(seconds)), unix: seconds }
}

fn hub_of(limits: Limits, allow: &[&str], proxies: &[&str]) -> Hub {
    let networks = |list: &[&str]| list.iter().map(|net| net.parse().unwrap()).collect();
    let (allow_ips, trusted_proxies) = (networks(allow), networks(proxies));
    Hub::new(
        HubConfig { limits, allow_ips, trusted_proxies, ..HubConfig::default() },
        Durable::default(),
        &Seed([7; 32]),
    )
}

/// A connection that comes, and asks to go on with this header, or none.
fn intake_for(
    hub: &mut Hub,
    from: &str,
    header: Option<&str>,
    now: Now,
) -> (LinkId, Result<ProxyPath, TurnedAway>) {
    let link = hub.arrive(source(from), now).unwrap();
    let lines: Vec<_> = header.iter().map(|header| header.as_bytes()).collect();
    let arrival = Arrival { forwarded: Forwarded::read(&lines) };
    match hub.answer(link, &LinkAsk::Arrive(arrival), now) {
        Ok(LinkAnswer::Arrived(way)) => (link, Ok(way)),
        Ok(LinkAnswer::TurnedAway(away)) => (link, Err(away)),
        other => panic!("{other:?}"),
    }
}

fn intake(hub: &mut Hub, from: &str) -> Result<LinkId, TurnedAway> {
    let (link, way) = intake_for(hub, from, None, at(0));
    way.map(|_| link)
}

fn away(why: RejectReason, source: &str, retry_after: Option<u64>) -> TurnedAway {
    TurnedAway { why, source: source.parse().unwrap(), retry_after }
}

#[test]
fn pending_links_are_bounded_in_total_and_from_one_64() {
    let limits = Limits { pending: 3, pending_per_source: 2, ..Limits::default() };
    let mut hub = hub_of(limits, &[], &[]);
    let first = intake(&mut hub, "[2001:db8::1]:1").unwrap();
    intake(&mut hub, "[2001:db8::2]:1").unwrap();
    let crowded = away(RejectReason::Pending, "2001:db8::3", Some(15));
    assert_eq!(intake(&mut hub, "[2001:db8::3]:1"), Err(crowded));
    assert_eq!(crowded.why.code(), Code::RateLimited);
    intake(&mut hub, "192.0.2.1:1").unwrap();
    let full = away(RejectReason::Full, "192.0.2.2", Some(15));
    assert_eq!(intake(&mut hub, "192.0.2.2:1"), Err(full));
    assert_eq!(full.why.code(), Code::Full);
    hub.gone(first, at(0));
    assert!(intake(&mut hub, "192.0.2.2:1").is_ok());
}

#[test]
fn an_admitted_link_is_no_longer_pending() {
    let limits = Limits { pending: 1, pending_per_source: 1, ..Limits::default() };
    let mut hub = hub_of(limits, &[], &[]);
    for name in ["a", "b", "c"] {
        join(&mut hub, name, Purpose::Operate);
    }
    intake(&mut hub, "127.0.0.1:1").unwrap();
    assert!(intake(&mut hub, "127.0.0.1:1").is_err());
}

#[test]
fn strangers_do_not_keep_local_links_out_nor_local_links_strangers() {
    let limits = Limits { pending: 1, pending_per_source: 1, ..Limits::default() };
    let mut hub = hub_of(limits, &["192.0.2.0/24"], &[]);
    let local = |hub: &mut Hub| {
        let link = hub.arrive(Source::Local, at(0)).unwrap();
        let arrive = LinkAsk::Arrive(Arrival::default());
        assert_eq!(hub.answer(link, &arrive, at(0)), Ok(LinkAnswer::Arrived(ProxyPath::Direct)));
    };
    (0..4).for_each(|_| local(&mut hub));
    intake(&mut hub, "192.0.2.1:1").unwrap();
    assert_eq!(intake(&mut hub, "192.0.2.2:1").unwrap_err().why, RejectReason::Full);
    local(&mut hub);
}

#[test]
fn as_many_as_the_bound_are_told_that_they_are_turned_away_and_the_next_is_closed() {
    let limits = Limits { turned_away: 2, pending: 1, ..Limits::default() };
    let mut hub = hub_of(limits, &["192.0.2.1"], &[]);
    let (first, said) = intake_for(&mut hub, "192.0.2.2:1", None, at(0));
    assert_eq!(said, Err(away(RejectReason::NotAllowed, "192.0.2.2", None)));
    intake(&mut hub, "192.0.2.2:1").unwrap_err();
    let closed = hub.arrive(source("192.0.2.3:1"), at(0));
    assert_eq!(closed, Err(AskRefusal::later(Code::AddressNotAllowed, None)));
    hub.gone(first, at(0));
    intake(&mut hub, "192.0.2.3:1").unwrap_err();
    assert!(hub.arrive(source("192.0.2.3:1"), at(0)).is_err());
    // They take nothing from those who may come.
    intake(&mut hub, "192.0.2.1:1").unwrap();
}

#[test]
fn one_that_is_turned_away_is_never_admitted() {
    let mut hub = hub_of(Limits::default(), &["192.0.2.1"], &["10.0.0.1"]);
    let claim = claim("web-1", 1, Purpose::Serve);
    let (away, _) = intake_for(&mut hub, "192.0.2.2:1", None, at(0));
    let (carried, said) = intake_for(&mut hub, "10.0.0.1:1", Some("192.0.2.2"), at(0));
    assert!(said.is_err());
    let unasked = hub.arrive(source("10.0.0.1:2"), at(0)).unwrap();
    for link in [away, carried, unasked] {
        assert_eq!(reserve(&mut hub, link, &claim).unwrap_err().code, Code::Refused);
    }
}

#[test]
fn an_address_list_lets_in_who_is_on_it_and_tells_the_others_how_they_were_seen() {
    let mut hub = hub_of(Limits::default(), &["192.0.2.0/24", "2001:db8::/32"], &[]);
    for allowed in ["192.0.2.255:1", "[::ffff:192.0.2.1]:1", "[2001:db8:1::1]:1"] {
        intake(&mut hub, allowed).unwrap();
    }
    for (other, seen) in [
        ("192.0.3.0:1", "192.0.3.0"),
        ("[::ffff:192.0.3.1]:1", "192.0.3.1"),
        ("[2001:db9::1]:1", "2001:db9::1"),
        ("127.0.0.1:1", "127.0.0.1"),
    ] {
        let said = intake(&mut hub, other).unwrap_err();
        assert_eq!(said, away(RejectReason::NotAllowed, seen, None));
        assert_eq!(said.why.code(), Code::AddressNotAllowed);
        assert_eq!(said.to_string(), format!("This hub takes no connection from {seen}."));
    }
}

#[test]
fn a_header_counts_from_a_trusted_proxy_only() {
    let mut hub = hub_of(Limits::default(), &["203.0.113.0/24"], &["10.0.0.0/8"]);
    let carried = Some("198.51.100.1, 203.0.113.7");
    let (link, way) = intake_for(&mut hub, "10.0.0.1:9", carried, at(0));
    assert_eq!((way, hub.source(link)), (Ok(ProxyPath::Proxied), Some(source("203.0.113.7:0"))));
    // The proxy itself is not allowed, and nobody becomes somebody else by saying so.
    let (_, way) = intake_for(&mut hub, "10.0.0.1:9", None, at(0));
    assert_eq!(way, Err(away(RejectReason::NotAllowed, "10.0.0.1", None)));
    let (_, way) = intake_for(&mut hub, "198.51.100.1:9", Some("203.0.113.7"), at(0));
    assert_eq!(way, Err(away(RejectReason::NotAllowed, "198.51.100.1", None)));
    let (link, way) = intake_for(&mut hub, "203.0.113.8:9", Some("203.0.113.7"), at(0));
    assert_eq!((way, hub.source(link)), (Ok(ProxyPath::Direct), Some(source("203.0.113.8:9"))));
}

#[test]
fn one_client_of_a_proxy_does_not_use_up_what_belongs_to_all_and_the_total_holds() {
    let limits = Limits { pending: 4, pending_per_source: 2, ..Limits::default() };
    let mut hub = hub_of(limits, &[], &["10.0.0.1"]);
    let mut carried = |header| intake_for(&mut hub, "10.0.0.1:1", Some(header), at(0));
    assert_eq!(carried("203.0.113.1").1, Ok(ProxyPath::Proxied));
    assert_eq!(carried("203.0.113.1").1, Ok(ProxyPath::Proxied));
    let (third, crowded) = carried("203.0.113.1");
    assert_eq!(crowded, Err(away(RejectReason::Pending, "203.0.113.1", Some(15))));
    let (last, way) = carried("203.0.113.2");
    assert_eq!(way, Ok(ProxyPath::Proxied));
    // The one that is turned away has yet to go; until then it counts in the total.
    assert_eq!(carried("203.0.113.3").1, Err(away(RejectReason::Full, "10.0.0.1", Some(15))));
    hub.gone(third, at(0));
    let (_, way) = intake_for(&mut hub, "10.0.0.1:1", None, at(0));
    assert_eq!(way, Ok(ProxyPath::Beside));
    hub.gone(last, at(0));
    assert!(intake(&mut hub, "203.0.113.1:5").is_err(), "two are pending, carried or not");
}

#[test]
fn a_source_that_failed_too_often_waits_and_harms_no_other() {
    let limits = Limits { failures_per_minute: 2, ..Limits::default() };
    let mut hub = hub_of(limits, &[], &["10.0.0.1"]);
    let admitted = join(&mut hub, "web-1", Purpose::Serve);
    let waiting = intake(&mut hub, "127.0.0.1:5").unwrap();
    for _ in 0..2 {
        let link = intake(&mut hub, "127.0.0.1:1").unwrap();
        hub.failed(link, at(0));
        hub.gone(link, at(0));
    }
    let said = intake(&mut hub, "127.0.0.1:1").unwrap_err();
    assert_eq!(said, away(RejectReason::Failures, "127.0.0.1", Some(30)));
    assert_eq!(said.why.code(), Code::RateLimited);
    // Also for one that had come before, and by way of a proxy; for nobody else.
    let ask = LinkAsk::Arrive(Arrival::default());
    assert!(matches!(hub.answer(waiting, &ask, at(0)), Ok(LinkAnswer::TurnedAway(_))));
    assert!(intake_for(&mut hub, "10.0.0.1:1", Some("127.0.0.1"), at(0)).1.is_err());
    assert!(intake(&mut hub, "127.0.0.2:1").is_ok());
    assert!(hub.links.session(admitted).is_some());
    input(&mut hub, admitted, &uptime(1, "nobody"));
    assert_eq!(sent(&mut hub, admitted), ["result 1 unknown-peer"]);
    // The wait was true, to the second.
    assert!(intake_for(&mut hub, "127.0.0.1:1", None, at(29)).1.is_err());
    assert!(intake_for(&mut hub, "127.0.0.1:1", None, at(30)).1.is_ok());
}

#[test]
fn failures_count_for_whom_a_proxy_carries_and_not_for_the_proxy() {
    let limits = Limits { failures_per_minute: 1, ..Limits::default() };
    let mut hub = hub_of(limits, &[], &["10.0.0.1"]);
    let (link, _) = intake_for(&mut hub, "10.0.0.1:1", Some("203.0.113.1"), at(0));
    hub.failed(link, at(0));
    // One that fails before it has said for whom it is carried counts for nobody.
    let unknown = hub.arrive(source("10.0.0.1:2"), at(0)).unwrap();
    hub.failed(unknown, at(0));
    assert!(intake_for(&mut hub, "10.0.0.1:1", Some("203.0.113.1"), at(0)).1.is_err());
    assert!(intake_for(&mut hub, "10.0.0.1:1", Some("203.0.113.2"), at(0)).1.is_ok());
    assert!(intake_for(&mut hub, "10.0.0.1:1", None, at(0)).1.is_ok());
}

#[test]
fn whoever_changes_its_address_within_a_64_stays_the_same_source() {
    let limits = Limits { failures_per_minute: 2, ..Limits::default() };
    let mut hub = hub_of(limits, &[], &[]);
    for n in 0..2 {
        let link = intake(&mut hub, &format!("[2001:db8:0:1::{n}]:1")).unwrap();
        hub.failed(link, at(0));
    }
    assert!(intake(&mut hub, "[2001:db8:0:1:ffff::]:1").is_err());
    assert!(intake(&mut hub, "[2001:db8:0:2::]:1").is_ok());
}

#[test]
fn a_flood_is_told_as_its_first_and_then_as_a_number_once_a_minute() {
    let limits = Limits { turned_away: 3, ..Limits::default() };
    let mut hub = hub_of(limits, &["192.0.2.1"], &[]);
    let told = |hub: &mut Hub| {
        let mut counts = Vec::new();
        while let Some(HubEvent::TurnedAway { source, why, count }) = hub.poll_event() {
            assert_eq!(
                (source, why),
                (Some("2001:db8::".parse().unwrap()), RejectReason::NotAllowed)
            );
            counts.push(count);
        }
        counts
    };
    for n in 0..100 {
        let _ = hub.arrive(source(&format!("[2001:db8::{n}]:1")), at(0));
    }
    assert_eq!(told(&mut hub), [1]);
    assert_eq!(hub.poll_timeout(), Some(at(60).mono));
    hub.handle_timeout(at(59));
    assert!(told(&mut hub).is_empty());
    hub.handle_timeout(at(60));
    hub.handle_timeout(at(60));
    assert_eq!(told(&mut hub), [99], "those that were closed at once too");
    assert_eq!(hub.poll_timeout(), Some(at(120).mono));
    hub.handle_timeout(at(120));
    assert!(told(&mut hub).is_empty());
    assert_eq!(hub.poll_timeout(), None);
    // A hub that stops tells what is left.
    for n in 0..5 {
        let _ = hub.arrive(source(&format!("[2001:db8::{n}]:1")), at(121));
    }
    assert_eq!(told(&mut hub), [1]);
    hub.summarise();
    assert_eq!(told(&mut hub), [4]);
}

#[derive(Clone, Debug)]
enum Step {
    Come(u8),
    Ask(usize),
    Reserve(usize),
    Commit(usize),
    Fail(usize),
    Go(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let link = 0usize..12;
    prop_oneof![
        (0u8..6).prop_map(Step::Come),
        link.clone().prop_map(Step::Ask),
        link.clone().prop_map(Step::Reserve),
        link.clone().prop_map(Step::Commit),
        link.clone().prop_map(Step::Fail),
        link.prop_map(Step::Go),
    ]
}

proptest! {
    /// Whatever links do, and in whatever order: the bounds hold, and once all are gone nothing is
    /// counted.
    #[test]
    fn the_counts_at_the_door_never_drift(steps in prop::collection::vec(step(), 1..120)) {
        let limits = Limits {
            pending: 5, pending_per_source: 2, turned_away: 2, failures_per_minute: 3, sources: 2,
            ..Limits::default()
        };
        let mut hub = hub_of(limits, &["192.0.2.0/24", "10.0.0.1"], &["10.0.0.1"]);
        let mut links: Vec<(LinkId, Option<Grant>)> = Vec::new();
        let claims = |link: LinkId| claim(&format!("p{}", link.0), 1, Purpose::Operate);
        for step in steps {
            let n = match step {
                Step::Come(from) => {
                    let from = ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "10.0.0.1:1", "203.0.113.1:1", "[::1]:1"]
                        [usize::from(from)];
                    if let Ok(link) = hub.arrive(source(from), at(0)) {
                        links.push((link, None));
                    }
                    continue;
                }
                Step::Ask(n) | Step::Reserve(n) | Step::Commit(n) | Step::Fail(n) | Step::Go(n) => n,
            };
            if links.is_empty() {
                continue;
            }
            let n = n % links.len();
            let link = links[n].0;
            match step {
                Step::Ask(_) => {
                    let forwarded = Forwarded::read(&[&b"192.0.2.1"[..]]);
                    let _ = hub.answer(link, &LinkAsk::Arrive(Arrival { forwarded }), at(0));
                }
                Step::Reserve(_) => links[n].1 = reserve(&mut hub, link, &claims(link)).ok(),
                Step::Commit(_) => {
                    if let Some(grant) = links[n].1.take() {
                        let _ = commit(&mut hub, link, &claims(link), grant);
                    }
                }
                Step::Fail(_) => hub.failed(link, at(0)),
                Step::Go(_) => {
                    links.remove(n);
                    hub.gone(link, at(0));
                }
                Step::Come(_) => {}
            }
            let counted = |wanted: fn(&Standing) -> bool| hub.links.iter().filter(|(_, s)| wanted(s)).count();
            let away = counted(|s| matches!(s, Standing::TurnedAway(Rejection { counted: Counted::TurnedAway, .. })));
            let pending = counted(|s| !matches!(s, Standing::Live(_))) - away;
            prop_assert!(pending <= 5 && away <= 2);
            prop_assert_eq!(hub.preauth.counts(), (pending, away));
        }
        for (link, _) in links {
            hub.gone(link, at(0));
        }
        prop_assert_eq!(hub.preauth.counts(), (0, 0));
        prop_assert!(hub.preauth.is_idle());
    }
}
