//! Certificates from elsewhere, good and bad, as PEM: an authority and what it issues.

use bowline_shell::files::pem;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// From one day to another, each as year, month and day.
pub type Dates = [(i32, u8, u8); 2];

/// Good whenever a test runs.
pub const GOOD: Dates = [(2020, 1, 1), (2999, 1, 1)];
/// Over.
pub const EXPIRED: Dates = [(2020, 1, 1), (2021, 1, 1)];
/// Yet to come.
pub const FUTURE: Dates = [(2998, 1, 1), (2999, 1, 1)];

/// An authority with a key of its own.
#[derive(Debug)]
pub struct Authority {
    name: &'static str,
    key: KeyPair,
}

impl Authority {
    /// An authority of this common name.
    ///
    /// # Panics
    /// When there is no randomness.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, key: KeyPair::generate().expect("a key") }
    }

    /// Its own certificate.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn certificate(&self) -> String {
        let made = self.params().self_signed(&self.key).expect("a certificate");
        text(pem::CERTIFICATE, made.der())
    }

    /// A certificate for these names, and its key.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn issue(&self, names: &[&str], dates: Dates) -> (String, String) {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, "a hub");
        [params.not_before, params.not_after] =
            dates.map(|(year, month, day)| rcgen::date_time_ymd(year, month, day));
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::new(self.params(), &self.key);
        let made = params.signed_by(&key, &issuer).expect("a certificate");
        (text(pem::CERTIFICATE, made.der()), text(pem::PRIVATE_KEY, &key.serialize_der()))
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, self.name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }
}

fn text(label: &str, der: &[u8]) -> String {
    String::from_utf8_lossy(&pem::encode(label, der)).into_owned()
}
