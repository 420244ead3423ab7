//! The operator of the hub's own machine: a socket that only the hub's user may open.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use bowline_core::capability::{Capability, Role};
use bowline_core::code::Code;
use bowline_core::id::{HubId, PeerId};
use bowline_core::wire::frame::{Method, Status};
use bowline_shell::config::{HubSettings, Insecure};
use bowline_shell::files::{DataDir, Endpoint};
use bowline_shell::peer::{ConnectError, PeerBuilder, Session};
use bowline_tests::calls::{call, run};
use bowline_tests::each_pairing;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, refused};

/// An operator of the world's hub, by way of what its endpoint file says.
fn operator<H: Shell, P: Shell>(world: &World<H, P>) -> PeerBuilder<P> {
    let data = DataDir::open(&world.hub_data).unwrap();
    let endpoint = Endpoint::read(&data).unwrap().unwrap();
    let control = endpoint.control.unwrap();
    assert_eq!(Some(&control), world.hub().control().as_ref());
    PeerBuilder::local(P::default(), &control, world.hub().id()).unwrap()
}

async fn connect<H: Shell, P: Shell>(world: &World<H, P>) -> Session {
    within(operator(world).connect()).await.unwrap()
}

each_pairing! {
    async fn it_is_admitted_by_being_there_and_several_call_at_one_time<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").command("ok".parse().unwrap(), |_| async {});
        let web = web.start();
        within(web.session()).await.unwrap();
        for session in [connect(&world).await, connect(&world).await] {
            let admitted = session.admitted();
            assert_eq!((admitted.peer, admitted.method), (PeerId::operator(), Method::Open));
            assert_eq!(admitted.hub, world.hub().id());
            assert_eq!(admitted.capabilities, Role::Admin.capabilities());
            assert_eq!(run(call(&session, "web", "ok")).await.exit(), 0);
        }
        within(web.stop()).await;
    }

    async fn no_setting_of_the_network_keeps_it_out<H, P>() {
        let settings = HubSettings {
            secret_role: Some(Role::Agent),
            auth_secret: Some(false),
            auth_required: Some(false),
            ..HubSettings::default()
        };
        let insecure = Insecure { no_auth: true, ..Insecure::default() };
        let world = World::<H, P>::with(settings, insecure);
        let session = connect(&world).await;
        assert_eq!(session.admitted().capabilities, Role::Admin.capabilities());
        // The hub's own commands answer it, as a role without 'call' would not be answered.
        let peers = session.call_hub("peers".parse().unwrap()).start();
        assert!(within(peers.finished()).await.is_success());
    }

    async fn the_hub_tells_it_how_it_is_set_up_and_nobody_else<H, P>() {
        let settings = HubSettings { name: Some("Acme".to_owned()), ..HubSettings::default() };
        let world = World::<H, P>::with(settings, Insecure::default());
        let told = async |session: Session| {
            within(session.call_hub("status".parse().unwrap()).start().finished()).await
        };
        let told_operator = told(connect(&world).await).await;
        let state = told_operator.value().unwrap();
        let text = |key: &str| state.entry(key).unwrap().text().unwrap().to_owned();
        let hub = world.hub();
        assert_eq!(text("name"), "Acme");
        assert_eq!(text("hub"), hub.id().to_string());
        assert_eq!(text("url"), hub.url().to_string());
        assert_eq!(text("bind"), hub.local().to_string());
        assert_eq!(text("pin"), hub.pin().unwrap().to_string());
        assert_eq!(text("mode"), "tofu");
        assert_eq!(text("control"), hub.control().unwrap().display().to_string());
        assert!(state.entry("not_after").is_some());
        let told_member = told(world.operator().await).await;
        assert_eq!(told_member.status, Status::Failed(Code::Denied));
        assert_eq!(told_member.required, Some(Capability::PeerAdmin));
    }

    async fn only_the_hubs_user_may_open_it_and_it_goes_with_the_hub<H, P>() {
        let mut world = World::<H, P>::new();
        let control = world.hub().control().unwrap();
        assert_eq!(control, fs::canonicalize(&world.hub_data).unwrap().join("control"));
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!((mode(&control), mode(&world.hub_data)), (0o600, 0o700));
        UnixStream::connect(&control).unwrap();
        world.stop_hub().await;
        assert!(!control.exists() && !world.hub_data.join("endpoint").exists());
    }

    async fn a_hub_that_stops_says_goodbye_to_it<H, P>() {
        let mut world = World::<H, P>::new();
        let session = connect(&world).await;
        world.stop_hub().await;
        assert_eq!(within(session.ended()).await.reason.code(), Code::GoingAway);
        let again = PeerBuilder::local(P::default(), &world.hub_data.join("control"), HubId([0; 16])).unwrap();
        let ConnectError::Unreachable { hub, .. } = refused(again).await else { panic!("reached") };
        assert!(hub.ends_with("/control"), "{hub}");
    }

    async fn another_hub_behind_the_socket_is_refused_by_its_identity<H, P>() {
        let world = World::<H, P>::new();
        let control = world.hub().control().unwrap();
        let other = PeerBuilder::local(P::default(), &control, HubId([0; 16])).unwrap();
        let ConnectError::Ended { ended, .. } = refused(other).await else { panic!("unreachable") };
        assert_eq!(ended.reason.code(), Code::IdentityMismatch);
    }

    async fn what_a_killed_hub_left_behind_is_replaced<H, P>() {
        let mut world = World::<H, P>::new();
        world.stop_hub().await;
        let control = world.hub_data.join("control");
        drop(std::os::unix::net::UnixListener::bind(&control).unwrap());
        assert!(control.exists());
        world.start_hub(&world.hub_data.clone());
        connect(&world).await;
    }

    async fn a_data_directory_with_a_long_path_has_its_socket_elsewhere<H, P>() {
        let mut world = World::<H, P>::new();
        let deep = world.hub_data.join("d".repeat(80)).join("e".repeat(80));
        world.stop_hub().await;
        world.start_hub(&deep);
        let control: PathBuf = world.hub().control().unwrap();
        let own = control.parent().unwrap().to_owned();
        assert!(!control.starts_with(&world.hub_data), "{}", control.display());
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!((mode(&own), mode(&control)), (0o700, 0o600));
        let data = DataDir::open(&deep).unwrap();
        assert_eq!(Endpoint::read(&data).unwrap().unwrap().control, Some(control));
        let local = PeerBuilder::local(P::default(), &world.hub().control().unwrap(), world.hub().id());
        within(local.unwrap().connect()).await.unwrap();
        world.stop_hub().await;
        assert!(!own.exists());
    }
}
