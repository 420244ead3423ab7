//! `bowline tls info`: what a hub serves, whatever one may think of it.

use std::net::TcpListener;
use std::thread;

use bowline_core::identity::{Description, TlsKey};
use bowline_core::random::{Random, Seed};
use bowline_tests::bowline::{Running, outcome};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use serde_json::Value;

fn info(stage: &ProcessFixture, rest: &[&str]) -> (Option<i32>, String, String) {
    outcome(stage.bowline(&[&["tls", "info"], rest].concat()))
}

fn object(out: &str) -> Value {
    serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn what_a_hub_serves_is_what_is_in_its_data_directory() {
    let stage = ProcessFixture::with_hub();
    let (code, out, err) = info(&stage, &["--json", "--hub", &stage.url]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let served = object(&out);
    let (code, out, _) = info(&stage, &["--json", "--data", &stage.text("hub")]);
    assert_eq!(code, Some(0));
    let kept = object(&out);
    assert_eq!(served["certificates"], kept["certificates"]);
    assert_eq!(kept["from"], stage.text("hub/tls.crt"));
    assert_eq!(served["from"], stage.url.as_str());
    assert_eq!((&served["address"], &kept["address"]), (&stage.address().into(), &Value::Null));
    assert_eq!(served["group"], "X25519MLKEM768");
    assert_eq!(served["suite"], "TLS13_AES_256_GCM_SHA384");
    // The look left nothing behind, neither a key nor trust.
    let (_, trusted, _) = outcome(stage.bowline(&["trust", "list"]));
    assert_eq!(trusted, "");
    assert!(!stage.at(".local").exists());
}

fn a_certificate_that_every_peer_would_refuse_is_shown_all_the_same() {
    let mut stage = ProcessFixture::empty();
    let mut random = Random::new(&Seed([5; 32]));
    // 2001-09-09T01:46:40Z, and so it has ended long ago; and it is for another name.
    let names = ["elsewhere.example".to_owned()];
    let key = TlsKey::self_signed(&mut random, &names, "elsewhere", 1_000_000_000).unwrap();
    let other = TlsKey::self_signed(&mut random, &names, "issuer", 1_000_000_000).unwrap();
    let (certificate, private) = key.to_pem();
    let chain = format!("{certificate}{}", other.to_pem().0);
    let cert = stage.private("hub.crt", &chain);
    let private = stage.private("hub.key", &private);
    let data = stage.text("hub");
    let files = ["--cert", &cert, "--key", &private, "--data", &data];
    stage.listen(stage.bowline(&[&["hub", "--bind", "127.0.0.1:0"][..], &files].concat()));
    let (code, out, err) = info(&stage, &["--hub", &stage.url]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let Description { pin, fingerprint, .. } = key.describe().unwrap();
    for expected in [
        "\nTLS      1.3, TLS13_AES_256_GCM_SHA384, X25519MLKEM768\ncertificate 1 of 2\n",
        "\n  names        elsewhere.example\n",
        "\n  valid to     2002-09-09 01:46:40 UTC (",
        " days ago): it has ended\n",
        &format!("\n  fingerprint  {fingerprint}\n  pin          {pin}\n"),
        "\ncertificate 2 of 2\n  subject      CN=issuer\n",
    ] {
        assert!(out.contains(expected), "{expected:?} is not in\n{out}");
    }
}

fn where_there_is_no_tls_the_reason_is_told() {
    let mut stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let plain = ["hub", "--tls", "plain", "--bind", "127.0.0.1:0", "--data", &data];
    // Without TLS it prints no pin, which `ProcessFixture::listen` waits for.
    let mut hub = Running::start(stage.bowline(&plain));
    stage.url = hub.line("listening").split_whitespace().nth(1).unwrap().to_owned();
    stage.hub = Some(hub);
    let (code, out, err) = info(&stage, &["--hub", &stage.url]);
    let says = format!(
        "bowline: {} is without TLS, so there is no certificate: expected wss://\n",
        stage.url
    );
    assert_eq!((code, out.as_str(), err), (Some(2), "", says));
    let tls = stage.url.replace("ws://", "wss://");
    let (code, _, err) = info(&stage, &["--hub", &tls]);
    assert_eq!(code, Some(2));
    assert!(err.contains("the other end speaks plain text and this end expects TLS"), "{err}");
}

fn where_nothing_comes_of_a_connection_the_exit_code_is_4() {
    let stage = ProcessFixture::empty();
    // It is bound and so nobody else's; nothing listens on it any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("wss://{closed}/link");
    let (code, out, err) = info(&stage, &["--hub", &url]);
    assert_eq!((code, out.as_str()), (Some(4), ""), "{err}");
    assert!(err.starts_with(&format!("bowline: cannot reach {url}: ")), "{err}");
    assert!(err.contains("not-listening: nothing listens at"), "{err}");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://{}", listener.local_addr().unwrap());
    let hangs_up = thread::spawn(move || drop(listener.accept().unwrap()));
    let (code, out, err) = info(&stage, &["--hub", &url]);
    hangs_up.join().unwrap();
    assert_eq!((code, out.as_str()), (Some(4), ""), "{err}");
    assert!(err.contains("cut"), "{err}");
}

in_crossed_pairings! {
    what_a_hub_serves_is_what_is_in_its_data_directory,
    where_there_is_no_tls_the_reason_is_told,
}

on_each_runtime! {
    a_certificate_that_every_peer_would_refuse_is_shown_all_the_same,
    where_nothing_comes_of_a_connection_the_exit_code_is_4,
}
