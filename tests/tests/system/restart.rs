//! A hub that stops and starts again, as itself or as another.

use bowline_core::code::Code;
use bowline_core::link::EndReason;
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::ConnectError;
use bowline_tests::calls::{call, run};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::{Notices, ended};
use bowline_tests::wait::within;
use bowline_tests::world::{World, refused};

crossed_pairings! {
    async fn peers_come_back_by_themselves_when_the_hub_does<H, P>() {
        let mut world = World::<H, P>::new();
        let notices = Notices::default();
        let web = world.peer("web").command("ok".parse().unwrap(), |_| async {});
        let web = web.subscriber(notices.subscriber()).start();
        within(web.session()).await.unwrap();
        let before = world.trust(world.url(), "web").unwrap();

        world.stop_hub().await;
        let left = notices.first(ended).await;
        assert!(matches!(left.reason, EndReason::Goaway { code: Code::GoingAway, .. }), "{left:?}");

        world.start_hub(&world.hub_data.clone());
        let is_registered = |notice: &ShellEvent| matches!(notice, ShellEvent::Registered { .. }).then_some(());
        notices.nth(1, is_registered).await;
        let operator = world.operator().await;
        assert_eq!(run(call(&operator, "web", "ok")).await.exit(), 0);

        let after = world.trust(world.url(), "web").unwrap();
        assert_eq!((after.identity, after.pin), (before.identity, before.pin));
        assert_eq!(after.generation, before.generation + 1);
        assert_eq!(after.generation, world.hub().generation());
        within(web.stop()).await;
    }

    async fn a_hub_with_another_identity_on_the_same_address_is_refused_and_nothing_changes<H, P>() {
        let mut world = World::<H, P>::new();
        within(world.peer("web").connect()).await.unwrap();
        let file = world.at("web").join("trust.toml");
        let before = std::fs::read(&file).unwrap();
        world.stop_hub().await;

        // It knows the secret, so nothing but its identity gives it away.
        let other = world.at("other");
        std::fs::create_dir(&other).unwrap();
        std::fs::copy(world.secret(), other.join("secret.key")).unwrap();
        world.start_hub(&other);

        let error = refused(world.peer("web")).await;
        let ConnectError::Ended { ended, .. } = &error else { panic!("{error}") };
        assert_eq!(ended.reason.code(), Code::IdentityMismatch);
        assert!(!ended.reason.is_retryable());
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}
