//! Recipes that are crates of a project, in a project that has nothing of this
//! one's tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Builder, Output, Project, finish, recipe};

/// A project with crates in `plugins/`, in one workspace.
struct Crates(Project);

impl Crates {
    fn new(names: &[&str]) -> Self {
        let crates = Self(Project::new(Builder::Docker));
        let text = "[workspace]\nresolver = \"3\"\nmembers = [\"plugins/*\"]\n";
        crates.0.write("Cargo.toml", text);
        for name in names {
            crates.krate(name, "[lib]\ncrate-type = [\"cdylib\"]\n");
        }
        crates
    }

    /// A crate without dependencies: what is compiled is nobody's matter here.
    fn krate(&self, name: &str, rest: &str) {
        let text = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n\n{rest}");
        self.0.write(&format!("plugins/{name}/Cargo.toml"), text);
        self.source(name, "one");
    }

    fn source(&self, name: &str, value: &str) {
        let text = format!("#[unsafe(export_name = \"{value}\")]\npub extern \"C\" fn f() {{}}\n");
        self.0.write(&format!("plugins/{name}/src/lib.rs"), text);
    }

    fn app(&self, name: &str, recipe: &str) {
        let text = format!("recipe = {recipe:?}\n\n[grants]\nimages = [{name:?}]\n");
        self.0.write(&format!("apps/{name}/app.toml"), text);
    }

    /// The program with this machine's Rust, whose settings are in the home folder.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.0.command(arguments);
        let home = PathBuf::from(std::env::var_os("HOME").unwrap());
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let set = std::env::var_os(name).map(PathBuf::from);
            command.env(name, set.unwrap_or_else(|| home.join(folder)));
        }
        for name in ["BAKEHOUSE_WASM_RUSTC", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        finish(&mut self.command(arguments))
    }

    /// The program where there is no Rust.
    fn without_rust(&self, arguments: &[&str]) -> Output {
        finish(self.command(arguments).env("PATH", "/nonexistent"))
    }

    fn component(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path(&format!(".bakehouse/recipes/{name}.wasm"))).unwrap()
    }
}

fn exports(component: &[u8], name: &str) -> bool {
    component
        .windows(name.len())
        .any(|bytes| bytes == name.as_bytes())
}

#[test]
fn a_crate_becomes_a_component_wherever_cargo_puts_things() {
    let crates = Crates::new(&["one", "two"]);
    crates.krate("shared", "[lib]\n");
    crates
        .0
        .write(".cargo/config.toml", "[build]\ntarget-dir = \"made\"\n");
    let built = crates.run(&["recipe", "build", "one"]).expect(0);
    assert!(
        built.stdout.starts_with(".bakehouse/recipes/one.wasm  "),
        "{}",
        built.stdout
    );
    // The component model's layer, not a core module's.
    assert_eq!(crates.component("one")[..8], *b"\0asm\x0d\0\x01\0");
    assert!(crates.0.path("made/recipes").is_dir() && !crates.0.path("target").exists());
    let all = crates.run(&["recipe", "build", "--all"]).expect(0);
    assert_eq!(all.stdout.lines().count(), 2, "{}", all.stdout);
    let all = all.says("plugins/shared has no cdylib, and is no recipe");
    // The workspace has no profile of this name, and need not have one.
    assert!(all.stderr.contains("`recipe` profile"), "{}", all.stderr);
}

#[test]
fn what_is_wrong_with_a_crate_is_told() {
    let crates = Crates::new(&["good"]);
    let failed = |name: &str, code, said: &str| {
        crates
            .run(&["recipe", "build", name])
            .expect(code)
            .says(said);
    };
    failed(
        "none",
        5,
        "there is no crate plugins/none\nhint: plugins/ has good",
    );
    failed("../good", 5, "there is no crate ../good");
    crates.krate("plain", "");
    failed(
        "plain",
        5,
        "crate-type = [\"cdylib\"]` under [lib] in plugins/plain/Cargo.toml",
    );
    crates.0.write("plugins/broken/Cargo.toml", "[package");
    // One that cannot be read keeps cargo from all of its workspace.
    failed("broken", 5, "cargo cannot read plugins/broken: ");
    fs::remove_dir_all(crates.0.path("plugins/broken")).unwrap();
    crates.0.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"plugins/good\"]\n",
    );
    failed(
        "plain",
        5,
        "plugins/plain is not a member of the workspace ",
    );
    let both = "[workspace]\nresolver = \"3\"\nmembers = [\"plugins/*\"]\n";
    crates.0.write("Cargo.toml", both);
    crates.krate(
        "again",
        "[lib]\nname = \"good\"\ncrate-type = [\"cdylib\"]\n",
    );
    failed(
        "again",
        5,
        "libraries of one name, `good`: one would replace the other",
    );
    fs::remove_dir_all(crates.0.path("plugins/again")).unwrap();
    // What compiles is there all the same.
    crates.krate("bad", "[lib]\ncrate-type = [\"cdylib\"]\n");
    crates.0.write("plugins/bad/src/lib.rs", "nonsense");
    let said = crates.run(&["recipe", "build", "--all"]).expect(5);
    let said = said.says("error: plugins/bad does not compile");
    assert!(
        said.stdout.starts_with(".bakehouse/recipes/good.wasm"),
        "{}",
        said.stdout
    );
    // A profile of the workspace's own counts, and so does what is wrong with it.
    crates.0.write(
        "Cargo.toml",
        format!("{both}[profile.recipe]\nlto = true\n"),
    );
    failed("good", 5, "`inherits`");
    let none = crates.without_rust(&["recipe", "build", "good"]).expect(5);
    let _ = none.says("hint: install Rust");
    let empty = Project::new(Builder::Docker);
    let nothing = finish(&mut empty.command(&["recipe", "build", "--all"]));
    let _ = nothing.expect(12).says("plugins/ has no crate");
}

#[test]
fn a_run_compiles_what_has_changed() {
    let crates = Crates::new(&["one"]);
    crates.app("a", "plugins/one");
    let check = ["recipe", "check", "a", "--offline"];
    // It is a component, if not a recipe.
    let first = crates
        .run(&check)
        .expect(5)
        .says("does not export bakehouse:recipe");
    let compiling = "recipes: compiling plugins/one";
    assert!(first.stderr.contains(compiling), "{}", first.stderr);
    assert!(exports(&crates.component("one"), "one"));
    let again = crates.run(&check).expect(5);
    assert!(!again.stderr.contains("recipes:"), "{}", again.stderr);

    crates.source("one", "another");
    // What is left as it is is told; nothing is compiled behind anybody's back.
    let plan: [&[&str]; 2] = [&["plan"], &["recipe", "check", "a", "--offline"]];
    for command in plan {
        let locked = [command, &["--locked"]].concat();
        let locked = crates.run(&locked).expect(5);
        let _ = locked.says("plugins/one: used as they were built, --locked was given");
        let ci = finish(crates.command(command).env("CI", "true")).expect(5);
        let _ = ci.says("plugins/one: used as they were built, this is a CI job");
        let none = crates.without_rust(command).expect(5);
        let _ = none.says("plugins/one: used as they were built, there is no cargo on PATH");
    }
    assert!(!exports(&crates.component("one"), "another"));
    let _ = crates.run(&["plan"]).expect(5).says(compiling);
    assert!(exports(&crates.component("one"), "another"));

    crates.0.write("plugins/one/src/lib.rs", "nonsense");
    let _ = crates
        .run(&["plan"])
        .expect(5)
        .says("plugins/one does not compile");
    fs::remove_file(crates.0.path(".bakehouse/recipes/one.wasm")).unwrap();
    let none = crates.without_rust(&["plan"]).expect(5);
    let _ = none.says("error: plugins/one was not built, and there is no cargo on PATH");
}

#[test]
fn an_app_names_its_recipe_in_one_of_these_ways() {
    let project = Crates::new(&[]);
    let wasm = recipe("misbehave");
    let check = |recipe: &str| {
        project.app("misbehave", recipe);
        project.without_rust(&["recipe", "check", "misbehave", "--offline"])
    };
    project
        .0
        .write("apps/misbehave/own/it.wasm", fs::read(&wasm).unwrap());
    // It asks for more than it is granted, which it says itself.
    let _ = check("own/it.wasm").expect(11);
    let outside = project.0.path("it.wasm");
    fs::copy(&wasm, &outside).unwrap();
    for (reference, said) in [
        (
            "misbehave",
            "write `plugins/misbehave` for the crate of this project",
        ),
        ("bakehouse:misbehave", "ships no recipe `misbehave`"),
        (
            "oci://h.example/a:1",
            "not fetched yet; download it and name the .wasm file",
        ),
        (
            "https://h.example/a.wasm",
            "not fetched yet; download it and name the .wasm file",
        ),
        ("../../it.wasm", "is not in the app's folder"),
        (
            Path::to_str(&outside).unwrap(),
            "is not in the app's folder",
        ),
        ("", "names no recipe"),
    ] {
        let refused = check(reference).expect(3).says(said);
        let place = "apps/misbehave/app.toml:1:10: `recipe`: ";
        assert!(refused.stderr.contains(place), "{}", refused.stderr);
    }
    let _ = check("plugins/none")
        .expect(5)
        .says("there is no crate plugins/none");
}
