//! Calls: what a command is given, and how its end arrives.

use bowline_core::code::Code;
use bowline_core::wire::frame::Status;
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::arguments::{ArgumentSpec, CommandSpec, ValueKind};
use bowline_shell::call::{Call, Reply};
use bowline_shell::peer::Session;
use bowline_tests::calls::{call, named, positional, run};
use bowline_tests::crossed_pairings;
use bowline_tests::program::{command, script};
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id};

/// A hub, a serving peer `web`, and an operator.
async fn world<H: Shell, P: Shell>() -> (World<H, P>, Session, Session) {
    let world = World::new();
    let web = world
        .peer("web")
        .program(script("both", "echo to-out; echo to-err >&2; exit 3"))
        .program(script("die", "kill -TERM $$"))
        .program(command("echo", &["echo", "{first}", "{second}"]))
        .program(count())
        .program(command("missing", &["/nonexistent/program"]))
        .command("greet".parse().unwrap(), greet)
        .command("nine".parse().unwrap(), |_| async { 9 })
        .command("panic-free".parse().unwrap(), |_| async {
            Reply::Fail(Code::Failed, "out of tea".to_owned())
        });
    let web = within(web.connect()).await.unwrap();
    let operator = world.operator().await;
    (world, web, operator)
}

fn count() -> CommandSpec {
    let kind = ValueKind::Integer { min: Some(1), max: Some(9) };
    let argument = ArgumentSpec { kind, ..ArgumentSpec::string("n") };
    let run = ["seq", "{n}"].map(str::to_owned);
    CommandSpec::new("count".parse().unwrap(), &run, vec![argument]).unwrap()
}

async fn greet(mut call: Call) -> i32 {
    let name = call.text("name").unwrap_or("nobody").to_owned();
    match call.print(&format!("hello, {name}\n")).await {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

crossed_pairings! {
    async fn a_programs_outputs_are_kept_apart_and_its_exit_code_arrives<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let outcome = run(call(&operator, "web", "both")).await;
        assert_eq!(outcome.out, b"to-out\n");
        assert_eq!(outcome.err, b"to-err\n");
        assert_eq!(outcome.finished.status, Status::Exited(3));
        assert_eq!(outcome.finished.peer, Some(id("web")));
    }

    async fn a_signal_that_ends_a_program_is_passed_on<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let outcome = run(call(&operator, "web", "die")).await;
        assert_eq!(outcome.finished.status, Status::Signalled(15));
    }

    async fn arguments_by_position_and_by_name_reach_the_program_unchanged<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let echo = || call(&operator, "web", "echo");
        let arguments = positional(&["a  b", "$(id) ; é"]);
        assert_eq!(run(echo().arguments(arguments)).await.text(), "a  b $(id) ; é\n");
        let arguments = named(&[("second", "2"), ("first", "1")]);
        assert_eq!(run(echo().arguments(arguments)).await.text(), "1 2\n");
    }

    async fn an_argument_of_the_wrong_kind_is_refused_and_the_program_is_not_run<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        for wrong in ["ten", "10", "-1"] {
            let outcome = run(call(&operator, "web", "count").arguments(positional(&[wrong]))).await;
            assert_eq!(outcome.code(), Code::BadArgument, "{wrong}");
            assert!(outcome.finished.text.raw().contains("'n'"), "{}", outcome.finished.text);
            assert_eq!(outcome.out, b"");
        }
        let mut integer = ArgumentsBuf::new();
        integer.push(Scalar::Integer(2)).unwrap();
        assert_eq!(run(call(&operator, "web", "count").arguments(integer)).await.out, b"1\n2\n");
    }

    async fn a_missing_an_unknown_and_a_dashed_argument_are_refused<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let tries = [
            positional(&["one"]),
            positional(&["one", "two", "three"]),
            named(&[("first", "1"), ("second", "2"), ("third", "3")]),
            positional(&["-n", "two"]),
        ];
        for arguments in tries {
            let outcome = run(call(&operator, "web", "echo").arguments(arguments)).await;
            assert_eq!(outcome.code(), Code::BadArgument);
        }
    }

    async fn unknown_names_have_codes_of_their_own<H, P>() {
        let (world, web, operator) = world::<H, P>().await;
        assert_eq!(run(call(&operator, "nobody", "greet")).await.code(), Code::UnknownPeer);
        assert_eq!(run(call(&operator, "web", "nothing")).await.code(), Code::UnknownCommand);
        web.close();
        within(web.ended()).await;
        world.hub_saw_offline("web").await;
        assert_eq!(run(call(&operator, "web", "greet")).await.code(), Code::Offline);
    }

    async fn a_program_that_is_not_there_was_not_started<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let outcome = run(call(&operator, "web", "missing")).await;
        assert_eq!(outcome.code(), Code::NotStarted);
        assert!(outcome.finished.text.raw().contains("/nonexistent/program"), "{}", outcome.finished.text);
    }

    async fn a_closure_is_a_command<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let arguments = named(&[("name", "Ada")]);
        let outcome = run(call(&operator, "web", "greet").arguments(arguments)).await;
        assert_eq!((outcome.text().as_str(), outcome.exit()), ("hello, Ada\n", 0));
        assert_eq!(run(call(&operator, "web", "nine")).await.exit(), 9);
        let outcome = run(call(&operator, "web", "panic-free")).await;
        assert_eq!((outcome.code(), outcome.finished.text.raw()), (Code::Failed, "out of tea"));
    }

    async fn many_calls_share_a_link_and_each_gets_its_own_answer<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let calls = (0..100).map(|n| {
            let name = n.to_string();
            let calling = call(&operator, "web", "greet").arguments(named(&[("name", &name)])).start();
            async move { (name, bowline_tests::calls::finish(calling).await) }
        });
        for task in calls.map(tokio::spawn).collect::<Vec<_>>() {
            let (name, outcome) = task.await.unwrap();
            assert_eq!(outcome.text(), format!("hello, {name}\n"));
        }
    }
}
