//! What the commands of a peer risk: refused unless a switch accepts it, or said at each start.

use core::fmt;
use std::path::PathBuf;

use bowline_core::id::CommandName;

use crate::arguments::path::risk::{is_there, is_wide, open_to_others};
use crate::arguments::{Handed, ScriptHole, ValueKind};
use crate::config::{ConfigError, Insecure, PeerConfig};
use crate::files::shown;

/// A command that does less to keep callers out than it seems to, or less than it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandRisk {
    /// A caller's value is code of a script.
    Script {
        /// Of which command.
        command: CommandName,
        /// The place of the value.
        hole: ScriptHole,
    },
    /// A root below which everything is, or everything that a person has.
    WideRoot {
        /// Of which command.
        command: CommandName,
        /// Of which argument.
        argument: String,
        /// The root.
        root: PathBuf,
    },
    /// A root that is not there, or is no directory.
    NoRoot {
        /// Of which command.
        command: CommandName,
        /// Of which argument.
        argument: String,
        /// The root.
        root: PathBuf,
    },
    /// A root that others than its owner may change below a program that looks it up again.
    OpenRoot {
        /// Of which command.
        command: CommandName,
        /// Of which argument.
        argument: String,
        /// The directory that they may change.
        directory: PathBuf,
    },
}

impl fmt::Display for CommandRisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script { command, hole } => match hole.value {
                Some(value) => write!(
                    f,
                    "command '{command}' has a placeholder in a script of '{}' \
                     (--insecure-shell-templates): whoever may call it can run everything; put \
                     {{name}} behind the script, and write {value} in it",
                    hole.interpreter
                ),
                None => write!(
                    f,
                    "command '{command}' has a placeholder in what '{}' starts or loads \
                     (--insecure-shell-templates): whoever may call it can choose what runs; {}",
                    hole.interpreter,
                    hole.remedy()
                ),
            },
            Self::WideRoot { command, argument, root } => write!(
                f,
                "command '{command}', argument '{argument}': below its root {} is all that there \
                 is to protect; set 'root' to a directory that holds what callers may name",
                shown(root)
            ),
            Self::NoRoot { command, argument, root } => write!(
                f,
                "command '{command}', argument '{argument}': its root {} is no directory that is \
                 there, so every call is refused; make it, or set 'root' to another",
                shown(root)
            ),
            Self::OpenRoot { command, argument, directory } => write!(
                f,
                "command '{command}', argument '{argument}': others may change {}, and lead the \
                 program outside of the root by a link after the path was checked; set \
                 as = \"descriptor\", or keep others from writing there",
                shown(directory)
            ),
        }
    }
}

impl PeerConfig {
    /// Whether the commands may be served so, and what must be said when they are. Roots are looked
    /// at on the disk.
    ///
    /// # Errors
    /// [`ConfigError::Script`], unless `--insecure-shell-templates` is given.
    pub fn check_commands(&self, insecure: &Insecure) -> Result<Vec<CommandRisk>, ConfigError> {
        let mut risks = Vec::new();
        for spec in &self.commands {
            let command = spec.name();
            if let Some(hole) = spec.script_hole() {
                if !insecure.shell_templates {
                    return Err(ConfigError::Script { command, hole });
                }
                risks.push(CommandRisk::Script { command, hole });
            }
            for argument in spec.arguments() {
                let ValueKind::Path { root, handed } = &argument.kind else { continue };
                let argument = argument.name.clone();
                if !is_there(root) {
                    risks.push(CommandRisk::NoRoot { command, argument, root: root.clone() });
                } else if is_wide(root) {
                    risks.push(CommandRisk::WideRoot { command, argument, root: root.clone() });
                } else if let (Handed::Path, Some(directory)) = (handed, open_to_others(root)) {
                    risks.push(CommandRisk::OpenRoot { command, argument, directory });
                }
            }
        }
        Ok(risks)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::PeerSettings;

    fn peer(text: &str) -> PeerConfig {
        PeerSettings::parse("peer.toml".as_ref(), text).unwrap().resolve().unwrap()
    }

    #[test]
    fn a_placeholder_in_a_script_needs_its_switch_and_is_then_said() {
        let config = peer("[commands.x]\nrun = ['sh', '-c', 'tar c {dir}']");
        let refused = config.check_commands(&Insecure::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "command 'x': element 3 of 'run' is a script of 'sh', and a placeholder in it makes a \
             caller's value code: put {name} behind the script as an element of its own, and write \
             \"$1\" where the value is to stand; or accept it with --insecure-shell-templates"
        );
        let allowed = Insecure { shell_templates: true, ..Insecure::default() };
        let risks = config.check_commands(&allowed).unwrap();
        assert!(matches!(risks.as_slice(), [CommandRisk::Script { .. }]), "{risks:?}");
        let safe = peer("[commands.x]\nrun = ['sh', '-c', 'tar c \"$1\"', 'sh', '{dir}']");
        assert_eq!(safe.check_commands(&Insecure::default()), Ok(vec![]));
        assert_eq!(safe.check_commands(&allowed), Ok(vec![]));
    }

    #[test]
    fn a_root_that_is_not_there_or_is_no_directory_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for root in [dir.path().join("none"), file] {
            let text = format!(
                "[commands.x]\nrun = ['cat', '{{f}}']\n\
                 args.f = {{ type = 'path', root = '{}', as = 'descriptor' }}",
                root.display()
            );
            let risks = peer(&text).check_commands(&Insecure::default()).unwrap();
            let [said] = &risks[..] else { panic!("{risks:?}") };
            let expected =
                format!("'x', argument 'f': its root {} is no directory", root.display());
            assert!(said.to_string().contains(&expected), "{said}");
        }
    }

    #[test]
    fn a_wide_root_is_said_and_one_that_others_may_change_where_paths_are_handed_on() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("root");
        fs::create_dir(&root).unwrap();
        let risks = |root: &str, more: &str| {
            let text = format!(
                "[commands.x]\nrun = ['cat', '{{f}}']\n\
                 args.f = {{ type = 'path', root = '{root}'{more} }}"
            );
            peer(&text).check_commands(&Insecure::default()).unwrap()
        };
        for wide in ["/", "/home", "/root"] {
            for more in ["", ", as = 'descriptor'"] {
                let risks = risks(wide, more);
                assert!(matches!(&risks[..], [CommandRisk::WideRoot { .. }]), "{risks:?}");
            }
        }
        let root_text = root.to_str().unwrap();
        fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(risks(root_text, ""), []);
        fs::set_permissions(&root, Permissions::from_mode(0o777)).unwrap();
        let open = risks(root_text, "");
        assert!(open[0].to_string().contains("as = \"descriptor\""), "{open:?}");
        assert_eq!(risks(root_text, ", as = 'descriptor'"), []);
    }
}
