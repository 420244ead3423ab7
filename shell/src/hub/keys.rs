//! A hub's own keys and certificate: read, or made at the first start.

use std::path::Path;

use bowline_core::id::HubId;
use bowline_core::identity::{HubIdentity, TlsKey};
use bowline_core::random::Random;
use bowline_core::trust::ChainFault;

use crate::config::{HubConfig, TlsMode, TlsSource, Warning};
use crate::entropy;
use crate::files::{DataDir, Exposure, read_private, write_private};
use crate::hub::StartError;
use crate::peer::load_signing_key;

/// A self-signed certificate is made anew, with the same key, when it ends within 30 days.
const RENEW_BEFORE: u64 = 30 * 24 * 60 * 60;

/// The identity key in the data directory.
pub(super) fn identity(data: &DataDir) -> Result<HubIdentity, StartError> {
    Ok(HubIdentity(load_signing_key(&data.identity_key())?))
}

/// The certificate and key to serve; none in `plain`.
pub(super) fn tls(
    config: &HubConfig,
    data: &DataDir,
    id: HubId,
    now_unix: u64,
) -> Result<Option<TlsKey>, StartError> {
    match (&config.mode, &config.source) {
        (TlsMode::Plain, _) => Ok(None),
        (TlsMode::Tofu | TlsMode::Strict, TlsSource::Files { cert, key }) => {
            from_files(cert, key, Exposure::Nothing).map(Some)
        }
        (TlsMode::Tofu | TlsMode::Strict, TlsSource::SelfSigned) => {
            self_signed(config, data, id, now_unix).map(Some)
        }
    }
}

/// What is to be said of the dates of a certificate from elsewhere. It is served all the same: who
/// goes by identity or pin does not look at them.
pub(super) fn dates(config: &HubConfig, key: &TlsKey, now_unix: u64) -> Option<Warning> {
    let TlsSource::Files { cert, .. } = &config.source else { return None };
    let told = key.describe().ok()?;
    let fault = if told.not_after < now_unix {
        ChainFault::Expired { not_after: told.not_after, now: now_unix }
    } else if now_unix < told.not_before {
        ChainFault::NotYetValid { not_before: told.not_before, now: now_unix }
    } else {
        return None;
    };
    Some(Warning::Dates { path: cert.clone(), fault })
}

fn from_files(cert: &Path, key: &Path, exposure: Exposure) -> Result<TlsKey, StartError> {
    let certificate = read_private(cert, Exposure::Readable)?;
    let private = read_private(key, exposure)?;
    TlsKey::from_pem(&certificate, &private).map_err(|error| StartError::Certificate {
        path: format!("{} and {}", cert.display(), key.display()),
        reason: error.to_string(),
    })
}

/// The self-signed certificate of the data directory: its key stays, the certificate follows the
/// names and the calendar.
fn self_signed(
    config: &HubConfig,
    data: &DataDir,
    id: HubId,
    now_unix: u64,
) -> Result<TlsKey, StartError> {
    let broken = |reason: String| StartError::Certificate {
        path: data.tls_certificate().display().to_string(),
        reason,
    };
    let key = load_signing_key(&data.tls_key())?;
    let names = names(config);
    let common = if config.name.is_empty() { id.to_string() } else { config.name.clone() };
    let kept = from_files(&data.tls_certificate(), &data.tls_key(), Exposure::Nothing);
    if let Ok(kept) = kept
        && let Ok(description) = kept.describe()
        && description.not_after > now_unix.saturating_add(RENEW_BEFORE)
        && names.iter().all(|name| description.names.contains(name))
    {
        return Ok(kept);
    }
    let seed = entropy::seed().map_err(|error| broken(error.to_string()))?;
    let made = TlsKey::self_signed_with(&key, &mut Random::new(&seed), &names, &common, now_unix)
        .map_err(|error| broken(error.to_string()))?;
    let (certificate, _) = made.to_pem();
    write_private(&data.tls_certificate(), certificate.as_bytes())?;
    Ok(made)
}

/// The bind address, `localhost` and the configured names.
fn names(config: &HubConfig) -> Vec<String> {
    let bind = config.bind.0.ip();
    let address = (!bind.is_unspecified()).then(|| bind.to_string());
    let mut names: Vec<_> = address
        .into_iter()
        .chain(["localhost".to_owned()])
        .chain(config.hostnames.clone())
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HubSettings;

    const NOW: u64 = 1_800_000_000;

    fn config(text: &str) -> HubConfig {
        HubSettings::parse("hub.toml".as_ref(), text).unwrap().resolve().unwrap()
    }

    fn served(config: &HubConfig, data: &DataDir, now_unix: u64) -> TlsKey {
        let id = identity(data).unwrap().id();
        tls(config, data, id, now_unix).unwrap().unwrap()
    }

    #[test]
    fn a_certificate_is_kept_as_long_as_it_serves() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create(&dir.path().join("hub")).unwrap();
        let first = served(&config(""), &data, NOW);
        let again = served(&config(""), &data, NOW + 60);
        assert_eq!(again.to_pem().0, first.to_pem().0);
    }

    #[test]
    fn another_name_or_the_calendar_makes_a_certificate_with_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create(&dir.path().join("hub")).unwrap();
        let first = served(&config(""), &data, NOW);
        let named = served(&config("[tls]\nhostnames = [\"hub.example\"]"), &data, NOW);
        let names = named.describe().unwrap().names;
        assert!(names.contains(&"hub.example".to_owned()), "{names:?}");
        assert_ne!(named.to_pem().0, first.to_pem().0);
        let late = first.describe().unwrap().not_after - RENEW_BEFORE;
        let renewed = served(&config(""), &data, late);
        assert!(renewed.describe().unwrap().not_after > late + RENEW_BEFORE);
        assert_eq!((named.pin(), renewed.pin()), (first.pin(), first.pin()));
    }

    #[test]
    fn without_tls_no_key_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create(&dir.path().join("hub")).unwrap();
        let id = identity(&data).unwrap().id();
        assert!(tls(&config("[tls]\nmode = \"plain\""), &data, id, NOW).unwrap().is_none());
        assert!(!data.tls_key().exists());
    }

    #[test]
    fn a_certificate_and_a_key_that_do_not_belong_together_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let data = |name: &str| DataDir::create(&dir.path().join(name)).unwrap();
        let (one, two) = (data("one"), data("two"));
        let one_pin = served(&config(""), &one, NOW).pin().to_string();
        let two_pin = served(&config(""), &two, NOW).pin().to_string();
        let (cert, key) = (one.tls_certificate(), two.tls_key());
        let error = from_files(&cert, &key, Exposure::Nothing).unwrap_err().to_string();
        assert!(error.contains(&cert.display().to_string()), "{error}");
        assert!(error.contains(&one_pin) && error.contains(&two_pin), "{error}");
    }
}
