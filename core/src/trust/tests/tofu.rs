//! The column `tofu`.

use super::*;

#[test]
fn a_kept_identity_that_lists_the_key_goes_on_and_nothing_new_is_kept() {
    assert_eq!(
        scene().keeps(entry(1)).decide(Mode::Tofu).unwrap(),
        Decision { how: How::Identity, store: StoreWhen::Nothing, entry: entry(1) }
    );
}

#[test]
fn a_configured_identity_or_the_tokens_goes_on_and_is_kept_once_admitted() {
    let expected =
        Decision { how: How::Identity, store: StoreWhen::Admitted, entry: first_entry(1, Some(1)) };
    let mut configured = scene().with(Method::Open);
    configured.known.hub_id = Some(id(1));
    assert_eq!(configured.decide(Mode::Tofu).unwrap(), expected);

    let mut token = scene().with(Method::Join);
    token.known.token_issuer = Some(id(1));
    assert_eq!(token.decide(Mode::Tofu).unwrap(), expected);
}

#[test]
fn a_rotated_key_that_the_identity_lists_goes_on_and_is_kept_once_admitted() {
    let expected = Entry { pin: Some(Pin([2; 32])), ..entry(1) };
    assert_eq!(
        scene().keeps(entry(1)).serves(2).decide(Mode::Tofu).unwrap(),
        Decision { how: How::Identity, store: StoreWhen::Admitted, entry: expected }
    );
}

#[test]
fn the_highest_generation_is_kept_and_a_lower_one_is_not_refused() {
    let mut higher = scene().keeps(entry(1));
    higher.hello.generation = 6;
    let decision = higher.decide(Mode::Tofu).unwrap();
    assert_eq!((decision.store, decision.entry.generation), (StoreWhen::Admitted, 6));

    let mut lower = scene().keeps(entry(1));
    lower.hello.generation = 4;
    let decision = lower.decide(Mode::Tofu).unwrap();
    assert_eq!((decision.store, decision.entry.generation), (StoreWhen::Nothing, 5));
}

#[test]
fn an_identity_pinned_by_hand_learns_the_key_once_admitted() {
    let by_hand = Entry { pin: None, generation: 0, ..entry(1) };
    assert_eq!(
        scene().keeps(by_hand).with(Method::Open).decide(Mode::Tofu).unwrap(),
        Decision { how: How::Identity, store: StoreWhen::Admitted, entry: entry(1) }
    );
}

#[test]
fn another_identity_than_the_kept_one_is_refused_whatever_the_method() {
    let expected = Identities { stored: Some(id(1)), ..Identities::default() };
    for method in ALL_METHODS {
        assert_eq!(
            scene().keeps(entry(1)).of_hub(2).with(method).decide(Mode::Tofu),
            Err(mismatch(expected, 2)),
            "{method:?}"
        );
    }
}

#[test]
fn every_identity_that_is_known_must_be_the_hubs() {
    // Hub 1 answers; each scene knows it from two sources and another hub from the third.
    for wrong in 0..3 {
        let mut scene = scene().keeps(entry(1));
        scene.known.hub_id = Some(id(1));
        scene.known.token_issuer = Some(id(1));
        match wrong {
            0 => scene.known.entry = Some(entry(2)),
            1 => scene.known.hub_id = Some(id(2)),
            _ => scene.known.token_issuer = Some(id(2)),
        }
        let expected = scene.known.identities();
        assert_eq!(scene.decide(Mode::Tofu), Err(mismatch(expected, 1)), "source {wrong}");
    }
}

#[test]
fn a_key_that_the_known_identity_does_not_list_is_refused() {
    assert_eq!(scene().keeps(entry(1)).serves(3).decide(Mode::Tofu), Err(not_vouched(3)));
}

#[test]
fn a_kept_pin_does_not_stand_in_for_the_list() {
    // The relay has the key that the peer saw last, and the hub has dropped it since.
    let mut scene = scene().keeps(entry(1));
    scene.hello.tls_keys = vec![Pin([2; 32])];
    let refused = scene.decide(Mode::Tofu).unwrap_err();
    assert!(matches!(refused, TrustError::KeyNotVouched { .. }), "{refused}");
}

#[test]
fn pins_do_not_matter_once_an_identity_is_known() {
    let decision = scene().keeps(entry(1)).pinned(&[pin(9)]).decide(Mode::Tofu).unwrap();
    assert_eq!(decision.how, How::Identity);
}

#[test]
fn a_pinned_key_that_hello_lists_goes_on_and_the_identity_is_kept_once_admitted() {
    let expected =
        Decision { how: How::Pin, store: StoreWhen::Admitted, entry: first_entry(1, Some(1)) };
    for method in ALL_METHODS {
        for pins in [&[pin(1)][..], &[pin(9), pin(1)], &[fingerprint(1)]] {
            let decision = scene().pinned(pins).with(method).decide(Mode::Tofu);
            assert_eq!(decision, Ok(expected), "{method:?} {pins:?}");
        }
    }
}

#[test]
fn a_key_that_is_not_pinned_is_refused_even_with_the_secret() {
    for pins in [&[pin(2)][..], &[fingerprint(2)]] {
        assert_eq!(scene().pinned(pins).decide(Mode::Tofu), Err(pin_mismatch(pins, 1)), "{pins:?}");
    }
}

#[test]
fn a_pinned_key_that_hello_does_not_list_is_refused() {
    assert_eq!(scene().pinned(&[pin(3)]).serves(3).decide(Mode::Tofu), Err(not_vouched(3)));
}

#[test]
fn an_unknown_hub_with_the_secret_is_kept_only_when_proved() {
    assert_eq!(
        scene().decide(Mode::Tofu).unwrap(),
        Decision {
            how: How::FirstContact,
            store: StoreWhen::Proved,
            entry: first_entry(1, Some(1))
        }
    );
}

#[test]
fn an_unknown_hub_that_does_not_list_its_key_is_refused_whatever_the_method() {
    for method in ALL_METHODS {
        let decision = scene().serves(3).with(method).decide(Mode::Tofu);
        assert_eq!(decision, Err(not_vouched(3)), "{method:?}");
    }
}

#[test]
fn an_unknown_hub_with_any_other_method_ends_the_link_and_shows_id_and_pin() {
    for method in ALL_METHODS.into_iter().filter(|&method| method != Method::Secret) {
        let decision = scene().with(method).decide(Mode::Tofu);
        assert_eq!(decision, Err(unknown_hub(Some(1))), "{method:?}");
    }
}

#[test]
fn roots_are_a_misconfiguration_because_tofu_does_not_look_at_them() {
    let mut scene = scene().keeps(entry(1));
    scene.known.roots = Some(strict::roots());
    assert_eq!(scene.decide(Mode::Tofu), Err(misconfigured(Misconfiguration::RootsWithTofu)));
}

#[test]
fn a_link_without_tls_is_a_misconfiguration() {
    let scene = scene().keeps(entry(1)).without_tls();
    assert_eq!(scene.decide(Mode::Tofu), Err(misconfigured(Misconfiguration::NoTls)));
}
