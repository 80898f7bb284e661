//! Entry points of fuzz targets (`fuzz/`), and of the test that replays their
//! findings: each takes any bytes, and must return.

use std::str::FromStr as _;
use std::sync::atomic::AtomicBool;

use bakehouse_builder::{frontend, read_for_fuzzing};
use bakehouse_core::grants::{Access, Kind, Places, Policy};
use bakehouse_core::target::TargetId;
use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::{Endpoint, Manifest};
use bakehouse_system::unpack::{Compression, Format, for_fuzzing as unpack_for_fuzzing};
use bakehouse_upstream::release;
use bytes::Bytes;
use oci_spec::image::Digest;

use crate::config::{AppFile, Overrides, ProjectFile, Settings};
use crate::pipeline::digest_file::DigestFile;

/// `bakehouse.toml` and `app.toml`, and what is asked of their grants.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(file) = toml::from_str::<ProjectFile>(&text) {
        let _ = Settings::resolve(&file, &Overrides::default());
        let _ = file.allow.check();
    }
    let Ok(file) = toml::from_str::<AppFile>(&text) else {
        let _ = Places::find("app.toml", &text, "grants");
        return;
    };
    let places = Places::find("app.toml", &text, "grants");
    let checked = file.grants.check().is_ok();
    let policy = Policy::new("fuzz", (file.grants, places), Default::default());
    for kind in Kind::ALL {
        for entry in policy.effective(kind) {
            assert!(!checked || entry != "*", "everything was granted");
        }
        let _ = policy.check(kind, &text);
    }
    let access = Access::new(policy.into(), Vec::new());
    let _ = (access.images(), access.registries());
}

/// A digest file.
pub fn digest_file(data: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let Ok(platform) = "linux/amd64".parse() else {
        return;
    };
    let target = TargetId {
        app: "fuzz".to_owned(),
        version: "1.0.0".to_owned(),
        image: "fuzz".to_owned(),
        platform,
    };
    let path = folder.path().join(target.digest_file());
    let made = path.parent().map(std::fs::create_dir_all);
    if made.is_some_and(|made| made.is_ok())
        && std::fs::write(&path, data).is_ok()
        && let Ok(destination) = Endpoint::new("r.example", "n")
        && let Ok(Some(file)) = DigestFile::read(folder.path(), &destination, &target)
    {
        assert_eq!(file.target, target);
    }
}

/// A manifest or index of a registry, and a tag.
pub fn index(data: &[u8]) {
    let digest = format!("sha256:{}", "0".repeat(64));
    let Ok(digest) = Digest::from_str(&digest) else {
        return;
    };
    if let Ok(manifest) = Manifest::new(Bytes::copy_from_slice(data), digest) {
        if let Ok(Some(index)) = manifest.index() {
            let _ = index.platforms();
            let _ = index.attestations();
        }
        let _ = manifest.image();
    }
    let text = String::from_utf8_lossy(data);
    if let Some(version) = VersionNumber::parse(&text) {
        assert!(version == version.clone());
    }
}

/// Pages of release sources.
pub fn release_pages(data: &[u8]) {
    release::fuzzing::pages(data);
}

/// A Dockerfile, as far as the host reads it.
pub fn dockerfile(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = frontend(&text);
    read_for_fuzzing(&text);
}

/// Every way in which bytes may be packed.
const FORMATS: [Format; 12] = [
    Format::Auto,
    Format::Tar(Compression::None),
    Format::Tar(Compression::Gzip),
    Format::Tar(Compression::Xz),
    Format::Tar(Compression::Zstd),
    Format::Tar(Compression::Bzip2),
    Format::Zip,
    Format::Deb,
    Format::File(Compression::Gzip),
    Format::File(Compression::Xz),
    Format::File(Compression::Zstd),
    Format::File(Compression::Bzip2),
];

/// An archive; nothing may appear outside of its folder.
///
/// # Panics
/// If something does, which is what fuzzing looks for.
pub fn archive(data: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let into = folder.path().join("a/b/into");
    if std::fs::create_dir_all(&into).is_err() {
        return;
    }
    let stop = AtomicBool::new(false);
    let packed = folder.path().join("packed");
    let Ok(file) = std::fs::write(&packed, data).and_then(|()| std::fs::File::open(&packed)) else {
        return;
    };
    let _ = std::fs::remove_file(&packed);
    let members = [String::from("*"), String::from("a*/b")];
    for (number, format) in FORMATS.into_iter().enumerate() {
        for (strip, members) in [(0, &[][..]), (1, &members)] {
            let into = into.join(format!("{number}-{strip}"));
            let _ = unpack_for_fuzzing(&file, format, strip, members, &into, &stop);
        }
    }
    for (path, only) in [("", "a"), ("a", "b"), ("a/b", "into")] {
        let entries = std::fs::read_dir(folder.path().join(path));
        for entry in entries.into_iter().flatten().flatten() {
            assert_eq!(entry.file_name(), only, "outside of the folder");
        }
    }
}
