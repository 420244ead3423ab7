//! Scripts of known interpreters, in which a placeholder would make a caller's value code.
//!
//! `run = ["sh", "-c", "tar c {dir}"]` hands the shell a script with the value already in it, and a
//! value such as `x; rm -rf ~` is a second command. The value belongs behind the script, where the
//! script reads it as data: `["sh", "-c", 'tar c "$1"', "sh", "{dir}"]`.
//!
//! What an interpreter is told before its script is code as well (`perl -M…`, `node --require`),
//! and whoever names the script's file chooses the script. So a placeholder may stand behind them
//! only.
//!
//! An interpreter is found at any place of `run`, so behind `docker exec` too; what wrappers such
//! as `env` start is seen to by [`wrapper`]. In doubt an element is taken for a script: whoever
//! means something else has a switch. What an interpreter
//! that is not listed here does with its arguments cannot be known.

use crate::arguments::wrapper;

/// A placeholder where a caller's value would be code, or would choose what runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptHole {
    /// The interpreter or wrapper, as `run` names it.
    pub interpreter: String,
    /// The element of `run`, counted from 1.
    pub element: usize,
    /// How a script reads a value that stands behind it (`"$1"`); `None` where the element is no
    /// script, but chooses one, or a program.
    pub value: Option<&'static str>,
}

impl ScriptHole {
    /// What is wrong with the element: "… is a script of 'sh', and …".
    #[must_use]
    pub fn fault(&self) -> String {
        let by = &self.interpreter;
        match self.value {
            Some(_) => format!(
                "is a script of '{by}', and a placeholder in it makes a caller's value code"
            ),
            None => format!(
                "says what '{by}' starts or loads, and a placeholder in it lets callers choose that"
            ),
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self.value {
            Some(value) => format!(
                "put {{name}} behind the script as an element of its own, and write {value} where \
                 the value is to stand"
            ),
            None => "write the program, its options and its script out, and put {name} behind them"
                .to_owned(),
        }
    }
}

/// How an interpreter is given a script on its command line.
enum Taken {
    /// By a cluster of options with `c` (`-ec`), or by one of these words; the script or its file
    /// is the first argument that is no option. `o` and `O` take an argument of their own.
    Shell(&'static [&'static str]),
    /// By an option; without one, the first argument that is no option is a script or its file.
    Option(Options),
}

struct Options {
    /// Letters and words that take a script, in this element or the next.
    script: (&'static str, &'static [&'static str]),
    /// Letters and words that take something else.
    others: (&'static str, &'static [&'static str]),
    /// Letters that take what follows in their own element, if anything.
    attached: &'static str,
    /// Letters among the others of which a value in an element of its own is data.
    data: &'static str,
    /// What stands behind a script.
    behind: Behind,
}

/// What stands behind a script that an option gave.
#[derive(PartialEq, Eq)]
enum Behind {
    /// More options, then data.
    Options,
    /// Data.
    Data,
    /// More options, then a script file all the same.
    File,
}

struct Interpreter {
    names: &'static [&'static str],
    taken: Taken,
    value: &'static str,
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &[
            "sh", "bash", "rbash", "dash", "ash", "ksh", "rksh", "mksh", "lksh", "oksh", "loksh",
            "pdksh", "zsh", "rzsh", "yash", "posh",
        ],
        taken: Taken::Shell(&[]),
        value: "\"$1\"",
    },
    Interpreter {
        names: &["fish"],
        taken: Taken::Shell(&["command", "init-command"]),
        value: "\"$argv[1]\"",
    },
    Interpreter { names: &["csh", "tcsh"], taken: Taken::Shell(&[]), value: "$argv[1]:q" },
    Interpreter {
        names: &["python", "pypy"],
        taken: Taken::Option(Options {
            script: ("cm", &[]),
            others: ("WX", &["check-hash-based-pycs"]),
            attached: "",
            data: "",
            behind: Behind::Data,
        }),
        value: "sys.argv[1]",
    },
    Interpreter {
        names: &["perl"],
        taken: Taken::Option(Options {
            script: ("eE", &[]),
            others: ("I", &[]),
            attached: "MmFDixV:",
            data: "",
            behind: Behind::Options,
        }),
        value: "$ARGV[0]",
    },
    Interpreter {
        names: &["ruby"],
        taken: Taken::Option(Options {
            script: ("e", &[]),
            others: ("ICEr", &["encoding", "external-encoding", "internal-encoding"]),
            attached: "FixKTW",
            data: "",
            behind: Behind::Options,
        }),
        value: "ARGV[0]",
    },
    Interpreter {
        names: &["node", "nodejs", "bun"],
        taken: Taken::Option(Options {
            script: ("ep", &["eval", "print"]),
            others: (
                "rC",
                &[
                    "require",
                    "import",
                    "loader",
                    "experimental-loader",
                    "conditions",
                    "env-file",
                    "preload",
                    "cwd",
                    "config",
                    "title",
                    "icu-data-dir",
                    "openssl-config",
                ],
            ),
            attached: "",
            data: "",
            behind: Behind::Options,
        }),
        value: "process.argv[1]",
    },
    Interpreter {
        names: &["php"],
        taken: Taken::Option(Options {
            script: (
                "rBREfF",
                &["run", "process-begin", "process-code", "process-end", "process-file", "file"],
            ),
            others: ("cdztS", &["define", "php-ini", "zend-extension", "docroot", "server"]),
            attached: "",
            data: "",
            behind: Behind::Options,
        }),
        value: "$argv[1]",
    },
    Interpreter {
        names: &["lua", "luajit"],
        taken: Taken::Option(Options {
            script: ("e", &[]),
            others: ("l", &[]),
            attached: "jOb",
            data: "",
            behind: Behind::File,
        }),
        value: "arg[1]",
    },
    Interpreter {
        names: &["awk", "gawk", "mawk", "nawk", "original-awk"],
        taken: Taken::Option(Options {
            script: ("feE", &["file", "source", "exec"]),
            others: ("vFilW", &["assign", "field-separator", "include", "load"]),
            attached: "",
            data: "vF",
            behind: Behind::Options,
        }),
        value: "ARGV[1]",
    },
];

/// An element with a placeholder, and whether it is a script (else it chooses one).
struct ScriptElement {
    at: usize,
    is_script: bool,
}

/// The first placeholder in a script, or where it would choose a script or a program. `run` has a
/// NUL in the place of each placeholder.
pub(crate) fn hole(run: &[String]) -> Option<ScriptHole> {
    let started = wrapper::started(run);
    let may_start = &run[..started.data];
    let interpreted = may_start.iter().position(|program| interpreter(program).is_some());
    let scripted = run.iter().enumerate().find_map(|(at, program)| {
        let known = interpreter(program)?;
        let behind = &run[at + 1..];
        let found = match &known.taken {
            Taken::Shell(words) => in_shell(behind, words),
            Taken::Option(options) => by_option(behind, options),
        }?;
        // Behind the first interpreter's script, the name of another is data (`$0`), unless a
        // script follows that name.
        if Some(at) != interpreted && !found.is_script {
            return None;
        }
        Some(ScriptHole {
            interpreter: program.clone(),
            element: at + 1 + found.at + 1,
            value: found.is_script.then_some(known.value),
        })
    });
    scripted.or(started.hole)
}

fn interpreter(program: &str) -> Option<&'static Interpreter> {
    let name = name_of(program);
    INTERPRETERS.iter().find(|known| known.names.contains(&name.as_str()))
}

/// `/usr/bin/python3.12` is `python`.
pub(super) fn name_of(program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or(program).to_ascii_lowercase();
    name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')).to_owned()
}

pub(super) fn has_hole(element: &str) -> bool {
    element.contains('\0')
}

fn is_option(element: &str) -> bool {
    element.len() > 1 && element.starts_with(['-', '+'])
}

/// `--command=…`: the word, and what stands behind it.
pub(super) fn word(element: &str) -> Option<(&str, Option<&str>)> {
    let word = element.strip_prefix("--")?;
    Some(word.split_once('=').map_or((word, None), |(word, value)| (word, Some(value))))
}

fn in_shell(behind: &[String], words: &[&str]) -> Option<ScriptElement> {
    let hole_at = |at: usize, is_script| {
        let has = behind.get(at).is_some_and(|element| has_hole(element));
        has.then_some(ScriptElement { at, is_script })
    };
    let mut is_script = false;
    let mut at = 0;
    while let Some(element) = behind.get(at) {
        if let Some((_, value)) = word(element).filter(|(name, _)| words.contains(name)) {
            let script = if value.is_some() { at } else { at + 1 };
            if let Some(found) = hole_at(script, true) {
                return Some(found);
            }
            is_script = true;
            at = script + 1;
        } else if !is_option(element) {
            return hole_at(at, is_script);
        } else {
            // What a caller puts among the options may be any of them.
            let is_long = element.starts_with("--");
            is_script |= has_hole(element) || (!is_long && element.contains(['c', 'C']));
            let takes_next = matches!(element.as_str(), "--rcfile" | "--init-file")
                || (!is_long && element.ends_with(['o', 'O']));
            let own = hole_at(at, true);
            let next = takes_next.then(|| hole_at(at + 1, false)).flatten();
            if let Some(found) = own.or(next) {
                return Some(found);
            }
            at += 1 + usize::from(takes_next);
        }
    }
    None
}

/// A placeholder in anything that stands before the data: the name of an option may follow from it,
/// and what the options of an interpreter load is code too.
fn by_option(behind: &[String], options: &Options) -> Option<ScriptElement> {
    let mut has_script = false;
    let mut at = 0;
    while let Some(element) = behind.get(at) {
        let ends = element == "--";
        if ends || element.len() < 2 || !element.starts_with('-') {
            let at = at + usize::from(ends);
            let is_data = has_script && options.behind != Behind::File;
            let has = behind.get(at).is_some_and(|element| has_hole(element));
            // Only awk takes its script so.
            return (has && !is_data)
                .then_some(ScriptElement { at, is_script: options.data.contains('v') });
        }
        let Given { is_script, takes_next, letter } = given(element, options);
        if has_hole(element) {
            return Some(ScriptElement { at, is_script });
        }
        has_script |= is_script;
        if takes_next
            && !letter.is_some_and(|letter| options.data.contains(letter))
            && behind.get(at + 1).is_some_and(|element| has_hole(element))
        {
            return Some(ScriptElement { at: at + 1, is_script });
        }
        if is_script && options.behind == Behind::Data {
            return None;
        }
        at += 1 + usize::from(takes_next);
    }
    None
}

/// What an option is.
struct Given {
    is_script: bool,
    takes_next: bool,
    letter: Option<char>,
}

fn given(element: &str, options: &Options) -> Given {
    if let Some((name, value)) = word(element) {
        let is_script = options.script.1.contains(&name);
        let takes = is_script || options.others.1.contains(&name);
        return Given { is_script, takes_next: takes && value.is_none(), letter: None };
    }
    let cluster = &element[1..];
    for (at, letter) in cluster.char_indices() {
        let is_script = options.script.0.contains(letter);
        if is_script || options.others.0.contains(letter) {
            let takes_next = at + letter.len_utf8() == cluster.len();
            return Given { is_script, takes_next, letter: Some(letter) };
        }
        if options.attached.contains(letter) {
            break;
        }
    }
    Given { is_script: false, takes_next: false, letter: None }
}

#[cfg(test)]
mod tests;
