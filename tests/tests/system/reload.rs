//! A hub and a peer that read their settings anew while links are up: none of them ends.

use std::path::{Path, PathBuf};

use bowline_core::code::Code;
use bowline_core::hub::HubEvent;
use bowline_core::id::Pin;
use bowline_shell::config::{HubSettings, Insecure, LimitSettings, PreauthSettings, TlsMode};
use bowline_shell::hub::StartError;
use bowline_shell::notice::ShellEvent;
use bowline_tests::calls::{call, finish, run, until_output};
use bowline_tests::certificates::{Authority, GOOD};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::Notices;
use bowline_tests::program::script;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, refused};

/// A certificate with a key of its own, in these files.
fn issue(cert: &Path, key: &Path) {
    let (certificate, private) = Authority::new("Example Root").issue(&["localhost"], GOOD);
    std::fs::write(cert, certificate).unwrap();
    std::fs::write(key, private).unwrap();
    let owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(key, owner).unwrap();
}

/// A hub that serves a certificate from files, and the files.
fn hub<H: Shell, P: Shell>(dir: &Path) -> (World<H, P>, HubSettings, [PathBuf; 2]) {
    let files = [dir.join("cert.pem"), dir.join("key.pem")];
    issue(&files[0], &files[1]);
    let [cert, key] = files.clone().map(Some);
    let settings = HubSettings { cert, key, ..HubSettings::default() };
    let world = World::with(settings.clone(), Insecure::default());
    // Told as it listens, so that nothing differs.
    let bind = Some("127.0.0.1:0".parse().unwrap());
    (world, HubSettings { bind, ..settings }, files)
}

fn learnt(notice: &ShellEvent) -> Option<(Option<Pin>, String)> {
    match notice {
        ShellEvent::Learnt(learnt) => Some((learnt.pin, learnt.name.to_string())),
        _ => None,
    }
}

fn registered(notice: &ShellEvent) -> Option<u64> {
    match notice {
        ShellEvent::Registered { commands } => Some(*commands),
        _ => None,
    }
}

crossed_pairings! {
    async fn another_certificate_is_served_to_those_who_come_and_no_call_notices<H, P>() {
        let dir = tempfile::tempdir().unwrap();
        let (mut world, settings, [cert, key]) = hub::<H, P>(dir.path());
        let web = world.peer("web").program(script("echo", "cat"));
        let web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "echo").with_input().start();
        within(calling.write(b"before\n")).await;
        until_output(&mut calling, "before").await;
        let before = world.trust(world.url(), "ops").unwrap();
        assert_eq!(before.pin, world.hub().pin());

        issue(&cert, &key);
        let anew = world.hub.as_mut().unwrap().reload(settings.clone()).unwrap();
        let served = anew.certificate.expect("another certificate");
        assert!(!served.same_key && anew.changed.is_empty() && anew.restart.is_empty(), "{anew:?}");
        assert_eq!(world.hub().pin(), Some(served.pin));
        assert_ne!(before.pin, Some(served.pin));

        within(calling.write(b"after\n")).await;
        until_output(&mut calling, "after").await;
        // Who knows the hub's identity takes the other key, and remembers it.
        let again = within(world.peer("ops").operate().connect()).await.unwrap();
        let after = world.trust(world.url(), "ops").unwrap();
        assert_eq!((after.identity, after.pin), (before.identity, Some(served.pin)));
        assert_eq!(run(call(&again, "web", "echo")).await.exit(), 0);
        calling.end_input();
        assert_eq!(finish(calling).await.exit(), 0);
        assert_eq!(world.notices.codes(), [], "no link has ended");
        drop((web, operator));

        let twice = world.hub.as_mut().unwrap().reload(settings).unwrap();
        assert!(twice.certificate.is_none() && twice.changed.is_empty(), "{twice:?}");
    }

    async fn a_bad_certificate_or_setting_keeps_what_is_in_force_and_says_which_file<H, P>() {
        let dir = tempfile::tempdir().unwrap();
        let (mut world, settings, [cert, key]) = hub::<H, P>(dir.path());
        let pin = world.hub().pin();
        let other = dir.path().join("other.pem");
        issue(&dir.path().join("unused.pem"), &other);
        for (wrong, name) in [
            (HubSettings { key: Some(other), ..settings.clone() }, "other.pem"),
            (HubSettings { cert: Some(dir.path().join("none.pem")), ..settings.clone() }, "none.pem"),
            (HubSettings { name: Some(String::new()), ..settings.clone() }, "name"),
            (HubSettings { auth_required: Some(false), ..settings.clone() }, "insecure-no-auth"),
        ] {
            let named = HubSettings { name: wrong.name.clone().or(Some("changed".into())), ..wrong };
            let error = world.hub.as_mut().unwrap().reload(named).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        std::fs::write(&cert, "no certificate").unwrap();
        let error = world.hub.as_mut().unwrap().reload(settings.clone()).unwrap_err();
        assert!(matches!(error, StartError::Certificate { .. }), "{error}");
        assert!(error.to_string().contains(&cert.display().to_string()), "{error}");
        let notices = Notices::default();
        within(world.peer("web").subscriber(notices.subscriber()).connect()).await.unwrap();
        assert_eq!(notices.first(learnt).await, (pin, "bowline".to_owned()));
        issue(&cert, &key);
        assert!(world.hub.as_mut().unwrap().reload(settings).unwrap().certificate.is_some());
    }

    async fn what_can_change_does_and_what_cannot_is_named<H, P>() {
        let mut world = World::<H, P>::new();
        let web = within(world.peer("web").program(script("ok", "true")).connect()).await.unwrap();
        let operator = world.operator().await;
        let anew = HubSettings {
            name: Some("other".to_owned()),
            mode: Some(TlsMode::Plain),
            bind: Some("127.0.0.1:1".parse().unwrap()),
            limits: LimitSettings { sessions: Some(2), ..LimitSettings::default() },
            ..HubSettings::default()
        };
        let anew = world.hub.as_mut().unwrap().reload(anew).unwrap();
        assert_eq!(anew.changed, ["limits.sessions", "name"]);
        // Without TLS the secret is the sole method, and peers' own labels count: from then on.
        assert_eq!(anew.restart, ["auth.self-labels", "bind", "tls.mode"]);
        assert_eq!(refused(world.peer("late")).await.code(), Some(Code::Full));

        let bind = Some("127.0.0.1:0".parse().unwrap());
        let networks = Some(vec!["192.0.2.0/24".parse().unwrap()]);
        let preauth = PreauthSettings { allow_ips: networks, ..PreauthSettings::default() };
        let anew = HubSettings { name: Some("third".into()), bind, preauth, ..HubSettings::default() };
        let anew = world.hub.as_mut().unwrap().reload(anew).unwrap();
        assert_eq!(anew.changed, ["allow-ips", "limits.sessions", "name"]);
        assert_eq!(refused(world.peer("late")).await.code(), Some(Code::AddressNotAllowed));
        assert_eq!(run(call(&operator, "web", "ok")).await.exit(), 0, "who is there stays");

        let anew = world.hub.as_mut().unwrap().reload(HubSettings { bind, ..HubSettings::default() });
        assert_eq!(anew.unwrap().changed, ["allow-ips", "name"]);
        let notices = Notices::default();
        let late = world.peer("late").subscriber(notices.subscriber());
        within(late.connect()).await.unwrap();
        assert_eq!(notices.first(learnt).await.1, "bowline");
        drop((web, operator));
    }

    async fn a_peer_serves_other_commands_on_the_link_that_it_has<H, P>() {
        let world = World::<H, P>::new();
        let notices = Notices::default();
        let web = world.peer("web").program(script("old", "echo here; cat"));
        let web = web.subscriber(notices.subscriber()).start();
        within(web.session()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "old").with_input().start();
        until_output(&mut calling, "here").await;

        let other = world.peer("web").program(script("new", "echo new")).program(script("too", "true"));
        web.reload(other);
        assert_eq!(notices.nth(1, registered).await, 2);
        assert_eq!(run(call(&operator, "web", "new")).await.text(), "new\n");
        assert_eq!(run(call(&operator, "web", "old")).await.code(), Code::UnknownCommand);
        within(calling.write(b"still")).await;
        calling.end_input();
        let outcome = finish(calling).await;
        assert_eq!((outcome.exit(), outcome.text().as_str()), (0, "still"));

        // The same names by another program need no word to the hub.
        let same = world.peer("web").program(script("new", "echo newer")).program(script("too", "true"));
        web.reload(same);
        let mut said = String::new();
        within(async {
            while said != "newer\n" {
                said = run(call(&operator, "web", "new")).await.text();
            }
        })
        .await;
        assert_eq!(notices.all(registered), [1, 2]);
        // A call that began before the last word counts where the peer stops.
        within(web.stop()).await;
    }

    async fn a_peer_dials_the_other_hub_at_once_where_it_waits_and_else_the_next_time<H, P>() {
        let mut first = World::<H, P>::new();
        let second = World::<H, P>::new();
        let notices = Notices::default();
        let web = first.peer("web").program(script("ok", "true")).subscriber(notices.subscriber()).start();
        within(web.session()).await.unwrap();
        let other = || second.peer_at(second.url(), "web", "web").program(script("ok", "true"));
        web.reload(other());
        let operator = first.operator().await;
        assert_eq!(run(call(&operator, "web", "ok")).await.exit(), 0, "the link stays");
        first.stop_hub().await;
        let ready = |notice: &ShellEvent| matches!(notice, ShellEvent::Hub(HubEvent::Ready { .. })).then_some(());
        second.notices.first(ready).await;
        within(web.stop()).await;

        // A peer with a wrong secret tries again in a minute, unless it is told something better.
        let secret = second.at("wrong");
        std::fs::write(&secret, "A".repeat(43)).unwrap();
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let third = World::<H, P>::new();
        let notices = Notices::default();
        let lost = second.peer("lost").secret_file(&secret).subscriber(notices.subscriber()).start();
        let retry = |notice: &ShellEvent| matches!(notice, ShellEvent::Retry { .. }).then_some(());
        notices.first(retry).await;
        lost.reload(third.peer("lost"));
        within(lost.session()).await.unwrap();
        within(lost.stop()).await;
    }
}
