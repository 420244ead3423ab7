//! The shared secrets that a hub knows: one, and while it is being replaced the one before it.

use crate::auth::SharedSecret;
use crate::id::SecretNumber;
use crate::identity::Transcript;

/// Numbered secrets, the current one first; none where `secret` is not offered.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    current: Option<(SecretNumber, SharedSecret)>,
    old: Option<(SecretNumber, SharedSecret)>,
}

impl Secrets {
    /// One secret of this number.
    #[must_use]
    pub fn numbered(number: SecretNumber, secret: SharedSecret) -> Self {
        Self { current: Some((number, secret)), old: None }
    }

    /// The same, and the secret before it, which proves too.
    #[must_use]
    pub fn with_old(self, number: SecretNumber, secret: SharedSecret) -> Self {
        Self { old: Some((number, secret)), ..self }
    }

    /// The same without the secret of this number, where it is the one before.
    #[must_use]
    pub fn without_old(self, number: SecretNumber) -> Self {
        Self { old: self.old.filter(|(old, _)| *old != number), ..self }
    }

    /// The current one.
    #[must_use]
    pub fn current(&self) -> Option<(SecretNumber, &SharedSecret)> {
        self.current.as_ref().map(|(number, secret)| (*number, secret))
    }

    /// Whether the one before it proves too.
    #[must_use]
    pub fn has_old(&self) -> bool {
        self.old.is_some()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.current.is_none()
    }

    /// The secret that a peer's proof was made with. All are tried, each in constant time: how long
    /// it takes does not tell which it was.
    pub(super) fn proved(&self, transcript: &Transcript, proof: &[u8]) -> Option<SecretNumber> {
        let mut found = None;
        for (number, secret) in self.all() {
            let is_proved = secret.peer_mac_is(transcript, proof);
            found = if is_proved { Some(number) } else { found };
        }
        found
    }

    /// The secret of this number.
    pub(super) fn get(&self, number: SecretNumber) -> Option<&SharedSecret> {
        self.all().find(|(known, _)| *known == number).map(|(_, secret)| secret)
    }

    fn all(&self) -> impl Iterator<Item = (SecretNumber, &SharedSecret)> {
        self.current.iter().chain(&self.old).map(|(number, secret)| (*number, secret))
    }
}

/// The only secret, as long as none is replaced.
impl From<SharedSecret> for Secrets {
    fn from(secret: SharedSecret) -> Self {
        Self::numbered(SecretNumber::FIRST, secret)
    }
}

impl From<Option<SharedSecret>> for Secrets {
    fn from(secret: Option<SharedSecret>) -> Self {
        secret.map_or_else(Self::default, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> SharedSecret {
        SharedSecret::new(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_proof_is_matched_with_the_secret_that_made_it_and_with_no_other() {
        let transcript = Transcript([1; 32]);
        let two =
            Secrets::numbered(SecretNumber(2), secret(2)).with_old(SecretNumber(1), secret(1));
        let proved = |secrets: &Secrets, byte| {
            secrets.proved(&transcript, &secret(byte).peer_mac(&transcript))
        };
        assert_eq!(proved(&two, 2), Some(SecretNumber(2)));
        assert_eq!(proved(&two, 1), Some(SecretNumber(1)));
        assert_eq!(proved(&two, 3), None);
        let one = two.without_old(SecretNumber(1));
        assert_eq!((proved(&one, 2), proved(&one, 1)), (Some(SecretNumber(2)), None));
        assert!(one.get(SecretNumber(1)).is_none() && one.get(SecretNumber(2)).is_some());
        assert_eq!(proved(&Secrets::default(), 1), None);
    }

    #[test]
    fn only_the_secret_before_is_dropped_by_its_number() {
        let two =
            Secrets::numbered(SecretNumber(2), secret(2)).with_old(SecretNumber(1), secret(1));
        let same = two.without_old(SecretNumber(2)).without_old(SecretNumber(7));
        assert!(same.get(SecretNumber(1)).is_some() && same.get(SecretNumber(2)).is_some());
    }
}
