//! `bowline tls info` of a hub on this machine, which need not run.

mod common;

use std::fs;

use bowline_core::identity::TlsKey;
use bowline_core::random::{Random, Seed};
use common::{bowline, code, json, stderr, stdout};

#[test]
fn a_certificate_that_hub_toml_names_is_shown_in_place_of_the_own_one() {
    let home = tempfile::tempdir().unwrap();
    let key = TlsKey::self_signed(&mut Random::new(&Seed([1; 32])), &[], "named", 1_800_000_000);
    let key = key.unwrap();
    fs::write(home.path().join("site.crt"), key.to_pem().0).unwrap();
    let config = home.path().join("hub.toml");
    fs::write(&config, "[tls]\ncert = \"site.crt\"\nkey = \"site.key\"\n").unwrap();
    let config = config.to_str().unwrap();
    let output = bowline(home.path(), &["tls", "info", "--json", "--config", config]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(json(&output)["certificates"][0]["pin"], key.pin().to_string());
    let from = home.path().join("site.crt");
    assert_eq!(json(&output)["from"], from.to_str().unwrap());

    fs::write(home.path().join("site.crt"), "no certificate").unwrap();
    let output = bowline(home.path(), &["tls", "info", "--config", config]);
    assert_eq!((code(&output), stdout(&output)), (2, ""));
    let says = format!("{}: expected certificates in PEM", from.display());
    assert!(stderr(&output).contains(&says), "{}", stderr(&output));

    fs::write(home.path().join("hub.toml"), "[tls]\nmode = \"plain\"\n").unwrap();
    let output = bowline(home.path(), &["tls", "info", "--config", config]);
    assert_eq!((code(&output), stdout(&output)), (2, ""));
    let says = "bowline: this hub is in TLS mode 'plain', so there is no certificate\n";
    assert_eq!(stderr(&output), says);
}

#[test]
fn a_machine_without_a_hub_is_told_where_certificates_come_from() {
    let home = tempfile::tempdir().unwrap();
    let output = bowline(home.path(), &["tls", "info"]);
    assert_eq!((code(&output), stdout(&output)), (2, ""));
    for part in ["tls.crt is not there: 'bowline hub' makes it", "--data DIR", "--hub URL"] {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
    let both = bowline(home.path(), &["tls", "info", "--hub", "wss://h", "--data", "d"]);
    assert_eq!(code(&both), 2);
    assert!(stderr(&both).contains("'--data <DIR>'"), "{}", stderr(&both));
}
