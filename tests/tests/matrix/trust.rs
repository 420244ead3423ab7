//! Trust: pins that are wrong, malformed and empty, `strict` with nothing to check by, another
//! identity, and certificates that are not what they should be.

use std::fs;

use bowline_core::identity::TlsKey;
use bowline_core::session::Side;
use bowline_shell::advice::{self, Audience};
use bowline_shell::config::{HubSettings, Insecure};
use bowline_shell::peer::{ConnectError, CredentialSource, PeerBuilder};
use bowline_tests::bowline::{Outcome, outcome};
use bowline_tests::certificates::{Authority, Dates, EXPIRED, FUTURE, GOOD};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::{documented, filled, refused, run_refused, usage_refused};
use bowline_tests::world::World;
use bowline_tokio::Tokio;

/// A pin of no key here, and an identity of no hub.
const PIN: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const OTHER: &str = "hub_aaaaaaaaaaaaaaaaaaaaaaaaaa";

/// `ls` with the hub's secret, and these flags.
fn ls(stage: &ProcessFixture, rest: &[&str]) -> Outcome {
    let secret = stage.secret();
    outcome(stage.dial("ls", &[&["--secret-file", &secret], rest].concat()))
}

/// The hub's id and pin, as it printed them.
fn printed(stage: &mut ProcessFixture) -> (String, String) {
    let hub = stage.hub.as_ref().unwrap().seen();
    let word = |line: &str| hub.iter().find_map(|seen| seen.strip_prefix(line)).unwrap().trim();
    (word("hub ").to_owned(), word("pin ").to_owned())
}

async fn a_wrong_pin_is_refused_with_both_values_and_the_line_that_pins_the_one_seen() {
    let mut stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let (_, seen) = printed(&mut stage);
    let says = "pin-mismatch: the TLS key that HUB served is none of the pinned ones\n  \
                expected  PIN\n  seen      SEEN\nCompare with the pin that 'bowline hub' prints \
                there. If the key is another there too, stop and find out what answers in its \
                place. If it is the one seen:\n  bowline trust --data DIR pin HUB SEEN";
    let data = stage.text("me");
    let names = [("HUB", stage.url.as_str()), ("PIN", PIN), ("SEEN", &seen), ("DIR", &data)];
    for mode in ["tofu", "strict"] {
        refused(&ls(&stage, &["--tls", mode, "--pin", PIN]), 3, says, &names);
    }
    let secret = stage.secret();
    let run = ["--secret-file", &secret, "--pin", PIN, "web", "hello"];
    run_refused(&outcome(stage.dial("run", &run)), 3, says, &names);
    assert!(!stage.at("me/trust.toml").exists(), "nothing is kept of it");
    healthy.goes_on().await;

    let pin = stage.bowline(&["trust", "--data", &data, "pin", &stage.url, &seen]);
    assert_eq!(outcome(pin).0, Some(0));
    assert_eq!(ls(&stage, &["--tls", "strict", "--pin", PIN]).0, Some(0));
}

fn a_malformed_or_empty_pin_is_refused_wherever_it_stands_and_never_passed_over() {
    let stage = ProcessFixture::with_hub();
    for pin in ["", "nonsense", "sha256/", "sha256/AAAA", PIN.trim_end_matches('=')] {
        let says = "invalid value 'VALUE' for '--pin <PIN>': 'VALUE' is not a pin: 'sha256/' and \
                    44 characters of padded standard base64";
        usage_refused(&ls(&stage, &["--pin", pin]), says, &[("VALUE", pin)]);

        let file = stage.private("peer.toml", &format!("[tls]\npins = [\"{pin}\"]\n"));
        let says = "FILE: line 2: 'tls.pins': 'VALUE' is not a pin: 'sha256/' and 44 characters \
                    of padded standard base64";
        let names = [("FILE", file.as_str()), ("VALUE", pin)];
        refused(&ls(&stage, &["--config", &file]), 2, says, &names);

        let data = stage.text("me");
        let trust = stage.bowline(&["trust", "--data", &data, "pin", &stage.url, pin]);
        let says = "invalid value 'VALUE' for '<ID-OR-PIN>': 'VALUE' is not a pin: 'sha256/' and \
                    44 characters of padded standard base64; or give a hub id, 'hub_…'";
        usage_refused(&outcome(trust), says, &[("VALUE", pin)]);
        assert!(!stage.at("me/trust.toml").exists());
    }
}

async fn strict_with_nothing_to_check_by_is_refused_and_says_what_to_give() {
    let mut stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let (id, pin) = printed(&mut stage);
    let says = "nothing-to-check-by: strict was asked for with neither pins nor roots to check \
                the TLS key of HUB by\nGive pins or roots in the configuration, or pin the key \
                that 'bowline hub' prints there:\n  bowline trust --data DIR pin HUB sha256/...";
    let data = stage.text("me");
    let names = [("HUB", stage.url.as_str()), ("ID", &id), ("DIR", &data)];
    refused(&ls(&stage, &["--tls", "strict"]), 3, says, &names);
    let empty = stage.private("peer.toml", "[tls]\nmode = \"strict\"\npins = []\n");
    refused(&ls(&stage, &["--config", &empty]), 3, says, &names);
    // An identity alone says nothing of the key that is served.
    let says = "nothing-to-check-by: strict was asked for with neither pins nor roots to check \
                the TLS key of HUB by\n  expected  ID (configured as hub-id)\nGive pins or roots \
                in the configuration, or pin the key that 'bowline hub' prints there:\n  bowline \
                trust --data DIR pin HUB sha256/...";
    refused(&ls(&stage, &["--tls", "strict", "--hub-id", &id]), 3, says, &names);
    healthy.goes_on().await;
    assert_eq!(ls(&stage, &["--tls", "strict", "--pin", &pin]).0, Some(0));
}

fn the_port_of_a_known_hub_without_tls_is_no_first_contact() {
    let mut stage = ProcessFixture::with_hub();
    let (id, _) = printed(&mut stage);
    assert_eq!(ls(&stage, &[]).0, Some(0));
    let kept = fs::read(stage.at("me/trust.toml")).unwrap();
    let (address, secret) = (stage.address(), fs::read_to_string(stage.secret()).unwrap());
    let plain = |stage: &mut ProcessFixture| {
        let data = stage.text("hub");
        let hub = ["hub", "--bind", &address, "--tls", "plain", "--data", &data];
        stage.listen(stage.bowline(&hub));
        assert!(stage.url.starts_with("ws://"), "{}", stage.url);
    };
    // Whoever has the secret answers on the port, without TLS and as another hub.
    stage.hub = None;
    fs::rename(stage.at("hub"), stage.at("before")).unwrap();
    fs::create_dir(stage.at("hub")).unwrap();
    stage.private("hub/secret.key", &secret);
    plain(&mut stage);
    let (code, _, err) = ls(&stage, &["--tls", "plain"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("identity-mismatch: ") && err.contains(&id), "{err}");
    assert_eq!(fs::read(stage.at("me/trust.toml")).unwrap(), kept);
    // The hub itself is known there, too.
    stage.hub = None;
    fs::rename(stage.at("hub"), stage.at("other")).unwrap();
    fs::rename(stage.at("before"), stage.at("hub")).unwrap();
    plain(&mut stage);
    assert_eq!(ls(&stage, &["--tls", "plain"]).0, Some(0));
    // A key that a person pinned cannot be looked at there.
    let data = stage.text("me");
    let pin = stage.bowline(&["trust", "--data", &data, "pin", &stage.url, PIN]);
    assert_eq!(outcome(pin).0, Some(0));
    let (code, _, err) = ls(&stage, &["--tls", "plain"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains(&format!("bowline trust --data {data} forget {}", stage.url)), "{err}");
    let (data, url) = (stage.text("me"), format!("wss://{address}"));
    let forget = |hub: &str| outcome(stage.bowline(&["trust", "--data", &data, "forget", hub])).0;
    assert_eq!((forget(&stage.url), forget(&url)), (Some(0), Some(5)));
}

async fn another_identity_is_refused_with_both_values_and_the_way_to_accept_it() {
    let mut stage = ProcessFixture::with_hub();
    let (id, _) = printed(&mut stage);
    let says = "identity-mismatch: HUB has another identity than the one known\n  expected  \
                EXPECTED (configured as hub-id)\n  seen      SEEN\nAnother machine may be posing \
                as the hub: stop and compare with what 'bowline hub' prints there. If the hub was \
                set up anew:\n  set hub-id = \"SEEN\"";
    let names = [("HUB", stage.url.as_str()), ("EXPECTED", OTHER), ("SEEN", &id)];
    refused(&ls(&stage, &["--hub-id", OTHER]), 3, says, &names);

    // A hub that was set up anew on the same address, with the same secret.
    assert_eq!(ls(&stage, &[]).0, Some(0));
    let (address, secret) = (stage.address(), fs::read_to_string(stage.secret()).unwrap());
    stage.hub = None;
    fs::rename(stage.at("hub"), stage.at("before")).unwrap();
    fs::create_dir(stage.at("hub")).unwrap();
    stage.private("hub/secret.key", &secret);
    stage.start_hub(&address);
    let (anew, _) = printed(&mut stage);
    let says = "identity-mismatch: HUB has another identity than the one known\n  expected  \
                EXPECTED (kept from an earlier connection)\n  seen      SEEN\nAnother machine may \
                be posing as the hub: stop and compare with what 'bowline hub' prints there. If \
                the hub was set up anew:\n  bowline trust --data DIR forget HUB\n  bowline trust \
                --data DIR pin HUB SEEN";
    let kept = fs::read(stage.at("me/trust.toml")).unwrap();
    let data = stage.text("me");
    let names = [("HUB", stage.url.as_str()), ("EXPECTED", &id), ("SEEN", &anew), ("DIR", &data)];
    refused(&ls(&stage, &[]), 3, says, &names);
    assert_eq!(fs::read(stage.at("me/trust.toml")).unwrap(), kept);
    let forget = stage.bowline(&["trust", "--data", &data, "forget", &stage.url]);
    assert_eq!(outcome(forget).0, Some(0));
    assert_eq!(ls(&stage, &[]).0, Some(0));
}

/// A hub that serves this certificate for 127.0.0.1, or a name of its own.
fn hub_with(authority: &Authority, names: &[&str], dates: Dates) -> ProcessFixture {
    let mut stage = ProcessFixture::empty();
    let (certificate, key) = authority.issue(names, dates);
    let (cert, key) = (stage.private("tls.crt", &certificate), stage.private("tls.key", &key));
    stage.private("roots.pem", &authority.certificate());
    let data = stage.text("hub");
    let mut hub = stage.bowline(&["hub", "--bind", "127.0.0.1:0", "--data", &data]);
    hub.args(["--tls-source", "files", "--cert", &cert, "--key", &key]);
    stage.listen(hub);
    stage
}

/// What `strict` says of it, where only these roots can vouch for it.
fn strict(stage: &ProcessFixture, roots: &str) -> Outcome {
    let roots = stage.text(roots);
    ls(stage, &["--tls", "strict", "--roots", &roots])
}

async fn a_certificate_that_does_not_pass_the_roots_is_refused_by_its_own_fault() {
    let root = Authority::new("Example Root");
    let good = hub_with(&root, &["127.0.0.1"], GOOD);
    assert_eq!(strict(&good, "roots.pem").0, Some(0));

    let mut healthy = good.healthy().await;
    good.private("other.pem", &Authority::new("Other Root").certificate());
    let says = "not-chained: the certificate of HUB does not pass the given roots\n  issuer: \
                CN=Example Root, which is none of the given roots\nPut the issuer's certificate \
                in roots, or find out what answers in the hub's place.";
    refused(&strict(&good, "other.pem"), 3, says, &[("HUB", &good.url)]);
    healthy.goes_on().await;

    // The same name, another key: what somebody would make who poses as the authority.
    good.private("forged.pem", &Authority::new("Example Root").certificate());
    let says = "not-chained: the certificate of HUB does not pass the given roots\n  issuer: it \
                was not signed with the key of the CN=Example Root that was given\nPut the \
                issuer's certificate in roots, or find out what answers in the hub's place.";
    refused(&strict(&good, "forged.pem"), 3, says, &[("HUB", &good.url)]);

    let named = hub_with(&root, &["hub.example"], GOOD);
    let says = "not-chained: the certificate of HUB does not pass the given roots\n  name: \
                expected 127.0.0.1; it names hub.example\nDial the hub by a name that its \
                certificate has, or give the certificate this name.";
    refused(&strict(&named, "roots.pem"), 3, says, &[("HUB", &named.url)]);
}

async fn a_certificate_outside_its_dates_is_warned_of_at_the_hub_and_refused_by_roots_only() {
    let root = Authority::new("Example Root");
    for (dates, fault) in [
        (EXPIRED, "it ended on Fri, 01 Jan 2021 00:00:00 +0000"),
        (FUTURE, "it is valid from Mon, 01 Jan 2998 00:00:00 +0000"),
    ] {
        let mut stage = hub_with(&root, &["127.0.0.1"], dates);
        let warned = stage.hub.as_mut().unwrap().said("warning");
        let file = stage.text("tls.crt");
        let begins = format!("bowline: warning: {file}: dates: {fault}; this machine's clock says");
        assert!(warned.starts_with(&begins), "{warned}");
        assert!(warned.ends_with(". Peers that check it by roots refuse it: renew it"), "{warned}");

        let outcome = strict(&stage, "roots.pem");
        let clock = outcome.2.split("clock says ").nth(1).and_then(|rest| rest.lines().next());
        let names = [("HUB", stage.url.as_str()), ("CLOCK", clock.unwrap_or_default())];
        let says = format!(
            "not-chained: the certificate of HUB does not pass the given roots\n  dates: {fault}; \
             this machine's clock says CLOCK\nSet the clock, or renew the hub's certificate."
        );
        refused(&outcome, 3, &says, &names);
        // Who goes by the key and the identity does not look at dates.
        stage.healthy().await.goes_on().await;
    }
}

fn roots_that_are_none_are_refused_before_anything_is_dialled() {
    let stage = ProcessFixture::with_hub();
    let file = stage.private("roots.pem", "none\n");
    let says = "FILE: the file for roots holds no PEM block 'CERTIFICATE'";
    refused(&strict(&stage, "roots.pem"), 2, says, &[("FILE", &file)]);
    stage.private("roots.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let says = "FILE: certificate 1 of the file for roots is malformed";
    refused(&strict(&stage, "roots.pem"), 2, says, &[("FILE", &file)]);
}

fn a_certificate_and_a_key_that_are_no_pair_keep_the_hub_from_starting() {
    let stage = ProcessFixture::empty();
    let root = Authority::new("Example Root");
    let ((one, one_key), (two, two_key)) =
        (root.issue(&["127.0.0.1"], GOOD), root.issue(&["127.0.0.1"], GOOD));
    let pin = |certificate: &str, key: &str| {
        TlsKey::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap().pin().to_string()
    };
    let (first, second) = (pin(&one, &one_key), pin(&two, &two_key));
    let cert = stage.private("tls.crt", &one);
    let key = stage.text("tls.key");
    let names = [("CERT", cert.as_str()), ("FILE", &key), ("FIRST", &first), ("SECOND", &second)];
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE \
                     KEY-----\n";
    for (key, says) in [
        (
            two_key.as_str(),
            "CERT and FILE: certificate and key do not belong together: the certificate is for the \
             key FIRST, the key file holds SECOND. Give the key that the certificate was made for",
        ),
        (
            &one,
            "CERT and FILE: the key file holds no PEM block 'PRIVATE KEY', 'EC PRIVATE KEY' or \
             'RSA PRIVATE KEY'",
        ),
    ] {
        stage.private("tls.key", key);
        refused(&start_with(&stage, &cert), 2, says, &names);
    }
    let older = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\
                 \nAAAA\n-----END EC PRIVATE KEY-----\n";
    for key in [encrypted, older] {
        stage.private("tls.key", key);
        refused(&start_with(&stage, &cert), 2, ENCRYPTED, &names);
    }
    stage.private("tls.crt", &one_key);
    stage.private("tls.key", &one_key);
    let says = "CERT and FILE: the certificate file holds no PEM block 'CERTIFICATE'";
    refused(&start_with(&stage, &cert), 2, says, &names);
    fs::remove_file(&cert).unwrap();
    let reason = std::io::Error::from(rustix::io::Errno::NOENT).to_string();
    let says = "cannot read FILE: REASON. Check the path";
    refused(&start_with(&stage, &cert), 2, says, &[("FILE", &cert), ("REASON", &reason)]);
}

const ENCRYPTED: &str = "FILE holds an encrypted key, and nobody is asked for its pass phrase: run \
                         'openssl pkey -in FILE -out FILE.plain', and put what that writes in its place";

fn start_with(stage: &ProcessFixture, cert: &str) -> Outcome {
    let (data, key) = (stage.text("hub"), stage.text("tls.key"));
    let mut hub = stage.bowline(&["hub", "--bind", "127.0.0.1:0", "--data", &data]);
    hub.args(["--tls-source", "files", "--cert", cert, "--key", &key]);
    outcome(hub)
}

/// The program always has a secret; an application may come without, by `open`.
async fn one_that_proves_nothing_is_told_what_the_hub_wants_or_how_to_know_it() {
    let open = |world: &World| world.peer("me").credential(CredentialSource::open());
    let settings = HubSettings { auth_required: Some(false), ..HubSettings::default() };
    let world: World = World::with(settings, Insecure { no_auth: true, ..Insecure::default() });
    let (id, url) = (world.hub().id().to_string(), world.url().to_string());
    let pin = world.hub().pin().unwrap().to_string();
    let says = "unknown-hub: nothing is known of HUB, and this admission method does not make it \
                prove itself\n  identity  ID\n  pin       PIN\nCompare with what 'bowline hub' \
                prints there. If they are the same:\n  bowline trust pin HUB ID";
    let names = [("HUB", url.as_str()), ("ID", &id), ("PIN", &pin)];
    assert_eq!(verdict(open(&world)).await, filled(says, &names));
    documented(3, says);
    assert!(!world.at("me/trust.toml").exists());

    let world: World = World::new();
    let says = "method-not-offered: the hub does not offer 'open', which this peer uses; it offers \
                'secret' and 'join' and 'resume' and 'refresh'. Give this peer the hub's secret \
                (--secret-file): 'bowline secret show' prints it there.";
    let known = open(&world).hub_id(world.hub().id());
    assert_eq!(verdict(known).await, says);
    documented(3, says);
}

/// The code, what happened and what to do, of a dial that must fail.
async fn verdict(peer: PeerBuilder<Tokio>) -> String {
    let error = bowline_tests::world::refused(peer).await;
    let ConnectError::Ended { ended, .. } = &error else { panic!("{error}") };
    let said = format!("{}: {}", ended.reason.code(), ended.reason);
    advice::told(said, ended.remedy(Side::Peer), Audience::CommandLine)
}

in_crossed_pairings! {
    the_port_of_a_known_hub_without_tls_is_no_first_contact,
    a_malformed_or_empty_pin_is_refused_wherever_it_stands_and_never_passed_over,
    ; async
    a_wrong_pin_is_refused_with_both_values_and_the_line_that_pins_the_one_seen,
    strict_with_nothing_to_check_by_is_refused_and_says_what_to_give,
    another_identity_is_refused_with_both_values_and_the_way_to_accept_it,
    a_certificate_that_does_not_pass_the_roots_is_refused_by_its_own_fault,
    a_certificate_outside_its_dates_is_warned_of_at_the_hub_and_refused_by_roots_only,
    one_that_proves_nothing_is_told_what_the_hub_wants_or_how_to_know_it,
}

on_each_runtime! {
    roots_that_are_none_are_refused_before_anything_is_dialled,
    a_certificate_and_a_key_that_are_no_pair_keep_the_hub_from_starting,
}
