//! `--out FILE`: a secret goes to a file of its owner's, in the place of standard output.
//!
//! What a shell's `>` makes is readable by everybody under the usual umask of 022, and `join` and
//! `--secret-file` refuse such a file.

use std::path::{Path, PathBuf};

use bowline_shell::files::{Created, create_private, is_there, word};

use crate::exit::{self, Failure};

/// Where a secret goes; looked at before there is one, so that none is made for nothing.
#[derive(Debug)]
pub(crate) struct Out<'a>(Option<&'a Path>);

impl<'a> Out<'a> {
    /// # Errors
    /// The file is there already, or its directory is not one to write in.
    pub(crate) fn new(file: Option<&'a PathBuf>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self(None)) };
        match is_there(file) {
            Ok(false) => Ok(Self(Some(file))),
            Ok(true) => Err(taken(file)),
            Err(error) => Err(Failure::usage(format!("--out: {error}"))),
        }
    }

    /// The file, where one was named.
    pub(crate) fn file(&self) -> Option<&'a Path> {
        self.0
    }

    /// Puts a line into the file, mode 0600. Whether there is one: else the caller prints the line.
    ///
    /// # Errors
    /// The file has come into being meanwhile, or cannot be written.
    pub(crate) fn take(&self, secret: &str) -> Result<bool, Failure> {
        let Some(file) = self.0 else { return Ok(false) };
        let line = zeroize::Zeroizing::new(format!("{secret}\n"));
        match create_private(file, line.as_bytes()) {
            Ok(Created::Made) => Ok(true),
            Ok(Created::Kept) => Err(taken(file)),
            Err(error) => Err(Failure::new(exit::FAILURES, format!("--out: {error}"))),
        }
    }
}

fn taken(file: &Path) -> Failure {
    let file = word(file);
    Failure::usage(format!(
        "--out: {file} is there already, and nothing is written over: name another file, or \
         remove it first"
    ))
}
