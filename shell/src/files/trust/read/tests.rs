use proptest::prelude::*;
use toml::{Table as Toml, Value as TomlValue};

use super::*;

/// A file as both readers understand it.
type Read = BTreeMap<String, BTreeMap<String, TomlValue>>;

fn ours(text: &str) -> Option<Read> {
    let tables = tables(text).ok()?;
    let value = |value| match value {
        Value::Text(text) => TomlValue::String(text),
        Value::Number(number) => TomlValue::Integer(number),
        Value::List(list) => list.into_iter().map(TomlValue::String).collect::<Vec<_>>().into(),
    };
    let values = |table: TrustTable| {
        table.values.into_iter().map(|(key, (_, found))| (key, value(found))).collect()
    };
    Some(tables.into_iter().map(|table| (table.name.clone(), values(table))).collect())
}

fn theirs(text: &str) -> Read {
    let mut root: Toml = text.parse().unwrap_or_else(|error| panic!("{error}\n{text:?}"));
    let hubs = root.remove("hub").map_or_else(Toml::new, |hubs| hubs.try_into().unwrap());
    assert!(root.is_empty(), "{text:?}");
    let table = |(name, table): (String, TomlValue)| (name, table.try_into().unwrap());
    hubs.into_iter().map(table).collect()
}

#[test]
fn what_a_person_may_write_by_hand_is_read_as_toml_says() {
    let text = "\r\n# a comment\t\u{e4}\r\n\
                [ hub . 'a \"b' ] # one\n\
                pin='sha256/x'#\n\
                \t\"first-seen\" = 1\n\n\
                \"a\\\"\\\\\\u00e4\\U0001F600\\t\" = \"\\b\\n\\f\\r\"\n\
                pinned = [ # each\n  'one', # of\n\n  \"two\",\n]\n\
                [hub.bare-_9]\n\
                generation = -7\nnone = []\nlist = ['x','y']";
    let read = ours(text).unwrap();
    assert_eq!(read, theirs(text));
    assert_eq!((read.len(), read["bare-_9"].len(), read["a \"b"].len()), (2, 3, 4));
    assert_eq!(ours(""), Some(Read::new()));
}

#[test]
fn what_stands_in_no_trust_file_is_refused_with_its_line() {
    let in_table = |text: &str| format!("[hub.x]\n\n{text}");
    for text in [
        "a = \"\"\"b\"\"\"".to_owned(),
        in_table("a = '''b'''"),
        in_table("a = 1.5"),
        in_table("a = 01"),
        in_table("a = 1_0"),
        in_table("a = 0x1"),
        in_table("a = +1"),
        in_table("a = 9223372036854775808"),
        in_table("a = -"),
        in_table("a = true"),
        in_table("a = 1979-05-27"),
        in_table("a = {}"),
        in_table("a = [1]"),
        in_table("a = ['b' 'c']"),
        in_table("a = [,]"),
        in_table("a = 'b' c = 'd'"),
        in_table("a.b = 1"),
        in_table("= 1"),
        in_table("a 1"),
        in_table("a ="),
        in_table("\"a = 1"),
        in_table("a = \"\\x41\""),
        in_table("a = \"\\uD800\""),
        in_table("a = \"\\u00\u{e4}\""),
        in_table("a = \"\u{1}\""),
        in_table("# \u{0}"),
        in_table("\u{feff}"),
        in_table("[hub.y.z]"),
        in_table("[hubs.y]"),
        in_table("[hub]"),
        in_table("[[hub.y]]"),
    ] {
        let fault = tables(&text).err().unwrap_or_else(|| panic!("{text:?}"));
        let line = if text.starts_with("[hub") { 3 } else { 1 };
        assert_eq!(fault.line, line, "{text:?}: {fault}");
    }
    assert_eq!(tables("[hub.x]\na = 1\na = 2\n").err().unwrap().line, 3);
    assert_eq!(tables("[hub.x]\n[hub.'x']\n").err().unwrap().line, 2);
    assert_eq!(tables("[hub.x]\na = [\n'b'\n").err().unwrap().line, 4);
}

/// Pieces of such a file, good and bad.
const PIECES: &[&str] = &[
    "[hub.x]\n",
    "[hub.\"y\"]",
    "[",
    "]",
    "hub",
    ".",
    "a",
    "b = ",
    "=",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "#",
    "'",
    "\"",
    "\\",
    "\\\"",
    "\\u0041",
    "\\U0001F600",
    "\\n",
    "\\e",
    "-",
    "0",
    "1",
    "7",
    "_",
    ",",
    "'c'",
    "\"d\"",
    "\u{e4}",
    "\u{1}",
    "e = ['f']\n",
    "true",
    "{}",
    "[[hub.x]]",
];

proptest! {
    #[test]
    fn whatever_is_read_means_the_same_to_any_reader_of_toml(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24),
    ) {
        for head in ["", "[hub.z]\n", "[hub.z]\nk = "] {
            let text = format!("{head}{}", pieces.concat());
            if let Some(read) = ours(&text) {
                prop_assert_eq!(read, theirs(&text), "{:?}", text);
            }
        }
    }
}
