//! Join tokens at a hub that keeps them on its disk: who may use one, what a rotated key does to
//! them, and a hub whose ledger is older than it is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::facts::Sign;
use bowline_core::hub::HubEvent;
use bowline_core::id::Jti;
use bowline_core::wire::frame::{Method, Status};
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::call::Finished;
use bowline_shell::config::{HubSettings, Insecure, JoinSettings, Warning};
use bowline_shell::hub::HubBuilder;
use bowline_shell::ledger::{Ledger, Tokens};
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::{ConnectError, Join, PeerBuilder, Session};
use bowline_tests::crossed_pairings;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id};

async fn operator<H: Shell, P: Shell>(world: &World<H, P>) -> Session {
    let control = world.hub().control().unwrap();
    let local = PeerBuilder::local(P::default(), &control, world.hub().id()).unwrap();
    within(local.connect()).await.unwrap()
}

async fn ask<H: Shell, P: Shell>(
    world: &World<H, P>,
    command: &str,
    named: &[(&str, Scalar<'_>)],
) -> Finished {
    let mut arguments = ArgumentsBuf::new();
    for (name, value) in named {
        arguments.named(name, *value).unwrap();
    }
    let call = operator(world).await.call_hub(command.parse().unwrap()).arguments(arguments);
    within(call.start().finished()).await
}

const FOR: (&str, Scalar<'_>) = ("for", Scalar::Text("a test"));
const LOCAL: (&str, Scalar<'_>) = ("local", Scalar::Boolean(true));

/// A token that names this machine, and its number.
pub(super) async fn issue<H: Shell, P: Shell>(world: &World<H, P>) -> (String, Jti) {
    let issued = ask(world, "issue-token", &[FOR, LOCAL]).await;
    assert!(issued.is_success(), "{issued:?}");
    let value = issued.value().unwrap();
    let text = |name| value.entry(name).unwrap().text().unwrap();
    (text("token").to_owned(), text("jti").parse().unwrap())
}

/// Joins, with the key and as the name of this directory.
async fn join<H: Shell, P: Shell>(
    world: &World<H, P>,
    token: &str,
    name: &str,
) -> Result<Session, Code> {
    let join = Join::new(token, Some(id(name))).unwrap();
    let peer = PeerBuilder::join(P::default(), join, &world.at(name)).unwrap();
    within(peer.operate().connect()).await.map_err(|error| code(&error))
}

/// Comes back, by what that directory has.
async fn come_back<H: Shell, P: Shell>(world: &World<H, P>, name: &str) -> Session {
    let peer = PeerBuilder::enrolled(P::default(), &world.at(name)).unwrap().unwrap();
    within(peer.operate().connect()).await.unwrap()
}

fn code(error: &ConnectError) -> Code {
    let ConnectError::Ended { ended, .. } = error else { panic!("{error}") };
    ended.reason.code()
}

fn copy(from: &Path, to: &Path) {
    fs::remove_dir_all(to).ok();
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}

crossed_pairings! {
    async fn a_token_is_one_keys_and_another_that_brings_it_is_refused_and_told<H, P>() {
        let mut world = World::<H, P>::new();
        let (token, jti) = issue(&world).await;
        let session = join(&world, &token, "web").await.unwrap();
        assert_eq!((session.admitted().peer, session.admitted().method), (id("web"), Method::Join));
        assert_eq!(join(&world, &token, "thief").await.unwrap_err(), Code::Used);
        let told = world.notices.first(|notice| match notice {
            ShellEvent::Hub(HubEvent::Replayed { peer, jti }) => Some((*peer, *jti)),
            _ => None,
        });
        assert_eq!(told.await, (id("thief"), jti));
        // The same key may, as if its reply had been lost; after the hub's next start too.
        join(&world, &token, "web").await.unwrap();
        world.stop_hub().await;
        world.start_hub(&world.hub_data.clone());
        join(&world, &token, "web").await.unwrap();
        assert_eq!(join(&world, &token, "thief").await.unwrap_err(), Code::Used);
        let back = come_back(&world, "web").await;
        assert_eq!(back.admitted().method, Method::Resume);
    }

    async fn another_token_key_takes_what_the_one_before_signed_unless_that_ends_at_once<H, P>() {
        let mut world = World::<H, P>::new();
        let (first, _) = issue(&world).await;
        assert!(ask(&world, "rotate-keys", &[]).await.is_success());
        let (second, _) = issue(&world).await;
        join(&world, &first, "web-1").await.unwrap();
        let now = [("now", Scalar::Boolean(true))];
        assert!(ask(&world, "rotate-keys", &now).await.is_success());
        assert_eq!(join(&world, &second, "web-2").await.unwrap_err(), Code::Revoked);
        let (third, _) = issue(&world).await;
        join(&world, &third, "web-3").await.unwrap();
        // And so at the next start.
        world.stop_hub().await;
        world.start_hub(&world.hub_data.clone());
        assert_eq!(join(&world, &second, "web-2").await.unwrap_err(), Code::Revoked);
        let (fourth, _) = issue(&world).await;
        join(&world, &fourth, "web-4").await.unwrap();
    }

    async fn a_hub_that_was_restored_takes_no_token_until_that_is_accepted<H, P>() {
        let mut world = World::<H, P>::new();
        let (old, _) = issue(&world).await;
        let (used, _) = issue(&world).await;
        join(&world, &used, "web").await.unwrap();
        world.stop_hub().await;
        let (data, backup) = (world.hub_data.clone(), world.at("backup"));
        copy(&data, &backup);
        for _ in 0..3 {
            world.start_hub(&data);
            come_back(&world, "web").await;
            world.stop_hub().await;
        }
        copy(&backup, &data);
        world.start_hub(&data);
        assert_eq!(world.hub().warnings(), []);
        // Who resumes shows it, and is admitted.
        come_back(&world, "web").await;
        let told = world.notices.first(|notice| match notice {
            ShellEvent::Hub(HubEvent::RolledBack { restored, own }) => Some((*restored, *own)),
            _ => None,
        });
        let (restored, own) = told.await;
        assert_eq!((restored.by, restored.sign, own), (Some(id("web")), Sign::Hello, 2));
        assert_eq!(restored.generation, 4);
        assert_eq!(join(&world, &old, "db").await.unwrap_err(), Code::Unavailable);
        let issued = ask(&world, "issue-token", &[FOR, LOCAL]).await;
        assert_eq!(issued.status, Status::Failed(Code::Unavailable), "{issued:?}");
        let status = ask(&world, "status", &[]).await;
        assert!(status.is_success(), "{status:?}");
        let seen = status.value().unwrap().entry("rolled_back").unwrap().scalar();
        assert!(matches!(seen, Some(Scalar::Integer(4))), "{seen:?}");
        world.stop_hub().await;
        let mut ledger = Ledger::open(&data.join("ledger.db")).unwrap();
        assert_eq!(ledger.durable().unwrap().restored, Some(restored));
        drop(ledger);
        // The next start knows it by itself.
        world.start_hub(&data);
        assert_eq!(world.hub().warnings(), [Warning::Restored(restored)]);
        assert_eq!(join(&world, &old, "db").await.unwrap_err(), Code::Unavailable);
        world.stop_hub().await;

        let hub = HubBuilder::new(H::default(), &data).unwrap().bind(world.local());
        world.hub = Some(hub.accept_restored(Tokens::Void).start().unwrap());
        assert_eq!((world.hub().generation(), world.hub().warnings()), (65_541, &[][..]));
        assert_eq!(join(&world, &old, "db").await.unwrap_err(), Code::Revoked);
        // Who was enrolled resumes, gets another refresh token, and goes on from there.
        let enrolment = world.at("web/enrolment");
        let before = fs::read(&enrolment).unwrap();
        come_back(&world, "web").await;
        assert_ne!(fs::read(&enrolment).unwrap(), before);
        let (new, _) = issue(&world).await;
        join(&world, &new, "db").await.unwrap();
        let status = ask(&world, "status", &[]).await;
        assert!(status.value().unwrap().entry("rolled_back").is_none());
    }

    async fn a_reload_changes_how_long_certificates_and_tokens_hold<H, P>() {
        let mut world = World::<H, P>::new();
        let (token, _) = issue(&world).await;
        let day = join(&world, &token, "web").await.unwrap().admitted().expires.unwrap();
        let hour = Some(Duration::from_secs(3600));
        let joins = JoinSettings { certificate: hour, token: hour, ..JoinSettings::default() };
        let bind = Some("127.0.0.1:0".parse().unwrap());
        let settings = HubSettings { bind, joins, ..HubSettings::default() };
        let anew = world.hub.as_mut().unwrap().reload(settings).unwrap();
        assert_eq!(anew.changed, ["tokens.certificate", "tokens.token"]);
        assert_eq!(anew.restart, Vec::<String>::new());
        let refused = ask(&world, "issue-token", &[FOR, LOCAL]).await;
        assert_eq!(refused.status, Status::Failed(Code::BadArgument), "{refused:?}");
        assert!(refused.text.raw().contains("a token lives from 1m to 1h here (tokens.token), and not 1d"), "{refused:?}");
        let short = [FOR, LOCAL, ("ttl_s", Scalar::Integer(600))];
        let issued = ask(&world, "issue-token", &short).await;
        let token = issued.value().unwrap().entry("token").unwrap().text().unwrap().to_owned();
        let soon = join(&world, &token, "db").await.unwrap().admitted().expires.unwrap();
        assert!(soon + 20 * 3600 < day, "{soon} {day}");
    }

    async fn a_token_that_names_this_machine_alone_is_made_only_where_that_is_said<H, P>() {
        let world = World::<H, P>::new();
        let refused = ask(&world, "issue-token", &[FOR]).await;
        assert_eq!(refused.status, Status::Failed(Code::Failed));
        assert!(refused.text.raw().contains("--advertise wss://HOST:7777"), "{refused:?}");
        let settings = HubSettings {
            advertise: Some(vec!["wss://hub.example".parse().unwrap()]),
            ..HubSettings::default()
        };
        let world = World::<H, P>::with(settings, Insecure::default());
        let issued = ask(&world, "issue-token", &[FOR]).await;
        let urls = issued.value().unwrap().entry("urls").unwrap();
        let urls: Vec<_> = urls.items().unwrap().map(|url| url.text().unwrap().to_owned()).collect();
        assert_eq!(urls, ["wss://hub.example:7777/link"]);
        // Without TLS there are no tokens.
        let world = World::<H, P>::plain();
        for (command, named) in [("issue-token", &[FOR][..]), ("rotate-keys", &[])] {
            let refused = ask(&world, command, named).await;
            assert_eq!(refused.status, Status::Failed(Code::Failed), "{command}");
            assert!(refused.text.raw().contains("they need TLS"), "{refused:?}");
        }
    }
}
