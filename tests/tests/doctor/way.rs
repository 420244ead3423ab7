//! The way to a hub: what listens there, and what it speaks.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use bowline_tests::impostor;
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::tls_proxy::TlsProxy;
use bowline_tests::wait::BOUND;

use super::*;

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn where_nothing_listens_the_address_and_the_hubs_own_default_are_named() {
    // It was bound, and so is nobody else's.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in urls(closed) {
        let found = at(&url, &[]);
        let problem = found.problem("connection", "not-listening", 4);
        says(&problem["message"], &format!("nothing listens at {closed} (connection refused)"));
        says(&problem["remedy"], "--bind");
        assert_eq!(found.skipped("admission"), "not reached: see connection");
    }
}

fn a_firewall_that_swallows_is_told_from_a_closed_port() {
    let swallowing = impostor::Swallowing::start();
    let local = swallowing.local();
    let found = at(&format!("wss://{local}"), &["--timeout", "1s"]);
    let problem = found.problem("connection", "no-answer", 4);
    assert_eq!(problem["message"], format!("nothing answered at {local} within 1 s"));
    says(&problem["remedy"], "firewall");
}

fn a_name_without_an_address_is_told_as_one() {
    let mut stage = ProcessFixture::empty();
    stage.url = "wss://nowhere.invalid".to_owned();
    let mut doctor = stage.dial("doctor", &[]);
    // Where there is no resolver to ask, that is not waited for long.
    doctor.env("RES_OPTIONS", "timeout:1 attempts:1").env("BOWLINE_SECRET", "A".repeat(43));
    let found = found(doctor);
    let problem = found.problem("name", "unknown-name", 4);
    says(&problem["message"], "'nowhere.invalid'");
    assert_eq!(found.skipped("connection"), "not reached: see name");
}

fn tls_at_one_end_only_is_told_with_the_url_that_works() {
    for (mode, wrong, code, right) in [
        ("plain", "wss", "plain-where-tls-expected", ("ws", "--tls plain")),
        ("tofu", "ws", "tls-where-plain-expected", ("wss", "--tls tofu")),
    ] {
        let stage = hub_with(&["--tls", mode]);
        let (_, address) = stage.url.split_once("://").unwrap();
        let found = at(&format!("{wrong}://{address}"), &[]);
        let problem = found.problem("tls", code, 2);
        says(&problem["seen"], "the hub hub_");
        let works = format!("Dial it as {}://{address} with {}", right.0, right.1);
        says(&problem["remedy"], &works);
        found.well("connection");
        found.skipped("websocket");
    }
}

async fn a_web_server_is_no_hub_with_tls_or_without_whatever_was_expected() {
    let plain = impostor::web(NOT_FOUND);
    let secured = TlsProxy::with_tls().await.carry_to(plain, None).url().authority();
    let secured: SocketAddr = secured.parse().unwrap();
    for (local, checks) in [(plain, ["tls", "websocket"]), (secured, ["websocket", "websocket"])] {
        for (url, check) in urls(local).into_iter().zip(checks) {
            let found = tokio::task::spawn_blocking(move || at(&url, &[])).await.unwrap();
            let problem = found.problem(check, "not-bowline", 4);
            says(&problem["message"], "404 'Not Found'");
        }
    }
}

fn what_is_neither_tls_nor_http_is_shown_with_its_greeting() {
    let ssh = impostor::greeting("SSH-2.0-OpenSSH_9.9p1 Debian-1\r\n");
    for (url, check) in urls(ssh).into_iter().zip(["tls", "websocket"]) {
        let found = at(&url, &[]);
        let problem = found.problem(check, "not-bowline", 4);
        assert_eq!(problem["seen"], "'SSH-2.0-OpenSSH_9.9p1 Debian-1'");
    }
}

fn what_hangs_up_or_stays_silent_is_told_by_the_step_that_it_did_not_take() {
    let closing = impostor::closing();
    let silent = impostor::silent();
    for (at_step, (closed, mute)) in
        ["tls", "websocket"].iter().zip(urls(closing).iter().zip(&urls(silent)))
    {
        let found = at(closed, &[]);
        let problem = found.problem(at_step, "lost", 4);
        says(&problem["remedy"], "closed without a word");
        let found = at(mute, &["--timeout", "1s"]);
        let problem = found.problem(at_step, "admission-timeout", 4);
        says(&problem["message"], "timed out waiting for TLS and the WebSocket upgrade");
    }
}

fn a_hub_of_another_version_is_told_with_both() {
    let stage = hub_with(&["--tls", "plain"]);
    let local = address(&stage);
    let other = impostor::changing(local, "bowline.v1", "bowline.v2");
    let found = at(&format!("ws://{other}"), &[]);
    let problem = found.problem("websocket", "other-version", 3);
    assert_eq!(
        (&problem["expected"], &problem["seen"]),
        (&"'bowline.v1'".into(), &"'bowline.v2'".into())
    );
    says(&problem["remedy"], "bowline --version");

    // One that agrees to no protocol at all is no hub.
    let none = impostor::changing(local, "Sec-WebSocket-Protocol", "Sec-WebSocket-Nonsense");
    let found = at(&format!("ws://{none}"), &[]);
    let problem = found.problem("websocket", "not-bowline", 4);
    says(&problem["message"], "'Sec-WebSocket-Protocol' is nothing");

    // And what a hub of the next version will say to this one.
    let refuses = impostor::web(
        "HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Protocol: bowline.v2\r\nContent-Length: 0\r\n\r\n",
    );
    at(&format!("ws://{refuses}"), &[]).problem("websocket", "other-version", 3);
}

fn our_hub_says_what_it_speaks_to_a_peer_of_another_version() {
    let stage = hub_with(&["--tls", "plain"]);
    let mut stream = TcpStream::connect(address(&stage)).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    let nonce = "A".repeat(43);
    let request = format!(
        "GET /link?n={nonce} HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: bowline.v2\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("\r\nSec-WebSocket-Protocol: bowline.v1\r\n"), "{answer}");
    assert!(answer.contains("is 'bowline.v2'; expected it to list 'bowline.v1'"), "{answer}");
}

fn a_path_that_is_not_the_hubs_is_told_by_the_hub() {
    let mut stage = ProcessFixture::with_hub();
    stage.url = stage.url.replace("/link", "/elsewhere");
    let found = peer(&stage, &[]);
    let problem = found.problem("websocket", "upgrade-refused", 3);
    says(&problem["message"], "404 'Not Found'");
    says(&problem["remedy"], "'/link'");
}

/// Where a hub without TLS listens.
fn address(stage: &ProcessFixture) -> SocketAddr {
    stage.url.trim_start_matches("ws://").trim_end_matches("/link").parse().unwrap()
}

in_crossed_pairings! {
    tls_at_one_end_only_is_told_with_the_url_that_works,
    a_hub_of_another_version_is_told_with_both,
    a_path_that_is_not_the_hubs_is_told_by_the_hub,
}

on_each_runtime! {
    where_nothing_listens_the_address_and_the_hubs_own_default_are_named,
    a_firewall_that_swallows_is_told_from_a_closed_port,
    a_name_without_an_address_is_told_as_one,
    what_is_neither_tls_nor_http_is_shown_with_its_greeting,
    what_hangs_up_or_stays_silent_is_told_by_the_step_that_it_did_not_take,
    our_hub_says_what_it_speaks_to_a_peer_of_another_version,
    ; async
    a_web_server_is_no_hub_with_tls_or_without_whatever_was_expected,
}
