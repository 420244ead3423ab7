//! `bowline demo`: a hub and a peer as processes of their own, three real commands, and what
//! happened at each step.
//!
//! Each line is told by an event of a link: the hub's and the peer's come as JSON from their
//! processes, the operator's from the link of this one. Nothing is told because the script got
//! there; what does not happen in time is a failure.

mod child;
mod tell;

use std::path::Path;
use std::time::{Duration, Instant};

use bowline_core::wire::frame::Status;
use bowline_core::wire::value::ArgumentsBuf;
use bowline_shell::call::CallEvent;
use bowline_shell::notice::Subscriber;
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;
use clap::Parser;
use smol::channel::{self, Receiver, Sender};

use crate::args::{self, Arguments, Command};
use crate::exit::{self, Failure};
use crate::operator;
use crate::runtime::{self, Either, RuntimeChoice, race};
use crate::signals::Inbox;

use child::Child;
use tell::{DemoLine, DemoTeller};

/// How long each step may take.
const STEP: Duration = Duration::from_secs(20);

/// What the peer serves.
const PEER: &str = r#"
id = "demo-peer"
labels = { role = "demo" }
[commands.machine]
run = ["uname", "-srm"]
description = "What machine this is"
[commands.greet]
run = ["echo", "hello, {name}"]
description = "Say hello"
[commands.greet.args.name]
type = "string"
max-length = 40
[commands.ticks]
run = ["sh", "-c", "for i in 1 2 3 4 5; do echo tick $i; sleep 0.3; done; echo done >&2"]
description = "Five ticks, one every 0.3 s"
"#;

pub(crate) async fn demo(
    runtime: &impl Runtime,
    choice: RuntimeChoice,
    options: args::Demo,
) -> Result<u8, Failure> {
    let mut signals = Inbox::open(runtime)?;
    let dir = child::folder()?;
    let (send, lines) = channel::unbounded();
    let teller = DemoTeller::new(options.json);
    let (hub, peer) = (None, None);
    let mut stage = Stage { runtime, choice, dir: dir.path(), send, lines, teller, hub, peer };
    let played = signals.or_end(stage.play()).await;
    let played = played.unwrap_or_else(|| Err(Failure::new(130, "interrupted")));
    let ended = stage.clean_up().await;
    let (teller, path) = (stage.teller, dir.path().to_owned());
    drop(dir);
    teller.summary(&path);
    played.and(ended)?;
    Ok(exit::DONE)
}

/// Everything that has to be cleaned up, and where lines come together.
struct Stage<'a, R> {
    runtime: &'a R,
    /// By name, for the processes.
    choice: RuntimeChoice,
    dir: &'a Path,
    send: Sender<DemoLine>,
    lines: Receiver<DemoLine>,
    teller: DemoTeller,
    hub: Option<Child>,
    peer: Option<Child>,
}

impl<R: Runtime> Stage<'_, R> {
    async fn play(&mut self) -> Result<(), Failure> {
        let hub = self.dir.join("hub");
        let arguments = ["hub", "--json", "--bind", "127.0.0.1:0", "--name", "demo hub", "--data"];
        self.hub = Some(Child::start("hub", self.choice, &arguments, &hub, self.send.clone())?);
        let listening = self.until("hub", "listening").await?;
        let url = text(&listening, "url")?;

        let (peer, config) = (self.dir.join("peer"), self.dir.join("peer.toml"));
        std::fs::write(&config, PEER).map_err(Failure::usage)?;
        let (config, secret) = (config.display().to_string(), text(&listening, "secret")?);
        let arguments = [
            "peer",
            "--json",
            "--hub",
            &url,
            "--config",
            &config,
            "--secret-file",
            &secret,
            "--data",
        ];
        self.peer = Some(Child::start("peer", self.choice, &arguments, &peer, self.send.clone())?);
        self.until("peer", "registered").await?;

        let session = self.operate(&hub).await?;
        self.call(&session, "machine", None).await?;
        self.call(&session, "greet", Some("Bowline")).await?;
        self.call(&session, "ticks", None).await?;
        session.close();
        session.ended().await;
        self.until("operator", "ended").await?;
        Ok(())
    }

    /// The operator of the hub's machine, as `bowline run` would be it.
    async fn operate(&mut self, hub: &Path) -> Result<Session, Failure> {
        let data = hub.display().to_string();
        let typed = ["bowline", "run", "--data", &data, "demo-peer", "machine"];
        let Command::Run(options) =
            Arguments::try_parse_from(typed).map_err(Failure::usage)?.command
        else {
            return Err(Failure::usage("not a run"));
        };
        let send = self.send.clone();
        let subscriber = Subscriber::new(move |notice| {
            // The demo is over when nobody takes lines.
            let _ = send.try_send(DemoLine::of("operator", crate::event::json(&notice)));
        });
        let session = operator::connect(self.runtime, &options.dial, subscriber).await?;
        self.until("operator", "admitted").await?;
        Ok(session)
    }

    async fn call(
        &mut self,
        session: &Session,
        command: &str,
        argument: Option<&str>,
    ) -> Result<(), Failure> {
        let mut arguments = ArgumentsBuf::new();
        if let Some(argument) = argument {
            arguments.push_text(argument).map_err(Failure::usage)?;
        }
        let peer = "demo-peer".parse().map_err(Failure::usage)?;
        let name = command.parse().map_err(Failure::usage)?;
        let began = Instant::now();
        let mut call = session.call(peer, name).arguments(arguments).deadline(STEP).start();
        loop {
            match race(self.lines.recv(), call.next()).await {
                Either::First(line) => self.teller.line(line.ok().as_ref()),
                Either::Second(event) => match event {
                    Some(CallEvent::Output { source, bytes, .. }) => {
                        self.teller.output(command, source, &bytes, began.elapsed());
                    }
                    Some(CallEvent::Finished(finished)) => {
                        self.drain();
                        self.teller.finished(command, &finished, began.elapsed());
                        if finished.status == Status::Exited(0) {
                            return Ok(());
                        }
                        let failed = format!("'{command}' ended with {:?}", finished.status);
                        return Err(Failure::new(exit::FAILURES, failed));
                    }
                    _ => return Err(Failure::new(exit::FAILURES, "a call without an end")),
                },
            }
        }
    }

    /// Tells lines until `who` says `event`.
    async fn until(&mut self, who: &str, event: &str) -> Result<serde_json::Value, Failure> {
        let late =
            || Failure::new(exit::FAILURES, format!("the {who} did not come as far as '{event}'"));
        let wait = async {
            loop {
                let line = self.lines.recv().await.map_err(|_| late())?;
                self.teller.line(Some(&line));
                if line.who == who && line.says("failed") {
                    return Err(Failure::new(exit::FAILURES, format!("the {who} ended")));
                }
                if line.who == who && line.says(event) {
                    return Ok(line.event);
                }
            }
        };
        runtime::within(self.runtime, STEP, wait).await.ok_or_else(late)?
    }

    /// Tells the lines that are here already.
    fn drain(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.teller.line(Some(&line));
        }
    }

    /// Ends both processes and tells how they ended.
    async fn clean_up(&mut self) -> Result<(), Failure> {
        let mut ended = Ok(());
        for child in [self.peer.take(), self.hub.take()].into_iter().flatten() {
            let stopped = child.stop(self.runtime).await;
            ended = ended.and(stopped);
        }
        self.drain();
        ended
    }
}

fn text(event: &serde_json::Value, key: &str) -> Result<String, Failure> {
    let text = event[key].as_str().map(str::to_owned);
    text.ok_or_else(|| Failure::new(exit::FAILURES, format!("the hub told no '{key}'")))
}
