//! Links that end: replaced, stopped, left, or never begun.

use bowline_core::code::Code;
use bowline_core::link::EndReason;
use bowline_shell::notice::ShellEvent;
use bowline_tests::calls::{call, run};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::{Notices, ended};
use bowline_tests::program::script;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

crossed_pairings! {
    async fn a_second_serving_link_of_a_peer_replaces_the_first<H, P>() {
        let world = World::<H, P>::new();
        let serving = |answer: i32| {
            let peer =
                world.peer("web").command("which".parse().unwrap(), move |_| async move { answer });
            peer.connect()
        };
        let first = within(serving(1)).await.unwrap();
        let operator = world.operator().await;
        assert_eq!(run(call(&operator, "web", "which")).await.exit(), 1);
        let _second = within(serving(2)).await.unwrap();
        let left = within(first.ended()).await;
        assert!(matches!(left.reason, EndReason::Goaway { code: Code::Superseded, .. }), "{left:?}");
        assert_eq!(run(call(&operator, "web", "which")).await.exit(), 2);
    }

    async fn two_operators_call_at_once_beside_a_serving_peer_with_the_same_id_and_key<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").program(script("who", "echo web")).connect();
        let _web = within(web).await.unwrap();
        // Same directory, so same key and same id as the peer that serves.
        let one = within(world.peer("web").operate().connect()).await.unwrap();
        let two = within(world.peer("web").operate().connect()).await.unwrap();
        let (first, second) =
            tokio::join!(run(call(&one, "web", "who")), run(call(&two, "web", "who")));
        assert_eq!((first.text().as_str(), second.text().as_str()), ("web\n", "web\n"));
        one.close();
        within(one.ended()).await;
        assert_eq!(run(call(&two, "web", "who")).await.text(), "web\n");
    }

    async fn a_hub_that_stops_says_so_on_every_link<H, P>() {
        let mut world = World::<H, P>::new();
        let web = within(world.peer("web").connect()).await.unwrap();
        let operator = world.operator().await;
        world.stop_hub().await;
        for session in [web, operator] {
            let left = within(session.ended()).await;
            assert!(matches!(left.reason, EndReason::Goaway { code: Code::GoingAway, .. }), "{left:?}");
            assert!(left.reason.is_retryable());
        }
        // The port is free when stop returns, and the endpoint file is gone.
        assert!(TcpStream::connect(world.local()).await.is_err());
        assert!(!world.hub_data.join("endpoint").exists());
    }

    async fn a_peer_that_waits_for_a_silent_hub_stops_at_once<H, P>() {
        let world = World::<H, P>::new();
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://{}", silent.local_addr().unwrap()).parse().unwrap();
        let notices = Notices::default();
        let web = world.peer_at(&url, "web", "web").subscriber(notices.subscriber()).start();
        let _held = within(silent.accept()).await.unwrap();
        notices.first(|notice| matches!(notice, ShellEvent::Connected { .. }).then_some(())).await;
        within(web.stop()).await;
        let left = notices.first(ended).await;
        // Not by the upgrade's own deadline.
        assert_eq!(left.reason, EndReason::Closed(Code::GoingAway));
    }

    async fn a_command_that_panics_fails_its_own_call_only<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").program(script("who", "echo web"));
        let web = web.command("break".parse().unwrap(), |call| async move {
            assert!(call.arguments().is_empty() && call.name().as_str().is_empty());
        });
        let _web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        assert_eq!(run(call(&operator, "web", "break")).await.code(), Code::Failed);
        assert_eq!(run(call(&operator, "web", "who")).await.text(), "web\n");
    }

    async fn a_browser_and_garbage_get_an_answer_that_helps_and_the_hub_goes_on<H, P>() {
        let plain = World::<H, P>::plain();
        let get = ask(&plain, b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n").await;
        assert!(get.starts_with("HTTP/1.1 404 "), "{get}");
        assert!(get.contains("this is a Bowline hub, and its WebSocket is at '/link'"), "{get}");
        let link = ask(&plain, b"GET /link HTTP/1.1\r\nHost: hub\r\n\r\n").await;
        assert!(link.starts_with("HTTP/1.1 4"), "{link}");
        let post = ask(&plain, b"POST /link HTTP/1.1\r\nHost: hub\r\n\r\n").await;
        assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
        let junk = ask(&plain, b"\0\0\0 no such thing\r\n\r\n").await;
        assert!(junk.starts_with("HTTP/1.1 400 "), "{junk}");
        within(plain.peer("web").connect()).await.unwrap();

        let tls = World::<H, P>::new();
        let get = ask(&tls, b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n").await;
        assert!(get.starts_with("HTTP/1.1 4"), "{get}");
        assert!(get.contains("TLS"), "{get}");
        // A record of the right type and length with nothing sensible in it.
        let mut record = vec![22, 3, 1, 0, 40];
        record.extend([0xff; 40]);
        ask(&tls, &record).await;
        assert!(!tls.notices.first(ended).await.admitted);
        within(tls.peer("web").connect()).await.unwrap();
    }
}

/// What the hub answers to `request`, until it closes.
async fn ask<H: Shell, P: Shell>(world: &World<H, P>, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(world.local()).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    within(socket.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
