//! Calls by a program that wants all of it at once: arguments by name and place, output with a
//! bound.

use bowline_core::code::Code;
use bowline_core::id::CommandName;
use bowline_core::wire::frame::Status;
use bowline_core::wire::value::{Scalar, ValueBuf};
use bowline_shell::call::{Call, CallBuilder, CallError, Failure};
use bowline_shell::peer::Session;
use bowline_tests::calls::{call, run};
use bowline_tests::crossed_pairings;
use bowline_tests::program::{command, pids, process_gone, script};
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::World;

fn name(name: &str) -> CommandName {
    name.parse().unwrap()
}

/// Gives back the value of `x`.
async fn mirror(call: Call) -> Result<ValueBuf, Failure> {
    Ok(call.arg("x").ok_or_else(|| Failure::bad_argument("no 'x'"))?.into())
}

async fn world<H: Shell, P: Shell>() -> (World<H, P>, Session, Session) {
    let world = World::new();
    let file = world.at("pids");
    let flood = format!("echo $$ > '{}'; exec yes", file.display());
    let web = world
        .peer("web")
        .command(name("mirror"), mirror)
        .program(script("both", "echo to-out; echo to-err >&2; exit 3"))
        .program(script("ten", "printf 12345; printf 67890 >&2"))
        .program(script("flood", &flood))
        .program(script("die", "kill -TERM $$"))
        .program(script("reads", "cat"))
        .program(command("echo", &["echo", "{first}", "{second}"]));
    let web = within(web.connect()).await.unwrap();
    let operator = world.operator().await;
    (world, web, operator)
}

crossed_pairings! {
    async fn output_is_all_that_a_command_wrote_and_how_it_ended<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let output = within(call(&operator, "web", "both").output()).await.unwrap();
        assert_eq!((&*output.stdout, &*output.stderr), (&b"to-out\n"[..], &b"to-err\n"[..]));
        assert_eq!((output.status, output.is_success()), (Status::Exited(3), false));
        assert_eq!(output.value, None);
        let shown = "Output { status: Exited(3), stdout: 7, stderr: 7, value: None }";
        assert_eq!(format!("{output:?}"), shown);
        let output = within(call(&operator, "web", "die").output()).await.unwrap();
        assert_eq!(output.status, Status::Signalled(15));
        // Whatever was said of input, it is empty: nobody would end it.
        let output = within(call(&operator, "web", "reads").with_input().output()).await.unwrap();
        assert!(output.is_success() && output.stdout.is_empty());
    }

    async fn arguments_have_the_names_places_and_kinds_that_were_given<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let echo = || call(&operator, "web", "echo");
        let both = echo().positional("1 2").positional(3.to_string());
        assert_eq!(within(both.output()).await.unwrap().stdout, b"1 2 3\n");
        let both = echo().arg("second", "2").positional(String::from("1"));
        assert_eq!(within(both.output()).await.unwrap().stdout, b"1 2\n");
        let mirror = |call| async { within(CallBuilder::output(call)).await };
        let call = || call(&operator, "web", "mirror");
        for (call, expected) in [
            (call().arg("x", "text"), Scalar::Text("text")),
            (call().arg("x", -3_i64), Scalar::Integer(-3)),
            (call().arg("x", true), Scalar::Boolean(true)),
            (call().arg("x", 0.5), Scalar::Float(0.5)),
            (call().arg("x", &b"\0\xff"[..]), Scalar::Bytes(b"\0\xff")),
        ] {
            let value = mirror(call).await.unwrap().value.unwrap();
            assert!(value.as_value().scalar() == Some(expected), "{expected:?}");
        }
        let list = ValueBuf::array([ValueBuf::uint(1), ValueBuf::text("b")]).unwrap();
        assert_eq!(mirror(call().arg("x", list.clone())).await.unwrap().value, Some(list));
    }

    async fn an_argument_that_cannot_be_sent_ends_the_call_before_it_is<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let mirror = || call(&operator, "web", "mirror");
        let many = (0..65).fold(mirror(), |call, nth| call.positional(nth));
        for (call, told) in [
            (mirror().arg("x", 1).arg("x", 2), "the argument 'x': a name stands twice"),
            (mirror().arg("", 1), "the argument '': a name is empty or longer than 64 bytes"),
            (mirror().arg(&"n".repeat(65), 1), "a name is empty or longer than 64 bytes"),
            (mirror().arg("x", f64::NAN), "the argument 'x': outside of what a value can hold"),
            (mirror().positional(1).positional(f64::NAN), "argument 2: outside of what a value"),
            (many, "argument 65: too many, or none at all"),
        ] {
            let outcome = run(call).await;
            assert_eq!(outcome.code(), Code::BadArgument);
            assert!(outcome.finished.text.raw().contains(told), "{}", outcome.finished.text);
        }
        let error = within(mirror().arg("", 1).output()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::BadArgument));
        // More than a message may be.
        let error = within(mirror().arg("x", "x".repeat(4 << 20)).output()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::BadArgument), "{error}");
        assert!(within(mirror().arg("x", 1).output()).await.is_ok(), "the link stays");
    }

    async fn what_goes_beyond_the_bound_is_an_error_and_the_command_is_cancelled<H, P>() {
        let (world, _web, operator) = world::<H, P>().await;
        let ten = || call(&operator, "web", "ten");
        let output = within(ten().output_limit(10).output()).await.unwrap();
        assert_eq!(output.stdout.len() + output.stderr.len(), 10);
        let error = within(ten().output_limit(9).output()).await.unwrap_err();
        assert_eq!(error, CallError::TooMuch { limit: 9 });
        let error = within(call(&operator, "web", "flood").output()).await.unwrap_err();
        assert_eq!(error, CallError::TooMuch { limit: 16 << 20 });
        assert!(error.to_string().contains("wrote more than 16777216 bytes"), "{error}");
        for id in pids(&world.at("pids"), 1).await {
            process_gone(id).await;
        }
    }

    async fn a_call_that_fails_is_an_error_with_its_code_and_its_sentence<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let error = within(call(&operator, "web", "mirror").output()).await.unwrap_err();
        assert_eq!((error.code(), error.to_string()), (Some(Code::BadArgument), "bad-argument: no 'x'".into()));
        assert_eq!(format!("{error:?}"), error.to_string());
        let error = within(call(&operator, "nobody", "mirror").output()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::UnknownPeer));
        let error = within(operator.call_all(name("mirror")).output()).await.unwrap_err();
        assert_eq!((&error, error.code()), (&CallError::Several, None));
        let kept = within(operator.call_all(name("mirror")).detach().output()).await.unwrap();
        assert!(kept.value.is_some_and(|name| name.as_value().text().is_some()));
    }
}
