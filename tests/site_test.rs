//! The site of `docs/`: `scripts/site.sh` builds it, and refuses one with a fault.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::snippets::root;

/// The site of a copy of `docs/` with a change: whether it was taken, and what was
/// said.
fn site(folder: &Path, change: impl FnOnce(&Path)) -> (bool, String) {
    let docs = folder.join("docs");
    let copied = Command::new("cp")
        .arg("-R")
        .args([&root().join("docs"), &docs])
        .status();
    assert!(copied.unwrap().success());
    change(&docs);
    let output = Command::new(root().join("scripts/site.sh"))
        .args([docs, folder.join("site")])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

fn append(page: &Path, text: &str) {
    let before = fs::read_to_string(page).unwrap_or_default();
    fs::write(page, format!("{before}\n{text}\n")).unwrap();
}

#[test]
fn links_out_of_the_documentation_lead_to_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, said) = site(folder.path(), |_| {});
    assert!(whole, "{said}");
    let page = |name: &str| fs::read_to_string(folder.path().join("site").join(name)).unwrap();
    let source = "href=\"https://github.com/OWNER/REPO/blob/HEAD";
    assert!(page("ci.html").contains(&format!("{source}/action.yml\"")));
    let deeper = format!("{source}/plugins/mattermost/src/compile.rs\"");
    assert!(page("apps/cross-compiled.html").contains(&deeper));
    assert!(page("apps/dockerfile.html").contains("href=\"../writing-a-recipe.html"));
    assert!(page("index.html").contains("href=\"own-repository.html\""));
}

#[test]
fn faults_are_found() {
    let links = [
        ("status.md", "[a](nowhere.md)", "nowhere.html"),
        ("status.md", "[a](ci.md#nowhere)", "ci.html#nowhere"),
        ("apps/binaries.md", "[a](#nowhere)", "binaries.html#nowhere"),
        ("apps/binaries.md", "[a](../../wit/nowhere)", "wit/nowhere"),
        ("status.md", "![a](pictures/nowhere.png)", "nowhere.png"),
    ];
    let lost = [("lost.md", "# Lost", "names no page lost.md")];
    let absent = [("SUMMARY.md", "- [Lost](nowhere.md)", "nowhere.md")];
    for faults in [&links[..], &lost, &absent] {
        let folder = tempfile::tempdir().unwrap();
        let (whole, said) = site(folder.path(), |docs| {
            for (page, text, _) in faults {
                append(&docs.join(page), text);
            }
        });
        assert!(!whole, "{said}");
        for (page, text, fault) in faults {
            assert!(said.contains(fault), "{page}, {text}: {said}");
        }
    }
}
