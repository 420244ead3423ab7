//! How programs end, and what they leave behind: nothing that runs and holds on.

use std::process::Command;
use std::time::Duration;

use bowline_shell::process::{Grace, Outcome, Stop, run};
use bowline_tests::each_shell;
use bowline_tests::wait::{pause, within};
use rustix::process::{Pid, Signal, kill_process};

use super::call::{Call, a_line_was_written, all_end, exists, is_running, pids};

/// So long that a test which waits for its end has failed.
const NEVER: Duration = Duration::from_secs(3600);

/// A leader that ends on TERM, and its child that does not and lets go of the outputs.
const DEAF_CHILD: &str =
    "sh -c \"trap '' TERM; echo \\$\\$; exec sleep 1000 >/dev/null 2>&1\" & wait";

each_shell! {
    async fn a_program_and_children_that_ignore_term_are_killed<S>() {
        let grace = Grace { stop: Duration::from_millis(200), ..Grace::default() };
        let mut call = Call::<S>::new().stopping(Stop::Cancelled, a_line_was_written);
        let script = "trap '' TERM; sleep 1000 & echo $$ $!; wait; sleep 1000";
        assert_eq!(call.sh(script, grace).await, Outcome::Stopped(Stop::Cancelled));
        assert_eq!(call.pids().len(), 2);
        all_end(&call.pids()).await;
    }

    async fn a_program_that_ends_on_term_is_not_waited_for_any_longer<S>() {
        let grace = Grace { stop: NEVER, ..Grace::default() };
        let mut call = Call::<S>::new().stopping(Stop::Deadline, a_line_was_written);
        // The child tells both ids, once it is past the fork, where a shell still catches TERM for
        // it.
        let child = "sh -c 'echo $0 $$; exec sleep 1000' $$";
        let script = format!("trap 'wait; exit 0' TERM; {child} & wait");
        assert_eq!(call.sh(&script, grace).await, Outcome::Stopped(Stop::Deadline));
        all_end(&call.pids()).await;
    }

    async fn a_child_that_outlives_its_leader_has_the_whole_grace_to_clean_up<S>() {
        let folder = tempfile::tempdir().unwrap();
        let cleaned = folder.path().join("cleaned");
        let script = format!(
            "(trap 'sleep 0.5; : > {}; exit' TERM; echo up; while :; do sleep 0.01; done) & wait",
            cleaned.display()
        );
        let mut call = Call::<S>::new().stopping(Stop::Cancelled, a_line_was_written);
        let grace = Grace { stop: Duration::from_secs(20), ..Grace::default() };
        assert_eq!(call.sh(&script, grace).await, Outcome::Stopped(Stop::Cancelled));
        assert!(cleaned.exists());
    }

    async fn a_child_that_let_go_of_the_outputs_delays_no_stop<S>() {
        let grace = Grace { stop: NEVER, ..Grace::default() };
        let mut call = Call::<S>::new().stopping(Stop::Cancelled, a_line_was_written);
        assert_eq!(call.sh(DEAF_CHILD, grace).await, Outcome::Stopped(Stop::Cancelled));
        kill_process(Pid::from_raw(call.pids()[0]).unwrap(), Signal::KILL).unwrap();
    }

    async fn a_child_that_let_go_of_the_outputs_may_still_clean_up<S>() {
        let folder = tempfile::tempdir().unwrap();
        let cleaned = folder.path().join("cleaned");
        let script = format!(
            "(trap 'sleep 0.3; : > {}; exit' TERM; echo up; exec >/dev/null 2>&1; \
             while :; do sleep 0.01; done) & wait",
            cleaned.display()
        );
        let grace = Grace { stop: NEVER, ..Grace::default() };
        let mut call = Call::<S>::new().stopping(Stop::Cancelled, a_line_was_written);
        assert_eq!(call.sh(&script, grace).await, Outcome::Stopped(Stop::Cancelled));
        exists(cleaned).await;
    }

    async fn a_child_that_let_go_of_the_outputs_is_killed_when_the_grace_is_over<S>() {
        let grace = Grace { stop: Duration::from_millis(500), ..Grace::default() };
        let mut call = Call::<S>::new().stopping(Stop::Cancelled, a_line_was_written);
        assert_eq!(call.sh(DEAF_CHILD, grace).await, Outcome::Stopped(Stop::Cancelled));
        all_end(&call.pids()).await;
    }

    async fn a_program_that_writes_much_while_it_ends_is_not_held_up_by_credit<S>() {
        let grace = Grace { stop: NEVER, ..Grace::default() };
        let mut call = Call::<S>::new().stopping(Stop::Cancelled, a_line_was_written);
        let script =
            "trap 'head -c 1000000 /dev/zero; exit' TERM; echo up; while :; do sleep 0.01; done";
        assert_eq!(call.sh(script, grace).await, Outcome::Stopped(Stop::Cancelled));
    }

    async fn a_program_that_waits_for_credit_can_be_stopped<S>() {
        let mut call =
            Call::<S>::new().with_credit_each_turn(1).stopping(Stop::Deadline, |out, _| out.len() > 100);
        assert_eq!(call.sh("yes", Grace::default()).await, Outcome::Stopped(Stop::Deadline));
    }

    async fn a_link_that_is_gone_ends_the_program<S>() {
        let mut call = Call::<S>::new().gone_once(a_line_was_written);
        let outcome = call.sh("echo $$; sleep 0.1; yes", Grace::default()).await;
        assert_eq!(outcome, Outcome::Stopped(Stop::Lost));
        all_end(&call.pids()).await;
    }

    async fn output_that_comes_after_the_leaders_end_is_passed_on_to_its_end<S>() {
        let mut command = Command::new("bash");
        command.args(["-c", "exec > >(sleep 1; cat); echo hi"]);
        let mut call = Call::<S>::new();
        assert_eq!(call.run(command, Grace::default()).await, Outcome::Exited(0));
        assert_eq!(call.out, b"hi\n");
    }

    async fn a_grandchild_that_holds_an_output_in_silence_is_killed_and_the_cut_is_told<S>() {
        let grace = Grace { stop: NEVER, linger: Duration::from_millis(300) };
        let mut call = Call::<S>::new();
        let outcome = call.sh("sleep 1000 & echo $!; exit 4", grace).await;
        assert_eq!(outcome, Outcome::ExitedCut(4));
        assert_eq!(call.pids().len(), 1);
        all_end(&call.pids()).await;
        let killed = Call::<S>::new().sh("sleep 1000 & kill -9 $$", grace).await;
        assert_eq!(killed, Outcome::SignalledCut(9));
    }

    async fn a_grandchild_that_goes_on_writing_is_waited_for_until_the_call_stops<S>() {
        let grace = Grace { stop: NEVER, linger: Duration::from_secs(1) };
        let script = "(while :; do echo on; sleep 0.05; done) & echo $! >&2; exit 5";
        let long = |out: &[u8], _: &[u8]| out.len() > 3 * 50;
        let mut call = Call::<S>::new().stopping(Stop::Deadline, long);
        assert_eq!(call.sh(script, grace).await, Outcome::Stopped(Stop::Deadline));
        all_end(&pids(&call.err)).await;
    }

    async fn one_that_left_the_group_with_an_output_is_left_alone_and_the_cut_is_told<S>() {
        // Job control gives each job a group of its own.
        let mut command = Command::new("bash");
        command.args(["-c", "set -m; sleep 1000 & echo $!"]);
        let mut call = Call::<S>::new();
        let grace = Grace { linger: Duration::from_millis(300), ..Grace::default() };
        assert_eq!(call.run(command, grace).await, Outcome::ExitedCut(0));
        let daemon = call.pids()[0];
        assert!(is_running(daemon));
        kill_process(Pid::from_raw(daemon).unwrap(), Signal::KILL).unwrap();
    }

    async fn a_daemon_that_let_go_of_the_outputs_goes_on<S>() {
        let mut call = Call::<S>::new();
        let script = "sleep 1000 >/dev/null 2>&1 & echo $!";
        assert_eq!(call.sh(script, Grace::default()).await, Outcome::Exited(0));
        let daemon = call.pids()[0];
        assert!(is_running(daemon));
        kill_process(Pid::from_raw(daemon).unwrap(), Signal::KILL).unwrap();
    }

    async fn waiting_for_credit_is_not_silence<S>() {
        // The grandchild has more to say than a pipe holds, and gets credit only long after its
        // leader's end and the time that it may be silent.
        let mut call = Call::<S>::new().closed_until(pause(Duration::from_millis(900)));
        let grace = Grace { linger: Duration::from_millis(250), ..Grace::default() };
        let outcome = call.sh("head -c 400000 /dev/zero & exit 6", grace).await;
        assert_eq!(outcome, Outcome::Exited(6));
        assert_eq!(call.out.len(), 400_000);
    }

    async fn output_from_before_the_end_survives_the_kill_after_it<S>() {
        // Everything is over, grace and all, before the first credit is given.
        let grace = Grace { stop: Duration::from_millis(50), linger: Duration::from_millis(50) };
        let mut call = Call::<S>::new().closed_until(pause(Duration::from_millis(500)));
        let script = "head -c 60000 /dev/zero; sleep 1000 & echo $! >&2; exit 6";
        assert_eq!(call.sh(script, grace).await, Outcome::ExitedCut(6));
        assert_eq!(call.out.len(), 60_000);
        all_end(&pids(&call.err)).await;
    }

    async fn a_call_that_is_dropped_midway_takes_the_whole_group_with_it<S>() {
        let (told, hear) = smol::channel::unbounded();
        let mut call = Call::<S>::new().stopping(Stop::Cancelled, move |out, err| {
            if a_line_was_written(out, err) {
                let _ = told.try_send(pids(out));
            }
            false
        });
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; sleep 1000 & echo $$ $!; wait; sleep 1000"]);
        let runtime = S::default();
        let running = async {
            let outcome = run(&runtime, command, &mut call, Grace::default()).await;
            panic!("{outcome:?}");
        };
        let heard = async { hear.recv().await.unwrap() };
        let pids = within(smol::future::or(running, heard)).await;
        assert_eq!(pids.len(), 2);
        all_end(&pids).await;
    }
}
