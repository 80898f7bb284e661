//! `bakehouse init`

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use bakehouse_core::storage_error::At as _;
use bakehouse_registry::Endpoint;
use bakehouse_system::process;
use tokio::process::Command;

use super::Session;
use crate::cli::InitArgs;
use crate::config::Project;
use crate::failure::{ExitCode, Failure};
use crate::init::{
    ProjectAnswers, Written, files, folder_namespace, github_owner, ignore, schemas, write,
};
use crate::printer;
use crate::product::Product;
use crate::text::Text;

/// The registry that every owner on GitHub has.
const GITHUBS: &str = "ghcr.io";
/// Longest that git may take to tell a remote.
const GIT: Duration = Duration::from_secs(10);

/// Makes a project of a folder, and leaves what is there.
pub(super) async fn init(session: &Session, args: &InitArgs) -> Result<ExitCode> {
    let root = args.folder.clone().or_else(|| session.root.clone());
    let root = std::path::absolute(root.unwrap_or_else(|| PathBuf::from(".")))?;
    let root = root.components().collect::<PathBuf>();
    let answers = answers(session, args, &root).await?;
    let host = match answers.registry.as_str() {
        "local" => "localhost:5000",
        host => host,
    };
    Endpoint::new(host, &answers.namespace)?;

    std::fs::create_dir_all(&root).at("create", &root)?;
    for file in files(&answers) {
        let written = write(&root, &file)?;
        tell(session, &file.path, written);
    }
    for (path, written) in schemas(&root)? {
        tell(session, &path, written);
    }
    tell(session, Path::new(".gitignore"), ignore(&root)?);
    if answers.product.is_none() {
        session.printer.talk(
            "no workflow for GitHub Actions: this program was built by hand and does not know its \
             release; run this again with --product OWNER/REPO@vN to get one",
        );
    }
    session.printer.talk(
        "next: `bakehouse new APP --from npm:PACKAGE` writes an app (or github:, pypi:, git:, ...)",
    );
    Ok(ExitCode::Success)
}

fn tell(session: &Session, path: &Path, written: Written) {
    let path = path.display();
    session.printer.done(match written {
        Written::New => format!("wrote {path}"),
        Written::Added => format!("added to {path}"),
        Written::Renewed => format!("wrote {path} anew"),
        Written::Left => format!("left {path}, which is there"),
    });
}

/// What flags say, the project that is there, and the folder; then who is asked.
async fn answers(session: &Session, args: &InitArgs, root: &Path) -> Result<ProjectAnswers> {
    let there = match root.join("bakehouse.toml").symlink_metadata() {
        Ok(_) => Some(Project::open(Some(root))?),
        Err(_) => None,
    };
    let file = there.as_ref().map(Project::file);
    let owner = remote(root).await.as_deref().and_then(github_owner);
    let said = &session.overrides;
    let registry = said.registry.clone().or_else(|| file?.registry.clone());
    let namespace = said.namespace.clone().or_else(|| file?.namespace.clone());
    let told = args
        .product
        .clone()
        .or_else(|| file?.ci.uses.as_ref()?.product());
    let mut answers = ProjectAnswers {
        registry: registry.clone().unwrap_or_else(|| match owner {
            Some(_) => GITHUBS.to_owned(),
            None => "local".to_owned(),
        }),
        namespace: (namespace.clone())
            .or(owner)
            .unwrap_or_else(|| folder_namespace(root)),
        told: told.is_some(),
        product: told.or_else(Product::own),
    };
    if args.yes || there.is_some() || !std::io::stdin().is_terminal() {
        return Ok(answers);
    }
    if registry.is_none() {
        let question = "Registry to publish to, or `local`";
        answers.registry = ask(question, answers.registry).await?;
    }
    if namespace.is_none() {
        let question = "Path between registry and image name";
        answers.namespace = ask(question, answers.namespace).await?;
    }
    if answers.product.is_none() {
        let question = "Release for GitHub Actions, OWNER/REPO@vN; nothing for no workflow";
        let product = ask(question, String::new()).await?;
        let product = (!product.is_empty()).then(|| product.parse::<Product>());
        answers.product = product
            .transpose()
            .map_err(|error| Failure::new(ExitCode::Usage, error.to_string()))?;
        answers.told = answers.product.is_some();
    }
    Ok(answers)
}

/// Asks at the terminal; an empty answer is the default.
async fn ask(question: &str, default: String) -> Result<String> {
    let shown = match default.as_str() {
        "" => format!("{question}:"),
        default => format!("{question} [{default}]:"),
    };
    printer::tell(&Text::of(shown));
    // The command can be ended meanwhile.
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = line.await?.at("read", Path::new("the terminal"))?;
    match line.trim() {
        "" => Ok(default),
        answer => Ok(answer.to_owned()),
    }
}

/// The address of the repository that a folder is in, as git has it.
async fn remote(root: &Path) -> Option<String> {
    let folder = root.ancestors().find(|folder| folder.is_dir())?;
    let mut command = Command::new("git");
    command
        .args(["remote", "get-url", "origin"])
        .current_dir(folder);
    let ended = process::run(command, None, GIT, |_| {}).await.ok()?;
    let address = ended.stdout.trim().to_owned();
    (ended.status.success() && !address.is_empty()).then_some(address)
}
