//! A project in a folder of its own, with nothing of this repository and
//! nothing on PATH but what the program needs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Builder, Output, Project, finish, recipe, tool};

/// The words of a first `init`.
const WROTE: &str =
    "wrote bakehouse.toml\nwrote schemas/project.json\nwrote schemas/app.json\nwrote .gitignore\n";

/// A folder that is to be a project, beside upstream's releases.
struct Home {
    upstream: Project,
    folder: PathBuf,
}

impl Home {
    fn new() -> Self {
        let upstream = Project::new(Builder::Docker);
        upstream.misbehave(&["1.0.0"]);
        let folder = upstream.path("elsewhere/My Images");
        fs::create_dir_all(&folder).unwrap();
        // Not inside of another project.
        fs::remove_file(upstream.path("bakehouse.toml")).unwrap();
        fs::create_dir(upstream.path("bin")).unwrap();
        Self { upstream, folder }
    }

    /// Puts a program on PATH.
    fn needs(&self, program: &str) {
        let found = fs::canonicalize(tool(program)).unwrap();
        symlink(found, self.upstream.path("bin").join(program)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.upstream.command(arguments);
        let path = self.upstream.path("bin");
        command.current_dir(&self.folder).env("PATH", path);
        finish(command.env_remove("XDG_CACHE_HOME"))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }
}

#[test]
fn a_component_is_published_from_a_folder_of_its_own() {
    let home = Home::new();
    home.needs("docker-buildx");
    let made = home
        .run(&["init", "--yes", "--registry", "local"])
        .expect(0);
    assert_eq!(made.stdout, WROTE);
    let app = home.folder.join("apps/misbehave");
    fs::create_dir_all(&app).unwrap();
    fs::copy(recipe("misbehave"), app.join("mine.wasm")).unwrap();
    let text = "recipe = \"mine.wasm\"\n\n[grants]\nimages = [\"misbehave\"]\n\
                releases = [\"npm:misbehave\"]\nbases = [\"base.invalid/x\"]\n";
    fs::write(app.join("app.toml"), text).unwrap();

    let check = home.run(&["recipe", "check", "misbehave"]).expect(0);
    let tried = "2 targets of the newest tried, 0 problems\n";
    assert!(check.stdout.ends_with(tried), "{}", check.stdout);
    let plan = home.run(&["plan", "--format", "json"]).expect(0).json();
    assert_eq!(plan["namespace"], "my-images");
    let _ = home
        .run(&["run", "--registry", "local"])
        .expect(0)
        .says("tagged local/my-images/misbehave:1.0.0");
    let shown = home
        .run(&["inspect", "misbehave:1.0.0", "--format", "json"])
        .expect(0);
    assert_eq!(shown.json()["images"].as_array().map(Vec::len), Some(2));
    let again = home.run(&["run"]).expect(0);
    let nothing = "everything is published, nothing to build\n";
    assert!(again.stdout.contains(nothing), "{}", again.stdout);

    // What was compiled is there for the user's other projects, and nowhere else.
    let compiled = home.upstream.path(".cache/bakehouse/compiled");
    assert!(fs::read_dir(&compiled).unwrap().count() > 0);
    assert!(!home.folder.join(".bakehouse/compiled").exists());
    // A cache that others may write to is not run from.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(&compiled, mode).unwrap();
    let _ = home
        .run(&["recipe", "check", "misbehave", "--offline"])
        .expect(0);
    assert!(home.folder.join(".bakehouse/compiled").exists());
}

#[test]
fn a_project_is_made_beside_what_is_there() {
    let home = Home::new();
    let first = home.run(&["init"]).expect(0);
    assert_eq!(first.stdout, WROTE);
    let _ = first.says("with --product OWNER/REPO@vN");
    let settings = home.read("bakehouse.toml");
    for line in ["registry = \"local\"\n", "namespace = \"my-images\"\n"] {
        assert!(settings.contains(line), "{settings}");
    }
    let _ = home
        .run(&["plan"])
        .expect(12)
        .says("`bakehouse new APP --from SOURCE` makes one");

    let again = home
        .run(&["init", "--product", "acme/bakehouse@v1"])
        .expect(0);
    assert_eq!(
        again.stdout,
        "left bakehouse.toml, which is there\nwrote .github/workflows/bakehouse.yml\n\
         left schemas/project.json, which is there\nleft schemas/app.json, which is there\n\
         left .gitignore, which is there\n"
    );
    assert_eq!(home.read("bakehouse.toml"), settings);
    let workflow = home.read(".github/workflows/bakehouse.yml");
    let uses = "uses: acme/bakehouse/.github/workflows/publish.yml@v1\n";
    assert!(
        workflow.contains(uses) && workflow.lines().count() < 31,
        "{workflow}"
    );
    let check = ["workflows", "--check", "--product"];
    let same = [&check[..], &["acme/bakehouse@v1"]].concat();
    let _ = home.run(&same).expect(0);
    let other = [&check[..], &["acme/bakehouse@v2"]].concat();
    let _ = home
        .run(&other)
        .expect(3)
        .says(".github/workflows/bakehouse.yml");

    // One that was told its release knows it from then on.
    let told = ["init", "told", "--yes", "--product", "acme/bakehouse@v1"];
    let _ = home.run(&told).expect(0);
    let _ = home
        .run(&["workflows", "--check", "--root", "told"])
        .expect(0);

    let _ = home
        .run(&["init", "x", "--product", "acme"])
        .expect(2)
        .says("OWNER/REPO@vN");
    for bad in [["--registry", "https://h.example"], ["--namespace", "A B"]] {
        let refused = [&["init", "x"][..], &bad].concat();
        let _ = home.run(&refused).expect(3);
    }
    assert!(!home.folder.join("x").exists());
}

#[test]
fn the_owner_of_the_git_remote_is_the_namespace() {
    let home = Home::new();
    home.needs("git");
    let git = |arguments: &[&str]| {
        let mut git = Command::new(tool("git"));
        let status = git.args(arguments).current_dir(&home.folder).status();
        assert!(status.unwrap().success());
    };
    git(&["init", "--quiet"]);
    git(&[
        "remote",
        "add",
        "origin",
        "git@github.com:Acme-Inc/images.git",
    ]);
    let namespace = |folder: &str| {
        let _ = home.run(&["init", folder, "--yes"]).expect(0);
        let text = fs::read_to_string(home.folder.join(folder).join("bakehouse.toml")).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.take(4).collect::<Vec<_>>().join(" ")
    };
    assert!(namespace("here").contains("registry = \"ghcr.io\" namespace = \"acme-inc\""));
    git(&[
        "remote",
        "set-url",
        "origin",
        "https://git.example/acme/images",
    ]);
    assert!(namespace("there").contains("registry = \"local\" namespace = \"there\""));
    assert!(Path::new(&home.folder).join("there/.gitignore").is_file());
}
