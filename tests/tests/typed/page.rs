//! What a page of Markdown types, in order.
//!
//! | in the page | what is done |
//! |---|---|
//! | a line `NAME$ COMMAND` of a block `text` or `sh` | the command is typed on the machine NAME |
//! | lines below it | all that the command says, where `…` is any text and a line `…` any lines |
//! | `exit=N` behind the kind of a block | its commands end with N, and not with 0 |
//! | `file=NAME:PATH` behind it | the block is that file, in the home of NAME |
//! | `<!-- copy NAME:PATH NAME:PATH -->` | a file goes from one machine to another, as by `scp` |
//! | `<!-- stop NAME -->` | what runs on that machine is ended, as by Ctrl-C |
//!
//! A `peer.toml` or `hub.toml` has to be one that the program takes. A program that goes on,
//! `bowline hub` or `bowline peer`, ends the one before it on its machine. A block `sh` without
//! prompts holds what `words.rs` excuses.
//!
//! Comments stand alone on their line, and what they do is said in the page to its reader as well.

use std::mem;

/// One thing to do, and the line of the page that says so.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) doing: Doing,
}

#[derive(Debug)]
pub(crate) enum Doing {
    /// A file is written.
    Write { on: Place, text: String },
    /// A file goes to another machine.
    Copy { from: Place, to: Place },
    /// What runs there is ended.
    Stop { machine: String },
    /// A command is typed.
    Type(Typed),
}

/// A file in the home of a machine.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) machine: String,
    pub(crate) path: String,
}

/// A command, where it is typed, and what the page claims of it.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) machine: String,
    pub(crate) command: String,
    /// All that it says; nothing is claimed where this is empty.
    pub(crate) claims: Vec<String>,
    pub(crate) exit: i32,
}

/// What is wrong with the page, with its line.
pub(crate) type Wrong = String;

/// What a page types.
pub(crate) fn steps(page: &str) -> Result<Vec<Step>, Wrong> {
    let mut steps = Vec::new();
    let mut block: Option<Block> = None;
    for (at, line) in page.lines().enumerate() {
        let at = at + 1;
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(info)) => block = Some(Block { at, info: info.to_owned(), lines: vec![] }),
            (Some(open), Some(_)) => {
                let wrong = |wrong| format!("line {at}: {wrong}");
                steps.extend(mem::take(open).steps().map_err(wrong)?);
                block = None;
            }
            (Some(open), None) => open.lines.push(line.to_owned()),
            (None, None) => {
                if let Some(comment) = line.trim().strip_prefix("<!-- ") {
                    let doing = comment.strip_suffix(" -->").and_then(said);
                    let doing = doing.ok_or_else(|| format!("line {at}: what is {line}?"))?;
                    steps.push(Step { line: at, doing });
                }
            }
        }
    }
    match block {
        None => Ok(steps),
        Some(open) => Err(format!("line {}: a block without an end", open.at)),
    }
}

/// What a comment says.
fn said(comment: &str) -> Option<Doing> {
    let words: Vec<_> = comment.split(' ').collect();
    match words[..] {
        ["stop", machine] => Some(Doing::Stop { machine: machine.to_owned() }),
        ["copy", from, to] => Some(Doing::Copy { from: place(from)?, to: place(to)? }),
        _ => None,
    }
}

fn place(text: &str) -> Option<Place> {
    let (machine, path) = text.split_once(':')?;
    Some(Place { machine: machine.to_owned(), path: path.to_owned() })
}

/// A fenced block.
#[derive(Default)]
struct Block {
    at: usize,
    info: String,
    lines: Vec<String>,
}

impl Block {
    fn steps(self) -> Result<Vec<Step>, Wrong> {
        let (kind, _) = self.info.split_once(' ').unwrap_or((&self.info, ""));
        if let Some(file) = self.said("file") {
            let on = place(file).ok_or("file=NAME:PATH was expected")?;
            let text = self.lines.iter().map(|line| format!("{line}\n")).collect();
            return Ok(vec![Step { line: self.at, doing: Doing::Write { on, text } }]);
        }
        if kind == "toml" && !self.lines.iter().any(|line| line == "[dependencies]") {
            return Err("a configuration without file=NAME:PATH".to_owned());
        }
        let is_typed = self.lines.iter().any(|line| prompted(line).is_some());
        match kind {
            "sh" if !is_typed => Ok(self.bare()),
            "sh" | "text" => self.prompts(),
            _ if is_typed || self.lines.iter().any(|line| is_ours(line)) => {
                Err("commands are typed in a block 'text'".to_owned())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What is said of a block behind its kind: `NAME=VALUE`.
    fn said(&self, name: &str) -> Option<&str> {
        let mut words = self.info.split(' ').filter_map(|word| word.split_once('='));
        words.find(|(word, _)| *word == name).map(|(_, value)| value)
    }

    fn exit(&self) -> Result<i32, Wrong> {
        self.said("exit").map_or(Ok(0), |exit| exit.parse().map_err(|_| "exit=N".to_owned()))
    }

    /// Each line is a command, on no machine.
    fn bare(&self) -> Vec<Step> {
        let lines = self.lines.iter().enumerate();
        let typed = lines.map(|(at, line)| Step {
            line: self.at + at + 1,
            doing: Doing::Type(Typed {
                machine: String::new(),
                command: line.clone(),
                claims: Vec::new(),
                exit: 0,
            }),
        });
        typed.collect()
    }

    /// Each line behind a prompt is a command, and what is below it what it says.
    fn prompts(&self) -> Result<Vec<Step>, Wrong> {
        let exit = self.exit()?;
        let mut steps: Vec<Step> = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            if let Some((machine, command)) = prompted(line) {
                let (machine, command) = (machine.to_owned(), command.to_owned());
                let typed = Typed { machine, command, claims: Vec::new(), exit };
                steps.push(Step { line: self.at + at + 1, doing: Doing::Type(typed) });
            } else if let Some(Step { doing: Doing::Type(typed), .. }) = steps.last_mut() {
                typed.claims.push(line.clone());
            } else if line.starts_with("bowline ") {
                return Err(format!("'{line}' says on no machine to be typed: NAME$ {line}"));
            }
        }
        Ok(steps)
    }
}

/// Whether a line runs our program, behind a prompt of whatever shell or none.
fn is_ours(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.trim_start_matches(['$', '#', '%', '>', ' ']);
    line.strip_prefix("sudo ").unwrap_or(line).starts_with("bowline ")
}

/// The machine and the command of a line with a prompt.
fn prompted(line: &str) -> Option<(&str, &str)> {
    let (machine, command) = line.split_once("$ ")?;
    let is_name = machine.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_name.then(|| (machine, command.trim_start()))
}

#[test]
fn a_page_says_what_is_typed_where_and_what_comes_of_it() {
    let page = "a\n```toml file=web:peer.toml\nid = 1\n```\n<!-- copy hub:a web:b -->\n\
                ```text exit=3\nhub$ bowline ls\none\ntwo\nweb$  x\n```\n\
                ```sh\n./demo\n```\n<!-- stop hub -->\n```rust\nlet x = 1;\n```\n";
    let steps = steps(page).unwrap();
    let shown: Vec<_> =
        steps.iter().map(|step| format!("{} {:?}", step.line, step.doing)).collect();
    assert_eq!(shown.len(), 6, "{shown:#?}");
    let ls = "machine: \"hub\", command: \"bowline ls\", claims: [\"one\", \"two\"], exit: 3";
    for (at, text) in [
        (0, "2 Write { on: Place { machine: \"web\", path: \"peer.toml\" }, text: \"id = 1\\n\""),
        (1, "5 Copy"),
        (2, ls),
        (3, "10 Type(Typed { machine: \"web\", command: \"x\", claims: []"),
        (4, "13 Type(Typed { machine: \"\", command: \"./demo\""),
        (5, "15 Stop { machine: \"hub\" }"),
    ] {
        assert!(shown[at].contains(text), "{}", shown[at]);
    }
}

#[test]
fn what_says_on_no_machine_to_be_typed_is_refused() {
    for page in [
        "```text\nbowline ls\n```\n",
        "```console\nhub$ bowline ls\n```\n",
        "```bash\nbowline frobnicate\n```\n",
        "```\n  bowline frobnicate\n```\n",
        "```console\n# bowline frobnicate\n```\n",
        "```text\nhub$ bowline ls\n",
        "<!-- new machine -->\n",
        "```toml file=peer.toml\n```\n",
        "```toml\nid = \"web-1\"\n```\n",
    ] {
        assert!(steps(page).is_err(), "{page}");
    }
}
