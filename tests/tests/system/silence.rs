//! A network that swallows, without a word to anybody, and links on which one end only reads: who
//! has gone is noticed, and who is there is not taken for gone.

use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::limits::Limits;
use bowline_core::link::{EndReason, Ended, TimerKind};
use bowline_shell::call::Calling;
use bowline_shell::config::{HubSettings, Insecure, PreauthSettings, TlsMode};
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::PeerBuilder;
use bowline_tests::calls::{call, finish, run, until_output};
use bowline_tests::each_pairing;
use bowline_tests::notices::{Notices, ended};
use bowline_tests::program::{process_gone, script};
use bowline_tests::proxy::{Fault, Proxy, Way};
use bowline_tests::rekey::Rekey;
use bowline_tests::shells::Shell;
use bowline_tests::wait::{pause, poll_for, within};
use bowline_tests::world::World;

/// The bounds of links that notice soon.
fn quick() -> Limits {
    let mut limits = Limits::default();
    limits.heartbeat = Duration::from_secs(1);
    limits.silence = Duration::from_secs(3);
    // A dial into the silence is over soon as well.
    limits.upgrade_within = Duration::from_secs(2);
    limits
}

fn world<H: Shell, P: Shell>() -> World<H, P> {
    World::limited(HubSettings::default(), Insecure::default(), quick())
}

/// A peer whose command stays, and says which process it is.
fn web<H: Shell, P: Shell>(
    world: &World<H, P>,
    proxy: &Proxy,
    notices: &Notices,
) -> PeerBuilder<P> {
    let web = world.peer_at(&proxy.url(), "web", "web").limits(quick());
    web.program(script("stay", "echo $$; exec sleep 1000")).subscriber(notices.subscriber())
}

/// The process of a call that stays.
async fn program(calling: &mut Calling) -> i32 {
    until_output(calling, "\n").await.trim().parse().unwrap()
}

/// How a link of an admitted session ended, as one of its ends tells it.
fn session_ended(notice: &ShellEvent) -> Option<Ended> {
    ended(notice).filter(|ended| ended.admitted)
}

const SILENT: EndReason = EndReason::TimedOut(TimerKind::Silence);

/// What an end tells that was told of the other's silence.
fn told_idle(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Goaway { code: Code::Idle, .. })
}

async fn one_way<H: Shell, P: Shell>(swallowed: Way) {
    let world = world::<H, P>();
    let proxy = Proxy::start(world.local(), Fault::None).await;
    let notices = Notices::default();
    let web = within(web(&world, &proxy, &notices).connect()).await.unwrap();
    proxy.swallow(&[swallowed]);
    let at_hub = world.notices.first(session_ended).await.reason;
    let at_peer = notices.first(session_ended).await.reason;
    let (silent, told) = match swallowed {
        Way::ToHub => (at_hub, at_peer),
        Way::FromHub => (at_peer, at_hub),
    };
    assert_eq!(silent, SILENT, "{swallowed:?}");
    assert!(told_idle(&told), "{swallowed:?}: {told:?}");
    world.hub_saw_offline("web").await;
    within(web.ended()).await;
}

each_pairing! {
    async fn both_ends_notice_a_network_that_swallows_and_the_peer_comes_back_when_there_is_a_way<H, P>() {
        let world = world::<H, P>();
        let proxy = Proxy::start(world.local(), Fault::None).await;
        let notices = Notices::default();
        let web = web(&world, &proxy, &notices).start();
        within(web.session()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "stay").start();
        let process = program(&mut calling).await;

        proxy.swallow(&[Way::ToHub, Way::FromHub]);
        assert_eq!(finish(calling).await.code(), Code::Lost);
        world.hub_saw_offline("web").await;
        assert_eq!(world.notices.first(session_ended).await.reason, SILENT);
        assert_eq!(notices.first(session_ended).await.reason, SILENT);
        process_gone(process).await;
        assert_eq!(run(call(&operator, "web", "stay")).await.code(), Code::Offline);

        proxy.heal();
        let is_registered = |notice: &ShellEvent| matches!(notice, ShellEvent::Registered { .. }).then_some(());
        notices.nth(1, is_registered).await;
        let mut calling = call(&operator, "web", "stay").start();
        assert_ne!(program(&mut calling).await, process);
        drop(calling);
        within(web.stop()).await;
    }

    async fn where_one_way_is_swallowed_the_end_that_hears_nothing_tells_the_other<H, P>() {
        tokio::join!(one_way::<H, P>(Way::ToHub), one_way::<H, P>(Way::FromHub));
    }

    async fn a_caller_that_the_network_swallows_ends_what_it_started<H, P>() {
        let world = world::<H, P>();
        let web = world.peer("web").program(script("stay", "echo $$; exec sleep 1000"));
        let _web = within(web.connect()).await.unwrap();
        let proxy = Proxy::start(world.local(), Fault::None).await;
        let operator = world.peer_at(&proxy.url(), "me", "me").limits(quick()).operate().connect();
        let operator = within(operator).await.unwrap();
        let mut calling = call(&operator, "web", "stay").start();
        let process = program(&mut calling).await;
        proxy.swallow(&[Way::ToHub, Way::FromHub]);
        process_gone(process).await;
        assert_eq!(finish(calling).await.code(), Code::Lost);
        assert_eq!(within(operator.ended()).await.reason, SILENT);
        assert_eq!(world.notices.first(session_ended).await.reason, SILENT);
    }

    /// Neither end has anything to say for longer than the silence that either would take for an
    /// end, and the way between asks for new keys all the while.
    async fn ends_that_only_read_answer_pings_and_key_updates<H, P>() {
        let rekey = Rekey::listen().await;
        let preauth = PreauthSettings {
            trusted_proxies: Some(vec!["127.0.0.1".parse().unwrap()]),
            external_pins: Some(vec![rekey.pin()]),
            ..PreauthSettings::default()
        };
        let settings = HubSettings { mode: Some(TlsMode::Plain), preauth, ..HubSettings::default() };
        let world = World::<H, P>::limited(settings, Insecure::default(), quick());
        let rekey = rekey.carry_to(world.local());
        let web = world.peer_at(&rekey.url(), "web", "web").limits(quick());
        let web = within(web.command("ok".parse().unwrap(), |_| async {}).connect()).await.unwrap();
        let operator = world.operator().await;
        for asked in 1..=4 {
            rekey.ask();
            poll_for(|| (rekey.answered() == asked).then_some(())).await;
        }
        pause(quick().silence).await;
        assert!(world.notices.all(ended).is_empty());
        assert_eq!(run(call(&operator, "web", "ok")).await.exit(), 0);
        assert_eq!(rekey.answered(), 4);
        web.close();
        within(web.ended()).await;
    }
}
