//! The core's example on a blocking socket, as a process against a hub.

use std::process::Command;

use bowline_tests::bowline::{Running, path};
use bowline_tests::calls::{call, run};
use bowline_tests::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_without_a_runtime_serves_a_command_and_ends_with_its_hub() {
    let mut world: World = World::new();
    let example = path().with_file_name("examples").join("blocking_socket");
    let mut command = Command::new(&example);
    command.arg(world.local().to_string()).arg("blocking-1").arg(world.secret());
    let mut peer = Running::start(command);
    peer.line("ready");

    let operator = world.operator().await;
    let outcome = run(call(&operator, "blocking-1", "hello")).await;
    assert_eq!((outcome.exit(), &*outcome.text()), (0, "hello from one thread\n"));
    assert_eq!(run(call(&operator, "blocking-1", "hello")).await.exit(), 0);

    world.stop_hub().await;
    peer.line("ended: the other end left: going-away");
    assert_eq!(peer.end().0, Some(0));
}
