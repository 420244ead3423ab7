//! What a running hub is asked to do about join tokens: make one, and have another key sign them.

use core::time::Duration;
use std::sync::Arc;

use bowline_core::ask::{AskId, Cannot, Stored, TokenText};
use bowline_core::auth::{HubSnapshot, Joins};
use bowline_core::code::Code;
use bowline_core::facts::{Issuer, KeyRecord, Mint};
use bowline_core::token::{self, TokenKeys, TokenSigner};
use bowline_core::tunnel::ServerTls;

use crate::config::units::print_duration;
use crate::config::{HubConfig, HubUrl, Scheme};
use crate::hub::chores::told;
use crate::hub::shared::Shared;
use crate::hub::token_key;
use crate::ledger::KeyRotation;
use crate::runtime::Runtime;

/// The URLs that other machines dial, and that a token may name: `advertise`, else the host names
/// at the port that the hub listens on, else the address that it listens on.
pub(super) fn urls(config: &HubConfig, own: &HubUrl) -> Vec<HubUrl> {
    if !config.advertise.is_empty() {
        return config.advertise.clone();
    }
    let named: Vec<_> = config.hostnames.iter().filter_map(|host| own.at(host)).collect();
    if named.is_empty() { vec![own.clone()] } else { named }
}

/// The keys as links take them.
pub(super) fn held(keys: &[KeyRecord]) -> TokenKeys {
    let mut held = TokenKeys::new();
    keys.iter().for_each(|kept| held.insert(kept.key.clone(), kept.state));
    held
}

/// Signs a token: its record is on the disk before anybody sees it.
pub(super) async fn issue(shared: &Shared, mint: Mint) -> Result<Stored, Cannot> {
    let snapshot = shared.snapshot.load_full();
    let joins = snapshot.joins.as_ref().filter(|_| snapshot.tls.is_some());
    let joins = joins.ok_or_else(|| Cannot::because(Code::Failed, NOT_OFFERED))?;
    let urls = named(&shared.urls.load(), mint.draft.local)?;
    let bad = |error: &dyn ToString| Cannot::because(Code::BadArgument, error.to_string());
    lasts(joins, mint.draft.ttl).map_err(|reason| bad(&reason))?;
    let pins = snapshot.tls.iter().map(ServerTls::pin).collect();
    let issuer = Issuer { hub: snapshot.identity.id(), pins, urls };
    let (record, token) = mint.sign(&joins.signer, issuer).map_err(|error| bad(&error))?;
    let kept = record.clone();
    told(move |tell| shared.ledger.issue(kept, tell)).await?;
    Ok(Stored::Issued(Box::new(record), TokenText(token)))
}

/// Whether tokens may live so long here.
fn lasts(joins: &Joins, ttl: u64) -> Result<(), String> {
    if joins.rules.life.contains(&ttl) {
        return Ok(());
    }
    let [from, to, ttl] = [*joins.rules.life.start(), *joins.rules.life.end(), ttl]
        .map(|seconds| print_duration(Duration::from_secs(seconds)));
    let reason = format!("a token lives from {from} to {to} here (tokens.token), and not {ttl}");
    Err(format!("{reason}: say another --ttl"))
}

/// The URLs that go into a token. Those that only this machine can reach are no invitation to
/// another.
fn named(urls: &[HubUrl], local: bool) -> Result<Vec<String>, Cannot> {
    let tls = urls.iter().filter(|url| url.scheme() == Scheme::Wss);
    let (near, far): (Vec<_>, Vec<_>) = tls.partition(|url| is_near(url));
    if far.is_empty() && !local {
        let shown: Vec<_> = near.iter().map(|url| url.to_string()).collect();
        return Err(Cannot::because(Code::Failed, format!("{LOOPBACK} ({})", shown.join(", "))));
    }
    let wanted = if local { near.into_iter().chain(far).collect() } else { far };
    let texts = wanted.iter().map(|url| url.to_string()).filter(|url| url.len() <= token::URL);
    Ok(texts.take(token::URLS).collect())
}

/// Whether a URL leads nowhere from another machine.
fn is_near(url: &HubUrl) -> bool {
    url.is_loopback() || url.ip().is_some_and(|ip| ip.is_unspecified())
}

/// Has another key sign tokens. Links that begin from here on have it.
pub(super) async fn rotate_keys<R: Runtime>(
    runtime: &R,
    shared: &Shared,
    ask: AskId,
    now: bool,
) -> Result<(), Cannot> {
    if shared.snapshot.load().joins.is_none() {
        return Err(Cannot::because(Code::Failed, NOT_OFFERED));
    }
    let data = shared.data.clone();
    let failed = |error: &dyn ToString| Cannot::because(Code::Unavailable, error.to_string());
    let prepared = runtime.blocking(move || token_key::prepare(&data)).await;
    let signer = prepared.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    let rotation = KeyRotation { key: signer.key().clone(), at: shared.clock.now().unix, now };
    let rotated = told(|tell| shared.ledger.rotate_key(rotation, tell)).await;
    let data = shared.data.clone();
    let keys = match rotated {
        Ok(keys) => keys,
        Err(error) => {
            let discarded = runtime.blocking(move || token_key::discard(&data)).await;
            if let Ok(Err(error)) = discarded {
                tracing::warn!(%error, "a token key that signs nothing stays behind");
            }
            return Err(error.into());
        }
    };
    // The ledger has decided: what fails here the next start does.
    if let Ok(Err(error)) = runtime.blocking(move || token_key::adopt(&data)).await {
        tracing::error!(%error, "the token key stays in token.next until the next start");
    }
    shared.keys_rotated(ask, signer, keys);
    Ok(())
}

impl Shared {
    /// Has links know these keys from here on, tells the machine, and answers what it asked. Under
    /// the lock: no link that knows a key is admitted before.
    fn keys_rotated(&self, ask: AskId, signer: TokenSigner, keys: Vec<KeyRecord>) {
        let (signer, held) = (Arc::new(signer), held(&keys));
        self.with(|hub| {
            self.snapshot.rcu(|snapshot| {
                let joins = snapshot.joins.as_ref().map(|joins| {
                    let (keys, signer) = (held.clone(), signer.clone());
                    Arc::new(Joins { keys, signer, ..Joins::clone(joins) })
                });
                HubSnapshot { joins, ..HubSnapshot::clone(snapshot) }
            });
            hub.answer_ask(ask, Ok(Stored::KeysRotated(keys)), self.clock.now());
        });
    }
}

const NOT_OFFERED: &str = "this hub takes no join tokens: they need TLS, and auth.join = true";

const LOOPBACK: &str = "the token would name this machine alone: set hostnames (--hostname HOST) or \
                        advertise (--advertise wss://HOST:7777) to what other machines dial, or \
                        make a token for this machine with --local";
