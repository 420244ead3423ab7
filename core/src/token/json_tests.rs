//! JSON as tokens may hold it, and as they may not.

use super::*;

#[test]
fn an_object_is_read_and_written_in_its_own_order() {
    let json = r#"{"b":[1,-2,1.5,true,null,18446744073709551615],"a":{"c":"\"\\\u0001é"}}"#;
    let read = Object::read(json.as_bytes()).unwrap();
    assert_eq!(read.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(read.to_string(), json);
    let spaced = json.replace(',', " ,\n").replace(':', "\t: ");
    assert_eq!(Object::read(format!("\r\n{spaced} ").as_bytes()), Ok(read));
}

#[test]
fn what_tokens_may_not_hold_is_refused() {
    let not_json = |text: &str| JsonError::NotJson(text.to_owned());
    let twice = |name: &str| JsonError::NameTwice(name.to_owned());
    for (json, reason) in [
        (r#"{"a": 1, "a": 1}"#, twice("a")),
        (r#"{"a": 1, "\u0061": 1}"#, twice("a")),
        (r#"{"a": {"b": 1, "b": 2}}"#, twice("b")),
        (r#"{"a": [{"b": 1, "b": 2}]}"#, twice("b")),
        ("[]", JsonError::NoObject),
        ("1", JsonError::NoObject),
        ("{} {}", JsonError::Trailing),
        ("{}\0", JsonError::Trailing),
        ("", not_json("EOF while parsing a value")),
        ("\u{FEFF}{}", not_json("expected value")),
        ("{\"a\": \u{1}}", not_json("expected value")),
        ("{'a': 1}", not_json("key must be a string")),
        (r#"{"a":1,}"#, not_json("trailing comma")),
        (r#"{"a":01}"#, not_json("invalid number")),
        (r#"{"a":NaN}"#, not_json("expected value")),
        (r#"{"a":1e999}"#, not_json("number out of range")),
        ("{} // a comment", JsonError::Trailing),
        (r#"{"a":[[[[]]]]}"#, JsonError::TooDeep),
    ] {
        assert_eq!(Object::read(json.as_bytes()), Err(reason), "{json}");
    }
    assert!(Object::read(br#"{"a":[[[]]]}"#).is_ok());
    for bad in [&b"{\"a\": \"\xFF\"}"[..], br#"{"a":"\ud800"}"#, br#"{"\udc00":1}"#] {
        assert!(matches!(Object::read(bad), Err(JsonError::NotJson(_))), "{bad:?}");
    }
}

#[test]
fn an_object_has_64_names_at_most_and_one_of_them_is_shown_cut() {
    let members = |n: usize| {
        let members: Vec<_> = (0..n).map(|at| format!("\"{at}\":0")).collect();
        Object::read(format!("{{{}}}", members.join(",")).as_bytes())
    };
    assert!(members(MEMBERS).is_ok());
    assert_eq!(members(MEMBERS + 1), Err(JsonError::TooManyNames));
    let long = "x".repeat(1000);
    let twice = Object::read(format!("{{\"{long}\":1,\"{long}\":1}}").as_bytes());
    assert_eq!(twice, Err(JsonError::NameTwice("x".repeat(32))));
}

#[test]
fn a_date_is_a_whole_number_below_2_to_the_53() {
    for (json, unix) in [
        ("0", Some(0)),
        ("9007199254740991", Some((1 << 53) - 1)),
        ("9007199254740992", None),
        ("18446744073709551616", None),
        ("-1", None),
        ("-0", None),
        ("1.0", None),
        ("1e3", None),
        ("\"1\"", None),
        ("true", None),
        ("null", None),
        ("[1]", None),
    ] {
        let read = Object::read(format!("{{\"exp\":{json}}}").as_bytes()).unwrap();
        assert_eq!(read.get("exp").and_then(Json::unix), unix, "{json}");
    }
}
