//! A process of the demo: this program, started again, its events read line by line.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bowline_shell::entropy;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process;
use tokio::sync::mpsc::UnboundedSender;

use crate::demo::tell::Line;
use crate::exit::{self, Failure};

/// How long a process has to end cleanly.
const STOP: Duration = Duration::from_secs(6);

/// One process. Dropping it kills it.
pub(super) struct Child {
    who: &'static str,
    process: process::Child,
}

impl Child {
    /// Starts this program with `arguments` and, last, a folder.
    pub(super) fn start(
        who: &'static str,
        arguments: &[&str],
        data: &Path,
        send: UnboundedSender<Line>,
    ) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(exit::FAILURES, error);
        let program = std::env::current_exe().map_err(failed)?;
        let mut process = process::Command::new(program)
            .args(arguments)
            .arg(data)
            .env_remove("BOWLINE_SECRET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            // Ctrl-C reaches this process, which then ends the others in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let out = process.stdout.take();
        tokio::spawn(async move {
            let Some(out) = out else { return };
            let mut lines = BufReader::new(out).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(event) = serde_json::from_str(&line) {
                    // The demo is over when nobody takes lines.
                    let _ = send.send(Line::of(who, event));
                }
            }
            let _ = send.send(Line::of(who, json!({"event": "failed"})));
        });
        Ok(Self { who, process })
    }

    /// Asks the process to end, and waits for it.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        let who = self.who;
        let failed = |why: String| Failure::new(exit::FAILURES, format!("the {who} {why}"));
        if let Some(id) = self.process.id().and_then(|id| i32::try_from(id).ok())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            // It may have ended by itself; waiting tells.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        match tokio::time::timeout(STOP, self.process.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(failed(format!("ended with {status}"))),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed("did not end in time and was killed".to_owned())),
        }
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
    let failed = |error: std::io::Error| Failure::new(exit::FAILURES, error);
    let [a, b, c, d, ..] = entropy::seed().map_err(failed)?.0;
    let name = format!("bowline-demo-{:08x}", u32::from_be_bytes([a, b, c, d]));
    let path = std::env::temp_dir().join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
    Ok(Folder(path))
}
