//! A hub and several peers as processes of the program, for what a person types.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::bowline::{Running, bowline};

/// Processes and their directories. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Fleet {
    dir: TempDir,
    url: String,
    peers: BTreeMap<String, Running>,
    /// The hub, which tells what happens as JSON.
    pub hub: Running,
}

impl Fleet {
    /// A hub with nobody.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// A hub that is told this, with nobody.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn with(told: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let data = dir.path().join("hub");
        let mut command = bowline(&["hub", "--json", "--bind", "127.0.0.1:0"], dir.path());
        command.args(told).arg("--data").arg(data);
        let mut hub = Running::start(command);
        let told: Value = serde_json::from_str(&hub.line("listening")).expect("an object");
        let url = told["url"].as_str().expect("a URL").to_owned();
        Self { dir, url, peers: BTreeMap::new(), hub }
    }

    /// A path of this test.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts a peer with this configuration, whose id is `id`, and waits until it can be called.
    ///
    /// # Panics
    /// When it does not start.
    pub fn peer(&mut self, id: &str, config: &str) {
        let file = self.at(&format!("{id}.toml"));
        fs::write(&file, config).expect("a file");
        let mut command = bowline(&["peer", "--json", "--id", id, "--hub", &self.url], self.home());
        command.arg("--config").arg(file).arg("--data").arg(self.at(id));
        command.arg("--secret-file").arg(self.at("hub/secret.key"));
        let mut peer = Running::start(command);
        peer.line("registered");
        self.peers.insert(id.to_owned(), peer);
    }

    /// Takes a peer's process away from the fleet.
    ///
    /// # Panics
    /// When there is none.
    pub fn take(&mut self, id: &str) -> Running {
        self.peers.remove(id).expect("a peer")
    }

    /// Ends a peer cleanly, and waits until the hub knows that it is away.
    ///
    /// # Panics
    /// When it does not end, or the hub does not notice.
    pub fn away(&mut self, id: &str) {
        let peer = self.take(id);
        peer.signal(Signal::TERM);
        assert_eq!(peer.end().0, Some(0));
        self.hub.line(&format!(r#""event":"offline","peer":"{id}""#));
    }

    /// `bowline COMMAND --data HUB REST`, as the hub's own operator types it.
    #[must_use]
    pub fn operator(&self, command: &[&str], rest: &[&str]) -> Command {
        let mut typed = bowline(command, self.home());
        typed.arg("--data").arg(self.at("hub")).args(rest);
        typed
    }

    /// `bowline run`, as the hub's own operator types it.
    #[must_use]
    pub fn run(&self, rest: &[&str]) -> Command {
        self.operator(&["run"], rest)
    }

    /// `bowline COMMAND REST`, as somebody else with the hub's secret types it.
    #[must_use]
    pub fn elsewhere(&self, command: &[&str], rest: &[&str]) -> Command {
        let who = ["--hub", &self.url, "--id", "me"];
        let mut typed = bowline(&[command, &who].concat(), self.home());
        typed.arg("--data").arg(self.at("me"));
        typed.arg("--secret-file").arg(self.at("hub/secret.key")).args(rest);
        typed
    }

    fn home(&self) -> &Path {
        self.dir.path()
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self::new()
    }
}
