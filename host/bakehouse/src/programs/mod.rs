//! The programs that an image starts, and whether they are for its platform.
//!
//! An image's configuration says what platform it is for, and nothing in OCI or
//! BuildKit holds its files to that: a recipe that puts upstream's amd64 binary
//! into the arm64 image makes one that every tool calls an arm64 image.

mod elf;
mod layers;
mod linkage;
mod named;

use std::io::{self, Read};

use bakehouse_core::platform::Platform;
use oci_spec::image::{Descriptor, ImageConfiguration};

use self::layers::{Content, Layers};
pub(crate) use self::linkage::{Linked, linked};

/// Bytes of a path, as in Linux.
const PATH_MAX: usize = 4096;
/// Scripts that start scripts which are followed.
const SCRIPTS: usize = 4;

/// A program that is not for the image's platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// Its path in the image.
    pub(crate) path: String,
    /// The word that started the search, of `Entrypoint` or `Cmd`.
    pub(crate) named: String,
    /// The architecture that it is for, as in `GOARCH`.
    pub(crate) architecture: &'static str,
}

/// Looks at the programs that `Entrypoint` and `Cmd` name, and at the
/// interpreters of scripts; `open` reads a layer, and layers are in the order of
/// the manifest. What is no ELF file, or is not in the image, is left alone.
///
/// # Errors
/// When a layer cannot be read, or reading more of them would be too much.
pub(crate) fn foreign<R: Read>(
    config: &ImageConfiguration,
    platform: &Platform,
    layers: &[Descriptor],
    open: impl FnMut(&Descriptor) -> io::Result<R>,
) -> io::Result<Option<Foreign>> {
    if platform.os() != "linux" {
        return Ok(None);
    }
    let mut layers = Layers::new(layers, open);
    for program in named::programs(config) {
        for path in &program.paths {
            let Some(found) = layers.resolve(path)? else {
                continue;
            };
            if let Some((path, architecture)) = machine(&mut layers, found)?
                && !is_for(architecture, platform)
            {
                return Ok(Some(Foreign {
                    path,
                    named: program.word,
                    architecture,
                }));
            }
            break;
        }
    }
    Ok(None)
}

/// The architecture that a program is for; that of a script is its interpreter's.
fn machine<R: Read, O: FnMut(&Descriptor) -> io::Result<R>>(
    layers: &mut Layers<'_, R, O>,
    mut found: (String, Content),
) -> io::Result<Option<(String, &'static str)>> {
    for _ in 0..SCRIPTS {
        let (path, content) = found;
        match content {
            Content::Elf(architecture) => return Ok(Some((path, architecture))),
            Content::Script(interpreter) => match layers.resolve(&interpreter)? {
                Some(next) => found = next,
                None => return Ok(None),
            },
            _ => return Ok(None),
        }
    }
    Ok(None)
}

pub(crate) fn is_for(architecture: &str, platform: &Platform) -> bool {
    Platform::new("linux", architecture, None).is_ok_and(|made| made.runs_on(platform))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use oci_spec::image::{MediaType, Sha256Digest};
    use serde_json::json;

    use super::*;
    use bakehouse_loopback::elf;

    /// An entry: its name, and a file's bytes or a link's target.
    enum Put {
        File(&'static str, Vec<u8>),
        Link(&'static str, &'static str),
        Hard(&'static str, &'static str),
    }

    fn layer(entries: &[Put]) -> Vec<u8> {
        let tar = archive(entries);
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut zip, &tar).unwrap();
        zip.finish().unwrap()
    }

    fn archive(entries: &[Put]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for entry in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o755);
            match entry {
                Put::File(name, bytes) => {
                    header.set_size(bytes.len() as u64);
                    tar.append_data(&mut header, name, bytes.as_slice())
                        .unwrap();
                }
                Put::Link(name, to) | Put::Hard(name, to) => {
                    header.set_entry_type(match entry {
                        Put::Hard(..) => tar::EntryType::Link,
                        _ => tar::EntryType::Symlink,
                    });
                    header.set_size(0);
                    tar.append_link(&mut header, name, to).unwrap();
                }
            }
        }
        tar.into_inner().unwrap()
    }

    /// Layers from the lowest up; what `foreign` says for arm64.
    fn said(config: serde_json::Value, layers: &[Vec<Put>]) -> Option<(String, &'static str)> {
        let blobs = layers.iter().map(|entries| layer(entries)).collect();
        told(config, blobs).unwrap()
    }

    fn told(
        config: serde_json::Value,
        blobs: Vec<Vec<u8>>,
    ) -> io::Result<Option<(String, &'static str)>> {
        let config = json!({
            "architecture": "arm64", "os": "linux", "config": config,
            "rootfs": { "type": "layers", "diff_ids": [] },
        });
        let config: ImageConfiguration = serde_json::from_value(config).unwrap();
        let descriptors: Vec<_> = (0..blobs.len())
            .map(|at| {
                let digest = Sha256Digest::from_str(&format!("{at:064}")).unwrap();
                Descriptor::new(MediaType::ImageLayerGzip, blobs[at].len() as u64, digest)
            })
            .collect();
        let open = |descriptor: &Descriptor| {
            let digest = descriptor.digest().to_string();
            let at: usize = digest.rsplit(':').next().unwrap().parse().unwrap();
            Ok(io::Cursor::new(blobs[at].clone()))
        };
        let platform = "linux/arm64".parse().unwrap();
        let found = foreign(&config, &platform, &descriptors, open)?;
        Ok(found.map(|found| (found.path, found.architecture)))
    }

    fn amd64() -> Vec<u8> {
        elf("amd64", "x", Some(0))
    }

    fn arm64() -> Vec<u8> {
        elf("arm64", "x", Some(0))
    }

    fn found(path: &str) -> Option<(String, &'static str)> {
        Some((path.to_owned(), "amd64"))
    }

    #[test]
    fn entrypoints_are_found_however_they_are_named() {
        let base = || {
            vec![
                Put::File("usr/bin/app", amd64()),
                Put::Link("bin", "usr/bin"),
            ]
        };
        let env = ["PATH=/usr/local/bin:/usr/bin"];
        for config in [
            json!({ "Entrypoint": ["/usr/bin/app"] }),
            json!({ "Cmd": ["/usr/bin/app", "--serve"] }),
            json!({ "Entrypoint": ["/bin/app"] }),
            json!({ "Entrypoint": ["app"], "Env": env }),
            json!({ "Entrypoint": ["./app"], "WorkingDir": "/usr/bin" }),
            json!({ "Entrypoint": ["/bin/sh", "-c", "A=b exec app --serve"], "Env": env }),
            json!({ "Entrypoint": ["/sbin/tini", "--", "/usr/bin/app"] }),
            json!({ "Entrypoint": ["/none"], "Cmd": ["app"], "Env": env }),
        ] {
            let over = vec![Put::File("readme", b"text".to_vec())];
            assert_eq!(
                said(config.clone(), &[base(), over]),
                found("/usr/bin/app"),
                "{config}"
            );
        }
        for config in [
            json!({}),
            json!({ "Entrypoint": ["/usr/bin/other"] }),
            json!({ "Entrypoint": ["/usr/bin/qemu-x86_64", "/usr/bin/app"] }),
        ] {
            assert_eq!(said(config.clone(), &[base()]), None, "{config}");
        }
    }

    #[test]
    fn layers_are_read_however_they_are_compressed() {
        let tar = archive(&[Put::File("app", amd64())]);
        let zstd = |tar: &[u8]| zstd::encode_all(tar, 3).unwrap();
        let (first, rest) = tar.split_at(700);
        let skipped = [
            &[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3],
            &zstd(&tar)[..],
        ];
        for blob in [
            tar.clone(),
            zstd(&tar),
            [zstd(first), zstd(rest)].concat(),
            skipped.concat(),
        ] {
            let said = told(json!({ "Entrypoint": ["/app"] }), vec![blob]).unwrap();
            assert_eq!(said, found("/app"));
        }
        let cut = zstd(&tar);
        let cut = cut[..cut.len() - 4].to_vec();
        assert!(told(json!({ "Entrypoint": ["/app"] }), vec![cut]).is_err());
    }

    /// Layers that no builder makes, but a base may have.
    #[test]
    fn layers_of_strangers_stay_within_bounds() {
        let mut named = tar::Header::new_gnu();
        named.set_entry_type(tar::EntryType::GNULongName);
        named.set_size(3 << 30);
        named.set_cksum();
        let mut long = zstd::Encoder::new(Vec::new(), 1).unwrap();
        io::Write::write_all(&mut long, named.as_bytes()).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..64 {
            io::Write::write_all(&mut long, &zeros).unwrap();
        }
        let error = told(json!({ "Cmd": ["/app"] }), vec![long.finish().unwrap()]).unwrap_err();
        assert!(error.to_string().contains("headers"), "{error}");

        let mut window = zstd::Encoder::new(Vec::new(), 1).unwrap();
        window.window_log(31).unwrap();
        window.include_contentsize(false).unwrap();
        io::Write::write_all(&mut window, &archive(&[Put::File("app", amd64())])).unwrap();
        let window = window.finish().unwrap();
        assert!(told(json!({ "Cmd": ["/app"] }), vec![window]).is_err());
    }

    #[test]
    fn paths_of_strangers_take_no_time() {
        let begun = std::time::Instant::now();
        let deep = format!("/{}app", "a/".repeat(400_000));
        let near = format!("/{}app", "a/".repeat(2_000));
        let many: Vec<String> = (0..100_000).map(|n| format!("/{n}/app")).collect();
        let path = format!(
            "PATH={}",
            "/a/b".repeat(4).repeat(20_000) + ":/x".repeat(100_000).as_str()
        );
        let layers = || vec![layer(&[Put::Link("a", "."), Put::File("app", arm64())])];
        for config in [
            json!({ "Entrypoint": [deep] }),
            json!({ "Entrypoint": [near] }),
            json!({ "Entrypoint": ["app"], "WorkingDir": deep }),
            json!({ "Entrypoint": many }),
            json!({ "Entrypoint": ["app"], "Env": [path] }),
        ] {
            // What was not found in time is told.
            let _ = told(config, layers());
        }
        let took = begun.elapsed();
        assert!(took.as_secs() < 60, "{took:?}");
    }

    #[test]
    fn upper_layers_win() {
        let entrypoint = || json!({ "Entrypoint": ["/app"] });
        let lower = || vec![Put::File("app", amd64())];
        assert_eq!(said(entrypoint(), &[lower()]), found("/app"));
        assert_eq!(
            said(entrypoint(), &[lower(), vec![Put::File("app", arm64())]]),
            None
        );
        assert_eq!(
            said(entrypoint(), &[lower(), vec![Put::File(".wh.app", vec![])]]),
            None
        );
        let again = vec![Put::File("app", amd64())];
        assert_eq!(
            said(entrypoint(), &[vec![Put::File("app", arm64())], again]),
            found("/app")
        );
        let folder = || vec![Put::File("d/app", amd64())];
        let entrypoint = || json!({ "Entrypoint": ["/d/app"] });
        assert_eq!(
            said(entrypoint(), &[folder(), vec![Put::File(".wh.d", vec![])]]),
            None
        );
        let opaque = vec![Put::File("d/.wh..wh..opq", vec![])];
        assert_eq!(said(entrypoint(), &[folder(), opaque]), None);
    }

    #[test]
    fn links_and_scripts_are_followed() {
        let base = || {
            vec![
                Put::File("bin/busybox", amd64()),
                Put::Hard("bin/hard", "bin/busybox"),
                Put::Link("bin/sh", "busybox"),
                Put::Link("loop", "loop"),
            ]
        };
        let script = |line: &str| vec![Put::File("start.sh", line.as_bytes().to_vec())];
        for line in [
            "#!/bin/sh\nexec x",
            "#! /bin/sh -e\n",
            "#!/usr/bin/env sh\n",
        ] {
            let config = json!({ "Entrypoint": ["/start.sh"], "Env": ["PATH=/bin"] });
            let env = vec![Put::Link("usr/bin/env", "/bin/busybox")];
            let layers = [base(), env, script(line)];
            assert_eq!(said(config, &layers), found("/bin/busybox"), "{line}");
        }
        let hard = json!({ "Entrypoint": ["/bin/hard"] });
        assert_eq!(said(hard, &[base()]), found("/bin/busybox"));
        for path in ["/loop", "/loop/x", "/start.sh"] {
            let config = json!({ "Entrypoint": [path] });
            assert_eq!(
                said(config, &[base(), script("plain text")]),
                None,
                "{path}"
            );
        }
    }
}
