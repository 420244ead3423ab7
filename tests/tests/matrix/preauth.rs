//! Before admission: an address that is not allowed, too many failures, too much that waits, a
//! proxy whose key is not named, and settings that cannot hold.

use std::net::TcpStream;

use bowline_tests::bowline::{Outcome, outcome};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::{refused, usage_refused};
use bowline_tests::tls_proxy::TlsProxy;

/// A hub with these flags.
fn stage(flags: &[&str]) -> ProcessFixture {
    let mut stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let hub = [&["hub", "--bind", "127.0.0.1:0", "--data", &data], flags].concat();
    stage.listen(stage.bowline(&hub));
    stage
}

fn listed(stage: &ProcessFixture) -> Outcome {
    outcome(stage.dial("ls", &["--secret-file", &stage.secret()]))
}

fn an_address_that_is_not_allowed_is_told_how_the_hub_sees_it() {
    let mut stage = stage(&["--allow-ip", "192.0.2.0/24", "--allow-ip", "::1"]);
    let says = "HUB: the hub refused: address-not-allowed: This hub takes no connection from \
                ADDRESS. Ask the hub's operator to add this address to allow-ips.";
    let names = [("HUB", stage.url.as_str()), ("ADDRESS", "127.0.0.1")];
    refused(&listed(&stage), 3, says, &names);
    let told = stage.hub.as_mut().unwrap().said("turned away");
    assert!(told.contains("source=127.0.0.1 code=address-not-allowed count=1"), "{told}");
    // The operator of the hub's own machine needs no address.
    let (code, ..) = outcome(stage.bowline(&["ls", "--data", &stage.text("hub")]));
    assert_eq!(code, Some(0));
}

async fn a_source_that_failed_too_often_is_told_how_long_to_wait() {
    let stage = stage(&["--failures-per-minute", "1"]);
    let mut healthy = stage.healthy().await;
    let wrong = stage.private("wrong.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    let (code, ..) = outcome(stage.dial("ls", &["--secret-file", &wrong]));
    assert_eq!(code, Some(3));
    let said = listed(&stage);
    let seconds = said.2.rsplit(' ').nth(1).unwrap().to_owned();
    assert!(seconds.parse::<u64>().is_ok_and(|wait| (1..=60).contains(&wait)), "{}", said.2);
    let says = "HUB: the hub refused: rate-limited: Too many admissions from ADDRESS have failed. \
                Find out what else dials from this address. It asks to be left alone for SECONDS s.";
    let names = [("HUB", stage.url.as_str()), ("ADDRESS", "127.0.0.1"), ("SECONDS", &seconds)];
    refused(&said, 3, says, &names);
    healthy.goes_on().await;
}

fn too_much_that_waits_is_told_apart_by_whose_it_is() {
    let says = "HUB: the hub refused: rate-limited: Too many connections from ADDRESS wait to be \
                admitted. Find out what else dials from this address. It asks to be left alone for \
                15 s.";
    let own = stage(&["--max-pending-per-source", "1"]);
    refused(&waits(&own), 3, says, &[("HUB", &own.url), ("ADDRESS", "127.0.0.1")]);

    let says = "HUB: the hub refused: full: Too many connections wait to be admitted. Raise the hub's \
                limits if this goes on. It asks to be left alone for 15 s.";
    let all = stage(&["--max-pending", "1"]);
    refused(&waits(&all), 3, says, &[("HUB", &all.url)]);
}

/// What a command comes to beside a connection that says nothing, once the hub has taken that.
fn waits(stage: &ProcessFixture) -> Outcome {
    loop {
        let _silent = TcpStream::connect(stage.address()).unwrap();
        let said = listed(stage);
        if said.0 != Some(0) {
            return said;
        }
    }
}

async fn a_proxys_key_that_is_not_named_is_told_with_the_lines_that_name_it() {
    let front = TlsProxy::with_tls().await;
    let pin = front.pin().to_string();
    let stage = stage(&["--tls", "plain", "--trusted-proxy", "127.0.0.1"]);
    let hub = stage.url.trim_start_matches("ws://").trim_end_matches("/link").parse().unwrap();
    let front = front.carry_to(hub, Some("203.0.113.7"));
    let (url, secret) = (front.url().to_string(), stage.secret());
    let data = stage.text("me");
    let dial = ["ls", "--hub", &url, "--id", "me", "--data", &data, "--secret-file", &secret];
    let dial = stage.bowline(&dial);
    let said = tokio::task::spawn_blocking(|| outcome(dial)).await.unwrap();
    let identity = said.2.lines().find_map(|line| line.strip_prefix("  identity  ")).unwrap();
    let says = "key-not-vouched: the identity of HUB does not vouch for the TLS key that was served\n  \
                identity  ID\n  expected  none at all\n  seen      SEEN\nSomething between here and \
                the hub serves a TLS key of its own: stop and find out what. If it is a proxy in front \
                of a hub without TLS, and the key seen is the proxy's, the hub's configuration has to \
                name both:\n  external-pins = [\"SEEN\"]\n  trusted-proxies = [\"the proxy's address, \
                as the hub sees it\"]";
    refused(&said, 3, says, &[("HUB", &url), ("ID", identity), ("SEEN", &pin)]);
}

fn settings_of_the_door_that_cannot_hold_start_no_hub() {
    let stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let pin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let hub = |flags: &[&str]| {
        outcome(
            stage.bowline(&[&["hub", "--bind", "127.0.0.1:0", "--data", &data], flags].concat()),
        )
    };
    let says = "external-pins (--external-pin) are the keys of proxies that speak TLS for a hub \
                without it, and tls.mode is 'tofu': set tls.mode = \"plain\" (--tls plain), or leave \
                them out";
    refused(&hub(&["--external-pin", pin, "--trusted-proxy", "127.0.0.1"]), 2, says, &[]);
    let says = "external-pins (--external-pin) count on connections from trusted-proxies \
                (--trusted-proxy) only, and none is given: name the proxy's address, as this hub sees \
                it";
    refused(&hub(&["--external-pin", pin, "--tls", "plain"]), 2, says, &[]);
    let says = "'limits.pending' (--max-pending): expected 1 to 100000";
    refused(&hub(&["--max-pending", "0"]), 2, says, &[]);
    let says = "'limits.bytes-per-second' (--bytes-per-second): expected 64KiB to 1024GiB";
    refused(&hub(&["--bytes-per-second", "65535B"]), 2, says, &[]);
    let says = "invalid value '192.0.2.7/24' for '--allow-ip <NETWORK>': '192.0.2.7/24' has bits \
                beyond its prefix: write 192.0.2.0/24, or 192.0.2.7 alone";
    usage_refused(&hub(&["--allow-ip", "192.0.2.7/24"]), says, &[]);
    let says = "invalid value 'proxy.example' for '--trusted-proxy <NETWORK>': 'proxy.example' is not \
                a network: write it as 192.0.2.0/24 or 2001:db8::/32, or as one address";
    usage_refused(&hub(&["--trusted-proxy", "proxy.example"]), says, &[]);
    assert!(!stage.at("hub").exists(), "nothing was made");
}

in_crossed_pairings! {
    an_address_that_is_not_allowed_is_told_how_the_hub_sees_it,
    too_much_that_waits_is_told_apart_by_whose_it_is,
    ; async
    a_source_that_failed_too_often_is_told_how_long_to_wait,
    a_proxys_key_that_is_not_named_is_told_with_the_lines_that_name_it,
}

on_each_runtime! {
    settings_of_the_door_that_cannot_hold_start_no_hub,
}
