use core::time::Duration;

use bowline_core::hub::Lives;
use bowline_core::limits::Limits;
use bowline_core::network::Network;

use super::*;
use crate::config::Reload;

fn parse(text: &str) -> Result<HubSettings, ConfigError> {
    HubSettings::parse(Path::new("/etc/bowline/hub.toml"), text)
}

fn complaint(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// Every key that is built, none at its default.
const WHOLE: &str = r#"
name = "Acme \"core\""
bind = "0.0.0.0:7000"
trusted-group = "2000"
advertise = ["wss://hub.example:7777"]
allow-ips = ["192.0.2.0/24", "2001:db8::/32", "::1"]
trusted-proxies = ["10.0.0.1"]
origins = ["https://console.example"]
[tls]
mode = "strict"
source = "files"
cert = "cert.pem"
key = "/keys/key.pem"
hostnames = ["hub.example", "10.0.0.1"]
[auth]
required = false
secret = false
secret-role = "agent"
self-labels = true
secret-file = "secret"
join = false
skew = "30s"
[tokens]
certificate = "1h"
refresh = "30d"
token = "2d"
[limits]
peers = 3
sessions = 4
pending = 5
pending-per-source = 6
failures-per-minute = 7
admissions-per-second = 8
frames-per-second = 8
frames-burst = 9
bytes-per-second = "100KiB"
bytes-burst = "4MiB"
drain = "1500ms"
"#;

fn networks(list: &[&str]) -> Vec<Network> {
    list.iter().map(|net| net.parse().unwrap()).collect()
}

/// A proxy's pins go with `plain` alone, so the whole file cannot hold them.
const PROXIED: &str = r#"
trusted-proxies = ["127.0.0.1"]
external-pins = ["sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]
[tls]
mode = "plain"
"#;

#[test]
fn every_key_reaches_the_configuration() {
    let config = parse(WHOLE).unwrap().resolve().unwrap();
    assert_eq!(
        config,
        HubConfig {
            name: "Acme \"core\"".into(),
            bind: "0.0.0.0:7000".parse().unwrap(),
            trusted_group: Some("2000".parse().unwrap()),
            advertise: vec!["wss://hub.example".parse().unwrap()],
            mode: TlsMode::Strict,
            source: TlsSource::Files {
                cert: "/etc/bowline/cert.pem".into(),
                key: "/keys/key.pem".into(),
            },
            hostnames: vec!["hub.example".into(), "10.0.0.1".into()],
            auth_required: false,
            auth_secret: false,
            secret_role: Role::Agent,
            self_labels: true,
            secret_file: Some("/etc/bowline/secret".into()),
            joins: JoinConfig {
                join: false,
                skew: Duration::from_secs(30),
                certificate: Duration::from_secs(3600),
                refresh: Duration::from_secs(30 * 24 * 3600),
                token: Duration::from_secs(2 * 24 * 3600),
            },
            preauth: PreauthConfig {
                allow_ips: networks(&["192.0.2.0/24", "2001:db8::/32", "::1"]),
                trusted_proxies: networks(&["10.0.0.1"]),
                external_pins: Vec::new(),
                origins: vec!["https://console.example".parse().unwrap()],
            },
            limits: HubLimits {
                peers: 3,
                sessions: 4,
                pending: 5,
                pending_per_source: 6,
                failures_per_minute: 7,
                admissions_per_second: 8,
                frames_per_second: 8,
                frames_burst: 9,
                bytes_per_second: 100 << 10,
                bytes_burst: 4 << 20,
                drain: Duration::from_millis(1500),
            },
        }
    );
}

#[test]
fn what_is_in_force_prints_as_a_file_that_reads_back_as_the_same() {
    for text in [WHOLE, PROXIED, ""] {
        let config = parse(text).unwrap().resolve().unwrap();
        let elsewhere = Path::new("/tmp/other.toml");
        let again = HubSettings::parse(elsewhere, &config.to_toml()).unwrap().resolve().unwrap();
        assert_eq!(again, config);
    }
}

#[test]
fn an_empty_file_is_a_safe_hub() {
    let config = parse("").unwrap().resolve().unwrap();
    assert_eq!(config.bind.to_string(), "127.0.0.1:7777");
    assert_eq!((config.mode, config.source), (TlsMode::Tofu, TlsSource::SelfSigned));
    assert_eq!((config.auth_required, config.auth_secret), (true, true));
    assert_eq!(config.secret_role, Role::Member);
    assert_eq!(config.preauth, PreauthConfig::default());
    let mut limits = Limits::default();
    (limits.peers, limits.pending, limits.failures_per_minute) = (0, 0, 0);
    config.limits.apply(&mut limits);
    assert_eq!(limits, Limits::default());
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_name() {
    let file = "/etc/bowline/hub.toml";
    for (text, sentence) in [
        ("name = 'a'\n\nbnid = 'x'", "line 3: unknown key 'bnid'; did you mean 'bind'?"),
        ("[tls]\nmdoe = 'x'", "line 2: unknown key 'tls.mdoe'; did you mean 'tls.mode'?"),
        (
            "tls = { mode = 'tofu', x = 1 }",
            "line 1: unknown key 'tls.x'; known here: mode, source, cert, key, hostnames",
        ),
        ("[limit]\npeers = 1", "line 1: unknown key 'limit'; did you mean 'limits'?"),
        (
            "insecure-no-auth = true",
            "line 1: unknown key 'insecure-no-auth'; known here: name, bind, trusted-group, advertise, allow-ips, trusted-proxies, external-pins, origins, tls, auth, tokens, limits",
        ),
    ] {
        assert_eq!(complaint(text), format!("{file}: {sentence}"));
    }
}

#[test]
fn a_key_that_is_not_built_yet_is_refused_as_that() {
    for (text, what) in [
        ("[tls]\nsource = 'keystore'", "tls.source = \"keystore\""),
        ("[tls]\nsource = 'acme'", "tls.source = \"acme\""),
        ("[tls]\ngrace = '24h'", "'tls.grace'"),
        ("[tls]\nkeystore = 'x'", "'tls.keystore'"),
        ("[tls]\nkeystore-password-file = 'x'", "'tls.keystore-password-file'"),
        ("[tls]\nkeystore-type = 'jks'", "'tls.keystore-type'"),
    ] {
        let line = 1 + text.matches('\n').count();
        let sentence =
            format!("/etc/bowline/hub.toml: line {line}: {what} is not built yet; leave it out");
        assert_eq!(complaint(text), sentence);
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_told_with_its_place() {
    let start = "/etc/bowline/hub.toml: line";
    for (text, sentence) in [
        ("bind = 7777", "1: 'bind': expected text in quotes, found a number"),
        (
            "bind = 'hub.example:1'",
            "1: 'bind': 'hub.example:1' is not an address to listen on: write it as 127.0.0.1:7777",
        ),
        ("advertise = 'wss://h'", "1: 'advertise': expected an array of text, found text"),
        (
            "advertise = [\n'wss://h',\n'h']",
            "3: 'advertise': 'h' is not a hub's URL: it has no scheme; write it as wss://HOST:7777",
        ),
        ("tls = 'tofu'", "1: 'tls': expected a table, found text"),
        ("[tls]\nmode = 'tls'", "2: 'tls.mode': 'tls' is none of plain, tofu, strict"),
        ("[tls]\nsource = 'me'", "2: 'tls.source': 'me' is none of self-signed, files"),
        ("[auth]\nrequired = 'no'", "2: 'auth.required': expected true or false, found text"),
        (
            "[auth]\nsecret-role = 'root'",
            "2: 'auth.secret-role': not a role: one of admin, member, agent",
        ),
        ("[limits]\npeers = -1", "2: 'limits.peers': expected 1 to 1000000"),
        (
            "[limits]\nbytes-burst = '4MB'",
            "2: 'limits.bytes-burst': '4MB' is not a size: a whole number and B, KiB, MiB or GiB, \
             such as 4MiB",
        ),
        (
            "[limits]\nbytes-burst = 5",
            "2: 'limits.bytes-burst': expected text in quotes, found a number",
        ),
        ("[limits]\ndrain = 3", "2: 'limits.drain': expected text in quotes, found a number"),
        (
            "[limits]\ndrain = '3'",
            "2: 'limits.drain': '3' is not a span of time: a whole number and ms, s, m, h or d, \
             such as 30s",
        ),
        ("[limits]\npending = '5'", "2: 'limits.pending': expected a whole number, found text"),
        (
            "allow-ips = ['192.0.2.7/24']",
            "1: 'allow-ips': '192.0.2.7/24' has bits beyond its prefix: write 192.0.2.0/24, or \
             192.0.2.7 alone",
        ),
        (
            "trusted-proxies = ['::1',\n'proxy.example']",
            "2: 'trusted-proxies': 'proxy.example' is not a network: write it as 192.0.2.0/24 or \
             2001:db8::/32, or as one address",
        ),
    ] {
        assert_eq!(complaint(text), format!("{start} {sentence}"));
    }
    let broken = parse("name = 'a'\nbind =").unwrap_err();
    assert!(matches!(broken, ConfigError::Syntax { line: 2, .. }), "{broken}");
    let twice = parse("name = 'a'\nname = 'b'").unwrap_err();
    assert!(matches!(twice, ConfigError::Syntax { line: 2, .. }), "{twice}");
}

#[test]
fn flags_stand_above_the_file_key_by_key() {
    let flags = HubSettings {
        bind: Some("[::1]:1".parse().unwrap()),
        limits: LimitSettings { peers: Some(5), ..LimitSettings::default() },
        preauth: PreauthSettings {
            allow_ips: Some(networks(&["::1"])),
            ..PreauthSettings::default()
        },
        auth_required: Some(true),
        auth_secret: Some(true),
        ..HubSettings::default()
    };
    let file = parse(WHOLE).unwrap();
    let config = flags.over(file.clone()).resolve().unwrap();
    let mut expected = file.resolve().unwrap();
    expected.bind = "[::1]:1".parse().unwrap();
    expected.limits.peers = 5;
    expected.preauth.allow_ips = networks(&["::1"]);
    expected.auth_required = true;
    expected.auth_secret = true;
    assert_eq!(config, expected);
}

#[test]
fn peers_are_taken_at_their_word_where_the_secret_is_all_there_is_and_where_it_is_said() {
    for (text, expected) in [
        ("", false),
        ("[auth]\njoin = false", true),
        ("[tls]\nmode = 'plain'", true),
        ("[auth]\njoin = false\nrequired = false", false),
        ("[tls]\nmode = 'plain'\n[auth]\nrequired = false", false),
        ("[auth]\nsecret = false", false),
        ("[auth]\nself-labels = true", true),
        ("[auth]\njoin = false\nself-labels = false", false),
    ] {
        let config = parse(text).unwrap().resolve().unwrap();
        assert_eq!(config.self_labels, expected, "{text}");
    }
}

#[test]
fn every_bound_is_taken_to_the_ends_of_its_range_and_no_further() {
    for (key, flag, most) in [
        ("peers", "max-peers", 1_000_000),
        ("sessions", "max-sessions", 1_000_000),
        ("pending", "max-pending", 100_000),
        ("pending-per-source", "max-pending-per-source", 100_000),
        ("failures-per-minute", "failures-per-minute", 1_000_000),
        ("admissions-per-second", "admissions-per-second", 1_000_000),
        ("frames-per-second", "frames-per-second", 1_000_000_000),
        ("frames-burst", "frames-burst", 1_000_000_000),
    ] {
        let set = |value: u64| parse(&format!("[limits]\n{key} = {value}")).unwrap().resolve();
        for good in [1, most] {
            assert!(set(good).unwrap().to_toml().contains(&format!("\n{key} = {good}\n")), "{key}");
        }
        for bad in [0, most + 1] {
            let sentence = format!("'limits.{key}' (--{flag}): expected 1 to {most}");
            assert_eq!(set(bad).unwrap_err().to_string(), sentence);
        }
    }
}

#[test]
fn sizes_have_their_range_too_and_a_burst_is_a_second_of_its_rate_where_it_is_not_set() {
    let set = |text: &str| parse(&format!("[limits]\n{text}")).unwrap().resolve();
    for key in ["bytes-per-second", "bytes-burst"] {
        for good in ["64KiB", "1024GiB"] {
            let printed = set(&format!("{key} = '{good}'")).unwrap().to_toml();
            assert!(printed.contains(&format!("\n{key} = \"{good}\"\n")), "{printed}");
        }
        for bad in ["0B", "65535B", "1099511627777B"] {
            let sentence = format!("'limits.{key}' (--{key}): expected 64KiB to 1024GiB");
            assert_eq!(set(&format!("{key} = '{bad}'")).unwrap_err().to_string(), sentence);
        }
    }
    let limits = set("frames-per-second = 7\nbytes-per-second = '1MiB'").unwrap().limits;
    assert_eq!((limits.frames_burst, limits.bytes_burst), (7, 1 << 20));
}

/// Holds the rows of a page to the keys that `of_page` chooses: name, flag, default and range.
fn hold_to_the_page(page: &str, of_page: impl Fn(&str) -> bool) {
    let rows: Vec<Vec<_>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .filter(|row: &Vec<_>| of_page(row[1]))
        .collect();
    let keys = HubSettings::KEYS.iter().filter(|key| of_page(key.name));
    let printed = parse("").unwrap().resolve().unwrap().to_toml();
    for key in keys.clone() {
        let row = rows.iter().find(|row| row[1] == key.name);
        let [_, _, flag, default, range, ..] = row.expect(key.name)[..] else { panic!("{row:?}") };
        assert_eq!(Some(flag), key.flag.map(|flag| format!("--{flag}")).as_deref());
        let name = key.name.rsplit('.').next().unwrap();
        assert!(printed.contains(&format!("\n{name} = {default}\n")), "{name} = {default}");
        if let Some(expected) = key.range() {
            assert_eq!(range, expected, "{}", key.name);
        }
    }
    assert_eq!(rows.len(), keys.count());
}

/// The table of `docs/limits.md`, row for row.
#[test]
fn the_page_of_the_door_lists_each_key_with_its_default_and_its_range() {
    let preauth = ["allow-ips", "trusted-proxies", "external-pins", "origins"];
    let of_page = |name: &str| name.starts_with("limits.") || preauth.contains(&name);
    hold_to_the_page(include_str!("../../../../docs/limits.md"), of_page);
}

#[test]
fn join_tokens_are_taken_unless_said_otherwise_and_hold_as_long_as_the_specification_says() {
    let joins = parse("").unwrap().resolve().unwrap().joins;
    assert_eq!((joins.join, joins.lives()), (true, Lives::default()));
    assert_eq!(joins.rules(), bowline_core::token::Rules::JOIN);
    assert!(joins.is_offered(TlsMode::Strict) && !joins.is_offered(TlsMode::Plain));
    let set = parse("[auth]\nskew = '5s'\n[tokens]\ntoken = '1h'").unwrap().resolve().unwrap();
    let rules = set.joins.rules();
    assert_eq!((rules.skew, rules.life, set.joins.lives().skew), (5, 60..=3600, 5));
}

#[test]
fn what_is_minted_holds_for_whole_seconds_within_a_range() {
    for (key, flag, good, bad, expected) in [
        ("auth.skew", "auth-skew", ["0s", "10m"], ["500ms", "601s"], "0s to 10m"),
        ("tokens.certificate", "tokens-certificate", ["1s", "365d"], ["0s", "366d"], "1s to 365d"),
        ("tokens.refresh", "tokens-refresh", ["1s", "3650d"], ["1500ms", "3651d"], "1s to 3650d"),
        ("tokens.token", "tokens-token", ["1m", "7d"], ["59s", "8d"], "1m to 7d"),
    ] {
        let (table, name) = key.split_once('.').unwrap();
        let set = |span: &str| parse(&format!("[{table}]\n{name} = '{span}'")).unwrap().resolve();
        for good in good {
            let printed = set(good).unwrap().to_toml();
            assert!(printed.contains(&format!("\n{name} = \"{good}\"\n")), "{printed}");
        }
        for bad in bad {
            let sentence = format!("'{key}' (--{flag}): expected whole seconds from {expected}");
            assert_eq!(set(bad).unwrap_err().to_string(), sentence);
        }
    }
}

/// The table of `docs/joining.md`, row for row, and what it says of SIGHUP.
#[test]
fn the_page_of_joining_lists_each_key_with_its_default_and_its_range() {
    let page = include_str!("../../../../docs/joining.md");
    let of_page =
        |name: &str| name.starts_with("tokens.") || ["auth.join", "auth.skew"].contains(&name);
    hold_to_the_page(page, of_page);
    assert!(page.contains("All but `auth.join` change with SIGHUP"));
    for key in HubSettings::KEYS.iter().filter(|key| of_page(key.name)) {
        assert_eq!(key.reload == Reload::Restart, key.name == "auth.join", "{}", key.name);
    }
}

#[test]
fn external_pins_need_a_hub_without_tls_and_a_proxy() {
    let pin = "external-pins = ['sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=']";
    let plain = "[tls]\nmode = 'plain'";
    let proxy = "trusted-proxies = ['127.0.0.1']";
    let resolve = |text: String| parse(&text).unwrap().resolve();
    let error = resolve(format!("{pin}\n{proxy}")).unwrap_err();
    assert_eq!(error, ConfigError::ExternalPinsWithTls { mode: TlsMode::Tofu });
    let error = resolve(format!("{pin}\n{plain}")).unwrap_err();
    assert_eq!(error, ConfigError::ExternalPinsWithoutProxy);
    for part in ["trusted-proxies", "--trusted-proxy", "external-pins"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    resolve(format!("{pin}\n{proxy}\n{plain}")).unwrap();
    let many = |n: usize| {
        let pins: Vec<_> =
            (0..n).map(|_| "'sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='").collect();
        resolve(format!("external-pins = [{}]\n{proxy}\n{plain}", pins.join(",")))
    };
    many(16).unwrap();
    let sentence = "'external-pins' (--external-pin): expected at most 16 pins";
    assert_eq!(many(17).unwrap_err().to_string(), sentence);
}

#[test]
fn a_certificate_on_the_command_line_chooses_files_and_self_signed_sets_them_aside() {
    let flags =
        HubSettings { cert: Some("/c".into()), key: Some("/k".into()), ..HubSettings::default() };
    let file = parse("[tls]\nsource = 'self-signed'").unwrap();
    let source = flags.over(file).resolve().unwrap().source;
    assert_eq!(source, TlsSource::Files { cert: "/c".into(), key: "/k".into() });

    let flags = HubSettings { source: Some(TlsSourceName::SelfSigned), ..HubSettings::default() };
    let source = flags.over(parse("[tls]\ncert = '/c'\nkey = '/k'").unwrap());
    assert_eq!(source.resolve().unwrap().source, TlsSource::SelfSigned);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let resolve = |text: &str| parse(text).unwrap().resolve().unwrap_err();
    let missing = |missing| ConfigError::FilesIncomplete { missing };
    assert_eq!(resolve("[tls]\ncert = 'c'"), missing("tls.key"));
    assert_eq!(resolve("[tls]\nkey = 'k'"), missing("tls.cert"));
    assert_eq!(resolve("[tls]\nsource = 'files'"), missing("tls.cert"));
    let unused = "[tls]\nsource = 'self-signed'\ncert = 'c'\nkey = 'k'";
    assert_eq!(resolve(unused), ConfigError::FilesUnused);
    assert_eq!(resolve("[auth]\nsecret = false\njoin = false"), ConfigError::NoMethod);
    // Without TLS no join token is taken, whatever is said.
    let plain = "[tls]\nmode = 'plain'\n[auth]\nsecret = false\njoin = true";
    assert_eq!(resolve(plain), ConfigError::NoMethod);
    assert!(parse("[auth]\nsecret = false").unwrap().resolve().is_ok());
    let url: HubUrl = "ws://hub.example".parse().unwrap();
    let unfit = ConfigError::SchemeAndMode { url, mode: TlsMode::Tofu };
    assert_eq!(resolve("advertise = ['ws://hub.example']"), unfit);
    for text in ["name = ''", "name = \"a\\nb\""] {
        assert!(matches!(resolve(text), ConfigError::Setting { .. }), "{text}");
    }
    assert!(matches!(resolve("[tls]\nhostnames = ['a b']"), ConfigError::Setting { .. }));
    let error = HubSettings::read(Path::new("/nonexistent/hub.toml")).unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/hub.toml: cannot be read: "), "{error}");
}
