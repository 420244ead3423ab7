//! Who may knock, how often and from where, on real sockets.

use bowline_core::code::Code;
use bowline_core::id::Pin;
use bowline_core::link::EndReason;
use bowline_shell::config::{DoorSettings, HubSettings, Insecure, TlsMode};
use bowline_shell::notice::Notice;
use bowline_shell::peer::ConnectError;
use bowline_tests::calls::{call, run};
use bowline_tests::front::Front;
use bowline_tests::notices::Notices;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id, refused};

/// A hub without TLS that is told this about its door.
fn plain(door: DoorSettings) -> World {
    let settings = HubSettings { mode: Some(TlsMode::Plain), door, ..HubSettings::default() };
    World::with(settings, Insecure::default())
}

fn door(allow: &[&str], proxies: &[&str], pins: &[Pin]) -> DoorSettings {
    let networks = |list: &[&str]| Some(list.iter().map(|net| net.parse().unwrap()).collect());
    DoorSettings {
        allow_ips: networks(allow),
        trusted_proxies: networks(proxies),
        external_pins: Some(pins.to_vec()),
        ..DoorSettings::default()
    }
}

/// The code, the sentence and the wait of a refusal by the hub.
fn refusal(error: &ConnectError) -> (Code, String, Option<u64>) {
    let ConnectError::Ended { ended, .. } = error else { panic!("{error}") };
    let EndReason::Refused(refusal) = &ended.reason else { panic!("{error}") };
    (refusal.code, refusal.text.clone(), refusal.retry_after)
}

/// Where the hub says that links come from, once their upgrade has told.
fn forwarded(notices: &Notices) -> Vec<String> {
    notices.all(|notice| match notice {
        Notice::Forwarded { remote, .. } => Some(remote.clone()),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_behind_a_tls_proxy_admits_peers_that_saw_the_proxys_key_and_those_beside_it() {
    let front = Front::with_tls().await;
    let pin = front.pin();
    let world = plain(door(&[], &["127.0.0.1"], &[pin]));
    let front = front.carry_to(world.local(), Some("10.9.9.9, 203.0.113.7"));
    let web = world
        .peer_at(&front.url(), "web", "web")
        .command("me".parse().unwrap(), |mut call| async move { call.print("web").await });
    let web = within(web.connect()).await.unwrap();
    assert_eq!(web.admitted().hub, world.hub().id());
    assert_eq!(world.trust(&front.url(), "web").unwrap().pin, Some(pin));
    assert_eq!(forwarded(&world.notices), ["203.0.113.7"]);
    // A peer of the hub's own machine needs no TLS, and stands beside the proxy.
    let operator = world.operator().await;
    assert_eq!(run(call(&operator, "web", "me")).await.text(), "web");
    assert_eq!(forwarded(&world.notices).len(), 1);
    // What the hub tells of a link names its true source.
    web.close();
    let gone = world.notices.first(|notice| match notice {
        Notice::Ended { remote, ended, .. } if ended.admitted => Some(remote.clone()),
        _ => None,
    });
    assert_eq!(gone.await, "203.0.113.7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxys_key_that_the_hub_does_not_list_is_refused_with_the_line_that_lists_it() {
    let (front, other) = (Front::with_tls().await, Front::with_tls().await);
    let pin = front.pin();
    for listed in [vec![], vec![other.pin()]] {
        let world = plain(door(&[], &["127.0.0.1"], &listed));
        let front = Front::with_tls().await;
        let pin = front.pin();
        let front = front.carry_to(world.local(), Some("203.0.113.7"));
        let error = refused(world.peer_at(&front.url(), "web", "web")).await;
        let ConnectError::Ended { ended, .. } = &error else { panic!("{error}") };
        assert_eq!(ended.reason.code(), Code::KeyNotVouched);
        let said = error.to_string();
        assert!(said.contains(&format!("external-pins = [\"{pin}\"]")), "{said}");
        assert!(said.contains("trusted-proxies = "), "{said}");
    }
    // The right pin counts on connections from trusted proxies only.
    let world = plain(door(&[], &["192.0.2.1"], &[pin]));
    let front = front.carry_to(world.local(), Some("203.0.113.7"));
    let error = refused(world.peer_at(&front.url(), "web", "web")).await;
    assert!(error.to_string().contains("does not vouch"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_without_tls_through_a_tls_proxy_is_told_of_the_other_key() {
    let (tls, front) = (Front::with_tls().await, Front::plain().await);
    let world = plain(door(&[], &["127.0.0.1"], &[tls.pin()]));
    let front = front.carry_to(world.local(), Some("203.0.113.7"));
    let error = refused(world.peer_at(&front.url(), "web", "web")).await;
    assert_eq!(refusal(&error).0, Code::OtherKeySeen);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_allowed_is_told_which_one_it_is() {
    let world = plain(door(&["192.0.2.0/24"], &[], &[]));
    let error = refused(world.peer("web")).await;
    let said = "This hub takes no connection from 127.0.0.1.".to_owned();
    assert_eq!(refusal(&error), (Code::AddressNotAllowed, said, None));
    assert!(!error.outcome().heals);
    let told = world.notices.first(|notice| match notice {
        Notice::TurnedAway { source, why, count } => Some((*source, why.code(), *count)),
        _ => None,
    });
    assert_eq!(told.await, (Some("127.0.0.1".parse().unwrap()), Code::AddressNotAllowed, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_another_by_writing_a_header_and_a_proxy_speaks_for_each_of_its_clients() {
    let front = Front::plain().await;
    let world = plain(door(&["203.0.113.7"], &[], &[]));
    let spoofing = front.carry_to(world.local(), Some("203.0.113.7"));
    let error = refused(world.peer_at(&spoofing.url(), "web", "web")).await;
    assert!(refusal(&error).1.contains("127.0.0.1"), "{error}");

    let front = Front::plain().await;
    let world = plain(door(&["203.0.113.7"], &["127.0.0.1"], &[]));
    let front = front.carry_to(world.local(), Some("203.0.113.7"));
    let session = within(world.peer_at(&front.url(), "web", "web").connect()).await.unwrap();
    assert_eq!(session.admitted().peer, id("web"));
    for (says, seen) in [
        (Some("203.0.113.7, 203.0.113.8"), "203.0.113.8"),
        (Some("203.0.113.7, nonsense"), "127.0.0.1"),
        (None, "127.0.0.1"),
    ] {
        front.says(says);
        let error = refused(world.peer_at(&front.url(), "other", "other")).await;
        let said = format!("This hub takes no connection from {seen}.");
        assert_eq!(refusal(&error), (Code::AddressNotAllowed, said, None), "{says:?}");
    }
}
