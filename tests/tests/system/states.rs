//! How a peer that keeps a session up stands: what its application waits for, and what it is told.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use bowline_core::code::Code;
use bowline_core::id::HubId;
use bowline_core::link::EndReason;
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::peer::{
    ConnectError, CredentialSource, NoSession, Peer, PeerBuilder, PeerState, States,
};
use bowline_smol::Smol;
use bowline_tests::crossed_pairings;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::World;

/// A secret that is not the hub's.
fn wrong_secret<H: Shell, P: Shell>(world: &World<H, P>) -> PathBuf {
    let path = world.at("wrong.key");
    fs::write(&path, "A".repeat(43)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

/// The code of a peer that fails at once and goes on trying.
async fn failed(peer: &Peer) -> Option<Code> {
    let error = within(peer.session()).await.unwrap_err();
    assert!(error.goes_on(), "{error}");
    let NoSession::Failed { reason, .. } = &error else { panic!("{error}") };
    assert_eq!(error.code(), reason.code());
    // A program that hands the error on shows a person a sentence and no structure.
    assert_eq!(format!("{error:?}"), error.to_string());
    assert_eq!(error.to_string(), reason.to_string());
    let state = peer.state();
    assert!(matches!(&state, PeerState::Failed { until: Some(_), .. }), "{state}");
    assert_eq!(state.to_string(), format!("failed: {reason}"));
    error.code()
}

/// The next state, in a word.
async fn next(states: &mut States) -> Option<&'static str> {
    let state = within(states.next()).await?;
    Some(match state {
        PeerState::Dialling => "dialling",
        PeerState::Waiting { .. } => "waiting",
        PeerState::Up(_) => "up",
        PeerState::Failed { .. } => "failed",
        PeerState::Stopped => "stopped",
        other => panic!("{other}"),
    })
}

/// Goes on until the state is so.
async fn until(states: &mut States, wanted: &str) {
    while next(states).await.expect("a state") != wanted {}
}

/// Why the peer waits, once it does.
async fn waits(states: &mut States) -> Arc<ConnectError> {
    within(async {
        loop {
            if let PeerState::Waiting { reason, .. } = states.next().await.expect("a state") {
                return reason;
            }
        }
    })
    .await
}

/// Has the hub put out the peer `web`.
async fn revoke<H: Shell, P: Shell>(world: &World<H, P>) {
    let control = world.hub().control().unwrap();
    let operator = PeerBuilder::local(P::default(), &control, world.hub().id()).unwrap();
    let session = within(operator.connect()).await.unwrap();
    let mut arguments = ArgumentsBuf::new();
    let named = [("id", "web"), ("reason", "stolen")];
    for (name, value) in named {
        arguments.named(name, Scalar::Text(value)).unwrap();
    }
    let call = session.call_hub("revoke-peer".parse().unwrap()).arguments(arguments);
    assert!(within(call.start().finished()).await.is_success());
}

crossed_pairings! {
    async fn what_does_not_heal_is_an_error_at_once_with_its_reason<H, P>() {
        let world = World::<H, P>::new();
        let _first = within(world.peer_in("taken", "first").connect()).await.unwrap();
        let another = HubId([7; 16]);
        for (peer, code) in [
            (world.peer("web").secret_file(wrong_secret(&world)), Some(Code::Refused)),
            (world.peer("web").secret_file(world.at("no-such.key")), None),
            (world.peer_in("taken", "second"), Some(Code::IdTaken)),
            (world.peer("web").hub_id(another), Some(Code::IdentityMismatch)),
            (
                world.peer("web").hub_id(world.hub().id()).credential(CredentialSource::open()),
                Some(Code::MethodNotOffered),
            ),
        ] {
            let peer = peer.start();
            assert_eq!(failed(&peer).await, code);
            // It is told to each who asks, for as long as it holds.
            assert_eq!(failed(&peer).await, code);
            within(peer.stop()).await;
        }
    }

    async fn a_secret_file_that_is_not_there_is_named<H, P>() {
        let world = World::<H, P>::new();
        let peer = world.peer("web").secret_file(world.at("no-such.key")).start();
        let error = within(peer.session()).await.unwrap_err();
        assert!(error.to_string().contains("no-such.key"), "{error}");
        within(peer.stop()).await;
    }

    async fn a_peer_that_is_revoked_fails_and_says_so_then_and_later<H, P>() {
        let world = World::<H, P>::new();
        let peer = world.peer("web").start();
        let session = within(peer.session()).await.unwrap();
        let mut states = peer.states();
        revoke(&world).await;
        within(session.ended()).await;
        until(&mut states, "failed").await;
        assert_eq!(failed(&peer).await, Some(Code::Revoked));
        within(peer.stop()).await;
    }

    async fn a_hub_that_is_away_is_waited_for_and_the_wait_has_its_reason<H, P>() {
        let mut world = World::<H, P>::new();
        world.stop_hub().await;
        let peer = world.peer("web").start();
        let reason = waits(&mut peer.states()).await;
        assert_eq!(reason.code(), Some(Code::NotListening));
        assert!(reason.to_string().starts_with("cannot reach wss://"), "{reason}");
        world.start_hub(&world.hub_data.clone());
        let session = within(peer.session()).await.unwrap();
        assert_eq!(session.admitted().hub, world.hub().id());
        within(peer.stop()).await;
    }

    async fn whoever_waits_for_a_peer_that_is_stopped_is_told<H, P>() {
        let mut world = World::<H, P>::new();
        world.stop_hub().await;
        let peer = world.peer("web").start();
        let waiting = tokio::spawn({
            let peer = peer.clone();
            async move { peer.session().await }
        });
        until(&mut peer.states(), "waiting").await;
        within(peer.stop()).await;
        let error = within(waiting).await.unwrap().unwrap_err();
        assert!(matches!(error, NoSession::Stopped) && !error.goes_on(), "{error}");
        assert_eq!((error.code(), error.to_string().as_str()), (None, "the peer was stopped"));
        assert!(matches!(within(peer.session()).await, Err(NoSession::Stopped)));
    }

    async fn states_come_in_their_order_and_the_last_one_ends_them<H, P>() {
        let mut world = World::<H, P>::new();
        let peer = world.peer("web").start();
        let mut states = peer.states();
        until(&mut states, "up").await;
        world.stop_hub().await;
        assert_eq!(next(&mut states).await, Some("waiting"));
        let mut late = peer.states();
        let data = world.hub_data.clone();
        world.start_hub(&data);
        until(&mut states, "up").await;
        let PeerState::Up(session) = peer.state() else { panic!("{}", peer.state()) };
        assert_eq!(peer.state().to_string(), "up, as 'web'");
        within(peer.stop()).await;
        within(session.ended()).await;
        assert_eq!(next(&mut states).await, Some("stopped"));
        assert_eq!(next(&mut states).await, None);
        assert_eq!(next(&mut states).await, None);
        // Who did not look meanwhile sees where it ended.
        assert_eq!(next(&mut late).await, Some("stopped"));
        assert_eq!(next(&mut late).await, None);
        assert_eq!(next(&mut peer.states()).await, Some("stopped"));
    }

    async fn a_session_that_ends_has_its_reason_in_the_wait_for_the_next<H, P>() {
        let mut world = World::<H, P>::new();
        let peer = world.peer("web").start();
        within(peer.session()).await.unwrap();
        let mut states = peer.states();
        world.stop_hub().await;
        let reason = waits(&mut states).await;
        let ConnectError::Ended { ended, .. } = &*reason else { panic!("{reason}") };
        assert!(ended.admitted, "{reason}");
        assert!(matches!(ended.reason, EndReason::Goaway { code: Code::GoingAway, .. }), "{reason}");
        within(peer.stop()).await;
    }

    async fn what_failed_is_looked_at_again_once_the_peer_is_told_anew<H, P>() {
        let world = World::<H, P>::new();
        let other = World::<H, P>::new();
        let peer = world.peer("web").secret_file(wrong_secret(&world)).start();
        assert_eq!(failed(&peer).await, Some(Code::Refused));
        // Another hub is dialled at once, so that the old verdict is nobody's any more.
        peer.reload(other.peer("web"));
        let session = within(peer.session()).await.unwrap();
        assert_eq!(session.admitted().hub, other.hub().id());
        within(peer.stop()).await;
    }
}

/// A peer whose hub is nowhere.
fn lonely<P: Shell>(runtime: P, data: &tempfile::TempDir) -> Peer {
    let url = "wss://127.0.0.1:1".parse().unwrap();
    PeerBuilder::new(runtime, url, "web".parse().unwrap(), data.path()).unwrap().start()
}

#[test]
fn nobody_waits_for_a_peer_whose_tokio_runtime_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let peer = runtime.block_on(async { lonely(bowline_tokio::Tokio, &data) });
    drop(runtime);
    let waited = smol::block_on(within(peer.session()));
    assert!(matches!(waited, Err(NoSession::Stopped)));
    assert!(matches!(peer.state(), PeerState::Stopped));
    smol::block_on(within(peer.stop()));
}

#[test]
fn nobody_waits_for_a_peer_whose_smol_executor_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let executor = Arc::new(smol::Executor::new());
    let peer = lonely(Smol::on(&executor), &data);
    drop(executor);
    assert!(matches!(smol::block_on(within(peer.session())), Err(NoSession::Stopped)));
    smol::block_on(within(peer.stop()));
}
