//! Who can reach a hub, and what that risks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use bowline_shell::config::{Bind, HubUrl, Scheme, TlsMode, Warning};

use crate::doctor::check::Check;
use crate::doctor::own::DoctorCode;
use crate::doctor::report::Finding;

/// What decides who can come in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) bind: Bind,
    pub(super) mode: TlsMode,
    /// Whether anyone is admitted.
    pub(super) open: bool,
    /// Whether the secret is one that a person made up.
    pub(super) weak: bool,
}

/// Each risk, or that there is none.
pub(super) fn exposure(setup: Setup) -> Vec<Finding> {
    let Setup { bind, mode, open, weak } = setup;
    let outside = !bind.is_loopback();
    let note = |code, warning: &Warning| Finding::note(Check::Exposure, code, warning.to_string());
    let mut findings = Vec::new();
    if outside && mode == TlsMode::Plain {
        findings.push(
            note(DoctorCode::RiskyPlain, &Warning::PlainOffLoopback(bind)).remedy(
                "Use TLS (--tls tofu), or listen on 127.0.0.1 behind a proxy that speaks TLS",
            ),
        );
    }
    if open {
        findings.push(
            note(DoctorCode::RiskyOpen, &Warning::NoAuth(bind)).remedy(
                "Have everyone prove something: auth.required = true (--auth-required true)",
            ),
        );
    }
    if outside && weak {
        findings.push(
            note(DoctorCode::WeakSecret, &Warning::WeakSecret).remedy(
                "Let the hub make one: delete its secret.key and start it without a secret",
            ),
        );
    }
    if !findings.is_empty() {
        return findings;
    }
    let finding = if !outside {
        Finding::ok(
            Check::Exposure,
            format!("{bind}: only this machine can connect; --bind ADDRESS:PORT lets others"),
        )
    } else if bind.0.ip().is_unspecified() {
        let said = format!(
            "{bind} is every address of this machine; with TLS and authentication on, that is as \
             intended where peers come from anywhere"
        );
        Finding::note(Check::Exposure, DoctorCode::AllAddresses, said)
            .remedy("Give one address to --bind, or allow-ips, where they come from a few places")
    } else {
        Finding::ok(Check::Exposure, format!("{bind}, with TLS and authentication"))
    };
    vec![finding]
}

/// The URLs that lead here: those that other machines are to dial, and that of the address, or of
/// each of this machine's own.
pub(super) fn addresses(
    bind: Bind,
    mode: TlsMode,
    own: &[IpAddr],
    advertised: &[HubUrl],
) -> Finding {
    let scheme = match mode {
        TlsMode::Plain => Scheme::Ws,
        TlsMode::Tofu | TlsMode::Strict => Scheme::Wss,
    };
    let port = bind.0.port();
    let at = |ip: IpAddr| HubUrl::of_address(scheme, SocketAddr::new(ip, port)).to_string();
    let mut urls: Vec<String> = match bind.0.ip() {
        ip if !ip.is_unspecified() => vec![at(ip)],
        IpAddr::V4(_) => {
            let own = own.iter().copied().filter(IpAddr::is_ipv4);
            [IpAddr::from(Ipv4Addr::LOCALHOST)].into_iter().chain(own).map(at).collect()
        }
        IpAddr::V6(_) => {
            let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
            loopback.into_iter().chain(own.iter().copied()).map(at).collect()
        }
    };
    let is_none = |url: &&HubUrl| url.host().parse().is_ok_and(|ip: IpAddr| ip.is_unspecified());
    let advertised = advertised.iter().filter(|url| !is_none(url)).map(ToString::to_string);
    let advertised: Vec<String> = advertised.collect();
    urls.retain(|url| !advertised.contains(url));
    Finding::ok(Check::Addresses, [advertised, urls].concat().join(", "))
}

/// The addresses that this machine would use to reach others. Nothing is sent: a datagram socket
/// that is connected only chooses its own address. (The remotes are for documentation: RFC 5737,
/// RFC 3849.)
pub(super) fn own_addresses() -> Vec<IpAddr> {
    let ways: [(SocketAddr, SocketAddr); 2] = [
        ((Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv4Addr::new(192, 0, 2, 1), 9).into()),
        (
            (Ipv6Addr::UNSPECIFIED, 0).into(),
            (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
        ),
    ];
    let own = |(from, to): (SocketAddr, SocketAddr)| {
        let socket = UdpSocket::bind(from).ok()?;
        socket.connect(to).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    let found = ways.into_iter().filter_map(own);
    found.filter(|ip| !ip.is_unspecified() && !ip.is_loopback()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::CheckState;

    fn setup(bind: &str) -> Setup {
        let bind = bind.parse().unwrap();
        Setup { bind, mode: TlsMode::Tofu, open: false, weak: false }
    }

    fn codes(setup: Setup) -> Vec<Option<&'static str>> {
        exposure(setup).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn what_is_risky_off_loopback_is_noted_each_by_itself() {
        let outside = setup("0.0.0.0:7777");
        assert_eq!(codes(outside), [Some("all-addresses")]);
        assert_eq!(codes(Setup { mode: TlsMode::Plain, ..outside }), [Some("risky-plain")]);
        assert_eq!(codes(Setup { open: true, ..outside }), [Some("risky-open")]);
        assert_eq!(codes(Setup { weak: true, ..outside }), [Some("weak-secret")]);
        let all = Setup { mode: TlsMode::Plain, open: true, weak: true, ..outside };
        assert_eq!(codes(all).len(), 3);
        assert!(exposure(all).iter().all(|found| found.state == CheckState::Note));
        assert_eq!(codes(setup("192.0.2.7:7777")), [None]);
    }

    #[test]
    fn on_loopback_only_the_lack_of_authentication_is_noted() {
        let inside = setup("127.0.0.1:7777");
        assert_eq!(codes(Setup { mode: TlsMode::Plain, weak: true, ..inside }), [None]);
        assert!(exposure(inside)[0].message.contains("only this machine"));
        assert_eq!(codes(Setup { open: true, ..inside }), [Some("risky-open")]);
    }

    #[test]
    fn every_address_means_each_of_this_machines_own() {
        let own: [IpAddr; 2] = ["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        let told = |bind: &str| {
            let bind: Bind = bind.parse().unwrap();
            addresses(bind, TlsMode::Tofu, &own, &[]).message
        };
        assert_eq!(told("192.0.2.7:1"), "wss://192.0.2.7:1/link");
        assert_eq!(told("0.0.0.0:1"), "wss://127.0.0.1:1/link, wss://192.0.2.7:1/link");
        assert!(told("[::]:1").ends_with("wss://192.0.2.7:1/link, wss://[2001:db8::7]:1/link"));
        let advertised: HubUrl = "wss://hub.example:7777".parse().unwrap();
        let bind = "127.0.0.1:1".parse().unwrap();
        let plain = addresses(bind, TlsMode::Plain, &own, &[advertised]).message;
        assert_eq!(plain, "wss://hub.example:7777/link, ws://127.0.0.1:1/link");
        let itself: HubUrl = "wss://192.0.2.7:1".parse().unwrap();
        let nowhere: HubUrl = "wss://0.0.0.0:1".parse().unwrap();
        let told = addresses("0.0.0.0:1".parse().unwrap(), TlsMode::Tofu, &own, &[itself, nowhere]);
        assert_eq!(told.message, "wss://192.0.2.7:1/link, wss://127.0.0.1:1/link");
    }
}
