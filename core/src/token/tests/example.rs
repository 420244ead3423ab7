//! The worked example of `spec/tokens.md` §9, made anew.

use super::*;
use crate::identity::HubIdentity;
use crate::identity::SigningKey;

const PAGE: &str = include_str!("../../../../spec/tokens.md");

/// The seed of `spec/identity.md` §6.
const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

/// The blocks of the example, each without its line breaks.
fn blocks() -> Vec<String> {
    let example = PAGE.split("## 9. Example").nth(1).unwrap();
    let blocks = example.split("```text\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().replace('\n', "")).collect()
}

#[test]
fn the_example_of_the_specification_comes_out_byte_for_byte() {
    let pkcs8 = HEXLOWER.decode(format!("302e020100300506032b657004220420{SEED}").as_bytes());
    let signer = TokenSigner::from_pkcs8(&pkcs8.unwrap()).unwrap();
    let identity = HubIdentity(SigningKey::from_pkcs8(&signer.to_pkcs8()).unwrap());
    let claims = JoinClaims {
        hub: identity.id(),
        sub: "alice".to_owned(),
        iat: 1_800_000_000,
        exp: 1_800_086_400,
        jti: Jti(*b"sixteen  octets!"),
        role: Role::Member,
        uses: NonZeroU32::MIN,
        pins: vec![identity.0.public().pin()],
        urls: vec!["wss://hub.example:7777/link".to_owned()],
        caps: Some(["call:uptime", "serve"].map(|cap| cap.parse().unwrap()).into_iter().collect()),
        rooms: vec!["lobby".parse().unwrap()],
        labels: BTreeMap::from([("zone".to_owned(), "b".to_owned())]),
        id: Some("web-1".parse().unwrap()),
    };
    let token = issue_join(&signer, &claims).unwrap();
    let part = |at| {
        let part = token.split('.').nth(at).unwrap();
        String::from_utf8(BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    };
    let made = [signer.key().to_jwk().to_string(), part(0) + &part(1), token.clone()];
    assert_eq!(made.to_vec(), blocks());
    let keys = format!("{{\"keys\":[{}]}}", blocks()[0]);
    let keys = TokenKeys::from_jwks(keys.as_bytes()).unwrap();
    let token = blocks()[2].clone().into_bytes();
    let verified = verify_join(&token, &keys, claims.hub, claims.iat, &Rules::JOIN).unwrap();
    assert_eq!(verified.claims, claims);
}
