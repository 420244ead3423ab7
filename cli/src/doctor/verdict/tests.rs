//! Each way in which a dial can end, as findings.

use std::sync::Arc;
use std::time::Duration;

use bowline_core::auth::may_refuse;
use bowline_core::auth::peer::{HubInfo, Refusal};
use bowline_core::code::{Code, TABLE, Use};
use bowline_core::id::{HubId, Pin};
use bowline_core::link::Security;
use bowline_core::trust::{How, Identities};
use bowline_shell::peer::AttemptError;

use super::*;
use crate::doctor::report::CheckState;

const HUB: HubId = HubId([0; 16]);

fn asked() -> Asked {
    let url = "wss://hub.example:7777".parse().unwrap();
    Asked { url, proof: Ok(Proof::Secret("secret.key".to_owned())), id: "web-1".to_owned() }
}

fn secured() -> Facts {
    let tls = Some(("TLS13_AES_256_GCM_SHA384", "X25519MLKEM768"));
    let security = Security { tls, served: Some(Pin([1; 32])) };
    let remote = Some("192.0.2.1:7777".to_owned());
    Facts { remote, security: Some(security), ..Facts::default() }
}

/// As far as Hello, with clocks that are so far apart.
fn met(here: u64, hub: u64) -> Facts {
    let methods = vec![Method::Secret];
    let learnt = HubInfo {
        hub: HUB,
        name: "the hub".into(),
        methods,
        pin: Some(Pin([1; 32])),
        how: How::Identity,
        unix: hub,
    };
    Facts { upgraded: true, learnt: Some((Box::new(learnt), here)), ..secured() }
}

fn ended(reason: impl Into<EndReason>) -> ConnectError {
    ended_by(Method::Secret, reason)
}

fn ended_by(method: Method, reason: impl Into<EndReason>) -> ConnectError {
    let ended = Ended { reason: reason.into(), admitted: false, method: Some(method) };
    let hub = "wss://hub.example:7777/link".to_owned();
    ConnectError::Ended { hub, ended: Arc::new(ended), clocks: None }
}

fn refusal(code: Code, retry_after: Option<u64>) -> ConnectError {
    ended(EndReason::Refused(Refusal { code, text: Default::default(), unix: 0, retry_after }))
}

/// The state of each step, in one line, and the problem.
fn told(facts: &Facts, error: &ConnectError) -> (String, Finding) {
    looked(facts, error, &Looks::default())
}

fn looked(facts: &Facts, error: &ConnectError, looks: &Looks) -> (String, Finding) {
    let findings = steps(&asked(), facts, Some(error), looks);
    let letter = |finding: &Finding| match finding.state {
        CheckState::Ok => '+',
        CheckState::Problem => '!',
        CheckState::Note => '~',
        CheckState::Skipped => '.',
    };
    let problem = findings.iter().find(|finding| finding.is_problem()).unwrap();
    (findings.iter().map(letter).collect(), problem.clone())
}

#[test]
fn the_step_that_failed_is_the_problem_and_the_rest_was_not_reached() {
    let nothing = Facts::default();
    let unreached = |reason| ConnectError::Unreachable { hub: String::new(), reason };
    let at = "192.0.2.1:7777".parse().unwrap();
    let name = DialError::Name { host: "hub.example".to_owned(), reason: None };
    let closed = DialError::Addresses(vec![(at, AttemptError::Refused)]);
    let silent = DialError::Addresses(vec![(at, AttemptError::Silent(Duration::from_secs(1)))]);
    let connected = Facts { security: None, ..secured() };
    let upgraded = Facts { upgraded: true, ..secured() };
    let mismatch = TrustError::IdentityMismatch {
        hub: "h".to_owned(),
        expected: Identities { stored: Some(HubId([1; 16])), ..Identities::default() },
        seen: HUB,
    };
    let lacks = AuthError::HubLacksMethod { wanted: Method::Secret, offered: "'open'".to_owned() };
    let status = SocketError::NotUpgraded { status: 404, reason: "Not Found".to_owned() };
    let version = SocketError::OtherVersion { offered: "'bowline.v2'".to_owned() };
    for (facts, error, steps, code, check) in [
        (&nothing, unreached(name), "!.......", "unknown-name", Check::Name),
        (&nothing, unreached(closed), "+!......", "not-listening", Check::Connection),
        (&nothing, unreached(silent), "+!......", "no-answer", Check::Connection),
        (&connected, ended(TunnelError::Foreign), "++!.....", "not-bowline", Check::Tls),
        (&connected, ended(EndReason::Cut), "++!.....", "lost", Check::Tls),
        (&secured(), ended(status), "+++!....", "not-bowline", Check::WebSocket),
        (&secured(), ended(version), "+++!....", "other-version", Check::WebSocket),
        (&secured(), ended(EndReason::Cut), "+++!....", "lost", Check::WebSocket),
        (&upgraded, ended(EndReason::Cut), "++++!...", "lost", Check::Hub),
        (&upgraded, ended(AuthError::from(mismatch)), "++++!...", "identity-mismatch", Check::Hub),
        (&upgraded, ended(lacks), "+++++!..", "method-not-offered", Check::Method),
        (&met(5, 5), refusal(Code::IdTaken, None), "+++++++!", "id-taken", Check::Admission),
        (
            &met(5, 5),
            ended(AuthError::HubNotProved),
            "+++++++!",
            "hub-not-proved",
            Check::Admission,
        ),
        // Turned away before Hello.
        (
            &upgraded,
            refusal(Code::RateLimited, Some(9)),
            "++++...!",
            "rate-limited",
            Check::Admission,
        ),
    ] {
        let (line, problem) = told(facts, &error);
        assert_eq!((line.as_str(), problem.check), (steps, check), "{error}");
        assert_eq!(problem.code, Some(code), "{error}");
        assert!(problem.remedy.is_some(), "{error}");
    }
}

#[test]
fn a_wrong_secret_is_told_with_the_method_and_where_the_secret_came_from() {
    let (_, problem) = told(&met(5, 5), &refusal(Code::Refused, None));
    assert!(
        problem.message.contains("by 'secret', with the secret from secret.key"),
        "{problem:?}"
    );
    assert!(problem.remedy.unwrap().contains("'bowline secret show'"));
}

#[test]
fn an_identity_is_told_with_both_values_and_the_lines_that_pin_the_one_seen() {
    let expected = Identities { stored: Some(HubId([1; 16])), ..Identities::default() };
    let hub = "wss://hub.example:7777/link".to_owned();
    let error = TrustError::IdentityMismatch { hub, expected, seen: HUB };
    let (_, problem) = told(&secured(), &ended(AuthError::from(error)));
    assert_eq!(problem.expected, Some(HubId([1; 16]).to_string()));
    assert_eq!(problem.seen, Some(HUB.to_string()));
    let remedy = problem.in_data(Some("/data".as_ref())).remedy.unwrap();
    let pin = format!("bowline trust --data /data pin wss://hub.example:7777/link {HUB}");
    assert!(remedy.ends_with(&pin), "{remedy}");
}

#[test]
fn tls_at_one_end_is_told_by_what_answers_in_the_other_language() {
    let (facts, error) =
        (Facts { security: None, ..secured() }, ended(TunnelError::PlainWhereTlsExpected));
    let url: HubUrl = "ws://hub.example:7777".parse().unwrap();
    let hub = Crossed::Hub { url, id: HUB.to_string(), name: "the hub".into() };
    let looks = Looks { crossed: Some(hub), greeting: None };
    let (_, problem) = looked(&facts, &error, &looks);
    assert_eq!(problem.code, Some("plain-where-tls-expected"));
    assert!(problem.seen.unwrap().contains(&HUB.to_string()));
    let remedy = problem.remedy.unwrap();
    assert!(
        remedy.starts_with("Dial it as ws://hub.example:7777/link with --tls plain"),
        "{remedy}"
    );

    let came = "the upgrade was answered with 404 'Not Found'".to_owned();
    let looks = Looks { crossed: Some(Crossed::Other(came)), greeting: None };
    let (_, problem) = looked(&facts, &error, &looks);
    assert_eq!(problem.code, Some("not-bowline"));
    assert!(problem.message.contains("404 'Not Found'"), "{problem:?}");
}

#[test]
fn what_greets_is_shown() {
    let facts = Facts { security: None, ..secured() };
    let looks = Looks { crossed: None, greeting: Some("SSH-2.0-x".to_owned()) };
    let (_, problem) = looked(&facts, &ended(TunnelError::Foreign), &looks);
    assert_eq!(problem.seen.as_deref(), Some("'SSH-2.0-x'"));
}

#[test]
fn clocks_within_a_minute_are_well_and_one_second_more_is_not() {
    let hub = 1_800_000_000;
    for here in [hub - SKEW, hub, hub + SKEW] {
        assert_eq!(clock(here, hub).state, CheckState::Ok, "{here}");
    }
    let behind = clock(hub - SKEW - 1, hub);
    assert_eq!(behind.code, Some("clock-off"));
    assert_eq!(behind.message, "this machine's clock is 61 s behind the hub's");
    assert_eq!(clock(hub + 90, hub).message, "this machine's clock is 90 s ahead of the hub's");
    assert!(behind.seen.unwrap().contains("2027-01-15 07:58:59 UTC here"));
    assert!(behind.expected.unwrap().starts_with("2027-01-15 08:00:00 UTC at the hub"));
}

#[test]
fn an_enrolment_that_a_hub_does_not_know_is_told_with_its_file() {
    let proof = Ok(Proof::Enrolment("/d/enrolment".to_owned()));
    let asked = Asked { proof, ..asked() };
    let (text, retry_after) = (Default::default(), None);
    let refusal = Refusal { code: Code::Refused, text, unix: 5, retry_after };
    let error = ended_by(Method::Resume, EndReason::Refused(refusal));
    let findings = steps(&asked, &met(5, 5), Some(&error), &Looks::default());
    let problem = findings.into_iter().find(Finding::is_problem).unwrap();
    assert!(problem.message.contains("by its enrolment, from /d/enrolment"), "{problem:?}");
    assert!(problem.remedy.unwrap().contains("a new token"));
}

#[test]
fn a_look_is_no_failure_and_says_why_nothing_was_asked() {
    let asked = Asked { proof: Err("no key".to_owned()), ..asked() };
    let error = ended(EndReason::Closed(Code::GoingAway));
    let findings = steps(&asked, &met(5, 5), Some(&error), &Looks::default());
    assert!(!findings.iter().any(Finding::is_problem));
    let last = findings.last().unwrap();
    assert_eq!((last.state, last.message.as_str()), (CheckState::Skipped, "no key"));
}

#[test]
fn what_is_to_be_done_about_a_refusal_follows_the_method() {
    let refusals = TABLE.iter().filter(|row| row.used_in == Use::Refusal);
    for row in refusals {
        for method in [Method::Secret, Method::Resume, Method::Refresh] {
            if !may_refuse(row.code, method) {
                continue;
            }
            let proof = match method {
                Method::Secret => Proof::Secret("secret.key".to_owned()),
                _ => Proof::Enrolment("/d/enrolment".to_owned()),
            };
            let asked = Asked { proof: Ok(proof), ..asked() };
            let error = ended_by(method, remedy::tests::refusal(row.code));
            let findings = steps(&asked, &met(5, 5), Some(&error), &Looks::default());
            let problem = findings.into_iter().find(Finding::is_problem).unwrap();
            assert_eq!((problem.check, problem.code), (Check::Admission, Some(row.name)));
            let remedy = problem.remedy.as_deref();
            remedy::tests::holds("doctor", row.code, method, &problem.message, remedy);
        }
    }
}
