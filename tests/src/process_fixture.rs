//! A hub and a peer as processes of their own, and the program beside them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::bowline::{Running, bowline, path, runtime};
use crate::healthy::Healthy;

/// A hub and a peer as processes, and their directories.
#[derive(Debug)]
pub struct ProcessFixture {
    /// Everything of this test is in it.
    pub dir: TempDir,
    /// The hub, while it runs.
    pub hub: Option<Running>,
    /// Where it is reached.
    pub url: String,
    /// The peer `web`, while it runs.
    pub peer: Option<Running>,
}

impl ProcessFixture {
    /// A hub, and the peer of this `peer.toml`.
    ///
    /// # Panics
    /// When they do not start.
    #[must_use]
    pub fn with_peer(config: &str) -> Self {
        let mut stage = Self::with_hub();
        fs::write(stage.at("peer.toml"), config).expect("a file");
        stage.start_peer();
        stage
    }

    /// A hub alone.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn with_hub() -> Self {
        let mut stage = Self::empty();
        stage.start_hub("127.0.0.1:0");
        stage
    }

    /// A directory, in which nothing runs.
    ///
    /// # Panics
    /// When there is none to be had.
    #[must_use]
    pub fn empty() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir, hub: None, url: String::new(), peer: None }
    }

    /// A path of this test.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.at(name).to_str().expect("text").to_owned()
    }

    /// Writes a file that only its owner may read; its path as text.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn private(&self, name: &str, content: &str) -> String {
        let path = self.at(name);
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode");
        self.text(name)
    }

    /// The program with these arguments.
    #[must_use]
    pub fn bowline(&self, arguments: &[&str]) -> Command {
        bowline(arguments, self.dir.path())
    }

    /// The same, started by `sh` behind `before`: traps and limits that the program inherits.
    #[must_use]
    pub fn bowline_behind(&self, before: &str, arguments: &[&str]) -> Command {
        let program = bowline(arguments, self.dir.path());
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(path());
        shell.args(runtime(arguments)).args(arguments);
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.stdin(std::process::Stdio::null());
        shell
    }

    /// Starts the hub of the directory `hub`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_hub(&mut self, bind: &str) {
        let data = self.text("hub");
        self.listen(self.bowline(&["hub", "--bind", bind, "--data", &data]));
    }

    /// Starts this command, which is a hub.
    ///
    /// # Panics
    /// When it does not start.
    pub fn listen(&mut self, command: Command) {
        let mut hub = Running::start(command);
        let line = hub.line("listening");
        self.url = line.split_whitespace().nth(1).expect("a URL").to_owned();
        // A hub without TLS has none.
        if self.url.starts_with("wss://") {
            hub.line("pin");
        }
        self.hub = Some(hub);
    }

    /// Starts the peer of `peer.toml`, and waits until it can be called.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_peer(&mut self) {
        let mut peer = Running::start(self.peer_command());
        peer.line("registered");
        self.peer = Some(peer);
    }

    /// The peer of `peer.toml`.
    #[must_use]
    pub fn peer_command(&self) -> Command {
        let (config, data, secret) = (self.text("peer.toml"), self.text("peer"), self.secret());
        let mut command = self.bowline(&["peer", "--json", "--hub", &self.url]);
        command.args(["--config", &config, "--data", &data, "--secret-file", &secret]);
        // What its commands write without a path goes there as well.
        command.current_dir(self.dir.path());
        command
    }

    /// `bowline run` by the operator of this hub's machine.
    #[must_use]
    pub fn run(&self, rest: &[&str]) -> Command {
        let data = self.text("hub");
        self.bowline(&[&["run", "--data", &data], rest].concat())
    }

    /// A command that dials the hub as `me`, from a data directory of its own.
    #[must_use]
    pub fn dial(&self, command: &str, rest: &[&str]) -> Command {
        let data = self.text("me");
        let dial = [command, "--hub", &self.url, "--id", "me", "--data", &data];
        self.bowline(&[&dial, rest].concat())
    }

    /// The hub's secret file.
    #[must_use]
    pub fn secret(&self) -> String {
        self.text("hub/secret.key")
    }

    /// The hub's address, to be bound again.
    #[must_use]
    pub fn address(&self) -> String {
        self.url.trim_start_matches("wss://").trim_end_matches("/link").to_owned()
    }

    /// A link that nothing of what is tried may harm.
    ///
    /// # Panics
    /// When the hub's URL is none.
    pub async fn healthy(&self) -> Healthy {
        let url = self.url.parse().expect("a URL");
        Healthy::beside(&url, Path::new(&self.secret()), &self.at("healthy")).await
    }
}
