//! Real programs, run for calls.

mod call;
mod ending;
mod stage;

use std::fs;
use std::process::Command;

use bowline_shell::process::{Grace, Outcome, Stop};
use bowline_tests::each_shell;
use call::{Call, all_end, exists};

each_shell! {
    async fn the_two_outputs_are_kept_apart<S>() {
        let mut call = Call::<S>::new();
        let outcome = call.sh("echo one; echo two >&2; echo three", Grace::default()).await;
        assert_eq!(outcome, Outcome::Exited(0));
        assert_eq!((&*call.out, &*call.err), (&b"one\nthree\n"[..], &b"two\n"[..]));
    }

    async fn an_exit_code_is_passed_on<S>() {
        assert_eq!(Call::<S>::new().sh("exit 7", Grace::default()).await, Outcome::Exited(7));
    }

    async fn a_signal_that_ended_the_program_is_passed_on<S>() {
        assert_eq!(Call::<S>::new().sh("kill -9 $$", Grace::default()).await, Outcome::Signalled(9));
    }

    async fn ten_megabytes_go_through_cat_unchanged<S>() {
        let bytes: Vec<u8> =
            (0..10_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut call = Call::<S>::new().with_input(bytes.clone());
        assert_eq!(call.run(Command::new("cat"), Grace::default()).await, Outcome::Exited(0));
        assert_eq!(call.out.len(), bytes.len());
        assert!(call.out == bytes);
    }

    async fn standard_input_ends_where_the_calls_input_ends<S>() {
        let mut call = Call::<S>::new().with_input(vec![b'x'; 1_234_567]);
        assert_eq!(call.sh("wc -c", Grace::default()).await, Outcome::Exited(0));
        assert_eq!(String::from_utf8(call.out).unwrap().trim(), "1234567");
    }

    async fn input_for_a_program_that_closed_its_end_is_taken_and_dropped<S>() {
        let folder = tempfile::tempdir().unwrap();
        let all_taken = folder.path().join("all-taken");
        let script = format!(
            "exec 0<&-; while [ ! -e '{}' ]; do sleep 0.01; done; echo done",
            all_taken.display()
        );
        let mut call = Call::<S>::new()
            .with_input(vec![b'x'; 1_000_000])
            .when_input_ends(move || fs::write(all_taken, "").unwrap());
        assert_eq!(call.sh(&script, Grace::default()).await, Outcome::Exited(0));
        assert_eq!(call.out, b"done\n");
    }

    async fn a_reader_that_takes_one_byte_at_a_time_gets_every_byte<S>() {
        let mut call = Call::<S>::new().with_credit_each_turn(1);
        let script = "seq 1 6000; seq 1 2000 >&2; echo $$; exit 3";
        assert_eq!(call.sh(script, Grace::default()).await, Outcome::Exited(3));
        let counted = |n: u32| (1..=n).map(|i| format!("{i}\n")).collect::<String>();
        assert_eq!(String::from_utf8(call.err).unwrap(), counted(2000));
        let out = String::from_utf8(call.out).unwrap();
        let pid = out.strip_prefix(&counted(6000)).expect("all that was counted");
        all_end(&[pid.trim().parse().unwrap()]).await;
    }

    async fn a_flood_of_one_output_does_not_starve_the_other<S>() {
        let folder = tempfile::tempdir().unwrap();
        let is_written = folder.path().join("is-written");
        let script = format!(
            "head -c 16000 /dev/zero; head -c 16000 /dev/zero >&2; : > '{}'; sleep 1000",
            is_written.display()
        );
        let mut call = Call::<S>::new()
            .closed_until(exists(is_written))
            .with_credit_each_turn(500)
            .stopping(Stop::Cancelled, |out, err| out.len() + err.len() >= 16_000);
        assert_eq!(call.sh(&script, Grace::default()).await, Outcome::Stopped(Stop::Cancelled));
        assert_eq!(call.out.len() + call.err.len(), 16_000);
        assert!(call.out.len().abs_diff(call.err.len()) <= 2000, "{}", call.out.len());
    }

    async fn a_program_that_does_not_exist_is_named<S>() {
        let outcome = Call::<S>::new().run(Command::new("no-such-program"), Grace::default()).await;
        let Outcome::NotStarted(reason) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            reason,
            "cannot start \"no-such-program\": no such program (or its interpreter or its working \
             directory is missing)"
        );
    }

    async fn a_file_that_is_not_executable_is_named_and_its_arguments_are_not<S>() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "hello").unwrap();
        let mut command = Command::new(&path);
        command.arg("a-password");
        let outcome = Call::<S>::new().run(command, Grace::default()).await;
        let Outcome::NotStarted(reason) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            reason,
            format!("cannot start {path:?}: it is not a program that this user may execute")
        );
    }
}
