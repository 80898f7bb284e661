//! Environment variables, from the command line and from where they are read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Command;

use super::commands::line;
use super::markdown::{cell, code, head, table};
use crate::environment::{OTHERS, SHORT};

const ABOUT: &str = "A variable that is set to nothing counts as not set. A flag wins over its variable. The short names, as CI asks \
for them, count where the long ones are not set; a command says which one decided. Where a flag is a switch, or takes `true` or `false`, \
`1`, `yes` and `on` are true, too, and `0`, `no` and `off` false.";

/// The flags that a variable stands for.
fn flags(command: &Command, found: &mut BTreeMap<String, Vec<String>>) {
    for arg in command.get_arguments() {
        let Some(name) = arg.get_env() else { continue };
        let flag = match arg.get_long() {
            Some(long) => format!("--{long}"),
            None => format!("{} as arguments", arg.get_id().as_str()),
        };
        let flags = found
            .entry(name.to_string_lossy().into_owned())
            .or_default();
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    for below in command.get_subcommands() {
        flags(below, found);
    }
}

/// Variables that say nothing of what is done.
const UNSAID: [&str; 2] = ["PATH", "HOME"];

#[test]
fn every_variable_that_is_read_is_told() {
    let page = page();
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders = vec![host.to_owned()];
    let mut read = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("build.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                for call in ["env::var(\"", "env::var_os(\"", "from_env(\"", "read(\""] {
                    let names = text
                        .split(call)
                        .skip(1)
                        .filter_map(|rest| rest.split('"').next());
                    let is_name = |name: &&str| {
                        name.len() > 1 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
                    };
                    read.extend(names.filter(is_name).map(str::to_owned));
                }
            }
        }
    }
    assert!(read.len() > 10, "{read:?}");
    let told =
        |name: &String| page.contains(&format!("`{name}`")) || UNSAID.contains(&name.as_str());
    let untold: Vec<_> = read.iter().filter(|name| !told(name)).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

/// The page.
pub(super) fn page() -> String {
    let mut found = BTreeMap::new();
    flags(&line(), &mut found);
    let rows = found.iter().map(|(name, flags)| {
        let short = SHORT.iter().find(|(long, _)| long == name);
        let short = short.map(|(_, short)| code(short));
        let flags: Vec<_> = flags.iter().map(|flag| code(flag)).collect();
        vec![code(name), short.unwrap_or_default(), flags.join(", ")]
    });
    let rows: Vec<_> = rows.collect();
    let flags = table(&["variable", "short name", "stands for"], &rows);
    let rows = OTHERS.iter().map(|(names, meaning)| {
        let names: Vec<_> = names.iter().map(|name| code(name)).collect();
        vec![names.join(", "), cell(meaning)]
    });
    let others = table(&["variable", "meaning"], &rows.collect::<Vec<_>>());
    head("Environment variables", ABOUT)
        + "\n## In place of flags\n\n"
        + &flags
        + "\n## Others\n\n"
        + &others
}
