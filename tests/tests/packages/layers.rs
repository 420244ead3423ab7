//! `cli → adapters → shell-tokio | shell-smol → shell → core`: a package names packages of the
//! floors below its own, none of its own floor, and an adapter is named by `cli` alone, as an
//! option.

use serde_json::{Value, json};

use super::metadata::{Package, packages, read};

/// The floors, the lowest first. Nothing names what is on the highest.
const FLOORS: &[&[&str]] = &[
    &["core"],
    &["shell", "testkit"],
    &["shell-tokio", "shell-smol"],
    &["adapters/*"],
    &["cli"],
    &["tests"],
];

/// The floor of a folder.
fn floor(folder: &str) -> Option<usize> {
    let is_here = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(above) => folder.strip_prefix(above).is_some_and(|name| !name.contains('/')),
        None => folder == *pattern,
    };
    FLOORS.iter().position(|floor| floor.iter().any(is_here))
}

/// What stands against the layers, a sentence each.
fn faults(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in packages {
        let from = &package.folder;
        let Some(own) = floor(from) else {
            faults.push(format!("{from} is on no floor"));
            continue;
        };
        for need in &package.needs {
            let Some(named) = packages.iter().find(|package| package.name == need.name) else {
                continue;
            };
            let to = &named.folder;
            let is_adapter = to.starts_with("adapters/");
            match floor(to) {
                Some(below) if below >= own => faults.push(format!("{from} names {to}")),
                Some(_) if is_adapter && from != "cli" => {
                    faults.push(format!("{from} names the adapter {to}"));
                }
                Some(_) if is_adapter && !need.optional => {
                    faults.push(format!("{from} names {to} and does not leave it to a feature"));
                }
                Some(_) | None => {}
            }
        }
    }
    faults
}

#[test]
fn each_package_names_only_what_is_below_it() {
    let packages = packages();
    for floor in FLOORS.iter().filter(|floor| !floor[0].starts_with("adapters/")) {
        for folder in *floor {
            assert!(packages.iter().any(|package| package.folder == *folder), "{folder}");
        }
    }
    assert_eq!(faults(&packages), Vec::<String>::new());
}

/// Metadata of packages in these folders, each with the folders that it names; `?` is an option.
fn made_up(packages: &[(&str, &[&str])]) -> Value {
    let name = |folder: &str| folder.replace('/', "-");
    let packages = packages.iter().map(|(folder, needs)| {
        let needs = needs.iter().map(|need| {
            let optional = need.ends_with('?');
            json!({ "name": name(need.trim_end_matches('?')), "optional": optional })
        });
        json!({
            "name": name(folder),
            "manifest_path": format!("/tree/{folder}/Cargo.toml"),
            "dependencies": needs.collect::<Vec<_>>(),
        })
    });
    json!({ "workspace_root": "/tree", "packages": packages.collect::<Vec<_>>() })
}

#[test]
fn what_names_a_package_above_or_beside_it_is_found() {
    let sound: &[(&str, &[&str])] = &[
        ("core", &["rustls"]),
        ("shell", &["core"]),
        ("shell-tokio", &["shell", "core"]),
        ("shell-smol", &["shell", "core"]),
        ("adapters/redis", &["shell", "core"]),
        ("adapters/http", &["shell"]),
        ("cli", &["adapters/redis?", "adapters/http?", "shell-tokio", "shell-smol"]),
        ("tests", &["cli", "shell-smol"]),
    ];
    assert_eq!(faults(&read(&made_up(sound))), Vec::<String>::new());
    for (folder, need, fault) in [
        ("core", "shell", "core names shell"),
        ("shell", "shell-tokio", "shell names shell-tokio"),
        ("shell", "adapters/redis?", "shell names adapters/redis"),
        ("shell-tokio", "shell-smol", "shell-tokio names shell-smol"),
        ("adapters/redis", "adapters/http", "adapters/redis names adapters/http"),
        ("adapters/redis", "cli", "adapters/redis names cli"),
        ("cli", "adapters/redis", "cli names adapters/redis and does not leave it to a feature"),
        ("cli", "tests", "cli names tests"),
        ("tests", "adapters/redis?", "tests names the adapter adapters/redis"),
        ("elsewhere", "core", "elsewhere is on no floor"),
        ("adapters/redis/more", "core", "adapters/redis/more is on no floor"),
    ] {
        let mut packages = sound.to_vec();
        let needs = [need];
        packages.push((folder, &needs));
        assert_eq!(faults(&read(&made_up(&packages))), [fault], "{folder} → {need}");
    }
}
