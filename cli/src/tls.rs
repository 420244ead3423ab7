//! `bowline tls`: the certificate of a hub on this machine, or of one that is connected to.

use std::path::Path;

use bowline_core::identity::Description;
use bowline_shell::config::{HubConfig, HubSettings, HubUrl, Scheme, TlsMode, TlsSource};
use bowline_shell::files::{Role, is_there, pem};
use bowline_shell::runtime::Runtime;
use serde_json::{Value, json};

use crate::args::{self, TlsAction};
use crate::exit::{self, Failure};
use crate::{certificate, date, output, place, show};

pub(crate) async fn tls(runtime: &impl Runtime, options: args::Tls) -> Result<u8, Failure> {
    let TlsAction::Info { hub, data, config, json } = options.action;
    let found = match hub {
        Some(url) => served(runtime, &url).await?,
        None => on_this_machine(data.as_deref(), config.as_deref())?,
    };
    if json {
        output::line(found.object())?;
    } else {
        output::line(found.text(date::now()))?;
    }
    Ok(exit::DONE)
}

/// Certificates, and where they were found.
struct Found {
    from: String,
    /// Of a connection: the address, the cipher suite and the key exchange group.
    tls: Option<(String, &'static str, &'static str)>,
    chain: Vec<Description>,
}

async fn served(runtime: &impl Runtime, url: &HubUrl) -> Result<Found, Failure> {
    if url.scheme() == Scheme::Ws {
        return Err(Failure::usage(format!(
            "{url} is without TLS, so there is no certificate: expected wss://"
        )));
    }
    let (remote, secured) = bowline_shell::peer::served(runtime, url).await?;
    let chain = secured.served.map(|served| served.chain).unwrap_or_default();
    let tls = Some((remote, secured.suite, secured.group));
    Ok(Found { from: url.to_string(), tls, chain: described(&url.to_string(), &chain)? })
}

fn on_this_machine(data: Option<&Path>, config: Option<&Path>) -> Result<Found, Failure> {
    let settings = match config {
        Some(path) => HubSettings::read(path).map_err(Failure::usage)?,
        None => HubSettings::default(),
    };
    let flags = HubSettings { trusted_group: place::given_group(), ..HubSettings::default() };
    let config: HubConfig = flags.over(settings).resolve().map_err(Failure::usage)?;
    place::trust(config.trusted_group.as_ref())?;
    if config.mode == TlsMode::Plain {
        let reason = "this hub is in TLS mode 'plain', so there is no certificate";
        return Err(Failure::usage(reason));
    }
    let file = match config.source {
        TlsSource::Files { cert, .. } => cert,
        TlsSource::SelfSigned => own(data)?,
    };
    let chain = pem::read_certificates(&file).map_err(Failure::usage)?;
    let from = file.display().to_string();
    let chain = described(&from, &chain)?;
    Ok(Found { from, tls: None, chain })
}

/// The self-signed certificate of a data directory.
fn own(data: Option<&Path>) -> Result<std::path::PathBuf, Failure> {
    let file = place::data(Role::Hub, data)?.join("tls.crt");
    if is_there(&file).map_err(Failure::usage)? {
        return Ok(file);
    }
    Err(Failure::usage(format!(
        "{} is not there: 'bowline hub' makes it at its first start. For a hub that keeps its data \
         elsewhere give --data DIR, for one with a certificate of its own --config FILE, and for \
         one on another machine --hub URL",
        file.display()
    )))
}

fn described<C: AsRef<[u8]>>(from: &str, chain: &[C]) -> Result<Vec<Description>, Failure> {
    let described = chain.iter().enumerate().map(|(at, der)| {
        Description::of(der.as_ref()).map_err(|error| {
            Failure::new(exit::FAILURES, format!("{from}: certificate {}: {error}", at + 1))
        })
    });
    described.collect()
}

impl Found {
    fn text(&self, now: u64) -> String {
        let mut above = vec![("from", self.from.clone())];
        if let Some((remote, suite, group)) = &self.tls {
            above.push(("address", remote.clone()));
            above.push(("TLS", format!("1.3, {suite}, {group}")));
        }
        format!("{}\n{}", show::pairs(0, &above), certificate::chain(&self.chain, now))
    }

    fn object(&self) -> Value {
        let tls = self.tls.as_ref();
        json!({
            "from": self.from,
            "address": tls.map(|(remote, ..)| remote),
            "suite": tls.map(|(_, suite, _)| suite),
            "group": tls.map(|(.., group)| group),
            "certificates": self.chain.iter().map(certificate::object).collect::<Vec<_>>(),
        })
    }
}
