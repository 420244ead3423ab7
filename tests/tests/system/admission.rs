//! Admission: who gets in, what those are told who do not, and what is kept of either.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::link::EndReason;
use bowline_core::wire::frame::Method;
use bowline_shell::config::{HubSettings, Insecure, TlsMode};
use bowline_shell::notice::Subscriber;
use bowline_shell::peer::{ConnectError, CredentialSource, SetupError};
use bowline_tests::calls::{call, run};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::{Notices, ended};
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id, refused};

/// The code that a dial ended with.
fn code(error: &ConnectError) -> Code {
    let ConnectError::Ended { ended, .. } = error else { panic!("{error}") };
    ended.reason.code()
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

crossed_pairings! {
    async fn a_first_contact_keeps_the_hubs_identity_and_its_pin<H, P>() {
        let world = World::<H, P>::new();
        let session = within(world.peer("web").connect()).await.unwrap();
        assert_eq!(session.admitted().peer, id("web"));
        assert_eq!(session.admitted().hub, world.hub().id());
        assert_eq!(session.admitted().method, Method::Secret);
        let kept = world.trust(world.url(), "web").unwrap();
        assert_eq!(kept.identity, Some(world.hub().id()));
        assert_eq!(kept.pin, world.hub().pin());
        assert_eq!(kept.generation, world.hub().generation());
        let mode = fs::metadata(world.at("web").join("trust.toml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    async fn a_wrong_secret_is_refused_at_both_ends_and_nothing_is_kept<H, P>() {
        let world = World::<H, P>::new();
        let wrong = world.at("wrong.key");
        write_private(&wrong, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
        let error = refused(world.peer("web").secret_file(&wrong)).await;
        assert_eq!(code(&error), Code::Refused);
        let ConnectError::Ended { ref ended, .. } = error else { unreachable!() };
        assert!(matches!(ended.reason, EndReason::Refused(_)), "{error}");
        assert!(error.to_string().contains("the hub refused: refused"), "{error}");
        let told = world.notices.first(self::ended).await;
        assert_eq!(told.reason.code(), Code::Refused);
        assert!(told.reason.to_string().contains("does not match the shared secret"));
        assert_eq!(world.trust(world.url(), "web"), None);
        assert!(!world.at("web").join("trust.toml").exists());
    }

    /// A subscriber that takes its time must not be overtaken by who waits for the dial.
    async fn the_end_of_a_link_is_told_before_anybody_goes_on_because_of_it<H, P>() {
        let world = World::<H, P>::new();
        let wrong = world.at("wrong.key");
        write_private(&wrong, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
        let told = Arc::new(AtomicBool::new(false));
        let tells = told.clone();
        let subscriber = Subscriber::new(move |notice| {
            if ended(&notice).is_some() {
                std::thread::sleep(Duration::from_millis(50));
                tells.store(true, Ordering::SeqCst);
            }
        });
        refused(world.peer("web").secret_file(&wrong).subscriber(subscriber)).await;
        assert!(told.load(Ordering::SeqCst));
    }

    async fn a_secret_that_a_person_made_up_is_refused_before_anything_is_dialled<H, P>() {
        let world = World::<H, P>::new();
        let file = world.at("secret.key");
        for weak in ["change-me", "", "short", "correct horse battery staple and more of it"] {
            write_private(&file, weak);
            let notices = Notices::default();
            let peer = world.peer("web").secret_file(&file).subscriber(notices.subscriber());
            let error = refused(peer).await;
            let ConnectError::Setup(SetupError::Credential(text)) = &error else { panic!("{error}") };
            assert!(text.contains("secret.key"), "{weak}: {text}");
            assert_eq!(notices.all(|_| Some(())), [], "{weak}");
        }
    }

    async fn a_secret_file_that_others_may_read_is_refused<H, P>() {
        let world = World::<H, P>::new();
        let file = world.at("secret.key");
        fs::copy(world.secret(), &file).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let error = refused(world.peer("web").secret_file(&file)).await;
        let ConnectError::Setup(SetupError::Credential(text)) = &error else { panic!("{error}") };
        assert!(text.contains("chmod 600"), "{text}");
    }

    async fn a_second_key_with_an_id_that_is_bound_is_told_that_it_is_taken<H, P>() {
        let world = World::<H, P>::new();
        let first = within(world.peer_in("web", "first").connect()).await.unwrap();
        let error = refused(world.peer_in("web", "second")).await;
        assert_eq!(code(&error), Code::IdTaken);
        // The first one's session is untouched, and its key is still good afterwards.
        first.close();
        within(first.ended()).await;
        within(world.peer_in("web", "first").connect()).await.unwrap();
    }

    async fn an_id_stays_bound_when_the_hub_starts_again<H, P>() {
        let mut world = World::<H, P>::new();
        within(world.peer_in("web", "first").connect()).await.unwrap();
        world.stop_hub().await;
        world.start_hub(&world.hub_data.clone());
        assert_eq!(code(&refused(world.peer_in("web", "second")).await), Code::IdTaken);
    }

    async fn a_hub_without_authentication_admits_whoever_knows_its_identity<H, P>() {
        let world = open_hub::<H, P>(TlsMode::Tofu);
        let open = CredentialSource::open;
        let web = world.peer("web").hub_id(world.hub().id()).credential(open());
        let web = within(web.command("ok".parse().unwrap(), |_| async {}).connect()).await.unwrap();
        assert_eq!(web.admitted().method, Method::Open);
        let operator = world.peer("me").hub_id(world.hub().id()).credential(open()).operate();
        let operator = within(operator.connect()).await.unwrap();
        let name = web.admitted().peer;
        assert_eq!(run(call(&operator, name.as_str(), "ok")).await.exit(), 0);
    }

    async fn nothing_proves_an_open_hub_to_a_peer_that_knows_nothing_of_it<H, P>() {
        let world = open_hub::<H, P>(TlsMode::Tofu);
        let error = refused(world.peer("web").credential(CredentialSource::open())).await;
        assert_eq!(code(&error), Code::UnknownHub);
        assert_eq!(world.trust(world.url(), "web"), None);
    }

    async fn a_hub_that_wants_proof_does_not_admit_without<H, P>() {
        let world = World::<H, P>::new();
        let peer = world.peer("web").hub_id(world.hub().id()).credential(CredentialSource::open());
        assert_eq!(code(&refused(peer).await), Code::MethodNotOffered);
    }

    async fn the_secret_proves_itself_without_tls_too<H, P>() {
        let world = World::<H, P>::plain();
        let session = within(world.peer("web").connect()).await.unwrap();
        assert_eq!(session.admitted().method, Method::Secret);
        assert_eq!(world.hub().pin(), None);
    }

    async fn tls_on_one_end_only_is_named_at_both<H, P>() {
        let (tls, plain) = (World::<H, P>::new(), World::<H, P>::plain());
        let to_plain = wrong_scheme(&plain, "wss");
        let text = refused(plain.peer_at(&to_plain, "web", "web")).await.to_string();
        assert!(text.contains("the other end speaks plain text and this end expects TLS"), "{text}");
        let text = plain.notices.first(ended).await.reason.to_string();
        assert!(text.contains("the other end speaks TLS and this end expects plain text"), "{text}");

        let to_tls = wrong_scheme(&tls, "ws");
        let text = refused(tls.peer_at(&to_tls, "web", "web")).await.to_string();
        assert!(text.contains("the other end speaks TLS and this end expects plain text"), "{text}");
        let text = tls.notices.first(ended).await.reason.to_string();
        assert!(text.contains("the other end speaks plain text and this end expects TLS"), "{text}");
    }

    async fn nobody_listening_is_unreachable_and_says_what_to_check<H, P>() {
        let mut world = World::<H, P>::new();
        world.stop_hub().await;
        let error = refused(world.peer("web")).await;
        assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("that the hub is running"), "{error}");
    }

    async fn one_data_directory_serves_one_hub_at_a_time<H, P>() {
        let world = World::<H, P>::new();
        let again = bowline_shell::hub::HubBuilder::new(H::default(), &world.hub_data).unwrap();
        let error = again.bind("127.0.0.1:0".parse().unwrap()).start().err().unwrap();
        let expected = format!("another hub (process {}) is running", std::process::id());
        assert!(error.to_string().contains(&expected), "{error}");
    }
}

fn open_hub<H: Shell, P: Shell>(mode: TlsMode) -> World<H, P> {
    let settings = HubSettings {
        mode: Some(mode),
        auth_required: Some(false),
        auth_secret: Some(false),
        ..HubSettings::default()
    };
    World::with(settings, Insecure { no_auth: true, ..Insecure::default() })
}

fn wrong_scheme<H: Shell, P: Shell>(
    world: &World<H, P>,
    scheme: &str,
) -> bowline_shell::config::HubUrl {
    format!("{scheme}://{}", world.local()).parse().unwrap()
}
