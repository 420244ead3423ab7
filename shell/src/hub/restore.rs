//! A data directory that came from a backup: marked as such, or made the directory of another hub.
//!
//! Both hold the directory's lock, so that no hub runs on it meanwhile. A copy becomes another hub
//! in steps, of which the last is what ends it: a crash between them leaves a directory that is
//! marked as restored, in which no token is taken, and the command does the rest when it is run
//! again.

use std::path::{Path, PathBuf};

use bowline_core::facts::{Change, Restored, Sign};
use bowline_core::id::{HubId, PeerId};

use crate::clock::Clock;
use crate::files::{self, DataDir, DirLock, FileError};
use crate::hub::{StartError, keys};
use crate::ledger::Ledger;

/// A directory that is marked as restored from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marked {
    /// Whether it was marked already.
    pub already: bool,
    /// What it was marked by.
    pub restored: Restored,
}

/// A directory that became another hub's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoredDir {
    /// The hub's id from here on.
    pub hub: HubId,
    /// The files that were taken away; the next start makes others.
    pub removed: Vec<PathBuf>,
}

/// Marks the hub in `data` as restored from a backup: from its next start on it takes no join token
/// and no refresh token until that is accepted. No hub may run there.
///
/// # Errors
/// [`StartError`]: the directory is not a hub's, a hub runs on it, or its ledger cannot be changed.
pub fn mark_restored(data: &Path) -> Result<Marked, StartError> {
    let (_lock, mut ledger, _) = open(data)?;
    let restored = by_operator(&mut ledger)?;
    let already = !ledger.change(&Change::Restored(restored))?;
    let restored = ledger.durable()?.restored.unwrap_or(restored);
    Ok(Marked { already, restored })
}

/// Makes the directory that of another hub: with another identity, CA, token key, TLS key and
/// shared secret, and a ledger in which ids belong to the keys that had them, the revoked stay
/// revoked, and nothing admits anybody. No hub may run there.
///
/// # Errors
/// As [`mark_restored`]. Run again, it goes on from where it was.
pub fn new_identity(data: &Path) -> Result<RestoredDir, StartError> {
    let (_lock, mut ledger, data) = open(data)?;
    // Until all of it is done no hub on this directory takes a token.
    let restored = by_operator(&mut ledger)?;
    ledger.change(&Change::Restored(restored))?;
    let mut removed = Vec::new();
    for path in [
        data.identity_key(),
        data.ca_key(),
        data.ca_certificate(),
        data.token_key(),
        data.next_token_key(),
        data.tls_key(),
        data.tls_certificate(),
        data.secret(),
        data.old_secret(),
        data.operator_key(),
        // Where the original listens.
        data.endpoint(),
    ] {
        if files::is_there(&path)? {
            files::remove(&path)?;
            removed.push(path);
        }
    }
    let hub = keys::identity(&data)?.id();
    ledger.make_anew()?;
    Ok(RestoredDir { hub, removed })
}

fn open(data: &Path) -> Result<(DirLock, Ledger, DataDir), StartError> {
    let data = DataDir::open(data)?;
    let lock = DirLock::take(&data)?;
    let path = data.ledger();
    if !files::is_there(&path)? {
        let missing = rustix::io::Errno::NOENT;
        return Err(FileError::system("open the hub's ledger", &path, missing).into());
    }
    let ledger = Ledger::open(&path)?;
    Ok((lock, ledger, data))
}

fn by_operator(ledger: &mut Ledger) -> Result<Restored, StartError> {
    let generation = ledger.generation()?;
    let (by, at) = (Some(PeerId::operator()), Clock::start().now().unix);
    Ok(Restored { generation, issue: 0, sign: Sign::Operator, by, at })
}

#[cfg(test)]
mod tests {
    use bowline_core::facts::PeerRecord;
    use bowline_core::random::{Random, Seed};
    use bowline_core::token::TokenSigner;

    use super::*;
    use crate::ledger::{KeyRotation, Tokens};

    fn hub() -> (tempfile::TempDir, Ledger) {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&dir.path().join("ledger.db")).unwrap();
        ledger.raise_generation().unwrap();
        (dir, ledger)
    }

    #[test]
    fn a_directory_is_marked_once_and_says_so_until_that_is_accepted() {
        let (dir, ledger) = hub();
        drop(ledger);
        let marked = mark_restored(dir.path()).unwrap();
        assert_eq!((marked.already, marked.restored.sign), (false, Sign::Operator));
        assert_eq!(marked.restored.generation, 1);
        assert!(mark_restored(dir.path()).unwrap().already);
        let mut ledger = Ledger::open(&dir.path().join("ledger.db")).unwrap();
        assert_eq!(ledger.durable().unwrap().restored, Some(marked.restored));
        assert_eq!(ledger.accept_restored(9, Tokens::Void), Ok(true));
    }

    #[test]
    fn a_directory_in_use_and_one_without_a_ledger_are_left_alone() {
        let (dir, ledger) = hub();
        drop(ledger);
        let lock = DirLock::take(&DataDir::open(dir.path()).unwrap()).unwrap();
        for said in [mark_restored(dir.path()).map(drop), new_identity(dir.path()).map(drop)] {
            assert!(matches!(said, Err(StartError::File(FileError::Locked { .. }))), "{said:?}");
        }
        drop(lock);
        let empty = tempfile::tempdir().unwrap();
        for said in [mark_restored(empty.path()).map(drop), new_identity(empty.path()).map(drop)] {
            assert!(said.unwrap_err().to_string().contains("ledger.db"));
        }
        assert!(!empty.path().join("ledger.db").exists());
        assert!(!empty.path().join("identity.key").exists());
    }

    #[test]
    fn a_copy_for_elsewhere_has_no_key_of_the_original_and_nothing_that_admits() {
        let (dir, mut ledger) = hub();
        let data = DataDir::open(dir.path()).unwrap();
        let before = keys::identity(&data).unwrap().id();
        let signer = TokenSigner::generate(&mut Random::new(&Seed([3; 32]))).unwrap();
        let key = signer.key().clone();
        ledger.rotate_key(&KeyRotation { key, at: 1, now: false }).unwrap();
        ledger.make_example();
        drop(ledger);
        let others = [
            data.ca_key(),
            data.ca_certificate(),
            data.token_key(),
            data.next_token_key(),
            data.tls_key(),
            data.tls_certificate(),
            data.secret(),
            data.old_secret(),
            data.operator_key(),
            data.endpoint(),
        ];
        others.iter().for_each(|path| std::fs::write(path, "of the original").unwrap());

        let anew = new_identity(dir.path()).unwrap();
        assert_ne!(anew.hub, before);
        assert_eq!(keys::identity(&data).unwrap().id(), anew.hub);
        assert_eq!(anew.removed[0], data.identity_key());
        assert_eq!(anew.removed[1..], others);
        assert!(!others.iter().any(|path| path.exists()));
        let mut ledger = Ledger::open(&data.ledger()).unwrap();
        let known = ledger.durable().unwrap();
        assert_eq!((known.tokens.len(), known.keys.len(), known.restored), (0, 0, None));
        let peers: Vec<_> = known.peers.values().collect();
        let [PeerRecord { binding, enrolled: None, revoked: Some(_) }] = peers[..] else {
            panic!("{known:?}")
        };
        assert_eq!(binding.peer.as_str(), "web-1");
        assert_eq!(ledger.raise_generation(), Ok(1));
    }
}
