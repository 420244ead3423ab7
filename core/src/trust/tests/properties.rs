//! What no combination of knowledge, key, identity and method may do.

use proptest::option;
use proptest::prelude::*;

use super::*;

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Plain, Mode::Tofu, Mode::Strict])
}

fn pins() -> impl Strategy<Value = Vec<PinSpec>> {
    let one = prop_oneof![(1..4u8).prop_map(pin), (1..4u8).prop_map(fingerprint)];
    prop::collection::vec(one, 0..3)
}

/// Hubs 1 to 2 and keys 1 to 3, so that matches are as common as mismatches.
fn any_scene() -> impl Strategy<Value = Scene> {
    let known = (option::of(1..3u8), option::of(1..3u8), option::of(1..3u8), pins(), any::<bool>());
    let shown = (
        1..3u8,
        option::of(1..4u8),
        prop::collection::vec(1..4u8, 0..3),
        prop::sample::select(ALL_METHODS.to_vec()),
    );
    (known, shown).prop_map(|((kept, configured, token, pins, rooted), shown)| {
        let (hub, key, listed, method) = shown;
        let mut scene = scene().of_hub(hub).with(method).pinned(&pins);
        scene.served = key.map(served);
        scene.hello.tls_keys = listed.into_iter().map(|key| Pin([key; 32])).collect();
        scene.known.entry = kept.map(entry);
        scene.known.hub_id = configured.map(id);
        scene.known.token_issuer = token.map(id);
        scene.known.roots = rooted.then(strict::roots);
        scene
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn over_tls_a_hub_that_does_not_list_its_key_is_never_trusted(
        scene in any_scene(),
        mode in prop::sample::select(vec![Mode::Tofu, Mode::Strict]),
    ) {
        if scene.decide(mode).is_ok() {
            let served = scene.served.as_ref().expect("trusted over TLS without a key");
            prop_assert!(scene.hello.tls_keys.contains(&served.pin));
        }
    }

    #[test]
    fn a_hub_with_another_identity_than_any_known_one_is_never_trusted(
        scene in any_scene(),
        mode in mode(),
    ) {
        if let Ok(decision) = scene.decide(mode) {
            prop_assert!(scene.known.identities().iter().all(|known| known == id(scene.hub)));
            prop_assert_eq!(decision.entry.identity, id(scene.hub));
        }
    }

    #[test]
    fn strict_never_trusts_a_key_that_was_not_given_beforehand(scene in any_scene()) {
        if scene.decide(Mode::Strict).is_ok() {
            let served = scene.served.as_ref().expect("trusted without a key");
            prop_assert!(scene.known.pins.iter().any(|pin| pin.matches(served)));
            // The certificates of this scene chain to no roots.
            prop_assert!(scene.known.roots.is_none());
        }
    }

    #[test]
    fn a_hub_of_which_nothing_is_known_is_kept_only_when_it_has_proved_itself(
        scene in any_scene(),
        mode in mode(),
    ) {
        let nothing = scene.known.identities().is_empty() && scene.known.pins.is_empty();
        if let Ok(decision) = scene.decide(mode) {
            prop_assert_eq!(nothing, decision.store == StoreWhen::Proved);
            prop_assert_eq!(nothing, decision.how == How::FirstContact);
            prop_assert!(!nothing || scene.method == Method::Secret);
        }
    }

    #[test]
    fn the_generation_kept_never_falls(
        scene in any_scene(),
        mode in mode(),
        generation in any::<u64>(),
    ) {
        let mut scene = scene;
        scene.hello.generation = generation;
        if let (Ok(decision), Some(kept)) = (scene.decide(mode), scene.known.entry) {
            prop_assert_eq!(decision.entry.generation, generation.max(kept.generation));
            prop_assert_eq!(decision.entry.first_seen, kept.first_seen);
        }
    }
}
