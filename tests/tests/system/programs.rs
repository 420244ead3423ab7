//! Programs that are ended: by a deadline, by the caller, and by a caller that goes away. Nothing
//! of them stays behind, their children included.

use std::path::PathBuf;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_shell::peer::Session;
use bowline_tests::calls::{call, finish, run};
use bowline_tests::each_pairing;
use bowline_tests::program::{pids, process_gone, script};
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::World;

/// A peer whose command writes its own process id and its child's into a file, and stays.
async fn world<H: Shell, P: Shell>() -> (World<H, P>, Session, Session, PathBuf) {
    let world = World::new();
    let file = world.at("pids");
    let text = format!("sleep 1000 & printf '%s\\n%s\\n' $$ $! > '{}'; wait", file.display());
    let web = world.peer("web").program(script("stay", &text));
    let web = within(web.connect()).await.unwrap();
    let operator = world.operator().await;
    (world, web, operator, file)
}

async fn gone(ids: Vec<i32>) {
    for id in ids {
        process_gone(id).await;
    }
}

each_pairing! {
    async fn a_calls_deadline_ends_the_program_and_its_children<H, P>() {
        let (_world, _web, operator, file) = world::<H, P>().await;
        let deadline = Duration::from_millis(500);
        let outcome = run(call(&operator, "web", "stay").deadline(deadline)).await;
        assert_eq!(outcome.code(), Code::Deadline);
        gone(pids(&file, 2).await).await;
    }

    async fn a_commands_own_timeout_ends_it_where_it_is_sooner_than_the_calls<H, P>() {
        let world = World::<H, P>::new();
        let spec = script("stay", "sleep 1000").ended_after(Some(Duration::from_millis(300))).unwrap();
        let _web = within(world.peer("web").program(spec).connect()).await.unwrap();
        let operator = world.operator().await;
        assert_eq!(run(call(&operator, "web", "stay")).await.code(), Code::Deadline);
    }

    async fn a_cancelled_call_ends_the_program_and_its_children_and_says_so<H, P>() {
        let (_world, _web, operator, file) = world::<H, P>().await;
        let mut calling = call(&operator, "web", "stay").start();
        let ids = pids(&file, 2).await;
        calling.cancel();
        assert_eq!(finish(calling).await.code(), Code::Cancelled);
        gone(ids).await;
    }

    async fn a_call_that_is_dropped_is_cancelled<H, P>() {
        let (_world, _web, operator, file) = world::<H, P>().await;
        let calling = call(&operator, "web", "stay").start();
        let ids = pids(&file, 2).await;
        drop(calling);
        gone(ids).await;
    }

    async fn a_caller_that_goes_away_takes_its_programs_with_it<H, P>() {
        let (_world, _web, operator, file) = world::<H, P>().await;
        let calling = call(&operator, "web", "stay").start();
        let ids = pids(&file, 2).await;
        operator.close();
        assert_eq!(finish(calling).await.code(), Code::Lost);
        gone(ids).await;
    }

    async fn a_program_whose_peer_loses_the_hub_is_ended<H, P>() {
        let (mut world, _web, operator, file) = world::<H, P>().await;
        let calling = call(&operator, "web", "stay").start();
        let ids = pids(&file, 2).await;
        world.stop_hub().await;
        assert_eq!(finish(calling).await.code(), Code::GoingAway);
        gone(ids).await;
    }

    async fn a_program_that_ignores_sigterm_is_killed<H, P>() {
        let world = World::<H, P>::new();
        let file = world.at("pids");
        let text = format!("trap '' TERM; echo $$ > '{}'; while :; do sleep 1; done", file.display());
        let _web = within(world.peer("web").program(script("stay", &text)).connect()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "stay").start();
        let ids = pids(&file, 1).await;
        calling.cancel();
        assert_eq!(finish(calling).await.code(), Code::Cancelled);
        gone(ids).await;
    }
}
