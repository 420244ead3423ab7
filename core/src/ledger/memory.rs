//! A ledger that forgets when the process ends.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::id::{Jti, PeerId};
use crate::ledger::{
    Answer, Binding, Change, Durable, Enrolled, Enrolment, Kept, KeyRecord, NotTaken, Question,
    Record, Refreshing, Restored, Revocation, TokenRecord,
};
use crate::trust::{Entry, SeenStart};
use crate::wire::frame::Issued;

/// Answers for durable storage, as the real one does: all of a record, or nothing and no.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    peers: BTreeMap<PeerId, Row>,
    tokens: BTreeMap<Jti, TokenRecord>,
    keys: Vec<KeyRecord>,
    floor: u64,
    issues: u32,
    restored: Option<Restored>,
    entry: Option<Entry>,
    seen: Option<SeenStart>,
    issued: Option<Issued>,
}

/// What is known of one peer.
#[derive(Clone, Debug)]
struct Row {
    binding: Binding,
    enrolled: Option<Enrolled>,
    revoked: Option<Revocation>,
}

impl Memory {
    /// Answers Record, Keep, Held and Change; `None` for questions that are the hub's, or that need keys.
    pub fn answer(&mut self, question: &Question) -> Option<Answer> {
        match question {
            Question::Record(record) => Some(match self.record(record) {
                Ok(()) => Answer::Recorded,
                Err(code) => Answer::No(code.into()),
            }),
            Question::Keep(kept) => {
                self.keep(kept);
                Some(Answer::Kept)
            }
            Question::Held => Some(Answer::Held(self.issued.clone().map(Box::new))),
            Question::Change(change) => Some(Answer::Changed(self.change(change))),
            Question::Arrive(_)
            | Question::Reserve(_)
            | Question::Renew(_)
            | Question::Commit(_)
            | Question::Renewed(_)
            | Question::Issue(_)
            | Question::RotateKeys { .. }
            | Question::Rotate { .. } => None,
        }
    }

    /// Keeps the record of a token that was made.
    pub fn issue(&mut self, token: TokenRecord) {
        self.tokens.insert(token.jti, token);
    }

    /// Keeps the token-signing keys, in place of those before.
    pub fn keep_keys(&mut self, keys: Vec<KeyRecord>) {
        self.keys = keys;
    }

    /// Takes a storage that was restored for good, as a hub's start does that is told to: the
    /// generation that it goes on from; none where nothing has shown that it was restored. Every
    /// token is void unless they are kept.
    pub fn accept_restored(&mut self, generation: u64, now: u64, keeps: bool) -> Option<u64> {
        let (generation, issues) = self.restored.take()?.beyond(generation, self.issues);
        self.issues = issues;
        if !keeps {
            for token in self.tokens.values_mut() {
                token.revoked.get_or_insert(now);
            }
            for enrolled in self.peers.values_mut().filter_map(|row| row.enrolled.as_mut()) {
                enrolled.family = None;
            }
        }
        Some(generation)
    }

    /// A ledger that holds this.
    #[cfg(test)]
    pub(crate) fn holding(durable: Durable) -> Self {
        let Durable { peers, tokens, keys, floor, issues, restored } = durable;
        let rows = peers
            .into_iter()
            .map(|(binding, enrolled, revoked)| (binding.peer, Row { binding, enrolled, revoked }));
        let tokens = tokens.into_iter().map(|token| (token.jti, token)).collect();
        let peers = rows.collect();
        Self { peers, tokens, keys, floor, issues, restored, ..Self::default() }
    }

    fn record(&mut self, record: &Record) -> Result<(), Code> {
        match record {
            Record::Bind(binding) => self.bind(binding),
            Record::Enrol(enrolment) => self.enrol(enrolment),
            Record::Refresh(refreshing) => self.refresh(refreshing),
        }
    }

    fn bind(&mut self, binding: &Binding) -> Result<(), Code> {
        let new = || Row { binding: *binding, enrolled: None, revoked: None };
        let row = self.peers.entry(binding.peer).or_insert_with(new);
        if row.binding.key != binding.key {
            return Err(Code::IdTaken);
        }
        if row.revoked.is_some() {
            return Err(Code::Revoked);
        }
        row.binding.serves |= binding.serves;
        Ok(())
    }

    fn enrol(&mut self, enrolment: &Enrolment) -> Result<(), Code> {
        let Enrolment { binding, invited, enrolled } = enrolment;
        if invited.ends <= self.floor {
            return Err(Code::Expired);
        }
        let token = self.tokens.get_mut(&invited.jti).ok_or(NotTaken::UNKNOWN.code())?;
        token.takes(invited, binding.peer, token.spent(&binding.key)).map_err(NotTaken::code)?;
        let known = self.peers.get(&binding.peer);
        if known.is_some_and(|row| row.binding.key != binding.key) {
            return Err(Code::IdTaken);
        }
        if known.is_some_and(|row| row.revoked.is_some()) {
            return Err(Code::Revoked);
        }
        token.used.entry(binding.key).or_insert(binding.peer);
        let serves = binding.serves || known.is_some_and(|row| row.binding.serves);
        let first_seen = known.map_or(binding.first_seen, |row| row.binding.first_seen);
        let binding = Binding { serves, first_seen, ..*binding };
        self.issues = self.issues.max(enrolled.issue);
        let row = Row { binding, enrolled: Some(enrolled.clone()), revoked: None };
        self.peers.insert(binding.peer, row);
        Ok(())
    }

    fn refresh(&mut self, refreshing: &Refreshing) -> Result<(), Code> {
        let row = self.peers.get_mut(&refreshing.peer);
        let row = row.filter(|row| row.binding.key == refreshing.key).ok_or(Code::Refused)?;
        if row.revoked.is_some() {
            return Err(Code::Revoked);
        }
        let enrolled = row.enrolled.as_mut().ok_or(Code::Refused)?;
        enrolled.family = Some(refreshing.apply(enrolled.family.as_ref()).ok_or(Code::Expired)?);
        enrolled.issue = enrolled.issue.max(refreshing.issue);
        self.issues = self.issues.max(refreshing.issue);
        row.binding.serves |= refreshing.serves;
        Ok(())
    }

    fn change(&mut self, change: &Change) -> bool {
        match change {
            Change::Forget(peer) => self.peers.remove(peer).is_some(),
            Change::Revoke(peers, revocation) => {
                peers.iter().filter(|&&peer| self.revoke(peer, revocation)).count() > 0
            }
            Change::Allow(peer) => {
                self.peers.get_mut(peer).is_some_and(|row| row.revoked.take().is_some())
            }
            Change::RevokeToken(jti, at, peers) => {
                let Some(token) = self.tokens.get_mut(jti) else { return false };
                token.revoked.get_or_insert(*at);
                let reason = format!("token {jti} was revoked");
                let revocation = Revocation { at: *at, reason };
                peers.iter().for_each(|&peer| {
                    self.revoke(peer, &revocation);
                });
                true
            }
            Change::Purge(floor) => {
                self.floor = self.floor.max(*floor);
                let floor = self.floor;
                let before = self.tokens.len();
                self.tokens.retain(|_, token| token.ends > floor);
                self.tokens.len() != before
            }
            Change::Restored(shown) => {
                let adds = shown.beside(self.restored);
                self.restored = adds.or(self.restored);
                adds.is_some()
            }
        }
    }

    fn revoke(&mut self, peer: PeerId, revocation: &Revocation) -> bool {
        let Some(row) = self.peers.get_mut(&peer) else { return false };
        if row.revoked.is_some() {
            return false;
        }
        row.revoked = Some(revocation.clone());
        if let Some(enrolled) = &mut row.enrolled {
            enrolled.void();
        }
        true
    }

    fn keep(&mut self, kept: &Kept) {
        self.entry = kept.entry.or(self.entry);
        self.seen = kept.seen.clone().or(self.seen.take());
        if kept.issued.is_some() {
            self.issued.clone_from(&kept.issued);
        }
    }

    /// What has been kept of the hub.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// The latest start of the hub that has been kept.
    #[must_use]
    pub fn seen(&self) -> Option<&SeenStart> {
        self.seen.as_ref()
    }

    /// What has been kept of what the hub minted.
    #[must_use]
    pub fn issued(&self) -> Option<&Issued> {
        self.issued.as_ref()
    }

    /// Every binding, in the order of the ids.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.peers.values().map(|row| &row.binding)
    }

    /// Everything that a hub has to be told at its start.
    #[must_use]
    pub fn durable(&self) -> Durable {
        let peers = self.peers.values();
        let peers = peers.map(|row| (row.binding, row.enrolled.clone(), row.revoked.clone()));
        Durable {
            peers: peers.collect(),
            tokens: self.tokens.values().cloned().collect(),
            keys: self.keys.clone(),
            floor: self.floor,
            issues: self.issues,
            restored: self.restored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PublicKey;
    use crate::wire::frame::Method;

    #[test]
    fn an_id_is_bound_to_the_first_key_and_the_same_key_may_ask_again() {
        let mut memory = Memory::default();
        let binding = |key| {
            Question::Record(Record::Bind(Binding {
                peer: "web-1".parse().unwrap(),
                key: PublicKey([key; 32]),
                method: Method::Secret,
                first_seen: 7,
                serves: true,
            }))
        };
        assert_eq!(memory.answer(&binding(1)), Some(Answer::Recorded));
        assert_eq!(memory.answer(&binding(2)), Some(Answer::No(Code::IdTaken.into())));
        assert_eq!(memory.answer(&binding(1)), Some(Answer::Recorded));
        assert_eq!(memory.bindings().count(), 1);
    }
}
