//! A network that splits, delays, cuts and corrupts what the two ends say.

use bowline_core::code::Code;
use bowline_core::link::EndReason;
use bowline_shell::notice::ShellEvent;
use bowline_tests::calls::{call, finish, run, until_output};
use bowline_tests::crossed_pairings;
use bowline_tests::notices::Notices;
use bowline_tests::program::script;
use bowline_tests::proxy::{Fault, Proxy};
use bowline_tests::wait::within;
use bowline_tests::world::World;

crossed_pairings! {
    async fn a_call_goes_through_whatever_pieces_its_bytes_travel_in<H, P>() {
        for fault in [Fault::None, Fault::Split, Fault::Delay] {
            let world = World::<H, P>::new();
            let proxy = Proxy::start(world.local(), fault).await;
            let web = world.peer_at(&proxy.url(), "web", "web");
            let web = web.program(script("pour", "head -c 100000 /dev/zero; echo end >&2"));
            let _web = within(web.connect()).await.unwrap();
            let operator = world.peer_at(&proxy.url(), "me", "me").operate().connect();
            let operator = within(operator).await.unwrap();
            let outcome = run(call(&operator, "web", "pour")).await;
            assert_eq!(outcome.out.len(), 100_000, "{fault:?}");
            assert_eq!((outcome.err.as_slice(), outcome.exit()), (&b"end\n"[..], 0), "{fault:?}");
        }
    }

    async fn a_serving_link_that_is_cut_in_a_call_loses_the_call_and_comes_back<H, P>() {
        let world = World::<H, P>::new();
        let proxy = Proxy::start(world.local(), Fault::None).await;
        let notices = Notices::default();
        let web = world.peer_at(&proxy.url(), "web", "web").subscriber(notices.subscriber());
        let web = web.program(script("stay", "echo here; sleep 1000")).start();
        within(web.session()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "stay").start();
        until_output(&mut calling, "here").await;
        proxy.cut();
        assert_eq!(finish(calling).await.code(), Code::Lost);

        let is_registered = |notice: &ShellEvent| matches!(notice, ShellEvent::Registered { .. }).then_some(());
        notices.nth(1, is_registered).await;
        assert_eq!(proxy.accepted(), 2);
        let mut calling = call(&operator, "web", "stay").start();
        until_output(&mut calling, "here").await;
        drop(calling);
        within(web.stop()).await;
    }

    async fn a_callers_link_that_is_cut_in_a_call_loses_the_call<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").program(script("stay", "echo here; sleep 1000"));
        let _web = within(web.connect()).await.unwrap();
        let proxy = Proxy::start(world.local(), Fault::None).await;
        let operator = within(world.peer_at(&proxy.url(), "me", "me").operate().connect()).await;
        let operator = operator.unwrap();
        let mut calling = call(&operator, "web", "stay").start();
        until_output(&mut calling, "here").await;
        proxy.cut();
        assert_eq!(finish(calling).await.code(), Code::Lost);
        let ended = within(operator.ended()).await;
        assert!(ended.admitted && ended.reason.is_retryable(), "{}", ended.reason);
        // What is asked of a link that is gone is lost at once.
        assert_eq!(run(call(&operator, "web", "stay")).await.code(), Code::Lost);
    }

    async fn a_corrupted_byte_ends_the_link_and_no_wrong_byte_arrives<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").program(script("pour", "echo here; yes y"));
        let _web = within(web.connect()).await.unwrap();
        let proxy = Proxy::start(world.local(), Fault::None).await;
        let operator = within(world.peer_at(&proxy.url(), "me", "me").operate().connect()).await;
        let operator = operator.unwrap();
        let mut calling = call(&operator, "web", "pour").start();
        until_output(&mut calling, "here").await;
        proxy.corrupt();
        let outcome = finish(calling).await;
        assert_eq!(outcome.code(), Code::Lost);
        assert!(outcome.out.iter().all(|byte| b"y\n".contains(byte)));
        let ended = within(operator.ended()).await;
        assert!(matches!(ended.reason, EndReason::Tunnel(_)), "{}", ended.reason);
    }
}
