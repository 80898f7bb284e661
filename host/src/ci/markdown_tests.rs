use std::collections::BTreeMap;

use oci_spec::image::{Descriptor, Digest, MediaType};

use super::*;
use crate::error::ExitCode;
use crate::pipeline::build::{Done, Outcome, TargetFailure};
use crate::pipeline::report::Report;
use crate::registry::Endpoint;
use crate::target::TargetId;

fn outcome(platform: &str, result: Result<Done, TargetFailure>) -> Outcome {
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

#[test]
fn a_page_for_a_maintainer() {
    let digest: Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
    let mut report = Report::default();
    report.add(&outcome(
        "linux/amd64",
        Ok(Done {
            descriptor: Descriptor::new(MediaType::ImageManifest, 7, digest.clone()),
            reused: false,
            steps: 4,
            cached: 3,
            revision: None,
            recipe: None,
        }),
    ));
    report.add(&outcome(
        "linux/arm64",
        Err(TargetFailure {
            message: "out_line 1.0.0: it said\n```\n</details>".to_owned(),
            hint: Some("do *this*".to_owned()),
            code: ExitCode::Build,
        }),
    ));
    report.images.push(ImageReport {
        reference: "ghcr.io/n/base:0.9.0".to_owned(),
        digest: digest.to_string(),
        platforms: vec!["linux/amd64".to_owned()],
        tags: vec!["0.9.0".to_owned()],
        kept: Vec::new(),
        replaced: Vec::new(),
        revision: None,
        manifest: None,
    });
    report
        .moved
        .push(("ghcr.io/n/base:latest".to_owned(), "0.9.0".to_owned()));
    let endpoint = Endpoint::new("ghcr.io", "n").unwrap();
    let sizes = BTreeMap::from([(("base".to_owned(), digest.to_string()), 2_500_000)]);
    let page = Summary::new(&report, &endpoint, &sizes);
    let expected = "\
### 1 of 2 targets are there

| App | Version | Image | Platform | Digest | Size | Time | Cached steps |
| --- | --- | --- | --- | --- | --- | --- | --- |
| out\\_line | 1.0.0 | base | linux/amd64 | [`sha256:abababababab`](https://ghcr.io/n/base) | 2.5 MB | 1.2 s | 3 of 4 |
| out\\_line | 1.0.0 | base | linux/arm64 | **failed** | - | 1.2 s | - |

### 1 images

| Image | Index | Platforms | Tag |
| --- | --- | --- | --- |
| [`ghcr.io/n/base:0.9.0`](https://ghcr.io/n/base) | `sha256:abababababab` | linux/amd64 | set |

- `ghcr.io/n/base:latest` shows `0.9.0` now

### 1 failures

````
out_line 1.0.0: it said
```
</details>
````

Hint: do \\*this\\*

";
    assert_eq!(summary(&page), expected);
    let json = serde_json::to_value(&page).unwrap();
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
    assert_eq!(
        summary(&Summary::new(&Report::default(), &endpoint, &sizes)),
        "Everything is published, nothing was built.\n\n"
    );
}
