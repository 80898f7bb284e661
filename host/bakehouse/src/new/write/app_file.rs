//! The text of `app.toml`.

use std::fmt::Write as _;

use toml::Value;

use crate::new::definition::Definition;

/// A line this long is broken at its list's commas.
const WIDTH: usize = 100;

/// The text of an app's `app.toml`.
pub(in crate::new) fn text(definition: &Definition) -> String {
    let mut text = format!("recipe = {}\n", Value::String(definition.recipe.clone()));
    for (table, entries) in [
        ("options", &definition.options),
        ("grants", &definition.grants),
    ] {
        if entries.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n[{table}]");
        for (name, value) in entries {
            let _ = writeln!(text, "{}", entry(name, value));
        }
    }
    text
}

fn entry(name: &str, value: &Value) -> String {
    let line = format!("{name} = {}", inline(value));
    match value {
        Value::Array(all) if line.len() > WIDTH && all.len() > 3 => {
            let lines: Vec<String> = all
                .iter()
                .map(|one| format!("    {},\n", inline(one)))
                .collect();
            format!("{name} = [\n{}]", lines.concat())
        }
        _ => line,
    }
}

/// A value in one line (TOML 1.0: strings, arrays, inline tables).
fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(name, value)| format!("{} = {}", Value::String(name.clone()), inline(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        other => other.to_string(),
    }
}
