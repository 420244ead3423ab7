//! Scripts of known interpreters, in which a placeholder would make a caller's value code.
//!
//! `run = ["sh", "-c", "tar c {dir}"]` hands the shell a script with the value already in it, and a
//! value such as `x; rm -rf ~` is a second command. The value belongs behind the script, where the
//! script reads it as data: `["sh", "-c", 'tar c "$1"', "sh", "{dir}"]`.
//!
//! An interpreter is found at any place of `run`, so behind `env`, `sudo` or `nsenter` too. In doubt
//! an element is taken for a script: whoever means something else has a switch. What an interpreter
//! that is not listed here does with its arguments cannot be known.

/// A placeholder in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptHole {
    /// The interpreter, as `run` names it.
    pub interpreter: String,
    /// The element of `run`, counted from 1.
    pub element: usize,
    /// How the script reads a value that stands behind it: `"$1"`.
    pub value: &'static str,
}

/// How an interpreter is given a script on its command line.
enum Taken {
    /// By a cluster of options with this letter (`-ec`), or by one of these words; the script is the
    /// first argument that is no option. `o` and `O` take an argument of their own.
    Shell(&'static [&'static str]),
    /// By one of these letters or words: the script follows, in this element or the next. The other
    /// letters take an argument each.
    Option { letters: &'static str, words: &'static [&'static str], others: &'static str },
    /// By one of these letters or words at any place, behind other arguments too.
    Anywhere { letters: &'static str, words: &'static [&'static str] },
    /// As the first argument that is no option, unless one of these letters names a file.
    First { file: &'static str, others: &'static str },
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
        names: &["su", "runuser"],
        taken: Taken::Anywhere { letters: "c", words: &["command", "session-command"] },
        value: "\"$1\"",
    },
    Interpreter {
        names: &["env"],
        taken: Taken::Option { letters: "S", words: &["split-string"], others: "uC" },
        value: "an element of its own",
    },
    Interpreter {
        names: &["python", "pypy"],
        taken: Taken::Option { letters: "c", words: &[], others: "WX" },
        value: "sys.argv[1]",
    },
    Interpreter {
        names: &["perl"],
        taken: Taken::Option { letters: "eE", words: &[], others: "I" },
        value: "$ARGV[0]",
    },
    Interpreter {
        names: &["ruby"],
        taken: Taken::Option { letters: "e", words: &[], others: "ICErx" },
        value: "ARGV[0]",
    },
    Interpreter {
        names: &["node", "nodejs", "bun"],
        taken: Taken::Option { letters: "ep", words: &["eval", "print"], others: "rC" },
        value: "process.argv[1]",
    },
    Interpreter {
        names: &["php"],
        taken: Taken::Option { letters: "rBRE", words: &["run"], others: "cdz" },
        value: "$argv[1]",
    },
    Interpreter {
        names: &["lua", "luajit"],
        taken: Taken::Option { letters: "e", words: &[], others: "l" },
        value: "arg[1]",
    },
    Interpreter {
        names: &["awk", "gawk", "mawk", "nawk", "original-awk"],
        taken: Taken::First { file: "f", others: "vF" },
        value: "ARGV[1]",
    },
];

/// The first placeholder in a script. `run` has a NUL in the place of each placeholder.
pub(crate) fn hole(run: &[String]) -> Option<ScriptHole> {
    run.iter().enumerate().find_map(|(at, program)| {
        let name = name_of(program);
        let known = INTERPRETERS.iter().find(|known| known.names.contains(&name.as_str()))?;
        let behind = &run[at + 1..];
        let element = match &known.taken {
            Taken::Shell(words) => in_shell(behind, words),
            Taken::Option { letters, words, others } => {
                by_option(behind, letters, words, Some(others))
            }
            Taken::Anywhere { letters, words } => by_option(behind, letters, words, None),
            Taken::First { file, others } => as_first(behind, file, others),
        }?;
        Some(ScriptHole {
            interpreter: program.clone(),
            element: at + 1 + element + 1,
            value: known.value,
        })
    })
}

/// `/usr/bin/python3.12` is `python`.
fn name_of(program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or(program).to_ascii_lowercase();
    name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')).to_owned()
}

fn has_hole(element: &str) -> bool {
    element.contains('\0')
}

fn is_option(element: &str) -> bool {
    element.len() > 1 && element.starts_with(['-', '+'])
}

/// `--command=…`: the word, and what stands behind it.
fn word(element: &str) -> Option<(&str, Option<&str>)> {
    let word = element.strip_prefix("--")?;
    Some(word.split_once('=').map_or((word, None), |(word, value)| (word, Some(value))))
}

fn in_shell(behind: &[String], words: &[&str]) -> Option<usize> {
    let mut is_script = false;
    let mut at = 0;
    while let Some(element) = behind.get(at) {
        if let Some((name, value)) = word(element).filter(|(name, _)| words.contains(name)) {
            debug_assert!(!name.is_empty());
            let script = if value.is_some() { at } else { at + 1 };
            if behind.get(script).is_some_and(|script| has_hole(script)) {
                return Some(script);
            }
            at = script + 1;
        } else if !is_option(element) {
            return (is_script && has_hole(element)).then_some(at);
        } else {
            // What a caller puts among the options may be any of them.
            let is_long = element.starts_with("--");
            is_script |= has_hole(element) || (!is_long && element.contains(['c', 'C']));
            if is_script && has_hole(element) {
                return Some(at);
            }
            let takes_next = matches!(element.as_str(), "--rcfile" | "--init-file")
                || (!is_long && element.ends_with(['o', 'O']));
            at += 1 + usize::from(takes_next);
        }
    }
    None
}

/// `ends` are the letters that take an argument of their own, where the first argument that is no
/// option is the end of the options.
fn by_option(
    behind: &[String],
    letters: &str,
    words: &[&str],
    ends: Option<&str>,
) -> Option<usize> {
    let mut at = 0;
    while let Some(element) = behind.get(at) {
        let script = if let Some((name, value)) = word(element) {
            words.contains(&name).then_some(if value.is_some() { at } else { at + 1 })
        } else if let Some(cluster) = element.strip_prefix('-') {
            cluster.find(|c| letters.contains(c)).map(|found| {
                if found + 1 < cluster.len() && has_hole(&cluster[found..]) { at } else { at + 1 }
            })
        } else if ends.is_some() && (has_hole(element) || !element.contains('=')) {
            // `NAME=VALUE` may stand before what `env` starts.
            return None;
        } else {
            None
        };
        if let Some(script) = script {
            if behind.get(script).is_some_and(|script| has_hole(script)) {
                return Some(script);
            }
            at = script + 1;
            continue;
        }
        let mut letters_of = element.chars();
        let takes_next = letters_of.next() == Some('-')
            && letters_of.next().is_some_and(|c| ends.is_some_and(|ends| ends.contains(c)))
            && letters_of.next().is_none();
        at += 1 + usize::from(takes_next);
    }
    None
}

fn as_first(behind: &[String], file: &str, others: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(element) = behind.get(at) {
        let Some(option) = element.strip_prefix('-') else {
            return has_hole(element).then_some(at);
        };
        if option.starts_with(|c| file.contains(c)) {
            return None;
        }
        let takes_next = option.len() == 1 && option.starts_with(|c| others.contains(c));
        at += 1 + usize::from(takes_next);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The element with the hole, where `@` is a placeholder and `|` parts elements.
    fn element(run: &str) -> Option<usize> {
        let run: Vec<_> = run.split('|').map(|element| element.replace('@', "\0")).collect();
        hole(&run).map(|hole| hole.element)
    }

    #[test]
    fn a_placeholder_in_a_script_is_found_however_the_shell_is_started() {
        for (run, at) in [
            ("sh|-c|echo @", 3),
            ("/bin/bash|-c|@", 3),
            ("bash|-ec|echo @", 3),
            ("bash|-xc|-e|echo @", 4),
            ("bash|-o|pipefail|-c|echo @", 5),
            ("bash|-c|-o|pipefail|echo @", 5),
            ("bash|--norc|--rcfile|x|-c|echo @", 6),
            ("zsh|-c|echo @|zsh|x", 3),
            ("ksh93|-c|@", 3),
            ("/usr/bin/env|bash|-c|@", 4),
            ("env|A=b|sh|-c|@", 5),
            ("env|-S|bash -c @", 3),
            ("env|--split-string=bash -c @", 2),
            ("sudo|-u|www|sh|-c|@", 6),
            ("busybox|sh|-c|@", 4),
            ("docker|exec|x|sh|-c|@", 6),
            ("fish|-c|@", 3),
            ("fish|--command=@", 2),
            ("fish|--command|@", 3),
            ("fish|-C|@", 3),
            ("tcsh|-fc|@", 3),
            ("su|www|-c|@", 4),
            ("runuser|-l|www|--command=@", 4),
            ("sh|-@|x", 2),
        ] {
            assert_eq!(element(run), Some(at), "{run}");
        }
    }

    #[test]
    fn a_placeholder_in_a_script_of_another_interpreter_is_found_too() {
        for (run, at) in [
            ("python3.12|-c|print(@)", 3),
            ("python3|-Wignore|-Ic|@", 4),
            ("python3|-W|ignore|-c|@", 5),
            ("python3|-cprint(@)", 2),
            ("perl|-ne|print if /@/", 3),
            ("perl|-e|1|-e|@", 5),
            ("perl5.36|-eprint @", 2),
            ("ruby|-r|json|-e|@", 5),
            ("node|--eval=@", 2),
            ("node|-p|@", 3),
            ("php|-r|echo @;", 3),
            ("lua5.4|-e|@", 3),
            ("awk|-F|:|{print @}", 4),
            ("gawk|/@/ {print}|file", 2),
        ] {
            assert_eq!(element(run), Some(at), "{run}");
        }
    }

    #[test]
    fn a_value_behind_a_script_or_without_one_is_data() {
        for run in [
            "sh|-c|echo \"$1\"|sh|@",
            "bash|-ec|echo \"$1\"|bash|@|x",
            "bash|script.sh|-c|@",
            "bash|@",
            "env|bash|-c|echo \"$1\"|bash|@",
            "env|A=b|-u|X|printenv|@",
            "su|www|-c|echo \"$1\"|sh|@",
            "python3|-c|import sys; print(sys.argv[1])|@",
            "python3|tool.py|-c|@",
            "perl|-e|print $ARGV[0]|@",
            "awk|BEGIN {print ARGV[1]}|@",
            "awk|-f|program.awk|@",
            "awk|-v|x=@|{print x}",
            "systemctl|restart|@",
            "tar|-c|@",
        ] {
            assert_eq!(element(run), None, "{run}");
        }
    }
}
