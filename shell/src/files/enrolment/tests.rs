use std::fs;
use std::os::unix::fs::PermissionsExt;

use bowline_core::identity::{Authority, SigningKey};
use bowline_core::random::{Random, Seed};

use super::*;

const NOW: u64 = 1_767_225_600;
const HUB: HubId = HubId([7; 16]);

fn random(byte: u8) -> Random {
    Random::new(&Seed([byte; 32]))
}

fn issued(number: u8) -> Issued {
    let key = SigningKey::generate(&mut random(2)).public();
    let authority = Authority::generate(&mut random(1), HUB, NOW);
    let (peer, ends) = ("web-1".parse().unwrap(), NOW + 86_400);
    let certificate = authority.mint(&mut random(number), peer, key, 1, NOW, ends).unwrap();
    Issued { certificate, refresh: Zeroizing::new([number; 32]), refresh_ends: NOW + 9_000_000 }
}

fn enrolment() -> Enrolment {
    let urls = ["wss://hub.example:7777/link", "wss://[2001:db8::1]:7777/link"];
    Enrolment {
        hub: HUB,
        urls: urls.map(|url| url.parse().unwrap()).to_vec(),
        peer: "web-1".parse().unwrap(),
        jti: Jti([9; 16]),
        credentials: credentials(&issued(1)).unwrap().0,
    }
}

fn file(dir: &tempfile::TempDir) -> EnrolmentFile {
    EnrolmentFile::new(dir.path().join("enrolment"))
}

#[test]
fn an_enrolment_reads_back_as_itself_and_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(&dir);
    assert_eq!(file.read(), Ok(None));
    let first = enrolment();
    file.write(&first).unwrap();
    assert_eq!(file.read(), Ok(Some(first.clone())));
    assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o7777, 0o600);

    let next = first.clone().renewed(&issued(2)).unwrap();
    assert_ne!(next.credentials, first.credentials);
    assert_eq!(next.issued(), issued(2));
    file.write(&next).unwrap();
    assert_eq!(file.read(), Ok(Some(next)));
    // No temporary file stays behind.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn an_enrolment_that_others_may_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(&dir);
    file.write(&enrolment()).unwrap();
    for bits in [0o640, 0o604] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(bits)).unwrap();
        assert!(matches!(file.read(), Err(FileError::Exposed { mode, .. }) if mode == bits));
    }
}

#[test]
fn what_is_not_as_it_was_written_is_refused_and_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(&dir);
    let whole = print(&enrolment());
    let refresh = BASE64URL_NOPAD.encode(&[1; 32]);
    let certificate = BASE64.encode(&issued(1).certificate);
    let other_hub = HubId([8; 16]).to_string();
    let changed = [
        String::new(),
        whole.replace("enrolment 1", "enrolment 2"),
        whole.replace("url wss://", "url https://"),
        whole.replace("id web-1", "id web-2"),
        whole.replace(&HUB.to_string(), &other_hub),
        whole.replace(&refresh, &refresh[1..]),
        whole.replace(&certificate, &certificate[4..]),
        whole.replace("refresh-ends ", "refresh-ends -"),
        whole.replace("token ", "token  "),
        whole.lines().filter(|line| !line.starts_with("url")).collect::<Vec<_>>().join("\n"),
        format!("{}and more\n", *whole),
        whole.lines().take(7).collect::<Vec<_>>().join("\n"),
    ];
    for text in changed {
        assert_ne!(text, *whole);
        write_private(file.path(), text.as_bytes()).unwrap();
        let error = file.read().unwrap_err();
        assert!(matches!(error, FileError::Content { .. }), "{text}\n{error}");
        let said = error.to_string();
        assert!(said.contains("run 'bowline join' with a token"), "{said}");
        assert!(!said.contains(&refresh[2..40]) && !said.contains(&certificate[8..]), "{said}");
    }
    write_private(file.path(), &vec![b'x'; (64 << 10) + 1]).unwrap();
    assert!(matches!(file.read(), Err(FileError::TooLarge { .. })));
    // Lines in place of the last one's end, and none, are the same text.
    write_private(file.path(), whole.trim_end().as_bytes()).unwrap();
    assert_eq!(file.read(), Ok(Some(enrolment())));
}

#[test]
fn one_at_a_time_gets_new_credentials() {
    let dir = tempfile::tempdir().unwrap();
    let (mine, theirs) = (file(&dir), file(&dir));
    let held = mine.try_lock().unwrap();
    assert!(held.is_some());
    assert!(theirs.try_lock().unwrap().is_none());
    // What is kept can be read all the same.
    assert_eq!(theirs.read(), Ok(None));
    drop(held);
    assert!(theirs.try_lock().unwrap().is_some());
}
