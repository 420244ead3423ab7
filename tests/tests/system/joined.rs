//! A peer that an application embeds: it joins by a token, and comes back for as long as it runs.

use bowline_core::wire::frame::Method;
use bowline_shell::peer::{Join, PeerBuilder};
use bowline_tests::crossed_pairings;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id};

use super::joins::issue;

crossed_pairings! {
    async fn a_peer_that_joined_comes_back_by_its_certificate_and_after_a_restart_of_its_own<H, P>() {
        let mut world: World<H, P> = World::new();
        let (token, _) = issue(&world).await;
        let join = Join::new(&token, Some(id("web"))).unwrap();
        assert!(!format!("{join:?}").contains(&token));
        assert!(PeerBuilder::enrolled(P::default(), &world.at("web")).unwrap().is_none());
        let peer = PeerBuilder::join(P::default(), join, &world.at("web")).unwrap().start();
        let first = within(peer.session()).await.unwrap();
        assert_eq!(first.admitted().method, Method::Join);

        world.stop_hub().await;
        within(first.ended()).await;
        let data = world.hub_data.clone();
        world.start_hub(&data);
        let second = within(peer.session()).await.unwrap();
        assert_eq!(second.admitted().method, Method::Resume);
        assert_eq!(second.admitted().expires, first.admitted().expires);
        within(peer.stop()).await;

        let enrolled = PeerBuilder::enrolled(P::default(), &world.at("web")).unwrap().unwrap();
        let third = within(enrolled.connect()).await.unwrap();
        assert_eq!((third.admitted().method, third.admitted().peer), (Method::Resume, id("web")));
    }
}
