//! Which key of which frame holds what: the table of `spec/frames.md` §4, for showing it.
//!
//! Nothing is checked by it; the reader of `bowline_core::wire` does that first.

/// A frame of the protocol.
pub(super) struct Layout {
    pub(super) number: u8,
    pub(super) name: &'static str,
    pub(super) body: &'static [Row],
}

/// One key of a map.
pub(super) struct Row {
    pub(super) key: u64,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What a key holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A number that counts or names.
    Number,
    /// A number that chooses: its meanings.
    Choice(&'static [(u64, &'static str)]),
    /// A number of seconds after 1970.
    Date,
    /// A span in seconds.
    Seconds,
    /// A span in milliseconds.
    Millis,
    /// Text that has a grammar: an id, a name, a code.
    Name,
    /// Text that anyone may have written.
    Text,
    /// Bytes that identify something: shown whole.
    Id,
    /// Bytes that are carried: shown by their number and their beginning.
    Bytes,
    /// Bytes that let their holder in: only their number is shown.
    Secret,
    /// A hub's identity key.
    Identity,
    /// Another Ed25519 key.
    Key,
    /// The hash of a TLS key.
    Pin,
    /// Present where something is so.
    Flag,
    /// A value of a command.
    Value,
    /// A map of text to text, or the name of a target.
    Labels,
    /// A list of one kind.
    List(&'static Self),
    /// A map.
    Map(&'static [Row]),
}

const fn row(key: u64, name: &'static str, kind: Kind) -> Row {
    Row { key, name, kind }
}

/// The frame of this number, if this version knows it.
pub(super) fn layout(number: u8) -> Option<&'static Layout> {
    LAYOUTS.iter().find(|layout| layout.number == number)
}

const fn frame(number: u8, name: &'static str, body: &'static [Row]) -> Layout {
    Layout { number, name, body }
}

use Kind::{
    Bytes, Choice, Date, Flag, Id, Identity, Key, Labels, List, Map, Millis, Name, Number, Pin,
    Seconds, Secret, Text, Value,
};

const ID: Row = row(0, "call", Number);
const TOKEN: &[Row] = &[row(0, "token", Number)];

/// In the order of their numbers.
pub(super) const LAYOUTS: &[Layout] = &[
    frame(0x01, "hello", HELLO),
    frame(0x02, "authenticate", AUTHENTICATE),
    frame(0x03, "welcome", WELCOME),
    frame(
        0x04,
        "refuse",
        &[
            row(0, "code", Name),
            row(1, "text", Text),
            row(2, "hub's clock", Date),
            row(3, "retry after", Seconds),
        ],
    ),
    frame(0x10, "ping", TOKEN),
    frame(0x11, "pong", TOKEN),
    frame(0x12, "register", &[row(0, "commands", List(&Map(COMMAND)))]),
    frame(0x13, "registered", &[row(0, "commands", Number)]),
    frame(
        0x20,
        "call",
        &[
            ID,
            row(1, "target", Labels),
            row(2, "command", Name),
            row(3, "arguments", Value),
            row(4, "named arguments", Value),
            row(5, "deadline", Millis),
            row(6, "window", Number),
            row(7, "delivery", Choice(&[(1, "detached")])),
        ],
    ),
    frame(
        0x21,
        "accepted",
        &[ID, row(1, "went to", List(&Name)), row(2, "waits for", List(&Name))],
    ),
    frame(
        0x22,
        "output",
        &[
            ID,
            row(1, "peer", Name),
            row(2, "source", Choice(&[(1, "standard output"), (2, "standard error")])),
            row(3, "offset", Number),
            row(4, "bytes", Bytes),
        ],
    ),
    frame(
        0x23,
        "result",
        &[
            ID,
            row(1, "peer", Name),
            row(2, "status", Choice(&[(0, "exited"), (1, "signalled"), (2, "failed")])),
            row(3, "exit code", Value),
            row(4, "signal", Number),
            row(5, "value", Value),
            row(6, "code", Name),
            row(7, "text", Text),
            row(0x80, "remark", Text),
        ],
    ),
    frame(
        0x24,
        "done",
        &[
            ID,
            row(1, "answered", Number),
            row(2, "failed", Number),
            row(3, "missing", Number),
            row(0x80, "only claim the labels", Number),
        ],
    ),
    frame(0x25, "cancel", &[ID, row(1, "reason", Text)]),
    frame(0x26, "window", &[ID, row(1, "more bytes", Number)]),
    frame(
        0x27,
        "input",
        &[ID, row(1, "offset", Number), row(2, "bytes", Bytes), row(3, "end", Flag)],
    ),
    frame(0x40, "refresh", REFRESH),
    frame(0x41, "refreshed", ISSUED),
    frame(
        0x50,
        "deny",
        &[
            ID,
            row(1, "code", Name),
            row(2, "request", Text),
            row(3, "lacks", Text),
            row(4, "text", Text),
        ],
    ),
    frame(
        0x51,
        "goaway",
        &[row(0, "code", Name), row(1, "text", Text), row(2, "reconnect after", Seconds)],
    ),
];

const METHODS: &[(u64, &str)] =
    &[(0, "open"), (1, "secret"), (2, "join"), (3, "resume"), (4, "refresh"), (5, "pass")];

const LIMITS: &[Row] = &[
    row(0, "largest message", Number),
    row(1, "open calls", Number),
    row(2, "longest deadline", Millis),
];

pub(super) const HELLO: &[Row] = &[
    row(0, "identity", Identity),
    row(1, "name", Text),
    row(2, "nonce", Id),
    row(3, "methods", List(&Choice(METHODS))),
    row(4, "hub's clock", Date),
    row(5, "TLS keys", List(&Pin)),
    row(6, "generation", Number),
    row(7, "limits", Map(LIMITS)),
];

pub(super) const AUTHENTICATE: &[Row] = &[
    row(0, "method", Choice(METHODS)),
    row(1, "purpose", Choice(&[(0, "serve"), (1, "operate")])),
    row(2, "peer", Name),
    row(3, "peer's key", Key),
    row(4, "TLS key seen", Pin),
    row(5, "credential", Bytes),
    row(6, "agent", Text),
    row(7, "labels", Labels),
    row(8, "generation", Number),
    row(0x80, "a later start", Bytes),
];

pub(super) const WELCOME: &[Row] = &[
    row(0, "session", Id),
    row(1, "peer", Name),
    row(2, "capabilities", List(&Text)),
    row(4, "expires", Date),
    row(5, "heartbeat", Seconds),
    row(6, "limits", Map(LIMITS)),
    row(7, "credentials", Map(ISSUED)),
];

const ISSUED: &[Row] = &[
    row(0, "certificate", Bytes),
    row(1, "refresh token", Secret),
    row(2, "refresh token ends", Date),
];

pub(super) const REFRESH: &[Row] = &[row(0, "refresh token", Secret)];

const COMMAND: &[Row] =
    &[row(0, "name", Name), row(1, "description", Text), row(2, "arguments", List(&Map(ARGUMENT)))];

const ARGUMENT: &[Row] = &[
    row(0, "name", Text),
    row(
        1,
        "type",
        Choice(&[
            (0, "string"),
            (1, "integer"),
            (2, "number"),
            (3, "boolean"),
            (4, "choice"),
            (5, "path"),
        ]),
    ),
    row(2, "choices", List(&Text)),
    row(3, "optional", Flag),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SPEC: &str = include_str!("../../../../spec/frames.md");

    /// The keys that a passage lists: the numbers that begin its parts.
    fn listed(passage: &str) -> BTreeSet<u64> {
        let mut depth = 0;
        let outside: String = passage
            .chars()
            .filter(|c| {
                depth += i32::from(*c == '(');
                let inside = depth > 0;
                depth -= i32::from(*c == ')');
                !inside
            })
            .collect();
        let number = |part: &str| {
            let part = part.trim().trim_start_matches("? ");
            let word = part.split(' ').next()?;
            match word.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(digits, 16).ok(),
                None => word.parse().ok(),
            }
        };
        outside.split([',', ':']).filter_map(number).collect()
    }

    fn keys(rows: &[Row]) -> BTreeSet<u64> {
        rows.iter().map(|row| row.key).collect()
    }

    #[test]
    fn every_frame_and_key_of_the_specification_has_its_row() {
        let mut seen = Vec::new();
        for line in SPEC.lines().filter(|line| line.starts_with("| 0x")) {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            let number = u8::from_str_radix(columns[1].trim_start_matches("0x"), 16).unwrap();
            let layout = layout(number).unwrap_or_else(|| panic!("{number:#04x} has no layout"));
            assert_eq!(layout.name, columns[2].to_lowercase());
            if !columns[4].starts_with("proved") {
                assert_eq!(keys(layout.body), listed(columns[4]), "{}", layout.name);
            }
            seen.push(number);
        }
        assert_eq!(seen, LAYOUTS.iter().map(|layout| layout.number).collect::<Vec<_>>());
    }

    #[test]
    fn every_key_of_the_bodies_and_of_what_stands_in_them_has_its_row() {
        let spec = SPEC.replace('\n', " ");
        for (heading, rows) in [
            ("**HelloBody**:", HELLO),
            ("**AuthBody**:", AUTHENTICATE),
            ("**WelcomeBody**:", WELCOME),
            ("**RefreshBody**:", REFRESH),
            ("**Credentials**:", ISSUED),
            ("**Limits**:", LIMITS),
            ("**A command**:", COMMAND),
            ("**A declared argument**:", ARGUMENT),
        ] {
            let (_, rest) = spec.split_once(heading).unwrap();
            let passage = rest.split('.').next().unwrap();
            assert_eq!(keys(rows), listed(passage), "{heading}");
        }
    }
}
