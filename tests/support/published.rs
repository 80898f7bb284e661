//! Programs as their makers publish them, in small: what each release has is
//! upstream's, and a program says its name and version.

use bakehouse_loopback::{elf, wheel};
use serde_json::json;

use super::{Npm, Package, PyPi};

/// The line of [`biome`]'s program.
pub const BIOME: &str = "Version: 2.3.8";
/// The line of [`ruff`]'s program.
pub const RUFF: &str = "ruff 0.14.6";

/// The packages of @biomejs/biome 2.3.8.
pub fn biome(npm: &Npm) {
    let version = "2.3.8";
    let parts = ["x64", "x64-musl", "arm64", "arm64-musl"];
    let mut optional = json!({ "@biomejs/cli-darwin-arm64": version });
    for part in parts {
        let (cpu, libc) = match part.split_once('-') {
            Some((cpu, _)) => (cpu, "musl"),
            None => (part, "glibc"),
        };
        let machine = if cpu == "x64" { "amd64" } else { "arm64" };
        let package = Package::new(&[version])
            .file("biome", &elf(machine, BIOME, Some(0)))
            .facts(json!({ "os": ["linux"], "cpu": [cpu], "libc": [libc] }));
        let name = format!("@biomejs/cli-linux-{part}");
        npm.publish(&name, package);
        optional[name] = version.into();
    }
    let package = Package::new(&["2.3.7", version])
        .description("Biome is a toolchain for the web.")
        .facts(json!({
            "license": "MIT OR Apache-2.0", "bin": { "biome": "bin/biome" },
            "optionalDependencies": optional,
        }));
    npm.publish("@biomejs/biome", package);
}

/// Wheels of ruff 0.14.6.
pub fn ruff(index: &PyPi) {
    let metadata =
        include_bytes!("../../host/bakehouse/src/new/choose/testdata/ruff-0.14.6.METADATA");
    let mut wheels = Vec::new();
    for (machine, tags) in [
        ("amd64", "musllinux_1_2_x86_64"),
        ("arm64", "musllinux_1_2_aarch64"),
        ("amd64", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ("arm64", "macosx_11_0_arm64"),
    ] {
        let bytes = wheel(&[
            (
                "ruff-0.14.6.data/scripts/ruff",
                &elf(machine, RUFF, Some(0)),
            ),
            ("ruff-0.14.6.dist-info/METADATA", metadata),
        ]);
        wheels.push((format!("ruff-0.14.6-py3-none-{tags}.whl"), bytes));
    }
    let files: Vec<(&str, &[u8])> = wheels
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    index.publish("ruff", &files);
}
