use super::*;

const SETTINGS: &str = "registry = \"local\"\nnamespace = \"n\"\n[ci]\nname = \"a\"\n";

fn snapshot(apps: &[(&str, &str)]) -> Snapshot {
    let apps = apps.iter().map(|(app, recipe)| {
        let text = format!("recipe = \"{recipe}\"\n[grants]\nimages = [\"{app}\"]\n");
        ((*app).to_owned(), text)
    });
    Snapshot {
        settings: SETTINGS.to_owned(),
        apps: apps.collect(),
        caller: "jobs:\n  publish:\n    uses: acme/bakehouse/x.yml@v1\n".to_owned(),
    }
}

fn four() -> Snapshot {
    snapshot(&[
        ("crate-a", "plugins/a"),
        ("crate-b", "plugins/b"),
        ("file", "recipe.wasm"),
        ("shipped", "bakehouse:binaries"),
    ])
}

fn seen(changed: &[&str], before: &Snapshot, now: &Snapshot, own: bool) -> Vec<String> {
    let changed = changed.iter().map(|path| (*path).to_owned()).collect();
    let recipes = ["a", "b", "binaries"].map(str::to_owned);
    let touched = touched(&changed, before, now, &BTreeSet::from(recipes), own);
    let line = |app: &TouchedApp| {
        let why: Vec<String> = app.why.iter().map(ToString::to_string).collect();
        format!("{} {:?}: {}", app.app, app.state, why.join("; "))
    };
    touched.iter().map(line).collect()
}

#[test]
fn each_file_touches_what_is_made_of_it() {
    let same = four();
    for (changed, expected) in [
        (
            &["apps/file/recipe.wasm"] as &[&str],
            &["file Changed: apps/file/recipe.wasm"] as &[&str],
        ),
        (
            &["apps/shipped/Dockerfile", "apps/shipped/README.md"],
            &["shipped Changed: apps/shipped/Dockerfile"],
        ),
        (
            &["plugins/a/src/lib.rs"],
            &["crate-a Changed: its recipe: plugins/a/src/lib.rs"],
        ),
        // A crate that no app here is made by.
        (&["plugins/binaries/src/lib.rs"], &[]),
        (
            &["plugins/sdk/a.rs", "Cargo.lock", ".cargo/config.toml"],
            &[
                "crate-a Changed: shared by recipes: .cargo/config.toml, Cargo.lock and 1 more",
                "crate-b Changed: shared by recipes: .cargo/config.toml, Cargo.lock and 1 more",
            ],
        ),
        (
            &["README.md", "docs/x.txt", "plugins/a/README.md", "apps/x"],
            &[],
        ),
        // Written anew, and says the same.
        (&["apps/file/app.toml", "bakehouse.toml"], &[]),
    ] {
        assert_eq!(seen(changed, &same, &same, false), expected, "{changed:?}");
    }
    // Where the program is built from the project, too.
    assert_eq!(
        seen(&["plugins/binaries/src/lib.rs"], &same, &same, true),
        ["shipped Changed: its recipe: plugins/binaries/src/lib.rs"]
    );
}

#[test]
fn what_is_said_counts_and_not_how() {
    let before = four();
    let mut now = four();
    let file = now.apps.get_mut("file").unwrap();
    *file = format!("# why\n{file}");
    assert!(seen(&["apps/file/app.toml"], &before, &now, false).is_empty());
    now.apps.insert("file".to_owned(), "recipe = ".to_owned());
    assert_eq!(
        seen(&["apps/file/app.toml"], &before, &now, false),
        ["file Changed: apps/file/app.toml"]
    );
}

#[test]
fn settings_of_all_touch_all() {
    let before = four();
    let mut now = four();
    now.settings = SETTINGS.replace("name = \"a\"", "name = \"b\"");
    assert!(seen(&["bakehouse.toml"], &before, &now, false).is_empty());
    now.settings = format!("platforms = [\"linux/amd64\"]\n{SETTINGS}[allow]\nbases = []\n");
    let touched = seen(&["bakehouse.toml"], &before, &now, false);
    assert_eq!(touched.len(), 4);
    assert_eq!(touched[2], "file Changed: bakehouse.toml: allow, platforms");
    now.settings = "registry =".to_owned();
    assert_eq!(seen(&["bakehouse.toml"], &before, &now, false).len(), 4);
}

#[test]
fn another_version_of_the_program_has_other_recipes() {
    let before = four();
    let mut now = four();
    now.caller = now.caller.replace("@v1", "@v2");
    assert_eq!(
        seen(&[".github/workflows/bakehouse.yml"], &before, &now, false),
        ["shipped Changed: another version of Bakehouse"]
    );
    now.caller = format!("name: other\n{}", before.caller);
    assert!(seen(&[], &before, &now, false).is_empty());
}

#[test]
fn apps_come_and_go() {
    let before = snapshot(&[("a", "a.wasm"), ("b", "b.wasm")]);
    let now = snapshot(&[("b", "b.wasm"), ("c", "c.wasm")]);
    assert_eq!(
        seen(
            &["apps/a/app.toml", "apps/c/app.toml"],
            &before,
            &now,
            false
        ),
        ["a Removed: ", "c New: apps/c/app.toml"]
    );
}

#[test]
fn apps_that_the_change_is_in_are_built_first() {
    let keys = || vec![Why::Settings { keys: Vec::new() }];
    let files = || vec![Why::Files { files: Vec::new() }];
    let app = |app: &str, state, why| TouchedApp {
        app: app.to_owned(),
        state,
        why,
    };
    let apps = [
        app("a", State::Changed, keys()),
        app("b", State::Removed, Vec::new()),
        app("c", State::Changed, [keys(), files()].concat()),
        app("d", State::New, Vec::new()),
    ];
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(bounded(&apps, 2), (names(&["c", "d"]), names(&["a"])));
    assert_eq!(bounded(&apps, 9), (names(&["c", "d", "a"]), names(&[])));
}

#[test]
fn a_recipe_is_told_from_a_library() {
    let manifest = |lib: &str| is_recipe(&lib.parse().unwrap());
    assert!(manifest("[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n"));
    assert!(!manifest("[lib]\npath = \"x.rs\"\n"));
    assert!(!manifest("[package]\nname = \"x\"\n"));
}
