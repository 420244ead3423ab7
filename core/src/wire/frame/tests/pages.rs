//! `spec/frames.md` says of every frame what the table says.

use crate::wire::frame::Frame;
use crate::wire::frame::schema::{FieldKind, FieldSchema, Sender};

const PAGE: &str = include_str!("../../../../../spec/frames.md");

/// The keys that a passage lists, and whether they may be absent: the numbers that begin its parts.
fn listed(passage: &str) -> Vec<(u64, bool)> {
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
        let part = part.trim();
        let optional = part.strip_prefix("? ");
        let word = optional.unwrap_or(part).split(' ').next()?;
        let key = match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => word.parse().ok(),
        };
        Some((key?, optional.is_some()))
    };
    outside.split([',', ':']).filter_map(number).collect()
}

fn keys(fields: &[FieldSchema]) -> Vec<(u64, bool)> {
    fields.iter().map(|field| (field.key, field.optional)).collect()
}

/// The keys of the map, or the list of maps, that a field of this name holds.
fn inside(fields: &[FieldSchema], name: &str) -> &'static [FieldSchema] {
    match fields.iter().find(|field| field.name == name).unwrap().kind {
        FieldKind::Map(fields) | FieldKind::List(&FieldKind::Map(fields)) => fields,
        kind => panic!("{name}: {kind:?}"),
    }
}

fn body(name: &str) -> &'static [FieldSchema] {
    Frame::TABLE.iter().find(|frame| frame.name == name).unwrap().body.fields
}

#[test]
fn every_frame_and_key_of_the_specification_has_its_row() {
    let lines = PAGE.lines().filter(|line| line.starts_with("| 0x"));
    assert_eq!(lines.clone().count(), Frame::TABLE.len());
    for (line, frame) in lines.zip(Frame::TABLE) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let sender = match frame.sender {
            Sender::Hub => "hub",
            Sender::Peer => "peer",
            Sender::Both => "both",
        };
        assert_eq!(columns[1], format!("{:#04x}", frame.number));
        assert_eq!((&*columns[2].to_lowercase(), columns[3]), (frame.name, sender));
        if frame.body.proof.is_some() {
            assert!(columns[4].starts_with("proved"), "{}", frame.name);
        } else {
            assert_eq!(keys(frame.body.fields), listed(columns[4]), "{}", frame.name);
        }
    }
}

#[test]
fn every_key_of_the_bodies_and_of_what_stands_in_them_has_its_row() {
    let page = PAGE.replace('\n', " ");
    let commands = inside(body("register"), "commands");
    for (heading, fields) in [
        ("**HelloBody**:", body("hello")),
        ("**AuthBody**:", body("authenticate")),
        ("**WelcomeBody**:", body("welcome")),
        ("**RefreshBody**:", body("refresh")),
        ("**Credentials**:", inside(body("welcome"), "credentials")),
        ("**Limits**:", inside(body("hello"), "limits")),
        ("**A command**:", commands),
        ("**A declared argument**:", inside(commands, "arguments")),
    ] {
        let (_, rest) = page.split_once(heading).unwrap();
        let passage = rest.split('.').next().unwrap();
        assert_eq!(keys(fields), listed(passage), "{heading}");
    }
}
