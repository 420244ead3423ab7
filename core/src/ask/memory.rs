//! A storage that forgets when the process ends.

use crate::ask::{Answer, Cannot, PeerUpdate, Question, StoreAsk, Stored};
use crate::code::Code;
use crate::facts::{
    Acceptance, Binding, Conflict, Durable, Fact, KeyRecord, TokenRecord, Tokens, Write,
};
use crate::trust::{Entry, SeenStart};
use crate::wire::frame::Issued;

/// Answers for durable storage, as the real one does: all of a record, or nothing and no.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    durable: Durable,
    entry: Option<Entry>,
    seen: Option<SeenStart>,
    issued: Option<Issued>,
}

impl Memory {
    /// A storage that holds this.
    #[must_use]
    pub fn holding(durable: Durable) -> Self {
        Self { durable, ..Self::default() }
    }

    /// Answers a link: `None` for what is the hub's to answer.
    pub fn answer(&mut self, question: &Question) -> Option<Answer> {
        match question {
            Question::Record(record) => Some(match self.apply(Fact::Record(record)) {
                Ok(_) => Answer::Recorded,
                Err(conflict) => Answer::Refused(conflict.into()),
            }),
            Question::Store(kept) => {
                self.keep(kept);
                Some(Answer::Stored)
            }
            Question::Load => Some(Answer::Loaded(self.issued.clone().map(Box::new))),
            Question::Hub(_) => None,
        }
    }

    /// Does what a hub asks for: a change of what is recorded, the only one that needs no keys.
    ///
    /// # Errors
    /// [`Cannot`]: nothing was changed; `unsupported` for what needs keys.
    pub fn store(&mut self, ask: &StoreAsk) -> Result<Stored, Cannot> {
        match ask {
            StoreAsk::Change(change) => Ok(Stored::Changed(self.apply(Fact::Change(change))?)),
            StoreAsk::Issue(_) | StoreAsk::RotateKeys { .. } | StoreAsk::Rotate { .. } => {
                Err(Code::Unsupported.into())
            }
        }
    }

    /// Takes a fact in; whether there was anything to change.
    ///
    /// # Errors
    /// [`Conflict`]: nothing was changed.
    pub fn apply(&mut self, fact: Fact<'_>) -> Result<bool, Conflict> {
        self.durable.apply(fact)
    }

    /// Keeps the record of a token that was made.
    pub fn issue(&mut self, token: TokenRecord) {
        self.durable.write(Write::Token(Box::new(token)));
    }

    /// Keeps the token-signing keys, in place of those before.
    pub fn keep_keys(&mut self, keys: Vec<KeyRecord>) {
        self.durable.write(Write::Keys(keys));
    }

    /// Takes a storage that was restored for good at this moment, as a hub's start does that is
    /// told to: the generation that it goes on from; none where nothing has shown that it was
    /// restored.
    pub fn accept_restored(&mut self, generation: u64, at: u64, tokens: Tokens) -> Option<u64> {
        let (raised, _) = self.durable.restored?.beyond(generation, self.durable.issues);
        self.apply(Fact::Accept(Acceptance { generation, at, tokens })).ok()?;
        Some(raised)
    }

    fn keep(&mut self, kept: &PeerUpdate) {
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
        self.durable.peers.values().map(|peer| &peer.binding)
    }

    /// Everything that a hub has to be told at its start.
    #[must_use]
    pub fn durable(&self) -> Durable {
        self.durable.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::FactRecord;
    use crate::id::PublicKey;
    use crate::wire::frame::Method;

    #[test]
    fn an_id_is_bound_to_the_first_key_and_the_same_key_may_ask_again() {
        let mut memory = Memory::default();
        let binding = |key| {
            Question::Record(FactRecord::Bind(Binding {
                peer: "web-1".parse().unwrap(),
                key: PublicKey([key; 32]),
                method: Method::Secret,
                first_seen: 7,
                serves: true,
            }))
        };
        assert_eq!(memory.answer(&binding(1)), Some(Answer::Recorded));
        assert_eq!(memory.answer(&binding(2)), Some(Answer::Refused(Code::IdTaken.into())));
        assert_eq!(memory.answer(&binding(1)), Some(Answer::Recorded));
        assert_eq!(memory.bindings().count(), 1);
    }
}
