//! The column `strict`.

use super::*;
use crate::code::Code;
use crate::identity::TlsKey;

fn own_certificate(seed: u8) -> TlsKey {
    let names = ["hub.example".to_owned()];
    TlsKey::self_signed(&mut Random::new(&Seed([seed; 32])), &names, "hub", NOW).unwrap()
}

/// Roots that hold the certificate of [`rooted`].
pub(super) fn roots() -> Roots {
    Roots::from_pem(own_certificate(40).to_pem().0.as_bytes()).unwrap()
}

/// A hub that serves, and lists, the certificate that `roots` hold.
fn rooted() -> Scene {
    let mut scene = scene();
    let key = own_certificate(40);
    let pin = key.pin();
    scene.hello.tls_keys = vec![pin];
    scene.served = Some(Served { chain: key.into_parts().0, pin });
    scene.known.roots = Some(roots());
    scene
}

fn rooted_pin() -> PinSpec {
    PinSpec::Key(own_certificate(40).pin())
}

/// Roots that lead nowhere for the hub of [`rooted`].
fn with_other_roots(mut scene: Scene) -> Scene {
    scene.known.roots = Some(Roots::from_pem(own_certificate(41).to_pem().0.as_bytes()).unwrap());
    scene
}

fn not_chained() -> TrustError {
    // Both certificates call their issuer the same; only the key differs.
    let fault = ChainFault::Signature { issuer: "CN=hub".to_owned() };
    TrustError::NotChained { hub: HUB.to_owned(), fault }
}

fn how(scene: Scene) -> Result<(How, StoreWhen), Code> {
    scene
        .decide(Mode::Strict)
        .map(|decision| (decision.how, decision.store))
        .map_err(|error| error.code())
}

#[test]
fn a_known_identity_with_a_pinned_key_goes_on() {
    let scene = scene().keeps(entry(1)).pinned(&[pin(1)]);
    assert_eq!(how(scene), Ok((How::Identity, StoreWhen::Nothing)));
}

#[test]
fn a_known_identity_with_a_chain_to_the_roots_goes_on() {
    let mut scene = rooted();
    scene.known.hub_id = Some(id(1));
    assert_eq!(how(scene), Ok((How::Identity, StoreWhen::Admitted)));
}

#[test]
fn a_known_identity_whose_key_is_not_pinned_is_refused() {
    let scene = scene().keeps(entry(1)).pinned(&[pin(2)]);
    assert_eq!(scene.decide(Mode::Strict), Err(pin_mismatch(&[pin(2)], 1)));
}

#[test]
fn a_known_identity_whose_chain_ends_elsewhere_is_refused() {
    let scene = with_other_roots(rooted().keeps(entry(1)));
    assert_eq!(how(scene), Err(Code::NotChained));
}

#[test]
fn a_known_identity_alone_is_not_enough() {
    let mut scene = scene().keeps(entry(1));
    scene.known.hub_id = Some(id(1));
    let known = scene.known.identities();
    assert_eq!(
        scene.decide(Mode::Strict),
        Err(TrustError::NothingToCheckBy { hub: HUB.to_owned(), known })
    );
}

#[test]
fn another_identity_is_refused_though_the_key_is_pinned() {
    let scene = scene().keeps(entry(1)).of_hub(2).pinned(&[pin(1)]);
    let expected = scene.known.identities();
    assert_eq!(scene.decide(Mode::Strict), Err(mismatch(expected, 2)));
}

#[test]
fn a_key_that_the_known_identity_does_not_list_is_refused_though_it_is_pinned() {
    let scene = scene().keeps(entry(1)).pinned(&[pin(3)]).serves(3);
    assert_eq!(scene.decide(Mode::Strict), Err(not_vouched(3)));
}

#[test]
fn where_pins_and_roots_are_given_both_must_pass() {
    for kept in [None, Some(entry(1))] {
        let mut both = rooted().pinned(&[rooted_pin()]);
        both.known.entry = kept;
        assert!(how(both.clone()).is_ok());
        assert_eq!(how(both.clone().pinned(&[pin(9)])), Err(Code::PinMismatch));
        assert_eq!(how(with_other_roots(both)), Err(Code::NotChained));
    }
}

#[test]
fn a_pinned_key_that_hello_lists_goes_on_and_the_identity_is_kept_once_admitted() {
    for pins in [pin(1), fingerprint(1)] {
        assert_eq!(
            scene().pinned(&[pins]).decide(Mode::Strict).unwrap(),
            Decision { how: How::Pin, store: StoreWhen::Admitted, entry: first_entry(1, Some(1)) }
        );
    }
}

#[test]
fn a_key_that_is_not_pinned_is_refused() {
    assert_eq!(scene().pinned(&[pin(2)]).decide(Mode::Strict), Err(pin_mismatch(&[pin(2)], 1)));
}

#[test]
fn a_pinned_key_that_hello_does_not_list_is_refused() {
    assert_eq!(scene().pinned(&[pin(3)]).serves(3).decide(Mode::Strict), Err(not_vouched(3)));
}

#[test]
fn a_chain_to_the_roots_goes_on_and_the_identity_is_kept_once_admitted() {
    for method in ALL_METHODS {
        assert_eq!(how(rooted().with(method)), Ok((How::Roots, StoreWhen::Admitted)), "{method:?}");
    }
}

#[test]
fn a_chain_that_ends_elsewhere_is_refused_even_with_the_secret() {
    assert_eq!(with_other_roots(rooted()).decide(Mode::Strict), Err(not_chained()));
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let mut scene = rooted();
    scene.host = "other.example";
    let fault = ChainFault::Name {
        host: "other.example".to_owned(),
        presented: vec!["hub.example".to_owned()],
    };
    assert_eq!(
        scene.decide(Mode::Strict),
        Err(TrustError::NotChained { hub: HUB.to_owned(), fault })
    );
}

#[test]
fn a_chained_key_that_hello_does_not_list_is_refused() {
    let mut scene = rooted();
    scene.hello.tls_keys = vec![Pin([1; 32])];
    assert_eq!(how(scene), Err(Code::KeyNotVouched));
}

#[test]
fn nothing_to_check_by_is_refused_whatever_the_method() {
    for method in ALL_METHODS {
        assert_eq!(
            scene().with(method).decide(Mode::Strict),
            Err(TrustError::NothingToCheckBy { hub: HUB.to_owned(), known: Identities::default() }),
            "{method:?}"
        );
    }
}

#[test]
fn a_link_without_tls_is_a_misconfiguration() {
    let scene = scene().keeps(entry(1)).pinned(&[pin(1)]).without_tls();
    assert_eq!(scene.decide(Mode::Strict), Err(misconfigured(Misconfiguration::NoTls)));
}
