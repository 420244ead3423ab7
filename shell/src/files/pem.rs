//! PEM (RFC 7468): keys and certificates as text.
//!
//! Reading is rustls' own; it skips what it does not know, so a file may hold both. Writing puts
//! one object into one block of 64-column lines.

use std::path::Path;

use bowline_core::identity::is_encrypted;
use data_encoding::BASE64;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::files::{self, Exposure, FileError, read_private, write_private};

/// The label of a PKCS#8 key (RFC 5958).
pub const PRIVATE_KEY: &str = "PRIVATE KEY";

/// The label of an X.509 certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";

/// `der` as one PEM block.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> Zeroizing<Vec<u8>> {
    // Room for all of it, so that growing leaves no copy of a key behind.
    let base64 = der.len().div_ceil(3) * 4;
    let mut pem = Vec::with_capacity(base64 + base64 / 64 + 2 * label.len() + 40);
    pem.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    // 48 bytes are 64 characters, and only the last line is padded.
    for line in der.chunks(48) {
        pem.extend_from_slice(Zeroizing::new(BASE64.encode(line)).as_bytes());
        pem.push(b'\n');
    }
    pem.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    Zeroizing::new(pem)
}

/// The text of a file of PEM, without a byte order mark.
///
/// # Errors
/// Those of [`read_private`], and [`FileError::Content`] where it is UTF-16 or UTF-32.
pub fn read(path: &Path, exposure: Exposure) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let mut pem = read_private(path, exposure)?;
    let mark = pem.len() - plain(&pem, path)?.len();
    pem.drain(..mark);
    Ok(pem)
}

/// The same of a file that is to hold a private key.
///
/// # Errors
/// Those of [`read`], and [`FileError::Encrypted`] where only an encrypted key is there.
pub fn read_key(path: &Path, exposure: Exposure) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let pem = read(path, exposure)?;
    not_encrypted(&pem, path)?;
    Ok(pem)
}

/// The PKCS#8 key in `pem`, as DER; `path` is for the error.
///
/// # Errors
/// [`FileError::Encrypted`], or [`FileError::Content`]; it never repeats what the file holds.
pub fn pkcs8(pem: &[u8], path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let pem = plain(pem, path)?;
    not_encrypted(pem, path)?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem)
        .map_err(|_| content(path, "expected a PKCS#8 key in PEM ('BEGIN PRIVATE KEY')"))?;
    Ok(Zeroizing::new(key.secret_pkcs8_der().to_vec()))
}

/// The PKCS#8 key in the file `path`, as DER.
///
/// # Errors
/// Those of [`read_private`] and [`pkcs8`].
pub fn read_pkcs8(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    pkcs8(&read_private(path, Exposure::Nothing)?, path)
}

/// Writes a PKCS#8 key (DER) as the file `path`, in place of the one before: whole, mode 0600, and
/// on the disk. Whoever reads the file at any moment, or after a crash, finds the old key or the
/// new.
///
/// # Errors
/// Those of [`write_private`]; the file is then as it was.
pub fn write_pkcs8(path: &Path, der: &[u8]) -> Result<(), FileError> {
    write_private(path, &encode(PRIVATE_KEY, der))
}

/// The private key in the file `path`, in any form that TLS takes: PKCS#8, PKCS#1 or SEC1.
///
/// # Errors
/// Those of [`read_key`], and [`FileError::Content`].
pub fn read_private_key(path: &Path) -> Result<PrivateKeyDer<'static>, FileError> {
    let pem = read_key(path, Exposure::Nothing)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| content(path, "expected a private key in PEM"))
}

/// Every certificate in the file `path`, in its order: a chain, or roots.
///
/// # Errors
/// [`FileError::Content`] where there is none or one is damaged, and those of [`read_private`].
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let pem = read(path, Exposure::Readable)?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| content(path, &format!("damaged PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(content(path, "expected certificates in PEM ('BEGIN CERTIFICATE')"));
    }
    Ok(certificates)
}

fn plain<'a>(pem: &'a [u8], path: &Path) -> Result<&'a [u8], FileError> {
    files::unmarked(pem).map_err(|fault| content(path, &fault.to_string()))
}

/// Of several keys the first counts, as everywhere.
fn not_encrypted(pem: &[u8], path: &Path) -> Result<(), FileError> {
    let is_usable = || matches!(PrivateKeyDer::pem_slice_iter(pem).next(), Some(Ok(_)));
    match is_encrypted(pem) && !is_usable() {
        true => Err(FileError::Encrypted { path: path.to_owned() }),
        false => Ok(()),
    }
}

fn content(path: &Path, reason: &str) -> FileError {
    FileError::Content { path: path.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::write_private;

    #[test]
    fn a_key_is_written_in_lines_of_64_and_reads_back_as_itself() {
        for length in [0, 1, 47, 48, 49, 96, 100] {
            let der: Vec<u8> = (0..length).collect();
            let pem = encode(PRIVATE_KEY, &der);
            let text = core::str::from_utf8(&pem).unwrap();
            assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
            assert!(text.ends_with("-----END PRIVATE KEY-----\n"));
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(*pkcs8(&pem, Path::new("k")).unwrap(), der, "{length}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        let certificate = encode(CERTIFICATE, b"hunter2");
        for pem in [b"".as_slice(), b"hunter2", &certificate, b"-----BEGIN PRIVATE KEY-----\n!"] {
            let error = pkcs8(pem, Path::new("/d/peer.key")).unwrap_err().to_string();
            let expected = "/d/peer.key: expected a PKCS#8 key in PEM ('BEGIN PRIVATE KEY')";
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn an_encrypted_key_is_told_with_the_command_that_decrypts_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("my key");
        let pkcs8 = encode("ENCRYPTED PRIVATE KEY", b"hunter2");
        let older = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                      DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        for pem in [&pkcs8[..], older] {
            write_private(&path, pem).unwrap();
            let word = files::word(&path);
            let command = format!("'openssl pkey -in {word} -out {word}.plain'");
            for error in [
                read_pkcs8(&path).unwrap_err(),
                read_private_key(&path).unwrap_err(),
                read_key(&path, Exposure::Readable).unwrap_err(),
            ] {
                assert_eq!(error, FileError::Encrypted { path: path.clone() });
                assert!(error.to_string().contains(&command), "{error}");
            }
            // What can be used is used.
            write_private(&path, &[&encode(PRIVATE_KEY, b"key")[..], pem].concat()).unwrap();
            assert_eq!(*read_pkcs8(&path).unwrap(), b"key");
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_and_utf_16_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        let (key, mark) = (encode(PRIVATE_KEY, b"key"), b"\xEF\xBB\xBF");
        write_private(&path, &[&mark[..], &key].concat()).unwrap();
        assert_eq!(*read_pkcs8(&path).unwrap(), b"key");
        assert_eq!(*read(&path, Exposure::Readable).unwrap(), *key);
        let wide: Vec<u8> = key.iter().flat_map(|byte| [*byte, 0]).collect();
        write_private(&path, &wide).unwrap();
        for error in [read_pkcs8(&path).unwrap_err(), read_certificates(&path).unwrap_err()] {
            assert!(error.to_string().contains("it is UTF-16 (little-endian)"), "{error}");
        }
    }

    #[test]
    fn a_key_takes_the_place_of_the_one_before_and_nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token.key");
        for key in [&b"first"[..], b"second"] {
            write_pkcs8(&path, key).unwrap();
            assert_eq!(*read_pkcs8(&path).unwrap(), key);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
            // No temporary file stays behind.
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
        let nowhere = dir.path().join("none").join("token.key");
        assert!(write_pkcs8(&nowhere, b"third").unwrap_err().is_not_found());
        assert_eq!(*read_pkcs8(&path).unwrap(), b"second");
    }

    #[test]
    fn certificates_come_in_their_order_and_a_file_without_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chain.pem");
        let key = encode(PRIVATE_KEY, b"key");
        let pem = [encode(CERTIFICATE, b"one"), key.clone(), encode(CERTIFICATE, b"two")];
        fs::write(&path, pem.iter().flat_map(|block| block.iter().copied()).collect::<Vec<_>>())
            .unwrap();
        let read = read_certificates(&path).unwrap();
        assert_eq!(read, [CertificateDer::from(&b"one"[..]), CertificateDer::from(&b"two"[..])]);
        fs::write(&path, &*key).unwrap();
        assert!(matches!(read_certificates(&path), Err(FileError::Content { .. })));
    }

    #[test]
    fn a_private_key_file_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        write_private(&path, &encode(PRIVATE_KEY, b"key")).unwrap();
        assert_eq!(*read_pkcs8(&path).unwrap(), b"key");
        assert_eq!(read_private_key(&path).unwrap().secret_der(), b"key");
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_pkcs8(&path), Err(FileError::Exposed { .. })));
        assert!(matches!(read_private_key(&path), Err(FileError::Exposed { .. })));
    }
}
