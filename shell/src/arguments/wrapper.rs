//! Programs that start another one (`env`, `sudo`, `timeout`), in whose program slot a placeholder
//! would let a caller choose what runs.
//!
//! ```text
//! sudo  -u www      A=1        PROGRAM  ARGUMENT…
//!       options  assignments     ▲          ▲
//! timeout  -k 5   30             │          └── data, or of the next wrapper
//!       options  operands        └── the owner's
//! ```
//!
//! An option that is not listed is taken for one without an argument, so what follows is taken for
//! the program.

use crate::arguments::script::{ScriptHole, has_hole, name_of, word};

struct Wrapper {
    names: &'static [&'static str],
    /// Operands before the program.
    operands: usize,
    /// Letters and words that take an argument, which is data.
    takes: (&'static str, &'static [&'static str]),
    /// Letters and words that take a command.
    code: (&'static str, &'static [&'static str]),
}

const NONE: (&str, &[&str]) = ("", &[]);

const fn plain(names: &'static [&'static str]) -> Wrapper {
    Wrapper { names, operands: 0, takes: NONE, code: NONE }
}

const WRAPPERS: &[Wrapper] = &[
    plain(&["nohup", "setsid", "busybox", "toybox"]),
    Wrapper { takes: ("uC", &["unset", "chdir"]), ..plain(&["env"]) },
    Wrapper {
        takes: (
            "CDghpRrtTUuac",
            &[
                "close-from",
                "chdir",
                "group",
                "host",
                "prompt",
                "chroot",
                "role",
                "type",
                "command-timeout",
                "other-user",
                "user",
                "auth-type",
                "login-class",
            ],
        ),
        ..plain(&["sudo"])
    },
    Wrapper { takes: ("au", &[]), code: ("C", &[]), ..plain(&["doas"]) },
    Wrapper {
        operands: 1,
        takes: ("gGuwT", &["group", "supp-group", "user", "whitelist-environment"]),
        code: ("cs", &["command", "session-command", "shell"]),
        ..plain(&["su", "runuser"])
    },
    Wrapper { takes: ("n", &["adjustment"]), ..plain(&["nice"]) },
    Wrapper { operands: 1, takes: ("ks", &["kill-after", "signal"]), ..plain(&["timeout"]) },
    Wrapper {
        takes: (
            "aEILnPsdJRS",
            &["arg-file", "delimiter", "max-args", "max-procs", "max-chars", "process-slot-var"],
        ),
        ..plain(&["xargs"])
    },
    Wrapper { operands: 1, takes: ("ugGn", &["userspec", "groups"]), ..plain(&["chroot"]) },
    Wrapper { takes: ("ioe", &["input", "output", "error"]), ..plain(&["stdbuf"]) },
    Wrapper {
        takes: ("cnpPu", &["class", "classdata", "pid", "pgid", "uid"]),
        ..plain(&["ionice"])
    },
    Wrapper {
        operands: 1,
        takes: ("wE", &["timeout", "wait", "conflict-exit-code"]),
        code: ("c", &["command"]),
        ..plain(&["flock"])
    },
    Wrapper {
        takes: (
            "RwSGl",
            &[
                "root",
                "wd",
                "setuid",
                "setgid",
                "propagation",
                "setgroups",
                "map-user",
                "map-group",
                "map-users",
                "map-groups",
                "monotonic",
                "boottime",
                "load-interp",
            ],
        ),
        ..plain(&["unshare"])
    },
    Wrapper {
        takes: ("tSGWN", &["target", "setuid", "setgid", "wdns", "net-socket"]),
        ..plain(&["nsenter"])
    },
    Wrapper {
        takes: (
            "",
            &[
                "ruid",
                "euid",
                "reuid",
                "rgid",
                "egid",
                "regid",
                "groups",
                "inh-caps",
                "ambient-caps",
                "bounding-set",
                "securebits",
                "pdeathsig",
                "selinux-label",
                "apparmor-profile",
                "landlock-access",
                "landlock-rule",
                "seccomp-filter",
                "ptracer",
            ],
        ),
        ..plain(&["setpriv"])
    },
    Wrapper { takes: ("of", &["output", "format"]), ..plain(&["time"]) },
    Wrapper {
        takes: (
            "abeEIOpPsSuUX",
            &["attach", "columns", "detach-on", "env", "trace", "trace-path", "user"],
        ),
        code: ("o", &["output"]),
        ..plain(&["strace"])
    },
];

/// Those that hand all that they are given to a shell, or may.
const SHELLS: &[&str] = &["watch", "sg", "script"];

/// Names that are words of other programs too; they count only where a program stands.
const WORDS: &[&str] = &["time", "watch", "script", "nice", "timeout", "env", "sg"];

/// What the wrappers of a command line start.
pub(super) struct WrapperTarget {
    /// The first placeholder that chooses it.
    pub(super) hole: Option<ScriptHole>,
    /// The element from which on there are only arguments of a wrapper's own script (`su -c`).
    pub(super) data: usize,
}

/// What the wrappers in `run` start.
pub(super) fn started(run: &[String]) -> WrapperTarget {
    let mut data = run.len();
    let hole = hole(run, &mut data);
    WrapperTarget { hole, data }
}

fn hole(run: &[String], data: &mut usize) -> Option<ScriptHole> {
    let mut program = 0;
    let mut at = 0;
    while let Some(element) = run.get(at) {
        let name = name_of(element);
        let is_program = at == program || element.contains('/');
        let behind = &run[at + 1..];
        let found = |offset: usize| ScriptHole {
            interpreter: element.clone(),
            element: at + 1 + offset + 1,
            value: None,
        };
        if !is_program && WORDS.contains(&name.as_str()) {
            at += 1;
            continue;
        }
        if SHELLS.contains(&name.as_str()) || (name == "env" && splits(behind)) {
            return behind.iter().position(|element| has_hole(element)).map(found);
        }
        if let Some(known) = WRAPPERS.iter().find(|known| known.names.contains(&name.as_str())) {
            match slot(behind, known) {
                Slot::Hole(offset) => return Some(found(offset)),
                Slot::Program(offset) => program = at + 1 + offset,
                Slot::Data(offset) => {
                    *data = at + 1 + offset;
                    return None;
                }
                Slot::None => {}
            }
            at = program.max(at + 1);
            continue;
        }
        at += 1;
    }
    None
}

/// Whether `env` is to split an element into several, which then may be anything.
fn splits(behind: &[String]) -> bool {
    let mut options = behind.iter().take_while(|e| e.starts_with('-') || e.contains('='));
    options.any(|option| match word(option) {
        Some((name, _)) => !name.is_empty() && "split-string".starts_with(name),
        None => option.starts_with('-') && option.contains('S'),
    })
}

enum Slot {
    Program(usize),
    Data(usize),
    Hole(usize),
    None,
}

fn slot(behind: &[String], known: &Wrapper) -> Slot {
    let mut operands = known.operands;
    let (mut has_ended, mut has_command) = (false, false);
    let mut at = 0;
    while let Some(element) = behind.get(at) {
        if !has_ended && element == "--" {
            has_ended = true;
            at += 1;
            continue;
        }
        if has_ended || !element.starts_with('-') {
            let is_assignment = element.split('\0').next().is_some_and(|e| e.contains('='));
            if is_assignment && operands == 0 {
                at += 1;
            } else if operands > 0 {
                operands -= 1;
                at += 1;
            } else if has_command {
                return Slot::Data(at);
            } else if has_hole(element) {
                return Slot::Hole(at);
            } else {
                return Slot::Program(at);
            }
            continue;
        }
        // `runuser -u USER` has the user there.
        if known.names.contains(&"runuser") && (element.starts_with("-u") || element == "--user") {
            operands = 0;
        }
        let (takes_next, is_code, is_data) = option(element, known);
        if has_hole(element) && !is_data {
            return Slot::Hole(at);
        }
        if is_code && behind.get(at + 1).is_some_and(|next| takes_next && has_hole(next)) {
            return Slot::Hole(at + 1);
        }
        // `su -s SHELL` names no command.
        has_command |= is_code && !element.ends_with('s') && !element.starts_with("--shell");
        at += 1 + usize::from(takes_next);
    }
    Slot::None
}

/// Whether it takes the next element, whether it takes a command, and whether what stands in the
/// element itself is data.
fn option(element: &str, known: &Wrapper) -> (bool, bool, bool) {
    if let Some((name, value)) = word(element) {
        let (is_code, takes) = (known.code.1.contains(&name), known.takes.1.contains(&name));
        return ((is_code || takes) && value.is_none(), is_code, takes && value.is_some());
    }
    let cluster = &element[1..];
    for (at, letter) in cluster.char_indices() {
        let (is_code, takes) = (known.code.0.contains(letter), known.takes.0.contains(letter));
        if is_code || takes {
            return (at + letter.len_utf8() == cluster.len(), is_code, takes);
        }
    }
    (false, false, false)
}

#[cfg(test)]
mod tests {
    use crate::arguments::script;

    fn element(run: &str) -> Option<usize> {
        let run: Vec<_> = run.split('|').map(|element| element.replace('@', "\0")).collect();
        script::hole(&run).map(|hole| hole.element)
    }

    #[test]
    fn a_placeholder_that_chooses_the_program_of_a_wrapper_is_found() {
        for (run, at) in [
            ("env|@", 2),
            ("env|A=1|@", 3),
            ("env|-u|X|-i|@", 5),
            ("env|-S|bash -c|@", 4),
            ("env|-@|x", 2),
            ("/usr/bin/sudo|@", 2),
            ("sudo|-nu|www|--|@", 5),
            ("sudo|--user|www|A=1|@", 5),
            ("sudo|env|@", 3),
            ("sudo|-u|www|timeout|-k|5|30|nice|-n|5|@", 11),
            ("doas|-u|www|@", 4),
            ("su|www|@", 3),
            ("su|-|www|-s|@", 5),
            ("runuser|-u|www|--|@", 5),
            ("busybox|@", 2),
            ("nice|@", 2),
            ("nohup|/opt/@", 2),
            ("setsid|-f|@", 3),
            ("timeout|5|@", 3),
            ("xargs|-n|1|@", 4),
            ("chroot|/srv|@", 3),
            ("stdbuf|-o|L|@", 4),
            ("ionice|-c|3|@", 4),
            ("flock|/run/l|@", 3),
            ("flock|/run/l|-c|@", 4),
            ("script|-qc|@|/dev/null", 3),
            ("script|/dev/null|@", 3),
            ("sg|www|-c|@", 4),
            ("watch|-n|1|ls @", 4),
            ("unshare|-r|@", 3),
            ("nsenter|-t|1|-m|@", 5),
            ("setpriv|--reuid|1|--clear-groups|@", 5),
            ("time|-p|@", 3),
            ("strace|-f|@", 3),
            ("strace|-o|@|ls", 3),
            ("docker|exec|x|sudo|@", 5),
            ("busybox|sh|@", 3),
        ] {
            assert_eq!(element(run), Some(at), "{run}");
        }
    }

    #[test]
    fn a_value_behind_the_program_of_a_wrapper_or_in_its_own_settings_is_data() {
        for run in [
            "env|A=@|printenv|A",
            "env|A=b|ls|@",
            "sudo|-u|www|systemctl|restart|@",
            "sudo|-u|@|id",
            "sudo|--user=@|id",
            "runuser|-u|www|id|@",
            "timeout|@|sleep|9",
            "timeout|5|nice|-n|@|make",
            "nice|-n|5|make|@",
            "flock|/run/@|make",
            "su|www|-c|echo \"$0\"|@",
            "busybox|ls|@",
            "nsenter|-t|@|-m|ls",
            "etcdctl|watch|@",
            "kubectl|get|time|@",
        ] {
            assert_eq!(element(run), None, "{run}");
        }
    }
}
