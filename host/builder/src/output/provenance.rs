//! The materials of a build, as BuildKit says itself: its provenance with the
//! build's definition (SLSA provenance v0.2 and v1, `mode=max`;
//! moby/buildkit `solver/llbsolver/provenance/types`).
//!
//! A Dockerfile has many ways to name an image or a secret: arguments, stages,
//! named contexts, `ONBUILD` of a base. In the definition all of them are one
//! kind of step.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::platform::Platform;
use oci_client::Reference;
use serde::Deserialize;

/// The images and steps that a build was made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    pub(crate) images: Vec<UsedImage>,
    pub(crate) runs: Vec<UsedRun>,
}

/// An image that the result depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedImage {
    /// With the digest that BuildKit resolved it to, where it says so.
    pub(crate) reference: String,
    /// The platform that it was asked for.
    pub(crate) platform: Platform,
    /// Line in the Dockerfile, from 1: its own, or of the first step that uses
    /// it.
    pub(crate) line: Option<usize>,
    /// The result is this image with changes, not files from it.
    pub(crate) is_root: bool,
}

/// A `RUN` step that the result depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedRun {
    pub(crate) line: Option<usize>,
    /// Names added to its `/etc/hosts`.
    pub(crate) hosts: Vec<String>,
    /// Secrets that it mounts.
    pub(crate) secrets: Vec<String>,
}

/// Reads the provenance in a metadata file; none if there is none.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn provenance(metadata: &str) -> Result<Option<Provenance>, String> {
    let fields: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(metadata).map_err(|e| e.to_string())?;
    let mut found = None;
    for (_, value) in fields
        .into_iter()
        .filter(|(key, _)| key.starts_with("buildx.build.provenance"))
    {
        let statement: Statement = serde_json::from_value(value).map_err(|e| e.to_string())?;
        let Some(read) = statement.read()? else {
            return Ok(None);
        };
        let all: &mut Provenance = found.get_or_insert_with(Provenance::default);
        all.images.extend(read.images);
        all.runs.extend(read.runs);
    }
    Ok(found)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Statement {
    // v0.2
    build_config: Option<BuildConfig>,
    materials: Vec<Material>,
    metadata: Metadata,
    // v1
    build_definition: Option<BuildDefinition>,
    run_details: RunDetails,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BuildDefinition {
    internal_parameters: InternalParameters,
    resolved_dependencies: Vec<Material>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct InternalParameters {
    build_config: Option<BuildConfig>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RunDetails {
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    #[serde(
        rename = "https://mobyproject.org/buildkit@v1#metadata",
        alias = "buildkit_metadata"
    )]
    buildkit: BuildKitMetadata,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct BuildKitMetadata {
    source: SourceMap,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SourceMap {
    locations: BTreeMap<String, Locations>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Locations {
    locations: Vec<Location>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Location {
    ranges: Vec<Range>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Range {
    start: Position,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Position {
    line: usize,
}

#[derive(Deserialize)]
struct Material {
    #[serde(default)]
    uri: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BuildConfig {
    llb_definition: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    id: String,
    #[serde(default)]
    op: Op,
    #[serde(default)]
    inputs: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Op {
    #[serde(rename = "Op")]
    kind: OpKind,
    platform: Option<OpPlatform>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OpKind {
    source: Option<SourceOp>,
    exec: Option<ExecOp>,
    file: Option<FileOp>,
    merge: Option<MergeOp>,
}

/// The base is the first action's input; none (-1) is an empty file system.
#[derive(Deserialize, Default)]
#[serde(default)]
struct FileOp {
    actions: Vec<InputOf>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MergeOp {
    inputs: Vec<InputOf>,
}

/// Place among a step's inputs.
#[derive(Deserialize, Default)]
#[serde(default)]
struct InputOf {
    input: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OpPlatform {
    #[serde(rename = "OS")]
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
}

#[derive(Deserialize)]
struct SourceOp {
    identifier: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ExecOp {
    meta: ExecMeta,
    mounts: Vec<Mount>,
    secretenv: Vec<Secret>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ExecMeta {
    extra_hosts: Vec<ExtraHost>,
}

#[derive(Deserialize)]
struct ExtraHost {
    #[serde(rename = "Host")]
    host: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Mount {
    input: i64,
    dest: String,
    secret_opt: Option<Secret>,
}

#[derive(Deserialize)]
struct Secret {
    #[serde(rename = "ID", default)]
    id: String,
}

impl Statement {
    fn read(self) -> Result<Option<Provenance>, String> {
        let (config, materials, metadata) = match self.build_definition {
            Some(definition) => (
                definition.internal_parameters.build_config,
                definition.resolved_dependencies,
                self.run_details.metadata,
            ),
            None => (self.build_config, self.materials, self.metadata),
        };
        let Some(config) = config else {
            return Ok(None);
        };
        let lines = Lines {
            steps: &config.llb_definition,
            locations: &metadata.buildkit.source.locations,
        };
        let root = root(&config.llb_definition);
        let mut read = Provenance::default();
        for step in &config.llb_definition {
            if let Some(source) = &step.op.kind.source
                && let Some(reference) = source.identifier.strip_prefix("docker-image://")
            {
                read.images.push(UsedImage {
                    reference: resolved(reference, &materials),
                    platform: platform(step)?,
                    line: lines.of(&step.id),
                    is_root: root == Some(step.id.as_str()),
                });
            }
            if let Some(exec) = &step.op.kind.exec {
                let mounted = exec.mounts.iter().filter_map(|m| m.secret_opt.as_ref());
                let secrets = mounted.chain(&exec.secretenv);
                let hosts = exec.meta.extra_hosts.iter();
                read.runs.push(UsedRun {
                    line: lines.of(&step.id),
                    hosts: hosts.map(|extra| extra.host.clone()).collect(),
                    secrets: secrets.map(|secret| secret.id.clone()).collect(),
                });
            }
        }
        Ok(Some(read))
    }
}

/// The step whose result the whole build's is, with changes: where the last
/// step's file system comes from. None where it begins empty.
fn root(steps: &[Step]) -> Option<&str> {
    let mut step = steps.last()?;
    // Steps come after those that they use.
    for _ in steps {
        let Some(input) = step.base() else { break };
        let id = input.split(':').next()?;
        step = steps.iter().find(|other| other.id == id)?;
    }
    step.op.kind.source.as_ref().map(|_| step.id.as_str())
}

impl Step {
    /// The input that the step changes.
    fn base(&self) -> Option<&String> {
        let kind = &self.op.kind;
        let place = match (&kind.exec, &kind.file, &kind.merge) {
            (Some(exec), ..) => exec.mounts.iter().find(|m| m.dest == "/")?.input,
            (_, Some(file), _) => file.actions.first()?.input,
            (.., Some(merge)) => merge.inputs.first()?.input,
            _ => 0,
        };
        self.inputs.get(usize::try_from(place).ok()?)
    }
}

fn platform(step: &Step) -> Result<Platform, String> {
    let Some(platform) = &step.op.platform else {
        return Err(format!("{} names an image for no platform", step.id));
    };
    let variant = Some(platform.variant.as_str());
    Platform::new(&platform.os, &platform.architecture, variant).map_err(|e| e.to_string())
}

/// A reference with its digest, which stands among the materials where the
/// definition lacks it.
fn resolved(reference: &str, materials: &[Material]) -> String {
    let parse = |text: &str| text.parse::<Reference>().ok();
    let Some(used) = parse(reference).filter(|used| used.digest().is_none()) else {
        return reference.to_owned();
    };
    let digest = materials.iter().find_map(|material| {
        // pkg:docker/NAME@TAG?platform=...
        let name = material
            .uri
            .strip_prefix("pkg:docker/")?
            .split('?')
            .next()?;
        let name = name.replace("%3A", ":").replace("%2F", "/");
        let (name, tag) = name.rsplit_once('@').unwrap_or((&name, "latest"));
        let same = parse(&format!("{name}:{tag}"))? == used;
        material.digest.get("sha256").filter(|_| same)
    });
    match digest {
        Some(hex) => format!("{reference}@sha256:{hex}"),
        None => reference.to_owned(),
    }
}

struct Lines<'a> {
    steps: &'a [Step],
    locations: &'a BTreeMap<String, Locations>,
}

impl Lines<'_> {
    /// The line of a step, or the first one of those that use it.
    fn of(&self, id: &str) -> Option<usize> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![id];
        let mut first = None;
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.own(id) {
                Some(line) => first = Some(first.map_or(line, |first: usize| first.min(line))),
                None => todo.extend(self.users(id)),
            }
        }
        first
    }

    fn own(&self, id: &str) -> Option<usize> {
        let locations = &self.locations.get(id)?.locations;
        let ranges = locations.iter().flat_map(|location| &location.ranges);
        ranges.map(|r| r.start.line).filter(|line| *line > 0).min()
    }

    fn users(&self, id: &str) -> impl Iterator<Item = &str> {
        let uses = move |input: &String| input.split(':').next() == Some(id);
        let users = self.steps.iter();
        users
            .filter(move |step| step.inputs.iter().any(uses))
            .map(|step| step.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DIGEST: &str = "sha256:7458b6aede3e8ae51f6eb65d486082592d63846bd8883f91ee82336c95056eec";

    /// Of a real build, by BuildKit v0.31.1; see the Dockerfile beside it.
    const METADATA: &str = include_str!("testdata/provenance.json");

    #[test]
    fn names_images_platforms_and_lines() {
        let read = provenance(METADATA).unwrap().unwrap();
        let name = format!("127.0.0.1:5055/x/amd64only:1@{DIGEST}");
        let images: Vec<_> = read
            .images
            .iter()
            .map(|image| {
                assert_eq!(image.reference, name);
                assert_eq!(image.is_root, image.line == Some(6));
                (image.platform.to_string(), image.line.unwrap())
            })
            .collect();
        // A named context, which has no line of its own; a stage that is also
        // copied from by name; and one for the builder's platform.
        let expected = [("linux/arm64", 6), ("linux/arm64", 2), ("linux/amd64", 3)];
        assert_eq!(
            images,
            expected.map(|(platform, line)| (platform.to_owned(), line))
        );
        let runs: Vec<_> = read
            .runs
            .iter()
            .map(|run| (run.line.unwrap(), run.secrets.join(" "), run.hosts.len()))
            .collect();
        assert_eq!(runs, [(4, "AA".to_owned(), 1), (9, "BB".to_owned(), 1),]);
    }

    #[test]
    fn the_result_begins_with_what_is_not_copied() {
        let root = |steps: serde_json::Value| {
            let steps: Vec<Step> = serde_json::from_value(steps).unwrap();
            root(&steps).map(str::to_owned)
        };
        let source = |id: &str| {
            let op = json!({ "source": { "identifier": "docker-image://x" } });
            json!({ "id": id, "op": { "Op": op } })
        };
        let step = |id: &str, op: serde_json::Value, inputs: &[&str]| json!({ "id": id, "op": { "Op": op }, "inputs": inputs });
        let file =
            |input: i64| json!({ "file": { "actions": [{ "input": input }, { "input": 7 }] } });
        let merge = json!({ "merge": { "inputs": [{ "input": 1 }, {}] } });
        let run = json!({ "exec": { "mounts": [{ "dest": "/x" }, { "dest": "/", "input": 1 }] } });
        for (op, expected) in [
            (file(1), Some("b")),
            (file(-1), None),
            (merge, Some("b")),
            (run, Some("b")),
            (json!({}), Some("a")),
        ] {
            let steps = json!([
                source("a"),
                source("b"),
                step("c", op.clone(), &["a:0", "b:0"]),
                step("d", json!({}), &["c:0"]),
            ]);
            assert_eq!(root(steps).as_deref(), expected, "{op}");
        }
        // A circle has no beginning, and an empty build nothing.
        assert_eq!(root(json!([step("a", json!({}), &["a:0"])])), None);
        assert_eq!(root(json!([])), None);
    }

    #[test]
    fn reads_the_newer_form() {
        let old: serde_json::Value = serde_json::from_str(METADATA).unwrap();
        let old = &old["buildx.build.provenance"];
        let new = serde_json::json!({ "buildx.build.provenance/linux/arm64": {
            "buildDefinition": {
                "internalParameters": { "buildConfig": old["buildConfig"] },
                "resolvedDependencies": old["materials"],
            },
            "runDetails": { "metadata": {
                "buildkit_metadata": old["metadata"]["https://mobyproject.org/buildkit@v1#metadata"],
            }},
        }});
        let new = provenance(&new.to_string()).unwrap();
        assert_eq!(new, provenance(METADATA).unwrap());
        assert!(new.is_some());
        assert_eq!(provenance("{}"), Ok(None));
        assert!(provenance("[]").is_err());
    }
}
