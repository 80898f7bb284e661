//! The project folder: where everything lies.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;
use bakehouse_core::grants::{Places, Policy};
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::storage;

use super::{AppFile, ProjectFile, parse, user_cache};
use crate::failure::{ExitCode, Failure};
use crate::names;

/// The file that marks a project's root.
const FILE: &str = "bakehouse.toml";
/// The advice to a project without apps.
pub const FIRST_APP: &str = "`bakehouse new APP --from SOURCE` makes one of an upstream's programs, and `bakehouse new --help` tells of others";

/// A project: the folder that holds `bakehouse.toml`.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
    file: ProjectFile,
    /// The folder of its images, where that is not the project's own.
    aside: Option<PathBuf>,
}

impl Project {
    /// Opens the project at `root`, or the nearest one at or above the current
    /// folder.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Config`] when there is none, or its file
    /// is malformed.
    pub fn open(root: Option<&Path>) -> Result<Self> {
        let root = match root {
            Some(root) => std::path::absolute(root)?,
            None => find(&std::env::current_dir()?).ok_or_else(|| {
                Failure::new(
                    ExitCode::Config,
                    "no bakehouse.toml here or in any folder above",
                )
                .hint("run bakehouse inside a project, or pass --root FOLDER")
            })?,
        };
        let path = root.join(FILE);
        if !path.is_file() {
            return Err(
                Failure::new(ExitCode::Config, format!("there is no {}", path.display()))
                    .hint("pass the folder that holds bakehouse.toml as --root")
                    .into(),
            );
        }
        let (mut file, text) = parse::read::<ProjectFile>(&path, FILE)?;
        file.places = Places::find(FILE, &text, "allow");
        file.allow
            .check()
            .map_err(|why| parse::fault(&file.places, why))?;
        Ok(Self {
            root,
            file,
            aside: None,
        })
    }

    /// The same project, with the embedded registry, and what is written down of
    /// images in it, in another folder: what is built there is not the project's.
    #[must_use]
    pub fn aside(self, folder: &Path) -> Self {
        Self {
            aside: Some(folder.to_owned()),
            ..self
        }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The project's `bakehouse.toml`.
    #[must_use]
    pub const fn file(&self) -> &ProjectFile {
        &self.file
    }

    /// Names of all apps, sorted: the folders in `apps/` with an `app.toml`. A project
    /// without that folder has none yet.
    ///
    /// # Errors
    /// When `apps/` cannot be read.
    pub fn apps(&self) -> Result<Vec<String>> {
        let folder = self.root.join("apps");
        let mut names = Vec::new();
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
            Err(error) => {
                let wrong = error.kind() == ErrorKind::NotADirectory;
                let error = StorageError::new("read", &folder, error);
                let failure = match wrong {
                    true => Failure::new(ExitCode::Config, error.to_string())
                        .hint("a project keeps one folder for each app in apps/"),
                    false => Failure::storage(&error),
                };
                return Err(failure.into());
            }
        };
        for entry in entries {
            let entry = entry?;
            // What cannot be read is told when the app's turn comes.
            let file = entry.path().join("app.toml").symlink_metadata();
            let absent = |e: std::io::Error| {
                matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
            };
            if !file.is_err_and(absent) {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Refuses names of which there is no app.
    ///
    /// # Errors
    /// [`ExitCode::NotFound`] naming what was meant, and the known apps.
    pub fn knows<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let known = self.apps()?;
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut unknown = names.into_iter().filter(|name| !known.contains(name));
        let Some(name) = unknown.next() else {
            return Ok(());
        };
        let hint = if known.is_empty() {
            format!("there are no apps yet: {FIRST_APP}")
        } else if name.contains(',') {
            "names are separated by spaces, not by commas".to_owned()
        } else {
            names::hint(name, &known, "known apps:")
        };
        let others = unknown.map(|name| format!(", nor `{name}`"));
        let others: String = others.collect();
        Err(Failure::new(
            ExitCode::NotFound,
            format!("there is no app `{name}`{others}"),
        )
        .hint(hint)
        .into())
    }

    /// Reads one app's `app.toml`.
    ///
    /// # Errors
    /// [`ExitCode::NotFound`] naming the known apps, [`ExitCode::Config`] when
    /// the file is malformed.
    pub fn app(&self, name: &str) -> Result<AppFile> {
        let shown = format!("apps/{name}/app.toml");
        let path = self.root.join(&shown);
        // All of them are looked for only where this one is not.
        let is_folder_name = Path::new(name).file_name() == Some(name.as_ref());
        if !is_folder_name || !path.is_file() {
            self.knows([name])?;
        }
        let (mut file, text) = parse::read::<AppFile>(&path, &shown)?;
        file.places = Places::find(&shown, &text, "grants");
        file.options.place(&shown, &text);
        file.grants
            .check()
            .map_err(|why| parse::fault(&file.places, why))?;
        Ok(file)
    }

    /// The app's policy: its grants and the operator's lines, before its recipe has
    /// said what it needs.
    #[must_use]
    pub fn policy(&self, app: &str, file: &AppFile) -> Policy {
        Policy::new(
            app,
            (file.grants.clone(), file.places.clone()),
            (self.file.allow.clone(), self.file.places.clone()),
        )
    }

    /// The component that a crate of `plugins/` was made into.
    #[must_use]
    pub fn component(&self, name: &str) -> PathBuf {
        self.state().join("recipes").join(format!("{name}.wasm"))
    }

    /// Digest files of finished targets.
    #[must_use]
    pub fn digests(&self) -> PathBuf {
        self.aside.as_ref().unwrap_or(&self.root).join("digests")
    }

    /// Verified downloads.
    #[must_use]
    pub fn downloads(&self) -> PathBuf {
        self.state().join("downloads")
    }

    /// Objects of upstream's git repositories.
    #[must_use]
    pub fn sources(&self) -> PathBuf {
        self.state().join("sources")
    }

    /// Manifests and configurations that registries have shown.
    #[must_use]
    pub fn manifests(&self) -> PathBuf {
        self.state().join("manifests")
    }

    /// Builders, as they were found.
    #[must_use]
    pub fn builders(&self) -> PathBuf {
        self.state().join("builders")
    }

    /// Answers of release sources, for conditional requests.
    #[must_use]
    pub fn api_answers(&self) -> PathBuf {
        self.state().join("api")
    }

    /// Build layers, where they are kept.
    #[must_use]
    pub fn layers(&self) -> PathBuf {
        self.state().join("layers")
    }

    /// Compiled recipes: of all the user's projects, or of this one alone where
    /// the user's cache folder cannot be used, or others may write there.
    #[must_use]
    pub fn compile_cache(&self) -> PathBuf {
        let usable = |folder: &PathBuf| storage::create(folder).is_ok() && storage::private(folder);
        let shared = user_cache().map(|folder| folder.join("compiled"));
        let own = || self.state().join("compiled");
        shared.filter(usable).unwrap_or_else(own)
    }

    /// Storage of `--registry local`.
    #[must_use]
    pub fn local_registry(&self) -> PathBuf {
        self.kept().join("registry")
    }

    /// The file in which the rebuild for a destination of this name is written
    /// down.
    #[must_use]
    pub fn rebuild(&self, destination: &str) -> PathBuf {
        self.kept()
            .join("rebuild")
            .join(format!("{destination}.json"))
    }

    /// Logs and reports of runs, a folder for each.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.state().join("runs")
    }

    /// Seconds that targets took.
    #[must_use]
    pub fn times(&self) -> PathBuf {
        self.state().join("history").join("times.json")
    }

    /// Memory of earlier runs at a destination of this name.
    #[must_use]
    pub fn history(&self, destination: &str) -> PathBuf {
        self.state()
            .join("history")
            .join(format!("{destination}.json"))
    }

    /// Work trees.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.state().join("work")
    }

    /// The folder that runs keep for images.
    fn kept(&self) -> PathBuf {
        self.aside.clone().unwrap_or_else(|| self.state())
    }

    /// The folder that runs keep for themselves.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join(".bakehouse")
    }
}

fn find(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|folder| folder.join(FILE).is_file())
        .map(Path::to_path_buf)
}
