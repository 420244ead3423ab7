//! Certificates in the TLS handshake do not decide who is admitted by the secret, and are shown to
//! no other key than expected.

use std::sync::Arc;

use super::scenario::*;
use crate::auth::{Dial, HubSnapshot, Transport};
use crate::code::Code;
use crate::id::Pin;
use crate::identity::{Authority, TlsKey};
use crate::link::{EndReason, Link};
use crate::random::{Random, Seed};
use crate::tunnel::{ClientTls, ServerTls, TunnelError};

fn random(number: u8) -> Random {
    Random::new(&Seed([number; 32]))
}

/// A CA of this hub's name, with the key of this number.
fn authority(number: u8) -> Authority {
    Authority::generate(&mut random(number), identity().id(), START)
}

/// The hub's TLS, which asks for certificates of its CA.
fn asking() -> ServerTls {
    let key = TlsKey::self_signed(&mut random(3), &["hub.example".to_owned()], "hub", START);
    let (chain, key) = key.unwrap().into_parts();
    ServerTls::asking(chain, key, &authority(1).public().subject()).unwrap()
}

/// The peer's certificate by the CA of this number.
fn minted(by: u8, dial: &Dial) -> Vec<u8> {
    authority(by).mint(&mut random(9), dial.peer, dial.key.public(), 1, START, START + 1).unwrap()
}

/// A world in which the peer shows a certificate of the CA of this number to who serves one of
/// `pins`.
fn world(by: u8, pins: Vec<Pin>) -> World {
    let plan = Plan::tofu();
    let mut world = plan.world();
    let dial = plan.dial();
    let tls = ClientTls::with_certificate(minted(by, &dial), dial.key.for_tls(), pins).unwrap();
    let dial = Dial { transport: Transport::Tls(tls), ..Dial::clone(&dial) };
    let hub = HubSnapshot { tls: Some(asking()), ..HubSnapshot::clone(&plan.snapshot()) };
    world.peer = End::new(Link::connect(Arc::new(dial), &Seed([11; 32]), start()).unwrap());
    world.hub =
        End::new(Link::accept(Arc::new(hub), plan.source, &Seed([12; 32]), start()).unwrap());
    world
}

fn shown(world: &World) -> Option<Vec<u8>> {
    world.hub.link.tunnel.secured()?.shown.as_ref().map(|certificate| certificate.to_vec())
}

#[test]
fn whoever_holds_the_secret_is_admitted_whatever_certificate_it_shows() {
    // This hub's, and a stranger's that only bears the name.
    for by in [1, 2] {
        let mut world = world(by, vec![asking().pin()]);
        world.run();
        assert_eq!(shown(&world), Some(minted(by, &Plan::tofu().dial())));
        assert!(world.peer.link.is_admitted() && world.hub.link.is_admitted(), "{world:?}");
        let admitted = "admitted web-1 secret serve".to_owned();
        assert!(world.hub.told.contains(&admitted), "{:?}", world.hub.told);
    }
}

#[test]
fn a_certificate_admits_nobody_who_does_not_hold_the_secret() {
    let plan = Plan::tofu();
    let mut world = world(1, vec![asking().pin()]);
    let hub = HubSnapshot {
        tls: Some(asking()),
        secrets: secret(8).into(),
        ..HubSnapshot::clone(&plan.snapshot())
    };
    world.hub =
        End::new(Link::accept(Arc::new(hub), plan.source, &Seed([12; 32]), start()).unwrap());
    world.run();
    assert!(shown(&world).is_some());
    assert!(!world.hub.ended.as_ref().unwrap().admitted);
    assert!(
        matches!(world.peer.reason(), EndReason::Refused(refusal) if refusal.code == Code::Refused)
    );
}

#[test]
fn a_hub_with_another_key_than_expected_is_left_and_told_nothing() {
    for piece in [1, usize::MAX] {
        let mut world = world(1, vec![server_tls(4).pin()]).pieces(piece);
        world.run();
        let served = asking().pin();
        let reason = EndReason::Tunnel(TunnelError::NotShown { served });
        assert_eq!(*world.peer.reason(), reason);
        assert!(reason.is_retryable());
        assert_eq!(world.peer.told, [format!("ended {reason}")]);
        // The hub waits for the rest of the handshake, of which nothing comes.
        assert!(world.hub.told.is_empty() && !world.hub.link.tunnel.is_open());
        world.hub.link.received_eof(world.now);
        world.hub.drain();
        assert_eq!(*world.hub.reason(), EndReason::Cut);
        assert_eq!(world.peer_ledger.entry(), None);
    }
}
