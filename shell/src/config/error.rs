//! What can be wrong with a configuration, told to the person who wrote it.

use std::path::PathBuf;

use bowline_core::id::CommandName;

use crate::arguments::ScriptHole;
use crate::config::{Bind, HubUrl, TlsMode};
use crate::files::{FileError, NotText, shown};

/// A configuration that cannot be used. The program ends with exit code 2.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: cannot be read: {reason}; give another file with --config FILE", shown(.path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is not UTF-8 text.
    #[error("{}: {fault}", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What it is.
        fault: NotText,
    },
    /// The file could not be trusted: others decide what it says.
    #[error(transparent)]
    File(FileError),
    /// The file is not TOML.
    #[error("{file}: line {line}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// A key that nothing reads.
    #[error("{file}: line {line}: unknown key '{key}'; {hint}")]
    UnknownKey {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// With its tables: `tls.mdoe`.
        key: String,
        /// The nearest known name, or all of them where none is near.
        hint: String,
    },
    /// A key, or a value of one, that this version does not carry out.
    #[error("{file}: line {line}: {what} is not built yet; leave it out")]
    NotBuilt {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// `'tls.grace'`, or `tls.source = "acme"`.
        what: String,
    },
    /// A value that its key does not take.
    #[error("{file}: line {line}: '{key}': {reason}")]
    Value {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// With its tables.
        key: String,
        /// What was expected.
        reason: String,
    },
    /// A value that its setting does not take, wherever it came from.
    #[error("'{key}' (--{flag}): {reason}")]
    Setting {
        /// The key in the file.
        key: &'static str,
        /// The flag, without its dashes.
        flag: &'static str,
        /// What was expected.
        reason: String,
    },
    /// A certificate without its key, or the reverse.
    #[error(
        "tls.source = \"files\" needs both tls.cert (--cert) and tls.key (--key); {missing} is missing"
    )]
    FilesIncomplete {
        /// The key that is missing.
        missing: &'static str,
    },
    /// A certificate or key beside `source = "self-signed"`.
    #[error(
        "tls.cert and tls.key are given, but tls.source is \"self-signed\"; \
         set tls.source = \"files\" (--tls-source files), or leave them out"
    )]
    FilesUnused,
    /// `wss` with `plain`, or `ws` with `tofu` or `strict`.
    #[error(
        "'{url}' does not go with TLS mode '{mode}': wss:// goes with tofu and strict, ws:// with \
         plain; change the URL, or tls.mode (--tls)"
    )]
    SchemeAndMode {
        /// The hub's URL, or one of `advertise`.
        url: HubUrl,
        /// The mode in force.
        mode: TlsMode,
    },
    /// A role that the secret does not give.
    #[error(
        "auth.secret-role = \"admin\" (--secret-role admin): whoever has the secret never \
         administers; set it to member or agent. The hub's own machine administers without the \
         secret"
    )]
    AdminBySecret,
    /// Authentication is required and every method is off.
    #[error(
        "auth.secret = false (--auth-secret false) leaves no way to be admitted: set it to true, or \
         take join tokens, which need TLS (auth.join = true, --auth-join true)"
    )]
    NoMethod,
    /// Pins of a proxy's TLS key at a hub that has one of its own.
    #[error(
        "external-pins (--external-pin) are the keys of proxies that speak TLS for a hub without \
         it, and tls.mode is '{mode}': set tls.mode = \"plain\" (--tls plain), or leave them out"
    )]
    ExternalPinsWithTls {
        /// The mode in force.
        mode: TlsMode,
    },
    /// Pins of a proxy's TLS key without a proxy.
    #[error(
        "external-pins (--external-pin) count on connections from trusted-proxies \
         (--trusted-proxy) only, and none is given: name the proxy's address, as this hub sees it"
    )]
    ExternalPinsWithoutProxy,
    /// `plain` away from loopback.
    #[error(
        "refusing to bind {bind} in TLS mode 'plain': anyone on the way could read and change \
         everything; use --tls tofu, bind 127.0.0.1, or accept it with --insecure-allow-plain"
    )]
    PlainOffLoopback {
        /// The address.
        bind: Bind,
    },
    /// Authentication off without the switch.
    #[error(
        "refusing to listen on {bind} with authentication off: anyone who can connect could run \
         commands; set auth.required = true, or accept it with --insecure-no-auth"
    )]
    NoAuth {
        /// The address.
        bind: Bind,
    },
    /// A peer told to use `ws` away from loopback.
    #[error(
        "refusing to connect to {url} without TLS: anyone on the way could read and change \
         everything; use wss:// with --tls tofu, or accept it with --insecure-allow-plain"
    )]
    PlainHub {
        /// The hub's URL.
        url: HubUrl,
    },
    /// A caller's value within a script.
    #[error(
        "command '{command}': element {} of 'run' {}: {}; or accept it with \
         --insecure-shell-templates",
        .hole.element, .hole.fault(), .hole.remedy()
    )]
    Script {
        /// Of which command.
        command: CommandName,
        /// The place of the value.
        hole: ScriptHole,
    },
    /// No hub to connect to.
    #[error(
        "no hub is given: use --hub URL, or --config FILE with hub = \"wss://HOST:7777\" in it; a machine that 'bowline join' enrolled needs neither"
    )]
    NoHub,
    /// No id, and the host's name gives none.
    #[error(
        "no peer id is given, and this machine's host name is not usable as one: use --id NAME, \
         or id = \"NAME\" in peer.toml"
    )]
    NoId,
}

bowline_core::debug_as_display!(ConfigError);
