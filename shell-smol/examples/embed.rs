//! A hub, a peer that serves a function, and an operator that calls it, in one process.
//!
//! Run it with `cargo run -p bowline-smol --example embed`.

use std::error::Error;
use std::io::{Write, stderr, stdout};

use bowline_smol::{Call, CallEvent, Failure, OutputStream, PeerState, States, hub, peer};

fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(embed())
}

async fn embed() -> Result<(), Box<dyn Error>> {
    let data = tempfile::tempdir()?;
    let at = |name: &str| data.path().join(name);

    let hub = hub(at("hub"))?.bind("127.0.0.1:0".parse()?).start()?;
    let secret = hub.data().secret();

    let web = peer(hub.url().clone(), "web-1".parse()?, at("web"))?
        .secret_file(&secret)
        .command("greet".parse()?, greet)
        .start();
    let watching = smol::spawn(watch(web.states()));
    web.session().await?;

    let me = peer(hub.url().clone(), "me".parse()?, at("me"))?.secret_file(&secret).operate();
    let session = me.connect().await?;
    let (web_1, name) = ("web-1".parse()?, "greet".parse()?);

    // All at once, with a bound.
    let output = session.call(web_1, name).arg("name", "world").arg("times", 2).output().await?;
    print!("{}", String::from_utf8_lossy(&output.stdout));

    // As it comes: for commands that say much, or take long.
    let mut call = session.call(web_1, name).positional("to nobody").start();
    while let Some(event) = call.next().await {
        match event {
            CallEvent::Output { source: OutputStream::Out, bytes, .. } => {
                stdout().write_all(&bytes)?
            }
            CallEvent::Output { source: OutputStream::Err, bytes, .. } => {
                stderr().write_all(&bytes)?
            }
            CallEvent::Finished(end) if !end.is_success() => println!("it failed: {}", end.text),
            _ => {}
        }
    }

    session.close();
    web.stop().await;
    hub.stop().await;
    watching.await;
    Ok(())
}

/// Says how the peer stands until it is stopped.
async fn watch(mut states: States) {
    while let Some(state) = states.next().await {
        match state {
            PeerState::Failed { reason, .. } => eprintln!("somebody has to look: {reason}"),
            other => println!("web-1 is {other}"),
        }
    }
}

/// What fails by `?` is what the caller is told.
async fn greet(mut call: Call) -> Result<(), Failure> {
    let name = call.text("name").ok_or("the argument 'name' is missing")?.to_owned();
    for _ in 0..call.integer("times").unwrap_or(1).clamp(0, 9) {
        call.print(&format!("hello, {name}\n")).await?;
    }
    Ok(())
}
