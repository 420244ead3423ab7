//! The file of the key that signs tokens, and how another one takes over.
//!
//! ```text
//!   token.next written ──► the ledger: it signs from here on ──► token.next becomes token.key
//! ```
//!
//! The ledger decides. Until it says that the next key signs, that file means nothing, and the next
//! start removes it; once it does, the file takes its place, if need be at the next start. So a
//! crash at any moment leaves a hub that signs with the one key that its ledger calls active.

use std::path::Path;

use bowline_core::facts::KeyRecord;
use bowline_core::id::KeyId;
use bowline_core::random::Random;
use bowline_core::token::{KeyState, TokenSigner};
use zeroize::Zeroizing;

use crate::entropy;
use crate::files::{self, DataDir, FileError, pem};
use crate::hub::StartError;
use crate::ledger::{KeyRotation, Ledger};
use crate::peer::SetupError;

/// The key that signs: brings file and ledger together at the start.
pub(super) fn load(
    data: &DataDir,
    ledger: &mut Ledger,
    unix: u64,
) -> Result<TokenSigner, StartError> {
    let keys = ledger.durable()?.keys;
    finish(data, &keys)?;
    let signer = read_or_make(&data.token_key())?;
    match state(&keys, signer.key().id()) {
        Some(KeyState::Active) => Ok(signer),
        // The first start, or a key that its owner put there.
        None => {
            ledger.rotate_key(&taking_over(&signer, unix))?;
            Ok(signer)
        }
        // An older file was put back: what it signs is refused.
        Some(KeyState::VerifyOnly { .. } | KeyState::Revoked) => {
            let signer = prepare(data)?;
            ledger.rotate_key(&taking_over(&signer, unix))?;
            adopt(data)?;
            Ok(signer)
        }
    }
}

fn taking_over(signer: &TokenSigner, at: u64) -> KeyRotation {
    KeyRotation { key: signer.key().clone(), at, now: false }
}

/// Makes a key that is to take over, and keeps it beside the one that signs.
pub(super) fn prepare(data: &DataDir) -> Result<TokenSigner, SetupError> {
    let path = data.next_token_key();
    let signer = make(&path)?;
    pem::write_pkcs8(&path, &signer.to_pkcs8())?;
    Ok(signer)
}

/// Puts the next key in the place of the one before; the ledger says already that it signs.
pub(super) fn adopt(data: &DataDir) -> Result<(), FileError> {
    files::replace_private(&data.next_token_key(), &data.token_key())
}

/// Forgets the next key; the ledger does not know it.
pub(super) fn discard(data: &DataDir) -> Result<(), FileError> {
    files::remove(&data.next_token_key())
}

/// Ends a rotation that did not come to its end, the one way or the other.
fn finish(data: &DataDir, keys: &[KeyRecord]) -> Result<(), StartError> {
    match read(&data.next_token_key()) {
        Ok(next) if state(keys, next.key().id()) == Some(KeyState::Active) => Ok(adopt(data)?),
        Ok(_) => Ok(discard(data)?),
        Err(SetupError::File(error)) if error.is_not_found() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn state(keys: &[KeyRecord], id: KeyId) -> Option<KeyState> {
    keys.iter().find(|kept| kept.key.id() == id).map(|kept| kept.state)
}

fn read(path: &Path) -> Result<TokenSigner, SetupError> {
    parse(&pem::read_pkcs8(path)?, path)
}

fn read_or_make(path: &Path) -> Result<TokenSigner, SetupError> {
    let (read, _) = files::load_or_create(path, || {
        let made = make(path)?;
        Ok::<_, SetupError>(pem::encode(pem::PRIVATE_KEY, &made.to_pkcs8()))
    })?;
    parse(&pem::pkcs8(&read, path)?, path)
}

fn parse(der: &Zeroizing<Vec<u8>>, path: &Path) -> Result<TokenSigner, SetupError> {
    TokenSigner::from_pkcs8(der).map_err(|error| broken(path, &error))
}

fn make(path: &Path) -> Result<TokenSigner, SetupError> {
    let seed = entropy::seed().map_err(|error| broken(path, &error))?;
    TokenSigner::generate(&mut Random::new(&seed)).map_err(|error| broken(path, &error))
}

fn broken(path: &Path, reason: &impl ToString) -> SetupError {
    SetupError::Key { path: path.display().to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
