//! Layer caches of BuildKit between builds.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bakehouse_core::reference_grammar::CACHE_TAG;
use bakehouse_system::storage;
use sha2::{Digest as _, Sha256};

use crate::builder::{BuildRequest, Output};

/// The place where BuildKit keeps layers between builds. Each image and platform of
/// an app has its own cache, shared by its versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LayerCache {
    /// Only in the builder itself.
    #[default]
    None,
    /// Below this folder. A build writes a new generation, so the cache does
    /// not grow with every build.
    Local(PathBuf),
    /// In the image's own repository, a tag for each platform that no version
    /// can have. A repository beside it might be another image's.
    Registry {
        /// `host[:port]/namespace`.
        namespace: String,
        /// The registry speaks plain HTTP.
        plain_http: bool,
    },
    /// GitHub Actions' cache.
    Gha,
}

/// The flags for one build.
#[derive(Debug, Default)]
pub(crate) struct CacheArgs {
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    rotation: Option<Rotation>,
}

#[derive(Debug)]
struct Rotation {
    scope: PathBuf,
    fresh: String,
    _in_use: Vec<InUse>,
}

/// A generation that a build of this process reads or writes.
#[derive(Debug)]
struct InUse(PathBuf);

static IN_USE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

impl InUse {
    fn new(path: PathBuf) -> Self {
        let mut all = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(path.clone());
        Self(path)
    }

    fn is(path: &Path) -> bool {
        let all = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|used| used == path)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        let mut all = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|used| *used == self.0) {
            all.swap_remove(at);
        }
    }
}

impl LayerCache {
    /// The variable of a GitHub Actions job that is missing here, if one is;
    /// buildx would then keep no cache and say nothing.
    #[must_use]
    pub fn missing_for_gha() -> Option<&'static str> {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !set("ACTIONS_RUNTIME_TOKEN") {
            return Some("ACTIONS_RUNTIME_TOKEN");
        }
        let place = set("ACTIONS_RESULTS_URL") || set("ACTIONS_CACHE_URL");
        (!place).then_some("ACTIONS_RESULTS_URL")
    }

    pub(crate) fn args(&self, request: &BuildRequest) -> CacheArgs {
        let key = key(request);
        let (app, image) = (&request.target.app, &request.target.image);
        let mut args = CacheArgs::default();
        match self {
            Self::None => {}
            Self::Local(folder) => {
                let scope = folder.join(app).join(image).join(&key);
                // Comma and quote would end the CSV field.
                if scope.to_string_lossy().contains([',', '"']) {
                    return args;
                }
                let mut in_use = Vec::new();
                if let Some(old) = current(&scope) {
                    args.from.push(format!("type=local,src={}", old.display()));
                    in_use.push(InUse::new(old));
                }
                let fresh = fresh_name();
                let to = scope.join(&fresh);
                args.to
                    .push(format!("type=local,mode=max,dest={}", to.display()));
                in_use.push(InUse::new(to));
                args.rotation = Some(Rotation {
                    scope,
                    fresh,
                    _in_use: in_use,
                });
            }
            Self::Registry {
                namespace,
                plain_http,
            } => {
                let insecure = if *plain_http {
                    ",registry.insecure=true"
                } else {
                    ""
                };
                let place =
                    format!("type=registry,ref={namespace}/{image}:{CACHE_TAG}{key}{insecure}");
                args.from.push(place.clone());
                // A cache that cannot be written fails no build.
                args.to.push(format!(
                    "{place},mode=max,oci-mediatypes=true,image-manifest=true,ignore-error=true"
                ));
            }
            Self::Gha => {
                let scope = format!("{app}-{image}-{key}");
                args.from.push(format!("type=gha,scope={scope}"));
                args.to
                    .push(format!("type=gha,mode=max,scope={scope},ignore-error=true"));
            }
        }
        args
    }
}

impl CacheArgs {
    /// After a build that succeeded: its cache is now the current one.
    pub(crate) fn rotate(&self) -> io::Result<()> {
        let Some(Rotation { scope, fresh, .. }) = &self.rotation else {
            return Ok(());
        };
        if !scope.join(fresh).is_dir() {
            return Ok(());
        }
        let link = scope.join(format!("{fresh}.link"));
        std::os::unix::fs::symlink(fresh, &link)?;
        std::fs::rename(&link, scope.join("current"))?;
        let current = current(scope);
        for entry in std::fs::read_dir(scope)? {
            let path = entry?.path();
            if Some(&path) != current.as_ref() && is_left(&path) {
                storage::remove_all(&path)?;
            }
        }
        Ok(())
    }

    /// After a build that failed: what it wrote is of no use.
    pub(crate) fn discard(&self) {
        if let Some(Rotation { scope, fresh, .. }) = &self.rotation {
            // There may be nothing to remove.
            let _ = storage::remove_all(&scope.join(fresh));
        }
    }
}

/// `linux-arm64-HEX`: what reads well, and a digest of all that tells one cache
/// from another: app, image, platform, and the folder of the work tree that a
/// cross-compile step fills, since a recipe may have several.
fn key(request: &BuildRequest) -> String {
    let target = &request.target;
    let folder = match &request.output {
        Output::Files(folder) => Some(folder.strip_prefix(&request.work_tree).unwrap_or(folder)),
        _ => None,
    };
    let platform = target.platform.to_string();
    let parts = [
        target.app.as_bytes(),
        target.image.as_bytes(),
        platform.as_bytes(),
    ];
    let mut hash = Sha256::new();
    for part in parts
        .into_iter()
        .chain(folder.map(|f| f.as_os_str().as_bytes()))
    {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hex = hex::encode(hash.finalize());
    let slug: String = target.platform.slug().chars().take(40).collect();
    format!("{slug}-{}", hex.split_at(32).0)
}

/// The current generation's own path, so that a later one does not move it.
fn current(scope: &Path) -> Option<PathBuf> {
    let name = std::fs::read_link(scope.join("current")).ok()?;
    let path = scope.join(name);
    path.join("index.json").is_file().then_some(path)
}

fn fresh_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let time = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap_or_default();
    format!("gen-{}-{}-{count}", time.as_millis(), std::process::id())
}

/// Whether nobody uses a generation any more. Of another process's builds only
/// the age is known.
fn is_left(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let mut parts = name.strip_prefix("gen-").unwrap_or("").split('-').skip(1);
    let Some(process) = parts.next() else {
        return false;
    };
    if process == std::process::id().to_string() {
        return !InUse::is(path);
    }
    let modified = path
        .symlink_metadata()
        .and_then(|meta| meta.modified())
        .ok();
    let age = modified.and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age.as_secs() > 6 * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::request;

    /// Plays BuildKit: writes what it was told to write.
    fn build(cache: &LayerCache) -> CacheArgs {
        let args = cache.args(&request());
        let to = args.to[0].split_once("dest=").unwrap().1.to_owned();
        std::fs::create_dir_all(&to).unwrap();
        std::fs::write(Path::new(&to).join("index.json"), "{}").unwrap();
        args
    }

    #[test]
    fn keeps_the_last_generation_and_those_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let cache = LayerCache::Local(dir.path().to_owned());
        let scope = dir.path().join("esbuild/esbuild").join(key(&request()));
        let generations = || {
            let names = std::fs::read_dir(&scope)
                .unwrap()
                .map(|e| e.unwrap().file_name());
            names
                .filter(|n| n.to_string_lossy().starts_with("gen-"))
                .count()
        };
        let first = build(&cache);
        assert!(first.from.is_empty());
        first.rotate().unwrap();
        drop(first);

        let reading = build(&cache);
        let writing = build(&cache);
        assert_eq!(reading.from, writing.from);
        writing.rotate().unwrap();
        assert_eq!(generations(), 3, "the other build still reads and writes");
        reading.discard();
        drop((reading, writing));
        let last = build(&cache);
        assert_eq!(last.from.len(), 1);
        last.rotate().unwrap();
        drop(last);
        build(&cache).rotate().unwrap();
        assert_eq!(generations(), 2, "the one just read, and the new one");
    }

    #[test]
    fn names_other_caches() {
        let registry = LayerCache::Registry {
            namespace: "r.test/ns".to_owned(),
            plain_http: true,
        };
        let key = key(&request());
        assert!(key.starts_with("linux-arm64-"), "{key}");
        let args = registry.args(&request());
        assert_eq!(
            args.from,
            [format!(
                "type=registry,ref=r.test/ns/esbuild:bakehouse-cache-{key},registry.insecure=true"
            )]
        );
        assert!(args.to[0].starts_with(&args.from[0]) && args.to[0].contains("mode=max"));
        assert_eq!(
            LayerCache::Gha.args(&request()).from,
            [format!("type=gha,scope=esbuild-esbuild-{key}")]
        );
        assert!(LayerCache::None.args(&request()).to.is_empty());
    }

    #[test]
    fn no_two_targets_share_a_cache() {
        let of = |app: &str, image: &str, platform: &str, folder: Option<&str>| {
            let mut request = request();
            request.target.app = app.to_owned();
            request.target.image = image.to_owned();
            request.target.platform = platform.parse().unwrap();
            if let Some(folder) = folder {
                request.output = Output::Files(request.work_tree.join(folder));
            }
            let caches = [
                LayerCache::Local("/layers".into()),
                LayerCache::Registry {
                    namespace: "r.test/ns".to_owned(),
                    plain_http: false,
                },
                LayerCache::Gha,
            ];
            // Of a local one only the generation's name is new each time.
            caches.map(|cache| {
                let args = cache.args(&request);
                let to = args.to[0].rsplit_once("/gen-").map(|(scope, _)| scope);
                to.unwrap_or(&args.to[0]).to_owned()
            })
        };
        let all = [
            of("a", "b-c", "linux/arm64", None),
            of("a-b", "c", "linux/arm64", None),
            of("z", "z", "linux/arm64", None),
            of("z", "z-cache", "linux/arm64", None),
            of("z", "z", "linux/amd64", None),
            of("z", "z", "linux/arm64", Some("web/out")),
            of("z", "z", "linux/arm64", Some("web_out")),
            of("z", "z-files-web_out", "linux/arm64", None),
        ];
        for (at, caches) in all.iter().enumerate() {
            for other in &all[..at] {
                assert!(caches.iter().zip(other).all(|(a, b)| a != b), "{all:#?}");
            }
        }
        assert_eq!(
            of("z", "z", "linux/arm64", None),
            of("z", "z", "linux/arm64", None)
        );
    }
}
