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
use bowline_shell::notice::Observer;
use bowline_shell::peer::Session;
use clap::Parser;
use tokio::sync::mpsc;

use crate::args::{self, Arguments, Command};
use crate::exit::{self, Failure};
use crate::operator;
use crate::signals::Inbox;

use child::Child;
use tell::{Line, Teller};

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

pub(crate) async fn demo(options: args::Demo) -> Result<u8, Failure> {
    let mut signals = Inbox::open()?;
    let dir = child::folder()?;
    let (send, lines) = mpsc::unbounded_channel();
    let teller = Teller::new(options.json);
    let mut stage = Stage { dir: dir.path(), send, lines, teller, hub: None, peer: None };
    let played = tokio::select! {
        played = stage.play() => played,
        _ = signals.end() => Err(Failure::new(130, "interrupted")),
    };
    let ended = stage.clean_up().await;
    let (teller, path) = (stage.teller, dir.path().to_owned());
    drop(dir);
    teller.summary(&path);
    played.and(ended)?;
    Ok(exit::DONE)
}

/// Everything that has to be cleaned up, and where lines come together.
struct Stage<'a> {
    dir: &'a Path,
    send: mpsc::UnboundedSender<Line>,
    lines: mpsc::UnboundedReceiver<Line>,
    teller: Teller,
    hub: Option<Child>,
    peer: Option<Child>,
}

impl Stage<'_> {
    async fn play(&mut self) -> Result<(), Failure> {
        let hub = self.dir.join("hub");
        let arguments = ["hub", "--json", "--bind", "127.0.0.1:0", "--name", "demo hub", "--data"];
        self.hub = Some(Child::start("hub", &arguments, &hub, self.send.clone())?);
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
        self.peer = Some(Child::start("peer", &arguments, &peer, self.send.clone())?);
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
        let observer = Observer::new(move |notice| {
            // The demo is over when nobody takes lines.
            let _ = send.send(Line::of("operator", crate::event::json(&notice)));
        });
        let session = operator::connect(&options.dial, observer).await?;
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
            tokio::select! {
                event = call.next() => match event {
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
                line = self.lines.recv() => self.teller.line(line.as_ref()),
            }
        }
    }

    /// Tells lines until `who` says `event`.
    async fn until(&mut self, who: &str, event: &str) -> Result<serde_json::Value, Failure> {
        let late =
            || Failure::new(exit::FAILURES, format!("the {who} did not come as far as '{event}'"));
        let wait = async {
            loop {
                let line = self.lines.recv().await.ok_or_else(late)?;
                self.teller.line(Some(&line));
                if line.who == who && line.says("failed") {
                    return Err(Failure::new(exit::FAILURES, format!("the {who} ended")));
                }
                if line.who == who && line.says(event) {
                    return Ok(line.event);
                }
            }
        };
        tokio::time::timeout(STEP, wait).await.map_err(|_| late())?
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
            let stopped = child.stop().await;
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
