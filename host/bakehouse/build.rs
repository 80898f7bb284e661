//! The files that the program has in it: the recipes that are shipped, and the JSON
//! Schemas.
//!
//! The recipes are every `NAME.wasm` in the folder that `BAKEHOUSE_SHIPPED` names.
//! Without it the program ships none, and builds where no recipe can be compiled. The
//! schemas are compressed to a tenth.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The folder with the components.
const FOLDER: &str = "BAKEHOUSE_SHIPPED";
/// The folder with the schemas.
const SCHEMAS: &str = "../../schemas";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let out = Path::new(&out);
    pack_relocations();
    shipped(out)?;
    schemas(out)
}

/// Packs the relative relocations of the static program (ELF gABI, `SHT_RELR`), which
/// are a fifteenth of it. musl's loader reads them since 1.2.4; a linker that cannot
/// pack them leaves them as they are.
fn pack_relocations() {
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    if is("CARGO_CFG_TARGET_ENV", "musl") && is("CARGO_CFG_TARGET_ARCH", "x86_64") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Compresses every schema.
fn schemas(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SCHEMAS}");
    for entry in fs::read_dir(SCHEMAS)? {
        let entry = entry?;
        let mut name = entry.file_name();
        name.push(".gz");
        let mut packed = GzEncoder::new(File::create(out.join(name))?, Compression::best());
        std::io::copy(&mut File::open(entry.path())?, &mut packed)?;
        packed.finish()?;
    }
    Ok(())
}

/// Makes the table of the components that are shipped.
fn shipped(out: &Path) -> Result<(), Box<dyn Error>> {
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
    fs::write(out.join("shipped.rs"), table)?;
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
