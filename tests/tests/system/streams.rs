//! Streams: input that a program reads, output that a caller reads as slowly as it likes.

use bowline_core::wire::frame::OutputStream;
use bowline_shell::call::{CallEvent, Calling};
use bowline_tests::calls::{call, finish, run, until_output};
use bowline_tests::crossed_pairings;
use bowline_tests::program::{command, script};
use bowline_tests::wait::within;
use bowline_tests::world::World;

/// Gives a call `len` bytes of input, the end behind them.
async fn feed(calling: &mut Calling, len: usize) {
    let bytes: Vec<u8> = (0..=250).cycle().take(len).collect();
    let mut given = 0;
    while given < len {
        let taken = within(calling.write(&bytes[given..])).await;
        assert!(taken > 0, "the call is over after {given} bytes");
        given += taken;
    }
    calling.end_input();
}

crossed_pairings! {
    async fn a_program_counts_one_megabyte_of_input<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").program(command("count", &["wc", "-c"]));
        let _web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "count").with_input().start();
        feed(&mut calling, 1_000_000).await;
        assert_eq!(finish(calling).await.text().trim(), "1000000");
    }

    async fn a_call_without_input_gives_its_program_an_empty_one<H, P>() {
        let world = World::<H, P>::new();
        let web = world.peer("web").program(command("count", &["wc", "-c"]));
        let _web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        assert_eq!(run(call(&operator, "web", "count")).await.text().trim(), "0");
    }

    async fn input_that_a_program_does_not_read_does_not_hold_up_its_end<H, P>() {
        let world = World::<H, P>::new();
        let _web = within(world.peer("web").program(script("deaf", "exit 4")).connect()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "deaf").with_input().start();
        let bytes = [7; 16 << 10];
        // The call ends at some point, and takes nothing from then on.
        while within(calling.write(&bytes)).await > 0 {}
        assert_eq!(finish(calling).await.exit(), 4);
    }

    async fn what_goes_in_comes_back_byte_for_byte_while_it_is_being_written<H, P>() {
        let world = World::<H, P>::new();
        let _web = within(world.peer("web").program(command("cat", &["cat"])).connect()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "cat").with_input().start();
        for line in ["one\n", "two\n", "three\n"] {
            assert_eq!(within(calling.write(line.as_bytes())).await, line.len());
            assert_eq!(until_output(&mut calling, line).await, line);
        }
        calling.end_input();
        assert_eq!(finish(calling).await.exit(), 0);
    }

    async fn fifty_megabytes_arrive_whole_and_in_order<H, P>() {
        const LEN: u64 = 50 << 20;
        let world = World::<H, P>::new();
        let text = "yes 0123456789abcde | head -c 52428800";
        let _web = within(world.peer("web").program(script("pour", text)).connect()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = call(&operator, "web", "pour").start();
        let (mut at, mut exit) = (0_u64, None);
        while let Some(event) = within(calling.next()).await {
            match event {
                CallEvent::Output { source, bytes, .. } => {
                    assert_eq!(source, OutputStream::Out);
                    for byte in bytes {
                        let expected = b"0123456789abcde\n"[usize::try_from(at % 16).unwrap()];
                        assert_eq!(byte, expected, "at {at}");
                        at += 1;
                    }
                }
                CallEvent::Finished(finished) => exit = Some(finished.is_success()),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((at, exit), (LEN, Some(true)));
    }

    async fn a_slow_reader_slows_its_own_call_only<H, P>() {
        let world = World::<H, P>::new();
        let file = world.at("written");
        let flood = format!(
            "dd if=/dev/zero bs=65536 count=256 2>/dev/null; echo whole > '{}'",
            file.display()
        );
        let web = world
            .peer("web")
            .program(script("flood", &flood))
            .program(script("quick", "head -c 1000000 /dev/zero"));
        let _web = within(web.connect()).await.unwrap();
        let operator = world.operator().await;
        let mut slow = call(&operator, "web", "flood").start();
        // One piece shows that it flows; then nobody reads.
        assert!(matches!(within(slow.next()).await, Some(CallEvent::Output { .. })));
        for _ in 0..5 {
            assert_eq!(run(call(&operator, "web", "quick")).await.out.len(), 1_000_000);
        }
        assert!(!file.exists(), "sixteen megabytes went somewhere that nobody bounds");
        let rest = finish(slow).await;
        assert_eq!(rest.exit(), 0);
        assert!(file.exists());
    }
}
