//! The transcript: one hash over everything that both ends said before the proofs.

use sha2::{Digest, Sha256};

use crate::id::Nonce;
use crate::identity::Transcript;

/// `SHA-256("bowline/1 transcript" ‖ peer nonce ‖ u32be(len Hello) ‖ Hello ‖ u32be(len AuthBody) ‖
/// AuthBody)`, where Hello is the whole message.
///
/// Both are under 16 KiB, so the lengths fit. `// spec: admission §3`
pub(super) fn transcript(nonce: &Nonce, hello: &[u8], auth_body: &[u8]) -> Transcript {
    let mut hash = Sha256::new();
    hash.update(b"bowline/1 transcript");
    hash.update(nonce.0);
    for part in [hello, auth_body] {
        hash.update((part.len() as u32).to_be_bytes());
        hash.update(part);
    }
    Transcript(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_moved_from_one_part_to_the_other_changes_the_transcript() {
        let nonce = Nonce([1; 32]);
        assert_ne!(transcript(&nonce, b"ab", b"c").0, transcript(&nonce, b"a", b"bc").0);
        assert_ne!(transcript(&nonce, b"a", b"b").0, transcript(&Nonce([2; 32]), b"a", b"b").0);
    }
}
