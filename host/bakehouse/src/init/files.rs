//! The files of a new project.

use std::path::PathBuf;

use super::directive;
use crate::ci::workflows;
use crate::config::ProjectFile;
use crate::product::Product;

/// The answers that a new project needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectAnswers {
    /// `local`, or the registry's `host[:port]`.
    pub registry: String,
    /// Path between registry and image name.
    pub namespace: String,
    /// The release whose workflow publishes; none: no workflow.
    pub product: Option<Product>,
    /// It is written down, since the program does not know it.
    pub told: bool,
}

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Path from the project's root.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The files of a project, but for `.gitignore`, which is added to.
#[must_use]
pub fn files(answers: &ProjectAnswers) -> Vec<NewFile> {
    let mut files = vec![NewFile {
        path: "bakehouse.toml".into(),
        text: settings(answers),
    }];
    let config: ProjectFile = toml::from_str(&settings(answers)).unwrap_or_default();
    let product = answers.product.as_ref();
    let workflow = product.and_then(|product| workflows::caller(&config, Some(product)).ok());
    files.extend(workflow.map(|file| NewFile {
        path: file.path,
        text: file.text,
    }));
    files
}

fn settings(answers: &ProjectAnswers) -> String {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let mut settings = format!(
        "{}# A Bakehouse project: the container images of the apps in apps/.\n\
         \n\
         # Where they are published: HOST[:PORT], or \"local\" for the registry that is\n\
         # part of the program and keeps them in .bakehouse/registry.\n\
         registry = {}\n\
         # The path between registry and image name.\n\
         namespace = {}\n\
         # What is published, as far as an app has it.\n\
         platforms = [\"linux/amd64\", \"linux/arm64\"]\n\
         # How many of an app's newest versions are looked at.\n\
         max-versions = 10\n",
        directive("project", 0),
        text(&answers.registry),
        text(&answers.namespace),
    );
    if let Some(product) = answers.product.as_ref().filter(|_| answers.told) {
        let uses = text(&product.to_string());
        settings.push_str("\n# The release of Bakehouse that GitHub Actions runs.\n[ci]\nuses = ");
        settings.push_str(&uses);
        settings.push('\n');
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_asked_for() {
        let mut answers = ProjectAnswers {
            registry: "ghcr.io".to_owned(),
            namespace: "acme".to_owned(),
            product: Some("acme/bakehouse@v1".parse().unwrap()),
            told: true,
        };
        let written = files(&answers);
        let read: ProjectFile = toml::from_str(&written[0].text).unwrap();
        assert_eq!(read.registry.as_deref(), Some("ghcr.io"));
        assert_eq!(read.namespace.as_deref(), Some("acme"));
        assert_eq!(
            read.ci.uses.and_then(|uses| uses.product()),
            answers.product
        );
        let workflow = &written[1];
        assert!(workflow.path.ends_with(".github/workflows/bakehouse.yml"));
        let uses = "    uses: acme/bakehouse/.github/workflows/publish.yml@v1\n";
        assert!(workflow.text.contains(uses), "{}", workflow.text);
        assert!(workflow.text.lines().count() < 31);
        assert!(!workflow.text.replace("${{", "").contains("{{"));

        answers.told = false;
        let read: ProjectFile = toml::from_str(&files(&answers)[0].text).unwrap();
        assert_eq!(read.ci.uses, None);
        answers.product = None;
        assert_eq!(files(&answers).len(), 1);
    }
}
