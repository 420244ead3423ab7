//! An id that is freed for another key: by the operator, durably, and while the hub runs.

use bowline_core::code::Code;
use bowline_core::link::EndReason;
use bowline_core::wire::frame::Status;
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::call::Finished;
use bowline_shell::ledger::Ledger;
use bowline_shell::peer::{ConnectError, PeerBuilder, Session};
use bowline_tests::crossed_pairings;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, refused};

async fn operator<H: Shell, P: Shell>(world: &World<H, P>) -> Session {
    let control = world.hub().control().unwrap();
    let local = PeerBuilder::local(P::default(), &control, world.hub().id()).unwrap();
    within(local.connect()).await.unwrap()
}

async fn forget(session: &Session, peer: &str) -> Finished {
    let mut arguments = ArgumentsBuf::new();
    arguments.named("id", Scalar::Text(peer)).unwrap();
    let call = session.call_hub("forget".parse().unwrap()).arguments(arguments);
    within(call.start().finished()).await
}

fn code(error: &ConnectError) -> Code {
    let ConnectError::Ended { ended, .. } = error else { panic!("{error}") };
    ended.reason.code()
}

crossed_pairings! {
    async fn its_session_ends_and_another_key_has_the_id_at_once<H, P>() {
        let world = World::<H, P>::new();
        let session = within(world.peer("web").connect()).await.unwrap();
        let other = || world.peer_in("web", "another-key");
        assert_eq!(code(&refused(other()).await), Code::IdTaken);

        let done = forget(&operator(&world).await, "web").await;
        let value = done.value().unwrap();
        assert_eq!(value.entry("id").unwrap().text(), Some("web"));
        assert!(matches!(value.entry("ended").unwrap().scalar(), Some(Scalar::Integer(1))));
        let ended = within(session.ended()).await;
        assert!(matches!(ended.reason, EndReason::Goaway { code: Code::Revoked, .. }), "{ended:?}");
        assert!(!ended.reason.is_retryable());

        within(other().connect()).await.unwrap();
        assert_eq!(code(&refused(world.peer("web")).await), Code::IdTaken);
    }

    async fn what_was_answered_is_on_the_disk<H, P>() {
        let mut world = World::<H, P>::new();
        within(world.peer("web").connect()).await.unwrap();
        within(world.peer("db").connect()).await.unwrap();
        assert!(forget(&operator(&world).await, "web").await.is_success());
        // Read beside the hub that runs, as it would be after a crash.
        let mut ledger = Ledger::open(&world.hub_data.join("ledger.db")).unwrap();
        let known = ledger.durable().unwrap();
        let bound: Vec<_> = known.peers.keys().map(ToString::to_string).collect();
        assert_eq!(bound, ["db"]);
        drop(ledger);
        world.stop_hub().await;
        world.start_hub(&world.hub_data.clone());
        within(world.peer_in("web", "another-key").connect()).await.unwrap();
    }

    async fn an_unknown_id_is_told_and_who_came_by_the_secret_may_not<H, P>() {
        let world = World::<H, P>::new();
        let session = within(world.peer("web").connect()).await.unwrap();
        let unknown = forget(&operator(&world).await, "nobody").await;
        assert_eq!(unknown.status, Status::Failed(Code::UnknownPeer));
        let denied = forget(&world.operator().await, "web").await;
        assert_eq!(denied.status, Status::Failed(Code::Denied));
        // The peer's session is as it was.
        let again = forget(&operator(&world).await, "nobody").await;
        assert_eq!(again.status, Status::Failed(Code::UnknownPeer));
        session.close();
        let ended = within(session.ended()).await;
        assert_eq!(ended.reason, EndReason::Closed(Code::GoingAway));
    }
}
