//! Certificates: PEM, or one in DER, in base64 or as it is.

use std::ffi::OsStr;

use bowline_core::identity::Description;
use bowline_shell::files::unmarked;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::args::Encoding;
use crate::exit::{self, Failure};
use crate::inspect::{input, not_a};
use crate::{certificate, date, output};

pub(super) fn certificate(value: &OsStr, json: bool) -> Result<u8, Failure> {
    let bytes = input::read(value)?;
    let chain = match read(&bytes) {
        Ok(chain) => chain,
        Err(reason) => return not_a("certificate", &reason, json),
    };
    let of = chain.len();
    let mut described = Vec::with_capacity(of);
    for (at, der) in chain.iter().enumerate() {
        let Ok(told) = Description::of(der) else {
            let reason = match of {
                1 => "these bytes are no X.509 certificate in DER".to_owned(),
                _ => format!("block {} of {of} holds no X.509 certificate", at + 1),
            };
            return not_a("certificate", &reason, json);
        };
        described.push(told);
    }
    if json {
        described.iter().try_for_each(|told| output::line(certificate::object(told)))?;
    } else {
        output::line(certificate::chain(&described, date::now()))?;
    }
    Ok(exit::DONE)
}

/// The certificates in DER; at least one.
fn read(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    if bytes.trim_ascii().is_empty() {
        return Err("it is empty".to_owned());
    }
    // A certificate is a SEQUENCE of some hundred bytes: 0x30, and a length in two bytes.
    if bytes.starts_with(&[0x30, 0x82]) {
        return Ok(vec![bytes.to_vec().into()]);
    }
    let bytes = unmarked(bytes).map_err(|fault| fault.to_string())?;
    let begins = |label: &str| contains(bytes, format!("-----BEGIN {label}").as_bytes());
    if !begins("") {
        let encoding = Some(Encoding::Base64);
        let (der, _) = input::decode(bytes, encoding)
            .map_err(|reason| format!("expected PEM ('BEGIN CERTIFICATE') or base64: {reason}"))?;
        return Ok(vec![der.into()]);
    }
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let chain = chain.map_err(|error| format!("the PEM is damaged: {error}"))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    Err(match () {
        () if begins("CERTIFICATE REQUEST") || begins("NEW CERTIFICATE REQUEST") => {
            "this is a request for a certificate".to_owned()
        }
        () if contains(bytes, b"PRIVATE KEY-----") => {
            "this is a private key; expected 'BEGIN CERTIFICATE'".to_owned()
        }
        () => "the PEM holds no block 'BEGIN CERTIFICATE'".to_owned(),
    })
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|at| at == wanted)
}
