//! The workflow file of a project, in step with `bakehouse.toml`.
//!
//! It calls the reusable workflow of the repository that the program was released
//! from. An app is no part of it: what is built where is decided by the plan.

mod error;
mod file;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::config::{Ci, Cron, ProjectFile, PullRequests, SecretName, StatusPlace, Uses};
use crate::product::Product;

pub use error::WorkflowError;
pub use file::{File, MARKER, There};

/// Where GitHub looks for workflows.
const FOLDER: &str = ".github/workflows";
/// The project's own.
const CALLER: &str = "bakehouse.yml";
/// The reusable one.
const PUBLISH: &str = ".github/workflows/publish.yml";
/// That of pull requests.
const REVIEW: &str = ".github/workflows/review.yml";
/// The same, which comments.
const REVIEW_COMMENT: &str = ".github/workflows/review-comment.yml";
/// The condition of the job for pull requests.
const IS_REVIEW: &str = "github.event_name == 'pull_request'";
/// The condition of all other jobs.
const IS_NO_REVIEW: &str = "github.event_name != 'pull_request'";
/// The one that publishes the status.
const STATUS: &str = ".github/workflows/status.yml";
const TEMPLATE: &str = include_str!("caller.yml");
/// The registry that every repository on GitHub has.
const REGISTRY: &str = "ghcr.io";
/// Every day at 01:00 UTC.
const DAILY: &str = "0 1 * * *";
/// The commit that this program was released from; a program that somebody built
/// by hand has none.
const COMMIT: Option<&str> = option_env!("BAKEHOUSE_COMMIT");

/// The workflow file that a project should have, which calls the workflow of this
/// release; of none named, as the configuration says, or the program's own.
///
/// # Errors
/// [`WorkflowError::NoRepository`] when nothing says which repository has the
/// reusable workflow.
pub fn caller(config: &ProjectFile, product: Option<&Product>) -> Result<File, WorkflowError> {
    let ci = &config.ci;
    let own = || Product::own().and_then(|own| released(&own, COMMIT));
    let uses = match product {
        Some(told) if Product::own().as_ref() != Some(told) => released(told, None),
        Some(_) => own(),
        None => ci.uses.clone().or_else(own),
    };
    let uses = uses.ok_or(WorkflowError::NoRepository)?;
    // The embedded registry ends with the machine it runs on.
    let outside = config.registry.as_deref().filter(|host| *host != "local");
    let namespace = outside.and(config.namespace.as_deref()).unwrap_or_default();
    let registry = outside.unwrap_or(REGISTRY);
    let name = ci.name.as_ref().map_or("bakehouse", |name| name.as_str());
    let values = [
        ("name", quoted(name)),
        ("triggers", triggers(ci)),
        ("registry", quoted(registry)),
        ("namespace", quoted(namespace)),
        ("multi_arch", config.multi_arch.unwrap_or(true).to_string()),
        ("use_qemu", config.use_qemu.unwrap_or(true).to_string()),
        (
            "max_versions",
            quoted(&config.max_versions.map_or(10, u32::from).to_string()),
        ),
        ("group", group(ci, registry, namespace)),
        ("cancel", cancel(ci)),
        ("uses", uses.workflow(PUBLISH)),
        ("with", with(ci, registry, namespace)),
        ("secrets", secrets(ci)),
        ("publish_if", publish_if(ci)),
        ("review", review(ci, &uses, &with(ci, registry, namespace))),
        ("status", status(ci, &uses, &with(ci, registry, namespace))),
    ];
    let fill =
        |text: String, (key, value): &(&str, String)| text.replace(&format!("<{key}>"), value);
    Ok(File {
        path: Path::new(FOLDER).join(CALLER),
        text: values.iter().fold(TEMPLATE.to_owned(), fill),
    })
}

/// A release, pinned by its commit where that is known.
fn released(product: &Product, commit: Option<&str>) -> Option<Uses> {
    let text = product.to_string();
    let pinned = commit.and_then(|commit| {
        let (repository, tag) = text.split_once('@')?;
        Some(format!("{repository}@{commit} # {tag}"))
    });
    Uses::parse(pinned.as_ref().unwrap_or(&text)).ok()
}

fn triggers(ci: &Ci) -> String {
    let mut out = String::new();
    let daily = vec![DAILY];
    let crons: Vec<&str> = match &ci.schedule {
        Some(crons) => crons.iter().map(Cron::as_str).collect(),
        None => daily,
    };
    if ci.pull_requests != PullRequests::Off {
        out.push_str("  pull_request:\n");
    }
    if !crons.is_empty() {
        let crons: Vec<String> = crons
            .iter()
            .map(|cron| format!("{{ cron: {} }}", quoted(cron)))
            .collect();
        let _ = writeln!(out, "  schedule: [{}]", crons.join(", "));
    }
    out
}

/// Runs that publish to one place wait for each other: two would build the same
/// images. A review waits for none, but for one of the same pull request.
fn group(ci: &Ci, registry: &str, namespace: &str) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let (registry, namespace) = (literal(registry), literal(namespace));
    let place = format!("inputs.REGISTRY || {registry}, inputs.NAMESPACE || {namespace}");
    let place = format!("format('{{0}} {{1}}', {place})");
    match ci.pull_requests {
        PullRequests::Off => format!("bakehouse ${{{{ {place} }}}}"),
        _ => format!("bakehouse ${{{{ github.event.pull_request.number || {place} }}}}"),
    }
}

/// A newer state of a pull request takes the place of one that is looked at.
fn cancel(ci: &Ci) -> String {
    match ci.pull_requests {
        PullRequests::Off => "false".to_owned(),
        _ => quoted(&format!("${{{{ {IS_REVIEW} }}}}")),
    }
}

/// Inputs of both workflows.
fn with(ci: &Ci, registry: &str, namespace: &str) -> String {
    let mut inputs = Vec::new();
    let mut input = |key: &str, value: &str| inputs.push(format!("{key}: {}", quoted(value)));
    input("registry", registry);
    if !namespace.is_empty() {
        input("namespace", namespace);
    }
    if ci.program != crate::config::Program::default() {
        input("program", &ci.program.to_string());
    }
    if let Some(runner) = &ci.runner {
        input("runner", runner.as_str());
    }
    if !ci.setup.trim().is_empty() {
        input("setup", ci.setup.trim());
    }
    inputs.join(", ")
}

fn secrets(ci: &Ci) -> String {
    let secret = |name: &str| format!("${{{{ secrets.{name} }}}}");
    let own = ["REGISTRY_USERNAME", "REGISTRY_PASSWORD"];
    let mut secrets: Vec<String> = own
        .map(|name| format!("{name}: {}", quoted(&secret(name))))
        .into();
    if !ci.secrets.is_empty() {
        let names = ci.secrets.iter().map(SecretName::as_str);
        let lines: String = names
            .map(|name| format!("{name}={}\n", secret(name)))
            .collect();
        secrets.push(format!("ENVIRONMENT: {}", quoted(&lines)));
    }
    secrets.join(", ")
}

fn publish_if(ci: &Ci) -> String {
    match ci.pull_requests {
        PullRequests::Off => String::new(),
        _ => format!("    if: {IS_NO_REVIEW}\n"),
    }
}

/// The job for pull requests. It has no secret.
fn review(ci: &Ci, uses: &Uses, with: &str) -> String {
    let (workflow, comment, why) = match ci.pull_requests {
        PullRequests::Off => return String::new(),
        PullRequests::Review => (REVIEW, "", "reads what ghcr.io has"),
        PullRequests::Comment => (
            REVIEW_COMMENT,
            ", pull-requests: write",
            "reads what ghcr.io has, and comments",
        ),
    };
    let mut out = String::from("  review:\n");
    let _ = writeln!(out, "    if: {IS_REVIEW}");
    let _ = writeln!(
        out,
        "    permissions: {{ contents: read, packages: read{comment} }} # {why}"
    );
    let _ = writeln!(out, "    uses: {}", uses.workflow(workflow));
    let _ = writeln!(out, "    with: {{ {with} }}");
    out
}

/// The job that publishes the status, also where some of it could not be
/// published or an alarm was raised; nothing where it is not asked for.
fn status(ci: &Ci, uses: &Uses, with: &str) -> String {
    let Some(place) = &ci.status else {
        return String::new();
    };
    let may = match place {
        StatusPlace::Pages => {
            "{ contents: read, packages: read, pages: write, id-token: write } # deploys Pages"
        }
        StatusPlace::Branch(_) => "{ contents: write, packages: read } # pushes a branch",
    };
    let mut out = String::from("  status:\n    needs: publish\n");
    let of_project = "github.ref_name == github.event.repository.default_branch";
    let _ = writeln!(out, "    if: ${{{{ !cancelled() && {of_project} }}}}");
    let _ = writeln!(out, "    permissions: {may}");
    let _ = writeln!(out, "    uses: {}", uses.workflow(STATUS));
    let _ = writeln!(
        out,
        "    with: {{ to: {}, inputs: \"${{{{ toJSON(inputs) }}}}\", {with} }}",
        quoted(&place.to_string())
    );
    let _ = writeln!(out, "    secrets: {{ {} }}", secrets(ci));
    out
}

/// A double-quoted scalar; JSON's are YAML's, too (YAML 1.2, 1.3 "Relation to
/// JSON").
fn quoted(text: &str) -> String {
    json!(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn text(config: &str) -> String {
        let config = format!("{config}\n[ci]\nuses = \"acme/bakehouse@v1\"\n");
        caller(&toml::from_str(&config).unwrap(), None)
            .unwrap()
            .text
    }

    fn read(text: &str) -> Value {
        yaml_serde::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn a_caller_is_short_and_names_no_app() {
        let text = text("");
        assert!(text.lines().count() < 31, "{text}");
        assert!(!text.contains(['<', '>']), "{text}");
        assert!(!text.contains("\n\n"), "{text}");
        assert!(text.starts_with(file::MARKER));
        let read = read(&text);
        let job = &read["jobs"]["publish"];
        assert_eq!(
            job["uses"],
            "acme/bakehouse/.github/workflows/publish.yml@v1"
        );
        assert_eq!(read["on"]["schedule"][0]["cron"], "0 1 * * *");
        assert_eq!(job["with"]["registry"], "ghcr.io");
        assert_eq!(read["permissions"], json!({}));
    }

    #[test]
    fn follows_the_configuration() {
        let config = "registry = \"r.example\"\nnamespace = \"acme/mirrors\"\nmax-versions = 3\n";
        let workflow = read(&text(config));
        let inputs = &workflow["on"]["workflow_dispatch"]["inputs"];
        assert_eq!(inputs["REGISTRY"]["default"], "r.example");
        assert_eq!(inputs["MAX_VERSIONS"]["default"], "3");
        assert_eq!(
            workflow["jobs"]["publish"]["with"]["namespace"],
            "acme/mirrors"
        );
        let group = workflow["concurrency"]["group"].as_str().unwrap();
        assert!(group.contains("'acme/mirrors'"), "{group}");
        // The embedded registry is nothing that a runner could publish to.
        let workflow = read(&text("registry = \"local\"\nnamespace = \"n\"\n"));
        let with = &workflow["jobs"]["publish"]["with"];
        assert_eq!(with["registry"], "ghcr.io");
        assert_eq!(with["namespace"], Value::Null);
    }

    #[test]
    fn every_key_of_ci_is_in_it() {
        let config = "[ci]\nuses = \"./\"\nprogram = \"source\"\nname = \"my \\\"images\\\": #1\"\n\
            schedule = [\"5 4 * * *\", \"0 0 1 * *\"]\nrunner = \"big: one\"\n\
            setup = \"echo \\\"a\\\"\\necho b # c\\n\"\nsecrets = [\"NPM_TOKEN\", \"X\"]\n";
        let text = caller(&toml::from_str(config).unwrap(), None).unwrap().text;
        let workflow = read(&text);
        assert_eq!(workflow["name"], "my \"images\": #1");
        assert_eq!(workflow["on"]["schedule"][1]["cron"], "0 0 1 * *");
        let job = &workflow["jobs"]["publish"];
        assert_eq!(job["uses"], "./.github/workflows/publish.yml");
        assert_eq!(job["with"]["runner"], "big: one");
        assert_eq!(job["with"]["setup"], "echo \"a\"\necho b # c");
        assert_eq!(job["with"]["program"], "source");
        assert_eq!(
            job["secrets"]["ENVIRONMENT"],
            "NPM_TOKEN=${{ secrets.NPM_TOKEN }}\nX=${{ secrets.X }}\n"
        );
        assert_eq!(job["if"], "github.event_name != 'pull_request'");
        let review = &workflow["jobs"]["review"];
        assert_eq!(review["uses"], "./.github/workflows/review.yml");
        assert_eq!(review["if"], "github.event_name == 'pull_request'");
        assert_eq!(review["with"]["setup"], job["with"]["setup"]);
        assert_eq!(review["secrets"], Value::Null);
        let never = text_of("[ci]\nuses = \"./\"\nschedule = []\n");
        assert!(read(&never)["on"].get("schedule").is_none());
    }

    #[test]
    fn pull_requests_are_reviewed_as_it_says() {
        let workflow = |of: &str| {
            let text = text_of(&format!("[ci]\nuses = \"./\"\npull-requests = \"{of}\"\n"));
            assert!(text.lines().count() < 31, "{text}");
            read(&text)
        };
        let comment = workflow("comment");
        let review = &comment["jobs"]["review"];
        assert_eq!(review["uses"], "./.github/workflows/review-comment.yml");
        assert_eq!(review["permissions"]["pull-requests"], "write");
        assert_eq!(review["permissions"]["packages"], "read");
        let permissions = &workflow("review")["jobs"]["review"]["permissions"];
        assert_eq!(permissions["pull-requests"], Value::Null);
        let off = workflow("off");
        assert_eq!(off["jobs"]["review"], Value::Null);
        assert_eq!(off["jobs"]["publish"]["if"], Value::Null);
        assert!(off["on"].get("pull_request").is_none());
        assert_eq!(off["concurrency"]["cancel-in-progress"], false);
    }

    #[test]
    fn a_status_is_published_where_it_is_asked_for() {
        let workflow = |place: &str| {
            let config =
                format!("[ci]\nuses = \"a/b@v1\"\nrunner = \"big\"\nstatus = \"{place}\"\n");
            read(&text_of(&config))
        };
        let pages = &workflow("pages")["jobs"]["status"];
        assert_eq!(pages["uses"], "a/b/.github/workflows/status.yml@v1");
        assert_eq!(pages["needs"], "publish");
        assert_eq!(pages["permissions"]["pages"], "write");
        assert_eq!(pages["permissions"]["contents"], "read");
        assert_eq!(pages["with"]["to"], "pages");
        assert_eq!(pages["with"]["runner"], "big");
        let branch = &workflow("branch:status")["jobs"]["status"];
        assert_eq!(branch["with"]["to"], "branch:status");
        assert_eq!(
            branch["permissions"],
            json!({ "contents": "write", "packages": "read" })
        );
        assert_eq!(read(&text(""))["jobs"]["status"], Value::Null);
    }

    fn text_of(config: &str) -> String {
        caller(&toml::from_str(config).unwrap(), None).unwrap().text
    }

    #[test]
    fn a_release_knows_where_it_is_from() {
        let product: Product = "acme/bakehouse@v1.2.3".parse().unwrap();
        let workflow = |commit| released(&product, commit).map(|uses| uses.workflow("x.yml"));
        assert_eq!(
            workflow(Some("0123")).as_deref(),
            Some("acme/bakehouse/x.yml@0123 # v1.2.3")
        );
        assert_eq!(
            workflow(None).as_deref(),
            Some("acme/bakehouse/x.yml@v1.2.3")
        );
        let config = toml::from_str("[ci]\nuses = \"a/b@v1 # x\"\n").unwrap();
        let told = caller(&config, Some(&product)).unwrap().text;
        assert!(told.contains("uses: acme/bakehouse/.github/workflows/publish.yml@v1.2.3\n"));
        assert_eq!(
            config.ci.uses.unwrap().product().unwrap().to_string(),
            "a/b@v1"
        );
    }
}
