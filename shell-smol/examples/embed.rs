//! A hub, a peer that serves a closure, and an operator that calls it, in one process.
//!
//! Run it with `cargo run -p bowline-smol --example embed`.

use bowline_shell::call::Call;
use bowline_shell::process::Gone;
use bowline_smol::{hub, peer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    smol::block_on(embed())
}

async fn embed() -> Result<(), Box<dyn std::error::Error>> {
    let data = tempfile::tempdir()?;
    let at = |name: &str| data.path().join(name);

    let hub = hub(&at("hub"))?.bind("127.0.0.1:0".parse()?).start()?;
    let secret = hub.data().secret();

    let web = peer(hub.url().clone(), "web-1".parse()?, &at("web"))?.secret_file(&secret);
    let web = web.command("greet".parse()?, greet).start();
    web.session().await?;

    let me = peer(hub.url().clone(), "me".parse()?, &at("me"))?.secret_file(&secret).operate();
    let session = me.connect().await?;
    let mut arguments = bowline_core::wire::value::ArgumentsBuf::new();
    arguments.push_text("world")?;
    let mut call = session.call("web-1".parse()?, "greet".parse()?).arguments(arguments).start();
    while let Some(event) = call.next().await {
        println!("{event:?}");
    }

    session.close();
    web.stop().await;
    hub.stop().await;
    Ok(())
}

async fn greet(mut call: Call) -> Result<(), Gone> {
    let name =
        call.arguments().positional().next().and_then(|value| value.text().map(str::to_owned));
    call.print(&format!("hello, {}\n", name.as_deref().unwrap_or("stranger"))).await
}
