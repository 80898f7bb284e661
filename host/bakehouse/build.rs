//! Puts the recipes that are shipped into the program: every `NAME.wasm` in the
//! folder that `BAKEHOUSE_SHIPPED` names. Without it the program ships none, and
//! builds where no recipe can be compiled.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder with the components.
const FOLDER: &str = "BAKEHOUSE_SHIPPED";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={FOLDER}");
    let components = match env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
        Some(folder) => components(Path::new(&folder))?,
        None => Vec::new(),
    };
    let mut table = String::from("static SHIPPED: &[(&str, &[u8])] = &[\n");
    for path in components {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = path.to_string_lossy();
        writeln!(table, "    ({name:?}, include_bytes!({file:?})),")?;
    }
    table.push_str("];\n");
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    fs::write(Path::new(&out).join("shipped.rs"), table)?;
    Ok(())
}

/// The components of a folder, sorted by name. A release that was to ship some,
/// and found none, is not built.
fn components(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let said = |why: &dyn std::fmt::Display| format!("{FOLDER}={}: {why}", folder.display());
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| said(&error))? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("wasm")) {
            found.push(fs::canonicalize(path)?);
        }
    }
    found.sort();
    match found.is_empty() {
        true => Err(said(&"there is no .wasm file").into()),
        false => Ok(found),
    }
}
