//! A process of the demo: this program, started again, its events read line by line.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use bowline_shell::entropy;
use bowline_shell::runtime::Runtime;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use smol::channel::Sender;

use crate::demo::tell::DemoLine;
use crate::exit::{self, Failure};
use crate::runtime::{self, RuntimeChoice};

/// How long a process has to end cleanly.
const STOP: Duration = Duration::from_secs(6);

/// How often a process that was told to end is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// One process. Dropping it kills it.
pub(super) struct Child {
    who: &'static str,
    process: process::Child,
}

impl Child {
    /// Starts this program on the same runtime with `arguments` and, last, a folder.
    pub(super) fn start(
        who: &'static str,
        choice: RuntimeChoice,
        arguments: &[&str],
        data: &Path,
        send: Sender<DemoLine>,
    ) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::new(exit::FAILURES, error);
        let program = std::env::current_exe().map_err(failed)?;
        let mut process = process::Command::new(program)
            .args(["--runtime", choice.name()])
            .args(arguments)
            .arg(data)
            .env_remove("BOWLINE_SECRET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            // Ctrl-C reaches this process, which then ends the others in order.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let out = process.stdout.take();
        thread::spawn(move || {
            let Some(out) = out else { return };
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str(&line) {
                    // The demo is over when nobody takes lines.
                    let _ = send.try_send(DemoLine::of(who, event));
                }
            }
            let _ = send.try_send(DemoLine::of(who, json!({"event": "failed"})));
        });
        Ok(Self { who, process })
    }

    /// Asks the process to end, and waits for it.
    pub(super) async fn stop(mut self, runtime: &impl Runtime) -> Result<(), Failure> {
        let who = self.who;
        let failed = |why: String| Failure::new(exit::FAILURES, format!("the {who} {why}"));
        // It may have ended by itself; waiting tells. Nobody has waited yet, so the number is its
        // own.
        if let Some(id) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::TERM);
        }
        match runtime::within(runtime, STOP, self.ended(runtime)).await {
            Some(Ok(status)) if status.success() => Ok(()),
            Some(Ok(status)) => Err(failed(format!("ended with {status}"))),
            Some(Err(error)) => Err(failed(error.to_string())),
            None => Err(failed("did not end in time and was killed".to_owned())),
        }
    }

    async fn ended(&mut self, runtime: &impl Runtime) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            runtime::pause(runtime, LOOK).await;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that was waited for is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder of this demo alone, removed when it is dropped.
pub(super) struct Folder(std::path::PathBuf);

impl Folder {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // There is nobody left to tell; the system clears its own temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes the folder, for this user alone.
pub(super) fn folder() -> Result<Folder, Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |error: io::Error| Failure::new(exit::FAILURES, error);
    let [a, b, c, d, ..] = entropy::seed().map_err(failed)?.0;
    let name = format!("bowline-demo-{:08x}", u32::from_be_bytes([a, b, c, d]));
    let path = std::env::temp_dir().join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
    Ok(Folder(path))
}
