//! `bakehouse logs`

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Result;
use bakehouse_core::nearest::nearest;
use bakehouse_core::storage_error::At as _;
use bakehouse_core::target::TargetId;
use bakehouse_system::storage;
use serde::Deserialize;

use super::{Session, kept};
use crate::cli::LogsArgs;
use crate::config::Project;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::report::Report;
use crate::pipeline::run_folder::KeptRun;
use crate::text::{Text, some};

/// Bytes of a log that is read; twice what one has.
const MAX_LOG: u64 = 16 << 20;
/// Targets named in a hint.
const LISTED: usize = 6;
/// Bytes of a log's first line.
const MAX_LINE: u64 = 1 << 12;

/// Prints the logs of targets, of the newest run that has some of them.
pub(super) fn logs(session: &Session, args: &LogsArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let runs = match &args.run {
        Some(name) => vec![kept::one(&project, Some(name))?],
        None => kept::all(&project)?,
    };
    let mut targets: Vec<String> = Vec::new();
    for run in &runs {
        let found = found(run, args, &mut targets)?;
        if !found.is_empty() {
            print(session, &project, run, &found)?;
            return Ok(ExitCode::Success);
        }
    }
    Err(nothing(args, &targets).into())
}

/// The logs that are asked for; targets that were not are added to `others`.
fn found(run: &KeptRun, args: &LogsArgs, others: &mut Vec<String>) -> Result<Vec<PathBuf>> {
    let known = kept::report(run);
    // Its log may end a moment before the report has it.
    let finished = match &known {
        Some(report) if report.exit_code.is_some() => BTreeSet::new(),
        _ => finished(run),
    };
    let report = known.unwrap_or_default();
    let mut found = Vec::new();
    for path in run.logs()? {
        let target = named(&report, &path).or_else(|| first_line(&path));
        let Some(target) = target else {
            continue;
        };
        let failed = report
            .targets
            .iter()
            .any(|ended| ended.digest.is_none() && ended.target == target);
        // A run that was killed tells nothing of those that it was at.
        let unended = report.targets.iter().all(|ended| ended.target != target)
            && !finished.contains(&target);
        let wanted = !args.failed || failed || (unended && !run.is_running());
        if wanted && is_meant(&target, &args.target) {
            found.push(path);
        } else if !others.contains(&target) {
            others.push(target);
        }
    }
    Ok(found)
}

/// An event, as far as it tells that a target went well.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Finished {
    TargetFinished(TargetId),
    #[serde(other)]
    Other,
}

/// Targets that went well, as the timeline tells.
fn finished(run: &KeptRun) -> BTreeSet<String> {
    let timeline = run.timeline().unwrap_or_default();
    // A run that was killed may have left half a line.
    let events = timeline
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    let finished = events.filter_map(|event| match event {
        Finished::TargetFinished(target) => Some(target.to_string()),
        Finished::Other => None,
    });
    finished.collect()
}

/// The target whose log this is, as the report says.
fn named(report: &Report, path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let of = |log: &String| log.rsplit('/').next() == Some(name);
    let mut targets = report.targets.iter();
    let ended = targets.find(|target| target.log.as_ref().is_some_and(of));
    ended.map(|target| target.target.clone())
}

/// The target that a log begins with.
fn first_line(path: &Path) -> Option<String> {
    let mut line = String::new();
    let file = File::open(path).ok()?.take(MAX_LINE);
    BufReader::new(file).read_line(&mut line).ok()?;
    Some(line.trim_end().to_owned()).filter(|line| !line.is_empty())
}

/// Whether a target, as it is shown, has all these words; the first of them names
/// the app.
fn is_meant(target: &str, words: &[String]) -> bool {
    let mut parts = target.split(' ');
    let app = parts.next().unwrap_or_default();
    let parts: Vec<&str> = parts.collect();
    let mut words = words.iter().flat_map(|word| word.split(' '));
    let is_app = words.next().is_none_or(|word| word == app);
    let is = |part: &str, word: &str| {
        part == word
            || part.strip_prefix("linux/") == Some(word)
            || word.strip_prefix('v') == Some(part)
    };
    is_app && words.all(|word| parts.iter().any(|part| is(part, word)))
}

fn print(session: &Session, project: &Project, run: &KeptRun, logs: &[PathBuf]) -> Result<()> {
    for log in logs {
        let earlier = log.with_extension("log.earlier");
        let mut text = Text::new();
        let shown = log.strip_prefix(project.root()).unwrap_or(log);
        session
            .printer
            .talk(format_args!("==> {}", shown.display()));
        let mut parts = 0;
        for path in [&earlier, log] {
            match storage::read(path, MAX_LOG) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // A run that was killed may have left half a character.
                read => {
                    String::from_utf8_lossy(&read.at("read", path)?)
                        .lines()
                        // Both parts begin with the target.
                        .skip(parts)
                        .for_each(|line| text.line(line));
                    parts = 1;
                }
            }
        }
        session.printer.data(&text);
    }
    if run.is_running() {
        session
            .printer
            .talk("the run is at work: there may be more");
    }
    Ok(())
}

fn nothing(args: &LogsArgs, targets: &[String]) -> Failure {
    let asked = args.target.join(" ");
    let failed = if args.failed { " that failed" } else { "" };
    let message = match asked.as_str() {
        "" => format!("there is no log of a target{failed}"),
        asked => format!("there is no log of {asked}{failed}"),
    };
    let failure = Failure::new(ExitCode::NotFound, message);
    let mut words = args.target.iter().flat_map(|word| word.split(' '));
    let wanted = words.next().unwrap_or_default();
    let of_app = |target: &&String| target.split(' ').next() == Some(wanted);
    let mut of: Vec<&str> = targets.iter().filter(of_app).map(String::as_str).collect();
    let meant = words.find_map(|word| {
        let parts = of.iter().flat_map(|target| target.split(' ').skip(1));
        nearest(word, parts).map(str::to_owned)
    });
    if of.is_empty() {
        // Apps are enough to go on with.
        of = targets
            .iter()
            .filter_map(|target| target.split(' ').next())
            .collect();
        of.dedup();
    }
    let shown = some(&of, LISTED);
    let meant = meant.or_else(|| nearest(wanted, of.iter().copied()).map(str::to_owned));
    failure.hint(
        match (meant.filter(|meant| meant != wanted), of.is_empty()) {
            (_, true) => {
                "targets that are not built have none; `bakehouse runs` lists runs".to_owned()
            }
            (Some(meant), _) => format!("did you mean {meant}? there are logs of {shown}"),
            (None, _) => format!("there are logs of {shown}"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_an_app_and_any_parts_of_its_targets() {
        let target = TargetId {
            app: "outline".to_owned(),
            version: "1.0.0".to_owned(),
            image: "base-outline".to_owned(),
            platform: "linux/arm64".parse().unwrap(),
        };
        let meant = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            is_meant(&target.to_string(), &words)
        };
        for words in [
            &[][..],
            &["outline"],
            &["outline", "linux/arm64"],
            &["outline", "1.0.0", "base-outline", "linux/arm64"],
            &["outline 1.0.0 base-outline linux/arm64"],
            &["outline", "v1.0.0", "arm64"],
        ] {
            assert!(meant(words), "{words:?}");
        }
        for words in [
            &["base-outline"][..],
            &["outlin"],
            &["outline", "1.0"],
            &["outline", "linux/amd64"],
        ] {
            assert!(!meant(words), "{words:?}");
        }
    }
}
