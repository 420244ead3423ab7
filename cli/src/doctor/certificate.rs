//! A hub's certificate: its key, its dates, its names.

use bowline_core::identity::{Description, TlsKey};
use bowline_shell::config::{HubConfig, TlsMode, TlsSource};
use bowline_shell::files::{DataDir, Exposure, pem};

use crate::date;
use crate::doctor::check::Check;
use crate::doctor::find;
use crate::doctor::own::DoctorCode;
use crate::doctor::report::Finding;
use crate::show;

/// A certificate that ends within this many seconds is noted.
const SOON: u64 = 30 * 24 * 60 * 60;

/// What a running hub tells of its certificate.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) pin: String,
    pub(super) not_after: u64,
}

/// The certificate that the hub serves, or would; `served` is what a running hub tells.
pub(super) fn examine(
    config: &HubConfig,
    data: Option<&DataDir>,
    served: Option<&Served>,
    now: u64,
) -> Finding {
    let skipped = |why: &str| Finding::skipped(Check::Certificate, why);
    if config.mode == TlsMode::Plain {
        return skipped("there is none in TLS mode 'plain'");
    }
    let described = match (&config.source, data) {
        (TlsSource::Files { cert, key }, _) => {
            let certificate = match pem::read(cert, Exposure::Readable) {
                Ok(pem) => pem,
                Err(error) => return find::of_file(Check::Certificate, &error),
            };
            let key_pem = match pem::read_key(key, Exposure::Nothing) {
                Ok(pem) => pem,
                Err(error) => return find::of_file(Check::Certificate, &error),
            };
            let pair = TlsKey::from_pem(&certificate, &key_pem);
            let place = format!("{} and {}", show::path(cert), show::path(key));
            match pair {
                Ok(pair) => pair.describe().map_err(|error| format!("{place}: {error}")),
                Err(error) => Err(format!("{place}: {error}")),
            }
        }
        (TlsSource::SelfSigned, Some(data)) => {
            let path = data.tls_certificate();
            match pem::read_certificates(&path) {
                Err(error) if error.is_not_found() => {
                    return match served {
                        Some(served) => judge_served(served, now),
                        None => skipped("the first start makes it"),
                    };
                }
                Err(error) => return find::of_file(Check::Certificate, &error),
                Ok(chain) => match chain.first().map(|der| Description::of(der)) {
                    Some(Ok(told)) => Ok(told),
                    _ => Err(format!("{}: it holds no certificate", show::path(path))),
                },
            }
        }
        (TlsSource::SelfSigned, None) => return skipped("the first start makes it"),
    };
    match described {
        Ok(told) => match served {
            Some(served) if served.pin != told.pin.to_string() => judge_served(served, now),
            _ => judge(config, &told, now),
        },
        Err(message) => Finding::problem(Check::Certificate, DoctorCode::Certificate, message)
            .remedy("Give a certificate and its own key: tls.cert (--cert) and tls.key (--key)"),
    }
}

/// Dates and names. The hub makes a self-signed one anew at its next start, where that is due.
fn judge(config: &HubConfig, told: &Description, now: u64) -> Finding {
    let ours = config.source == TlsSource::SelfSigned;
    let renew = if ours { "Restart the hub: it makes another" } else { "Renew it" };
    let (from, until) = (date::utc(told.not_before), date::utc(told.not_after));
    if let Some(finding) = ended(told.not_after, now, renew) {
        return finding;
    }
    if now < told.not_before {
        return dates(format!("the certificate is not valid before {from}"), now, renew);
    }
    let dialled = config.hostnames.iter().map(String::as_str);
    let dialled: Vec<&str> = dialled.chain(config.advertise.iter().map(|url| url.host())).collect();
    let lacks = dialled.into_iter().find(|name| !told.names.iter().any(|has| covers(has, name)));
    if let Some(name) = lacks {
        let said = format!("the certificate does not name '{name}'");
        let finding = Finding::note(Check::Certificate, DoctorCode::CertificateNames, said);
        return finding.expected(name).seen(told.names.join(", ")).remedy(if ours {
            "Add it to tls.hostnames (--hostname) and restart the hub: it makes another"
        } else {
            "Give the hub a certificate with this name: peers that check it by roots refuse this one"
        });
    }
    ends_soon(told.not_after, now, renew).unwrap_or_else(|| {
        Finding::ok(Check::Certificate, format!("{} until {until}", told.names.join(", ")))
    })
}

/// One whose file is not known here.
fn judge_served(served: &Served, now: u64) -> Finding {
    let Served { pin, not_after } = served;
    let finding = ended(*not_after, now, "Renew it");
    finding.or_else(|| ends_soon(*not_after, now, "Renew it")).unwrap_or_else(|| {
        let until = date::utc(*not_after);
        let said = format!(
            "{pin} until {until}, as the hub says; with --config hub.toml its names are looked at"
        );
        Finding::ok(Check::Certificate, said)
    })
}

fn ended(not_after: u64, now: u64, renew: &str) -> Option<Finding> {
    let said = || format!("the certificate ended at {}", date::utc(not_after));
    (not_after < now).then(|| dates(said(), now, renew))
}

fn dates(said: String, now: u64, renew: &str) -> Finding {
    let finding = Finding::problem(Check::Certificate, DoctorCode::CertificateDates, said);
    finding.seen(format!("now {}", date::utc(now))).remedy(format!(
        "{renew}, or set the clock: peers that check the certificate by roots refuse it"
    ))
}

fn ends_soon(not_after: u64, now: u64, renew: &str) -> Option<Finding> {
    let note = || {
        let until = format!("{} ({})", date::utc(not_after), date::distance(now, not_after));
        let said = format!("the certificate ends at {until}");
        Finding::note(Check::Certificate, DoctorCode::CertificateEnds, said).remedy(renew)
    };
    (not_after.saturating_sub(now) < SOON).then(note)
}

/// Whether a name of a certificate is `name`: the same, or a wildcard for its first label.
fn covers(has: &str, name: &str) -> bool {
    let rest = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_ascii_lowercase());
    has.eq_ignore_ascii_case(name)
        || has.strip_prefix("*.").is_some_and(|has| rest(name) == Some(has.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bowline_core::random::{Random, Seed};
    use bowline_shell::config::HubSettings;

    const NOW: u64 = 1_800_000_000;
    const DAY: u64 = 24 * 60 * 60;

    fn told() -> Description {
        let names = ["hub.example".to_owned(), "localhost".to_owned()];
        let key = TlsKey::self_signed(&mut Random::new(&Seed([7; 32])), &names, "hub", NOW);
        key.unwrap().describe().unwrap()
    }

    fn config(text: &str) -> HubConfig {
        HubSettings::parse("hub.toml".as_ref(), text).unwrap().resolve().unwrap()
    }

    #[test]
    fn dates_and_names_are_judged() {
        let (told, default) = (told(), config(""));
        let code = |config: &HubConfig, now| judge(config, &told, now).code;
        assert_eq!(code(&default, NOW + DAY), None);
        assert_eq!(code(&default, told.not_after - 29 * DAY), Some("certificate-ends-soon"));
        assert_eq!(code(&default, told.not_after + 1), Some("certificate-dates"));
        assert_eq!(code(&default, told.not_before - 1), Some("certificate-dates"));
        let named = config("[tls]\nhostnames = [\"hub.example\", \"LOCALHOST\"]");
        assert_eq!(code(&named, NOW + DAY), None);
        let other = config("advertise = [\"wss://other.example:7777\"]");
        let finding = judge(&other, &told, NOW + DAY);
        assert_eq!(finding.code, Some("certificate-names"));
        assert_eq!(finding.expected.as_deref(), Some("other.example"));
    }

    #[test]
    fn of_one_that_is_only_told_the_end_is_judged() {
        let served = Served { pin: "sha256/x".to_owned(), not_after: NOW };
        let code = |now| judge_served(&served, now).code;
        assert_eq!(code(NOW - 31 * DAY), None);
        assert_eq!(code(NOW - DAY), Some("certificate-ends-soon"));
        assert_eq!(code(NOW + 1), Some("certificate-dates"));
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        assert!(covers("*.b.c", "A.b.C") && covers("a.b", "A.B"));
        assert!(!covers("*.b.c", "x.a.b.c") && !covers("*.b.c", "b.c") && !covers("a", "b"));
    }
}
