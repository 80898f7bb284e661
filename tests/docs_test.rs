//! Apps of the documentation that need no code, as the recipes see them.

use crate::support::snippets::snippets;
use crate::support::{Builder, Project};

#[test]
fn documented_apps_are_granted_what_they_ask_for_and_no_more() {
    let project = Project::new(Builder::Docker);
    let mut checked = 0;
    for snippet in snippets() {
        let Some(app) = snippet.app() else { continue };
        if !snippet.text.contains("recipe = \"bakehouse:") {
            continue;
        }
        project.write(&format!("apps/{app}/app.toml"), &snippet.text);
        let check = ["recipe", "check", app, "--offline"];
        let output = project.run(&check);
        assert_eq!(output.code, Some(0), "{}: {output:?}", snippet.place);
        assert!(
            !output.stdout.contains("unused: "),
            "{}: {}",
            snippet.place,
            output.stdout
        );
        checked += 1;
    }
    assert!(checked >= 7, "{checked}");
}
