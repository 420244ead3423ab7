//! Somebody has a copy of the key that signs join tokens, and signs tokens of numbers that the hub
//! knows.

use core::num::NonZeroU32;

use super::joining::*;
use super::scenario::*;
use crate::auth::{Credential, JoinToken};
use crate::capability::{Capability, Role};
use crate::code::Code;
use crate::facts::Draft;
use crate::hub::HubEvent;
use crate::id::Jti;
use crate::token::{JoinClaims, Rules, issue_join, verify_join};

/// How a token is made another.
type Change = fn(&mut JoinClaims);

/// A token that the hub made, as its claims.
fn made(scene: &mut Scene) -> JoinClaims {
    let draft = Draft {
        uses: NonZeroU32::new(3).unwrap(),
        caps: Some([Capability::Serve, Capability::Call].into_iter().collect()),
        rooms: vec!["lobby".parse().unwrap()],
        labels: [("zone".to_owned(), "b".to_owned())].into(),
        ..draft()
    };
    let Credential::Join(JoinToken(token)) = scene.another(&draft) else { unreachable!() };
    let (keys, now) = (scene.world.hub_ledger.keys(), scene.world.now.unix);
    let hub = identity().id();
    verify_join(token.as_bytes(), &keys, hub, now, &Rules::JOIN).unwrap().claims
}

/// The hub is shown these claims under its own signature.
fn shown(scene: &mut Scene, claims: &JoinClaims) {
    let token = issue_join(&scene.world.hub_ledger.signer(), claims).unwrap();
    scene.dial(|dial| dial.credential = Credential::Join(JoinToken(token.into())));
}

#[test]
fn a_token_signed_anew_with_another_claim_is_refused_and_the_operator_told() {
    let changes: [(&str, Change); 14] = [
        ("jti", |claims| claims.jti = Jti([9; 16])),
        ("sub", |claims| claims.sub = "mallory".to_owned()),
        ("iat", |claims| claims.iat -= 1),
        ("exp", |claims| claims.exp += 1),
        ("max_uses", |claims| claims.uses = NonZeroU32::MIN),
        ("max_uses", |claims| claims.uses = NonZeroU32::new(10_000).unwrap()),
        ("role", |claims| claims.role = Role::Admin),
        ("caps", |claims| claims.caps = None),
        ("caps", |claims| claims.caps = Some([Capability::Serve].into_iter().collect())),
        ("rooms", |claims| claims.rooms = vec!["vault".parse().unwrap()]),
        ("rooms", |claims| claims.rooms.clear()),
        ("labels", |claims| claims.labels.clear()),
        ("labels", |claims| drop(claims.labels.insert("role".to_owned(), "db".to_owned()))),
        ("id", |claims| (claims.id, claims.uses) = (Some(web()), NonZeroU32::MIN)),
    ];
    for (claim, change) in changes {
        let mut scene = Scene::new();
        let honest = made(&mut scene);
        let mut claims = honest.clone();
        change(&mut claims);
        shown(&mut scene, &claims);
        assert_eq!(scene.refused(), Code::Refused, "{claim}");
        let claim = if claim == "id" { "max_uses" } else { claim };
        let told = HubEvent::Forged { peer: web(), jti: claims.jti, claim };
        assert_eq!(scene.events(), [told], "{claim}");
        assert!(!scene.world.hub.told.iter().any(|line| line == "ask record"), "{claim}");
        // And the one that the hub made is as good as before.
        shown(&mut scene, &honest);
        assert!(scene.is_admitted(), "{claim}");
        assert_eq!(scene.enrolled().labels, honest.labels);
        assert_eq!(scene.enrolled().capabilities, honest.capabilities());
    }
}

#[test]
fn a_token_for_another_id_than_was_recorded_is_refused() {
    let mut scene = Scene::new();
    let named = scene.another(&Draft { id: Some("web-9".parse().unwrap()), ..draft() });
    let Credential::Join(JoinToken(token)) = named else { unreachable!() };
    let (keys, now) = (scene.world.hub_ledger.keys(), scene.world.now.unix);
    let hub = identity().id();
    let honest = verify_join(token.as_bytes(), &keys, hub, now, &Rules::JOIN).unwrap().claims;
    for id in [None, Some(web())] {
        let claims = JoinClaims { id, ..honest.clone() };
        shown(&mut scene, &claims);
        assert_eq!(scene.refused(), Code::Refused);
        let (jti, claim) = (claims.jti, "id");
        assert_eq!(scene.events(), [HubEvent::Forged { peer: web(), jti, claim }]);
    }
}
