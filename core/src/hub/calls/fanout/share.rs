//! A caller's output credit, shared by the peers that its call runs on.
//!
//! Each leg can count on a base: half of its part of the window, at least a byte. The rest is free
//! and goes to the legs that consume, in turns, so that one that says much is not held to its part
//! while others are silent. What legs lack of their base stays free for them, whoever else
//! consumes: once the caller has given back what it read, no leg is without credit.
//!
//! All that is here together is never more than the caller gave.

use std::collections::VecDeque;

/// Credit of one call.
#[derive(Debug, Default)]
pub(in crate::hub::calls) struct Share {
    /// Bytes that each leg can count on.
    base: u64,
    /// Bytes that no leg holds.
    free: u64,
    /// Bytes that legs lack of their base, together.
    lacking: u64,
    /// All bytes, held and free.
    total: u64,
    parts: Vec<LegCredit>,
    /// Legs that have consumed since they last got credit, each once.
    turns: VecDeque<usize>,
}

/// Credit of one leg.
#[derive(Clone, Copy, Debug)]
struct LegCredit {
    held: u64,
    open: bool,
    listed: bool,
}

impl Share {
    /// `window` bytes for these legs, in their order: whether each is going to run. Those hold
    /// their base from here on. `None` where there is not a byte for each.
    pub(in crate::hub::calls) fn new(
        window: u64,
        legs: impl Iterator<Item = bool>,
    ) -> Option<Self> {
        let mut parts: Vec<_> =
            legs.map(|open| LegCredit { held: 0, open, listed: false }).collect();
        let running = parts.iter().filter(|part| part.open).count() as u64;
        if window < running {
            return None;
        }
        let base = (window / 2).checked_div(running).unwrap_or(0).max(1);
        parts.iter_mut().filter(|part| part.open).for_each(|part| part.held = base);
        let free = window - base * running;
        Some(Self { base, free, lacking: 0, total: window, parts, turns: VecDeque::new() })
    }

    /// All credit, held and free.
    pub(in crate::hub::calls) fn total(&self) -> u64 {
        self.total
    }

    /// Bytes of memory that it holds.
    pub(super) fn heap(&self) -> usize {
        self.parts.len() * size_of::<LegCredit>()
    }

    /// What a leg that is going to run holds at first.
    pub(in crate::hub::calls) fn base(&self) -> u64 {
        self.base
    }

    /// A leg has sent bytes; how many of them it had credit for.
    pub(in crate::hub::calls) fn consume(&mut self, leg: usize, bytes: u64) -> u64 {
        let Some(part) = self.parts.get_mut(leg).filter(|part| part.open) else { return 0 };
        let bytes = bytes.min(part.held);
        self.lacking -= self.base.saturating_sub(part.held);
        part.held -= bytes;
        self.lacking += self.base.saturating_sub(part.held);
        self.total -= bytes;
        if !core::mem::replace(&mut part.listed, true) {
            self.turns.push_back(leg);
        }
        bytes
    }

    /// The caller gives credit.
    pub(in crate::hub::calls) fn add(&mut self, bytes: u64) {
        self.free = self.free.saturating_add(bytes);
        self.total = self.total.saturating_add(bytes);
    }

    /// A leg has ended, or will not run: what it holds is free.
    pub(in crate::hub::calls) fn end(&mut self, leg: usize) {
        let Some(part) = self.parts.get_mut(leg).filter(|part| part.open) else { return };
        self.lacking -= self.base.saturating_sub(part.held);
        self.free += part.held;
        *part = LegCredit { held: 0, open: false, ..*part };
    }

    /// Credit to give to a leg. Call until `None` after every change.
    pub(in crate::hub::calls) fn next(&mut self) -> Option<(usize, u64)> {
        while self.free > 0 {
            let leg = self.turns.pop_front()?;
            let Some(part) = self.parts.get_mut(leg) else { continue };
            let spare = self.free.saturating_sub(self.lacking);
            let most = self.base.saturating_add(spare / 2);
            // One that has used less than half waits, so that credit does not go byte by byte.
            if !part.open || part.held > most / 2 {
                part.listed = false;
                continue;
            }
            let bytes = (most - part.held).min(self.free);
            self.lacking -= self.base.saturating_sub(part.held);
            self.free -= bytes;
            part.held += bytes;
            let lacks = self.base.saturating_sub(part.held);
            self.lacking += lacks;
            part.listed = lacks > 0;
            if part.listed {
                self.turns.push_back(leg);
            }
            return Some((leg, bytes));
        }
        None
    }
}

#[cfg(test)]
mod tests;
