use bakehouse_core::date::Date;

use super::*;
use crate::schema::SchemaNumber;
use crate::status::model::{Failing, Lag, PlatformStatus, TagStatus, Upstream, VersionStatus};
use crate::status::{Shields, badge, markdown, write};

/// A status of as many images, every kind of state among them, with words that
/// would be markup.
pub(super) fn example(images: usize) -> Status {
    let date = |day: &str| Date::parse(&format!("{day}T00:00:00Z")).unwrap();
    let states = [
        State::Current,
        State::Behind,
        State::Failing,
        State::Partial,
        State::Missing,
    ];
    let apps = (0..images).map(|n| {
        let state = states[n % states.len()];
        let name = format!("app{n}");
        let platforms: [bakehouse_core::platform::Platform; 2] =
            ["linux/amd64", "linux/arm64"].map(|p| p.parse().unwrap());
        let is_there = state != State::Missing;
        let is_behind = matches!(state, State::Behind | State::Failing);
        let failing = Failing {
            version: Some("1.2.0".to_owned()),
            platform: Some(platforms[1].clone()),
            since: date("2026-11-01"),
            last: date("2026-11-04"),
            times: 3,
            until: Some(date("2026-11-08")),
            message: "step 3 failed: <b>no such file</b>".to_owned(),
        };
        let image = ImageStatus {
            image: name.clone(),
            summary: "A <script>alert(1)</script> & \"server\"".to_owned(),
            repository: format!("ghcr.io/acme/{name}"),
            pull: format!("ghcr.io/acme/{name}"),
            link: Some(format!("https://ghcr.io/acme/{name}")),
            state,
            upstream: Some(Upstream {
                version: "1.2.0".to_owned(),
                released: Some(date("2026-10-30")),
            }),
            published: is_there.then(|| Shown {
                version: if is_behind { "1.1.0" } else { "1.2.0" }.to_owned(),
                released: Some(date("2026-10-01")),
                digest: Some(format!("sha256:{}", "a".repeat(64))),
                platforms: platforms
                    .iter()
                    .take(if state == State::Partial { 1 } else { 2 })
                    .map(|platform| PlatformStatus {
                        platform: platform.clone(),
                        size: Some(12_345_678),
                    })
                    .collect(),
                missing: platforms[1..]
                    .iter()
                    .filter(|_| state == State::Partial)
                    .cloned()
                    .collect(),
                tags: vec![TagStatus {
                    tag: "latest".to_owned(),
                    template: "latest".to_owned(),
                    current: Some(true),
                }],
            }),
            lag: (is_behind || !is_there).then(|| Lag {
                versions: 1,
                since: Some(date("2026-10-30")),
                days: Some(12),
            }),
            next: Vec::new(),
            failing: if state == State::Failing {
                vec![failing]
            } else {
                Vec::new()
            },
            versions: vec![VersionStatus {
                version: "1.1.0".to_owned(),
                released: None,
                prerelease: false,
                platforms: platforms.to_vec(),
                missing: Vec::new(),
            }],
        };
        AppStatus {
            app: name,
            summary: "An app".to_owned(),
            upstream: "javascript:alert(1)".to_owned(),
            license: "MIT".to_owned(),
            moving: vec!["latest".to_owned(), "{major}.{minor}".to_owned()],
            images: vec![image],
            notes: Vec::new(),
            failing: None,
        }
    });
    Status {
        schema: SchemaNumber::NOW,
        date: date("2026-11-11"),
        registry: "ghcr.io".to_owned(),
        namespace: "acme".to_owned(),
        apps: apps.collect(),
        alarms: Vec::new(),
        failures: Vec::new(),
    }
}

/// Every tag that is opened is closed, in order.
fn refuse_unbalanced(markup: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag
            .split_once('>')
            .unwrap_or_else(|| panic!("`<{tag}` has no end"));
        rest = after;
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "at {:?}", after.get(..80));
        } else if !tag.starts_with('!') && !tag.ends_with('/') {
            let name = tag.split(' ').next().unwrap_or_default();
            if !["meta", "link", "input", "br"].contains(&name) {
                open.push(name);
            }
            if ["script", "style"].contains(&name) {
                let end = rest.find("</").unwrap();
                rest = &rest[end..];
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_page_says_what_there_is_and_loads_nothing() {
    let html = page(&example(7)).to_string();
    refuse_unbalanced(&html);
    for expected in [
        "docker pull ghcr.io/acme/app0:1.2.0",
        "docker pull ghcr.io/acme/app0:latest",
        "12.3 MB",
        "1 version, 12 days",
        "linux/arm64 is missing",
        "failed 3 times since 2026-11-01, not tried until 2026-11-08",
        "MAJOR.MINOR",
        "2 of 7 images current",
    ] {
        assert!(html.contains(expected), "{expected} is not in\n{html}");
    }
    // Nobody's words are markup, and no address but that of a page is in it.
    assert!(!html.contains("<script>alert") && !html.contains("<b>no"));
    assert!(!html.contains("href=\"javascript"));
    let addresses = html.matches("https://").count() + html.matches("http://").count();
    assert_eq!(
        addresses,
        html.matches("href=\"https://ghcr.io/acme/app").count()
    );
    assert!(!html.contains("src="), "it loads something");
    // The policy names this style and this script, and no other.
    for (tag, kind) in [("<style>", "style-src"), ("<script>", "script-src")] {
        let after = html.split_once(tag).unwrap().1;
        let text = &after[..after.find("</").unwrap()];
        let named = format!("{kind} &#39;{}&#39;;", digest(text));
        assert!(html.contains(&named), "{named}");
    }
    assert!(html.contains("default-src &#39;none&#39;"));
    refuse_unbalanced(page(&example(0)).as_str());
}

#[test]
fn badges_are_what_shields_takes() {
    let status = example(5);
    let expected = [
        ("1.2.0", "brightgreen"),
        ("1.1.0, 1 behind", "orange"),
        ("1.1.0, failing", "red"),
        ("1.2.0, in part", "yellow"),
        ("not published", "lightgrey"),
    ];
    for (app, (message, color)) in status.apps.iter().zip(expected) {
        let shields = Shields::of_app(app);
        // https://shields.io/badges/endpoint-badge: these are required, and the rest is ours
        // to leave out.
        assert_eq!(
            serde_json::to_value(&shields).unwrap(),
            serde_json::json!({
                "schemaVersion": 1, "label": app.app, "message": message, "color": color,
            })
        );
        let svg = badge(&shields).to_string();
        refuse_unbalanced(&svg);
        assert!(
            svg.contains(&format!("<title>{}: {message}</title>", app.app)),
            "{svg}"
        );
        assert_eq!(
            svg.matches("http").count(),
            1,
            "the name space alone: {svg}"
        );
    }
    let all = Shields::of_all(&status);
    assert_eq!((all.message.as_str(), all.color), ("1 of 5 current", "red"));
    let one = Shields::of_all(&example(1));
    assert_eq!(
        (one.label.as_str(), one.message.as_str()),
        ("app0", "1.2.0")
    );
    let mut odd = Shields::of_all(&example(1));
    odd.message = "</text><script>".to_owned();
    refuse_unbalanced(badge(&odd).as_str());
}

#[test]
fn a_folder_has_all_of_it() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/site");
    let mut status = example(2);
    status.apps[0].images[0].image = "group/app0".to_owned();
    write(&status, &folder).unwrap();
    write(&status, &folder).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let html = read("index.html");
    // The links of a page are to what lies beside it.
    for data in ["status.json", "status.md"] {
        assert!(html.contains(&format!("href=\"{data}\"")), "{data}");
        assert!(folder.join(data).is_file(), "{data}");
        assert!(!page(&status).to_string().contains(data), "{data}");
    }
    assert_eq!(read("status.md"), markdown(&status));
    let json: serde_json::Value = serde_json::from_str(&read("status.json")).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["apps"][1]["images"][0]["state"], "behind");
    assert_eq!(json["apps"][1]["images"][0]["lag"]["days"], 12);
    for name in ["app0", "group+app0", "app1"] {
        refuse_unbalanced(&read(&format!("badges/{name}.svg")));
        let shields: serde_json::Value =
            serde_json::from_str(&read(&format!("badges/{name}.json"))).unwrap();
        assert_eq!(shields["schemaVersion"], 1, "{name}");
    }
    assert!(read("badge.svg").starts_with("<svg "));
    std::fs::write(root.path().join("file"), "").unwrap();
    assert!(write(&status, &root.path().join("file")).is_err());
}

#[test]
fn markdown_has_a_row_for_each_image() {
    let text = markdown(&example(3));
    assert!(
        text.starts_with("### 1 of 3 images current, 1 behind, 1 failing\n\n| Image | State |"),
        "{text}"
    );
    let row = "| `ghcr.io/acme/app2` | **failing** | 1.2.0 | 1.1.0 | 1 version, 12 days | linux/amd64, linux/arm64 | wait until 2026-11-08 |";
    assert!(text.contains(row), "{text}");
    assert!(
        text.contains("not tried until 2026-11-08: `step 3 failed: <b>no such file</b>`"),
        "{text}"
    );
}
