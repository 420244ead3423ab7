//! The input of a call, on its way to each of the peers that it runs on.
//!
//! What the caller feeds is held here once until every leg has had it and given credit for it, so
//! it is never more than the input window: the caller gets credit as the slowest leg gives it. A
//! leg that has ended counts no more.
//!
//! Legs are fed in sweeps, so that a long list of them can be gone through in slices.

use std::collections::BTreeMap;

use crate::buffer::Buffer;
use crate::hub::calls::record::CallNumber;

/// Input of one call.
#[derive(Debug, Default)]
pub(in crate::hub::calls) struct Feed {
    /// What came, from the offset `start` on.
    bytes: Buffer,
    start: u64,
    /// Nothing follows `bytes`.
    ended: bool,
    legs: Vec<Eater>,
    /// How many open legs have given how much credit.
    granted: BTreeMap<u64, usize>,
    /// The next leg to be looked at; none where all were since something came.
    sweep: Option<usize>,
    /// Something came during the sweep.
    again: bool,
}

/// Input that is under way for all fan-outs of one caller.
#[derive(Debug, Default)]
pub(in crate::hub::calls) struct Feeding {
    /// Bytes that legs were given and gave no credit for.
    pub(in crate::hub::calls) bytes: u64,
    /// Fan-outs with a leg that waits until there are fewer.
    pub(in crate::hub::calls) stalled: Vec<CallNumber>,
}

/// One leg.
#[derive(Clone, Copy, Debug, Default)]
struct Eater {
    open: bool,
    /// Bytes that it was given.
    fed: u64,
    /// It was told the end.
    ended: bool,
    /// Bytes that it gave credit for, beside what every call starts with.
    granted: u64,
}

/// What a leg is to be given.
#[derive(Debug, PartialEq)]
pub(in crate::hub::calls) struct Piece<'a> {
    pub(in crate::hub::calls) offset: u64,
    pub(in crate::hub::calls) bytes: &'a [u8],
    pub(in crate::hub::calls) end: bool,
}

impl Feed {
    /// Input for so many legs.
    pub(in crate::hub::calls) fn new(legs: usize) -> Self {
        Self { legs: vec![Eater::default(); legs], ..Self::default() }
    }

    /// Bytes that it holds.
    pub(super) fn heap(&self) -> usize {
        self.bytes.len() + self.legs.len() * size_of::<Eater>()
    }

    /// A leg runs. All that are going to run do before one of them gives credit.
    pub(in crate::hub::calls) fn open(&mut self, leg: usize) {
        let Some(eater) = self.legs.get_mut(leg) else { return };
        eater.open = true;
        *self.granted.entry(0).or_default() += 1;
    }

    /// A leg has ended; the bytes that it was given and gave no credit for.
    pub(in crate::hub::calls) fn close(&mut self, leg: usize) -> u64 {
        let Some(eater) = self.legs.get_mut(leg).filter(|eater| eater.open) else { return 0 };
        eater.open = false;
        let Eater { fed, granted, .. } = *eater;
        self.leave(granted);
        fed.saturating_sub(granted)
    }

    /// The caller feeds; in order, and within its credit.
    pub(in crate::hub::calls) fn push(&mut self, bytes: &[u8], end: bool) {
        self.bytes.extend(bytes);
        self.ended |= end;
        self.look();
    }

    /// A leg has given credit; how much of it for bytes that it was given.
    pub(in crate::hub::calls) fn grant(&mut self, leg: usize, bytes: u64) -> u64 {
        let Some(eater) = self.legs.get_mut(leg).filter(|eater| eater.open) else { return 0 };
        let bytes = bytes.min(eater.fed - eater.granted);
        let before = eater.granted;
        eater.granted += bytes;
        *self.granted.entry(before + bytes).or_default() += 1;
        self.leave(before);
        bytes
    }

    /// Credit for the caller: what every open leg has given since this was asked.
    pub(in crate::hub::calls) fn credit(&mut self) -> Option<u64> {
        let (&floor, _) = self.granted.first_key_value()?;
        let bytes = floor.checked_sub(self.start).filter(|&bytes| bytes > 0)?;
        self.bytes.consume(usize::try_from(bytes).unwrap_or(usize::MAX));
        self.start = floor;
        Some(bytes)
    }

    /// Every leg is to be looked at, from the first on.
    pub(in crate::hub::calls) fn look(&mut self) {
        match self.sweep {
            Some(_) => self.again = true,
            None => self.sweep = Some(0),
        }
    }

    /// The sweep stops here; see [`Feed::look`].
    pub(in crate::hub::calls) fn pause(&mut self) {
        (self.sweep, self.again) = (None, false);
    }

    /// Whether a leg may lack something.
    pub(in crate::hub::calls) fn is_due(&self) -> bool {
        self.sweep.is_some() && (self.ended || !self.bytes.is_empty())
    }

    /// The open leg whose turn it is; none where all had theirs.
    pub(in crate::hub::calls) fn turn(&mut self) -> Option<usize> {
        let mut next = self.sweep?;
        loop {
            match self.legs.get(next) {
                Some(eater) if eater.open => {
                    self.sweep = Some(next + 1);
                    return Some(next);
                }
                Some(_) => next += 1,
                None if core::mem::take(&mut self.again) => next = 0,
                None => {
                    self.sweep = None;
                    return None;
                }
            }
        }
    }

    /// What a leg lacks, at most `most` bytes of it; none where it has all. It has to be told with
    /// [`Feed::fed`].
    pub(in crate::hub::calls) fn piece(&self, leg: usize, most: usize) -> Option<Piece<'_>> {
        let eater = self.legs.get(leg).filter(|eater| eater.open && !eater.ended)?;
        let held = self.bytes.filled();
        let done = usize::try_from(eater.fed - self.start).unwrap_or(usize::MAX).min(held.len());
        let rest = &held[done..];
        let bytes = &rest[..rest.len().min(most)];
        let end = self.ended && bytes.len() == rest.len();
        (end || !bytes.is_empty()).then_some(Piece { offset: eater.fed, bytes, end })
    }

    /// Whether a leg lacks bytes.
    pub(in crate::hub::calls) fn is_hungry(&self, leg: usize) -> bool {
        self.piece(leg, usize::MAX).is_some_and(|piece| !piece.bytes.is_empty())
    }

    /// A leg was given so many bytes, and the end with them.
    pub(in crate::hub::calls) fn fed(&mut self, leg: usize, bytes: u64, end: bool) {
        let Some(eater) = self.legs.get_mut(leg) else { return };
        eater.fed += bytes;
        eater.ended |= end;
    }

    fn leave(&mut self, granted: u64) {
        if let Some(count) = self.granted.get_mut(&granted) {
            *count -= 1;
            if *count == 0 {
                self.granted.remove(&granted);
            }
        }
    }
}

#[cfg(test)]
mod tests;
