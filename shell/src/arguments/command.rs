//! One command of a peer's configuration: what it takes, and the process that it becomes.

use core::time::Duration;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::OwnedFd;

use bowline_core::id::CommandName;
use bowline_core::limits::Limits;
use bowline_core::wire::bounds;
use bowline_core::wire::frame::Command;

use crate::arguments::check::{Checked, check_value};
use crate::arguments::script::{self, ScriptHole};
use crate::arguments::template::Template;
use crate::arguments::{ArgValue, ArgumentError, ArgumentSpec, Handed, SpecError, ValueKind};
use crate::process::{Environment, Grace};
use crate::stage::{DESCRIPTORS, FIRST_DESCRIPTOR};

/// A command, checked: each placeholder of `run` has an argument and the reverse.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandSpec {
    name: CommandName,
    description: String,
    timeout: Option<Duration>,
    linger: Duration,
    run: Vec<String>,
    templates: Vec<Template>,
    arguments: Vec<ArgumentSpec>,
    environment: Environment,
}

/// What a call becomes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// The argument vector, the program first; never empty.
    pub arguments: Vec<OsString>,
    /// Descriptors that the arguments name as `/dev/fd/N`, from
    /// [`FIRST_DESCRIPTOR`] on.
    pub descriptors: Vec<OwnedFd>,
}

impl CommandSpec {
    /// A command that runs `run`, whose first element is the program.
    ///
    /// `declared` are the arguments in any order. They take the order in which `run` names them; a
    /// placeholder that is not among them is a string.
    ///
    /// # Errors
    /// A [`SpecError`] that says what does not fit.
    pub fn new(
        name: CommandName,
        run: &[String],
        declared: Vec<ArgumentSpec>,
    ) -> Result<Self, SpecError> {
        let program = run.first().filter(|program| !program.is_empty());
        let Some(program) = program else { return Err(SpecError::NoProgram) };
        let templates =
            run.iter().map(|element| Template::parse(element)).collect::<Result<Vec<_>, _>>()?;
        let chosen = |template: &Template| template.placeholders().next().is_some();
        if templates.first().is_some_and(chosen) {
            return Err(SpecError::ProgramFromArgument(program.clone()));
        }
        let mut declared: BTreeMap<_, _> =
            declared.into_iter().map(|spec| (spec.name.clone(), spec)).collect();
        let mut arguments: Vec<ArgumentSpec> = Vec::new();
        for placeholder in templates.iter().flat_map(Template::placeholders) {
            if arguments.iter().any(|known| known.name == placeholder) {
                continue;
            }
            let spec = declared.remove(placeholder);
            let spec = spec.unwrap_or_else(|| ArgumentSpec::string(placeholder));
            spec.check()?;
            arguments.push(spec);
        }
        if let Some((name, _)) = declared.pop_first() {
            return Err(SpecError::Unused { name });
        }
        let most = bounds::ARGUMENTS;
        if arguments.len() > most {
            return Err(SpecError::TooMany { what: "the number of arguments", most });
        }
        if arguments.iter().filter(|spec| is_descriptor(spec)).count() > DESCRIPTORS {
            let what = "the number of arguments with as = \"descriptor\"";
            return Err(SpecError::TooMany { what, most: DESCRIPTORS });
        }
        let run = run.to_vec();
        let (description, environment) = (String::new(), Environment::default());
        let (timeout, linger) = (None, Grace::LINGER);
        Ok(Self { name, description, timeout, linger, run, templates, arguments, environment })
    }

    /// The same, described in a sentence.
    ///
    /// # Errors
    /// [`SpecError::TooMany`] above 1,024 bytes.
    pub fn described(self, description: String) -> Result<Self, SpecError> {
        let most = bounds::TEXT;
        if description.len() > most {
            return Err(SpecError::TooMany { what: "the length of 'description'", most });
        }
        Ok(Self { description, ..self })
    }

    /// The same, ended when it runs longer.
    ///
    /// # Errors
    /// [`SpecError::Timeout`] for nothing, and above 24 h.
    pub fn ended_after(self, timeout: Option<Duration>) -> Result<Self, SpecError> {
        let most = Limits::default().call_deadline;
        if timeout.is_some_and(|timeout| timeout.is_zero() || timeout > most) {
            return Err(SpecError::Timeout { most });
        }
        Ok(Self { timeout, ..self })
    }

    /// The same, where others who hold its outputs after its end may be silent for so long: 10 s
    /// where this is not called.
    ///
    /// # Errors
    /// [`SpecError::Linger`] for nothing, and above 24 h.
    pub fn lingering(self, linger: Duration) -> Result<Self, SpecError> {
        let most = Limits::default().call_deadline;
        if linger.is_zero() || linger > most {
            return Err(SpecError::Linger { most });
        }
        Ok(Self { linger, ..self })
    }

    /// The same, with this environment.
    #[must_use]
    pub fn within(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// What its program gets beside the variables that every command gets.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// What callers call it.
    #[must_use]
    pub fn name(&self) -> CommandName {
        self.name
    }

    /// A sentence for a person; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The longest that it may run; the call's own deadline may be sooner.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How long others who hold its outputs after its end may be silent before they are killed.
    #[must_use]
    pub fn linger(&self) -> Duration {
        self.linger
    }

    /// `run` as it was written.
    #[must_use]
    pub fn run(&self) -> &[String] {
        &self.run
    }

    /// What it takes, in positional order.
    #[must_use]
    pub fn arguments(&self) -> &[ArgumentSpec] {
        &self.arguments
    }

    /// A placeholder where a caller's value would be code, or would choose what runs.
    #[must_use]
    pub fn script_hole(&self) -> Option<ScriptHole> {
        let outlines: Vec<_> = self.templates.iter().map(Template::outline).collect();
        script::hole(&outlines)
    }

    /// Whether it hands descriptors on, for which it needs a [`Stage`](crate::stage::Stage).
    #[must_use]
    pub fn needs_stage(&self) -> bool {
        self.arguments.iter().any(is_descriptor)
    }

    /// What Register says of it.
    #[must_use]
    pub fn declared(&self) -> Command {
        Command {
            name: self.name,
            description: self.description.clone(),
            arguments: self.arguments.iter().map(ArgumentSpec::declared).collect(),
        }
    }

    /// The arguments of a call.
    ///
    /// Values by position fill the arguments in their order, values by name the others. An optional
    /// argument that is left out drops the element that it alone makes up, and is empty elsewhere.
    /// A path argument is looked up in the file system, so this can block.
    ///
    /// # Errors
    /// The first argument that does not fit, and why.
    pub fn prepare(
        &self,
        positional: &[ArgValue<'_>],
        named: &[(&str, ArgValue<'_>)],
    ) -> Result<Prepared, ArgumentError> {
        if positional.len() > self.arguments.len() {
            let given = positional.len();
            return Err(ArgumentError::TooMany { given, takes: self.takes() });
        }
        let by_position = self.arguments.iter().map(|spec| spec.name.as_str()).zip(positional);
        let mut given: BTreeMap<&str, ArgValue<'_>> =
            by_position.map(|(name, value)| (name, *value)).collect();
        for &(name, value) in named {
            let Some(spec) = self.arguments.iter().find(|spec| spec.name == name) else {
                let name = name.chars().take(64).collect();
                return Err(ArgumentError::Unknown { name, takes: self.takes() });
            };
            if given.insert(&spec.name, value).is_some() {
                return Err(ArgumentError::Duplicate { name: spec.name.clone() });
            }
        }
        let (mut values, mut descriptors) = (BTreeMap::new(), Vec::new());
        for spec in &self.arguments {
            match given.get(spec.name.as_str()) {
                Some(value) => {
                    let text = match check_value(spec, *value)? {
                        Checked::Text(text) => text,
                        Checked::Opened(opened) => {
                            let number = FIRST_DESCRIPTOR as usize + descriptors.len();
                            descriptors.push(opened);
                            format!("/dev/fd/{number}").into()
                        }
                    };
                    values.insert(spec.name.as_str(), text);
                }
                None if spec.optional => {}
                None => {
                    let expected = spec.kind.expected();
                    return Err(ArgumentError::Missing { name: spec.name.clone(), expected });
                }
            }
        }
        let filled = self.templates.iter().filter_map(|template| template.fill(&values));
        Ok(Prepared { arguments: filled.collect(), descriptors })
    }

    /// For errors: "'restart' takes unit, force".
    fn takes(&self) -> String {
        if self.arguments.is_empty() {
            return format!("'{}' takes no arguments", self.name);
        }
        let names: Vec<_> = self.arguments.iter().map(|spec| spec.name.as_str()).collect();
        format!("'{}' takes {}", self.name, names.join(", "))
    }
}

fn is_descriptor(spec: &ArgumentSpec) -> bool {
    matches!(spec.kind, ValueKind::Path { handed: Handed::Descriptor(_), .. })
}

#[cfg(test)]
mod tests;
