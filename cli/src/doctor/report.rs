//! What was found: one finding a check, told as it comes, and a checklist at the end.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Value, json};

use crate::doctor::check::Check;
use crate::doctor::own::DoctorCode;
use crate::exit::{self, Failure};
use crate::output;

/// How one check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckState {
    /// As it should be.
    Ok,
    /// Something does not work, or will not.
    Problem,
    /// Risky or unusual.
    Note,
    /// Not looked at, and why.
    Skipped,
}

impl CheckState {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Problem => "problem",
            Self::Note => "note",
            Self::Skipped => "skipped",
        }
    }
}

/// One check, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) state: CheckState,
    /// The stable code of a problem or a note.
    pub(super) code: Option<&'static str>,
    pub(super) message: String,
    pub(super) remedy: Option<String>,
    pub(super) seen: Option<String>,
    pub(super) expected: Option<String>,
    /// With a problem, what the program ends with.
    exit: u8,
}

impl Finding {
    fn new(check: Check, state: CheckState, message: impl Into<String>) -> Self {
        let (code, remedy, seen, expected) = (None, None, None, None);
        let message = message.into();
        Self { check, state, code, message, remedy, seen, expected, exit: exit::DONE }
    }

    pub(super) fn ok(check: Check, message: impl Into<String>) -> Self {
        Self::new(check, CheckState::Ok, message)
    }

    pub(super) fn skipped(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, CheckState::Skipped, why)
    }

    pub(super) fn note(check: Check, code: DoctorCode, message: impl Into<String>) -> Self {
        Self { code: Some(code.name()), ..Self::new(check, CheckState::Note, message) }
    }

    pub(super) fn problem(check: Check, code: DoctorCode, message: impl Into<String>) -> Self {
        Self::refused(check, code.name(), code.exit(), message)
    }

    /// A problem with a code that is not the doctor's own.
    pub(super) fn refused(
        check: Check,
        code: &'static str,
        exit: u8,
        message: impl Into<String>,
    ) -> Self {
        let finding = Self::new(check, CheckState::Problem, message);
        Self { code: Some(code), exit, ..finding }
    }

    pub(super) fn is_problem(&self) -> bool {
        self.state == CheckState::Problem
    }

    /// A sentence that ends with what to do about it, taken apart.
    pub(super) fn with_remedy_inside(self) -> Self {
        let Some((message, remedy)) = taken_apart(&self.message) else { return self };
        Self { message, remedy: Some(remedy), ..self }
    }

    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The same with the advice, where there is any.
    pub(super) fn advised(self, remedy: Option<Cow<'static, str>>) -> Self {
        Self { remedy: remedy.map(Cow::into_owned).or(self.remedy), ..self }
    }

    pub(super) fn seen(self, seen: impl Into<String>) -> Self {
        Self { seen: Some(seen.into()), ..self }
    }

    pub(super) fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    /// Has the commands that are to be pasted name the data directory that was given.
    pub(super) fn in_data(self, data: Option<&Path>) -> Self {
        let remedy = self.remedy.as_ref().map(|remedy| exit::in_data(remedy, data));
        Self { remedy, ..self }
    }

    fn object(&self) -> Value {
        json!({
            "check": self.check.name(),
            "state": self.state.name(),
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "seen": self.seen,
            "expected": self.expected,
        })
    }

    /// State, check and message; below them the values, where the message has not said them, and
    /// what to do.
    fn text(&self) -> String {
        let code = self.code.map_or_else(String::new, |code| format!("{code}: "));
        let mut below = format!("{code}{}", self.message);
        for (name, value) in [("expected", &self.expected), ("seen", &self.seen)] {
            if let Some(value) = value
                && !self.message.contains(value.as_str())
            {
                below.push_str(&format!("\n  {name:8}  {value}"));
            }
        }
        if let Some(remedy) = &self.remedy {
            below.push_str(&format!("\n{remedy}"));
        }
        line(self.state, self.check.name(), &below)
    }
}

/// A line of the report; what is more than one line stands below its beginning.
fn line(state: CheckState, checks: &str, said: &str) -> String {
    format!("{:8} {checks:14}  {}", state.name(), said.replace('\n', &format!("\n{:25}", "")))
}

/// The first sentence of a text, and the rest of it as a sentence. Our errors have what to do
/// behind a semicolon or a full stop; where a text has neither, it stays whole.
fn taken_apart(text: &str) -> Option<(String, String)> {
    let at = ["; ", ". "].iter().filter_map(|end| text.find(end)).min()?;
    let (what, todo) = (&text[..at], &text[at + 2..]);
    let mut rest = todo.chars();
    let todo: String = rest.next()?.to_uppercase().chain(rest).collect();
    Some((what.to_owned(), todo))
}

/// All findings.
pub(super) struct Report {
    json: bool,
    findings: Vec<Finding>,
    /// Checks that are still to be told, and why they were skipped.
    skipped: Option<(Vec<&'static str>, String)>,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self { json, findings: Vec::new(), skipped: None }
    }

    /// Tells a finding.
    pub(super) fn add(&mut self, finding: Finding) -> Result<(), Failure> {
        if self.json {
            output::line(finding.object())?;
        } else if finding.state == CheckState::Skipped {
            self.skip(&finding)?;
        } else {
            self.tell_skipped()?;
            output::line(finding.text())?;
        }
        self.findings.push(finding);
        Ok(())
    }

    /// Checks that are skipped for one reason share a line.
    fn skip(&mut self, finding: &Finding) -> Result<(), Failure> {
        if self.skipped.as_ref().is_some_and(|(_, why)| *why != finding.message) {
            self.tell_skipped()?;
        }
        let fresh = || (Vec::new(), finding.message.clone());
        self.skipped.get_or_insert_with(fresh).0.push(finding.check.name());
        Ok(())
    }

    fn tell_skipped(&mut self) -> Result<(), Failure> {
        let Some((checks, why)) = self.skipped.take() else { return Ok(()) };
        output::line(line(CheckState::Skipped, &checks.join(", "), &why))
    }

    pub(super) fn extend(
        &mut self,
        findings: impl IntoIterator<Item = Finding>,
    ) -> Result<(), Failure> {
        findings.into_iter().try_for_each(|finding| self.add(finding))
    }

    /// Everything of `checks` that nothing was found for.
    pub(super) fn skip_rest(&mut self, checks: &[Check], why: &str) -> Result<(), Failure> {
        let found = |check: &Check| self.findings.iter().any(|found| found.check == *check);
        let rest: Vec<_> = checks.iter().copied().filter(|check| !found(check)).collect();
        self.extend(rest.into_iter().map(|check| Finding::skipped(check, why)))
    }

    /// The checklist, and the exit code: that of the first problem.
    pub(super) fn end(mut self) -> Result<u8, Failure> {
        self.tell_skipped()?;
        let first = self.findings.iter().find(|found| found.state == CheckState::Problem);
        let exit = first.map_or(exit::DONE, |found| found.exit);
        if self.json {
            output::line(self.summary(exit))?;
        } else {
            output::line(format_args!("\n{}", checklist(&self.findings)))?;
        }
        Ok(exit)
    }

    fn summary(&self, exit: u8) -> Value {
        let of = |state| -> Vec<Value> {
            let found = self.findings.iter().filter(|found| found.state == state);
            found.map(|found| json!({"check": found.check.name(), "code": found.code})).collect()
        };
        let first = self.findings.iter().find(|found| found.state == CheckState::Problem);
        json!({
            "check": "summary",
            "state": if first.is_some() { "problem" } else { "ok" },
            "code": first.and_then(|found| found.code),
            "exit": exit,
            "ok": of(CheckState::Ok),
            "problems": of(CheckState::Problem),
            "notes": of(CheckState::Note),
            "skipped": of(CheckState::Skipped),
        })
    }
}

/// What is well and what is not, a line for each state that there is.
fn checklist(findings: &[Finding]) -> String {
    let line = |title: &str, state: CheckState| {
        let mut named: Vec<String> = Vec::new();
        for found in findings.iter().filter(|found| found.state == state) {
            let name = match found.code {
                Some(code) => format!("{} ({code})", found.check.name()),
                None => found.check.name().to_owned(),
            };
            if !named.contains(&name) {
                named.push(name);
            }
        }
        (!named.is_empty()).then(|| format!("{title:11} {}", named.join(", ")))
    };
    let lines = [
        line("well", CheckState::Ok),
        line("note", CheckState::Note),
        line("not well", CheckState::Problem),
        line("not looked", CheckState::Skipped),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        let problem = Finding::problem(Check::Secret, DoctorCode::NoSecret, "none; give one");
        vec![
            Finding::ok(Check::Configuration, "peer.toml"),
            problem.with_remedy_inside().expected("43 characters").seen("none"),
            Finding::note(Check::Trust, DoctorCode::RiskyPlain, "no TLS"),
            Finding::skipped(Check::Name, "because"),
            Finding::refused(Check::Tls, "not-bowline", exit::UNREACHABLE, "it is none"),
        ]
    }

    #[test]
    fn a_finding_shows_what_was_expected_and_what_to_do_below_what_happened() {
        let [ok, problem, ..] = &findings()[..] else { panic!() };
        assert_eq!(ok.text(), "ok       configuration   peer.toml");
        // What the message has said already is not said again.
        assert_eq!(
            problem.text(),
            "problem  secret          no-secret: none\n                           expected  43 \
             characters\n                         Give one"
        );
    }

    #[test]
    fn a_finding_is_an_object_with_every_field() {
        assert_eq!(
            findings()[1].object(),
            json!({
                "check": "secret", "state": "problem", "code": "no-secret", "message": "none",
                "remedy": "Give one", "seen": "none", "expected": "43 characters",
            })
        );
        assert_eq!(findings()[0].object()["code"], Value::Null);
    }

    #[test]
    fn the_end_lists_what_is_well_and_what_is_not_and_exits_as_the_first_problem() {
        assert_eq!(
            checklist(&findings()),
            "well        configuration\nnote        trust (risky-plain)\nnot well    secret \
             (no-secret), tls (not-bowline)\nnot looked  name"
        );
        let report = Report { findings: findings(), ..Report::new(false) };
        let summary = report.summary(2);
        assert_eq!((&summary["exit"], &summary["code"]), (&json!(2), &json!("no-secret")));
        assert_eq!(summary["problems"][1], json!({"check": "tls", "code": "not-bowline"}));
        assert_eq!(report.end().unwrap(), exit::USAGE);
        let well = Report { findings: vec![findings()[0].clone()], ..Report::new(false) };
        assert_eq!(well.end().unwrap(), exit::DONE);
    }

    #[test]
    fn a_text_without_a_remedy_stays_whole() {
        assert_eq!(taken_apart("nothing to do here"), None);
        for text in ["cannot: why. Do this; or that", "cannot: why; do this; or that"] {
            let told = Some(("cannot: why".to_owned(), "Do this; or that".to_owned()));
            assert_eq!(taken_apart(text), told);
        }
    }
}
