//! `bowline inspect`.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args, Debug)]
pub(crate) struct Inspect {
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// A frame of the protocol: each key, its meaning and its value.
    #[command(after_help = "Examples:\n  bowline inspect frame 82:10:a1:00:01\n  bowline inspect \
                            frame --encoding raw @message.bin\n\nDigits of hexadecimal alone are \
                            read as hexadecimal, everything else as base64 of either alphabet, and \
                            bytes that are not text as they are; --encoding says otherwise.")]
    Frame {
        #[command(flatten)]
        given: Given,
        /// How the frame is spelled [default: told by looking at it].
        #[arg(long, value_name = "ENCODING")]
        encoding: Option<Encoding>,
    },
    /// A token: header, claims, and what is wrong with its form. Its signature is not checked.
    #[command(
        after_help = "Examples:\n  bowline inspect token @token.txt\n  bowline inspect token - \
                            < token.txt"
    )]
    Token {
        #[command(flatten)]
        given: Given,
    },
    /// A pin, a certificate's fingerprint or a hub's id: its kind, bytes and spellings.
    #[command(
        after_help = "Examples:\n  bowline inspect pin sha256/…\n  bowline inspect pin hub_…"
    )]
    Pin {
        #[command(flatten)]
        given: Given,
    },
    /// Certificates, in PEM or as base64 of DER: names, dates, key, fingerprint and pin.
    #[command(after_help = "Examples:\n  bowline inspect certificate @hub.crt\n  bowline inspect \
                            certificate - < chain.pem")]
    Certificate {
        /// The value itself; @FILE is what is in a file, - is standard input.
        // PEM begins with dashes.
        #[arg(allow_hyphen_values = true)]
        value: OsString,
        /// One JSON object for each, one a line.
        #[arg(long)]
        json: bool,
    },
}

/// What is looked at.
#[derive(Args, Debug)]
pub(crate) struct Given {
    /// The value itself; @FILE is what is in a file, - is standard input.
    pub(crate) value: OsString,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How bytes are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    /// Hexadecimal; spaces, colons, commas and 0x are passed over.
    Hex,
    /// Base64 (RFC 4648 §4), padded or not.
    Base64,
    /// URL-safe base64 (RFC 4648 §5), padded or not.
    Base64url,
    /// The bytes themselves.
    Raw,
}
