//! The worked examples of `spec/identity.md` §8. The values were made with OpenSSL, the certificate
//! with Python's `cryptography`.

use data_encoding::{BASE64, HEXLOWER};

use super::*;
use crate::id::{HubId, Nonce, PublicKey};

const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

/// The values, in the specification's order.
const EXAMPLE: [(&str, &str); 4] = [
    ("id", "hub_32zn5u45yjx44dtaqw3pynf7nm"),
    ("pin", "sha256/3rLe053Cb84OYIW2/DS/a1lBkTu/4uphQRPP+eAEwXA="),
    (
        "hello",
        "d2004718b162ab1d7f3a0e0bb17bfaba85d89945d7154326657e0f2ce17a5bda\
         f85014ffc07e0d68f7ed919356e32a2c6350362ed39210e283aa1a4421e87a06",
    ),
    (
        "possession",
        "476d0e785f9a06f83ec0e159187b8c5d6c1ef622f0910d6f86d76611859e4759\
         3c1fd962042777ae3762ef80793937342975b2b589d57d2d442fd29c009f8d0b",
    ),
];

fn key() -> SigningKey {
    let prefix = "302e020100300506032b657004220420";
    SigningKey::from_pkcs8(&HEXLOWER.decode(format!("{prefix}{SEED}").as_bytes()).unwrap()).unwrap()
}

#[test]
fn the_example_of_the_specification_comes_out_byte_for_byte() {
    let hub = HubIdentity(key());
    let hello = hub.sign_hello(&Nonce([0x11; 32]), b"body");
    let possession = PeerKey(key()).sign_possession(&Transcript([0x22; 32]));
    let made = [
        hub.id().to_string(),
        key().public().pin().to_string(),
        HEXLOWER.encode(&hello),
        HEXLOWER.encode(&possession),
    ];
    assert_eq!(made, EXAMPLE.map(|(_, value)| value));
}

/// RFC 8032 §7.1, test 3.
const PEER: &str = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";

#[test]
fn the_certificate_of_the_specification_is_accepted_as_what_it_says() {
    let spec = include_str!("../../../spec/identity.md");
    let (_, block) = spec.split_once("-----BEGIN CERTIFICATE-----\n").unwrap();
    let (block, _) = block.split_once("-----END CERTIFICATE-----").unwrap();
    let der = BASE64.decode(block.replace('\n', "").as_bytes()).unwrap();
    let authority = AuthorityPublic { hub: HubId::of(&key().public()), key: key().public() };
    let told = PeerCertificate::check(&der, &authority).unwrap();
    let peer = HEXLOWER.decode(PEER.as_bytes()).unwrap();
    assert_eq!(told.key, PublicKey(peer.try_into().unwrap()));
    assert_eq!((told.peer.as_str(), told.issue), ("web-1", 5));
    assert_eq!((told.not_before, told.not_after), (1_767_225_600, 1_767_312_000));
    assert_eq!(told.serial[..4], [0, 0, 0, 5]);
    assert_eq!(told.serial[4..], [0x33; 12]);
}
