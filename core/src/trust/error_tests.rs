use super::*;

fn hub_id(byte: u8) -> HubId {
    HubId([byte; 16])
}

#[test]
fn an_identity_mismatch_tells_all_that_was_expected() {
    let error = TrustError::IdentityMismatch {
        hub: "wss://hub.example:7777".to_owned(),
        expected: Identities {
            stored: Some(hub_id(0)),
            configured: Some(hub_id(0xFF)),
            token: None,
        },
        seen: hub_id(0xFF),
    };
    assert_eq!(error.code(), Code::IdentityMismatch);
    assert_eq!(
        error.to_string(),
        "wss://hub.example:7777 has another identity than the one known\n  \
           expected  hub_aaaaaaaaaaaaaaaaaaaaaaaaaa (kept from an earlier connection)\n  \
           expected  hub_77777777777777777777777774 (configured as hub-id)\n  \
           seen      hub_77777777777777777777777774"
    );
    let ids = ["hub_aaaaaaaaaaaaaaaaaaaaaaaaaa", "hub_77777777777777777777777774"];
    assert_eq!(error.expected(), ids);
    assert_eq!(error.seen().as_deref(), Some(ids[1]));
}

#[test]
fn an_unknown_hub_shows_id_and_pin() {
    let error = TrustError::UnknownHub {
        hub: "hub.example".to_owned(),
        id: hub_id(0),
        pin: Some(Pin([0; 32])),
    };
    assert_eq!(
        error.to_string(),
        "nothing is known of hub.example, and this admission method does not make it prove itself\n  \
           identity  hub_aaaaaaaaaaaaaaaaaaaaaaaaaa\n  \
           pin       sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    );
}

#[test]
fn a_pin_mismatch_shows_what_was_pinned_and_what_was_served() {
    let error = TrustError::PinMismatch {
        hub: "hub".to_owned(),
        expected: vec![PinSpec::Key(Pin([1; 32])); 6],
        seen: Pin([0; 32]),
    };
    let text = error.to_string();
    assert_eq!(text.matches(&Pin([1; 32]).to_string()).count(), 4, "{text}");
    assert!(text.contains("  expected  or one of 2 more\n"), "{text}");
    assert!(text.ends_with(&format!("\n  seen      {}", Pin([0; 32]))), "{text}");
}

#[test]
fn a_hub_that_lists_no_key_is_told_as_such() {
    let error = TrustError::KeyNotVouched {
        hub: "hub".to_owned(),
        identity: hub_id(0),
        listed: Vec::new(),
        seen: Pin([0; 32]),
    };
    assert!(error.to_string().contains("  expected  none at all\n"), "{error}");
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
        assert!(!code.is_retryable() && code.row().used_in == Use::Local, "{code}");
        let text = error.to_string();
        assert!(!text.ends_with('\n'), "{code}");
    }
}
