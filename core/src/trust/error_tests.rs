use super::*;

fn hub_id(byte: u8) -> HubId {
    HubId([byte; 16])
}

/// The error, and below it what to do.
fn told(error: &TrustError) -> String {
    format!("{error}\n{}", error.remedy())
}

#[test]
fn an_identity_mismatch_tells_all_that_was_expected_and_how_to_forget() {
    let error = TrustError::IdentityMismatch {
        hub: "wss://hub.example:7777".to_owned(),
        expected: Identities { kept: Some(hub_id(0)), configured: Some(hub_id(0xFF)), token: None },
        seen: hub_id(0xFF),
    };
    assert_eq!(error.code(), Code::IdentityMismatch);
    assert_eq!(
        told(&error),
        "wss://hub.example:7777 has another identity than the one known\n  \
           expected  hub_aaaaaaaaaaaaaaaaaaaaaaaaaa (kept from an earlier connection)\n  \
           expected  hub_77777777777777777777777774 (configured as hub-id)\n  \
           seen      hub_77777777777777777777777774\n\
         Another machine may be posing as the hub: stop and compare with what 'bowline hub' prints \
         there. If the hub was set up anew:\n  \
           bowline trust forget wss://hub.example:7777\n  \
           bowline trust pin wss://hub.example:7777 hub_77777777777777777777777774"
    );
    let ids = ["hub_aaaaaaaaaaaaaaaaaaaaaaaaaa", "hub_77777777777777777777777774"];
    assert_eq!(error.expected(), ids);
    assert_eq!(error.seen().as_deref(), Some(ids[1]));
}

#[test]
fn the_remedy_names_the_source_that_is_wrong() {
    let remedy = |expected| {
        TrustError::IdentityMismatch { hub: "hub".to_owned(), expected, seen: hub_id(1) }.remedy()
    };
    let (none, wrong) = (Identities::default(), Some(hub_id(2)));
    let configured = remedy(Identities { configured: wrong, ..none });
    assert!(configured.ends_with(&format!("\n  set hub-id = \"{}\"", hub_id(1))), "{configured}");
    assert!(!configured.contains("forget"), "{configured}");
    let token = remedy(Identities { token: wrong, kept: Some(hub_id(1)), ..none });
    assert!(token.contains("ask for a new token") && !token.contains("forget"), "{token}");
}

#[test]
fn an_unknown_hub_shows_id_and_pin_and_the_command_that_trusts_exactly_it() {
    let error = TrustError::UnknownHub {
        hub: "hub.example".to_owned(),
        id: hub_id(0),
        pin: Some(Pin([0; 32])),
    };
    assert_eq!(
        told(&error),
        "nothing is known of hub.example, and this admission method does not make it prove itself\n  \
           identity  hub_aaaaaaaaaaaaaaaaaaaaaaaaaa\n  \
           pin       sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
         Compare with what 'bowline hub' prints there. If they are the same:\n  \
           bowline trust pin hub.example hub_aaaaaaaaaaaaaaaaaaaaaaaaaa"
    );
}

#[test]
fn a_pin_mismatch_shows_what_was_pinned_and_what_was_served() {
    let error = TrustError::PinMismatch {
        hub: "hub".to_owned(),
        expected: vec![PinSpec::Key(Pin([1; 32])); 6],
        seen: Pin([0; 32]),
    };
    let text = told(&error);
    assert_eq!(text.matches(&Pin([1; 32]).to_string()).count(), 4, "{text}");
    assert!(text.contains("  expected  or one of 2 more\n"), "{text}");
    assert!(text.contains(&format!("  seen      {}\n", Pin([0; 32]))), "{text}");
    assert!(text.ends_with(&format!("bowline trust pin hub {}", Pin([0; 32]))), "{text}");
}

#[test]
fn a_hub_that_lists_no_key_is_told_as_such() {
    let error = TrustError::KeyNotVouched {
        hub: "hub".to_owned(),
        identity: hub_id(0),
        listed: Vec::new(),
        seen: Pin([0; 32]),
    };
    assert!(told(&error).contains("  expected  none at all\n"), "{error}");
}

#[test]
fn a_command_can_be_pasted_whatever_the_hub_is_called() {
    let hub = "it's; rm -rf".to_owned();
    let told = TrustError::UnknownHub { hub, id: hub_id(1), pin: None }.remedy();
    let line = format!("\n  bowline trust pin it\\'s\\;\\ rm\\ -rf {}", hub_id(1));
    assert!(told.ends_with(&line), "{told}");
}

#[test]
fn every_error_is_a_local_verdict_that_no_retry_heals() {
    use crate::code::Use;
    let hub = || "hub".to_owned();
    let (id, pin) = (hub_id(1), Pin([1; 32]));
    for (error, code) in [
        (TrustError::BadHello { hub: hub(), claimed: id }, Code::BadHello),
        (
            TrustError::IdentityMismatch { hub: hub(), expected: Identities::default(), seen: id },
            Code::IdentityMismatch,
        ),
        (
            TrustError::KeyNotVouched { hub: hub(), identity: id, listed: vec![], seen: pin },
            Code::KeyNotVouched,
        ),
        (TrustError::PinMismatch { hub: hub(), expected: vec![], seen: pin }, Code::PinMismatch),
        (
            TrustError::NotChained { hub: hub(), fault: ChainFault::Other(String::new()) },
            Code::NotChained,
        ),
        (
            TrustError::NothingToCheckBy { hub: hub(), known: Identities::default() },
            Code::NothingToCheckBy,
        ),
        (TrustError::UnknownHub { hub: hub(), id, pin: None }, Code::UnknownHub),
        (
            TrustError::Misconfigured { hub: hub(), what: Misconfiguration::NoTls },
            Code::Misconfigured,
        ),
    ] {
        assert_eq!(error.code(), code);
        assert!(!code.heals() && code.row().used_in == Use::Local, "{code}");
        let text = error.to_string();
        assert!(!text.ends_with('\n') && !text.contains(&error.remedy()), "{code}");
    }
}
