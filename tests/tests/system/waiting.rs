//! A peer that waits to dial again: what it tells, and what has it dial before its time. Where
//! nobody does anything about what cannot heal, that is later than any test waits.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::HubId;
use bowline_core::peer::Prompt;
use bowline_shell::files::{HubName, TrustFile, Trusted};
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::{CredentialSource, shared};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::Notices;
use bowline_tests::wait::{pause, within};
use bowline_tests::world::World;

/// Another secret of the right form.
const OTHER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

/// The least wait after what cannot heal.
const SLOW: Duration = Duration::from_secs(60);

/// Puts a file there at one moment.
fn write(path: &Path, content: &str, mode: u32) {
    let made = path.with_extension("made");
    fs::write(&made, content).unwrap();
    fs::set_permissions(&made, Permissions::from_mode(mode)).unwrap();
    fs::rename(made, path).unwrap();
}

/// A wait that was told: how long, why, and since when.
fn retry(notice: &ShellEvent) -> Option<(Duration, Option<Code>, Duration)> {
    match notice {
        ShellEvent::Retry { after, code, away } => Some((*after, *code, *away)),
        _ => None,
    }
}

fn prompted(notice: &ShellEvent) -> Option<Prompt> {
    match notice {
        ShellEvent::Prompted { by, .. } => Some(*by),
        _ => None,
    }
}

crossed_pairings! {
    async fn a_secret_file_that_is_put_right_is_dialled_with_at_once<H, P>() {
        let world = World::<H, P>::new();
        let right = fs::read_to_string(world.secret()).unwrap();
        let cases = [
            ("wrong", Some((OTHER, 0o600)), Some(Code::Refused)),
            ("open", Some((right.as_str(), 0o644)), None),
            ("missing", None, None),
        ];
        for (id, spoilt, why) in cases {
            let file = world.at(&format!("{id}.key"));
            if let Some((content, mode)) = spoilt {
                write(&file, content, mode);
            }
            let notices = Notices::default();
            let peer = world.peer(id).secret_file(&file).subscriber(notices.subscriber()).start();
            let (after, code, _) = notices.first(retry).await;
            assert!(after >= SLOW && code == why, "{id}: {after:?}, {code:?}");
            write(&file, &right, 0o600);
            assert_eq!(notices.first(prompted).await, Prompt::Credential, "{id}");
            within(peer.session()).await.unwrap();
            assert_eq!(notices.all(prompted).len(), 1, "{id}");
            within(peer.stop()).await;
        }
    }

    async fn a_peer_dials_at_once_where_its_program_asks_whatever_it_waits_for<H, P>() {
        let world = World::<H, P>::new();
        let right = fs::read_to_string(world.secret()).unwrap();
        let mended = Arc::new(AtomicBool::new(false));
        let is_mended = mended.clone();
        let source = CredentialSource::new(move || {
            let text = if is_mended.load(Ordering::Acquire) { &right } else { OTHER };
            let text = text.trim_end();
            shared(&data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).unwrap())
        });
        let notices = Notices::default();
        let peer = world.peer("web").credential(source).subscriber(notices.subscriber()).start();
        assert!(notices.first(retry).await.0 >= SLOW);
        peer.retry_now();
        assert_eq!(notices.first(prompted).await, Prompt::Asked);
        assert!(notices.nth(1, retry).await.0 >= SLOW, "it is as wrong as before");
        mended.store(true, Ordering::Release);
        peer.retry_now();
        within(peer.session()).await.unwrap();
        assert_eq!(notices.all(prompted), [Prompt::Asked; 2]);
        // In a session it is nothing, and is not kept for later.
        peer.retry_now();
        within(peer.stop()).await;
        assert_eq!(notices.all(prompted).len(), 2);
    }

    async fn a_trust_file_that_is_put_right_is_dialled_with_at_once<H, P>() {
        let world = World::<H, P>::new();
        let notices = Notices::default();
        let peer = world.peer("web").subscriber(notices.subscriber());
        let (trust, name) = (TrustFile::new(world.at("web/trust.toml")), HubName::from(world.url()));
        trust.pin(&name, Trusted::Identity(HubId([7; 16]))).unwrap();
        let peer = peer.start();
        assert!(notices.first(retry).await.0 >= SLOW);
        assert!(within(peer.session()).await.is_err());
        trust.forget(&name).unwrap();
        assert_eq!(notices.first(prompted).await, Prompt::Credential);
        within(peer.session()).await.unwrap();
        within(peer.stop()).await;
    }

    async fn each_wait_is_told_with_its_reason_and_how_long_there_was_no_session<H, P>() {
        let mut world = World::<H, P>::new();
        let notices = Notices::default();
        let peer = world.peer("web").subscriber(notices.subscriber()).start();
        within(peer.session()).await.unwrap();
        // What it keeps of the hub is no reason to dial, when it has no session.
        world.stop_hub().await;
        notices.nth(3, retry).await;
        let told = notices.all(retry);
        let reasons: Vec<_> = told.iter().map(|(_, code, _)| *code).collect();
        assert_eq!(reasons[0], Some(Code::GoingAway));
        assert!(reasons[1..].iter().all(|code| *code == Some(Code::NotListening)), "{reasons:?}");
        assert!(told.windows(2).all(|two| two[0].2 <= two[1].2), "{told:?}");
        assert!(told[3].2 > told[0].2, "{told:?}");
        pause(Duration::from_secs(2)).await;
        assert_eq!(notices.all(prompted), []);
        world.start_hub(&world.hub_data.clone());
        peer.retry_now();
        within(peer.session()).await.unwrap();
        within(peer.stop()).await;
    }
}
