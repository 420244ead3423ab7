//! A session to call through: the local operator on the hub's own machine, a peer elsewhere.

use std::path::Path;
use std::time::{Duration, Instant};

use bowline_core::control::field::Item;
use bowline_core::control::{ControlRequest, Page, Paged, PeersRequest};
use bowline_core::id::HubId;
use bowline_core::identity::{HubIdentity, SigningKey};
use bowline_shell::files::{DataDir, Endpoint, Role, is_there, pem, volume};
use bowline_shell::notice::Subscriber;
use bowline_shell::peer::{ConnectError, CredentialSource, PeerBuilder, Session, load_key};
use bowline_shell::runtime::Runtime;

use crate::args::Dial;
use crate::exit::Failure;
use crate::{nearby, output, peer, place, show};

/// Connects as an operator.
pub(crate) async fn connect(
    runtime: &impl Runtime,
    dial: &Dial,
    subscriber: Subscriber,
) -> Result<Session, Failure> {
    let Some((builder, data, endpoint)) = local(runtime, dial)? else {
        let connected = remote(runtime, dial)?.subscriber(subscriber).operate().connect().await;
        return connected.map_err(|error| Failure::from(error).in_data(dial.data.as_deref()));
    };
    builder.subscriber(subscriber).operate().connect().await.map_err(|error| match &error {
        ConnectError::Unreachable { reason, .. } => {
            nearby::unreachable(&data, &endpoint, reason, error.code())
        }
        _ => error.into(),
    })
}

/// Asks the hub by a session of its own.
pub(crate) async fn ask<R: ControlRequest>(
    runtime: &impl Runtime,
    dial: &Dial,
    request: &R,
) -> Result<R::Reply, Failure> {
    let session = connect(runtime, dial, Subscriber::default()).await?;
    let reply = session.hub().ask(request).await;
    session.close();
    session.ended().await;
    Ok(reply?)
}

/// Asks the hub for a whole list by a session of its own.
pub(crate) async fn list<R, T>(
    runtime: &impl Runtime,
    dial: &Dial,
    request: R,
) -> Result<Vec<T>, Failure>
where
    R: Paged<Reply = Page<T>>,
    T: Item,
{
    let session = connect(runtime, dial, Subscriber::default()).await?;
    let list = session.hub().list(request).await;
    session.close();
    session.ended().await;
    Ok(list?)
}

/// How long the hub takes to answer. It is asked for the end of its list of peers, where nothing
/// stands; a denial is an answer too.
pub(crate) async fn round_trip(session: &Session) -> Duration {
    let last = "z".repeat(64).parse().ok();
    let asked = Instant::now();
    let _ = session.hub().ask(&PeersRequest { after: last, which: None }).await;
    asked.elapsed()
}

/// The data directory of this machine's hub, where nothing names another hub: who reads it is that
/// hub's operator.
pub(crate) fn machine(dial: &Dial) -> Result<Option<DataDir>, Failure> {
    if dial.flags.settings().hub.is_some() || dial.config.is_some() {
        return Ok(None);
    }
    let path = place::data(Role::Hub, dial.data.as_deref())?;
    match volume::holds_a_hub(&path) {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(_) => {
            // It knows whose it is, where the system says so.
            DataDir::open(&path).map_err(Failure::usage)?;
            let message = format!(
                "{}: permission denied. Only the user that the hub runs as is its operator here: \
                 run this as that user, or name a hub with --hub",
                show::path(path)
            );
            return Err(Failure::usage(message));
        }
    }
    DataDir::open(&path).map(Some).map_err(Failure::usage)
}

/// The operator of this machine's hub, that hub's data directory, and where it said that
/// it listens.
fn local<R: Runtime>(
    runtime: &R,
    dial: &Dial,
) -> Result<Option<(PeerBuilder<R>, DataDir, Endpoint)>, Failure> {
    let Some(data) = machine(dial)? else { return Ok(None) };
    let Some(endpoint) = nearby::endpoint(&data)? else {
        return Err(nearby::silent(&data));
    };
    let builder = operator(runtime, &data, endpoint.clone(), dial)?;
    Ok(Some((builder, data, endpoint)))
}

/// The identity of the hub of this data directory.
pub(crate) fn identity(data: &DataDir) -> Result<HubId, Failure> {
    let path = data.identity_key();
    let der = pem::read_pkcs8(&path).map_err(Failure::usage)?;
    let key = SigningKey::from_pkcs8(&der)
        .map_err(|error| Failure::usage(format!("{}: {error}", show::path(path))))?;
    Ok(HubIdentity(key).id())
}

fn operator<R: Runtime>(
    runtime: &R,
    data: &DataDir,
    endpoint: Endpoint,
    dial: &Dial,
) -> Result<PeerBuilder<R>, Failure> {
    let hub = identity(data)?;
    if let Some(control) = endpoint.control {
        return PeerBuilder::local(runtime.clone(), &control, hub).map_err(Failure::usage);
    }
    // The hub could not make a local socket, and said so at its start.
    let key = load_key(&data.operator_key()).map_err(Failure::usage)?;
    // A peer id by its letters.
    let id = "local-operator".parse().map_err(Failure::usage)?;
    let credential = secret(dial, &data.secret())?;
    let builder = PeerBuilder::with_key(runtime.clone(), endpoint.url, id, key);
    Ok(builder.hub_id(hub).credential(credential))
}

/// The hub's secret, or none where the hub has none.
fn secret(dial: &Dial, data: &Path) -> Result<CredentialSource, Failure> {
    let is_given = dial.secret_file.is_some() || place::secret_variable().is_some();
    if !is_given && !is_there(data).map_err(Failure::usage)? {
        return Ok(CredentialSource::open());
    }
    place::credential(dial, None, data)
}

fn remote<R: Runtime>(runtime: &R, dial: &Dial) -> Result<PeerBuilder<R>, Failure> {
    let config = peer::config(dial)?;
    for warning in config.check(&dial.risks.insecure(false)).map_err(Failure::usage)? {
        output::say(format_args!("warning: {warning}"));
    }
    peer::builder(runtime, dial, &config)
}
