//! The only source of randomness in our own code: a generator seeded at birth.
//!
//! Nonces, WebSocket masks, session ids and jitter come from here, so that the same seed and the
//! same inputs give the same events and the same plaintext bytes. TLS key shares are drawn inside
//! rustls and are not ours to repeat. The shell fills a [`Seed`] from the operating system.

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 32 bytes that nobody else may know: whoever does can tell every nonce that follows.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed(pub [u8; 32]);

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// ChaCha20 keyed by a [`Seed`].
#[derive(Clone)]
pub struct Random(ChaCha20Rng);

impl Random {
    /// A generator that gives the same bytes for the same seed, on every machine.
    #[must_use]
    pub fn new(seed: &Seed) -> Self {
        Self(ChaCha20Rng::from_seed(seed.0))
    }

    /// The next `N` bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A seed for a machine of its own.
    #[must_use]
    pub fn seed(&mut self) -> Seed {
        Seed(self.bytes())
    }

    /// A span from zero up to but not including `bound`, to the nanosecond; zero for a zero bound.
    ///
    /// The remainder of 64 random bits favours no value by more than one in 2^30 for bounds under
    /// 17 s, which is all that jitter needs.
    #[must_use]
    pub fn below(&mut self, bound: Duration) -> Duration {
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        match nanos {
            0 => Duration::ZERO,
            _ => Duration::from_nanos(self.0.next_u64() % nanos),
        }
    }
}

impl core::fmt::Debug for Random {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Random(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
        let draw = |byte| Random::new(&Seed([byte; 32])).bytes::<64>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn jitter_stays_below_its_bound() {
        let mut random = Random::new(&Seed([3; 32]));
        assert_eq!(random.below(Duration::ZERO), Duration::ZERO);
        for _ in 0..1000 {
            assert!(random.below(Duration::from_millis(500)) < Duration::from_millis(500));
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let seed = Seed([0xAB; 32]);
        assert_eq!(format!("{seed:?} {:?}", Random::new(&seed)), "Seed(..) Random(..)");
    }
}
