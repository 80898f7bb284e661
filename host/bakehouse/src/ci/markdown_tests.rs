use bakehouse_core::target::TargetId;
use bakehouse_registry::Endpoint;
use oci_spec::image::{Descriptor, Digest, MediaType};

use super::*;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::alarm::{Alarm, AlarmKind};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::image_key::ImageKey;
use crate::pipeline::outcome::{Done, Outcome};

fn outcome(platform: &str, result: Result<Done, FailureRecord>) -> Outcome {
    Outcome {
        target: TargetId {
            app: "out_line".to_owned(),
            version: "1.0.0".to_owned(),
            image: "base".to_owned(),
            platform: platform.parse().unwrap(),
        },
        result,
        elapsed: std::time::Duration::from_millis(1234),
    }
}

fn failure(message: &str, hint: &str) -> FailureRecord {
    let failure = Failure::new(ExitCode::Build, message).hint(hint);
    FailureRecord::new(&failure.into()).of_app("out_line")
}

fn destination() -> Destination {
    Destination {
        registry: "ghcr.io".to_owned(),
        namespace: "n".to_owned(),
        ..Destination::default()
    }
}

#[test]
fn a_page_for_a_maintainer() {
    let digest: Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
    let endpoint = Endpoint::new("ghcr.io", "n").unwrap();
    let mut report = Report {
        ending: Ending::Failed,
        destination: destination(),
        alarms: vec![Alarm {
            kind: AlarmKind::Fewer,
            app: "out_line".to_owned(),
            image: None,
            message: "out_line: upstream lists 2 versions".to_owned(),
            hint: "see its tags".to_owned(),
        }],
        notes: vec!["it is *old*".to_owned()],
        ..Report::default()
    };
    let built = outcome(
        "linux/amd64",
        Ok(Done {
            descriptor: Descriptor::new(MediaType::ImageManifest, 7, digest.clone()),
            reused: false,
            steps: 4,
            cached: 3,
            size: Some(2_500_000),
            pushed: None,
            revision: None,
            recipe: None,
            warnings: vec!["it *lacks* a|b".to_owned()],
            unchecked: false,
        }),
    );
    report.add(&endpoint, &built, built.elapsed, None);
    report.targets[0].size = Some(2_500_000);
    let failed = outcome(
        "linux/arm64",
        Err(failure(
            "out_line 1.0.0: it said\n```\n</details>",
            "do *this*",
        )),
    );
    report.unbuilt = vec![failed.target.clone(), built.target.clone()];
    report.add(
        &endpoint,
        &failed,
        failed.elapsed,
        Some("runs/1/a.log".to_owned()),
    );
    report.unpublished = vec!["ghcr.io/n/base:1.0.0".to_owned()];
    report.next = Some("bakehouse run".to_owned());
    report.images.push(ImageReport {
        reference: "ghcr.io/n/base:0.9.0".to_owned(),
        digest: digest.to_string(),
        platforms: vec!["linux/amd64".to_owned()],
        tags: vec!["0.9.0".to_owned()],
        kept: Vec::new(),
        replaced: Vec::new(),
        revision: None,
        key: ImageKey {
            image: "base".to_owned(),
            version: "0.9.0".to_owned(),
        },
    });
    report
        .moved
        .push(("ghcr.io/n/base:latest".to_owned(), "0.9.0".to_owned()));
    let expected = "\
### 1 of 2 targets are pushed

| App | Version | Image | Platform | Digest | Size | Time | Cached steps |
| --- | --- | --- | --- | --- | --- | --- | --- |
| `out_line` | 1.0.0 | base | linux/amd64 | [`sha256:abababababab`](https://ghcr.io/n/base) | 2.5 MB | 1.2 s | 3 of 4 |
| `out_line` | 1.0.0 | base | linux/arm64 | **failed** | - | 1.2 s | - |

### 1 image

| Image | Index | Platforms | Tag |
| --- | --- | --- | --- |
| [`ghcr.io/n/base:0.9.0`](https://ghcr.io/n/base) | `sha256:abababababab` | linux/amd64 | set |

- `ghcr.io/n/base:latest` shows `0.9.0` now

- `out_line 1.0.0 base linux/amd64`: `it *lacks* a\\|b`

### 1 failure

````
out_line 1.0.0: it said
  ```
  </details>
log: runs/1/a.log
hint: do *this*
````

### 1 alarm

```
out_line: upstream lists 2 versions
hint: see its tags
```

### 1 target is not built

- `out_line 1.0.0 base linux/amd64`

### 1 image is not published

- `ghcr.io/n/base:1.0.0`

To go on: `bakehouse run`

- `it is *old*`

Destination: `ghcr.io/n (registry: , namespace: ),  (), newest 0 versions ()`

";
    assert_eq!(super::report(&report), expected);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["schema"], 1);
    let row = &json["targets"][0];
    for (key, value) in [
        ("app", "out_line"),
        ("image", "base"),
        ("platform", "linux/amd64"),
    ] {
        assert_eq!(row[key], value);
    }
    assert_eq!(
        (&row["size"], &row["cached"]),
        (&2_500_000.into(), &3.into())
    );
    assert_eq!(json["failures"][0]["app"], "out_line");
    assert_eq!(json["failures"][0]["log"], "runs/1/a.log");
    let done = Report {
        ending: Ending::Done,
        ..Report::default()
    };
    assert_eq!(
        super::report(&done),
        "Everything is published, nothing was built.\n\n",
        "where it would have gone is not known"
    );
}

/// Names with which a plan or a report may come from elsewhere.
const HOSTILE: &[&str] = &[
    "a|b",
    "`x` | y",
    "``",
    " ",
    "",
    "<img src=https://evil.example>",
    "![x](https://evil.example)",
    "[x](https://evil.example)",
    "https://evil.example",
    "www.evil.example",
    "@everyone",
    "#1",
    "a\n\n# b\n",
    "::error::x",
    "\u{202e}\u{1b}[31m\u{200b}",
    "\\",
    "\\|",
    "a_b *c* ~~d~~ &lt; :smile:",
];

#[test]
fn a_hostile_name_is_code_in_its_cell() {
    for words in HOSTILE {
        let mut page = String::new();
        let cells = vec![text(words), code(words), "end".to_owned()];
        table(&mut page, &["a", "b", "c"], std::iter::once(cells));
        let row = page.lines().nth(2).unwrap();
        assert_eq!(page.lines().count(), 4, "{page}");
        // A cell ends at a bar without a backslash.
        let bars = row
            .char_indices()
            .filter(|(at, c)| *c == '|' && !row[..*at].ends_with('\\'));
        assert_eq!(bars.count(), 4, "{row}");
        for cell in row.trim_matches('|').replace("\\|", "").split('|').take(2) {
            let cell = cell.trim();
            let fence = cell.len() - cell.trim_start_matches('`').len();
            assert!(fence > 0 && cell.ends_with(&"`".repeat(fence)), "{cell}");
            let inside = &cell[fence..cell.len() - fence];
            assert!(!inside.contains(&"`".repeat(fence)) || fence > 1, "{cell}");
            assert!(!row.contains(['\u{202e}', '\u{1b}', '\u{200b}']), "{row:?}");
        }
    }
    assert_eq!(
        text("linux/arm64") + &text("1.0.0-rc.1"),
        "linux/arm641.0.0-rc.1"
    );
}

#[test]
fn a_hostile_message_stays_in_its_block() {
    for words in HOSTILE {
        let mut report = Report {
            destination: destination(),
            ..Report::default()
        };
        let failure = failure(
            &format!("{words}\n```\n~~~\n{words}"),
            &format!("````\n{words}"),
        );
        let endpoint = Endpoint::new("ghcr.io", "n").unwrap();
        let failed = outcome("linux/amd64", Err(failure));
        report.add(&endpoint, &failed, failed.elapsed, None);
        let page = super::report(&report);
        let (page, _) = page.rsplit_once("Destination: ").unwrap();
        let (_, block) = page.split_once("### 1 failure\n\n").unwrap();
        let inside = block
            .strip_prefix("`````\n")
            .unwrap()
            .strip_suffix("\n`````\n\n")
            .unwrap();
        assert!(!inside.contains("`````"), "{page}");
    }
}
