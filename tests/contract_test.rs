//! The contract: both of its sides come from one folder of `wit/`, and what is
//! released of it never changes.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldItem, WorldKey};

use crate::support::recipe;

/// `interface: function, function` for each side of a world.
fn functions(resolve: &Resolve, items: &wit_parser::IndexMap<WorldKey, WorldItem>) -> Vec<String> {
    let mut found: Vec<String> = items
        .values()
        .filter_map(|item| match item {
            WorldItem::Interface { id, .. } => resolve.id_of(*id).map(|name| (name, *id)),
            _ => None,
        })
        .filter(|(name, _)| name.starts_with("bakehouse:"))
        .map(|(name, id)| {
            let mut functions: Vec<_> = resolve.interfaces[id].functions.keys().cloned().collect();
            functions.sort();
            format!("{name}: {}", functions.join(", "))
        })
        .collect();
    found.sort();
    found
}

/// Digest of the names and texts of the files in `wit/0.1`.
const FROZEN: &str = "421522aec8c0379cae621bf621fe4077dc12d0af8dcbea4d2bacdd462325cbf8";

#[test]
fn version_0_1_is_as_it_was_released() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let mut files: Vec<_> = std::fs::read_dir(root.join("wit/0.1"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut all = Sha256::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read(&file).unwrap();
        all.update(format!("{name} {}\n", hex::encode(Sha256::digest(text))));
    }
    assert_eq!(
        hex::encode(all.finalize()),
        FROZEN,
        "recipes are compiled against wit/0.1; what is new belongs into a later version"
    );
}

#[test]
fn recipes_and_host_speak_what_is_in_wit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(root.join("wit/0.2")).unwrap();
    assert_eq!(
        resolve.packages[package].name.to_string(),
        "bakehouse:recipe@0.2.0"
    );
    let world = resolve.select_world(&[package], Some("app")).unwrap();
    let written_imports = functions(&resolve, &resolve.worlds[world].imports);
    let written_exports = functions(&resolve, &resolve.worlds[world].exports);

    for name in ["misbehave", "crosshello", "binaries"] {
        let bytes = std::fs::read(recipe(name)).unwrap();
        let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes).unwrap() else {
            panic!("{name} is not a component");
        };
        let world = &resolve.worlds[world];
        assert_eq!(
            functions(&resolve, &world.exports),
            written_exports,
            "{name}"
        );
        for import in functions(&resolve, &world.imports) {
            // A component keeps only the functions that it calls.
            let (interface, used) = import.split_once(": ").unwrap();
            let written = written_imports
                .iter()
                .find_map(|line| line.strip_prefix(&format!("{interface}: ")))
                .unwrap_or_else(|| panic!("{name} imports {interface}, which is not in wit/0.2"));
            for function in used.split(", ").filter(|function| !function.is_empty()) {
                assert!(
                    written.split(", ").any(|w| w == function),
                    "{name}: {interface}.{function}"
                );
            }
        }
    }
    for side in [
        "host/runtime/src/contract/v0_2.rs",
        "plugins/sdk/src/bindings.rs",
    ] {
        let text = std::fs::read_to_string(root.join(side)).unwrap();
        let folder = text
            .split("path: \"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap();
        // Macro paths are relative to the crate.
        let manifest = Path::new(side)
            .ancestors()
            .find(|p| root.join(p).join("Cargo.toml").is_file())
            .unwrap();
        let resolved = root.join(manifest).join(folder).canonicalize().unwrap();
        assert_eq!(
            resolved,
            root.join("wit/0.2").canonicalize().unwrap(),
            "{side}"
        );
    }
}
