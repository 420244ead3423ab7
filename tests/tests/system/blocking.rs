//! The core's example on a blocking socket, as a process against a hub.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use bowline_tests::bowline::{Running, path};
use bowline_tests::calls::{call, run};
use bowline_tests::world::World;

/// A folder of the example's own, with the secret in it.
fn folder(world: &World) -> PathBuf {
    let folder = world.at("blocking");
    fs::create_dir(&folder).unwrap();
    fs::copy(world.secret(), folder.join("secret.key")).unwrap();
    folder
}

fn start(world: &World, folder: &Path) -> Running {
    let example = path().with_file_name("examples").join("blocking_socket");
    let mut command = Command::new(&example);
    command.arg(world.local().to_string()).arg("blocking-1").arg(folder.join("secret.key"));
    Running::start(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_without_a_runtime_serves_a_command_and_runs_again_by_what_it_kept() {
    let mut world: World = World::new();
    let folder = folder(&world);
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut peer = start(&world, &folder);
        peer.line("ready");
        let operator = world.operator().await;
        let outcome = run(call(&operator, "blocking-1", "hello")).await;
        assert_eq!((outcome.exit(), &*outcome.text()), (0, "hello from one thread\n"));
        assert_eq!(run(call(&operator, "blocking-1", "hello")).await.exit(), 0);

        world.stop_hub().await;
        peer.line("ended: the other end left: going-away");
        assert_eq!(peer.end().0, Some(0));
        for name in ["blocking-1.key", "blocking-1.trust"] {
            let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let trust = fs::read_to_string(folder.join("blocking-1.trust")).unwrap();
        let key = fs::read(folder.join("blocking-1.key")).unwrap();
        kept.push((key, trust.split(' ').take(2).map(str::to_owned).collect::<Vec<_>>()));
        world.start_hub(&world.hub_data.clone());
    }
    assert_eq!(kept[0], kept[1], "the same key meets the same hub");

    // Another key is another peer, and the id is not its.
    fs::remove_file(folder.join("blocking-1.key")).unwrap();
    let mut peer = start(&world, &folder);
    peer.line("ended: the hub refused: id-taken");
    drop(peer);
    // Another hub in the place of the one that is known is not believed, though it has the secret.
    let other = world.at("other");
    fs::create_dir(&other).unwrap();
    fs::copy(world.secret(), other.join("secret.key")).unwrap();
    world.stop_hub().await;
    world.start_hub(&other);
    let mut peer = start(&world, &folder);
    peer.line("ended: ");
    assert!(peer.seen().iter().all(|line| !line.contains("ready")), "{peer:?}");
    world.stop_hub().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_others_may_read_is_not_used() {
    let world: World = World::new();
    let folder = folder(&world);
    fs::write(folder.join("blocking-1.key"), "").unwrap();
    fs::set_permissions(folder.join("blocking-1.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = start(&world, &folder).end();
    assert_eq!(code, Some(1));
    assert!(said.contains("blocking-1.key is open to others: chmod 600 it"), "{said}");
}
