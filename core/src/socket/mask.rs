//! Masking (RFC 6455 §5.3): each payload byte XOR the byte of a 4-byte key at its place modulo 4.
//!
//! The connecting side masks while it copies a payload out, the accepting side unmasks in place.
//! Both go eight bytes at a time.

/// Masks or unmasks `bytes` in place; they start at place 0 of the key.
pub(super) fn apply(bytes: &mut [u8], key: [u8; 4]) {
    let wide = widen(key);
    let (words, tail) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Writes `from`, masked, into `into`, which must be as long; where one is longer, its end stays
/// untouched.
pub(super) fn copy(from: &[u8], into: &mut [u8], key: [u8; 4]) {
    let wide = widen(key);
    let (words, tail) = from.as_chunks::<8>();
    let (into_words, into_tail) = into.as_chunks_mut::<8>();
    for (into, word) in into_words.iter_mut().zip(words) {
        *into = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for ((into, byte), key) in into_tail.iter_mut().zip(tail).zip(key.iter().cycle()) {
        *into = byte ^ key;
    }
}

/// The key twice, so that it lines up with every eighth byte.
fn widen(key: [u8; 4]) -> u64 {
    let narrow = u64::from(u32::from_ne_bytes(key));
    narrow << 32 | narrow
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_bytes_at_a_time_gives_what_one_at_a_time_gives(
            bytes in prop::collection::vec(any::<u8>(), 0..70),
            key in any::<[u8; 4]>(),
        ) {
            // RFC 6455 §5.3: transformed-octet-i = original-octet-i XOR key-octet-(i MOD 4).
            let by_the_rfc: Vec<u8> =
                bytes.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
            let mut copied = vec![0; bytes.len()];
            copy(&bytes, &mut copied, key);
            prop_assert_eq!(&copied, &by_the_rfc);
            let mut in_place = bytes;
            apply(&mut in_place, key);
            prop_assert_eq!(&in_place, &by_the_rfc);
        }
    }
}
