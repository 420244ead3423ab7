//! The column `plain`.

use super::*;

fn scene() -> Scene {
    super::scene().without_tls()
}

#[test]
fn a_known_identity_goes_on() {
    let kept = scene().keeps(entry(1)).decide(Mode::Plain).unwrap();
    // A key that was served when the hub was last reached over TLS stays known.
    assert_eq!(kept, Decision { how: How::Identity, store: StoreWhen::Nothing, entry: entry(1) });

    let mut configured = scene();
    configured.known.hub_id = Some(id(1));
    assert_eq!(
        configured.decide(Mode::Plain).unwrap(),
        Decision { how: How::Identity, store: StoreWhen::Admitted, entry: first_entry(1, None) }
    );
}

#[test]
fn another_identity_is_refused() {
    let expected = Identities { stored: Some(id(1)), ..Identities::default() };
    assert_eq!(scene().keeps(entry(1)).of_hub(2).decide(Mode::Plain), Err(mismatch(expected, 2)));
}

#[test]
fn an_unknown_hub_with_the_secret_is_kept_only_when_proved() {
    assert_eq!(
        scene().decide(Mode::Plain).unwrap(),
        Decision { how: How::FirstContact, store: StoreWhen::Proved, entry: first_entry(1, None) }
    );
}

#[test]
fn an_unknown_hub_with_any_other_method_ends_the_link() {
    for method in ALL_METHODS.into_iter().filter(|&method| method != Method::Secret) {
        assert_eq!(scene().with(method).decide(Mode::Plain), Err(unknown_hub(None)), "{method:?}");
    }
}

#[test]
fn the_list_of_tls_keys_is_not_looked_at() {
    let mut scene = scene();
    scene.hello.tls_keys = vec![Pin([9; 32])];
    assert_eq!(scene.decide(Mode::Plain).unwrap().how, How::FirstContact);
}

#[test]
fn pins_and_roots_are_a_misconfiguration_even_where_the_identity_is_known() {
    let pinned = scene().keeps(entry(1)).pinned(&[pin(1)]);
    assert_eq!(pinned.decide(Mode::Plain), Err(misconfigured(Misconfiguration::PinsWithPlain)));
    let mut rooted = scene().keeps(entry(1));
    rooted.known.roots = Some(strict::roots());
    assert_eq!(rooted.decide(Mode::Plain), Err(misconfigured(Misconfiguration::RootsWithPlain)));
}

#[test]
fn a_link_over_tls_is_a_misconfiguration() {
    assert_eq!(
        super::scene().keeps(entry(1)).decide(Mode::Plain),
        Err(misconfigured(Misconfiguration::PlainOverTls))
    );
}
