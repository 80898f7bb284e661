//! Rebuilds that have not ended: which targets `--rebuild` was asked for.
//!
//! That a published target is to be built again cannot be read off the registry,
//! so it is written down until the command has ended, well or not. Of a rebuild
//! that was killed the targets are still open when it is asked for again; those
//! whose digest files are of the same rebuild are done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_core::target::TargetId;
use bakehouse_system::storage;
use serde::{Deserialize, Serialize};

use super::plan::Plan;

/// Version of the file's JSON.
const SCHEMA: u32 = 1;
/// Bytes of the file.
const MAX_BYTES: u64 = 16 << 20;
/// The longest time for which a rebuild is gone on with after it was begun or gone
/// on with last. An image that is built anew months later is to be of the state of
/// that day.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// The rebuild that a target was built for, in its digest file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Tells one rebuild from another.
    pub id: String,
    /// Digest of the index that it is to replace; none where nothing was
    /// published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// The targets that one command builds again.
#[derive(Debug)]
pub struct Rebuild {
    path: PathBuf,
    marks: BTreeMap<TargetId, Mark>,
    resumed: usize,
}

#[derive(Serialize, Deserialize)]
struct RebuildState {
    schema: u32,
    open: Vec<Open>,
}

#[derive(Serialize, Deserialize)]
struct Open {
    target: TargetId,
    id: String,
}

impl Rebuild {
    /// Opens the rebuild that a plan asks for, in the file at `path`; none where
    /// it asks for none. Targets that an earlier rebuild left open are gone on
    /// with.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn begin(path: PathBuf, plan: &Plan) -> Result<Option<Self>> {
        let wanted = wanted(plan);
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut open = read(&path)?;
        let fresh = format!("{:032x}", fastrand::u128(..));
        let mut resumed = 0;
        let mut marks = BTreeMap::new();
        for (target, replaces) in wanted {
            let id = match open.get(&target) {
                Some(id) => {
                    resumed += 1;
                    id.clone()
                }
                None => fresh.clone(),
            };
            open.insert(target.clone(), id.clone());
            marks.insert(target, Mark { id, replaces });
        }
        write(&path, open)?;
        Ok(Some(Self {
            path,
            marks,
            resumed,
        }))
    }

    /// Targets that an earlier command left open.
    #[must_use]
    pub const fn resumed(&self) -> usize {
        self.resumed
    }

    /// The mark that the digest file of a target has when it is built for this
    /// rebuild; none where it is not part of it.
    #[must_use]
    pub fn mark(&self, target: &TargetId) -> Option<&Mark> {
        self.marks.get(target)
    }

    /// Closes it: asked for again, it begins anew.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn end(self) -> Result<()> {
        let mut open = read(&self.path)?;
        // Another command may have begun one of its own meanwhile.
        open.retain(|target, id| self.marks.get(target).is_none_or(|mark| mark.id != *id));
        write(&self.path, open)
    }
}

/// The targets of a plan's jobs that build again, with what they replace.
fn wanted(plan: &Plan) -> BTreeMap<TargetId, Option<String>> {
    let versions = plan.apps.iter().flat_map(|app| &app.versions);
    let targets = versions.flat_map(|version| {
        let jobs = version.jobs.iter().filter(|job| job.rebuild);
        jobs.flat_map(|job| job.targets()).map(|target| {
            let image = version.images.iter().find(|i| i.image == target.image);
            let replaces = image.and_then(|image| image.published.clone());
            (target, replaces)
        })
    });
    targets.collect()
}

/// The targets that are open. A file that cannot be used is one that nothing was
/// left in: its targets are built once more.
fn read(path: &Path) -> Result<BTreeMap<TargetId, String>, StorageError> {
    let written = std::fs::metadata(path).and_then(|file| file.modified());
    let age = written.ok().and_then(|written| written.elapsed().ok());
    if age.is_some_and(|age| age > FRESH) {
        return Ok(BTreeMap::new());
    }
    let parse = |bytes: Vec<u8>| {
        let state: RebuildState =
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        match state.schema {
            SCHEMA => Ok(state.open),
            other => Err(format!("it has schema {other}, expected {SCHEMA}")),
        }
    };
    let open = storage::read_state(path, MAX_BYTES, parse)?.unwrap_or_default();
    Ok(open
        .into_iter()
        .map(|open| (open.target, open.id))
        .collect())
}

fn write(path: &Path, open: BTreeMap<TargetId, String>) -> Result<()> {
    if open.is_empty() {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => Ok(removed.at("remove", path)?),
        };
    }
    let state = RebuildState {
        schema: SCHEMA,
        open: open
            .into_iter()
            .map(|(target, id)| Open { target, id })
            .collect(),
    };
    let parent = path.parent().unwrap_or(path);
    storage::create(parent)?;
    let text = serde_json::to_vec_pretty(&state)?;
    Ok(storage::write_state(path, &text)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A plan that builds these versions again, for both platforms.
    fn plan(versions: &[&str]) -> Plan {
        let versions: Vec<_> = versions
            .iter()
            .map(|number| {
                let jobs: Vec<_> = ["linux/amd64", "linux/arm64"]
                    .iter()
                    .map(|platform| {
                        json!({
                            "app": "a", "version": number, "platform": platform,
                            "images": ["a"], "rebuild": true,
                        })
                    })
                    .collect();
                let image = json!({
                    "image": "a", "wanted": [], "present": [], "missing": [], "tags": [],
                    "published": format!("of {number}"),
                });
                json!({ "version": { "number": number }, "images": [image], "jobs": jobs })
            })
            .collect();
        let app = json!({
            "name": "a", "recipeVersion": "1", "summary": "", "upstream": "", "license": "", "images": [],
        });
        let plan = json!({
            "schema": 1, "registry": "r.example", "namespace": "n",
            "apps": [{ "app": app, "versions": versions }],
        });
        serde_json::from_value(plan).unwrap()
    }

    fn target(version: &str) -> TargetId {
        TargetId {
            app: "a".to_owned(),
            version: version.to_owned(),
            image: "a".to_owned(),
            platform: "linux/amd64".parse().unwrap(),
        }
    }

    #[test]
    fn one_that_was_killed_goes_on_and_one_that_ended_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rebuild/r.json");
        let begin = |versions: &[&str]| {
            Rebuild::begin(path.clone(), &plan(versions))
                .unwrap()
                .unwrap()
        };
        let id =
            |rebuild: &Rebuild, version: &str| rebuild.mark(&target(version)).unwrap().id.clone();

        let killed = begin(&["1", "2"]);
        assert_eq!(killed.resumed(), 0);
        let mark = killed.mark(&target("1")).unwrap();
        assert_eq!(mark.replaces.as_deref(), Some("of 1"));
        assert_eq!(killed.mark(&target("3")), None);

        // Upstream has released another version meanwhile.
        let again = begin(&["1", "2", "3"]);
        assert_eq!(again.resumed(), 4);
        assert_eq!(id(&again, "1"), id(&killed, "1"));
        assert_ne!(id(&again, "3"), id(&killed, "1"));
        // Ended for one version, it is still open for the others.
        let one = begin(&["1"]);
        assert_eq!(id(&one, "1"), id(&killed, "1"));
        one.end().unwrap();
        let rest = begin(&["1", "2"]);
        assert_eq!(rest.resumed(), 2);
        assert_ne!(id(&rest, "1"), id(&killed, "1"));
        assert_eq!(id(&rest, "2"), id(&killed, "2"));
        rest.end().unwrap();
        begin(&["3"]).end().unwrap();
        assert!(!path.exists(), "nothing is open");

        let anew = begin(&["1"]);
        assert_eq!(anew.resumed(), 0);
    }

    #[test]
    fn one_that_was_stopped_long_ago_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        let begin = || {
            Rebuild::begin(path.clone(), &plan(&["1"]))
                .unwrap()
                .unwrap()
        };
        let age = |hours: u64| {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            let written = std::time::SystemTime::now() - Duration::from_secs(hours * 3600);
            file.set_modified(written).unwrap();
        };
        begin();
        age(23);
        assert_eq!(begin().resumed(), 2);
        age(25);
        assert_eq!(begin().resumed(), 0);
    }

    #[test]
    fn nothing_to_rebuild_writes_nothing_and_damage_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        assert!(Rebuild::begin(path.clone(), &plan(&[])).unwrap().is_none());
        assert!(!path.exists());
        for damage in ["", "{", "{\"schema\":9,\"open\":[]}", "[]"] {
            std::fs::write(&path, damage).unwrap();
            let rebuild = Rebuild::begin(path.clone(), &plan(&["1"]))
                .unwrap()
                .unwrap();
            assert_eq!(rebuild.resumed(), 0, "{damage}");
        }
    }
}
