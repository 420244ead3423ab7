//! `trust.toml`: what a peer remembers of each hub that it is configured for.
//!
//! An entry's name is the configured hub's place ([`HubName`]), never what a hub says of itself.
//! Files that name URLs are read too; what they hold of one place becomes one entry. Every change
//! reads the file, changes one entry and writes it whole, under a lock, so that two programs lose
//! nothing of each other's. A file that cannot be understood is an error and stays as it is:
//! writing over it would forget what a hub's key was, which is what an attacker wants.
//!
//! Deciding is not done here: `bowline_core::trust` does that with what stands in an entry.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use bowline_core::id::{HubId, Pin};
use bowline_core::trust::SeenStart;
use bowline_core::word::word;
use rustix::fs::{FlockOperation, flock};

use crate::files::lock::open_lock;
use crate::files::{self, Exposure, FileError, Watched, read_private, shown, write_private};
use crate::print::{Printer, array};

mod name;
mod read;

pub use name::HubName;
use read::{Fault, TrustTable, tables};

/// What is known of one configured hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustRecord {
    /// The hub's identity; absent where only keys are pinned so far.
    pub identity: Option<HubId>,
    /// The TLS key served last.
    pub pin: Option<Pin>,
    /// The highest generation seen.
    pub generation: u64,
    /// The Hello of the latest start seen, which the hub is shown where it tells of an earlier one.
    pub hello: Option<SeenStart>,
    /// Unix seconds; 0 where the hub was never met.
    pub first_seen: u64,
    /// TLS keys that `trust pin` accepts beforehand, each once, ascending.
    pub pinned: Vec<Pin>,
}

impl TrustRecord {
    /// Takes in what was kept of the same place under another URL.
    fn fold(&mut self, other: Self) -> Result<(), String> {
        if let (Some(one), Some(two)) = (self.identity, other.identity)
            && one != two
        {
            return Err(format!(
                "this place is here twice, known as {one} and as {two}: take the entry out that is \
                 wrong"
            ));
        }
        let is_newer = other.generation > self.generation;
        let (newer, older) = if is_newer { (other.pin, self.pin) } else { (self.pin, other.pin) };
        self.identity = self.identity.or(other.identity);
        self.pin = newer.or(older);
        self.generation = self.generation.max(other.generation);
        self.hello = later(self.hello.take(), other.hello);
        self.first_seen = match (self.first_seen, other.first_seen) {
            (0, seen) | (seen, 0) => seen,
            (one, two) => one.min(two),
        };
        self.pinned.extend(other.pinned);
        self.pinned.sort_unstable();
        self.pinned.dedup();
        Ok(())
    }
}

/// What `trust pin` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trusted {
    /// `hub_…`
    Identity(HubId),
    /// `sha256/…`
    Key(Pin),
}

/// A trust file, which need not exist yet.
#[derive(Clone, Debug)]
pub struct TrustFile {
    path: PathBuf,
    watched: Watched,
}

/// Why trust cannot be read or changed.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not what we write; it was left as it is. The file, the line and what is wrong.
    #[error("{0}; mend the file, or move it away to start with no trust at all")]
    Malformed(String),
    /// Another identity is known already.
    #[error(
        "{hub} is known as {known}, not {given}: if the hub was set up anew, run \
         'bowline trust forget {}' first; if not, someone may be posing as it",
        word(.hub.to_string().as_bytes())
    )]
    OtherIdentity {
        /// The entry.
        hub: HubName,
        /// What is kept.
        known: HubId,
        /// What was to be kept.
        given: HubId,
    },
}

bowline_core::debug_as_display!(TrustError);

impl TrustFile {
    /// The file at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let watched = Watched::new(&path, Exposure::Readable);
        Self { path, watched }
    }

    /// Tells whether somebody else has changed it since it was read or written here last.
    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }

    /// Everything that is known, by hub.
    ///
    /// # Errors
    /// [`TrustError::Malformed`], or what reading meets; that there is no file is none.
    pub fn list(&self) -> Result<BTreeMap<HubName, TrustRecord>, TrustError> {
        self.watched.note();
        let bytes = match read_private(&self.path, Exposure::Readable) {
            Err(error) if error.is_not_found() => return Ok(BTreeMap::new()),
            read => read?,
        };
        let text = files::text(&bytes).map_err(|fault| FileError::Content {
            path: self.path.clone(),
            reason: format!("{fault}, or move it away to start with no trust at all"),
        })?;
        parse(text)
            .map_err(|fault| TrustError::Malformed(format!("{}: {fault}", shown(&self.path))))
    }

    /// What is known of `hub`.
    ///
    /// # Errors
    /// As [`TrustFile::list`].
    pub fn show(&self, hub: &HubName) -> Result<Option<TrustRecord>, TrustError> {
        Ok(self.list()?.remove(hub))
    }

    /// Keeps what an admission by `hub` showed. Call only after the hub proved itself.
    ///
    /// The first `first_seen` stays, the generation never falls and the Hello is of no earlier
    /// start, pinned keys stay.
    ///
    /// # Errors
    /// [`TrustError::OtherIdentity`] where another program has learnt another meanwhile, and as
    /// [`TrustFile::list`].
    pub fn keep(
        &self,
        hub: &HubName,
        identity: HubId,
        pin: Option<Pin>,
        (generation, hello): (u64, Option<SeenStart>),
        now: u64,
    ) -> Result<(), TrustError> {
        self.change(|entries| {
            let entry = entries.entry(hub.clone()).or_default();
            learn(hub, entry, identity)?;
            entry.pin = pin.or(entry.pin);
            entry.generation = entry.generation.max(generation);
            entry.hello = later(entry.hello.take(), hello);
            if entry.first_seen == 0 {
                entry.first_seen = now;
            }
            Ok(())
        })
    }

    /// Trusts an identity or a TLS key beforehand.
    ///
    /// # Errors
    /// As [`TrustFile::keep`].
    pub fn pin(&self, hub: &HubName, trusted: Trusted) -> Result<(), TrustError> {
        self.change(|entries| {
            let entry = entries.entry(hub.clone()).or_default();
            match trusted {
                Trusted::Identity(identity) => learn(hub, entry, identity)?,
                Trusted::Key(pin) => {
                    entry.pinned.push(pin);
                    entry.pinned.sort_unstable();
                    entry.pinned.dedup();
                }
            }
            Ok(())
        })
    }

    /// Forgets a hub, and says what was known of it.
    ///
    /// # Errors
    /// As [`TrustFile::list`].
    pub fn forget(&self, hub: &HubName) -> Result<Option<TrustRecord>, TrustError> {
        self.change(|entries| Ok(entries.remove(hub)))
    }

    /// Reads, changes and writes, with no other program in between.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<HubName, TrustRecord>) -> Result<T, TrustError>,
    ) -> Result<T, TrustError> {
        // A file of its own: the trust file is another one after each rename.
        let lock_path = self.path.with_extension("lock");
        let lock = open_lock(&lock_path)?;
        flock(&lock, FlockOperation::LockExclusive)
            .map_err(|error| FileError::system("lock", &lock_path, error))?;
        let before = self.list()?;
        let mut entries = before.clone();
        let result = change(&mut entries)?;
        if entries != before {
            write_private(&self.path, print(&entries).as_bytes())?;
            self.watched.note();
        }
        Ok(result)
    }
}

impl core::str::FromStr for Trusted {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = if text.starts_with("hub_") {
            text.parse().map(Self::Identity)
        } else {
            text.parse().map(Self::Key)
        };
        parsed.map_err(|error| format!("{error}; or give a hub id, 'hub_…'"))
    }
}

/// The Hello of the later start; what was kept where both are of the same.
fn later(kept: Option<SeenStart>, other: Option<SeenStart>) -> Option<SeenStart> {
    match (&kept, &other) {
        (Some(one), Some(two)) if two.generation() > one.generation() => other,
        _ => kept.or(other),
    }
}

fn learn(hub: &HubName, entry: &mut TrustRecord, given: HubId) -> Result<(), TrustError> {
    match entry.identity {
        Some(known) if known != given => {
            Err(TrustError::OtherIdentity { hub: hub.clone(), known, given })
        }
        _ => {
            entry.identity = Some(given);
            Ok(())
        }
    }
}

fn parse(text: &str) -> Result<BTreeMap<HubName, TrustRecord>, Fault> {
    let mut entries = BTreeMap::new();
    for mut table in tables(text)? {
        let hub = table.name.parse().map_err(|error| table.complain(error))?;
        let record = parse_record(&mut table)?;
        match entries.entry(hub) {
            Entry::Vacant(place) => {
                place.insert(record);
            }
            Entry::Occupied(mut known) => {
                let known: &mut TrustRecord = known.get_mut();
                known.fold(record).map_err(|why| table.complain(why))?;
            }
        }
        table.end()?;
    }
    Ok(entries)
}

fn parse_record(table: &mut TrustTable) -> Result<TrustRecord, Fault> {
    Ok(TrustRecord {
        identity: table.text("identity")?,
        pin: table.text("pin")?,
        generation: table.number("generation")?,
        hello: table.text("hello")?,
        first_seen: table.number("first-seen")?,
        pinned: table.list("pinned")?,
    })
}

fn print(entries: &BTreeMap<HubName, TrustRecord>) -> String {
    let mut printer = Printer::default();
    for (hub, record) in entries {
        printer.table(&["hub", &hub.to_string()]);
        if let Some(identity) = record.identity {
            printer.text("identity", identity);
        }
        if let Some(pin) = record.pin {
            printer.text("pin", pin);
        }
        printer.bare("generation", record.generation);
        if let Some(hello) = &record.hello {
            printer.text("hello", hello);
        }
        printer.bare("first-seen", record.first_seen);
        if !record.pinned.is_empty() {
            printer.bare("pinned", array(&record.pinned));
        }
    }
    printer.finish()
}

#[cfg(test)]
mod tests;
