//! The tables and `spec/control.md` say the same, and what is written reads back.

use std::collections::BTreeMap;

use super::*;
use crate::wire::value::Scalar;
use field::FieldRow;

/// A section of the page: its text, and the rows of its tables.
struct Section {
    text: String,
    /// Type and first words of the description, by the argument.
    arguments: BTreeMap<String, [String; 2]>,
    /// Type and when it is there, by the key.
    keys: BTreeMap<String, [String; 2]>,
}

/// The sections, by their names, and the names by their numbers.
fn page() -> (BTreeMap<String, Section>, Vec<String>) {
    let (mut sections, mut names) = (BTreeMap::new(), Vec::new());
    for text in include_str!("../../../spec/control.md").split("\n## ").skip(1) {
        let name = text.split('`').nth(1).unwrap().to_owned();
        let (mut arguments, mut keys) = (BTreeMap::new(), BTreeMap::new());
        let mut header = "";
        for line in text.lines() {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            match cells[..] {
                ["", first @ ("argument" | "key"), "type", ..] => header = first,
                ["", named, kind, third, ..] if named.starts_with('`') => {
                    let rows = if header == "key" { &mut keys } else { &mut arguments };
                    for name in named.split('`').skip(1).step_by(2) {
                        let row = [kind.to_owned(), third.to_owned()];
                        assert_eq!(rows.insert(name.to_owned(), row), None, "{name} stands twice");
                    }
                }
                _ => {}
            }
        }
        names.push(name.clone());
        sections.insert(name, Section { text: text.to_owned(), arguments, keys });
    }
    (sections, names)
}

/// The rows of what a reply is a map or a list of.
fn rows(kind: &FieldType) -> &[FieldRow] {
    match kind {
        FieldType::Record(rows) => rows,
        FieldType::List(kind) | FieldType::Map(kind) => rows(kind),
        FieldType::Text
        | FieldType::Unsigned
        | FieldType::Integer
        | FieldType::Boolean
        | FieldType::Bytes
        | FieldType::Either(..) => &[],
    }
}

#[test]
fn the_page_has_a_section_for_each_command_and_no_other() {
    let (sections, _) = page();
    let named: Vec<_> = sections.keys().map(String::as_str).collect();
    let mut known: Vec<_> = TABLE.iter().map(|row| row.name).collect();
    known.sort_unstable();
    assert_eq!(named, known);
    for (at, row) in TABLE.iter().enumerate() {
        assert_eq!((row.command as usize, row.command.name()), (at, row.name));
        assert_eq!(ControlCommand::of(&row.name.parse().unwrap()), Some(row.command));
    }
}

#[test]
fn the_page_says_what_each_command_needs() {
    let (sections, _) = page();
    for row in TABLE {
        let text = &sections[row.name].text;
        let needs = text.split("Needs `").nth(1).and_then(|rest| rest.split('`').next());
        let required = Some(row.required.to_string()).filter(|_| row.required != Capability::Call);
        assert_eq!(needs, required.as_deref(), "{}", row.name);
    }
}

#[test]
fn the_page_lists_the_arguments_of_each_command_with_their_types() {
    let (sections, _) = page();
    for row in TABLE {
        let listed = &sections[row.name].arguments;
        let known: BTreeMap<_, _> =
            (row.arguments)().into_iter().map(|row| (row.key.to_owned(), row)).collect();
        assert!(listed.keys().eq(known.keys()), "{}: {:?}", row.name, listed.keys());
        for (key, [kind, value]) in listed {
            let FieldRow { kind: known, optional, .. } = &known[key];
            assert_eq!(*kind, known.to_string(), "{} {key}", row.name);
            assert_eq!(value.starts_with("optional; "), *optional, "{} {key}", row.name);
        }
    }
}

#[test]
fn the_page_lists_the_keys_of_each_reply_with_their_types_and_whether_they_are_always_there() {
    let (sections, names) = page();
    for row in TABLE {
        let section = &sections[row.name];
        let reply = (row.reply)();
        let article = if matches!(reply, FieldType::List(_)) { "an" } else { "a" };
        let said = format!("The value is {article} {reply}");
        assert!(section.text.contains(&said), "{}: {said}", row.name);
        // Keys that another section has the table of, and those of the maps within.
        let other = section.text.split("the keys of §").nth(1).and_then(|rest| {
            let number: usize = rest.split(',').next()?.parse().ok()?;
            Some(&sections[&names[number - 1]])
        });
        let mut known = Vec::new();
        for row in rows(&reply) {
            known.push(row.clone());
            if row.key == "peers" {
                known.extend_from_slice(rows(&row.kind));
            }
        }
        for FieldRow { key, kind, optional } in &known {
            let at = format!("{} {key}", row.name);
            let listed = section.keys.get(*key).or_else(|| other?.keys.get(*key));
            let [listed, when] = listed.unwrap_or_else(|| panic!("{at}"));
            assert_eq!(*listed, kind.to_string(), "{at}");
            assert_eq!(when != "always", *optional, "{at}");
            for FieldRow { key, .. } in rows(kind) {
                let within = |section: &Section| section.text.contains(&format!("`{key}`"));
                assert!(within(section) || other.is_some_and(within), "{at} {key}");
            }
        }
        for key in section.keys.keys() {
            assert!(known.iter().any(|row| row.key == *key), "{} has no key {key}", row.name);
        }
    }
}

#[test]
fn a_request_reads_back_and_takes_nothing_else() {
    let request = PeersRequest { after: "web-1".parse().ok(), which: Some(Listed::Bound) };
    let arguments = request.to_arguments().unwrap();
    assert_eq!(PeersRequest::of_arguments(arguments.as_arguments()), Ok(request));
    assert_eq!(PeersRequest::of_arguments(Arguments::default()), Ok(PeersRequest::default()));
    for wrong in [
        ArgumentsBuf::new().push_text("web-1"),
        ArgumentsBuf::new().named("which", Scalar::Text("all")),
        ArgumentsBuf::new().named("after", Scalar::Text("Web 1")),
        ArgumentsBuf::new().named("after", Scalar::Boolean(true)),
        ArgumentsBuf::new().named("colour", Scalar::Text("red")),
    ] {
        let wrong = wrong.unwrap();
        assert!(PeersRequest::of_arguments(wrong.as_arguments()).is_err());
    }
    let missing = ForgetRequest::of_arguments(Arguments::default()).unwrap_err();
    assert_eq!(missing.to_string(), "'id' is missing, or not of its type");
}

/// A flag is left out where it is false.
#[test]
fn a_flag_that_is_not_set_is_not_sent() {
    let arguments = |now| RotateKeysRequest { now: Flag(now) }.to_arguments().unwrap();
    assert_eq!(arguments(false).as_arguments().named().count(), 0);
    assert_eq!(arguments(true).as_arguments().named().count(), 1);
}

#[test]
fn a_reply_is_read_past_what_a_later_hub_says() -> Result<(), ValueError> {
    let later = ValueBuf::map([
        ("id", ValueBuf::text("web-1")),
        ("state", ValueBuf::text("dozing")),
        (
            "revoked",
            ValueBuf::map([
                ("at", ValueBuf::uint(7)),
                ("reason", ValueBuf::text("lost")),
                ("by", ValueBuf::text("ops")),
            ])?,
        ),
        ("mood", ValueBuf::array([])?),
    ])?;
    let peer: PeerSummary = Item::read(later.as_value()).unwrap();
    assert_eq!(peer.peer.state, Word::Other("dozing".to_owned()));
    assert_eq!(peer.peer.state.to_string(), "dozing");
    assert_eq!(peer.peer.revoked, Some(Revoked { at: 7, reason: "lost".to_owned() }));
    assert_eq!((peer.commands, peer.peer.session, peer.peer.binding), (None, None, None));
    let nothing = ValueBuf::map([("id", ValueBuf::text("web-1"))])?;
    let misread = <PeerSummary as Item>::read(nothing.as_value()).unwrap_err();
    assert_eq!(misread.keys, ["state"]);
    Ok(())
}

/// The next page goes on behind the last entry, read or not.
#[test]
fn a_page_leaves_out_what_cannot_be_read() -> Result<(), ValueError> {
    let entry = |id, state| ValueBuf::map([("id", ValueBuf::text(id)), ("state", state)]);
    let page = ValueBuf::array([
        entry("a", ValueBuf::text("online"))?,
        ValueBuf::boolean(true),
        entry("b", ValueBuf::uint(1))?,
    ])?;
    let page: Page<PeerSummary> = Item::read(page.as_value()).unwrap();
    let read: Vec<_> = page.iter().map(|listed| listed.peer.id.to_string()).collect();
    assert_eq!(read, ["a"]);
    let next = PeersRequest::default().behind(&page).unwrap();
    assert_eq!(next.after, "b".parse().ok());
    let none: Page<PeerSummary> = Item::read(ValueBuf::uint(7).as_value()).unwrap();
    assert_eq!((none.iter().count(), PeersRequest::default().behind(&none)), (0, None));
    Ok(())
}
