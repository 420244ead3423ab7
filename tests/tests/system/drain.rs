//! Hubs and peers that are told to stop while calls run: those that end in time have their own end,
//! and the others hear why they have not.

use std::path::Path;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::link::EndReason;
use bowline_core::wire::frame::Status;
use bowline_shell::call::Calling;
use bowline_shell::config::{HubSettings, Insecure, LimitSettings};
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::Session;
use bowline_tests::calls::{call, finish, finish_all, run, until_output};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::{Notices, ended};
use bowline_tests::program::{pids, process_gone, script};
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, refused};

/// Longer than any test waits: what ends within it has ended by itself.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(300);

/// A hub that gives calls so long.
fn hub<H: Shell, P: Shell>(drain: Duration) -> World<H, P> {
    let limits = LimitSettings { drain: Some(drain), ..LimitSettings::default() };
    World::with(HubSettings { limits, ..HubSettings::default() }, Insecure::default())
}

/// The script of a command that ends with 7 once the file is there.
fn until(go: &Path) -> String {
    let go = go.display();
    format!("echo here; while [ ! -e '{go}' ]; do sleep 0.02; done; echo done; exit 7")
}

/// The script of a command that writes its own process id into the file, and stays.
fn stay(pid: &Path) -> String {
    format!("printf '%s\\n' $$ > '{}'; echo here; exec sleep 1000", pid.display())
}

async fn begun(session: &Session, command: &str) -> Calling {
    let mut calling = call(session, "web", command).start();
    until_output(&mut calling, "here").await;
    calling
}

fn stopping(notice: &ShellEvent) -> Option<usize> {
    match notice {
        ShellEvent::Stopping { calls, .. } => Some(*calls),
        _ => None,
    }
}

/// What a call that the hub ended says.
const BY_HUB: &str = "The hub is stopping, and the call did not end in the time that was left.";
const BY_PEER: &str =
    "The peer is stopping, and the command did not end in the time that was left.";

crossed_pairings! {
    async fn a_call_that_ends_in_time_ends_a_stopping_hub_with_its_own_result<H, P>() {
        let mut world = hub::<H, P>(LONG);
        let go = world.at("go");
        let web = world.peer("web").program(script("wait", &until(&go)));
        let web = within(web.connect()).await.unwrap();
        let (operator, idle) = (world.operator().await, within(world.peer("idle").connect()).await);
        let idle = idle.unwrap();
        let calling = begun(&operator, "wait").await;
        let stopped = tokio::spawn(world.hub.take().unwrap().stop());
        assert_eq!(world.notices.first(stopping).await, 1);

        // Whoever has no call is gone at once, and is told for how long.
        let left = within(idle.ended()).await;
        assert!(matches!(left.reason, EndReason::Goaway { code: Code::GoingAway, .. }), "{left:?}");
        let wait = left.reason.retry_after().expect("a time");
        assert!((500..=600).contains(&wait), "{wait}");
        // No call is taken, of one or of all.
        assert_eq!(run(call(&operator, "web", "wait")).await.code(), Code::Draining);
        let all = finish(operator.call_all("wait".parse().unwrap()).start()).await;
        assert_eq!(all.code(), Code::Draining);
        // Nobody is taken.
        let no = refused(world.peer("late")).await;
        assert_eq!(no.code(), Some(Code::GoingAway), "{no}");
        assert!(no.outcome().retry_after.is_some_and(|wait| wait > 500) && no.outcome().is_retryable);

        std::fs::write(&go, "").unwrap();
        let outcome = finish(calling).await;
        assert_eq!((outcome.exit(), outcome.text().as_str()), (7, "done\n"));
        for session in [web, operator] {
            let left = within(session.ended()).await;
            assert!(matches!(left.reason, EndReason::Goaway { .. }), "{left:?}");
        }
        within(stopped).await.unwrap();
        assert!(tokio::net::TcpStream::connect(world.local()).await.is_err());
    }

    async fn a_call_that_does_not_end_in_time_is_ended_at_both_ends_and_says_why<H, P>() {
        let mut world = hub::<H, P>(SHORT);
        let file = world.at("pid");
        let web = world.peer("web").program(script("stay", &stay(&file)));
        let _web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        let calling = begun(&operator, "stay").await;
        world.stop_hub().await;
        let outcome = finish(calling).await;
        assert_eq!((outcome.code(), outcome.finished.text.raw()), (Code::GoingAway, BY_HUB));
        process_gone(pids(&file, 1).await[0]).await;
    }

    async fn of_a_call_for_several_each_has_its_own_end_and_a_detached_one_is_waited_for<H, P>() {
        let mut world = hub::<H, P>(Duration::from_secs(2));
        let (go, file) = (world.at("go"), world.at("pid"));
        let quick = world.peer("quick").program(script("work", &until(&go)));
        let _quick = within(quick.connect()).await.unwrap();
        let slow = world.peer("slow").program(script("work", &stay(&file)));
        let _slow = within(slow.connect()).await.unwrap();
        let wrote = world.at("wrote");
        let late = format!("while [ ! -e '{}' ]; do sleep 0.02; done; touch '{}'", go.display(), wrote.display());
        let alone = world.peer("alone").program(script("alone", &late));
        let _alone = within(alone.connect()).await.unwrap();
        let operator = world.operator().await;
        let kept = run(call(&operator, "alone", "alone").detach()).await;
        assert!(kept.finished.kept_as().is_some());
        let mut calling = operator.call_all("work".parse().unwrap()).start();
        pids(&file, 1).await;
        // Both have begun once the second has written.
        while !matches!(within(calling.next()).await, Some(bowline_shell::call::CallEvent::Output { .. })) {}
        let stopped = tokio::spawn(world.hub.take().unwrap().stop());
        assert_eq!(world.notices.first(stopping).await, 2);
        std::fs::write(&go, "").unwrap();
        let fanned = finish_all(calling).await;
        let ends: Vec<_> = fanned.ends().into_iter().filter(|(peer, _)| peer != "alone").collect();
        assert_eq!(
            ends,
            [
                ("quick".to_owned(), Status::Exited(7)),
                ("slow".to_owned(), Status::Failed(Code::GoingAway)),
            ]
        );
        within(stopped).await.unwrap();
        assert!(wrote.exists(), "the detached call had its time");
        process_gone(pids(&file, 1).await[0]).await;
    }

    async fn a_peer_that_dials_a_stopping_hub_comes_again_when_it_is_back<H, P>() {
        let mut world = hub::<H, P>(Duration::from_secs(2));
        let file = world.at("pid");
        let web = world.peer("web").program(script("stay", &stay(&file)));
        let _web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        let _calling = begun(&operator, "stay").await;
        let stopped = tokio::spawn(world.hub.take().unwrap().stop());
        world.notices.first(stopping).await;
        let notices = Notices::default();
        let late = world.peer("late").subscriber(notices.subscriber()).start();
        let refused = notices.first(ended).await;
        assert_eq!((refused.reason.code(), refused.admitted), (Code::GoingAway, false));
        let asked = Duration::from_secs(refused.reason.retry_after().expect("a time"));
        let retry = notices.first(|notice| match notice {
            ShellEvent::Retry { after, .. } => Some(*after),
            _ => None,
        });
        assert!(retry.await >= asked);
        within(stopped).await.unwrap();
        world.start_hub(&world.hub_data.clone());
        within(late.session()).await.unwrap();
        within(late.stop()).await;
    }

    async fn a_stopping_peer_is_not_called_any_more_and_what_runs_ends_by_itself<H, P>() {
        let world = World::<H, P>::new();
        let (go, notices) = (world.at("go"), Notices::default());
        let web = world.peer("web").program(script("wait", &until(&go))).drain(LONG);
        let web = web.subscriber(notices.subscriber()).start();
        within(web.session()).await.unwrap();
        let operator = world.operator().await;
        let calling = begun(&operator, "wait").await;
        let stopped = { let web = web.clone(); tokio::spawn(async move { web.stop().await }) };
        assert_eq!(notices.first(stopping).await, 1);
        // The hub knows at once; until then the peer itself turns a call down.
        let code = run(call(&operator, "web", "wait")).await.code();
        assert!(matches!(code, Code::Offline | Code::Draining), "{code}");
        std::fs::write(&go, "").unwrap();
        let outcome = finish(calling).await;
        assert_eq!((outcome.exit(), outcome.text().as_str()), (7, "done\n"));
        within(stopped).await.unwrap();
        let left = notices.first(ended).await;
        assert_eq!(left.reason, EndReason::Closed(Code::GoingAway));
        world.hub_saw_offline("web").await;
        assert_eq!(run(call(&operator, "web", "wait")).await.code(), Code::Offline);
    }

    async fn a_stopping_peer_ends_what_outlasts_its_time_and_reports_it<H, P>() {
        let world = World::<H, P>::new();
        let (file, tidied) = (world.at("pid"), world.at("tidied"));
        let text = format!(
            "trap 'touch {}; exit 3' TERM; printf '%s\\n' $$ > '{}'; echo here; while :; do sleep 0.02; done",
            tidied.display(),
            file.display()
        );
        let web = world.peer("web").program(script("stay", &text)).drain(SHORT).start();
        within(web.session()).await.unwrap();
        let operator = world.operator().await;
        let calling = begun(&operator, "stay").await;
        within(web.stop()).await;
        let outcome = finish(calling).await;
        assert_eq!((outcome.code(), outcome.finished.text.raw()), (Code::GoingAway, BY_PEER));
        assert!(tidied.exists(), "it had time to clean up");
        process_gone(pids(&file, 1).await[0]).await;
        world.hub_saw_offline("web").await;
    }
}
