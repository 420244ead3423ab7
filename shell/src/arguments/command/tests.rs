use bowline_core::wire::frame::{Argument, ArgumentKind};

use super::*;
use crate::arguments::ValueKind;

fn command(run: &[&str], arguments: Vec<ArgumentSpec>) -> Result<CommandSpec, SpecError> {
    let run: Vec<_> = run.iter().map(|&element| element.to_owned()).collect();
    CommandSpec::new("restart".parse().unwrap(), &run, arguments)
}

fn argv(
    spec: &CommandSpec,
    positional: &[ArgValue<'_>],
    named: &[(&str, ArgValue<'_>)],
) -> Result<Vec<OsString>, ArgumentError> {
    spec.prepare(positional, named).map(|prepared| prepared.arguments)
}

fn choice() -> ArgumentSpec {
    let kind = ValueKind::Choice(vec!["nginx".into(), "app".into()]);
    ArgumentSpec { kind, ..ArgumentSpec::string("unit") }
}

fn optional(name: &str) -> ArgumentSpec {
    ArgumentSpec { optional: true, ..ArgumentSpec::string(name) }
}

#[test]
fn arguments_take_the_order_in_which_run_names_them() {
    let spec = command(&["p", "--{b}={unit}", "{a}", "{b}"], vec![choice()]).unwrap();
    let declared = spec.described("Restarts".into()).unwrap().declared();
    let argument = |name: &str, kind| Argument { name: name.into(), kind, optional: false };
    assert_eq!(
        declared,
        Command {
            name: "restart".parse().unwrap(),
            description: "Restarts".into(),
            arguments: vec![
                argument("b", ArgumentKind::String),
                argument("unit", ArgumentKind::Choice(vec!["nginx".into(), "app".into()])),
                argument("a", ArgumentKind::String),
            ],
        }
    );
}

#[test]
fn values_fill_by_position_and_by_name() {
    let spec = command(&["systemctl", "restart", "{unit}", "--note={note}"], vec![choice()]);
    let spec = spec.unwrap();
    let expected: Vec<OsString> =
        ["systemctl", "restart", "app", "--note=a b; rm -rf $(x)"].map(Into::into).to_vec();
    let (unit, note) = (ArgValue::Text("app"), ArgValue::Text("a b; rm -rf $(x)"));
    assert_eq!(argv(&spec, &[unit, note], &[]), Ok(expected.clone()));
    assert_eq!(argv(&spec, &[unit], &[("note", note)]), Ok(expected.clone()));
    assert_eq!(argv(&spec, &[], &[("note", note), ("unit", unit)]), Ok(expected));
}

#[test]
fn an_argument_that_does_not_fit_is_named() {
    let spec = command(&["p", "{unit}", "{n}"], vec![choice()]).unwrap();
    let (app, n) = (ArgValue::Text("app"), ArgValue::Text("1"));
    for (positional, named, sentence) in [
        (vec![], vec![], "argument 'unit' is missing: expected one of nginx, app"),
        (vec![app], vec![], "argument 'n' is missing: expected text of at most 4096 bytes"),
        (vec![app, n, n], vec![], "3 values by position: 'restart' takes unit, n"),
        (vec![app], vec![("m", n)], "unknown argument 'm': 'restart' takes unit, n"),
        (vec![app], vec![("unit", app)], "argument 'unit' is given twice"),
        (vec![app], vec![("n", n), ("n", n)], "argument 'n' is given twice"),
        (vec![n, n], vec![], "argument 'unit': expected one of nginx, app"),
    ] {
        let error = argv(&spec, &positional, &named).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
    let none = command(&["p"], vec![]).unwrap();
    let error = argv(&none, &[n], &[]).unwrap_err().to_string();
    assert_eq!(error, "1 value by position: 'restart' takes no arguments");
}

#[test]
fn an_optional_argument_left_out_leaves_no_empty_element() {
    let spec = command(&["p", "{a}", "-v={b}", "end"], vec![optional("a"), optional("b")]).unwrap();
    assert_eq!(argv(&spec, &[], &[]), Ok(vec!["p".into(), "-v=".into(), "end".into()]));
    let empty = [ArgValue::Text("")];
    let given: Vec<OsString> = ["p", "", "-v=", "end"].map(Into::into).to_vec();
    assert_eq!(argv(&spec, &empty, &[]), Ok(given));
    assert!(spec.declared().arguments.iter().all(|argument| argument.optional));
}

#[test]
fn a_command_that_could_not_run_as_declared_is_refused() {
    let unused = SpecError::Unused { name: "unit".into() };
    assert_eq!(command(&["p"], vec![choice()]), Err(unused));
    assert_eq!(command(&[], vec![]), Err(SpecError::NoProgram));
    assert_eq!(command(&[""], vec![]), Err(SpecError::NoProgram));
    let chosen = SpecError::ProgramFromArgument("bin/{a}".into());
    assert_eq!(command(&["bin/{a}"], vec![]), Err(chosen));
    assert_eq!(command(&["p", "{"], vec![]), Err(SpecError::Brace("{".into())));
}

#[test]
fn bounds_hold_at_their_limit_and_not_above() {
    let run = |n: usize| {
        let placeholders: Vec<_> = (0..n).map(|i| format!("{{a{i}}}")).collect();
        let mut run = vec!["p"];
        run.extend(placeholders.iter().map(String::as_str));
        command(&run, vec![])
    };
    assert_eq!(run(64).unwrap().arguments().len(), 64);
    assert!(matches!(run(65), Err(SpecError::TooMany { most: 64, .. })));

    let spec = command(&["p"], vec![]).unwrap();
    assert!(spec.clone().described("x".repeat(1024)).is_ok());
    assert!(spec.clone().described("x".repeat(1025)).is_err());
    let day = Duration::from_secs(86_400);
    assert!(spec.clone().ended_after(Some(day)).is_ok());
    let refused = SpecError::Timeout { most: day };
    assert_eq!(spec.clone().ended_after(Some(day * 2)), Err(refused.clone()));
    assert_eq!(spec.ended_after(Some(Duration::ZERO)), Err(refused));
}

#[test]
fn a_descriptor_is_named_where_it_will_be_open_and_is_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| ArgumentSpec {
        kind: ValueKind::Path {
            root: dir.path().to_owned(),
            handed: Handed::Descriptor(crate::arguments::Access::Read),
        },
        ..ArgumentSpec::string(name)
    };
    let run = ["diff", "{a}", "--to={b}", "{a}"];
    let spec = command(&run, vec![file("a"), file("b")]).unwrap();
    for name in ["one", "two"] {
        std::fs::write(dir.path().join(name), name).unwrap();
    }
    let (one, two) = (ArgValue::Text("one"), ArgValue::Text("two"));
    let prepared = spec.prepare(&[one, two], &[]).unwrap();
    assert_eq!(prepared.arguments, ["diff", "/dev/fd/10", "--to=/dev/fd/11", "/dev/fd/10"]);
    let read = |opened: OwnedFd| std::io::read_to_string(std::fs::File::from(opened)).unwrap();
    let texts: Vec<_> = prepared.descriptors.into_iter().map(read).collect();
    assert_eq!(texts, ["one", "two"]);
    assert!(spec.needs_stage() && !command(&["p", "{a}"], vec![]).unwrap().needs_stage());

    let names: Vec<_> = (0..=DESCRIPTORS).map(|n| format!("a{n}")).collect();
    let run: Vec<_> = std::iter::once("p".to_owned())
        .chain(names.iter().map(|name| format!("{{{name}}}")))
        .collect();
    let many = names.iter().map(|name| file(name)).collect();
    let refused = CommandSpec::new("x".parse().unwrap(), &run, many);
    assert!(matches!(refused, Err(SpecError::TooMany { most: DESCRIPTORS, .. })), "{refused:?}");
}

#[test]
fn a_placeholder_in_a_script_is_found_and_one_behind_it_is_not() {
    let hole = command(&["sh", "-c", "tar c {dir}"], vec![]).unwrap().script_hole();
    let expected = ScriptHole { interpreter: "sh".into(), element: 3, value: Some("\"$1\"") };
    assert_eq!(hole, Some(expected));
    let safe = command(&["sh", "-c", "tar c \"$1\"; echo {{x}}", "sh", "{dir}"], vec![]).unwrap();
    assert_eq!(safe.script_hole(), None);
}
