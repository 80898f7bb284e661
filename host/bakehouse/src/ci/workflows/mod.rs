//! The workflow files, in step with `bakehouse.toml`.
//!
//! An app is no part of them: what is built where is decided by the plan.

mod actions;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bakehouse_system::storage;

use crate::config::ProjectFile;
use crate::product::Product;

/// Bytes of a workflow file that is compared.
const LARGEST: u64 = 1 << 20;
/// Where GitHub looks for workflows.
const FOLDER: &str = ".github/workflows";
const FILES: &[(&str, &str)] = &[
    ("build.yml", include_str!("build.yml")),
    ("apps.yml", include_str!("apps.yml")),
    ("batch.yml", include_str!("batch.yml")),
];
/// How every file of ours begins, and no other.
pub const MARKER: &str = "# Written by `bakehouse workflows`";
/// The workflow of a project that calls a release's.
const CALLER: &str = include_str!("caller.yml");
const LOGIN: &str = include_str!("login.yml");
/// The registry that every repository on GitHub has.
const REGISTRY: &str = "ghcr.io";

/// One workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path from the project's root.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The workflow of a project that has a release of Bakehouse publish.
#[must_use]
pub fn caller(product: &Product) -> File {
    File {
        path: Path::new(FOLDER).join("bakehouse.yml"),
        text: CALLER.replace("{{ uses }}", &product.publish_workflow()),
    }
}

/// What the workflow files should be of a project that compiles Bakehouse.
#[must_use]
pub fn files(config: &ProjectFile) -> Vec<File> {
    // The embedded registry ends with the machine it runs on.
    let outside = config.registry.as_deref().filter(|host| *host != "local");
    let namespace = outside.and(config.namespace.as_deref()).unwrap_or_default();
    let labels: Vec<&str> = config.runners.labels().into_iter().collect();
    let mut values = vec![
        ("login", LOGIN.trim_end().to_owned()),
        ("registry", outside.unwrap_or(REGISTRY).to_owned()),
        ("namespace", namespace.to_owned()),
        ("multi_arch", config.multi_arch.unwrap_or(true).to_string()),
        ("use_qemu", config.use_qemu.unwrap_or(true).to_string()),
        (
            "max_versions",
            config.max_versions.map_or(10, u32::from).to_string(),
        ),
        ("runner", config.runners.default_label().to_owned()),
        ("runners", format!("[{}]", labels.join(", "))),
    ];
    values.extend(
        actions::PINNED
            .iter()
            .map(|action| (action.key, action.to_string())),
    );
    let fill = |template: &str| {
        values
            .iter()
            .fold(template.to_owned(), |text, (key, value)| {
                text.replace(&format!("{{{{ {key} }}}}"), value)
            })
    };
    FILES
        .iter()
        .map(|(name, template)| File {
            path: Path::new(FOLDER).join(name),
            text: fill(template),
        })
        .collect()
}

/// What a project has in the place of a workflow file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// The same.
    Same,
    /// Nothing.
    Nothing,
    /// One that `bakehouse workflows` wrote, and that is another now.
    Other,
    /// Something that it did not write.
    Foreign,
}

impl There {
    /// What is said of a file of which the project has this.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Same => "is in step",
            Self::Nothing => "is missing",
            Self::Other => "differs",
            Self::Foreign => "was not written by `bakehouse workflows`",
        }
    }
}

impl File {
    /// What the project has in its place.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn there(&self, root: &Path) -> Result<There> {
        let path = root.join(&self.path);
        match storage::read_text(&path, LARGEST) {
            Ok(text) if text == self.text => Ok(There::Same),
            Ok(text) if text.starts_with(MARKER) => Ok(There::Other),
            Ok(_) => Ok(There::Foreign),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(There::Nothing),
            // A folder, a pipe, bytes that are no text, more of them than ours.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::IsADirectory
                        | ErrorKind::InvalidInput
                        | ErrorKind::InvalidData
                        | ErrorKind::FileTooLarge
                ) =>
            {
                Ok(There::Foreign)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(&self.path);
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder)
            .and_then(|()| storage::write(&path, self.text.as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(config: &str, name: &str) -> String {
        let files = files(&toml::from_str(config).unwrap());
        files
            .into_iter()
            .find(|file| file.path.ends_with(name))
            .unwrap()
            .text
    }

    #[test]
    fn follow_the_configuration() {
        let config = "registry = \"r.example\"\nnamespace = \"n\"\nmax-versions = 3\n[runners]\n\"linux/arm64\" = \"big-arm\"\n";
        let build = text(config, "build.yml");
        for line in [
            "        default: \"r.example\"\n",
            "        default: \"3\"\n",
            "        runner: [big-arm, ubuntu-24.04]\n",
        ] {
            assert!(build.contains(line), "{line} in\n{build}");
        }
        // The embedded registry is nothing that a runner could publish to.
        let build = text("registry = \"local\"\nnamespace = \"n\"\n", "build.yml");
        assert!(build.contains("default: \"ghcr.io\"") && !build.contains("\"n\""));
    }

    #[test]
    fn are_filled_in_whole_and_name_no_app() {
        for file in files(&ProjectFile::default()) {
            assert!(
                !file.text.replace("${{", "").contains("{{ "),
                "{}",
                file.text
            );
            assert!(!file.text.contains("esbuild"));
            for line in file.text.lines().filter(|line| line.contains("uses: ")) {
                let (_, uses) = line.split_once("uses: ").unwrap();
                let pinned = uses.split_once('@').is_some_and(|(_, version)| {
                    let (commit, name) = version.split_once(" # v").unwrap();
                    commit.len() == 40
                        && commit.bytes().all(|b| b.is_ascii_hexdigit())
                        && !name.is_empty()
                });
                assert!(pinned || uses.starts_with("./.github/workflows/"), "{line}");
            }
        }
    }

    #[test]
    fn what_differs_is_told_from_what_is_not_ours() {
        let root = tempfile::tempdir().unwrap();
        for file in files(&ProjectFile::default()) {
            let path = root.path().join(&file.path);
            assert!(file.text.starts_with(MARKER), "{}", path.display());
            assert_eq!(file.there(root.path()).unwrap(), There::Nothing);
            file.write(root.path()).unwrap();
            assert_eq!(file.there(root.path()).unwrap(), There::Same);
            std::fs::write(&path, format!("{MARKER}, once\n")).unwrap();
            assert_eq!(file.there(root.path()).unwrap(), There::Other);
            let foreign: [&[u8]; 4] = [b"", b"name: mine\n", b"\xff", &[b' '; 2 << 20]];
            for bytes in foreign {
                std::fs::write(&path, bytes).unwrap();
                assert_eq!(file.there(root.path()).unwrap(), There::Foreign);
            }
            std::fs::remove_file(&path).unwrap();
            std::fs::create_dir(&path).unwrap();
            assert_eq!(file.there(root.path()).unwrap(), There::Foreign);
        }
    }
}
