//! Another shared secret, while the hub runs: who stays, who has to come back, and what a restart
//! finds.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use bowline_core::code::Code;
use bowline_core::hub::HubEvent;
use bowline_core::link::EndReason;
use bowline_core::wire::frame::Status;
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::call::Finished;
use bowline_shell::config::{HubSettings, Insecure};
use bowline_shell::files::{Secret, SecretOrigin};
use bowline_shell::hub::HubBuilder;
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::{ConnectError, PeerBuilder, Session};
use bowline_tests::calls::{call, run};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::Notices;
use bowline_tests::shells::Shell;
use bowline_tests::wait::{poll_for, within};
use bowline_tests::world::{World, refused};

async fn operator<H: Shell, P: Shell>(world: &World<H, P>) -> Session {
    let control = world.hub().control().unwrap();
    let local = PeerBuilder::local(P::default(), &control, world.hub().id()).unwrap();
    within(local.connect()).await.unwrap()
}

async fn rotate_by(session: &Session, grace: Option<i128>) -> Finished {
    let mut arguments = ArgumentsBuf::new();
    if let Some(grace) = grace {
        arguments.named("grace_s", Scalar::Integer(grace)).unwrap();
    }
    let call = session.call_hub("rotate-secret".parse().unwrap()).arguments(arguments);
    within(call.start().finished()).await
}

async fn rotate<H: Shell, P: Shell>(world: &World<H, P>, grace: Option<i128>) -> Finished {
    let finished = rotate_by(&operator(world).await, grace).await;
    assert!(finished.is_success(), "{finished:?}");
    finished
}

/// A copy of the secret of this moment, for those to whom another is not brought.
fn copy<H: Shell, P: Shell>(world: &World<H, P>, name: &str) -> PathBuf {
    let copy = world.at(name);
    fs::copy(world.secret(), &copy).unwrap();
    copy
}

fn code(error: &ConnectError) -> Code {
    let ConnectError::Ended { ended, .. } = error else { panic!("{error}") };
    ended.reason.code()
}

fn seconds() -> i128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs().into()
}

crossed_pairings! {
    async fn without_a_grace_sessions_end_and_peers_come_back_with_the_secret_that_they_find<H, P>() {
        let world = World::<H, P>::new();
        let old = copy(&world, "old.key");
        let notices = Notices::default();
        let web = world.peer("web").command("ok".parse().unwrap(), |_| async {});
        let web = web.subscriber(notices.subscriber()).start();
        within(web.session()).await.unwrap();
        let stuck = within(world.peer("stuck").secret_file(&old).connect()).await.unwrap();
        let local = operator(&world).await;

        let done = rotate_by(&local, None).await;
        let value = done.value().unwrap();
        assert_eq!(value.entry("file").unwrap().text(), world.secret().to_str());
        assert!(value.entry("old_until").is_none());
        assert!(matches!(value.entry("ended").unwrap().scalar(), Some(Scalar::Integer(2))));
        assert_ne!(fs::read(world.secret()).unwrap(), fs::read(&old).unwrap());
        assert_eq!(fs::metadata(world.secret()).unwrap().mode() & 0o7777, 0o600);

        let ended = within(stuck.ended()).await;
        let EndReason::Goaway { code: told, .. } = ended.reason else { panic!("{ended:?}") };
        assert_eq!(told, Code::SessionExpired);
        assert!(ended.reason.is_retryable());
        assert_eq!(code(&refused(world.peer("stuck").secret_file(&old)).await), Code::Refused);
        // The peer that reads the hub's own file is back by itself, and the operator never left.
        let is_registered = |notice: &ShellEvent| matches!(notice, ShellEvent::Registered { .. }).then_some(());
        notices.nth(1, is_registered).await;
        assert_eq!(run(call(&local, "web", "ok")).await.exit(), 0);
        within(web.stop()).await;
    }

    async fn during_a_grace_both_secrets_admit_and_afterwards_only_the_new_one<H, P>() {
        let world = World::<H, P>::new();
        let old = copy(&world, "old.key");
        let before = within(world.peer("before").connect()).await.unwrap();
        let began = seconds();
        let done = rotate(&world, Some(5)).await;
        let until = done.value().unwrap().entry("old_until").unwrap();
        let Some(Scalar::Integer(until)) = until.scalar() else { panic!("{done:?}") };
        assert!((began + 5..=seconds() + 5).contains(&until), "{began} {until}");
        let kept = world.hub_data.join("secret.old");
        assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o7777, 0o600);

        let by_old = within(world.peer("by-old").secret_file(&old).connect()).await.unwrap();
        let by_new = within(world.peer("by-new").connect()).await.unwrap();
        assert_eq!(by_old.admitted().expires, u64::try_from(until).ok());
        assert_eq!((by_new.admitted().expires, before.admitted().expires), (None, None));
        for session in [&before, &by_old] {
            let ended = within(session.ended()).await;
            assert_eq!(ended.reason.code(), Code::SessionExpired, "{ended:?}");
        }
        let over = |notice: &ShellEvent| matches!(notice, ShellEvent::Hub(HubEvent::SecretEnded { .. })).then_some(());
        world.notices.first(over).await;
        assert_eq!(code(&refused(world.peer("by-old").secret_file(&old)).await), Code::Refused);
        // It calls still.
        let peers = by_new.call_hub("peers".parse().unwrap()).start();
        assert!(within(peers.finished()).await.is_success());
        poll_for(|| (!kept.exists()).then_some(())).await;
    }

    async fn a_grace_survives_a_restart_and_a_second_rotation_replaces_the_old_secret<H, P>() {
        let mut world = World::<H, P>::new();
        let first = copy(&world, "first.key");
        rotate(&world, Some(3600)).await;
        let second = copy(&world, "second.key");
        world.stop_hub().await;
        world.start_hub(&world.hub_data.clone());
        for secret in [&first, &second] {
            within(world.peer("web").operate().secret_file(secret).connect()).await.unwrap();
        }
        rotate(&world, Some(3600)).await;
        let gone = refused(world.peer("web").secret_file(&first)).await;
        assert_eq!(code(&gone), Code::Refused);
        for secret in [&second, &world.secret()] {
            within(world.peer("web").operate().secret_file(secret).connect()).await.unwrap();
        }
        // And one without a grace leaves nothing of either.
        rotate(&world, None).await;
        assert!(!world.hub_data.join("secret.old").exists());
        assert_eq!(code(&refused(world.peer("web").secret_file(&second)).await), Code::Refused);
    }

    async fn a_hub_that_was_killed_between_its_two_files_starts_with_the_secret_that_it_had<H, P>() {
        let mut world = World::<H, P>::new();
        rotate(&world, Some(3600)).await;
        // As if the next rotation had come as far as keeping the old secret, and no further.
        let current = fs::read_to_string(world.secret()).unwrap();
        world.stop_hub().await;
        let kept = world.hub_data.join("secret.old");
        let (now, until) = (seconds(), seconds() + 3600);
        fs::write(&kept, format!("{now} {until}\n{current}")).unwrap();
        world.start_hub(&world.hub_data.clone());
        assert!(!kept.exists());
        within(world.peer("web").connect()).await.unwrap();
    }

    async fn guests_and_a_member_of_the_network_are_not_touched_and_may_not<H, P>() {
        let settings = HubSettings { auth_required: Some(false), ..HubSettings::default() };
        let insecure = Insecure { no_auth: true, ..Insecure::default() };
        let world = World::<H, P>::with(settings, insecure);
        let open = bowline_shell::peer::CredentialSource::open();
        let guest = world.peer("x").hub_id(world.hub().id()).credential(open).operate();
        let guest = within(guest.connect()).await.unwrap();
        let denied = rotate_by(&world.operator().await, None).await;
        assert_eq!(denied.status, Status::Failed(Code::Denied));
        rotate(&world, None).await;
        let peers = guest.call_hub("peers".parse().unwrap()).start();
        assert!(within(peers.finished()).await.is_success());
    }

    async fn a_secret_that_is_in_no_file_stays_and_the_caller_hears_where_it_came_from<H, P>() {
        let dir = tempfile::tempdir().unwrap();
        for (origin, named) in [
            (Some(SecretOrigin::Environment), "BOWLINE_SECRET"),
            (None, "the program that runs the hub"),
        ] {
            let builder = HubBuilder::new(H::default(), &dir.path().join("hub")).unwrap();
            let secret = Secret::from_bytes(&[7; 32]);
            let builder = match origin {
                Some(origin) => builder.secret_from(secret, origin),
                None => builder.secret(secret),
            };
            let hub = builder.bind("127.0.0.1:0".parse().unwrap()).start().unwrap();
            let local = PeerBuilder::local(P::default(), &hub.control().unwrap(), hub.id()).unwrap();
            let session = within(local.connect()).await.unwrap();
            let refused = rotate_by(&session, None).await;
            assert_eq!(refused.status, Status::Failed(Code::Failed));
            let start = format!("the secret came from {named}, which cannot be written");
            assert!(refused.text.raw().starts_with(&start), "{}", refused.text);
            within(hub.stop()).await;
        }
    }
}
