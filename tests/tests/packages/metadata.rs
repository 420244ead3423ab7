//! What `cargo metadata` says of our packages.

use std::process::Command;

use serde_json::Value;

use super::root;

/// A package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder below the root, as `adapters/redis`.
    pub(crate) folder: String,
    pub(crate) needs: Vec<Dependency>,
}

/// What a manifest names, for its library, its tests or its build.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) optional: bool,
}

/// Our packages, as they are.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read(&serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The packages in this metadata.
pub(crate) fn read(metadata: &Value) -> Vec<Package> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list = |value: &Value| value.as_array().expect("an array").clone();
    let root = text(&metadata["workspace_root"]);
    let dependency = |value: &Value| Dependency {
        name: text(&value["name"]),
        optional: value["optional"].as_bool().expect("true or false"),
    };
    let package = |value: &Value| {
        let manifest = text(&value["manifest_path"]);
        let folder = manifest.strip_prefix(&root).and_then(|path| path.strip_suffix("/Cargo.toml"));
        Package {
            name: text(&value["name"]),
            folder: folder.expect("a folder of the tree").trim_start_matches('/').to_owned(),
            needs: list(&value["dependencies"]).iter().map(dependency).collect(),
        }
    };
    list(&metadata["packages"]).iter().map(package).collect()
}
