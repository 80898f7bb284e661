//! The images that other tests start from.
//!
//! To make them takes a minute or more on a new machine: `scripts/test.sh` runs these
//! tests before all others, whose time is then their own.

use serde_json::Value;

use crate::support::{PLATFORMS, all_bases, crane, golang_image, stand_in};

/// Each is an index of an image for each platform, whose layers are there.
fn has_both_platforms(references: &[String]) {
    assert!(!references.is_empty());
    for reference in references {
        for platform in PLATFORMS {
            let config = crane(&["config", "--platform", platform, reference]);
            let config: Value = serde_json::from_str(&config).unwrap();
            let of = format!("{}/{}", config["os"], config["architecture"]).replace('"', "");
            assert_eq!(&of, platform, "{reference}");
            crane(&["validate", "--fast", "--remote", reference]);
        }
    }
}

#[test]
fn bases_of_upstreams() {
    has_both_platforms(&all_bases());
}

#[test]
fn node_with_compilers() {
    has_both_platforms(&stand_in());
}

#[test]
fn go_toolchain() {
    has_both_platforms(&[golang_image().to_owned()]);
}
