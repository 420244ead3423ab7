//! What is known of this identity without asking anyone.

use std::path::PathBuf;

use bowline_core::id::{HubId, PeerId, PublicKey};
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_shell::config::HubUrl;
use bowline_shell::files::{
    DataDir, Enrolment, FileError, HubName, Role, TrustFile, TrustRecord, pem,
};
use serde_json::{Value, json};

use crate::args::Dial;
use crate::exit::Failure;
use crate::{date, enrolment, nearby, operator, peer, place, show};

/// Who would dial, and what is known of the hub.
pub(super) struct WhoamiFacts {
    id: PeerId,
    /// The key's file, and the key, once it was made; none for whoever needs none.
    key: Option<(PathBuf, Option<PublicKey>)>,
    data: PathBuf,
    method: &'static str,
    hub: Option<HubUrl>,
    /// Known before anybody is asked.
    hub_id: Option<HubId>,
    trust: Option<TrustRecord>,
    enrolment: Option<Enrolment>,
}

impl WhoamiFacts {
    /// Reads files, and makes none.
    pub(super) fn read(dial: &Dial) -> Result<Self, Failure> {
        match operator::machine(dial)? {
            Some(data) => Self::of_operator(&data),
            None => Self::of_peer(dial),
        }
    }

    fn of_operator(data: &DataDir) -> Result<Self, Failure> {
        let endpoint = nearby::endpoint(data)?;
        let has_socket = endpoint.as_ref().is_none_or(|endpoint| endpoint.control.is_some());
        let (id, key, method) = if has_socket {
            (PeerId::operator(), None, "local socket")
        } else {
            let path = data.operator_key();
            let key = public(&path)?;
            // A peer id by its letters.
            let id = "local-operator".parse().map_err(Failure::usage)?;
            (id, Some((path, key)), "secret")
        };
        Ok(Self {
            id,
            key,
            data: data.path().to_owned(),
            method,
            hub: endpoint.map(|endpoint| endpoint.url),
            hub_id: Some(operator::identity(data)?),
            trust: None,
            enrolment: None,
        })
    }

    fn of_peer(dial: &Dial) -> Result<Self, Failure> {
        let config = peer::config(dial)?;
        let data = place::data(Role::Peer, dial.data.as_deref())?;
        let enrolment = enrolment::find(dial, &config)?;
        let enrolled = enrolment.as_ref();
        let hub = enrolled.map(|enrolment| enrolment.url().clone()).or_else(|| config.hub.clone());
        let name = enrolled.map(Enrolment::hub_name).or_else(|| hub.as_ref().map(HubName::from));
        let trust = match &name {
            Some(name) => {
                TrustFile::new(data.join("trust.toml")).show(name).map_err(Failure::usage)?
            }
            None => None,
        };
        let path = data.join("peer.key");
        let key = public(&path)?;
        Ok(Self {
            id: enrolled.map_or_else(|| config.id(), |of| Ok(of.peer)).map_err(Failure::usage)?,
            key: Some((path, key)),
            data,
            method: enrolled.map_or("secret", |of| enrolment::method(of, date::now())),
            hub,
            hub_id: enrolled
                .map(|of| of.hub)
                .or(config.hub_id)
                .or(trust.as_ref().and_then(|trust| trust.identity)),
            trust,
            enrolment,
        })
    }

    pub(super) fn lines(&self, now: u64) -> Vec<(&'static str, String)> {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let key = match &self.key {
            None => "none: the local socket takes its place".to_owned(),
            Some((_, Some(key))) => format!("{key:?}"),
            Some((path, None)) => {
                format!("none yet: {} is made at the first connection", show::path(path))
            }
        };
        let mut lines = vec![
            ("id", self.id.to_string()),
            ("key", key),
            ("key pin", or_none(self.public().map(|key| key.pin().to_string()))),
            ("data", self.data.display().to_string()),
            ("method", self.method.to_owned()),
            ("hub", or_none(self.hub.as_ref().map(ToString::to_string))),
            ("hub id", or_none(self.hub_id.map(|id| id.to_string()))),
        ];
        if let Some(Enrolment { credentials, jti, .. }) = &self.enrolment {
            let seen = |unix| date::seen_from(now, unix);
            lines.push(("certificate", format!("ends {}", seen(credentials.not_after))));
            lines.push(("renewable", format!("until {}", seen(credentials.refresh_ends))));
            lines.push(("joined by", format!("token {jti}")));
        }
        let Some(trust) = &self.trust else { return lines };
        lines.push(("last pin", or_none(trust.pin.map(|pin| pin.to_string()))));
        lines.push(("generation", trust.generation.to_string()));
        if trust.first_seen > 0 {
            lines.push(("first seen", date::seen_from(now, trust.first_seen)));
        }
        lines.extend(trust.pinned.iter().map(|pin| ("pinned", pin.to_string())));
        lines
    }

    fn public(&self) -> Option<&PublicKey> {
        self.key.as_ref().and_then(|(_, key)| key.as_ref())
    }

    pub(super) fn object(&self) -> Value {
        let key = self.public();
        let trust = self.trust.as_ref().map(|trust| {
            json!({
                "identity": trust.identity.map(|id| id.to_string()),
                "pin": trust.pin.map(|pin| pin.to_string()),
                "generation": trust.generation,
                "first_seen": trust.first_seen,
                "pinned": trust.pinned.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        });
        json!({
            "id": self.id.as_str(),
            "key": key.map(|key| format!("{key:?}")),
            "key_pin": key.map(|key| key.pin().to_string()),
            "data": self.data.display().to_string(),
            "method": self.method,
            "hub": self.hub.as_ref().map(ToString::to_string),
            "hub_id": self.hub_id.map(|id| id.to_string()),
            "trust": trust,
            "enrolment": self.enrolment.as_ref().map(|of| json!({
                "token": of.jti.to_string(),
                "urls": of.urls.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "certificate_ends": of.credentials.not_after,
                "refresh_ends": of.credentials.refresh_ends,
            })),
        })
    }
}

/// The public half of the key in this file, where it was made.
fn public(path: &std::path::Path) -> Result<Option<PublicKey>, Failure> {
    let der = match pem::read_pkcs8(path) {
        Err(error) if FileError::is_not_found(&error) => return Ok(None),
        read => read.map_err(Failure::usage)?,
    };
    let key = SigningKey::from_pkcs8(&der)
        .map_err(|error| Failure::usage(format!("{}: {error}", show::path(path))))?;
    Ok(Some(PeerKey(key).public()))
}
