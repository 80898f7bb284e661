//! Stages of a Dockerfile: the platforms that its `RUN` steps run on, and the
//! images that it takes something from.
//!
//! They are resolved as BuildKit v0.31 does it
//! (`frontend/dockerfile/dockerfile2llb/convert.go`), oddities included. What
//! cannot be told for certain is refused: a step that nobody saw is one that
//! nobody checked.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bakehouse_core::platform::Platform;
use bakehouse_core::recipe::Build;
use bakehouse_dockerfile::{Dockerfile, Instruction, Kind, Unreadable};

use super::DockerfileError;
use super::platform;
use super::variables::Variables;

/// A `RUN` step that a build needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunStep {
    /// Line in the Dockerfile, from 1.
    pub(crate) line: usize,
    /// Name of its stage, or the stage's number, from 0.
    pub(crate) stage: Arc<str>,
    /// The platform that it runs on.
    pub(crate) platform: Platform,
}

/// An image that a build takes something from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedImage {
    /// Line in the Dockerfile that names it, from 1.
    pub line: usize,
    /// The image, as the build fetches it.
    pub reference: String,
    /// The platform that it must be for.
    pub platform: Platform,
}

/// The inputs besides the Dockerfile that decide about platforms.
pub(crate) struct Inputs<'a> {
    /// Build arguments.
    pub(crate) args: &'a [(String, String)],
    /// Named contexts, which take the place of stages and images.
    pub(crate) contexts: &'a [(String, String)],
    /// `TARGETPLATFORM`.
    pub(crate) target: &'a Platform,
    /// `BUILDPLATFORM`.
    pub(crate) build: &'a Platform,
    /// The stage that is built; none: the last one.
    pub(crate) stage: Option<&'a str>,
}

/// A stage, its variables filled in.
#[derive(Debug)]
struct Stage {
    name: Arc<str>,
    /// The base that it starts from: an image, `scratch`, or another stage's name.
    base: String,
    /// The stage of that name.
    parent: Option<usize>,
    platform: Platform,
    /// Line of its `FROM`.
    line: usize,
    /// Lines of its `RUN` steps.
    runs: Vec<usize>,
    /// Stages and images whose files it copies or mounts, and in which line.
    sources: Vec<(String, usize)>,
    /// The effects that a stage that starts from it has first (`ONBUILD`).
    triggers: Vec<Effect>,
}

/// The effect of an instruction on platforms: a program that runs, or a source that
/// is read.
#[derive(Debug, Clone)]
enum Effect {
    Run,
    Source(String),
    /// The effect of a trigger that cannot be told; none is run where it stands.
    Unreadable(Unreadable),
}

/// The `RUN` steps of the stage that is built and of those it needs, in the
/// order of lines.
///
/// # Errors
/// [`Unreadable`] for a text that is no Dockerfile, and where a stage's platform
/// cannot be told.
pub(crate) fn run_steps(text: &str, inputs: &Inputs<'_>) -> Result<Vec<RunStep>, Unreadable> {
    let stages = Stages::read(text, inputs)?;
    let needed = stages.needed(inputs.stage)?;
    let steps = needed.into_iter().filter_map(|at| stages.all.get(at));
    let steps = steps.flat_map(|stage| {
        stage.runs.iter().map(|line| RunStep {
            line: *line,
            stage: Arc::clone(&stage.name),
            platform: stage.platform.clone(),
        })
    });
    Ok(steps.collect())
}

/// The images that a build starts from and takes files from, in the stages that
/// it needs; without those that are folders by a named context.
///
/// # Errors
/// [`DockerfileError::Syntax`] for a text that is no Dockerfile.
pub fn used_images(text: &str, build: &Build) -> Result<Vec<UsedImage>, DockerfileError> {
    let unreadable = |unreadable| DockerfileError::Syntax {
        file: "the Dockerfile".to_owned(),
        unreadable,
    };
    let inputs = Inputs {
        args: &build.args,
        contexts: &build.contexts,
        target: &build.platform,
        build: &Platform::native(),
        stage: build.stage.as_deref(),
    };
    let stages = Stages::read(text, &inputs).map_err(unreadable)?;
    let needed = stages.needed(inputs.stage).map_err(unreadable)?;
    let mut images = Vec::new();
    for stage in needed.into_iter().filter_map(|at| stages.all.get(at)) {
        if stage.parent.is_none() && stage.base != "scratch" {
            images.push((stage.base.as_str(), stage.line, &stage.platform));
        }
        // Files are taken from images for the target, wherever the stage runs.
        let taken = stage.sources.iter().filter(|(name, _)| {
            !matches!(stages.source(name), Ok(Some(_))) && name.as_str() != "scratch"
        });
        images.extend(taken.map(|(name, line)| (name.as_str(), *line, inputs.target)));
    }
    let fetched = images.into_iter().filter_map(|(name, line, platform)| {
        let reference = match inputs.context(name) {
            Some(value) => value.strip_prefix("docker-image://")?,
            None => name,
        };
        Some(UsedImage {
            line,
            reference: reference.to_owned(),
            platform: platform.clone(),
        })
    });
    Ok(fetched.collect())
}

/// Reads a stranger's Dockerfile as a build does.
#[cfg(any(test, feature = "fuzzing"))]
pub fn read_for_fuzzing(text: &str) {
    let platforms = ["amd64", "arm64"].map(|arch| Platform::new("linux", arch, None));
    if let [Ok(build), Ok(target)] = &platforms {
        let args = [("A".to_owned(), "a".to_owned())];
        for stage in [None, Some("a")] {
            let inputs = Inputs {
                args: &args,
                contexts: &[],
                target,
                build,
                stage,
            };
            let _ = run_steps(text, &inputs);
        }
        let _ = super::growth::check(text, &args);
    }
}

impl<'a> Inputs<'a> {
    /// The named context that takes the place of a stage or an image.
    fn context(&self, name: &str) -> Option<&'a str> {
        let name = familiar(name);
        let mut contexts = self.contexts.iter();
        let found = contexts.find(|(known, _)| familiar(known) == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// An image's name without what it has by default (distribution/reference,
/// `FamiliarString`; a context's name has no `:latest`).
fn familiar(name: &str) -> Cow<'_, str> {
    let name = [
        "docker.io/library/",
        "index.docker.io/library/",
        "docker.io/",
    ]
    .iter()
    .find_map(|prefix| name.strip_prefix(prefix))
    .unwrap_or(name);
    let name = name.strip_suffix(":latest").unwrap_or(name);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// All stages in their order, and the last of each name.
#[derive(Debug, Default)]
struct Stages {
    all: Vec<Stage>,
    names: HashMap<Arc<str>, usize>,
}

impl Stages {
    fn read(text: &str, inputs: &Inputs<'_>) -> Result<Self, Unreadable> {
        let file = Dockerfile::parse(text)?;
        let mut variables = variables(&file, inputs)?;
        let mut stages = Self::default();
        for (number, stage) in file.stages().into_iter().enumerate() {
            let instructions = file.instructions.get(stage).unwrap_or_default();
            let Some((from, rest)) = instructions.split_first() else {
                continue;
            };
            stages.push(number, from, &mut variables, inputs, file.escape)?;
            // A named context is there already: nothing of the stage is run.
            let replaced = name(from).is_some_and(|name| inputs.context(name).is_some());
            if !replaced {
                stages.fill(text, rest)?;
            }
        }
        Ok(stages)
    }

    fn push(
        &mut self,
        number: usize,
        from: &Instruction,
        variables: &mut Variables,
        inputs: &Inputs<'_>,
        escape: char,
    ) -> Result<(), Unreadable> {
        let line = from.numbers.0;
        let written = word(from, 0);
        let mut expand = |word: &str| {
            let filled = variables.expand(word, escape);
            filled.filter(|filled| !filled.is_empty()).ok_or_else(|| {
                unreadable(line, format!("what `{}` is cannot be told", shown(word)))
            })
        };
        let base = expand(written)?;
        let flag = from.flags.iter().find_map(|flag| flag.value("platform"));
        let flagged = match flag {
            Some(flag) if !flag.is_empty() => {
                let filled = expand(flag)?;
                let read = platform::read(&filled, inputs.build);
                let wrong = || unreadable(line, format!("`{}` is not a platform", shown(&filled)));
                Some(read.ok_or_else(wrong)?)
            }
            _ => None,
        };
        let name = name(from).map(str::to_lowercase);
        let parent = self.names.get(base.as_str()).copied();
        // A stage that a named context replaces starts from nothing here.
        let parent = parent.filter(|_| name.as_deref().is_none_or(|n| inputs.context(n).is_none()));
        let stage = parent.and_then(|parent| self.all.get(parent));
        let platform = match stage {
            Some(parent) => parent.platform.clone(),
            // Also of `scratch`: there the author says what the programs are for.
            None => flagged.unwrap_or_else(|| inputs.target.clone()),
        };
        let (mut runs, mut sources) = (Vec::new(), Vec::new());
        for effect in stage.iter().flat_map(|parent| &parent.triggers) {
            match effect {
                Effect::Run => runs.push(line),
                Effect::Source(name) => sources.push((name.clone(), line)),
                Effect::Unreadable(unread) => return Err(unread.clone()),
            }
        }
        let (base, name) = match &name {
            Some(name) if inputs.context(name).is_some() => (name.clone(), Some(name.clone())),
            _ => (base, name),
        };
        let named = name.is_some();
        let stage = Stage {
            name: name.unwrap_or_else(|| number.to_string()).into(),
            base,
            parent,
            platform,
            line,
            runs,
            sources,
            triggers: Vec::new(),
        };
        if named {
            self.names.insert(Arc::clone(&stage.name), self.all.len());
        }
        self.all.push(stage);
        Ok(())
    }

    /// Adds to the last stage what its instructions ask for.
    fn fill(&mut self, text: &str, instructions: &[Instruction]) -> Result<(), Unreadable> {
        let Some(stage) = self.all.last_mut() else {
            return Ok(());
        };
        for instruction in instructions {
            let line = instruction.numbers.0;
            if instruction.kind == Kind::Onbuild {
                match trigger(text, instruction) {
                    Ok(asked) => stage.triggers.extend(asked),
                    Err(unread) => stage.triggers.push(Effect::Unreadable(unread)),
                }
                continue;
            }
            for effect in effects(instruction)? {
                match effect {
                    Effect::Run => stage.runs.push(line),
                    Effect::Source(name) => stage.sources.push((name, line)),
                    Effect::Unreadable(unread) => return Err(unread),
                }
            }
        }
        Ok(())
    }

    /// The stage that is built and those that it needs, in their order.
    fn needed(&self, wanted: Option<&str>) -> Result<Vec<usize>, Unreadable> {
        let wanted =
            match wanted {
                Some(wanted) => self.source(wanted).ok().flatten().ok_or_else(|| {
                    unreadable(1, format!("there is no stage `{}`", shown(wanted)))
                })?,
                None => self.all.len().saturating_sub(1),
            };
        let mut needed = vec![false; self.all.len()];
        let mut todo = vec![wanted];
        while let Some(at) = todo.pop() {
            let seen = needed
                .get_mut(at)
                .is_none_or(|needed| std::mem::replace(needed, true));
            let Some(stage) = self.all.get(at).filter(|_| !seen) else {
                continue;
            };
            todo.extend(stage.parent);
            for (name, line) in &stage.sources {
                let number = || unreadable(*line, format!("there is no stage {name}"));
                todo.extend(self.source(name).map_err(|()| number())?);
            }
        }
        let all = needed.into_iter().enumerate();
        Ok(all
            .filter(|(_, needed)| *needed)
            .map(|(at, _)| at)
            .collect())
    }

    /// The stage that files are taken from by its name or number; none: an image.
    /// An error is a number that no stage has.
    fn source(&self, name: &str) -> Result<Option<usize>, ()> {
        if let Some(at) = self.names.get(name.to_lowercase().as_str()) {
            return Ok(Some(*at));
        }
        match name.parse::<usize>() {
            Ok(number) if number < self.all.len() => Ok(Some(number)),
            Ok(_) => Err(()),
            Err(_) => Ok(None),
        }
    }
}

fn unreadable(line: usize, message: String) -> Unreadable {
    Unreadable { line, message }
}

/// A stranger's text, as much of it as an error shows.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

/// A word of an instruction; empty where it has fewer.
fn word(instruction: &Instruction, number: usize) -> &str {
    let words = instruction.words('\\');
    let range = words.get(number).cloned().unwrap_or_default();
    instruction.line.text().get(range).unwrap_or_default()
}

/// The name that follows `AS`.
fn name(from: &Instruction) -> Option<&str> {
    Some(word(from, 2)).filter(|name| !name.is_empty())
}

/// Values of the variables that `FROM` lines can use (Dockerfile reference,
/// "Automatic platform ARGs in the global scope").
fn variables(file: &Dockerfile, inputs: &Inputs<'_>) -> Result<Variables, Unreadable> {
    let mut variables = Variables::new();
    for (prefix, platform) in [("BUILD", inputs.build), ("TARGET", inputs.target)] {
        let variant = platform.variant().unwrap_or_default();
        for (part, value) in [
            ("PLATFORM", platform.to_string().as_str()),
            ("OS", platform.os()),
            ("OSVERSION", ""),
            ("ARCH", platform.architecture()),
            ("VARIANT", variant),
        ] {
            variables.set(&format!("{prefix}{part}"), value.to_owned());
        }
    }
    let mut froms = file.instructions.iter().filter(|i| i.kind == Kind::From);
    let last = froms.next_back().and_then(name).map(str::to_lowercase);
    let stage = inputs.stage.map(str::to_owned).or(last);
    variables.set("TARGETSTAGE", stage.unwrap_or_else(|| "default".to_owned()));
    // Of two that have one name, the later counts.
    let given = inputs.args.iter();
    let given: HashMap<&str, &str> = given.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    for arg in &file.instructions {
        if arg.kind == Kind::From {
            break;
        }
        for range in arg.words(file.escape) {
            let text = arg.line.text().get(range).unwrap_or_default();
            let (name, default) = text
                .split_once('=')
                .map_or((text, None), |(name, default)| (name, Some(default)));
            match (given.get(name), default) {
                (Some(value), _) => variables.set(name, (*value).to_owned()),
                // Only what uses it must be told.
                (None, Some(default)) => match variables.expand(default, file.escape) {
                    Some(value) => variables.set(name, value),
                    None => variables.forget(name),
                },
                (None, None) => {}
            }
        }
    }
    Ok(variables)
}

/// The effects of an instruction.
fn effects(instruction: &Instruction) -> Result<Vec<Effect>, Unreadable> {
    let line = instruction.numbers.0;
    let mut effects = Vec::new();
    match instruction.kind {
        Kind::Run => {
            let mounts = instruction.flags.iter();
            for mount in mounts.filter_map(|flag| flag.value("mount")) {
                effects.extend(mounted(mount, line)?.map(Effect::Source));
            }
            effects.push(Effect::Run);
        }
        Kind::Copy => {
            let from = instruction.flags.iter().find_map(|flag| flag.value("from"));
            if let Some(name) = from.filter(|name| !name.is_empty()) {
                effects.push(Effect::Source(plain(name, line)?));
            }
        }
        _ => {}
    }
    Ok(effects)
}

/// The name after `from=` in a mount.
fn mounted(mount: &str, line: usize) -> Result<Option<String>, Unreadable> {
    if mount.contains('"') {
        let message = "a mount in quotes is not read here: write it without".to_owned();
        return Err(unreadable(line, message));
    }
    let fields = mount.split(',').filter_map(|field| field.split_once('='));
    let mut from = fields.filter(|(key, _)| key.eq_ignore_ascii_case("from"));
    match from.next_back() {
        Some((_, name)) if !name.is_empty() => Ok(Some(plain(name, line)?)),
        _ => Ok(None),
    }
}

/// A name in which BuildKit fills in nothing.
fn plain(name: &str, line: usize) -> Result<String, Unreadable> {
    if name.contains(['$', '\'', '"', '\\', '`']) {
        let message = format!(
            "`{}` cannot be taken from: no variable has a place there",
            shown(name)
        );
        return Err(unreadable(line, message));
    }
    Ok(name.to_owned())
}

/// The effects of an `ONBUILD` on a stage that starts from its own.
fn trigger(text: &str, onbuild: &Instruction) -> Result<Vec<Effect>, Unreadable> {
    let line = onbuild.numbers.0;
    let kept = onbuild.line.text();
    let kept = kept.get(onbuild.arguments.start..).unwrap_or_default();
    let mut alone = format!("FROM scratch\n{}\n", kept.trim());
    for heredoc in &onbuild.heredocs {
        alone.push_str(text.get(heredoc.body.clone()).unwrap_or_default());
        alone.push_str(&heredoc.name);
        alone.push('\n');
    }
    let within = |unread: Unreadable| unreadable(line, unread.message);
    let file = Dockerfile::parse(&alone).map_err(within)?;
    let mut asked = Vec::new();
    for instruction in file.instructions.iter().skip(1) {
        asked.extend(effects(instruction).map_err(within)?);
    }
    Ok(asked)
}

#[cfg(test)]
#[path = "stages_tests.rs"]
mod tests;
