//! Each remedy, for each audience; and the page that shows those of the program.

use bowline_core::auth::may_refuse;
use bowline_core::code::{Code, TABLE, Use};
use bowline_core::id::{HubId, Pin};
use bowline_core::trust::{ChainFault, Identities, Misconfiguration, PinSpec, TrustError};
use bowline_core::wire::frame::Method;

use super::*;

const PAGE: &str = include_str!("../../../docs/refusals.md");

const SEEN: HubId = HubId([1; 16]);
const KEY: Pin = Pin([1; 32]);

/// How peers come; passes admit nobody yet.
const METHODS: &[Method] =
    &[Method::Open, Method::Secret, Method::Join, Method::Resume, Method::Refresh];

/// What a peer meets beside codes, as the page puts it.
const MET: &[(&str, Remedy<'_>)] = &[
    ("what answers does not hold the shared secret", Remedy::FindImpostor),
    ("the hub minted or admitted what is not this peer's", Remedy::CompareVersions),
    ("a token is brought to a hub that was restored from a backup", Remedy::AcceptRestored),
    ("what was learnt of the hub cannot be kept", Remedy::CheckDisk),
    ("the connection is cut before admission", Remedy::CheckPort),
    ("the connection is cut after it", Remedy::CheckHub),
    ("the resolver does not answer", Remedy::CheckResolver),
];

/// What a hub meets before its own state is asked.
const AT_HUB: &[(&str, Remedy<'_>)] = &[
    ("another shared secret", Remedy::GiveSecret),
    ("no proof of its key", Remedy::FindPretender),
    ("a certificate that is not this hub's, or not the one in TLS", Remedy::IssueToken),
    ("another TLS key was seen", Remedy::NameProxy),
    ("a method that is not offered", Remedy::ListMethods),
    ("no certificate could be made", Remedy::CheckAuthority),
    ("nothing was said in time", Remedy::FindSilent),
];

/// A verdict of each kind, and of each kind of its kind.
fn verdicts() -> Vec<TrustError> {
    let hub = || "HUB".to_owned();
    let none = Identities::default();
    let other = Some(HubId([2; 16]));
    let faults = [
        ChainFault::Expired { not_after: 1, now: 2 },
        ChainFault::NotYetValid { not_before: 2, now: 1 },
        ChainFault::Name { host: hub(), presented: Vec::new() },
        ChainFault::Issuer { issuer: String::new() },
        ChainFault::Signature { issuer: String::new() },
        ChainFault::Other(String::new()),
    ];
    let settings = [
        Misconfiguration::PinsWithPlain,
        Misconfiguration::RootsWithPlain,
        Misconfiguration::RootsWithTofu,
        Misconfiguration::PlainOverTls,
        Misconfiguration::NoTls,
    ];
    let known = [
        Identities { stored: other, ..none },
        Identities { configured: other, ..none },
        Identities { token: other, ..none },
    ];
    let alone = [
        TrustError::BadHello { hub: hub(), claimed: SEEN },
        TrustError::KeyNotVouched { hub: hub(), identity: SEEN, listed: vec![], seen: KEY },
        TrustError::PinMismatch { hub: hub(), expected: vec![PinSpec::Key(KEY)], seen: KEY },
        TrustError::NothingToCheckBy { hub: hub(), known: none },
        TrustError::UnknownHub { hub: hub(), id: SEEN, pin: None },
    ];
    alone
        .into_iter()
        .chain(known.map(|expected| TrustError::IdentityMismatch {
            hub: hub(),
            expected,
            seen: SEEN,
        }))
        .chain(faults.map(|fault| TrustError::NotChained { hub: hub(), fault }))
        .chain(settings.map(|what| TrustError::Misconfigured { hub: hub(), what }))
        .collect()
}

/// Every remedy that follows from a code.
fn of_codes() -> impl Iterator<Item = Remedy<'static>> {
    let methods = METHODS.iter().map(|method| Some(*method)).chain([None]);
    TABLE.iter().flat_map(move |row| {
        methods.clone().flat_map(|method| {
            [Side::Peer, Side::Hub].map(|at| Remedy::Code { code: row.code, method, at })
        })
    })
}

fn typed(remedy: Remedy<'_>) -> Option<String> {
    advice(remedy, Audience::CommandLine).map(Cow::into_owned)
}

#[test]
fn who_embeds_the_library_is_advised_like_who_types_and_of_no_command_flag_or_file() {
    let verdicts = verdicts();
    let of_codes = of_codes().filter(|remedy| is_alike(*remedy)).count();
    assert!(of_codes > 100, "{of_codes}");
    let others = MET.iter().chain(AT_HUB);
    assert!(others.map(|(_, remedy)| *remedy).all(is_alike));
    assert!(verdicts.iter().map(Remedy::Trust).all(is_alike));
}

/// Whether there is advice; it is the same for both audiences that there is.
fn is_alike(remedy: Remedy<'_>) -> bool {
    let library = advice(remedy, Audience::Library);
    assert_eq!(library.is_some(), typed(remedy).is_some(), "{remedy:?}");
    let Some(library) = library else { return false };
    for foreign in ["bowline ", "--", ".toml", "Some("] {
        assert!(!library.contains(foreign), "{foreign:?} in {library}");
    }
    true
}

/// The rows of a section of the page, without the head of its table.
fn rows(title: &str) -> Vec<&'static str> {
    let (_, section) = PAGE.split_once(&format!("\n## {title}\n")).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.lines().filter(|line| line.starts_with("| ")).skip(1).collect()
}

#[test]
fn the_page_lists_what_is_to_be_done_where_no_code_tells() {
    let table: Vec<String> = MET
        .iter()
        .map(|(when, remedy)| format!("| {when} | {} |", typed(*remedy).expect("words")))
        .collect();
    assert_eq!(rows("What depends on more than a code"), table, "\n{}", table.join("\n"));
}

#[test]
fn the_page_lists_what_a_hubs_log_says_to_do() {
    let mut table: Vec<String> = AT_HUB
        .iter()
        .map(|(when, remedy)| format!("| {when} | {} |", typed(*remedy).expect("words")))
        .collect();
    for row in TABLE.iter().filter(|row| row.used_in == Use::Refusal) {
        // Those who come in several ways and are to be helped in one share a row.
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        for method in METHODS.iter().filter(|method| may_refuse(row.code, **method)) {
            let (code, method) = (row.code, *method);
            let Some(words) = typed(Remedy::Code { code, method: Some(method), at: Side::Hub })
            else {
                continue;
            };
            match told.iter_mut().find(|(said, _)| *said == words) {
                Some((_, methods)) => methods.push(method.name()),
                None => told.push((words, vec![method.name()])),
            }
        }
        let name = row.name;
        table.extend(
            told.into_iter().map(|(words, methods)| {
                format!("| *{name}*, by {} | {words} |", methods.join(", "))
            }),
        );
    }
    assert_eq!(rows("What a hub's log says to do"), table, "\n{}", table.join("\n"));
}

#[test]
fn the_page_shows_what_to_do_about_each_verdict_on_a_hub() {
    // The names that the page has for values; what was given to a test stands in no advice.
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = |text: &str| text.replace(" --data DIR", "").replace("HUB ID", "HUB SEEN");
    let page = squeezed(&named(PAGE));
    for verdict in verdicts() {
        let words = typed(Remedy::Trust(&verdict)).expect("words");
        let words = words.replace(&SEEN.to_string(), "SEEN").replace(&KEY.to_string(), "SEEN");
        assert!(page.contains(&squeezed(&words)), "{verdict}\n{words}");
    }
}

#[test]
fn a_code_has_a_next_step_unless_the_page_says_otherwise() {
    for row in TABLE {
        let on_page = PAGE.lines().find(|line| line.starts_with(&format!("| `{}` |", row.name)));
        let on_page = on_page.expect("a row");
        let is_open = on_page.ends_with("| see below |") || on_page.ends_with("| – |");
        assert_eq!(typed(Remedy::of(row.code)).is_none(), is_open, "{on_page}");
    }
}

#[test]
fn a_sentence_goes_behind_another_that_may_lack_its_full_stop() {
    let both = |first: &str| {
        let mut said = first.to_owned();
        append(&mut said, "Then that.");
        said
    };
    assert_eq!((both("This."), both("This")), ("This. Then that.".to_owned(), both("This.")));
}

#[test]
fn what_to_do_stands_behind_what_happened_and_below_lines() {
    let told = |fact: &str, remedy| told(fact.to_owned(), remedy, Audience::Library);
    let remedy = Some(Remedy::of(Code::PlainWhereTls));
    let said = told("this end expects TLS", remedy);
    assert!(said.starts_with("this end expects TLS. Give both ends the same: "), "{said}");
    assert_eq!(told("the connection was cut", None), "the connection was cut");
    let verdict = TrustError::UnknownHub { hub: "h".to_owned(), id: SEEN, pin: None };
    let said = told(&verdict.to_string(), Some(Remedy::Trust(&verdict)));
    assert!(said.contains(&format!("identity  {SEEN}\nCompare with")), "{said}");
    assert!(said.ends_with(&format!("\n  {SEEN}")), "{said}");
}

fn of_trust(verdict: &TrustError) -> String {
    typed(Remedy::Trust(verdict)).expect("words")
}

#[test]
fn an_identity_mismatch_tells_how_to_forget_and_names_the_source_that_is_wrong() {
    let hub = || "wss://hub.example:7777".to_owned();
    let told =
        |expected| of_trust(&TrustError::IdentityMismatch { hub: hub(), expected, seen: SEEN });
    let (none, wrong) = (Identities::default(), Some(HubId([2; 16])));
    assert_eq!(
        told(Identities { stored: wrong, configured: Some(SEEN), token: None }),
        format!(
            "Another machine may be posing as the hub: stop and compare with what 'bowline hub' \
             prints there. If the hub was set up anew:\n  bowline trust forget \
             wss://hub.example:7777\n  bowline trust pin wss://hub.example:7777 {SEEN}"
        )
    );
    let configured = told(Identities { configured: wrong, ..none });
    assert!(configured.ends_with(&format!("\n  set hub-id = \"{SEEN}\"")), "{configured}");
    assert!(!configured.contains("forget"), "{configured}");
    let token = told(Identities { token: wrong, stored: Some(SEEN), ..none });
    assert!(token.contains("ask for a new token") && !token.contains("forget"), "{token}");
}

#[test]
fn an_unknown_hub_is_told_with_the_command_that_trusts_exactly_it() {
    let hub = "hub.example".to_owned();
    assert_eq!(
        of_trust(&TrustError::UnknownHub { hub, id: SEEN, pin: Some(KEY) }),
        format!(
            "Compare with what 'bowline hub' prints there. If they are the same:\n  bowline trust \
             pin hub.example {SEEN}"
        )
    );
}

#[test]
fn a_pin_mismatch_ends_with_the_command_that_pins_what_was_served() {
    let hub = "hub".to_owned();
    let told = of_trust(&TrustError::PinMismatch { hub, expected: Vec::new(), seen: KEY });
    assert!(told.ends_with(&format!("\n  bowline trust pin hub {KEY}")), "{told}");
}

#[test]
fn a_peer_behind_a_tls_proxy_whose_key_is_not_listed_is_told_what_to_do() {
    let (hub, listed) = ("wss://hub.example".to_owned(), Vec::new());
    let verdict = TrustError::KeyNotVouched { hub, identity: SEEN, listed, seen: KEY };
    for part in [format!("external-pins = [\"{KEY}\"]"), "trusted-proxies".to_owned()] {
        assert!(of_trust(&verdict).contains(&part), "{verdict}");
    }
}

#[test]
fn a_command_can_be_pasted_whatever_the_hub_is_called() {
    let hub = "it's; rm -rf".to_owned();
    let told = of_trust(&TrustError::UnknownHub { hub, id: SEEN, pin: None });
    let line = format!("\n  bowline trust pin it\\'s\\;\\ rm\\ -rf {SEEN}");
    assert!(told.ends_with(&line), "{told}");
}
