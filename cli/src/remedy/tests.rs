//! Each code, each way in which a peer comes, each reader: the sentence is looked at.

use std::sync::Arc;

use bowline_core::auth::peer::Refusal;
use bowline_core::auth::{AuthError, may_refuse};
use bowline_core::code::{TABLE, Use};
use bowline_core::id::LinkId;
use bowline_core::link::{EndReason, TimerKind};
use bowline_core::socket::SocketError;
use bowline_core::trust::{ChainFault, Identities, Misconfiguration, TrustError};
use bowline_core::tunnel::TunnelError;
use bowline_core::wire::frame::Method;
use bowline_shell::notice::ShellEvent;
use bowline_shell::peer::{AttemptError, ConnectError, DialError};

use super::*;
use crate::{date, event, exit, hub};

/// How peers come. A local operator comes by `open`; passes admit nobody yet.
pub(crate) const METHODS: [Method; 5] =
    [Method::Open, Method::Secret, Method::Join, Method::Resume, Method::Refresh];

/// A refusal, as the peer hears it.
pub(crate) fn refusal(code: Code) -> EndReason {
    let (text, unix, retry_after) = (Default::default(), date::now(), None);
    EndReason::Refused(Refusal { code, text, unix, retry_after })
}

/// The link of a peer that came by `method`.
pub(crate) fn ended(reason: EndReason, method: Method) -> Ended {
    let admitted = matches!(reason, EndReason::Goaway { .. });
    Ended { reason, admitted, method: Some(method) }
}

/// What is said in place of the sentence for all, of a peer that came by `method`.
fn by_method(code: Code, method: Method) -> Option<Cow<'static, str>> {
    let words = words(Remedy::Code { code, method: Some(method), at: Side::Peer });
    words.filter(|words| Some(words) != of_code(code).as_ref())
}

/// What has to be so of every sentence, and of what it says to do.
#[track_caller]
pub(crate) fn holds(reader: &str, code: Code, method: Method, said: &str, remedy: Option<&str>) {
    let row = format!("{reader}, {code} by {}: {said}", method.name());
    readable(&row, said);
    assert!(said.contains(code.name()) || reader == "doctor", "{row}");
    let remedy = remedy.unwrap_or_else(|| panic!("nothing to do: {row}"));
    readable(&row, remedy);
    let begins = remedy.starts_with(|c: char| c.is_uppercase() || c == '\'' || c == 'a');
    assert!(begins && remedy.ends_with('.'), "{row}");
    let lower = format!("{} {}", said.to_lowercase(), remedy.to_lowercase());
    match method {
        Method::Join | Method::Resume | Method::Refresh => {
            assert!(!lower.contains("secret"), "advice of another method: {row}");
        }
        // Who came by neither knows of no token; the hub's own words may name one.
        Method::Open | Method::Secret => {
            let remedy = remedy.to_lowercase();
            let is_foreign = remedy.contains("token") || remedy.contains("bowline join");
            assert!(!is_foreign, "advice of another method: {row}");
        }
        Method::Pass => {}
    }
    if method == Method::Open && code != Code::MethodNotOffered {
        assert!(!lower.contains("same secret") && !lower.contains("secret show"), "{row}");
    }
}

/// No value of a program's, and no line that is not indented.
#[track_caller]
fn readable(row: &str, said: &str) {
    for trace in ["Some(", "None", "Ok(", "Err(", "::", " { ", " }", "Error(", "Code::", "..}"] {
        assert!(!said.contains(trace), "{trace:?} in {row}");
    }
}

#[test]
fn a_refusal_says_to_the_peer_and_its_operator_what_it_is_and_what_is_to_be_done_by_that_method() {
    for row in TABLE.iter().filter(|row| row.used_in == Use::Refusal) {
        for method in METHODS {
            if !may_refuse(row.code, method) {
                // It cannot happen, so nothing is written for it; the core's tests hold that.
                let here = by_method(row.code, method);
                assert_eq!(here, None, "{} by {}", row.name, method.name());
                continue;
            }
            let ended = ended(refusal(row.code), method);
            let remedy = of_ended(&ended);
            let as_text = remedy.as_deref();
            let notice = ShellEvent::Ended {
                link: None,
                remote: "192.0.2.1:7777".to_owned(),
                ended: Box::new(ended.clone()),
                traffic: (0, 0),
            };
            let told = event::sentence(&notice).unwrap();
            holds("peer", row.code, method, &told, as_text);
            assert!(told.contains(as_text.unwrap()), "{told}");
            let object = event::json(&notice);
            assert_eq!(object["remedy"].as_str(), as_text);
            assert_eq!(object["method"], method.name());

            let (hub, clocks) = ("wss://hub.example:7777/link".to_owned(), None);
            let error = ConnectError::Ended { hub, ended: Arc::new(ended), clocks };
            let failure = exit::Failure::from(error);
            holds("operator", row.code, method, &failure.message, as_text);
            assert_eq!((failure.code, failure.name), (exit::of_code(row.code), Some(row.code)));
        }
    }
}

#[test]
fn a_session_that_ends_says_so_by_that_method_too() {
    let ends = |row: &&bowline_core::code::CodeRow| {
        row.used_in == Use::Ending || matches!(row.code, Code::Revoked | Code::MayNotServe)
    };
    for row in TABLE.iter().filter(ends) {
        for method in METHODS
            .into_iter()
            .filter(|method| row.used_in == Use::Ending || may_refuse(row.code, *method))
        {
            let (code, text, reconnect_after) = (row.code, Default::default(), None);
            let ended = ended(EndReason::Goaway { code, text, reconnect_after }, method);
            let remedy = of_ended(&ended);
            holds("peer", code, method, &exit::end(&ended), remedy.as_deref());
        }
    }
}

#[test]
fn the_hubs_log_says_why_by_that_method_and_what_the_operator_can_do() {
    let peer = "web-1".parse().ok();
    for row in TABLE.iter().filter(|row| row.used_in == Use::Refusal) {
        for method in METHODS.into_iter().filter(|method| may_refuse(row.code, *method)) {
            // Said before the method is known, or of no state of the hub's; below.
            let is_state = !matches!(
                row.code,
                Code::MethodNotOffered
                    | Code::OtherKeySeen
                    | Code::AddressNotAllowed
                    | Code::RateLimited
                    | Code::AdmissionTimeout
                    | Code::NotYetValid
            );
            let by_proof =
                row.code == Code::Refused && matches!(method, Method::Open | Method::Secret);
            if !is_state || by_proof {
                continue;
            }
            let ended = ended(EndReason::Auth(AuthError::Refused(peer, row.code)), method);
            let remedy = at_hub(&ended);
            let told = hub::not_admitted(&ended);
            holds("the hub's log", row.code, method, &told, remedy.as_deref());
            assert!(told.starts_with(&format!("by '{}': ", method.name())), "{told}");
            let (link, remote) = (Some(LinkId(1)), String::new());
            let notice =
                ShellEvent::Ended { link, remote, ended: Box::new(ended), traffic: (0, 0) };
            assert_eq!(event::json(&notice)["remedy"].as_str(), remedy.as_deref());
        }
    }
    let by = |error: AuthError, method| Ended {
        reason: EndReason::Auth(error),
        admitted: false,
        method,
    };
    let seen = || "sha256/A".to_owned();
    for (error, method, code) in [
        (AuthError::WrongSecret, Method::Secret, Code::Refused),
        (AuthError::NoPossession, Method::Secret, Code::Refused),
        (AuthError::NoPossession, Method::Resume, Code::Refused),
        (AuthError::OtherCertificate, Method::Resume, Code::Refused),
        (AuthError::NotYetValid { by: 9 }, Method::Resume, Code::NotYetValid),
        (AuthError::MethodNotOffered(2), Method::Join, Code::MethodNotOffered),
        (
            AuthError::OtherKeySeen { seen: seen(), served: seen() },
            Method::Refresh,
            Code::OtherKeySeen,
        ),
    ] {
        let ended = by(error.clone(), None);
        let told = format!("{code} {}", hub::not_admitted(&ended));
        let remedy = at_hub(&ended).map(|remedy| match method {
            // Which methods there are is the operator's to know.
            Method::Join => remedy.replace("auth.secret, ", ""),
            _ => remedy.into_owned(),
        });
        let told = told.replace("auth.secret, ", "");
        holds("the hub's log", error.code(), method, &told, remedy.as_deref());
    }
    let slow =
        Ended { reason: EndReason::TimedOut(TimerKind::Admission), admitted: false, method: None };
    readable("slow", &hub::not_admitted(&slow));
    assert!(at_hub(&slow).is_some());
}

/// An error of each verdict of a peer's own.
fn verdict(code: Code) -> ConnectError {
    let (id, pin) = (bowline_core::id::HubId([1; 16]), bowline_core::id::Pin([1; 32]));
    let hub = || "wss://hub.example:7777/link".to_owned();
    let of = |reason: EndReason| {
        let ended = Arc::new(Ended { reason, admitted: false, method: Some(Method::Secret) });
        ConnectError::Ended { hub: hub(), ended, clocks: None }
    };
    let trust = |error: TrustError| of(EndReason::Auth(error.into()));
    let at = "192.0.2.1:7777".parse().unwrap();
    let none = |reason| ConnectError::Unreachable { hub: hub(), reason };
    let missed = |miss| none(DialError::Addresses(vec![(at, miss)]));
    match code {
        Code::UnknownHub => trust(TrustError::UnknownHub { hub: hub(), id, pin: Some(pin) }),
        Code::NothingToCheckBy => {
            trust(TrustError::NothingToCheckBy { hub: hub(), known: Identities::default() })
        }
        Code::IdentityMismatch => {
            let expected = Identities { stored: Some(id), ..Identities::default() };
            let seen = bowline_core::id::HubId([2; 16]);
            trust(TrustError::IdentityMismatch { hub: hub(), expected, seen })
        }
        Code::KeyNotVouched => {
            let listed = Vec::new();
            trust(TrustError::KeyNotVouched { hub: hub(), identity: id, listed, seen: pin })
        }
        Code::PinMismatch => {
            trust(TrustError::PinMismatch { hub: hub(), expected: Vec::new(), seen: pin })
        }
        Code::NotChained => {
            let fault = ChainFault::Issuer { issuer: "CN=Example Root".to_owned() };
            trust(TrustError::NotChained { hub: hub(), fault })
        }
        Code::BadHello => trust(TrustError::BadHello { hub: hub(), claimed: id }),
        Code::Misconfigured => {
            trust(TrustError::Misconfigured { hub: hub(), what: Misconfiguration::NoTls })
        }
        Code::HubNotProved => of(EndReason::Auth(AuthError::HubNotProved)),
        Code::UnknownName => none(DialError::Name { host: "hub.example".to_owned(), reason: None }),
        Code::NotListening => missed(AttemptError::Refused),
        Code::NoAnswer => missed(AttemptError::Silent(std::time::Duration::from_secs(1))),
        Code::NoRoute => missed(AttemptError::NoRoute("no route".to_owned())),
        Code::Unreachable => missed(AttemptError::Other("not permitted".to_owned())),
        Code::PlainWhereTls => of(TunnelError::PlainWhereTlsExpected.into()),
        Code::TlsWherePlain => of(TunnelError::TlsWherePlainExpected.into()),
        Code::TlsFailed => of(TunnelError::NotShown { served: pin }.into()),
        Code::NotBowline => of(TunnelError::Foreign.into()),
        Code::OtherVersion => {
            of(SocketError::OtherVersion { offered: "'bowline.v2'".to_owned() }.into())
        }
        Code::UpgradeRefused => {
            of(SocketError::Refused { status: 403, reason: "Forbidden".to_owned() }.into())
        }
        code => panic!("no error for {code}"),
    }
}

#[test]
fn each_verdict_of_a_peer_on_a_hub_has_a_next_step() {
    for row in TABLE.iter().filter(|row| row.used_in == Use::Local) {
        let error = verdict(row.code);
        assert_eq!(error.code(), Some(row.code));
        let failure = exit::Failure::from(error);
        readable(row.name, &failure.message);
        assert!(failure.message.contains(row.name), "{}", failure.message);
        let sentences =
            failure.message.matches(". ").count() + failure.message.matches('\n').count();
        assert!(sentences > 0, "nothing to do: {}", failure.message);
    }
    for (error, method) in [
        (AuthError::NotOurs("another key"), Method::Join),
        (AuthError::OtherPeer("web-2".parse().unwrap()), Method::Refresh),
        (AuthError::NotKept, Method::Join),
    ] {
        let code = error.code();
        let ended = ended(EndReason::Auth(error), method);
        let remedy = of_ended(&ended);
        let said = exit::end(&ended).replace("'hub-not-proved'", "");
        holds("peer", code, method, &said, remedy.as_deref());
    }
}

#[test]
fn a_call_that_fails_has_a_next_step_unless_that_is_the_callers_own_doing() {
    for row in TABLE.iter().filter(|row| row.used_in == Use::Call) {
        let own = matches!(row.code, Code::Cancelled | Code::Failed);
        let remedy = of_code(row.code);
        assert_eq!(remedy.is_none(), own, "{}", row.name);
        readable(row.name, remedy.as_deref().unwrap_or_default());
        assert!(remedy.is_none_or(|remedy| !remedy.to_lowercase().contains("secret")));
    }
}

/// The table of `docs/refusals.md`, row for row.
#[test]
fn the_page_of_refusals_lists_what_depends_on_how_a_peer_comes() {
    let page = include_str!("../../../docs/refusals.md");
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| by ")).collect();
    let mut table = Vec::new();
    for row in TABLE {
        for method in METHODS {
            if let Some(remedy) = by_method(row.code, method) {
                table.push(format!("| by `{}` | `{}` | {remedy} |", method.name(), row.name));
            }
        }
    }
    assert_eq!(listed, table, "\n{}", table.join("\n"));
}
