//! A hub's own keys and certificate: read, or made at the first start.

use std::path::Path;

use bowline_core::id::{HubId, Pin};
use bowline_core::identity::{Authority, AuthorityPublic, HubIdentity, TlsKey};
use bowline_core::random::Random;
use bowline_core::trust::ChainFault;
use bowline_core::tunnel::ServerTls;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::config::{HubConfig, TlsMode, TlsSource, Warning};
use crate::entropy;
use crate::files::{DataDir, Exposure, pem, read_private, write_private};
use crate::hub::StartError;
use crate::peer::load_signing_key;

/// A certificate of the hub's own is made anew, with the same key, when it ends within 30 days.
const RENEW_BEFORE: u64 = 30 * 24 * 60 * 60;

/// The identity key in the data directory.
pub(super) fn identity(data: &DataDir) -> Result<HubIdentity, StartError> {
    Ok(HubIdentity(load_signing_key(&data.identity_key())?))
}

/// The authority that mints peers' certificates: its key stays, its certificate is made anew when
/// it is not this key's and hub's, or ends soon.
pub(super) fn authority(
    data: &DataDir,
    hub: HubId,
    now_unix: u64,
) -> Result<Authority, StartError> {
    let path = data.ca_certificate();
    let key = load_signing_key(&data.ca_key())?;
    if let Ok(pem) = read_private(&path, Exposure::Readable)
        && let Ok(certificate) = CertificateDer::from_pem_slice(&pem)
        && let Ok(kept) = Authority::read(key, &certificate, hub)
        && kept.not_after() > now_unix.saturating_add(RENEW_BEFORE)
    {
        return Ok(kept);
    }
    let seed = entropy::seed().map_err(|error| StartError::Certificate {
        path: path.display().to_string(),
        reason: error.to_string(),
    })?;
    let key = load_signing_key(&data.ca_key())?;
    let made = Authority::certify(key, &mut Random::new(&seed), hub, now_unix);
    write_private(&path, &pem::encode(pem::CERTIFICATE, made.certificate()))?;
    Ok(made)
}

/// The certificate and key to serve; none in `plain`.
fn tls(
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

/// The certificate that links get, and what is known of it.
#[derive(Debug)]
pub(super) struct ServedCertificate {
    /// None in `plain`.
    pub(super) tls: Option<ServerTls>,
    pub(super) pin: Option<Pin>,
    /// The chain as PEM, to tell one from another.
    pub(super) chain: String,
    /// Seconds since 1970.
    pub(super) not_after: Option<u64>,
    pub(super) dates: Option<Warning>,
}

/// Reads or makes the certificate and key to serve; clients are asked for a certificate of
/// `authority`.
pub(super) fn serve(
    config: &HubConfig,
    data: &DataDir,
    id: HubId,
    authority: &AuthorityPublic,
    now_unix: u64,
) -> Result<ServedCertificate, StartError> {
    let Some(key) = tls(config, data, id, now_unix)? else {
        let (pin, chain, not_after, dates) = (None, String::new(), None, None);
        return Ok(ServedCertificate { tls: None, pin, chain, not_after, dates });
    };
    let (pin, (chain, _), dates) = (key.pin(), key.to_pem(), dates(config, &key, now_unix));
    let not_after = key.describe().ok().map(|told| told.not_after);
    let (certificates, private) = key.into_parts();
    let tls = ServerTls::asking(certificates, private, &authority.subject()).map_err(|error| {
        StartError::Certificate { path: "TLS".to_owned(), reason: error.to_string() }
    })?;
    Ok(ServedCertificate { tls: Some(tls), pin: Some(pin), chain, not_after, dates })
}

/// What is to be said of the dates of a certificate from elsewhere. It is served all the same: who
/// goes by identity or pin does not look at them.
fn dates(config: &HubConfig, key: &TlsKey, now_unix: u64) -> Option<Warning> {
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
    let certificate = pem::read(cert, Exposure::Readable)?;
    let private = pem::read_key(key, exposure)?;
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
    use crate::hub::token_key;
    use crate::ledger::Ledger;
    use bowline_core::token::TokenSigner;

    fn token(data: &DataDir) -> Result<TokenSigner, StartError> {
        token_key::load(data, &mut Ledger::open(&data.ledger()).unwrap(), NOW)
    }

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
    fn every_key_of_the_first_start_is_another_one_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create(&dir.path().join("hub")).unwrap();
        let made = |data: &DataDir| {
            let identity = identity(data).unwrap();
            let authority = authority(data, identity.id(), NOW).unwrap();
            let tls = served(&config(""), data, NOW).pin();
            let token = token(data).unwrap();
            let [identity, authority] =
                [identity.0.public(), authority.public().key].map(|key| key.pin().to_string());
            [identity, authority, token.key().id().to_string(), tls.to_string()]
        };
        let pins = made(&data);
        assert_eq!(pins.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        let keys = [data.identity_key(), data.ca_key(), data.token_key(), data.tls_key()];
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(keys.map(|path| mode(&path)), [0o600; 4]);
        // The next start finds them.
        assert_eq!(made(&data), pins);
    }

    #[test]
    fn a_key_file_that_others_can_read_stops_the_start() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create(&dir.path().join("hub")).unwrap();
        let hub = identity(&data).unwrap().id();
        authority(&data, hub, NOW).unwrap();
        token(&data).unwrap();
        for path in [data.ca_key(), data.token_key()] {
            for bits in [0o640, 0o604, 0o660] {
                let open = std::fs::Permissions::from_mode(bits);
                std::fs::set_permissions(&path, open).unwrap();
                let refused = if path == data.ca_key() {
                    authority(&data, hub, NOW).map(|_| ()).unwrap_err()
                } else {
                    token(&data).map(|_| ()).unwrap_err()
                };
                let said = format!("{} has mode {bits:04o}", path.display());
                assert!(refused.to_string().contains(&said), "{refused}");
            }
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        authority(&data, hub, NOW).unwrap();
        token(&data).unwrap();
    }

    #[test]
    fn the_authoritys_certificate_is_kept_until_it_ends_soon_or_is_not_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create(&dir.path().join("hub")).unwrap();
        let hub = identity(&data).unwrap().id();
        let first = authority(&data, hub, NOW).unwrap();
        let again = authority(&data, hub, NOW + 60).unwrap();
        assert_eq!(again.certificate(), first.certificate());
        let late = first.not_after() - RENEW_BEFORE;
        let renewed = authority(&data, hub, late).unwrap();
        assert_eq!(renewed.public(), first.public());
        assert!(renewed.not_after() > first.not_after());
        // One that is damaged or gone is made anew, for the same key.
        std::fs::write(data.ca_certificate(), "no certificate").unwrap();
        assert_eq!(authority(&data, hub, NOW).unwrap().public(), first.public());
        let stored = pem::read_certificates(&data.ca_certificate()).unwrap();
        std::fs::remove_file(data.ca_certificate()).unwrap();
        let made = authority(&data, hub, NOW).unwrap();
        assert_eq!((made.public(), stored.len()), (first.public(), 1));
        // Another key is another authority, whatever certificate lies there.
        std::fs::remove_file(data.ca_key()).unwrap();
        assert_ne!(authority(&data, hub, NOW).unwrap().public(), first.public());
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
