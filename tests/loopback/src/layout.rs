//! OCI image layouts in tar archives (image-spec v1.1, "Image Layout").

use std::fs::File;
use std::io::{Read, Seek as _, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// A layer: one file of random bytes, the same for the same seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Seed of its content.
    pub seed: u64,
    /// Size of the file in bytes.
    pub size: u64,
}

/// What [`write_archive`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The manifest's digest.
    pub manifest: String,
    /// The digests of configuration and layers.
    pub blobs: Vec<String>,
}

/// Writes an image for `linux/ARCHITECTURE` as an OCI layout in a tar archive;
/// every digest in it is right.
///
/// # Panics
/// When it cannot be written.
pub fn write_archive(path: &Path, architecture: &str, layers: &[Layer]) -> Image {
    write_archive_with(path, architecture, layers, |_, _| {})
}

/// The same, with a change of its configuration and its manifest.
///
/// # Panics
/// When it cannot be written.
pub fn write_archive_with(
    path: &Path,
    architecture: &str,
    layers: &[Layer],
    change: impl FnOnce(&mut Value, &mut Value),
) -> Image {
    let mut archive = tar::Builder::new(File::create(path).unwrap());
    let mut blobs = Vec::new();
    let mut descriptors = Vec::new();
    let mut unpacked = Vec::new();
    for layer in layers {
        let mut file = layer.archive();
        unpacked.push(sha256(&mut file));
        file.rewind().unwrap();
        let mut file = gzip(file);
        let digest = sha256(&mut file);
        let size = file.stream_position().unwrap();
        file.rewind().unwrap();
        append(&mut archive, &blob(&digest), size, file);
        descriptors.push(json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": digest, "size": size,
        }));
        blobs.push(digest);
    }
    let mut config = json!({
        "architecture": architecture, "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": unpacked },
    });
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "layers": descriptors,
    });
    change(&mut config, &mut manifest);
    let (config, size) = append_json(&mut archive, None, &config);
    manifest["config"] = json!({
        "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": size,
    });
    let (manifest, size) = append_json(&mut archive, None, &manifest);
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": manifest, "size": size,
        }],
    });
    append_json(&mut archive, Some("index.json"), &index);
    let layout = json!({ "imageLayoutVersion": "1.0.0" });
    append_json(&mut archive, Some("oci-layout"), &layout);
    archive.into_inner().unwrap().flush().unwrap();
    blobs.insert(0, config);
    Image { manifest, blobs }
}

impl Layer {
    /// The layer's tar archive, in a file without a name.
    fn archive(self) -> File {
        let mut archive = tar::Builder::new(tempfile::tempfile().unwrap());
        let random = Random(fastrand::Rng::with_seed(self.seed)).take(self.size);
        append(&mut archive, "data", self.size, random);
        let mut file = archive.into_inner().unwrap();
        file.rewind().unwrap();
        file
    }
}

struct Random(fastrand::Rng);

impl Read for Random {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.fill(buffer);
        Ok(buffer.len())
    }
}

/// Random bytes do not get smaller; they are stored.
fn gzip(mut content: File) -> File {
    let file = tempfile::tempfile().unwrap();
    let mut encoder = GzEncoder::new(file, Compression::none());
    std::io::copy(&mut content, &mut encoder).unwrap();
    let mut file = encoder.finish().unwrap();
    file.rewind().unwrap();
    file
}

fn append_json(
    archive: &mut tar::Builder<File>,
    path: Option<&str>,
    value: &Value,
) -> (String, usize) {
    let bytes = value.to_string().into_bytes();
    let digest = sha256(&mut bytes.as_slice());
    let path = path.map_or_else(|| blob(&digest), str::to_owned);
    append(archive, &path, bytes.len() as u64, bytes.as_slice());
    (digest, bytes.len())
}

fn append<W: Write>(archive: &mut tar::Builder<W>, path: &str, size: u64, content: impl Read) {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, content).unwrap();
}

fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

fn sha256(content: &mut impl Read) -> String {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match content.read(&mut piece).unwrap() {
            0 => return format!("sha256:{}", hex::encode(hash.finalize())),
            read => hash.update(&piece[..read]),
        }
    }
}
