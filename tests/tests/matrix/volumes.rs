//! Files that a group was let into, and a user that is not root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::process::Command;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::refused;
use bowline_tests::skip::skipped;
use rustix::process::Signal;

const ANY: &str = "127.0.0.1:0";
const USER: u32 = 65_534;
const STRANGER: u32 = 65_533;
const GROUP: u32 = 54_321;

/// The program, run by a user who is not root and is in the group; none where there is no way.
fn by_a_user(stage: &ProcessFixture, arguments: &[&str]) -> Option<Command> {
    let there = Command::new("setpriv").arg("--version").output().is_ok();
    if !rustix::process::geteuid().is_root() || !there {
        skipped("root, and setpriv to become somebody else");
        return None;
    }
    let program = stage.bowline(arguments);
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={USER}"), format!("--regid={USER}")]);
    command.args([&format!("--groups={GROUP}"), "--"]).arg(program.get_program());
    command.args(program.get_args()).stdin(std::process::Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    fs::set_permissions(stage.at(""), Permissions::from_mode(0o755)).unwrap();
    Some(command)
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// As Kubernetes mounts a volume with `fsGroup`: all that is in it is given to the group.
fn mount(path: &Path) {
    let found = fs::symlink_metadata(path).unwrap();
    lchown(path, None, Some(GROUP)).unwrap();
    if found.is_symlink() {
        return;
    }
    chmod(path, found.mode() & 0o7777 | if found.is_dir() { 0o2770 } else { 0o660 });
    if found.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| mount(&entry.unwrap().path()));
    }
}

fn a_hub_lives_in_a_volume_of_the_trusted_group_at_every_mount() {
    let stage = ProcessFixture::empty();
    let (volume, secret) = (stage.text("volume"), stage.private("secret", &"s3cret-".repeat(7)));
    fs::create_dir(&volume).unwrap();
    fs::create_dir(stage.at("volume/lost+found")).unwrap();
    chmod(&stage.at("volume"), 0o700);
    let group = GROUP.to_string();
    let hub = ["hub", "--bind", ANY, "--data", &volume];
    let Some(untrusting) = by_a_user(&stage, &hub) else { return };
    mount(&stage.at("volume"));
    chmod(&stage.at("secret"), 0o440);
    chown(&secret, Some(0), Some(GROUP)).unwrap();
    let says = "PLACE has mode 2770: other users may change it; if its group 54321 is to be trusted, \
                say so with --trusted-group 54321, or trusted-group in the configuration";
    refused(&outcome(untrusting), 2, says, &[("PLACE", &volume)]);

    let trusting = ["--trusted-group", &group, "--secret-file", &secret, "--insecure-weak-secret"];
    let own = stage.at("volume/bowline-data");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let started = [&hub[..], &trusting].concat();
        let mut running = Running::start(by_a_user(&stage, &started).unwrap());
        ids.push(running.line("hub"));
        running.line("listening");
        let found = fs::metadata(&own).unwrap();
        assert_eq!((found.uid(), found.mode() & 0o777), (USER, 0o700));
        let asked = ["ls", "--data", &volume, "--trusted-group", &group];
        let listed = outcome(by_a_user(&stage, &asked).unwrap());
        assert_eq!(listed.0, Some(0), "{listed:?}");
        let mut by_variable = by_a_user(&stage, &asked[..3]).unwrap();
        by_variable.env("BOWLINE_TRUSTED_GROUP", &group);
        let listed = outcome(by_variable);
        assert_eq!(listed.0, Some(0), "{listed:?}");
        let (_, out, _) = outcome(
            by_a_user(&stage, &["doctor", "--data", &volume, "--trusted-group", &group]).unwrap(),
        );
        assert!(out.contains("volume/bowline-data") && !out.contains("exposed"), "{out}");
        running.signal(Signal::TERM);
        running.end();
        mount(&stage.at("volume"));
        assert_eq!(fs::metadata(&own).unwrap().mode() & 0o7777, 0o2770);
    }
    assert_eq!(ids[0], ids[1]);
    // Others' bits pass for nobody.
    chmod(&stage.at("secret"), 0o444);
    let says = "FILE has mode 0444: other users may read it; as root run 'chmod 600 FILE', and replace \
                what it holds if they may have used that";
    let hub = outcome(by_a_user(&stage, &[&hub[..], &trusting].concat()).unwrap());
    refused(&hub, 2, says, &[("FILE", &secret)]);
}

fn a_user_who_is_not_root_trusts_root_and_itself_alone() {
    let stage = ProcessFixture::empty();
    let config = stage.private("peer.toml", "[commands.up]\nrun = [\"uptime\"]\n");
    chmod(&stage.at("peer.toml"), 0o644);
    let shown = ["peer", "--print-config", "--config", &config];
    let Some(of_roots) = by_a_user(&stage, &shown) else { return };
    let of_roots = outcome(of_roots);
    assert_eq!(of_roots.0, Some(0), "{of_roots:?}");
    chown(&config, Some(STRANGER), None).unwrap();
    let says = "FILE belongs to user 65533, who decides what is there, and this runs as user 65534: \
                run it as that user ('sudo -u \\#65533'), or keep its files elsewhere; if what is \
                there is yours, run 'chown -h 65534 FILE'";
    let of_a_stranger = outcome(by_a_user(&stage, &shown).unwrap());
    refused(&of_a_stranger, 2, says, &[("FILE", &config)]);
    // The hub of somebody else, into whose directory nobody else can look.
    let place = stage.text("theirs");
    fs::create_dir(&place).unwrap();
    chmod(&stage.at("theirs"), 0o700);
    chown(&place, Some(STRANGER), None).unwrap();
    let listed = outcome(by_a_user(&stage, &["ls", "--data", &place]).unwrap());
    refused(&listed, 2, says, &[("FILE", &place)]);
    // A stranger's link in a place like /tmp, to a file of our own.
    chown(&config, Some(USER), None).unwrap();
    fs::create_dir(stage.at("tmp")).unwrap();
    chmod(&stage.at("tmp"), 0o1777);
    let link = stage.text("tmp/peer.toml");
    symlink(&config, &link).unwrap();
    let shown = ["peer", "--print-config", "--config", &link];
    let linked = outcome(by_a_user(&stage, &shown).unwrap());
    assert_eq!(linked.0, Some(0), "{linked:?}");
    lchown(&link, Some(STRANGER), None).unwrap();
    refused(&outcome(by_a_user(&stage, &shown).unwrap()), 2, says, &[("FILE", &link)]);
}

fn a_group_that_does_not_exist_is_refused_by_name() {
    let stage = ProcessFixture::empty();
    let says = "--trusted-group (trusted-group in the configuration) 'no-such-group': /etc/group has \
                no such group: name one that it has, or give its number";
    let flag = ["hub", "--bind", ANY, "--trusted-group", "no-such-group"];
    refused(&outcome(stage.bowline(&flag)), 2, says, &[]);
    let config = stage.private("hub.toml", "trusted-group = \"no-such-group\"\n");
    refused(&outcome(stage.bowline(&["hub", "--bind", ANY, "--config", &config])), 2, says, &[]);
}

on_each_runtime! {
    a_hub_lives_in_a_volume_of_the_trusted_group_at_every_mount,
    a_user_who_is_not_root_trusts_root_and_itself_alone,
    a_group_that_does_not_exist_is_refused_by_name,
}
