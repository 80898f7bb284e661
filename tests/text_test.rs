//! Words of recipes, build steps, registries and images: shown, never obeyed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use bakehouse_loopback::{Layer, write_archive_with};
use serde::Deserialize;
use serde_json::json;

use crate::support::actions::own;
use crate::support::{Builder, DebianRegistry, Output, Project, bases, client, finish};

#[derive(Deserialize)]
struct Words {
    words: Vec<String>,
}

fn words(file: &str) -> Vec<String> {
    toml::from_str::<Words>(file).unwrap().words
}

fn commanding() -> Vec<String> {
    words(include_str!("cases/text-that-commands/words.toml"))
}

fn hiding() -> Vec<String> {
    words(include_str!("cases/text-that-hides/words.toml"))
}

/// Characters that a terminal obeys, or that hide.
fn invisible(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The hostile recipe with these cases; it says all words.
fn hostile(builder: Builder, cases: &str) -> Project {
    let project = Project::new(builder);
    let words = [commanding(), hiding()].concat().join("\u{1e}");
    let base = format!("{}/library/debian", bases());
    // The step's name, its output and its error are others' words, too.
    let step = format!(
        "FROM {base}:buster-slim\nRUN printf '##[error]escaped\\n::error::escaped\\n a\\r::add-mask::escaped\\n' && echo '::group::escaped' && false\n"
    );
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let grants = format!(
        "images = [\"hostile\"]\nplatforms = [\"linux/amd64\"]\nbases = [{base:?}]\n[options]\n\
         cases = {cases:?}\ncanary = \"/\"\nwords = {}\ndockerfile.\"step\" = {}\n",
        text(&words),
        text(&step)
    );
    project.app("hostile", &grants);
    project
}

fn run(project: &Project, github: bool, more: &[&str]) -> Output {
    let only = ["run", "hostile", "--platform", "linux/amd64", "--partial"];
    let arguments = [&only[..], more].concat();
    let mut command = project.command(&arguments);
    if github {
        command.env("GITHUB_ACTIONS", "true");
    }
    finish(&mut command)
}

#[test]
fn a_runner_takes_no_command_from_a_recipe_or_a_step() {
    let project = hostile(Builder::Docker, "words-built words-failed step");
    for more in [&[][..], &["-v"], &["--format", "json"]] {
        for github in [true, false] {
            let output = run(&project, github, more).expect(8);
            let log = format!("{}{}", output.stderr, output.stdout);
            assert!(!log.contains(invisible), "{log:?}");
            assert!(
                log.contains("\\::group::") || log.contains("##\\[error]escaped"),
                "{log}"
            );
            let taken = own(&log);
            assert_eq!(taken.is_empty(), !github, "{taken:?}");
            let (mut groups, mut errors) = (0, 0);
            for command in taken {
                assert!(!command.properties.contains("escaped"), "{command:?}");
                match command.name.as_str() {
                    "group" => {
                        groups += 1;
                        assert!(command.data.starts_with("hostile 1.0.0-"), "{command:?}");
                    }
                    "error" => {
                        errors += 1;
                        let about = "file=apps/hostile/app.toml,line=1,title=hostile";
                        assert_eq!(command.properties, about);
                    }
                    _ => {}
                }
            }
            // The good one is there already, the second time.
            assert!(!github || groups >= 2 && errors == 2, "{log}");
        }
    }
    // `plan` has a table of what a recipe says.
    let mut plan = project.command(&["plan", "-v"]);
    let output = finish(plan.env("GITHUB_ACTIONS", "true")).expect(0);
    assert_eq!(own(&format!("{}{}", output.stderr, output.stdout)), []);
}

/// A registry that answers everything with hostile errors: 503 first, which is
/// tried again, then 403.
struct Hostile {
    host: String,
    _runtime: tokio::runtime::Runtime,
}

impl Hostile {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = runtime.block_on(listener).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(AtomicBool::new(false));
        let app = Router::new().fallback(answer).with_state(asked);
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            host,
            _runtime: runtime,
        }
    }
}

async fn answer(State(asked): State<Arc<AtomicBool>>) -> (StatusCode, String) {
    let status = if asked.swap(true, Ordering::SeqCst) {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let say = |word: &String| json!({ "code": "UNSUPPORTED", "message": word });
    let errors: Vec<_> = commanding().iter().map(say).collect();
    (status, json!({ "errors": errors }).to_string())
}

#[test]
fn a_runner_takes_no_command_from_a_registry() {
    let registry = Hostile::start();
    let project = Project::new(Builder::Docker);
    let host = &registry.host;
    let grants = format!(
        "images = [\"hostile\"]\nbases = [\"{host}/*\"]\n[options]\ncases = \"lookup\"\nregistry = {host:?}\n"
    );
    project.app("hostile", &grants);
    let output = run(&project, true, &["-v"]);
    assert_ne!(output.code, Some(0));
    for part in [
        "; trying again in",
        "403 Forbidden",
        "##\\[add-mask]escaped",
    ] {
        assert!(output.stderr.contains(part), "{part} in\n{}", output.stderr);
    }
    assert!(!output.stderr.contains(invisible), "{:?}", output.stderr);
    for command in own(&output.stderr) {
        assert!(!command.properties.contains("escaped"), "{command:?}");
    }
}

#[test]
fn job_outputs_and_summaries_hold_hostile_words() {
    let project = hostile(Builder::Docker, "words-failed");
    let mut plan = project.command(&["plan", "--format", "github"]);
    let output = finish(plan.env("GITHUB_ACTIONS", "true")).expect(0);
    let names: Vec<_> = output
        .stdout
        .lines()
        .map(|line| line.split_once('=').unwrap().0)
        .collect();
    assert_eq!(names, ["jobs", "matrix", "merge"]);

    let summary = project.path("summary");
    run(&project, true, &["--summary", summary.to_str().unwrap()]).expect(5);
    let page = std::fs::read_to_string(summary).unwrap();
    assert!(!page.contains(invisible), "{page:?}");
    // All of it is in one fenced block.
    let blocks: Vec<_> = page.split("```").collect();
    assert_eq!(blocks.len(), 3, "{page}");
    assert!(
        blocks[1].contains("escaped") && !blocks[0].contains("escaped"),
        "{page}"
    );
    let rest = blocks[2].trim();
    let (before, last) = rest.rsplit_once('\n').unwrap();
    assert!(last.starts_with("Destination: `local/test "), "{page}");
    assert!(
        before.contains("To go on: `bakehouse run hostile "),
        "{page}"
    );
    assert!(!rest.contains("escaped"), "{page}");
}

#[tokio::test]
async fn inspect_shows_what_an_image_says_of_itself() {
    let words = hiding();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("image.tar");
    let pairs = |name: &str| {
        let pair = |(n, word): (usize, &String)| (format!("{name}{n}{word}"), json!(word));
        let mut pairs: serde_json::Map<_, _> = words.iter().enumerate().map(pair).collect();
        pairs.insert("digest    ".to_owned(), json!("sha256:fake"));
        pairs
    };
    let layer = Layer { seed: 0, size: 10 };
    write_archive_with(&archive, "amd64", &[layer], |config, manifest| {
        config["created"] = json!(words[3]);
        config["config"] = json!({
            "User": words[3], "Entrypoint": words, "Cmd": words, "Labels": pairs("l"),
        });
        manifest["annotations"] = json!(pairs("a"));
    });
    let registry = DebianRegistry::start();
    let host = registry.host();
    let pushed = client(&host).push_archive("evil", &archive).await.unwrap();
    let reference = format!("{host}/test/evil@{}", pushed.digest());
    let project = Arc::new(Project::new(Builder::Docker));
    let inspect = |format: &'static str| {
        let (project, reference) = (Arc::clone(&project), reference.clone());
        tokio::task::spawn_blocking(move || {
            project
                .run(&["inspect", &reference, "--format", format])
                .expect(0)
        })
    };
    let text = inspect("text").await.unwrap().stdout;
    assert!(!text.contains(invisible), "{text:?}");
    let facts = text.lines().filter(|line| line.starts_with("  "));
    let names: Vec<_> = facts
        .map(|line| line[2..].split("  ").next().unwrap().trim())
        .collect();
    let count = |name: &str| names.iter().filter(|other| **other == name).count();
    for (name, times) in [
        // Of the reference, and so of its one image.
        ("digest", 1),
        ("media type", 1),
        ("download", 1),
        ("created", 1),
        ("user", 1),
        // One pair is a label, too.
        ("annotation", words.len()),
        ("label", words.len() + 1),
    ] {
        assert_eq!(count(name), times, "{name} in\n{text}");
    }
    let all = text.lines().filter(|line| !line.is_empty());
    // The reference, the platform and the entrypoint.
    assert_eq!(all.count(), names.len() + 2, "{text}");
    assert!(
        text.contains("  label       digest    =sha256:fake"),
        "{text}"
    );

    let json = inspect("json").await.unwrap();
    assert!(!json.stdout.contains(invisible), "{:?}", json.stdout);
    let image = &json.json()["images"][0];
    assert_eq!(image["labels"], json!(pairs("l")));
    assert_eq!(image["entrypoint"], json!(words));
}
