//! Other settings for a running hub.

use super::*;
use crate::arrival::Arrival;
use crate::random::Seed;

fn settings() -> HubConfig {
    let limits = Limits { admissions_per_second: 1_000_000, ..Limits::default() };
    HubConfig { limits, ..HubConfig::default() }
}

#[test]
fn links_and_their_calls_stay_whatever_is_set() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    hub.reconfigure(HubConfig {
        limits: Limits { sessions: 1, peers: 1, pending: 1, open_calls: 1, ..Limits::default() },
        allow_ips: vec!["192.0.2.0/24".parse().unwrap()],
        generation: 99,
        ..HubConfig::default()
    });
    input(&mut hub, web, &result(2));
    assert_eq!(
        (sent(&mut hub, web), sent(&mut hub, op)),
        (vec!["call 2".to_owned()], vec!["result 1 done".to_owned()])
    );
    assert_eq!(hub.take_outbox(web, &mut Outbox::default()), None);
    assert_eq!(hub.config.generation, 7);
}

#[test]
fn bounds_and_networks_hold_for_who_comes_next() {
    let mut hub = hub();
    serve(&mut hub, "web-1");
    let limits = Limits { sessions: 1, ..settings().limits };
    hub.reconfigure(HubConfig { limits, ..settings() });
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let claimed = claim("web-2", 2, Purpose::Serve);
    assert_eq!(reserve(&mut hub, link, &claimed).unwrap_err().code, Code::Full);
    hub.reconfigure(settings());
    assert!(reserve(&mut hub, link, &claimed).is_ok());

    let only = "192.0.2.0/24".parse().unwrap();
    hub.reconfigure(HubConfig { allow_ips: vec![only], ..settings() });
    let away = hub.arrive(somewhere(), Now::default()).unwrap();
    let arrive = LinkAsk::Arrive(Arrival::default());
    let answer = hub.answer(away, &arrive, Now::default());
    assert!(matches!(answer, Ok(LinkAnswer::TurnedAway(_))), "{answer:?}");
    let near = hub.arrive(source("192.0.2.9:1"), Now::default()).unwrap();
    let answer = hub.answer(near, &arrive, Now::default());
    assert!(matches!(answer, Ok(LinkAnswer::Arrived(_))), "{answer:?}");
}

#[test]
fn another_pace_of_admissions_begins_at_once_and_the_same_one_is_not_begun_anew() {
    let mut hub = Hub::new(HubConfig::default(), Durable::default(), &Seed([7; 32]));
    let one = |per_second| HubConfig {
        limits: Limits { admissions_per_second: per_second, ..Limits::default() },
        ..HubConfig::default()
    };
    hub.reconfigure(one(1));
    join(&mut hub, "a", Purpose::Operate);
    for settings in [one(1), one(1)] {
        hub.reconfigure(settings);
        let link = hub.arrive(somewhere(), Now::default()).unwrap();
        let no = reserve(&mut hub, link, &claim("b", 2, Purpose::Operate)).unwrap_err();
        assert_eq!(no.code, Code::RateLimited);
    }
    hub.reconfigure(one(2));
    join(&mut hub, "c", Purpose::Operate);
}

#[test]
fn failures_that_were_counted_count_on_where_their_bound_is_the_same() {
    let mut hub = hub_with(Limits { failures_per_minute: 1, ..settings().limits }, Role::Member);
    let failing = hub.arrive(somewhere(), Now::default()).unwrap();
    hub.failed(failing, Now::default());
    hub.failed(failing, Now::default());
    hub.gone(failing, Now::default());
    let limits = Limits { failures_per_minute: 1, ..settings().limits };
    hub.reconfigure(HubConfig { limits, ..settings() });
    let link = hub.arrive(somewhere(), Now::default()).unwrap();
    let arrive = LinkAsk::Arrive(Arrival::default());
    let answer = hub.answer(link, &arrive, Now::default());
    assert!(matches!(answer, Ok(LinkAnswer::TurnedAway(_))), "{answer:?}");
}

#[test]
fn another_role_holds_at_once_and_ends_only_who_may_not_serve_any_more() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    let waiting = hub.arrive(somewhere(), Now::default()).unwrap();
    let claimed = claim("op-2", 2, Purpose::Operate);
    let grant = reserve(&mut hub, waiting, &claimed).unwrap();
    hub.reconfigure(HubConfig { secret_role: Role::Agent, ..settings() });
    assert_eq!(commit(&mut hub, waiting, &claimed, grant), Ok(LinkAnswer::Stale));
    input(&mut hub, op, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, op), ["deny 1 denied call:uptime"]);
    assert_eq!(hub.take_outbox(web, &mut Outbox::default()), None);
    hub.reconfigure(HubConfig { secret_role: Role::ReadOnly, ..settings() });
    assert_eq!(hub.take_outbox(web, &mut Outbox::default()), Some(Code::MayNotServe));
    assert_eq!(hub.take_outbox(op, &mut Outbox::default()), None);
}
