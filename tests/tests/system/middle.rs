//! A relay in the middle that terminates TLS: found out on the first connection already.

use bowline_core::code::Code;
use bowline_core::link::{EndReason, Ended};
use bowline_core::trust::PinSpec;
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::ConnectError;
use bowline_tests::crossed_pairings;
use bowline_tests::notices::Notices;
use bowline_tests::relay::Relay;
use bowline_tests::wait::within;
use bowline_tests::world::{World, refused};

fn reason(error: ConnectError) -> Ended {
    let ConnectError::Ended { ended, .. } = error else { panic!("{error}") };
    (*ended).clone()
}

crossed_pairings! {
    async fn a_relay_with_a_key_of_its_own_fails_on_the_first_connection_and_nothing_is_kept<H, P>() {
        let world = World::<H, P>::new();
        let relay = Relay::start(world.local()).await;
        let notices = Notices::default();
        let peer = world.peer_at(&relay.url(), "web", "web").subscriber(notices.subscriber());
        let ended = reason(refused(peer).await);

        // The transport came up, and it was the relay's key that was served.
        let served = notices.first(|notice| match notice {
            ShellEvent::Secured { security, .. } => Some(security.served),
            _ => None,
        });
        assert_eq!(served.await, Some(relay.pin()));
        assert!(!ended.admitted);
        assert_eq!(ended.reason.code(), Code::KeyNotVouched);
        assert_eq!(world.trust(&relay.url(), "web"), None);
        assert!(!world.at("web").join("trust.toml").exists());
        // The hub was reached through the relay, and admitted nobody.
        world.notices.first(bowline_tests::notices::ended).await;
        let admitted = |notice: &ShellEvent| matches!(notice, ShellEvent::Admitted { .. }).then_some(());
        assert_eq!(world.notices.all(admitted), []);
    }

    async fn a_peer_that_was_told_to_trust_the_relays_key_is_refused_by_its_identity_all_the_same<H, P>() {
        let world = World::<H, P>::new();
        let relay = Relay::start(world.local()).await;
        let peer = world.peer_at(&relay.url(), "web", "web").pins([PinSpec::Key(relay.pin())]);
        let ended = reason(refused(peer).await);
        assert!(
            matches!(ended.reason.code(), Code::KeyNotVouched | Code::OtherKeySeen),
            "{}",
            ended.reason
        );
        assert!(matches!(ended.reason, EndReason::Auth(_) | EndReason::Refused(_)));
        assert_eq!(world.trust(&relay.url(), "web"), None);
    }

    async fn the_same_peer_is_admitted_once_nothing_stands_between<H, P>() {
        let world = World::<H, P>::new();
        let relay = Relay::start(world.local()).await;
        refused(world.peer_at(&relay.url(), "web", "web")).await;
        let session = within(world.peer("web").connect()).await.unwrap();
        assert_eq!(session.admitted().hub, world.hub().id());
    }
}
