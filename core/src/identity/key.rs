//! Ed25519 (RFC 8032) signing keys, and the one place where signatures are verified.

use core::fmt;

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use x509_parser::asn1_rs::{Any, FromDer};
use zeroize::Zeroizing;

use crate::id::PublicKey;
use crate::random::Random;

/// Why bytes are not a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not DER, another kind of key, a public half that is not the private half's, or encrypted.
    #[error("not an unencrypted Ed25519 private key in PKCS#8 (RFC 8410)")]
    Key,
}

/// A signature that does not verify; also what a key gets that signatures can be forged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// An Ed25519 private key.
///
/// Printing it shows the public key.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// A new key: the next 32 bytes of `random` are its seed (RFC 8032 §5.1.5).
    #[must_use]
    pub fn generate(random: &mut Random) -> Self {
        let seed = Zeroizing::new(random.bytes());
        // Every 32 bytes are a seed: the library refuses only shorter ones.
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).expect("32 bytes are a seed");
        Self { seed, pair }
    }

    /// Reads an unencrypted PKCS#8 key, version 1 or 2 (RFC 5958, RFC 8410 §7).
    ///
    /// # Errors
    /// [`IdentityError::Key`] for anything else, and where a version 2 key's public half is not its
    /// private half's.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, IdentityError> {
        // The library passes over what follows the key.
        let Ok(([], _)) = Any::from_der(der) else { return Err(IdentityError::Key) };
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| IdentityError::Key)?;
        let held = pair.seed().map_err(|_| IdentityError::Key)?;
        let bytes = held.as_be_bytes().map_err(|_| IdentityError::Key)?;
        let seed = bytes.as_ref().try_into().map_err(|_| IdentityError::Key)?;
        Ok(Self { seed: Zeroizing::new(seed), pair })
    }

    /// The key as PKCS#8 version 1 DER (48 bytes), which is what OpenSSL writes and reads.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let mut der = Zeroizing::new(Vec::with_capacity(PKCS8_PREFIX.len() + self.seed.len()));
        der.extend_from_slice(&PKCS8_PREFIX);
        der.extend_from_slice(&*self.seed);
        der
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        // An Ed25519 public key is 32 bytes, whatever the library's type says.
        key.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(key)
    }

    /// Signs `message`. The same key and message give the same signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        // An Ed25519 signature is 64 bytes.
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public())
    }
}

/// Verifies `signature` over `message` (RFC 8032 §5.1.7).
///
/// Keys of small order are refused here, because anybody can make signatures that verify under
/// them. The library refuses what the RFC has it refuse: a second spelling of a key or of a
/// signature.
///
/// # Errors
/// [`BadSignature`].
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
    if has_small_order(key) {
        return Err(BadSignature);
    }
    UnparsedPublicKey::new(&ED25519, key.0).verify(message, signature).map_err(|_| BadSignature)
}

/// Whether the key is one of the points whose multiples are only eight: their y, either sign of x.
pub(crate) fn has_small_order(key: &PublicKey) -> bool {
    let mut y = key.0;
    y[31] &= 0x7F;
    SMALL_ORDER.contains(&y)
}

/// What stands before the seed in every PKCS#8 version 1 Ed25519 key (RFC 8410 §10.3).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The y of the points of order 4, 1, 8, 8 and 2, little-endian.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98,
        0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53,
        0xFC, 0x05,
    ],
    [
        0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67,
        0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC,
        0x03, 0x7A,
    ],
    [
        0xEC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0x7F,
    ],
];

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::random::Seed;

    /// RFC 8032 §7.1, test 2.
    const RFC_SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const RFC_PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    const RFC_SIGNATURE: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                                 085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    fn key(byte: u8) -> SigningKey {
        SigningKey::generate(&mut Random::new(&Seed([byte; 32])))
    }

    fn rfc_key() -> SigningKey {
        let mut der = PKCS8_PREFIX.to_vec();
        der.extend(HEXLOWER.decode(RFC_SEED.as_bytes()).unwrap());
        SigningKey::from_pkcs8(&der).unwrap()
    }

    #[test]
    fn the_example_of_the_rfc_comes_out_byte_for_byte() {
        let key = rfc_key();
        assert_eq!(HEXLOWER.encode(&key.public().0), RFC_PUBLIC);
        let signature = key.sign(&[0x72]);
        assert_eq!(HEXLOWER.encode(&signature), RFC_SIGNATURE);
        assert_eq!(verify(&key.public(), &[0x72], &signature), Ok(()));
    }

    #[test]
    fn a_key_is_the_next_32_bytes_of_the_generator() {
        let seed = Seed([7; 32]);
        let made = SigningKey::generate(&mut Random::new(&seed));
        let expected: [u8; 32] = Random::new(&seed).bytes();
        assert_eq!(made.to_pkcs8()[16..], expected);
        assert_ne!(made.public(), key(8).public());
    }

    #[test]
    fn a_key_written_as_pkcs8_reads_back_as_itself() {
        let made = key(1);
        let read = SigningKey::from_pkcs8(&made.to_pkcs8()).unwrap();
        assert_eq!(read.public(), made.public());
        assert_eq!(read.to_pkcs8(), made.to_pkcs8());
    }

    #[test]
    fn version_2_of_pkcs8_is_read_and_a_wrong_public_half_in_it_is_refused() {
        // RFC 5958: version 1 in the INTEGER, and [1] IMPLICIT BIT STRING with the public key.
        let made = key(2);
        let version_2 = |public: PublicKey| {
            let mut der = made.to_pkcs8().to_vec();
            der[1] = 0x51;
            der[4] = 1;
            der.extend([0x81, 0x21, 0x00]);
            der.extend(public.0);
            der
        };
        let read = SigningKey::from_pkcs8(&version_2(made.public())).unwrap();
        assert_eq!(read.to_pkcs8(), made.to_pkcs8());
        assert_eq!(
            SigningKey::from_pkcs8(&version_2(key(3).public())).unwrap_err(),
            IdentityError::Key
        );
    }

    #[test]
    fn what_is_not_an_ed25519_key_is_refused() {
        let good = key(1).to_pkcs8();
        let mut x25519 = good.to_vec();
        x25519[11] = 0x6E;
        let mut longer = good.to_vec();
        longer.push(0);
        for bad in [&[][..], &good[..47], &x25519, &longer, &[0; 48]] {
            assert_eq!(SigningKey::from_pkcs8(bad).unwrap_err(), IdentityError::Key, "{bad:?}");
        }
    }

    #[test]
    fn a_changed_message_signature_or_key_does_not_verify() {
        let (key, other) = (rfc_key(), key(9).public());
        let good = key.sign(b"message");
        assert_eq!(verify(&key.public(), b"massage", &good), Err(BadSignature));
        assert_eq!(verify(&other, b"message", &good), Err(BadSignature));
        for at in 0..64 {
            let mut bad = good;
            bad[at] ^= 1;
            assert_eq!(verify(&key.public(), b"message", &bad), Err(BadSignature), "byte {at}");
        }
    }

    #[test]
    fn a_second_spelling_of_a_signature_is_refused() {
        // S + L gives the same point; RFC 8032 §5.1.7 refuses S outside 0..L.
        const L: [u8; 32] = [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9,
            0xDE, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let key = rfc_key();
        let mut signature = key.sign(b"message");
        let mut carry = 0u16;
        for (byte, add) in signature[32..].iter_mut().zip(L) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        assert_eq!(verify(&key.public(), b"message", &signature), Err(BadSignature));
    }

    /// R is the neutral point and S zero: [S]B = R + [k]A holds wherever k is a multiple of A's
    /// order.
    fn forged() -> [u8; 64] {
        let mut forged = [0; 64];
        forged[0] = 1;
        forged
    }

    #[test]
    fn keys_of_small_order_verify_nothing() {
        let mut forgeable = 0;
        for (y, sign) in SMALL_ORDER.into_iter().flat_map(|y| [(y, 0), (y, 0x80)]) {
            let mut key = y;
            key[31] |= sign;
            let bare = UnparsedPublicKey::new(&ED25519, key);
            forgeable += usize::from((0..=255).any(|m| bare.verify(&[m], &forged()).is_ok()));
            for m in 0..=255 {
                assert_eq!(verify(&PublicKey(key), &[m], &forged()), Err(BadSignature));
            }
        }
        assert_eq!(
            forgeable, 8,
            "the library takes forgeries for all of them: the check is needed"
        );
    }

    #[test]
    fn a_second_spelling_of_a_key_verifies_nothing() {
        // RFC 8032 §5.1.3 refuses a y of p and above; p + 1 would be the neutral point's once more.
        for low in 0xED..=0xFF {
            let mut key = [0xFF; 32];
            (key[0], key[31]) = (low, 0x7F);
            for m in 0..=255 {
                assert_eq!(verify(&PublicKey(key), &[m], &forged()), Err(BadSignature));
            }
        }
    }

    #[test]
    fn printing_a_key_shows_its_public_half_only() {
        let key = rfc_key();
        assert_eq!(format!("{key:?}"), format!("SigningKey({:?})", key.public()));
    }
}
