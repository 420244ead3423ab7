//! `bowline inspect`, from the value that is typed to the exit code.

mod common;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

use bowline_core::identity::TlsKey;
use bowline_core::random::{Random, Seed};
use common::{bowline, code, command, json, stderr, stdout};
use data_encoding::BASE64;
use serde_json::json;
use tempfile::TempDir;

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A self-signed certificate, valid from an hour before this moment for a year, in PEM.
fn certificate(name: &str) -> (String, String) {
    let mut random = Random::new(&Seed([name.len() as u8; 32]));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let names = [name.to_owned(), "127.0.0.1".to_owned()];
    let key = TlsKey::self_signed(&mut random, &names, name, now).unwrap();
    let (certificate, private) = key.to_pem();
    (certificate, private.to_string())
}

#[test]
fn a_frame_is_the_same_in_every_spelling_and_from_every_place() {
    let home = home();
    let frame = [0x82, 0x10, 0xA1, 0x00, 0x01];
    let shown = "ping, type 0x10, 5 bytes\n  0 token  1\n";
    for value in ["8210a10001", "82 10:A1,0x00 01", "ghChAAE=", "ghChAAE"] {
        let output = bowline(home.path(), &["inspect", "frame", value]);
        assert_eq!((code(&output), stdout(&output), stderr(&output)), (0, shown, ""), "{value}");
    }
    let output =
        command(home.path()).args(["inspect", "frame", "-"]).write_stdin(frame).output().unwrap();
    assert_eq!((code(&output), stdout(&output)), (0, shown));
    // A file whose name is no text.
    let path = home.path().join(OsString::from_vec(b"fr\xFFame".to_vec()));
    fs::write(&path, "82 10 a1\n00 01\n").unwrap();
    let mut value = OsString::from("@");
    value.push(&path);
    let output = bowline(home.path(), &["inspect".into(), "frame".into(), value]);
    assert_eq!((code(&output), stdout(&output)), (0, shown));
    let output = bowline(home.path(), &["inspect", "frame", "--json", "8210a10001"]);
    let fields = json!([{"key": 0, "name": "token", "value": 1}]);
    assert_eq!(
        json(&output),
        json!({"frame": "ping", "type": 16, "bytes": 5, "fields": fields, "proofs": {}, "notes": []})
    );
}

#[test]
fn what_is_no_frame_ends_with_1_and_the_reason() {
    let home = home();
    for (arguments, reason) in [
        (&["8210a2000105"][..], "not a frame: unknown key 5, in the item that begins at byte 5"),
        (&[""], "not a frame: it is empty"),
        (&["821"], "3 digits of hexadecimal are no whole bytes; --encoding hex"),
        (&["--encoding", "base64", "8210a10001"], "not a frame"),
    ] {
        let output = bowline(home.path(), &[&["inspect", "frame"], arguments].concat());
        assert_eq!((code(&output), stdout(&output)), (1, ""), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{arguments:?}: {}", stderr(&output));
    }
    let output = bowline(home.path(), &["inspect", "frame", "--json", "8210a2000105"]);
    let fault = json!({"frame": null, "error": "unknown key 5", "in": "frame", "at": 5});
    assert_eq!((code(&output), json(&output)), (1, fault));
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let home = home();
    let large = home.path().join("large");
    fs::write(&large, vec![b'0'; (4 << 20) + 1]).unwrap();
    let large = format!("@{}", large.display());
    let missing = format!("@{}/missing", home.path().display());
    // Nobody writes to it, ever.
    let pipe = home.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let pipe = format!("@{}", pipe.display());
    for (value, reason) in [
        (large.as_str(), "is larger than 4194304 bytes"),
        (&missing, "cannot read"),
        (&pipe, "is a pipe, not a file"),
        (&format!("@{}", home.path().display()), "cannot read"),
    ] {
        for what in ["frame", "token", "pin", "certificate"] {
            let output = bowline(home.path(), &["inspect", what, value]);
            assert_eq!((code(&output), stdout(&output)), (2, ""), "{what} {value}");
            assert!(stderr(&output).contains(reason), "{what}: {}", stderr(&output));
        }
    }
}

#[test]
fn a_token_is_shown_loudly_unverified_and_warned_of_where_it_was_typed() {
    let home = home();
    let part = |json: &str| data_encoding::BASE64URL_NOPAD.encode(json.as_bytes());
    let token = format!("{}.{}.c2ln", part(r#"{"alg":"none"}"#), part(r#"{"sub":"ada"}"#));
    let file = home.path().join("token");
    fs::write(&file, format!("{token}\n")).unwrap();
    let output = bowline(home.path(), &["inspect", "token", &format!("@{}", file.display())]);
    assert_eq!((code(&output), stderr(&output)), (1, ""));
    let shown = stdout(&output);
    assert!(shown.contains("\nNOT VERIFIED: the signature was not checked"), "{shown}");
    assert!(shown.contains("would be refused: header: alg: 'none' is no signature"), "{shown}");
    assert!(shown.contains("  sub  \"ada\"") && shown.contains("3 bytes, not shown"), "{shown}");
    assert!(!shown.contains("c2ln"), "{shown}");

    let typed = bowline(home.path(), &["inspect", "token", "--json", &token]);
    assert!(stderr(&typed).contains("kept by the shell"), "{}", stderr(&typed));
    assert_eq!((code(&typed), &json(&typed)["verified"]), (1, &json!(false)));
    let broken = bowline(home.path(), &["inspect", "token", "--json", "a.b"]);
    assert_eq!((code(&broken), &json(&broken)["token"]), (1, &json!(null)));
}

#[test]
fn a_pin_is_shown_in_every_spelling() {
    let home = home();
    let pin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let output = bowline(home.path(), &["inspect", "pin", pin]);
    assert_eq!(code(&output), 0);
    assert_eq!(
        stdout(&output),
        "kind   pin\n\
         means  SHA-256 of a TLS key; it stays when the certificate is renewed\n\
         text   sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\
         curl   sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\
         hex    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    );
    let hub = "hub_aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let output = bowline(home.path(), &["inspect", "pin", "--json", hub]);
    let spellings = json!({"text": hub, "hex": "0".repeat(32)});
    assert_eq!(json(&output), json!({"pin": "hub id", "spellings": spellings}));
    let output = bowline(home.path(), &["inspect", "pin", &pin[..50]]);
    assert_eq!((code(&output), stdout(&output)), (1, ""));
    let reason = "bowline: not a pin: its padding is wrong: one '=' ends it, not 0\n";
    assert_eq!(stderr(&output), reason);
}

#[test]
fn a_byte_order_mark_is_passed_over_in_each_kind_and_utf_16_is_named() {
    let home = home();
    let (pem, _) = certificate("one");
    let pin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    for (what, value) in [("certificate", &*pem), ("pin", pin), ("frame", "8210a10001")] {
        let inspect = |bytes: Vec<u8>| {
            let mut command = command(home.path());
            command.args(["inspect", what, "-"]).write_stdin(bytes).output().unwrap()
        };
        let plain = inspect(value.into());
        assert_eq!((code(&plain), stderr(&plain)), (0, ""), "{what}");
        let marked = inspect(format!("\u{feff}{value}").into());
        assert_eq!((code(&marked), stdout(&marked)), (0, stdout(&plain)), "{what}");
        let wide = format!("\u{feff}{value}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = inspect(wide);
        let says = format!("bowline: not a {what}: it is UTF-16 (little-endian)");
        assert_eq!(code(&wide), 1, "{what}");
        assert!(stderr(&wide).starts_with(&says), "{what}: {}", stderr(&wide));
    }
}

#[test]
fn each_certificate_of_a_chain_is_shown() {
    let home = home();
    let (one, private) = certificate("one");
    let (two, _) = certificate("hub.two");
    let file = home.path().join("chain.pem");
    fs::write(&file, format!("{one}{private}{two}")).unwrap();
    let file = format!("@{}", file.display());
    let output = bowline(home.path(), &["inspect", "certificate", &file]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for expected in [
        "certificate 1 of 2\n  subject      CN=one\n  names        one, 127.0.0.1\n",
        "certificate 2 of 2\n  subject      CN=hub.two\n",
        "\n  issuer       CN=hub.two (the same name)\n",
        " (59 minutes ago)\n",
        " (in 36",
        "\n  key          Ed25519\n  key usage    digitalSignature\n  meant for    serverAuth\n",
        "\n  authority    no\n  fingerprint  ",
        "\n  pin          sha256/",
    ] {
        let expected = expected.replace("59 minutes", "1 hour");
        assert!(stdout(&output).contains(&expected), "{expected:?}: {}", stdout(&output));
    }
    assert!(!stdout(&output).contains("PRIVATE"));
    let output = bowline(home.path(), &["inspect", "certificate", "--json", &file]);
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["names"][0]), (2, &json!("hub.two")));
    assert_eq!(lines[0]["extended_key_usage"], json!(["serverAuth"]));
}

#[test]
fn a_certificate_is_taken_as_pem_base64_and_der() {
    let home = home();
    let (pem, private) = certificate("one");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64.decode(base64.as_bytes()).unwrap();
    let whole = bowline(home.path(), &["inspect", "certificate", &pem]);
    assert_eq!(code(&whole), 0, "{}", stderr(&whole));
    let again = bowline(home.path(), &["inspect", "certificate", &base64]);
    assert_eq!(stdout(&again), stdout(&whole));
    let mut raw = command(home.path());
    let raw = raw.args(["inspect", "certificate", "-"]).write_stdin(der).output().unwrap();
    assert_eq!(stdout(&raw), stdout(&whole));

    let cut = format!("{}-----END CERTIFICATE-----\n", &pem[..pem.len() - 60]);
    for (value, reason) in [
        ("", "it is empty"),
        (&private, "this is a private key; expected 'BEGIN CERTIFICATE'"),
        (
            &private.replace("PRIVATE KEY", "CERTIFICATE REQUEST"),
            "this is a request for a certificate",
        ),
        (&private.replace("PRIVATE KEY", "X509 CRL"), "the PEM holds no block 'BEGIN CERTIFICATE'"),
        ("!", "expected PEM ('BEGIN CERTIFICATE') or base64: character 1 is not of base64"),
        ("AAAA", "these bytes are no X.509 certificate in DER"),
        (&cut, "not a certificate: "),
    ] {
        let output = command(home.path())
            .args(["inspect", "certificate", "-"])
            .write_stdin(value)
            .output()
            .unwrap();
        assert_eq!((code(&output), stdout(&output)), (1, ""), "{value}");
        assert!(stderr(&output).contains(reason), "{value}: {}", stderr(&output));
    }
}
