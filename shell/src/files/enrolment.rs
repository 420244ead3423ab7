//! `enrolment`: what a join token made of this peer, and what it comes back with.
//!
//! One file of lines, a word and a value each: the hub, where it is, who this peer is there, and
//! the credentials that the hub minted last. It holds a secret, so it is private, and no error
//! repeats what stands in it. It is written whole; a lock beside it is held by whoever is getting
//! new credentials, so that two programs of one peer do not use one refresh token after another.
//!
//! Which credential is used when is `peer`'s to say.

use core::fmt::Write as _;
use core::str::FromStr;
use std::fs::File;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use bowline_core::auth::{PeerCredentials, RefreshToken};
use bowline_core::id::{HubId, Jti, PeerId, PublicKey};
use bowline_core::wire::frame::Issued;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::files::lock::open_lock;
use crate::files::{self, Exposure, FileError, HubName, Watched, read_private, write_private};
use crate::url::HubUrl;

/// The first line: what the file is, and the version of its form.
const FIRST: &str = "bowline-enrolment 1";

/// What a peer knows of its enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enrolment {
    /// The hub.
    pub hub: HubId,
    /// Where it is, the best first; at least one.
    pub urls: Vec<HubUrl>,
    /// Who this peer is there.
    pub peer: PeerId,
    /// The number of the token that enrolled it.
    pub jti: Jti,
    /// What the hub minted last.
    pub credentials: PeerCredentials,
}

impl Enrolment {
    /// What its trust is kept under.
    #[must_use]
    pub fn hub_name(&self) -> HubName {
        HubName::of(&self.urls, self.hub)
    }

    /// The first place of its hub.
    #[must_use]
    pub fn url(&self) -> &HubUrl {
        // One at least was read, or given.
        &self.urls[0]
    }

    /// The same with what the hub has minted.
    ///
    /// # Errors
    /// What came is not a certificate of a hub's; nothing is changed.
    pub fn renewed(mut self, issued: &Issued) -> Result<Self, &'static str> {
        self.credentials = credentials(issued)?.0;
        Ok(self)
    }

    /// The credentials, as the hub sends them.
    #[must_use]
    pub fn issued(&self) -> Issued {
        Issued {
            certificate: self.credentials.certificate.clone(),
            refresh: self.credentials.refresh.0.clone(),
            refresh_ends: self.credentials.refresh_ends,
        }
    }
}

/// What the hub minted, and for whom.
pub(crate) fn credentials(
    issued: &Issued,
) -> Result<(PeerCredentials, HubId, PeerId, PublicKey), &'static str> {
    let (hub, certificate, credentials) =
        PeerCredentials::read(issued).map_err(|_| "the certificate is not one of a hub's")?;
    Ok((credentials, hub, certificate.peer, certificate.key))
}

/// The file, which need not exist yet.
#[derive(Clone, Debug)]
pub struct EnrolmentFile {
    path: PathBuf,
    watched: Watched,
}

/// Nobody else gets new credentials for this peer; dropping it lets go.
#[derive(Debug)]
#[must_use = "others wait only while this lives"]
pub struct EnrolmentLock(File);

impl EnrolmentFile {
    /// The file at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let watched = Watched::new(&path, Exposure::Nothing);
        Self { path, watched }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells whether somebody else has changed it since it was read or written here last.
    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }

    /// What it holds; `None` where it is not there.
    ///
    /// # Errors
    /// [`FileError::Exposed`] where others may read it, [`FileError::Content`] where it is not what
    /// is written here, or the system's.
    pub fn read(&self) -> Result<Option<Enrolment>, FileError> {
        self.watched.note();
        let bytes = match read_private(&self.path, Exposure::Nothing) {
            // Where a directory of its path is a file, it is not there either.
            Err(FileError::System { kind: NotFound | NotADirectory, .. }) => return Ok(None),
            read => read?,
        };
        let read = files::text(&bytes).map_err(|fault| fault.to_string());
        read.and_then(parse).map(Some).map_err(|reason| FileError::Content {
            path: self.path.clone(),
            reason: format!("{reason}; delete the file and run 'bowline join' with a token"),
        })
    }

    /// Writes it in place of the one before: whole, private, and on the disk.
    ///
    /// # Errors
    /// The system's; the file is then as it was.
    pub fn write(&self, enrolment: &Enrolment) -> Result<(), FileError> {
        write_private(&self.path, print(enrolment).as_bytes())?;
        self.watched.note();
        Ok(())
    }

    /// Takes the lock, if nobody has it.
    ///
    /// # Errors
    /// The system's.
    pub fn try_lock(&self) -> Result<Option<EnrolmentLock>, FileError> {
        // A file of its own: the enrolment is another one after each rename.
        let path = self.path.with_extension("lock");
        let file = open_lock(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(EnrolmentLock(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(FileError::system("lock", &path, error)),
        }
    }
}

impl Drop for EnrolmentLock {
    fn drop(&mut self) {
        // Closing alone would leave the lock with a child that was just forked, until it runs its
        // own program. Should this fail, closing still lets go soon.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

fn print(enrolment: &Enrolment) -> Zeroizing<String> {
    let Enrolment { hub, urls, peer, jti, credentials } = enrolment;
    // Room for all of it, so that growing leaves no copy of the refresh token behind.
    let urls_len: usize = urls.iter().map(|url| url.to_string().len() + 8).sum();
    let room = 512 + urls_len + credentials.certificate.len() * 2;
    let mut text = Zeroizing::new(String::with_capacity(room));
    let mut line = |word: &str, value: &dyn core::fmt::Display| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{word} {value}");
    };
    line("bowline-enrolment", &"1");
    line("hub", hub);
    for url in urls {
        line("url", url);
    }
    line("id", peer);
    line("token", jti);
    line("certificate", &BASE64.encode(&credentials.certificate));
    let refresh = Zeroizing::new(BASE64URL_NOPAD.encode(&*credentials.refresh.0));
    line("refresh-token", &refresh.as_str());
    line("refresh-ends", &credentials.refresh_ends);
    text
}

/// What the text says, or what is wrong with it, without a word of it.
fn parse(text: &str) -> Result<Enrolment, String> {
    let mut lines = Lines { lines: text.lines(), number: 0, ahead: None };
    match lines.next() {
        Some(FIRST) => {}
        _ => return Err(format!("line 1: expected '{FIRST}'")),
    }
    let hub: HubId = lines.value("hub")?;
    let mut urls = vec![lines.value::<HubUrl>("url")?];
    while lines.is_next("url") {
        urls.push(lines.value("url")?);
    }
    let peer: PeerId = lines.value("id")?;
    let jti = lines.value("token")?;
    let certificate = lines.bytes("certificate", |text| BASE64.decode(text).ok())?;
    let refresh = lines.bytes("refresh-token", |text| {
        let decoded = Zeroizing::new(BASE64URL_NOPAD.decode(text).ok()?);
        RefreshToken::read(&decoded)
    })?;
    let refresh_ends = lines.value("refresh-ends")?;
    if lines.next().is_some() {
        return Err(format!("line {}: expected no more", lines.number));
    }
    let issued = Issued { certificate, refresh: refresh.0, refresh_ends };
    let (credentials, of, named, _) = credentials(&issued)?;
    if (of, named) != (hub, peer) {
        return Err(
            "the certificate is for another hub or another id than the file says".to_owned()
        );
    }
    Ok(Enrolment { hub, urls, peer, jti, credentials })
}

/// The lines of a file, each with the word that it begins with.
struct Lines<'a> {
    lines: core::str::Lines<'a>,
    number: usize,
    ahead: Option<&'a str>,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.number += 1;
        self.ahead.take().or_else(|| self.lines.next())
    }

    fn is_next(&mut self, word: &str) -> bool {
        if self.ahead.is_none() {
            self.ahead = self.lines.next();
        }
        self.ahead.and_then(|line| line.split_once(' ')).is_some_and(|(first, _)| first == word)
    }

    fn value<T: FromStr>(&mut self, word: &str) -> Result<T, String> {
        self.bytes(word, |text| core::str::from_utf8(text).ok()?.parse().ok())
    }

    fn bytes<T>(
        &mut self,
        word: &str,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, String> {
        let line = self.next();
        let value = line.and_then(|line| line.strip_prefix(word)?.strip_prefix(' '));
        let decoded = value.and_then(|value| decode(value.as_bytes()));
        decoded.ok_or_else(|| format!("line {}: expected '{word}' and its value", self.number))
    }
}

#[cfg(test)]
mod tests;
