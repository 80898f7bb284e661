//! Names of the files of real releases; each list says where it is from.

pub(in crate::new) const BIOME: &str = include_str!("testdata/biome.txt");
pub(in crate::new) const CADDY: &str = include_str!("testdata/caddy.txt");
pub(in crate::new) const HELM: &str = include_str!("testdata/helm.txt");
pub(in crate::new) const HUGO: &str = include_str!("testdata/hugo.txt");
pub(in crate::new) const JQ: &str = include_str!("testdata/jq.txt");
pub(in crate::new) const PROTOC: &str = include_str!("testdata/protoc.txt");
pub(in crate::new) const RESTIC: &str = include_str!("testdata/restic.txt");
pub(in crate::new) const RIPGREP: &str = include_str!("testdata/ripgrep.txt");
pub(in crate::new) const RUFF: &str = include_str!("testdata/ruff.txt");
pub(in crate::new) const XRAY: &str = include_str!("testdata/xray.txt");
pub(in crate::new) const YQ: &str = include_str!("testdata/yq.txt");

/// The names of a list.
pub(in crate::new) fn names(list: &str) -> Vec<&str> {
    list.lines().filter(|line| !line.starts_with('#')).collect()
}
