//! Memory of a builder between processes: to ask one takes a client's whole start, and
//! it seldom changes.
//!
//! It is believed for an hour, and only while everything by which buildx finds the
//! builder is as it was: the programs, variables and files that name one, the
//! emulators of this machine, the sockets. What only the builder itself knows may have
//! changed all the same: a build that fails by what was remembered has it forgotten,
//! and the builder is asked.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bakehouse_system::docker::docker_folder;
use bakehouse_system::storage;
use semver::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::capabilities::Inspected;
use super::nodes::UnreachableNode;
use super::program::{Program, resolved};
use crate::engine::endpoint;
use crate::options::BuildxOptions;

const SCHEMA: u32 = 1;
/// Longest that a builder is remembered.
const AGE: Duration = Duration::from_secs(3600);
/// Bytes of what is remembered of one.
const MAX_BYTES: u64 = 1 << 16;
/// Bytes of a file of Docker's, or of the kernel's, that is looked at.
const MAX_FILE: u64 = 1 << 20;
/// The registrations of emulators.
const BINFMT: &str = "/proc/sys/fs/binfmt_misc";
/// Another one after each start of the machine.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";
/// The variables by which buildx finds a builder, and that builder its engine.
const VARIABLES: [&str; 10] = [
    "BUILDX_BUILDER",
    "BUILDX_CONFIG",
    "DOCKER_API_VERSION",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "KUBECONFIG",
];
/// The lines of `docker-buildx inspect` that are remembered: others may hold what is
/// nobody's business.
const LINES: [&str; 9] = [
    "name",
    "driver",
    "nodes",
    "endpoint",
    "status",
    "error",
    "buildkit",
    "buildkit version",
    "platforms",
];

/// The memory of one builder.
#[derive(Debug)]
pub(crate) struct Memory {
    path: PathBuf,
    /// The digest of everything by which the builder is found.
    stamp: String,
}

/// A builder as it was found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remembered {
    schema: u32,
    stamp: String,
    /// Seconds since 1970.
    at: u64,
    program: Vec<String>,
    version: Version,
    inspected: String,
}

impl Memory {
    /// The memory of the builder that these options name, as of now; none where
    /// nothing is remembered, or may not be: whether a platform is emulated is asked
    /// where that decides.
    pub(crate) fn of(options: &BuildxOptions) -> Option<Self> {
        let folder = options.memory.as_ref().filter(|_| options.emulation)?;
        let name = format!("{:?}", options.builder);
        let mut file = hex::encode(Sha256::digest(name));
        file.truncate(16);
        Some(Self {
            path: folder.join(format!("{file}.json")),
            stamp: stamp(options),
        })
    }

    /// The program and what it said of the builder; none where that is not to be
    /// believed any more.
    pub(crate) fn recall(&self) -> Option<(Program, String)> {
        let parse = |bytes: Vec<u8>| {
            serde_json::from_slice::<Remembered>(&bytes).map_err(|error| error.to_string())
        };
        let known = storage::read_state(&self.path, MAX_BYTES, parse).ok()??;
        let at = UNIX_EPOCH.checked_add(Duration::from_secs(known.at))?;
        let is_young = SystemTime::now()
            .duration_since(at)
            .is_ok_and(|age| age < AGE);
        let fits = known.schema == SCHEMA && known.stamp == self.stamp && is_young;
        fits.then(|| {
            (
                Program::known(known.program, known.version),
                known.inspected,
            )
        })
    }

    /// Remembers what a program said of the builder, if all of it runs.
    pub(crate) fn remember(&self, program: &Program, inspected: &str) {
        let whole = Inspected::parse(inspected).running;
        let Some(words) = program.words().filter(|_| whole) else {
            return;
        };
        if !UnreachableNode::parse(inspected).is_empty() {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let known = Remembered {
            schema: SCHEMA,
            stamp: self.stamp.clone(),
            at: now.unwrap_or_default().as_secs(),
            program: words,
            version: program.version().clone(),
            inspected: kept(inspected),
        };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let written = serde_json::to_vec(&known).ok().map(|bytes| {
            storage::create_state(folder)?;
            sweep(folder);
            storage::write_state(&self.path, &bytes)
        });
        if let Some(Err(error)) = written {
            tracing::debug!(%error, "the builder is not remembered");
        }
    }

    /// Forgets the builder.
    pub(crate) fn forget(&self) {
        let _ = storage::remove_all(&self.path);
    }
}

/// Removes what nobody believes any more.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let written = entry.metadata().and_then(|meta| meta.modified());
        let is_old = |at: SystemTime| at.elapsed().is_ok_and(|age| age > AGE);
        if written.is_ok_and(is_old) {
            let _ = storage::remove_all(&entry.path());
        }
    }
}

fn kept(inspected: &str) -> String {
    let is_kept = |line: &&str| {
        let key = line.split(':').next().unwrap_or_default();
        line.is_empty() || LINES.contains(&key.to_ascii_lowercase().as_str())
    };
    let lines: Vec<&str> = inspected.lines().filter(is_kept).collect();
    lines.join("\n")
}

/// The digest of everything by which a builder is found.
fn stamp(options: &BuildxOptions) -> String {
    let mut seen = Seen::default();
    seen.file(Path::new(BOOT));
    seen.folder(Path::new(BINFMT));
    for (words, file) in resolved(&options.env) {
        seen.add(&words);
        seen.place(file.as_deref());
    }
    for name in VARIABLES {
        seen.add(&std::env::var_os(name));
    }
    let engine = endpoint(options.env.set_up.engine.as_deref());
    let engine = engine.map(|found| found.host).unwrap_or_default();
    seen.text(engine.as_bytes());
    if let Some(docker) = docker_folder() {
        seen.folder(&docker.join("contexts/meta"));
        let buildx = std::env::var_os("BUILDX_CONFIG").filter(|folder| !folder.is_empty());
        let buildx = buildx.map_or_else(|| docker.join("buildx"), PathBuf::from);
        seen.file(&buildx.join("current"));
        for folder in ["defaults", "instances"] {
            seen.folder(&buildx.join(folder));
        }
    }
    hex::encode(seen.0.finalize())
}

/// The things that were seen, one after the other.
#[derive(Default)]
struct Seen(Sha256);

impl Seen {
    fn add(&mut self, value: &impl Debug) {
        self.bytes(format!("{value:?}").as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// A file's place, size and dates.
    fn place(&mut self, path: Option<&Path>) {
        let meta = path.and_then(|path| fs::metadata(path).ok());
        self.add(&path);
        self.add(&meta.map(|meta| {
            let modified = (meta.mtime(), meta.mtime_nsec());
            let changed = (meta.ctime(), meta.ctime_nsec());
            (meta.dev(), meta.ino(), meta.size(), modified, changed)
        }));
    }

    /// A text, and the places of the sockets that it names.
    fn text(&mut self, bytes: &[u8]) {
        self.bytes(bytes);
        let text = String::from_utf8_lossy(bytes);
        for rest in text.split("unix://").skip(1) {
            let end = rest.find(|c: char| c == '"' || c.is_whitespace());
            let path = rest.get(..end.unwrap_or(rest.len()));
            self.place(path.map(Path::new));
        }
    }

    fn file(&mut self, path: &Path) {
        let bytes = storage::read(path, MAX_FILE);
        self.text(&bytes.unwrap_or_default());
    }

    /// Names and texts of the files of a folder, and of folders in it.
    fn folder(&mut self, path: &Path) {
        let mut entries: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    let inner = fs::read_dir(entry.path()).into_iter().flatten().flatten();
                    entries.extend(inner.map(|entry| entry.path()));
                }
                _ => entries.push(entry.path()),
            }
        }
        entries.sort();
        for entry in entries {
            self.add(&entry);
            // Written to, not read.
            if entry.file_name() != Some(OsStr::new("register")) {
                self.file(&entry);
            }
        }
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
