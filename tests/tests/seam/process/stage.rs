//! Programs that are started by the stage: the program's own `__start`.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::pipe;
use std::os::fd::OwnedFd;
use std::time::Duration;

use bowline_shell::process::{Grace, Outcome, Program, Stop};
use bowline_shell::stage::{FIRST_DESCRIPTOR, Stage};
use bowline_tests::bowline::path;
use bowline_tests::each_shell;
use rustix::pipe::{PipeFlags, pipe_with};

use super::call::{Call, all_end};

fn staged(name: &str, arguments: &[&str]) -> Program {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    Program::new(OsStr::new(name), &arguments, Some(&Stage::new(path())))
}

fn script(text: &str) -> Program {
    staged("sh", &["-c", text])
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

each_shell! {
    async fn a_staged_program_has_its_streams_and_its_exit_code<S>() {
        let mut call = Call::<S>::new().with_input("in");
        let outcome = call.run(script("cat; echo two >&2; exit 7"), Grace::default()).await;
        assert_eq!(outcome, Outcome::Exited(7));
        assert_eq!((&*call.out, &*call.err), (&b"in"[..], &b"two\n"[..]));
        let killed = Call::<S>::new().run(script("kill -9 $$"), Grace::default()).await;
        assert_eq!(killed, Outcome::Signalled(9));
    }

    async fn a_program_that_cannot_be_started_is_named_as_without_a_stage<S>() {
        let outcome = Call::<S>::new().run(staged("no-such-program", &[]), Grace::default()).await;
        let Outcome::NotStarted(reason) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            reason,
            "cannot start \"no-such-program\": no such program (or its interpreter or its working \
             directory is missing)"
        );
        let folder = tempfile::tempdir().unwrap();
        let notes = folder.path().join("notes.txt");
        fs::write(&notes, "hello").unwrap();
        let mut call = Call::<S>::new();
        let program = staged(notes.to_str().unwrap(), &["a-password"]);
        let Outcome::NotStarted(reason) = call.run(program, Grace::default()).await else {
            panic!("it was started")
        };
        assert_eq!(
            reason,
            format!("cannot start {notes:?}: it is not a program that this user may execute")
        );
        assert_eq!((&*call.out, &*call.err), (&b""[..], &b""[..]));
    }

    async fn what_is_no_stage_starts_nothing_and_its_exit_code_is_not_the_programs<S>() {
        for not_a_stage in ["/bin/true", "/bin/false"] {
            let stage = Stage::new(not_a_stage.into());
            let program = Program::new(OsStr::new("sh"), &[], Some(&stage));
            let outcome = Call::<S>::new().run(program, Grace::default()).await;
            let reason = "cannot start \"sh\": its process ended before it began".to_owned();
            assert_eq!(outcome, Outcome::NotStarted(reason));
        }
    }

    async fn no_descriptor_but_the_standard_streams_reaches_a_staged_program<S>() {
        // Open in every child of this process, as one is that our own parent left open.
        let _left_open = pipe_with(PipeFlags::empty()).unwrap();
        let mut call = Call::<S>::new();
        // The fourth is that of the directory that is read.
        let program = staged("ls", &["/proc/self/fd"]);
        assert_eq!(call.run(program, Grace::default()).await, Outcome::Exited(0));
        assert_eq!(text(&call.out), "0\n1\n2\n3\n");
    }

    async fn descriptors_that_are_handed_on_are_open_by_their_numbers<S>() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            fs::write(folder.path().join(name), name).unwrap();
            OwnedFd::from(File::open(folder.path().join(name)).unwrap())
        };
        let mut call = Call::<S>::new();
        let program = staged("cat", &["/dev/fd/10", "/dev/fd/11"])
            .descriptors(vec![open("one "), open("two")]);
        assert_eq!(FIRST_DESCRIPTOR, 10);
        assert_eq!(call.run(program, Grace::default()).await, Outcome::Exited(0));
        assert_eq!(text(&call.out), "one two");
        let without = Program::new(OsStr::new("cat"), &[], None).descriptors(vec![open("one ")]);
        let refused = Call::<S>::new().run(without, Grace::default()).await;
        let reason = "cannot start \"cat\": a descriptor can be handed on by a stage only";
        assert_eq!(refused, Outcome::NotStarted(reason.to_owned()));
        let (reader, _writer) = pipe().unwrap();
        let many = (0..17).map(|_| reader.try_clone().unwrap().into()).collect();
        let refused = Call::<S>::new().run(script("").descriptors(many), Grace::default()).await;
        assert!(matches!(refused, Outcome::NotStarted(_)), "{refused:?}");
    }

    async fn a_staged_program_leads_a_session_of_its_own<S>() {
        let mut call = Call::<S>::new();
        let program = script("echo $$; ps -o sid=,pgid=,tty= -p $$");
        assert_eq!(call.run(program, Grace::default()).await, Outcome::Exited(0));
        let said: Vec<_> = text(&call.out).split_whitespace().collect();
        assert_eq!(said, [said[0], said[0], said[0], "?"]);
    }

    async fn a_stop_right_after_the_start_reaches_the_program<S>() {
        let grace = Grace { stop: Duration::from_secs(3600), ..Grace::default() };
        for _ in 0..20 {
            let mut call = Call::<S>::new().stopping(Stop::Cancelled, |_, _| true);
            let outcome = call.run(staged("sleep", &["1000"]), grace).await;
            assert_eq!(outcome, Outcome::Stopped(Stop::Cancelled));
        }
    }

    async fn a_staged_program_is_ended_with_its_group<S>() {
        let mut call = Call::<S>::new()
            .stopping(Stop::Deadline, |out, _| out.contains(&b'\n'));
        let outcome = call.run(script("sleep 1000 & echo $$ $!; wait"), Grace::default()).await;
        assert_eq!(outcome, Outcome::Stopped(Stop::Deadline));
        all_end(&call.pids()).await;
    }

    async fn a_staged_program_has_the_limit_of_core_files_that_it_is_given<S>() {
        for (soft, said) in [(Some(0), "0\n"), (Some(512 << 10), "1024\n")] {
            let stage = Stage::new(path()).core(soft);
            let arguments = ["-c", "ulimit -Sc"].map(OsString::from);
            let mut call = Call::<S>::new();
            let program = Program::new(OsStr::new("sh"), &arguments, Some(&stage));
            assert_eq!(call.run(program, Grace::default()).await, Outcome::Exited(0));
            assert_eq!(text(&call.out), said);
        }
    }
}
