//! The machines of a page: a home for each on this one, and the programs that run there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bowline_tests::wait::BOUND;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use crate::claim::holds;
use crate::page::{Place, Typed};
use crate::words::{EXCUSED, SAID, WHOLE, WORDS};

/// What is wrong with a step, for a person.
type Wrong = String;

/// All machines of a page.
pub(crate) struct World {
    dir: TempDir,
    port: String,
    /// What runs in the foreground of a machine's terminal.
    running: BTreeMap<String, Program>,
    /// The words of [`SAID`] that were said, and what they stand for.
    said: BTreeMap<&'static str, String>,
    outputs: usize,
}

/// A program that goes on, and what it says.
struct Program {
    child: Child,
    output: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        symlink(bowline_tests::bowline::path(), dir.path().join("bin/bowline")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        Self { dir, port, running: BTreeMap::new(), said: BTreeMap::new(), outputs: 0 }
    }

    /// What a command says that needs no machine.
    pub(crate) fn ask(&self, command: &str) -> String {
        let words: Vec<_> = command.split(' ').skip(1).collect();
        let output = Command::new(bowline_tests::bowline::path()).args(words).output().unwrap();
        assert!(output.status.success(), "{command}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes a file; a configuration is looked at by the program.
    pub(crate) fn write(&mut self, on: &Place, text: &str) -> Result<(), Wrong> {
        let text = self.meant(text)?;
        fs::write(self.at(on), text).map_err(|error| format!("{on:?}: {error}"))?;
        let Some(role) = on.path.strip_suffix(".toml") else { return Ok(()) };
        let command = format!("bowline {role} --config {} --print-config", on.path);
        let (machine, claims, exit) = (on.machine.clone(), Vec::new(), 0);
        self.type_in(&Typed { machine, command, claims, exit })
    }

    /// Copies a file, its mode too, as far as umask 022 lets it.
    pub(crate) fn copy(&mut self, from: &Place, to: &Place) -> Result<(), Wrong> {
        let (source, target) = (self.at(from), self.at(to));
        fs::copy(source, target).map(|_| ()).map_err(|error| format!("{from:?}: {error}"))
    }

    /// Ends what runs on a machine, as Ctrl-C does.
    pub(crate) fn stop(&mut self, machine: &str) -> Result<(), Wrong> {
        let program = self.running.remove(machine).ok_or("nothing runs there")?;
        program.end()
    }

    /// Runs a command as it is typed, unless it is excused, and holds it to what is claimed.
    pub(crate) fn type_in(&mut self, typed: &Typed) -> Result<(), Wrong> {
        if EXCUSED.iter().any(|(excused, _)| typed.command.starts_with(excused)) {
            return Ok(());
        }
        if typed.machine.is_empty() {
            return Err(format!(
                "'{}': on which machine? NAME$ COMMAND, or an excuse in words.rs",
                typed.command
            ));
        }
        let whole = WHOLE.iter().find(|(whole, _)| *whole == typed.command);
        let command = self.meant(whole.map_or(typed.command.as_str(), |(_, meant)| meant))?;
        let claims = typed.claims.iter().map(|claim| self.replaced(claim)).collect::<Vec<_>>();
        let output = self.output();
        let failed = |wrong: &str, said: &str| {
            let claimed = claims.join("\n");
            format!("{}$ {command}\n{said}\n{wrong}\nclaimed:\n{claimed}", typed.machine)
        };
        let said = if goes_on(&command) {
            if let Some(before) = self.running.remove(&typed.machine) {
                before.end()?;
            }
            let child = self.shell(&typed.machine, &command, &output).spawn();
            let child = child.map_err(|error| format!("{command}: {error}"))?;
            let mut program = Program { child, output };
            let said =
                program.started(&claims).map_err(|said| failed("it does not go on", &said))?;
            self.running.insert(typed.machine.clone(), program);
            said
        } else {
            let child = self.shell(&typed.machine, &command, &output).spawn();
            let child = child.map_err(|error| format!("{command}: {error}"))?;
            let status = Program { child, output: output.clone() }.ended();
            let said = fs::read_to_string(&output).unwrap();
            let status = status.ok_or_else(|| failed("it does not end", &said))?;
            if status.code() != Some(typed.exit) {
                return Err(failed(&format!("{status}, and not {}", typed.exit), &said));
            }
            if !claims.is_empty() && !holds(&claims, &said.lines().collect::<Vec<_>>()) {
                return Err(failed("it says something else", &said));
            }
            said
        };
        self.keep(&said);
        Ok(())
    }

    /// Remembers what is referred to later.
    fn keep(&mut self, said: &str) {
        for (word, before) in SAID {
            let start = word.split_once('…').map_or("", |(start, _)| start);
            let found = said.lines().find_map(|line| {
                line.strip_prefix(before)?
                    .split(' ')
                    .next()
                    .filter(|found| found.starts_with(start))
            });
            if let Some(found) = found {
                self.said.insert(word, found.to_owned());
            }
        }
    }

    /// The text with what stands for its words here, those that were said among them.
    fn meant(&self, text: &str) -> Result<String, Wrong> {
        let mut text = self.replaced(text);
        for (word, _) in
            SAID.iter().filter(|(word, _)| text.contains(word)).copied().collect::<Vec<_>>()
        {
            let said =
                self.said.get(word).ok_or_else(|| format!("nobody has said {word} before"))?;
            text = text.replace(word, said);
        }
        Ok(text)
    }

    fn replaced(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, meant) in WORDS {
            text = text.replace(word, meant);
        }
        text.replace("PORT", &self.port)
    }

    /// A shell on a machine, with all that is said there in one file, as on a terminal.
    fn shell(&self, machine: &str, command: &str, output: &PathBuf) -> Command {
        let home = self.home(machine);
        let path = format!(
            "{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            self.dir.path().join("bin").display()
        );
        let exec = if goes_on(command) { "exec " } else { "" };
        let file = File::create(output).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask 022\n{exec}{command}")]).current_dir(&home);
        shell.process_group(0).env_clear().env("HOME", &home).env("PATH", path);
        shell.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        shell
    }

    fn home(&self, machine: &str) -> PathBuf {
        let home = self.dir.path().join(machine);
        fs::create_dir_all(&home).unwrap();
        home
    }

    fn at(&self, place: &Place) -> PathBuf {
        self.home(&place.machine).join(&place.path)
    }

    fn output(&mut self) -> PathBuf {
        self.outputs += 1;
        self.dir.path().join(format!("output-{}", self.outputs))
    }
}

/// Whether a command is a program that goes on until it is ended.
fn goes_on(command: &str) -> bool {
    let is = |program: &str| command == program || command.starts_with(&format!("{program} "));
    (is("bowline hub") || is("bowline peer")) && !command.contains("--print-config")
}

impl Program {
    /// Waits until it is in service and has said what is claimed; what it said.
    fn started(&mut self, claims: &[String]) -> Result<String, String> {
        let until = Instant::now() + BOUND;
        loop {
            let said = fs::read_to_string(&self.output).unwrap();
            let lines: Vec<_> = said.lines().collect();
            let is_there = match claims {
                [] => lines.iter().any(|line| READY.iter().any(|ready| line.starts_with(ready))),
                _ => holds(claims, &lines),
            };
            if is_there {
                return Ok(said);
            }
            if self.child.try_wait().unwrap().is_some() || Instant::now() > until {
                return Err(fs::read_to_string(&self.output).unwrap());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    fn end(mut self) -> Result<(), Wrong> {
        let pid = self.pid().unwrap();
        kill_process(pid, Signal::INT).map_err(|error| format!("it has ended: {error}"))?;
        let status = self.ended().ok_or("it does not end")?;
        let said = fs::read_to_string(&self.output).unwrap();
        if status.success() { Ok(()) } else { Err(format!("{said}\n{status}")) }
    }

    /// How it ends, if it does within the bound.
    fn ended(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + BOUND;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

/// How the line begins by which a program says that it is in service.
const READY: &[&str] = &["secret    ", "bowline: serving "];

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; it is ours until it has been waited for. What it started goes
        // with it: they are one group.
        if let (Ok(None), Some(pid)) = (self.child.try_wait(), self.pid()) {
            let _ = kill_process_group(pid, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
