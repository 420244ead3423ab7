//! Every error of the libraries is a `std::error::Error` that may cross threads, and those that a
//! program meets while it embeds them are sentences under `Debug` too: that is what `main` shows.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use bowline_tokio as bowline;

use super::{root, text};

fn is_error<E: Error + Send + Sync + 'static>() {}

macro_rules! errors {
    ($($path:path),* $(,)?) => {
        /// The list, by name.
        fn listed() -> Vec<&'static str> {
            $(is_error::<$path>();)*
            let paths = [$(stringify!($path)),*];
            paths.into_iter().filter_map(|path| path.split("::").last()).map(str::trim).collect()
        }
    };
}

errors! {
    bowline_core::arrival::TurnedAway,
    bowline_core::auth::AuthError,
    bowline_core::auth::WeakSecret,
    bowline_core::capability::UnknownCapability,
    bowline_core::capability::UnknownRole,
    bowline_core::code::UnknownCode,
    bowline_core::control::FieldMisread,
    bowline_core::control::NoCallName,
    bowline_core::facts::UnknownSign,
    bowline_core::id::IdError,
    bowline_core::identity::BadCertificate,
    bowline_core::identity::BadSignature,
    bowline_core::identity::CertificateError,
    bowline_core::identity::IdentityError,
    bowline_core::identity::MintError,
    bowline_core::identity::NotAFingerprint,
    bowline_core::identity::NotTheAuthority,
    bowline_core::identity::TlsKeyError,
    bowline_core::link::EndReason,
    bowline_core::network::NetworkError,
    bowline_core::session::SendError,
    bowline_core::session::SessionError,
    bowline_core::socket::SocketError,
    bowline_core::token::HeaderFault,
    bowline_core::token::IssueError,
    bowline_core::token::KeyError,
    bowline_core::token::KeysError,
    bowline_core::token::NoSigner,
    bowline_core::token::NotSigned,
    bowline_core::token::TokenError,
    bowline_core::token::Wrapped,
    bowline_core::token::json::JsonError,
    bowline_core::token::parts::PartError,
    bowline_core::trust::BadPin,
    bowline_core::trust::ChainFault,
    bowline_core::trust::NoSeenStart,
    bowline_core::trust::RootsError,
    bowline_core::trust::TrustError,
    bowline_core::trust::UnknownMode,
    bowline_core::tunnel::TunnelError,
    bowline_core::wire::FrameMisread,
    bowline_core::wire::WireError,
    bowline_core::wire::value::ValueError,
    bowline_shell::arguments::ArgumentError,
    bowline_shell::arguments::SpecError,
    bowline_shell::call::CallError,
    bowline_shell::call::LabelTestsError,
    bowline_shell::config::ConfigError,
    bowline_shell::config::UrlError,
    bowline_shell::config::units::UnitError,
    bowline_shell::control::AskError,
    bowline_shell::files::FileError,
    bowline_shell::files::NoControlSocket,
    bowline_shell::files::NotText,
    bowline_shell::files::SecretError,
    bowline_shell::files::SecretFault,
    bowline_shell::files::TrustError,
    bowline_shell::hub::RotateError,
    bowline_shell::hub::StartError,
    bowline_shell::ledger::LedgerError,
    bowline_shell::peer::ConnectError,
    bowline_shell::peer::NoSession,
    bowline_shell::peer::SetupError,
    bowline_shell::peer::DialError,
    bowline_shell::process::EnvironmentError,
    bowline_shell::process::Gone,
}

/// Every `pub` type of the libraries whose name says that it is an error, or that a `pub fn`
/// returns as one, and where it is.
fn public(folder: &Path, types: &mut BTreeMap<String, String>, returned: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            public(&path, types, returned);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for line in source.lines() {
            let declared = ["pub enum ", "pub struct "];
            let Some(rest) = declared.iter().find_map(|start| line.strip_prefix(start)) else {
                continue;
            };
            let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            types.insert(name.to_owned(), path.display().to_string());
        }
        for signature in source.split("pub fn ").chain(source.split("pub async fn ")).skip(1) {
            let signature = signature.split(['{', ';']).next().unwrap_or_default();
            let Some((_, result)) = signature.rsplit_once("Result<") else { continue };
            let Some((_, error)) = result.rsplit_once(", ") else { continue };
            let name = error.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            returned.insert(name.to_owned());
        }
        for line in source.lines().filter_map(|line| line.trim().strip_prefix("type Err = ")) {
            returned.insert(line.trim_end_matches(';').to_owned());
        }
    }
}

#[test]
fn every_public_error_implements_the_trait_of_errors() {
    let (mut types, mut returned) = (BTreeMap::new(), BTreeSet::new());
    for folder in ["core/src", "shell/src", "shell-tokio/src", "shell-smol/src"] {
        public(&root().join(folder), &mut types, &mut returned);
    }
    let listed: BTreeSet<_> = listed().into_iter().collect();
    let is_error = |name: &str| name.ends_with("Error") || returned.contains(name);
    let missing: Vec<_> = types.iter().filter(|(name, _)| is_error(name)).collect();
    assert!(missing.len() > 50, "{}", missing.len());
    let missing: Vec<_> = missing
        .into_iter()
        .filter(|(name, _)| !listed.contains(name.as_str()) && !ELSE.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "name them in the list, or say why not: {missing:#?}");
}

/// What the search finds that is no error: answers of the facts, the hub and its storage,
/// why admission stops, and why one address of several was not connected.
const ELSE: &[&str] = &[
    "AskRefusal",
    "AttemptError",
    "Cannot",
    "Conflict",
    "HubAuthStop",
    "NotTaken",
    "PeerAuthStop",
];

/// One of each error that a program meets with `?` while it embeds.
fn met() -> Vec<Box<dyn Error>> {
    use bowline::*;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let hub_in = |name| hub(dir.path().join(name)).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = taken.local_addr().unwrap();
    vec![
        "Not an id".parse::<PeerId>().unwrap_err().into(),
        "no url".parse::<HubUrl>().unwrap_err().into(),
        "web".parse::<LabelTests>().unwrap_err().into(),
        ValueBuf::scalar(Scalar::Float(f64::NAN)).unwrap_err().into(),
        CommandSpec::new("x".parse().unwrap(), &[], Vec::new()).unwrap_err().into(),
        hub(&file).unwrap_err().into(),
        peer("wss://localhost".parse().unwrap(), "web".parse().unwrap(), &file).unwrap_err().into(),
        Join::new("no token", None).unwrap_err().into(),
        hub_in("hub").bind(bind).start().unwrap_err().into(),
        Gone.into(),
        NoSession::Stopped.into(),
        CallError::Several.into(),
        ConnectError::Link("no randomness".to_owned()).into(),
    ]
}

#[test]
fn what_main_shows_of_an_error_is_its_sentence() {
    for error in met() {
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(error.to_string().len() > 10, "{error}");
    }
}

#[test]
fn what_failed_shows_its_sentence_wherever_the_libraries_declare_it() {
    // Whoever adds an error to the names of a program gives it this as well.
    let embed = text("shell/src/embed.rs");
    for name in listed().into_iter().filter(|name| embed.contains(&format!("{name},"))) {
        let declared = ["core/src", "shell/src"]
            .into_iter()
            .any(|folder| holds(&root().join(folder), &format!("debug_as_display!({name});")));
        assert!(declared, "{name} has no Debug that is a sentence");
    }
}

fn holds(folder: &Path, line: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, line);
        }
        fs::read_to_string(path).unwrap().contains(line)
    })
}
