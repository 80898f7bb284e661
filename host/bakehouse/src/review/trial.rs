//! One run of an image, to see whether it starts on its platform.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bakehouse_builder::engine::{Engine, Smoke, SmokeError, SmokeResult};
use bakehouse_core::target::TargetId;
use bakehouse_registry::Registry;
use bakehouse_system::terminal;
use oci_spec::image::ImageConfiguration;

use super::Ran;
use super::engine_archive::{Image, pack};
use crate::config::SmokeRun;
use crate::up::set_up;

/// Longest that a program may take over arguments that its app gives: under
/// emulation, too.
const GIVEN: Duration = Duration::from_secs(120);
/// The time that one is watched that was given none: by then it has started.
const GUESSED: Duration = Duration::from_secs(20);
/// Characters that are shown of what it prints.
const SHOWN: usize = 80;
/// Arguments that most programs know.
const VERSION: &str = "--version";

/// The engine that images are tried in.
pub(super) struct Trials<'a> {
    engine: Engine,
    /// The engine's own architecture.
    native: String,
    registry: &'a Registry,
    /// Room for one archive at a time.
    room: &'a Path,
}

impl<'a> Trials<'a> {
    /// Asks the engine whether it is there.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn open(registry: &'a Registry, room: &'a Path) -> Result<Self> {
        let engine = Engine::connect(&set_up())?;
        let native = engine.info().await?.architecture;
        Ok(Self {
            engine,
            native,
            registry,
            room,
        })
    }

    /// Runs a target's image once.
    ///
    /// # Errors
    /// When it cannot be had, or the engine fails otherwise than over it.
    pub(super) async fn run(&self, target: &TargetId, digest: &str, how: &SmokeRun) -> Result<Ran> {
        if *how == SmokeRun::Never {
            let why = "app.toml says `smoke = false`".to_owned();
            return Ok(Ran::Not { why });
        }
        let image = &target.image;
        let published = self.registry.published(image, digest).await?;
        let of = published.and_then(|mut image| image.platforms.remove(&target.platform));
        let of = of.context("the image that was just built is gone")?;
        let manifest = self.registry.manifest(image, of.digest().as_ref()).await?;
        let manifest = manifest.context("the image that was just built is gone")?;
        let config = self.registry.config(image, &manifest).await?;
        let Some(argv) = arguments(&config, how) else {
            let why = "it has no program of its own".to_owned();
            return Ok(Ran::Not { why });
        };
        let layers = manifest.image()?;
        let name = format!(
            "bakehouse-review/{}:{:032x}",
            target.platform.slug(),
            fastrand::u128(..)
        );
        let archive = self.room.join("image.tar");
        let packed = Image {
            image,
            config: layers.config(),
            layers: layers.layers(),
            name: &name,
        };
        pack(self.registry, packed, &archive).await?;
        let loaded = self.engine.load(&archive, &name).await;
        let _ = tokio::fs::remove_file(&archive).await;
        let loaded = loaded?;
        let limit = match how {
            SmokeRun::With(_) => GIVEN,
            _ => GUESSED,
        };
        let smoke = Smoke {
            reference: loaded.name(),
            platform: &target.platform,
            argv: &argv,
            present: true,
            credentials: None,
            limit,
        };
        let ended = self.engine.smoke(smoke).await;
        loaded.remove().await;
        self.judged(target, how, &argv, ended)
    }

    fn judged(
        &self,
        target: &TargetId,
        how: &SmokeRun,
        argv: &[String],
        ended: Result<SmokeResult, SmokeError>,
    ) -> Result<Ran> {
        let given = matches!(how, SmokeRun::With(_));
        Ok(match ended {
            Ok(result) => {
                let said = said(argv, &result);
                match (given, result.exit_code) {
                    (true, 0) => Ran::Well { said },
                    (true, _) => Ran::Failed { said },
                    (false, _) => Ran::Starts { said },
                }
            }
            Err(SmokeError::Timeout { limit, .. }) => {
                let said = format!("{}still running after {} s", called(argv), limit.as_secs());
                match given {
                    true => Ran::Failed { said },
                    false => Ran::Starts { said },
                }
            }
            // What cannot be emulated here says nothing of the image.
            Err(error @ SmokeError::ExecFormat(_))
                if target.platform.architecture() != self.native =>
            {
                let why = error.to_string();
                Ran::Not { why }
            }
            Err(SmokeError::ExecFormat(_)) => Ran::Failed {
                said: format!("its program is not for {}", target.platform),
            },
            // The engine is there: it has something against this image.
            Err(
                SmokeError::NotStarted { said, .. }
                | SmokeError::Engine { said, .. }
                | SmokeError::NotFound { said, .. },
            ) => Ran::Failed { said },
            Err(error) => return Err(error.into()),
        })
    }
}

/// Arguments for an image's program; none where it has no program to run.
fn arguments(config: &ImageConfiguration, how: &SmokeRun) -> Option<Vec<String>> {
    let run = config.config().as_ref();
    let words = |words: Option<&Vec<String>>| words.cloned().unwrap_or_default();
    let entrypoint = words(run.and_then(|run| run.entrypoint().as_ref()));
    let cmd = words(run.and_then(|run| run.cmd().as_ref()));
    match how {
        SmokeRun::With(arguments)
            if entrypoint.is_empty() && arguments.is_empty() && cmd.is_empty() =>
        {
            None
        }
        SmokeRun::With(arguments) => Some(arguments.clone()),
        _ if entrypoint.is_empty() && cmd.is_empty() => None,
        // A program alone. What has arguments of its own, or a command for its
        // entrypoint, is run as it is.
        _ if entrypoint.len() == 1 && cmd.is_empty() => Some(vec![VERSION.to_owned()]),
        _ => Some(Vec::new()),
    }
}

fn called(argv: &[String]) -> String {
    match argv {
        [] => String::new(),
        argv => format!("{}: ", argv.join(" ")),
    }
}

/// The arguments, how it ended, and the first line that it printed.
fn said(argv: &[String], result: &SmokeResult) -> String {
    let lines = result.stdout.lines().chain(result.stderr.lines());
    let mut lines = lines
        .map(|line| terminal::clean(line.trim()))
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let first: String = first.chars().take(SHOWN).collect();
    let called = called(argv);
    match (result.exit_code, first.as_str()) {
        (0, "") => format!("{called}ended well"),
        (0, first) => format!("{called}{first}"),
        (code, "") => format!("{called}exit code {code}"),
        (code, first) => format!("{called}exit code {code}: {first}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_entrypoint_suggests() {
        let with = |entrypoint: &[&str], cmd: &[&str], how: &SmokeRun| {
            let config = json!({
                "architecture": "amd64", "os": "linux",
                "config": { "Entrypoint": entrypoint, "Cmd": cmd },
                "rootfs": { "type": "layers", "diff_ids": [] },
            });
            let config: ImageConfiguration = serde_json::from_value(config).unwrap();
            arguments(&config, how).map(|argv| argv.join(" "))
        };
        let guessed = &SmokeRun::Guessed;
        let asked = Some("--version".to_owned());
        let as_it_is = Some(String::new());
        assert_eq!(with(&["/esbuild"], &[], guessed), asked);
        assert_eq!(with(&["/sh", "-c", "x"], &[], guessed), as_it_is);
        assert_eq!(with(&["/entry.sh"], &["serve"], guessed), as_it_is);
        assert_eq!(with(&[], &["serve"], guessed), as_it_is);
        assert_eq!(with(&[], &[], guessed), None);
        let given = SmokeRun::With(vec!["help".to_owned()]);
        assert_eq!(with(&["/x"], &["serve"], &given), Some("help".to_owned()));
        assert_eq!(with(&[], &[], &SmokeRun::With(Vec::new())), None);
    }

    #[test]
    fn how_it_ended_in_one_line() {
        let told = |exit_code, stdout: &str, stderr: &str| {
            let result = SmokeResult {
                exit_code,
                stdout: stdout.to_owned(),
                stderr: stderr.to_owned(),
            };
            said(&["--version".to_owned()], &result)
        };
        assert_eq!(told(0, "\n 1.2.3\nmore\n", ""), "--version: 1.2.3");
        assert_eq!(told(0, "", ""), "--version: ended well");
        assert_eq!(told(2, "", "no\n"), "--version: exit code 2: no");
        assert_eq!(told(139, "", ""), "--version: exit code 139");
    }
}
