//! Who may connect, how often and from where, on real sockets.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::hub::HubEvent;
use bowline_core::id::Pin;
use bowline_core::link::{EndReason, Measure};
use bowline_shell::config::{HubSettings, Insecure, LimitSettings, PreauthSettings, TlsMode};
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::{ConnectError, PeerBuilder};
use bowline_tests::calls::{call, finish, run};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::{Notices, ended};
use bowline_tests::program::script;
use bowline_tests::shells::Shell;
use bowline_tests::tls_proxy::TlsProxy;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id, refused};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A hub without TLS that is told this about who may connect.
fn plain<H: Shell, P: Shell>(preauth: PreauthSettings) -> World<H, P> {
    let settings = HubSettings { mode: Some(TlsMode::Plain), preauth, ..HubSettings::default() };
    World::with(settings, Insecure::default())
}

fn preauth(allow: &[&str], proxies: &[&str], pins: &[Pin]) -> PreauthSettings {
    let networks = |list: &[&str]| Some(list.iter().map(|net| net.parse().unwrap()).collect());
    PreauthSettings {
        allow_ips: networks(allow),
        trusted_proxies: networks(proxies),
        external_pins: Some(pins.to_vec()),
        ..PreauthSettings::default()
    }
}

/// A hub without TLS with these bounds.
fn bounded<H: Shell, P: Shell>(limits: LimitSettings) -> World<H, P> {
    let settings = HubSettings { mode: Some(TlsMode::Plain), limits, ..HubSettings::default() };
    World::with(settings, Insecure::default())
}

/// A peer that brings another secret.
fn wrong<H: Shell, P: Shell>(world: &World<H, P>, name: &str) -> PeerBuilder<P> {
    let file = world.at(&format!("{name}.wrong"));
    fs::write(&file, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    world.peer(name).secret_file(&file)
}

/// The code, the sentence and the wait of a refusal by the hub.
fn refusal(error: &ConnectError) -> (Code, String, Option<u64>) {
    let ConnectError::Ended { ended, .. } = error else { panic!("{error}") };
    let EndReason::Refused(refusal) = &ended.reason else { panic!("{error}") };
    (refusal.code, refusal.text.raw().to_owned(), refusal.retry_after)
}

/// Where the hub says that links come from, once their upgrade has told.
fn forwarded(notices: &Notices) -> Vec<String> {
    notices.all(|notice| match notice {
        ShellEvent::Forwarded { remote, .. } => Some(remote.clone()),
        _ => None,
    })
}

crossed_pairings! {
    async fn a_hub_behind_a_tls_proxy_admits_peers_that_saw_the_proxys_key_and_those_beside_it<H, P>() {
        let front = TlsProxy::with_tls().await;
        let pin = front.pin();
        let world = plain::<H, P>(preauth(&[], &["127.0.0.1"], &[pin]));
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
            ShellEvent::Ended { remote, ended, .. } if ended.admitted => Some(remote.clone()),
            _ => None,
        });
        assert_eq!(gone.await, "203.0.113.7");
    }

    async fn a_proxys_key_that_the_hub_does_not_list_is_refused_with_the_line_that_lists_it<H, P>() {
        let (front, other) = (TlsProxy::with_tls().await, TlsProxy::with_tls().await);
        let pin = front.pin();
        for listed in [vec![], vec![other.pin()]] {
            let world = plain::<H, P>(preauth(&[], &["127.0.0.1"], &listed));
            let front = TlsProxy::with_tls().await;
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
        let world = plain::<H, P>(preauth(&[], &["192.0.2.1"], &[pin]));
        let front = front.carry_to(world.local(), Some("203.0.113.7"));
        let error = refused(world.peer_at(&front.url(), "web", "web")).await;
        assert!(error.to_string().contains("does not vouch"), "{error}");
    }

    async fn a_peer_without_tls_through_a_tls_proxy_is_told_of_the_other_key<H, P>() {
        let (tls, front) = (TlsProxy::with_tls().await, TlsProxy::plain().await);
        let world = plain::<H, P>(preauth(&[], &["127.0.0.1"], &[tls.pin()]));
        let front = front.carry_to(world.local(), Some("203.0.113.7"));
        let error = refused(world.peer_at(&front.url(), "web", "web")).await;
        assert_eq!(refusal(&error).0, Code::OtherKeySeen);
    }

    async fn an_address_that_is_not_allowed_is_told_which_one_it_is<H, P>() {
        let mut world = plain::<H, P>(preauth(&["192.0.2.0/24"], &[], &[]));
        let error = refused(world.peer("web")).await;
        let said = "This hub takes no connection from 127.0.0.1.".to_owned();
        assert_eq!(refusal(&error), (Code::AddressNotAllowed, said, None));
        assert!(!error.outcome().is_retryable);
        // The first is told at once, the others together, at the latest when the hub stops.
        for _ in 0..3 {
            refused(world.peer("web")).await;
        }
        world.stop_hub().await;
        let told = world.notices.all(|notice| match notice {
            ShellEvent::Hub(HubEvent::TurnedAway { source, why, count }) => Some((*source, why.code(), *count)),
            _ => None,
        });
        let here = Some("127.0.0.1".parse().unwrap());
        let code = Code::AddressNotAllowed;
        assert_eq!(told, [(here, code, 1), (here, code, 3)]);
    }

    async fn nobody_becomes_another_by_writing_a_header_and_a_proxy_speaks_for_each_of_its_clients<H, P>() {
        let front = TlsProxy::plain().await;
        let world = plain::<H, P>(preauth(&["203.0.113.7"], &[], &[]));
        let spoofing = front.carry_to(world.local(), Some("203.0.113.7"));
        let error = refused(world.peer_at(&spoofing.url(), "web", "web")).await;
        assert!(refusal(&error).1.contains("127.0.0.1"), "{error}");

        let front = TlsProxy::plain().await;
        let world = plain::<H, P>(preauth(&["203.0.113.7"], &["127.0.0.1"], &[]));
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

    async fn a_source_that_failed_too_often_is_told_when_to_come_back_and_harms_no_admitted_link<H, P>() {
        let world = bounded::<H, P>(LimitSettings { failures_per_minute: Some(2), ..LimitSettings::default() });
        let web = world.peer("web").program(script("me", "echo web"));
        let _web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        for _ in 0..2 {
            assert_eq!(refusal(&refused(wrong(&world, "guess")).await).0, Code::Refused);
        }
        // The right secret does not help: the source has to wait, and knows how long.
        let error = refused(world.peer("late")).await;
        let (code, said, wait) = refusal(&error);
        assert_eq!(code, Code::RateLimited);
        assert_eq!(said, "Too many admissions from 127.0.0.1 have failed.");
        assert!(wait.is_some_and(|seconds| (1..=30).contains(&seconds)), "{wait:?}");
        assert!(error.outcome().is_retryable);
        let told = world.notices.first(|notice| match notice {
            ShellEvent::Hub(HubEvent::TurnedAway { source, why, count }) => Some((*source, why.code(), *count)),
            _ => None,
        });
        assert_eq!(told.await, (Some("127.0.0.1".parse().unwrap()), Code::RateLimited, 1));
        // Those of the same source that were admitted before are as they were.
        assert_eq!(run(call(&operator, "web", "me")).await.text(), "web\n");
    }

    async fn a_peer_that_is_told_to_wait_waits_as_long<H, P>() {
        let world = bounded::<H, P>(LimitSettings { failures_per_minute: Some(1), ..LimitSettings::default() });
        refused(wrong(&world, "guess")).await;
        let notices = Notices::default();
        let peer = world.peer("web").subscriber(notices.subscriber()).start();
        let asked = notices.first(|notice| match notice {
            ShellEvent::Ended { ended, .. } => ended.reason.retry_after(),
            _ => None,
        });
        let asked = asked.await;
        let waits = notices.first(|notice| match notice {
            ShellEvent::Retry { after, .. } => Some(*after),
            _ => None,
        });
        let waits = waits.await;
        assert!((1..=60).contains(&asked), "{asked}");
        assert!(waits >= Duration::from_secs(asked), "{waits:?} of {asked} s");
        within(peer.stop()).await;
    }

    async fn a_source_with_as_many_links_pending_as_may_be_is_told_so_until_one_is_gone<H, P>() {
        let world = bounded::<H, P>(LimitSettings { pending_per_source: Some(2), ..LimitSettings::default() });
        // Two that say nothing, from this address.
        let mut silent = Vec::new();
        for n in 0..2 {
            silent.push(TcpStream::connect(world.local()).await.unwrap());
            world
                .notices
                .nth(n, |notice| matches!(notice, ShellEvent::Accepted { .. }).then_some(()))
                .await;
        }
        let (code, said, wait) = refusal(&refused(world.peer("web")).await);
        assert_eq!((code, wait), (Code::RateLimited, Some(15)));
        assert_eq!(said, "Too many connections from 127.0.0.1 wait to be admitted.");
        // Once one is gone there is room, as soon as the hub has seen it go.
        drop(silent.pop());
        within(async { while world.peer("web").connect().await.is_err() {} }).await;
    }

    async fn a_hub_that_is_full_of_pending_links_or_of_sessions_says_so_and_when_to_come_back<H, P>() {
        let world = bounded::<H, P>(LimitSettings { pending: Some(1), ..LimitSettings::default() });
        let _silent = TcpStream::connect(world.local()).await.unwrap();
        world.notices.first(|notice| matches!(notice, ShellEvent::Accepted { .. }).then_some(())).await;
        let said = "Too many connections wait to be admitted.".to_owned();
        assert_eq!(refusal(&refused(world.peer("web")).await), (Code::Full, said, Some(15)));

        for limits in [
            LimitSettings { sessions: Some(1), ..LimitSettings::default() },
            LimitSettings { peers: Some(1), ..LimitSettings::default() },
        ] {
            let world = bounded::<H, P>(limits);
            let _web = within(world.peer("web").connect()).await.unwrap();
            let (code, _, wait) = refusal(&refused(world.peer("other")).await);
            assert_eq!((code, wait), (Code::Full, Some(10)), "{limits:?}");
        }
    }

    async fn more_than_can_be_told_are_closed_without_a_word_and_those_within_hear_why<H, P>() {
        let world = plain::<H, P>(preauth(&["192.0.2.1"], &[], &[]));
        let mut told = Vec::new();
        for n in 0..64 {
            told.push(TcpStream::connect(world.local()).await.unwrap());
            world
                .notices
                .nth(n, |notice| matches!(notice, ShellEvent::Accepted { .. }).then_some(()))
                .await;
        }
        let mut closed = TcpStream::connect(world.local()).await.unwrap();
        let end = within(closed.read(&mut [0; 1])).await;
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
        let accepted = |notice: &ShellEvent| matches!(notice, ShellEvent::Accepted { .. }).then_some(());
        assert_eq!(world.notices.all(accepted).len(), 64, "the last was not even looked at");
        // Where there is room again, the next hears why.
        drop(told.pop());
        let hears = async {
            loop {
                let error = refused(world.peer("web")).await;
                let ConnectError::Ended { ended, .. } = &error else { panic!("{error}") };
                if let EndReason::Refused(refusal) = &ended.reason {
                    return refusal.code;
                }
            }
        };
        assert_eq!(within(hears).await, Code::AddressNotAllowed);
    }

    async fn a_peer_that_floods_is_held_back_loses_nothing_and_holds_up_nobody_else<H, P>() {
        let world = bounded::<H, P>(LimitSettings { frames_per_second: Some(40), ..LimitSettings::default() });
        let me = |name: &'static str| {
            let me = "me".parse().unwrap();
            world.peer(name).command(me, move |mut call| async move { call.print(name).await })
        };
        let _flood = within(me("flood").connect()).await.unwrap();
        let _calm = within(me("calm").connect()).await.unwrap();
        let (operator, other) = (world.operator().await, world.peer("other").operate().connect());
        let other = within(other).await.unwrap();
        // Each answer is a frame of its own at least, so these are more than a burst.
        let calls: Vec<_> = (0..60).map(|_| call(&operator, "flood", "me").start()).collect();
        let held = world.notices.first(|notice| match notice {
            ShellEvent::HeldBack { peer, measure, .. } if *peer == id("flood") => Some(*measure),
            _ => None,
        });
        assert_eq!(held.await, Measure::Frames);
        assert_eq!(run(call(&other, "calm", "me")).await.text(), "calm");
        for calling in calls {
            let outcome = finish(calling).await;
            assert_eq!((outcome.text().as_str(), outcome.exit()), ("flood", 0));
        }
    }

    async fn a_browser_is_let_in_from_the_origins_that_are_listed<H, P>() {
        let origins = Some(vec!["https://console.example".parse().unwrap()]);
        let world = plain::<H, P>(PreauthSettings { origins, ..PreauthSettings::default() });
        for (origin, status) in [
            (Some("https://console.example"), "101 Switching Protocols"),
            (Some("https://evil.example"), "403 Forbidden"),
            (Some("null"), "403 Forbidden"),
            (None, "101 Switching Protocols"),
        ] {
            let line = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
            let request = format!(
                "GET /link?n={} HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\n\
                 Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Protocol: bowline.v1\r\n{line}\r\n",
                "A".repeat(43)
            );
            let mut socket = TcpStream::connect(world.local()).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            let expected = format!("HTTP/1.1 {status}\r\n");
            let mut answer = vec![0; expected.len()];
            within(socket.read_exact(&mut answer)).await.unwrap();
            assert_eq!(String::from_utf8(answer).unwrap(), expected, "{origin:?}");
        }
    }

    async fn who_leaves_or_finds_no_room_did_not_fail_and_who_speaks_something_else_did<H, P>() {
        let limits = LimitSettings {
            failures_per_minute: Some(1),
            sessions: Some(1),
            ..LimitSettings::default()
        };
        let world = bounded::<H, P>(limits);
        for n in 0..3 {
            drop(TcpStream::connect(world.local()).await.unwrap());
            world.notices.nth(n, |notice| ended(notice).map(|_| ())).await;
        }
        let _web = within(world.peer("web").connect()).await.unwrap();
        for _ in 0..3 {
            assert_eq!(refusal(&refused(world.peer("other")).await).0, Code::Full);
        }
        let mut socket = TcpStream::connect(world.local()).await.unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        within(socket.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 404 "));
        assert_eq!(refusal(&refused(world.peer("other")).await).0, Code::RateLimited);
    }
}
