//! Handlers that fail: what their callers are told, by whatever error it was.

use std::fmt;
use std::num::ParseIntError;

use bowline_core::code::Code;
use bowline_core::wire::value::ValueBuf;
use bowline_shell::call::{Call, Failure, Reply};
use bowline_shell::peer::Session;
use bowline_tests::calls::{call, run};
use bowline_tests::crossed_pairings;
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::World;

/// An error of a program's own, with something in it that is nobody's.
#[derive(Debug)]
struct NoStock {
    #[allow(dead_code)] // Only `Debug` shows it.
    password: &'static str,
    source: ParseIntError,
}

impl fmt::Display for NoStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing is in stock")
    }
}

impl std::error::Error for NoStock {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

fn stock() -> Result<u8, NoStock> {
    "many".parse().map_err(|source| NoStock { password: "hunter2", source })
}

async fn own(mut call: Call) -> Result<ValueBuf, Failure> {
    call.print("looking\n").await?;
    Ok(ValueBuf::uint(stock()?.into()))
}

async fn system(_: Call) -> Result<(), std::io::Error> {
    std::fs::read("/nonexistent/file").map(drop)
}

async fn any(call: Call) -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
    Ok(call.text("n").ok_or("there is no argument 'n'")?.parse()?)
}

async fn refuses(_: Call) -> Result<(), Failure> {
    Err(Failure::bad_argument("'n' is not prime"))
}

async fn long(_: Call) -> Result<(), String> {
    Err("é".repeat(100_000))
}

async fn value(_: Call) -> Result<ValueBuf, Failure> {
    Ok(ValueBuf::text("seven"))
}

async fn either(call: Call) -> Result<Reply, Failure> {
    match call.arg("n").and_then(|value| value.text()) {
        Some(n) => Ok(Reply::Exit(n.parse()?)),
        None => Ok(ValueBuf::boolean(false).into()),
    }
}

async fn world<H: Shell, P: Shell>() -> (World<H, P>, Session, Session) {
    let world = World::new();
    let web = world
        .peer("web")
        .command("own".parse().unwrap(), own)
        .command("system".parse().unwrap(), system)
        .command("any".parse().unwrap(), any)
        .command("refuses".parse().unwrap(), refuses)
        .command("long".parse().unwrap(), long)
        .command("value".parse().unwrap(), value)
        .command("either".parse().unwrap(), either);
    let web = within(web.connect()).await.unwrap();
    let operator = world.operator().await;
    (world, web, operator)
}

crossed_pairings! {
    async fn what_a_handler_met_reaches_the_caller_in_its_own_words<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let outcome = run(call(&operator, "web", "own")).await;
        assert_eq!((outcome.code(), outcome.text().as_str()), (Code::Failed, "looking\n"));
        let told = outcome.finished.text.raw();
        assert_eq!(told, "nothing is in stock: invalid digit found in string");
        for (name, code, told) in [
            ("system", Code::Failed, "No such file or directory (os error 2)"),
            ("any", Code::Failed, "there is no argument 'n'"),
            ("refuses", Code::BadArgument, "'n' is not prime"),
        ] {
            let outcome = run(call(&operator, "web", name)).await;
            assert_eq!((outcome.code(), outcome.finished.text.raw()), (code, told), "{name}");
        }
        assert_eq!(run(call(&operator, "web", "any").arg("n", "7")).await.exit(), 7);
        assert_eq!(run(call(&operator, "web", "either").arg("n", "3")).await.exit(), 3);
        let outcome = run(call(&operator, "web", "either").arg("n", "x")).await;
        assert_eq!(outcome.finished.text.raw(), "invalid digit found in string");
    }

    async fn an_error_without_end_is_told_up_to_the_bound_and_the_link_stays<H, P>() {
        let (_world, _web, operator) = world::<H, P>().await;
        let outcome = run(call(&operator, "web", "long")).await;
        assert_eq!((outcome.code(), outcome.finished.text.raw().len()), (Code::Failed, 1024));
        let outcome = run(call(&operator, "web", "value")).await;
        assert_eq!(outcome.finished.value().and_then(|value| value.text()), Some("seven"));
    }
}
