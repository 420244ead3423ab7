//! What is to be run, and its start: by a stage, or as a child that is the program at once.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command};

use super::group::Group;
use crate::runtime::{Child, Input, Runtime};
use crate::stage::{Launched, Stage};

/// A program that is to be run.
#[derive(Debug)]
pub struct Program {
    name: OsString,
    /// What is spawned: the program or its stage, which has the program's environment.
    command: Command,
    stage: Option<Stage>,
    descriptors: Vec<OwnedFd>,
}

/// A program that was started, or its stage.
pub(super) struct StartedProgram<C> {
    pub(super) child: C,
    /// How it is with the stage, where there is one.
    pub(super) launched: Option<Launched>,
    pub(super) group: Group,
}

impl Program {
    /// The program `name` with these arguments, and the environment of this process. By a stage it
    /// leads a session without a terminal and inherits no descriptor but its standard streams;
    /// without one it leads a process group, and that is all.
    #[must_use]
    pub fn new(name: &OsStr, arguments: &[OsString], stage: Option<&Stage>) -> Self {
        let command = match stage {
            Some(stage) => stage.command(name, arguments),
            None => {
                let mut command = Command::new(name);
                command.args(arguments);
                command
            }
        };
        let (name, stage) = (name.to_owned(), stage.cloned());
        Self { name, command, stage, descriptors: Vec::new() }
    }

    /// With these descriptors, at most [`DESCRIPTORS`](crate::stage::DESCRIPTORS) of them, open as
    /// [`FIRST_DESCRIPTOR`](crate::stage::FIRST_DESCRIPTOR) and following, in their order: an
    /// argument can name them as `/dev/fd/10`.
    ///
    /// They need a stage: a program without one is not started.
    #[must_use]
    pub fn descriptors(self, descriptors: Vec<OwnedFd>) -> Self {
        Self { descriptors, ..self }
    }

    /// With these variables as its whole environment.
    #[must_use]
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        self.command.env_clear().envs(variables);
        self
    }

    /// The program's name as text, for a person.
    pub(super) fn name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

    /// Starts it.
    pub(super) fn start<R: Runtime>(mut self, runtime: &R) -> io::Result<StartedProgram<R::Child>> {
        let (theirs, ours) = io::pipe()?;
        let ours = ChildStdin::from(OwnedFd::from(ours));
        let (theirs, launched) = match &self.stage {
            Some(stage) => {
                let (socket, launched) = stage.launch(theirs.into(), &self.descriptors)?;
                (socket, Some(launched))
            }
            None if self.descriptors.is_empty() => {
                self.command.process_group(0);
                (theirs.into(), None)
            }
            None => return Err(io::Error::other("a descriptor can be handed on by a stage only")),
        };
        let child = runtime.process(self.command, Input { theirs, ours })?;
        let group = match launched {
            Some(_) => Group::to_come(child.id()),
            None => Group::new(child.id()),
        };
        Ok(StartedProgram { child, launched, group })
    }
}

/// Without a stage.
impl From<Command> for Program {
    fn from(command: Command) -> Self {
        let name = command.get_program().to_owned();
        Self { name, command, stage: None, descriptors: Vec::new() }
    }
}
