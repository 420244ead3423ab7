use std::fs;
use std::os::unix::fs::MetadataExt;
use std::thread;

use super::*;

/// As it is configured, and as it is kept.
const URL: &str = "wss://hub.example:7777/link";

fn hub() -> HubName {
    URL.parse().unwrap()
}
const ID: HubId = HubId([1; 16]);

fn file() -> (tempfile::TempDir, TrustFile) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trust.toml");
    (dir, TrustFile::new(path))
}

#[test]
fn what_is_kept_is_found_again() {
    let (_dir, trust) = file();
    assert_eq!(trust.list(), Ok(BTreeMap::new()));
    trust.keep(&hub(), ID, Some(Pin([2; 32])), (3, None), 1_800_000_000).unwrap();
    let record = TrustRecord {
        identity: Some(ID),
        pin: Some(Pin([2; 32])),
        generation: 3,
        hello: None,
        first_seen: 1_800_000_000,
        pinned: vec![],
    };
    assert_eq!(trust.show(&hub()), Ok(Some(record)));
    assert_eq!(trust.show(&"wss://other:7777/link".parse().unwrap()), Ok(None));
    assert_eq!(fs::metadata(&trust.path).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn a_later_admission_moves_the_pin_and_never_lowers_the_generation() {
    let (_dir, trust) = file();
    trust.pin(&hub(), Trusted::Key(Pin([9; 32]))).unwrap();
    trust.keep(&hub(), ID, Some(Pin([2; 32])), (3, None), 100).unwrap();
    trust.keep(&hub(), ID, Some(Pin([4; 32])), (2, None), 200).unwrap();
    trust.keep(&hub(), ID, None, (2, None), 300).unwrap();
    let record = trust.show(&hub()).unwrap().unwrap();
    assert_eq!((record.pin, record.generation, record.first_seen), (Some(Pin([4; 32])), 3, 100));
    assert_eq!(record.pinned, [Pin([9; 32])]);
}

#[test]
fn another_identity_is_never_written_over_the_known_one() {
    let (_dir, trust) = file();
    trust.keep(&hub(), ID, None, (1, None), 100).unwrap();
    let before = fs::read(&trust.path).unwrap();
    let given = HubId([5; 16]);
    let refused = TrustError::OtherIdentity { hub: hub(), known: ID, given };
    assert_eq!(trust.keep(&hub(), given, None, (9, None), 200), Err(refused.clone()));
    assert_eq!(trust.pin(&hub(), Trusted::Identity(given)), Err(refused.clone()));
    assert_eq!(fs::read(&trust.path).unwrap(), before);
    let sentence = refused.to_string();
    assert!(sentence.contains(&ID.to_string()) && sentence.contains(&given.to_string()));
    assert!(sentence.contains("bowline trust forget"));
}

#[test]
fn a_key_or_an_identity_is_trusted_beforehand() {
    let (_dir, trust) = file();
    for pin in [Pin([3; 32]), Pin([2; 32]), Pin([3; 32])] {
        trust.pin(&hub(), Trusted::Key(pin)).unwrap();
    }
    let record = trust.show(&hub()).unwrap().unwrap();
    assert_eq!((record.identity, record.pin), (None, None));
    assert_eq!(record.pinned, [Pin([2; 32]), Pin([3; 32])]);
    trust.pin(&hub(), Trusted::Identity(ID)).unwrap();
    assert_eq!(trust.show(&hub()).unwrap().unwrap().identity, Some(ID));

    assert_eq!(ID.to_string().parse(), Ok(Trusted::Identity(ID)));
    assert_eq!(Pin([2; 32]).to_string().parse(), Ok(Trusted::Key(Pin([2; 32]))));
    for bad in ["", "hub_", "sha256/", "hub"] {
        assert!(bad.parse::<Trusted>().is_err(), "{bad:?}");
    }
}

#[test]
fn forgetting_one_hub_leaves_the_others() {
    let (_dir, trust) = file();
    trust.keep(&HubName::Hub(ID), ID, None, (1, None), 1).unwrap();
    trust.keep(&hub(), ID, None, (2, None), 2).unwrap();
    assert_eq!(trust.forget(&hub()).unwrap().unwrap().generation, 2);
    assert_eq!(trust.forget(&hub()), Ok(None));
    assert_eq!(trust.list().unwrap().into_keys().collect::<Vec<_>>(), [HubName::Hub(ID)]);
}

#[test]
fn a_file_that_is_not_understood_is_an_error_and_stays_as_it_is() {
    let (_dir, trust) = file();
    let entry = format!("[hub.\"{URL}\"]\n");
    for text in [
        "[hub".to_owned(),
        "hubs = 1\n".to_owned(),
        format!("{entry}identity = 'hub_'\n"),
        format!("{entry}pin = ''\n"),
        format!("{entry}pinned = ['']\n"),
        format!("{entry}generation = -1\n"),
        format!("{entry}certificate = 'x'\n"),
        format!("{entry}{entry}"),
        "[hub.\"a b\"]\n".to_owned(),
    ] {
        write_private(&trust.path, text.as_bytes()).unwrap();
        for end in [
            trust.list().map(|_| ()),
            trust.keep(&hub(), ID, None, (1, None), 1),
            trust.pin(&hub(), Trusted::Identity(ID)),
            trust.forget(&hub()).map(|_| ()),
        ] {
            assert!(matches!(end, Err(TrustError::Malformed(_))), "{text:?}: {end:?}");
        }
        assert_eq!(fs::read_to_string(&trust.path).unwrap(), text);
    }
}

#[test]
fn programs_that_change_it_at_once_lose_nothing_of_each_other() {
    let (_dir, trust) = file();
    let writers: Vec<_> = (0..8u8)
        .map(|i| {
            let trust = trust.clone();
            thread::spawn(move || {
                for j in 0..8 {
                    trust
                        .keep(
                            &format!("{i}.test:{}", j + 1).parse().unwrap(),
                            HubId([i; 16]),
                            None,
                            (1, None),
                            1,
                        )
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(trust.list().unwrap().len(), 64);
}

#[test]
fn what_cannot_be_written_is_an_error_and_not_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let under_a_file = dir.path().join("file");
    fs::write(&under_a_file, "").unwrap();
    for path in [under_a_file.join("trust.toml"), dir.path().join("none/trust.toml")] {
        let end = TrustFile::new(path).keep(&hub(), ID, None, (1, None), 1);
        assert!(matches!(end, Err(TrustError::File(_))), "{end:?}");
    }
}

#[test]
fn what_was_kept_under_urls_of_one_place_is_one_entry_of_that_place() {
    let (_dir, trust) = file();
    let [one, two] = [Pin([1; 32]), Pin([2; 32])];
    let entry =
        |scheme: &str, rest: String| format!("[hub.\"{scheme}://hub.example:7777/link\"]\n{rest}");
    let text = entry("ws", format!("identity = \"{ID}\"\ngeneration = 7\nfirst-seen = 200\n"))
        + &entry(
            "wss",
            format!("pin = \"{one}\"\ngeneration = 3\nfirst-seen = 100\npinned = [\"{two}\"]\n"),
        );
    write_private(&trust.path, text.as_bytes()).unwrap();
    let folded = TrustRecord {
        identity: Some(ID),
        pin: Some(one),
        generation: 7,
        hello: None,
        first_seen: 100,
        pinned: vec![two],
    };
    assert_eq!(trust.list(), Ok(BTreeMap::from([(hub(), folded)])));
    trust.pin(&hub(), Trusted::Key(one)).unwrap();
    let text = fs::read_to_string(&trust.path).unwrap();
    assert!(text.contains("[hub.\"hub.example:7777/link\"]") && !text.contains("://"), "{text}");
    // Two that contradict each other are a person's to decide, and stay.
    let other = HubId([5; 16]);
    let text = entry("ws", format!("identity = \"{ID}\"\n"))
        + &entry("wss", format!("identity = \"{other}\"\n"));
    write_private(&trust.path, text.as_bytes()).unwrap();
    let error = trust.show(&hub()).unwrap_err();
    let sentence = error.to_string();
    assert!(matches!(error, TrustError::Malformed(_)), "{sentence}");
    assert!(sentence.contains(&ID.to_string()) && sentence.contains(&other.to_string()));
    assert_eq!(fs::read_to_string(&trust.path).unwrap(), text);
}
