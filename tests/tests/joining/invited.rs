//! From one string to a first call, and what the machine may do from then on.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use bowline_core::capability::Role;
use bowline_tests::bowline::outcome;
use bowline_tests::in_crossed_pairings;

use super::*;

const ENROLLED_AS: &str = "this machine is enrolled as 'ID' (FILE), not 'OTHER': leave the id out, or \
                           join as 'OTHER' with a token for it";

const NEEDED: &str = "a join token is needed: --token-file FILE, - for standard input, or \
                      BOWLINE_TOKEN. The hub's operator makes one with 'bowline token issue'";

const LOCAL: &str = "failed: the token would name this machine alone: set hostnames (--hostname HOST) \
                     or advertise (--advertise wss://HOST:7777) to what other machines dial, or make \
                     a token for this machine with --local (HUB)";

fn a_token_that_names_only_this_machine_is_not_made_by_mistake() {
    let stage = hub("");
    let refused = operator(&stage, &["token", "issue", "--for", "alice"]);
    refusals::refused(&refused, 1, LOCAL, &[("HUB", &stage.url)]);
    // Nor is one that could be used by several, where nobody says by how many.
    let reusable = operator(&stage, &["token", "issue", "--reusable"]);
    assert_eq!((reusable.0, reusable.1.as_str()), (Some(2), ""), "{}", reusable.2);
    assert_eq!(operator(&stage, &["token", "list", "--json"]).1, "");
}

fn a_token_names_the_host_names_of_its_hub_where_nothing_else_is_advertised() {
    let mut stage = hub("[tls]\nhostnames = [\"hub.example\", \"2001:db8::7\"]\n");
    let port = stage.url.rsplit(':').next().unwrap().trim_end_matches("/link").to_owned();
    let names = ["hub.example", "[2001:db8::7]"].map(|name| format!("wss://{name}:{port}/link"));
    // What the hub prints is what others dial, and what the token names.
    assert_eq!(stage.url, names[0]);
    let token = told(&stage, &["token", "issue", "--for", "alice"]);
    assert_eq!(token["urls"], serde_json::json!(names));
    stop(&mut stage);
    let advertise = "advertise = [\"wss://proxy.example\"]\n";
    let named = "[tls]\nhostnames = [\"hub.example\"]\n";
    fs::write(stage.at("hub.toml"), format!("{advertise}{named}")).unwrap();
    stage.listen(hub_command(&stage, "127.0.0.1:0"));
    assert_eq!(stage.url, "wss://proxy.example:7777/link");
}

fn what_is_secret_goes_to_a_file_of_its_owner_and_over_no_other() {
    let stage = hub("");
    let (file, secret) = (stage.text("token.txt"), stage.text("copied.key"));
    let issue = ["token", "issue", "--local", "--for", "alice", "--out", &file];
    let (code, out, err) = operator(&stage, &issue);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert_eq!(operator(&stage, &["secret", "show", "--out", &secret]).1, "");
    for file in [&file, &secret] {
        let mode = fs::metadata(file).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{file}");
    }
    assert_eq!(fs::read(&secret).unwrap(), fs::read(stage.secret()).unwrap());
    // What join refuses of a shell's '>' it takes of --out.
    let join = ["join", "--token-file", &file, "--id", "web-1", "--data", &stage.text("web")];
    let (code, _, err) = outcome(stage.bowline(&join));
    assert_eq!(code, Some(0), "{err}");
    // A file that is there is not touched, and no token is made for it.
    let before = fs::read(&file).unwrap();
    let (code, out, err) = operator(&stage, &issue);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains("--out: ") && err.contains("is there already"), "{err}");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(operator(&stage, &["token", "list", "--json"]).1.lines().count(), 1);
}

fn a_machine_tries_the_addresses_of_its_hub_in_turn_and_knows_it_by_its_id_alone() {
    let mut stage = hub("");
    let (address, url) = (stage.address(), stage.url.clone());
    stop(&mut stage);
    // Where nobody listens any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("wss://{}/link", gone.local_addr().unwrap());
    drop(gone);
    let advertise = format!("advertise = [\"{nobody}\", \"{url}\"]\n");
    fs::write(stage.at("hub.toml"), advertise).unwrap();
    stage.listen(hub_command(&stage, &address));
    let token = issue(&stage, &[]);
    let done = joined(&stage, "web", &token, &["--id", "web-1"]);
    assert_eq!(done["urls"], serde_json::json!([nobody, url]));
    let web = serve(&stage, "web");
    answers(&stage, "web-1");
    assert!(web.seen().iter().any(|line| line.contains("\"not-listening\"")), "{web:#?}");
    drop(web);

    // It serves with another TLS key, which its identity vouches for: the certificate that the
    // machine shows only to a key that it knows is not shown, and it comes in all the same.
    stop(&mut stage);
    for name in ["hub/tls.key", "hub/tls.crt"] {
        fs::remove_file(stage.at(name)).unwrap();
    }
    let before = fs::read_to_string(stage.at("web/trust.toml")).unwrap();
    stage.listen(hub_command(&stage, &address));
    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
    let after = fs::read_to_string(stage.at("web/trust.toml")).unwrap();
    let pin = |text: &str| text.lines().find(|line| line.starts_with("pin")).unwrap().to_owned();
    assert_ne!(pin(&before), pin(&after));
    // Another hub at the same address is not taken for it.
    stop(&mut stage);
    fs::rename(stage.at("hub"), stage.at("old")).unwrap();
    stage.listen(hub_command(&stage, &address));
    let data = stage.text("web");
    let (code, _, err) = outcome(stage.bowline(&["ls", "--data", &data]));
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("identity-mismatch"), "{err}");
}

fn one_string_brings_a_machine_that_serves_and_calls_with_no_secret() {
    let stage = hub("name = \"Acme core\"\n");
    let token = issue(&stage, &["--for", "alice"]);
    assert_eq!((&token["role"], &token["uses"]), (&"member".into(), &1.into()));

    let (code, out, err) = join(&stage, "web", &token, &["--id", "web-1"]);
    assert_eq!(code, Some(0), "{err}");
    let hub = fs::read_to_string(stage.at("web/trust.toml")).unwrap();
    for line in [
        "hub           Acme core\n",
        &format!("url           {}\n", stage.url),
        "id            web-1\n",
        "role          member\n",
        "capabilities  serve, call\n",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let id = out.lines().find_map(|line| line.strip_prefix("hub id        ")).unwrap();
    assert!(hub.contains(id), "{hub}");
    assert!(err.contains("'bowline peer --data "), "{err}");

    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
    // And it calls, as itself.
    let data = stage.text("web");
    let calls = ["run", "--data", &data, "web-1", "hello", "name=Ada"];
    assert_eq!(outcome(stage.bowline(&calls)).1, "hello, Ada\n");
    let (code, out, err) = outcome(stage.bowline(&["whoami", "--json", "--data", &data]));
    assert_eq!(code, Some(0), "{err}");
    let who: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&who["method"], &who["id"]), (&"resume".into(), &"web-1".into()));
    assert_eq!(who["live"]["method"], "resume");
    assert_eq!(who["live"]["expires"], who["enrolment"]["certificate_ends"]);
    assert_eq!(who["enrolment"]["token"], token["jti"]);

    // No secret is anywhere, and nobody else may read what is.
    let mut names: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap()).collect();
    names.retain(|file| !file.file_name().to_str().unwrap().ends_with(".lock"));
    names.sort_by_key(std::fs::DirEntry::file_name);
    for (file, name) in names.iter().zip(["enrolment", "peer.key", "trust.toml"]) {
        assert_eq!(file.file_name(), name);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(names.len(), 3);
    assert_eq!(record(&stage, &token)["used_by"], serde_json::json!(["web-1"]));
}

fn a_token_says_who_a_machine_is_and_how_much_it_may_do() {
    let stage = hub("");
    let narrow = ["--id", "agent-7", "--role", "agent", "--label", "zone=eu", "--ttl", "10m"];
    let token = issue(&stage, &narrow);
    let other = join(&stage, "a", &token, &["--id", "web-1"]);
    let names: &[(&str, &str)] = &[("ID", "agent-7"), ("OTHER", "web-1")];
    refusals::refused(&other, 2, "the token is for the id 'ID', not 'OTHER'", names);
    let done = joined(&stage, "a", &token, &[]);
    assert_eq!(done["id"], "agent-7");
    assert_eq!(done["capabilities"], serde_json::json!(["serve"]));

    let _agent = serve(&stage, "a");
    answers(&stage, "agent-7");
    let zone = outcome(stage.run(&["zone=eu", "hello", "name=Ada"]));
    assert_eq!(zone.1, "agent-7: hello, Ada\n", "{}", zone.2);
    // It serves, and that is all.
    let data = stage.text("a");
    let calls = ["run", "--data", &data, "agent-7", "hello", "name=Ada"];
    let (code, _, err) = outcome(stage.bowline(&calls));
    assert_eq!(code, Some(255), "{err}");
    assert!(err.contains("denied"), "{err}");
    let shown = told(&stage, &["peers", "show", "agent-7"]);
    assert_eq!((&shown["method"], &shown["role"]), (&"join".into(), &"agent".into()));
    assert_eq!(shown["token_labels"]["zone"], "eu");

    let enrolment = stage.text("a/enrolment");
    let names: &[(&str, &str)] = &[("ID", "agent-7"), ("OTHER", "other"), ("FILE", &enrolment)];
    let other = outcome(stage.bowline(&["peer", "--id", "other", "--data", &data]));
    refusals::refused(&other, 2, ENROLLED_AS, names);
}

fn a_token_for_several_machines_brings_as_many_and_not_one_more() {
    let stage = hub("");
    let token = issue(&stage, &["--reusable", "--max-uses", "2"]);
    joined(&stage, "a", &token, &["--id", "a"]);
    joined(&stage, "b", &token, &["--id", "b"]);
    // One that came already is none more.
    joined(&stage, "a", &token, &["--id", "a"]);
    kept_out(&stage, &join(&stage, "c", &token, &["--id", "c"]), USED);
    let record = record(&stage, &token);
    let by = record["used_by"].as_array().unwrap().iter().map(text);
    assert_eq!(by.collect::<BTreeSet<_>>(), BTreeSet::from(["a", "b"]));
}

fn a_token_comes_from_a_file_or_the_environment_and_a_typed_one_with_a_warning() {
    let stage = hub("");
    let token = issue(&stage, &["--reusable", "--max-uses", "3"]);
    let file = stage.private("file", &format!("\n {}\n", text(&token["token"])));
    let data = ["a", "b", "c"].map(|name| stage.text(name));
    let words = |data, id| ["join", "--id", id, "--data", data];
    let mut named = stage.bowline(&words(&data[0], "a"));
    named.args(["--token-file", &file]);
    assert_eq!(outcome(named).0, Some(0));

    let mut environment = stage.bowline(&words(&data[1], "b"));
    environment.env("BOWLINE_TOKEN", text(&token["token"]));
    assert_eq!(outcome(environment).0, Some(0));

    let mut typed = stage.bowline(&words(&data[2], "c"));
    typed.arg(text(&token["token"]));
    let (code, out, err) = outcome(typed);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("warning: a token that is typed is kept by the shell"), "{err}");
    // Nothing repeats it.
    assert!(!(out + &err).contains(text(&token["token"])));

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let mut exposed = stage.bowline(&words(&data[0], "a"));
    exposed.args(["--token-file", &file]);
    refused(&outcome(exposed), 2, "has mode 0644: other users may read it");
    refusals::refused(&outcome(stage.bowline(&words(&data[0], "a"))), 2, NEEDED, &[]);
}

fn what_is_of_a_part_that_is_not_there_is_refused_by_name_and_offered_nowhere() {
    let stage = hub("");
    for (typed, says) in [
        (["--room", "lobby"], "--room: rooms are not in this version"),
        (["--role", "read-only"], "--role read-only: rooms are not in this version"),
        (["--cap", "subscribe"], "--cap subscribe: rooms are not in this version"),
        (["--cap", "audit.read"], "--cap audit.read: the audit is not in this version"),
    ] {
        let refused = operator(&stage, &[&["token", "issue", "--local"], &typed[..]].concat());
        refusals::refused(&refused, 2, says, &[]);
    }
    assert_eq!(operator(&stage, &["token", "list", "--json"]).1, "");
    let says = "'auth.secret-role' (--secret-role): 'read-only': rooms are not in this version; set \
                it to member or agent";
    let data = stage.text("another");
    let another = ["hub", "--bind", "127.0.0.1:0", "--data", &data, "--secret-role", "read-only"];
    refusals::refused(&outcome(stage.bowline(&another)), 2, says, &[]);

    let help = outcome(stage.bowline(&["help", "token", "issue"])).1;
    let words: BTreeSet<_> = help.split([' ', '\n', ',', '`', '\'']).collect();
    for capability in Role::Admin.capabilities().iter() {
        let is_offered = words.contains(capability.to_string().as_str());
        assert_eq!(is_offered, capability.awaits().is_none(), "{capability}: {help}");
    }
    assert!(!help.contains("--room") && !help.contains("read-only"), "{help}");
}

fn doctor_finds_a_machine_that_joined_well() {
    let stage = hub("");
    let token = issue(&stage, &[]);
    joined(&stage, "web", &token, &["--id", "web-1"]);
    let data = stage.text("web");
    let (code, out, err) = outcome(stage.bowline(&["doctor", "--data", &data]));
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("none is needed: enrolled by a token"), "{out}");
    assert!(out.contains("admitted as web-1 by resume, as an operator"), "{out}");
    assert!(!out.contains("not well"), "{out}");
}

in_crossed_pairings! {
    a_token_that_names_only_this_machine_is_not_made_by_mistake,
    a_token_names_the_host_names_of_its_hub_where_nothing_else_is_advertised,
    what_is_secret_goes_to_a_file_of_its_owner_and_over_no_other,
    a_machine_tries_the_addresses_of_its_hub_in_turn_and_knows_it_by_its_id_alone,
    one_string_brings_a_machine_that_serves_and_calls_with_no_secret,
    a_token_says_who_a_machine_is_and_how_much_it_may_do,
    a_token_for_several_machines_brings_as_many_and_not_one_more,
    a_token_comes_from_a_file_or_the_environment_and_a_typed_one_with_a_warning,
    what_is_of_a_part_that_is_not_there_is_refused_by_name_and_offered_nowhere,
    doctor_finds_a_machine_that_joined_well,
}
