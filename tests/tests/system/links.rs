//! Many links at once.

use bowline_shell::config::{HubSettings, Insecure, LimitSettings};
use bowline_shell::peer::PeerBuilder;
use bowline_tests::calls::{call, run};
use bowline_tests::each_pairing;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id};

each_pairing! {
    async fn two_hundred_peers_idle_on_one_hub_and_each_answers<H, P>() {
        // As many as come within a second, and the operator.
        let limits = LimitSettings { admissions_per_second: Some(1_000), ..LimitSettings::default() };
        let settings = HubSettings { limits, ..HubSettings::default() };
        let world = World::<H, P>::with(settings, Insecure::default());
        let mut sessions = Vec::new();
        // Each source may have 64 admissions pending.
        for batch in (0..200).collect::<Vec<_>>().chunks(50) {
            let dials = batch.iter().map(|n| tokio::spawn(peer(&world, &format!("p{n}")).connect()));
            for dial in dials.collect::<Vec<_>>() {
                sessions.push(within(dial).await.unwrap().unwrap());
            }
        }
        let operator = world.operator().await;
        for n in 0..200 {
            let outcome = run(call(&operator, &format!("p{n}"), "me")).await;
            assert_eq!(outcome.text(), format!("p{n}"));
        }
    }
}

fn peer<H: Shell, P: Shell>(world: &World<H, P>, name: &str) -> PeerBuilder<P> {
    let (peer, name) = (world.peer(name), id(name));
    peer.command(
        "me".parse().unwrap(),
        move |mut call| async move { call.print(name.as_str()).await },
    )
}
