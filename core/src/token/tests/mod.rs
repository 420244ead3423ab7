//! Tokens as they are made, taken and refused.

mod attacks;
mod bytes;
mod example;
mod join;
mod key;
mod oracle;
mod pass;
mod rsa;
mod signature;
mod times;
mod wycheproof;

use core::num::NonZeroU32;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::digest;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use super::json::{Json, JsonError, Object};
use super::parts::{PartError, TokenPart};
use super::*;
use crate::capability::{Capabilities, Role};
use crate::id::{HubId, Jti, KeyId, Pin, PublicKey};
use crate::random::{Random, Seed};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;

const HUB: HubId = HubId([7; 16]);
const OTHER_HUB: HubId = HubId([8; 16]);

/// A hub's key, a key of another hub, and keys of the curves.
fn signer() -> TokenSigner {
    TokenSigner::generate(&mut Random::new(&Seed([1; 32]))).unwrap()
}

fn stranger() -> TokenSigner {
    TokenSigner::generate(&mut Random::new(&Seed([2; 32]))).unwrap()
}

fn es256() -> TokenSigner {
    TokenSigner::from_pkcs8(&HEXLOWER.decode(P256.as_bytes()).unwrap()).unwrap()
}

fn es384() -> TokenSigner {
    TokenSigner::from_pkcs8(&HEXLOWER.decode(P384.as_bytes()).unwrap()).unwrap()
}

/// Of each algorithm that signs, one.
fn signers() -> [TokenSigner; 3] {
    [signer(), es256(), es384()]
}

/// The keys of [`signers`], all active.
static KEYS: LazyLock<TokenKeys> = LazyLock::new(|| {
    let mut keys = TokenKeys::new();
    for signer in signers() {
        keys.insert(signer.key().clone(), KeyState::Active);
    }
    keys
});

fn keys() -> TokenKeys {
    KEYS.clone()
}

fn join_claims() -> JoinClaims {
    JoinClaims {
        hub: HUB,
        sub: "alice".to_owned(),
        iat: NOW,
        exp: NOW + 3600,
        jti: Jti([9; 16]),
        role: Role::Member,
        uses: NonZeroU32::MIN,
        pins: vec![Pin([3; 32])],
        urls: vec!["wss://hub.example:7777/link".to_owned()],
        caps: None,
        rooms: Vec::new(),
        labels: BTreeMap::new(),
        id: None,
    }
}

fn pass_claims() -> PassClaims {
    PassClaims {
        iss: "https://issuer.example".to_owned(),
        hub: HUB,
        peer: "web-1".parse().unwrap(),
        iat: NOW,
        exp: NOW + 3600,
        jti: Jti([9; 16]),
        room: "lobby".parse().unwrap(),
        caps: Role::Member.capabilities(),
        key: KeyId::of(&PublicKey([5; 32])),
    }
}

/// A join token of [`signer`] as the hub makes it.
fn join_token() -> String {
    issue_join(&signer(), &join_claims()).unwrap()
}

/// What the hub says of a join token, at [`NOW`].
fn verified(token: &[u8]) -> Result<JoinClaims, TokenError> {
    verify_join(token, &KEYS, HUB, NOW, &Rules::JOIN).map(|verified| verified.claims)
}

fn refused(token: &str) -> TokenError {
    verified(token.as_bytes()).unwrap_err()
}

/// The header that [`signer`] gives its join tokens.
fn header(signer: &TokenSigner) -> String {
    let (alg, kid) = (signer.key().algorithm(), signer.key().id());
    format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"join+jwt"}}"#)
}

/// The claims of [`join_token`], as text.
fn claims() -> String {
    let token = join_token();
    let claims = token.split('.').nth(1).unwrap();
    String::from_utf8(BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap()
}

/// Whatever is given, signed.
fn signed(signer: &TokenSigner, header: &str, claims: &str) -> String {
    let encoded = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let token = format!("{}.{}", encoded(header), encoded(claims));
    let signature = BASE64URL_NOPAD.encode(&signer.sign(token.as_bytes()).unwrap());
    format!("{token}.{signature}")
}

/// A token whose header is another, signed all the same: nothing but the header speaks against it.
fn with_header(header: &str) -> String {
    signed(&signer(), header, &claims())
}

/// A token whose header has `to` in place of `from`.
fn with_header_edit(from: &str, to: &str) -> String {
    let header = header(&signer());
    assert!(header.contains(from), "{header} has no {from}");
    with_header(&header.replacen(from, to, 1))
}

/// A token whose claims have `to` in place of `from`.
fn with_claim_edit(from: &str, to: &str) -> String {
    let claims = claims();
    assert!(claims.contains(from), "{claims} has no {from}");
    signed(&signer(), &header(&signer()), &claims.replacen(from, to, 1))
}

/// A token with another signature over the same header and claims.
fn with_signature(token: &str, signature: &[u8]) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", BASE64URL_NOPAD.encode(signature))
}

fn fault(claim: &'static str, wrong: Wrong) -> TokenError {
    TokenError::Claims(vec![ClaimFault { claim, wrong }])
}

/// PKCS#8 keys for these tests alone, made with OpenSSL.
const P256: &str = "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104201b30a9bc0\
53b2dcab15a80e72318fe4232d58df7ea451da01213cbfc6302e6b9a1440342000496b4c2c1966a99b910441d0300a8ef57a8\
47850aca9012967274ddd1b2d6fc565873063bcd5238e90664f880cd76d53e6c1871a502d9f4c34458b5658ef5882a";
const P384: &str = "3081b6020100301006072a8648ce3d020106052b8104002204819e30819b02010104304f8d29a04e3\
e6c0b4883df5551297511bcb7ae4ded7fa1be5551047354254134831e92a10f92eb0615b5cc948d4bed94a164036200040c9c\
57ad988064176a105fb6cf4b0d866402e7e20cf621a40a5c55b73f9368eb6e78f0f5160204490e3d942f4ab57dd3be6af9e0f\
e1e1491e9617677031dbbdd634254599d60124558c96bf66355dbfcff26c9e68daa1a8931f46f8bb73e6deb";
