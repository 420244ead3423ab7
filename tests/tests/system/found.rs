//! What a running hub is found by on its own machine: taken away while it runs, and made anew.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use bowline_shell::files::{DataDir, DirLock, Endpoint, Holder};
use bowline_shell::notice::{Mark, ShellEvent};
use bowline_shell::peer::PeerBuilder;
use bowline_tests::crossed_pairings;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::World;

/// What was made anew for the `nth` time, and where.
async fn made<H: Shell, P: Shell>(world: &World<H, P>, nth: usize, wanted: Mark) -> PathBuf {
    let told = world.notices.nth(nth, |notice| match notice {
        ShellEvent::MadeAnew { mark, path } if *mark == wanted => Some(path.clone()),
        _ => None,
    });
    told.await
}

/// What is said to be amiss for the `nth` time.
async fn amiss<H: Shell, P: Shell>(world: &World<H, P>, nth: usize) -> Option<String> {
    let told = world.notices.nth(nth, |notice| match notice {
        ShellEvent::Amiss { reason } => Some(reason.clone()),
        _ => None,
    });
    told.await
}

/// The operator of this machine gets in by what the endpoint file says.
async fn gets_in<H: Shell, P: Shell>(world: &World<H, P>) {
    let data = DataDir::open(&world.hub_data).unwrap();
    let endpoint = Endpoint::read(&data).unwrap().unwrap();
    assert_eq!(
        (endpoint.control.clone(), endpoint.pid),
        (world.hub().control(), std::process::id())
    );
    let local = PeerBuilder::local(P::default(), &endpoint.control.unwrap(), world.hub().id());
    let session = within(local.unwrap().connect()).await.unwrap();
    let status = session.call_hub("status".parse().unwrap()).start();
    let told = within(status.finished()).await;
    let control = world.hub().control().unwrap().display().to_string();
    assert_eq!(told.value().unwrap().entry("control").unwrap().text(), Some(control.as_str()));
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

crossed_pairings! {
    async fn its_socket_is_made_anew_where_it_was_and_links_by_the_old_one_stay<H, P>() {
        let mut world = World::<H, P>::new();
        let control = world.hub().control().unwrap();
        let before = PeerBuilder::local(P::default(), &control, world.hub().id()).unwrap();
        let before = within(before.connect()).await.unwrap();
        for nth in 0..2 {
            fs::remove_file(&control).unwrap();
            assert_eq!(made(&world, nth, Mark::Socket).await, control);
            assert_eq!(mode(&control), 0o600);
            gets_in(&world).await;
        }
        let status = before.call_hub("status".parse().unwrap()).start();
        assert!(within(status.finished()).await.is_success());
        world.stop_hub().await;
        assert!(!control.exists() && !world.hub_data.join("endpoint").exists());
    }

    async fn it_looks_at_once_where_it_is_asked_to_and_where_it_reads_its_configuration<H, P>() {
        let mut world = World::<H, P>::new();
        let control = world.hub().control().unwrap();
        fs::remove_file(&control).unwrap();
        world.hub().look_around();
        made(&world, 0, Mark::Socket).await;
        fs::remove_file(&control).unwrap();
        let hub = world.hub.as_mut().unwrap();
        hub.reload(Default::default()).unwrap();
        made(&world, 1, Mark::Socket).await;
        gets_in(&world).await;
    }

    async fn nothing_of_somebody_elses_is_taken_away_for_its_socket<H, P>() {
        let mut world = World::<H, P>::new();
        let control = world.hub().control().unwrap();
        let elsewhere = world.at("elsewhere");
        let file = |path: &Path| fs::write(path, "precious").unwrap();
        let link = |path: &Path| symlink(&elsewhere, path).unwrap();
        let socket = |path: &Path| drop(UnixListener::bind(path).unwrap());
        // What nobody listens at any more was a hub's, and goes.
        let placed: [&dyn Fn(&Path); 3] = [&file, &link, &socket];
        for (nth, place) in placed.into_iter().enumerate() {
            place(&world.at("placed"));
            fs::rename(world.at("placed"), &control).unwrap();
            world.hub().look_around();
            let now = made(&world, 2 * nth, Mark::Socket).await;
            if nth < 2 {
                assert_eq!(now, control.parent().unwrap().join("operator/control"));
                assert_eq!((mode(&now), mode(now.parent().unwrap())), (0o600, 0o700));
                gets_in(&world).await;
                // Back to where it was.
                fs::remove_file(&now).unwrap();
                fs::rename(&control, world.at("kept")).unwrap();
                world.hub().look_around();
                assert_eq!(made(&world, 2 * nth + 1, Mark::Socket).await, control);
            }
            gets_in(&world).await;
            if nth == 0 {
                assert_eq!(fs::read_to_string(world.at("kept")).unwrap(), "precious");
            }
        }
        assert!(!elsewhere.exists());
        // One that is another's is not taken away at the end either.
        file(&world.at("placed"));
        fs::rename(world.at("placed"), &control).unwrap();
        world.stop_hub().await;
        assert_eq!(fs::read_to_string(&control).unwrap(), "precious");
    }

    async fn its_directory_elsewhere_may_go_with_its_socket<H, P>() {
        let mut world = World::<H, P>::new();
        let deep = world.hub_data.join("d".repeat(80)).join("e".repeat(80));
        world.stop_hub().await;
        world.start_hub(&deep);
        world.hub_data = deep;
        let control = world.hub().control().unwrap();
        let own = control.parent().unwrap().to_owned();
        fs::remove_dir_all(&own).unwrap();
        world.hub().look_around();
        assert_eq!(made(&world, 0, Mark::Socket).await, control);
        assert_eq!((mode(&own), mode(&control)), (0o700, 0o600));
        gets_in(&world).await;
        world.stop_hub().await;
        assert!(!own.exists());
    }

    async fn its_endpoint_file_is_written_anew_where_it_is_gone_or_says_something_else<H, P>() {
        let world = World::<H, P>::new();
        let endpoint = world.hub_data.join("endpoint");
        let before = fs::read(&endpoint).unwrap();
        fs::remove_file(&endpoint).unwrap();
        world.hub().look_around();
        made(&world, 0, Mark::Endpoint).await;
        assert_eq!(fs::read(&endpoint).unwrap(), before);
        fs::write(&endpoint, "ws://127.0.0.1:1/link\n1\n").unwrap();
        world.hub().look_around();
        made(&world, 1, Mark::Endpoint).await;
        assert_eq!((fs::read(&endpoint).unwrap(), mode(&endpoint)), (before, 0o600));
        gets_in(&world).await;
    }

    async fn its_lock_is_taken_anew_before_another_hub_can<H, P>() {
        let world = World::<H, P>::new();
        let data = DataDir::open(&world.hub_data).unwrap();
        fs::remove_file(data.lock_file()).unwrap();
        world.hub().look_around();
        made(&world, 0, Mark::Lock).await;
        let holder = Holder { pid: Some(std::process::id()) };
        assert_eq!(DirLock::holder(&data), Ok(Some(holder)));
        // Another one was quicker.
        let elsewhere = DataDir::create(&world.at("elsewhere")).unwrap();
        let other = DirLock::take(&elsewhere).unwrap();
        fs::rename(elsewhere.lock_file(), data.lock_file()).unwrap();
        world.hub().look_around();
        let reason = amiss(&world, 0).await.unwrap();
        assert!(reason.contains("another hub (process ") && reason.contains("stop one"), "{reason}");
        let endpoint = fs::read(data.endpoint()).unwrap();
        fs::write(data.endpoint(), "another's").unwrap();
        world.hub().look_around();
        drop(other);
        world.hub().look_around();
        assert_eq!(amiss(&world, 1).await, None);
        made(&world, 1, Mark::Lock).await;
        made(&world, 0, Mark::Endpoint).await;
        assert_eq!(fs::read(data.endpoint()).unwrap(), endpoint);
    }

    async fn a_data_directory_that_is_gone_is_told_and_another_in_its_place_left_alone<H, P>() {
        let mut world = World::<H, P>::new();
        let away = world.at("away");
        fs::rename(&world.hub_data, &away).unwrap();
        world.hub().look_around();
        let gone = amiss(&world, 0).await.unwrap();
        assert!(gone.contains("is not there any more: what it records"), "{gone}");
        fs::create_dir(&world.hub_data).unwrap();
        world.hub().look_around();
        let other = amiss(&world, 1).await.unwrap();
        assert!(other.contains("is another directory than"), "{other}");
        fs::remove_dir(&world.hub_data).unwrap();
        fs::rename(&away, &world.hub_data).unwrap();
        // It may be seen gone in between.
        world.notices.first(|notice| matches!(notice, ShellEvent::Amiss { reason: None }).then_some(())).await;
        gets_in(&world).await;
        let ledger = world.hub_data.join("ledger.db");
        fs::rename(&ledger, world.at("ledger.db")).unwrap();
        let lost = |notice: &ShellEvent| match notice {
            ShellEvent::Amiss { reason: Some(reason) } => reason.contains("is not the ledger").then_some(()),
            _ => None,
        };
        world.notices.first(lost).await;
        // At its end it takes nothing away that is another hub's.
        fs::rename(&world.hub_data, &away).unwrap();
        fs::create_dir(&world.hub_data).unwrap();
        fs::write(world.hub_data.join("endpoint"), "another's").unwrap();
        world.stop_hub().await;
        assert_eq!(fs::read_to_string(world.hub_data.join("endpoint")).unwrap(), "another's");
    }
}
