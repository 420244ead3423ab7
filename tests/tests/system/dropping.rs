//! A peer and a hub that nobody holds any more stop; what still holds them keeps them up.

use bowline_core::code::Code;
use bowline_core::link::EndReason;
use bowline_shell::hub::HubBuilder;
use bowline_shell::peer::PeerState;
use bowline_tests::calls::{call, finish, run, until_output};
use bowline_tests::each_pairing;
use bowline_tests::program::script;
use bowline_tests::wait::{poll_for, within};
use bowline_tests::world::World;

each_pairing! {
    async fn a_peer_stops_with_its_last_handle_and_its_calls_end_first<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").program(script("ask", "echo here; read answer; echo $answer"));
        let web = web.start();
        let session = within(web.session()).await.unwrap();
        let mut states = web.states();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "ask").with_input().start();
        until_output(&mut calling, "here").await;

        let clone = web.clone();
        drop(web);
        assert!(matches!(clone.state(), PeerState::Up(_)), "a clone is the same peer");
        drop(clone);
        // The call that runs has its time.
        within(calling.write(b"well\n")).await;
        let outcome = finish(calling).await;
        assert_eq!((outcome.text().as_str(), outcome.exit()), ("well\n", 0));
        let ended = within(session.ended()).await;
        assert!(matches!(ended.reason, EndReason::Closed(Code::GoingAway)), "{}", ended.reason);
        while let Some(state) = within(states.next()).await {
            let stays = matches!(state, PeerState::Up(_) | PeerState::Stopped);
            assert!(stays, "it dials again: {state}");
        }
        world.hub_saw_offline("web").await;
    }

    async fn a_hub_that_is_dropped_ends_its_links_and_lets_go_of_all_that_it_held<H, P>() {
        let mut world = World::<H, P>::new();
        let web = within(world.peer("web").program(script("ok", "true")).connect()).await.unwrap();
        let hub = world.hub.take().unwrap();
        let (data, control) = (hub.data().clone(), hub.control().unwrap());
        drop(hub);
        let ended = within(web.ended()).await;
        assert!(matches!(ended.reason, EndReason::Goaway { code: Code::GoingAway, .. }), "{ended:?}");
        assert!(!control.exists() && !data.endpoint().exists());
        // The directory is its own until its last task has ended, and then whoever wants it has it.
        let bind = world.local();
        let again = poll_for(|| {
            HubBuilder::new(H::default(), &world.hub_data).ok()?.bind(bind).start().ok()
        });
        world.hub = Some(again.await);
        let _web = within(world.peer("web").program(script("ok", "true")).connect()).await.unwrap();
        let operator = world.operator().await;
        assert_eq!(run(call(&operator, "web", "ok")).await.exit(), 0);
        world.stop_hub().await;
    }
}
