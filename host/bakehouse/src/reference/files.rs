//! The keys of a TOML file, from its schema.

use serde_json::{Map, Value};

use super::markdown::{cell, code, head, table};
use crate::schema::of;

/// The words of each page before its first table.
const ABOUT: [(&str, &str); 2] = [
    (
        "project",
        "The settings of a project. It marks the project's root, and `bakehouse init` writes one. Why one would set what, and \
         how: [configuration](../configuration.md). Editors complete it by the schema that `bakehouse schema project` prints.",
    ),
    (
        "app",
        "One app of a project; `bakehouse new` writes it. What a recipe is, and how apps look by their kind: \
         [writing a recipe](../writing-a-recipe.md). Editors complete it by the schema that `bakehouse schema app` prints.",
    ),
];

/// The page of a file.
pub(super) fn page(document: &str, file: &str) -> String {
    let about = ABOUT.iter().find(|(name, _)| *name == document).unwrap().1;
    let mut text = head(&code(file), about);
    let schema = of(document);
    keys(&mut text, "", schema.as_object().unwrap());
    text
}

/// The keys of a table, then each of its tables.
fn keys(text: &mut String, path: &str, schema: &Map<String, Value>) {
    let required = list(schema.get("required"));
    let properties = schema.get("properties").and_then(Value::as_object);
    let (mut rows, mut tables) = (Vec::new(), Vec::new());
    for (key, value) in properties.into_iter().flatten() {
        let value = value.as_object().unwrap();
        let name = joined(path, key);
        if value.get("type") == Some(&"object".into()) {
            let anchor = format!("#{}", name.to_lowercase().replace('.', ""));
            rows.push(vec![
                format!("[`{key}`]({anchor})"),
                "table".to_owned(),
                String::new(),
                String::new(),
                said(value),
            ]);
            tables.push((name, value));
            continue;
        }
        let default = match value.get("default") {
            Some(default) => code(&toml(default)),
            None if required.contains(&key.as_str().into()) => "required".to_owned(),
            None => String::new(),
        };
        let example = value.get("examples").and_then(|all| all.get(0));
        let example = example.map(|example| code(&format!("{key} = {}", toml(example))));
        rows.push(vec![
            code(key),
            takes(value),
            default,
            example.unwrap_or_default(),
            said(value),
        ]);
    }
    text.push('\n');
    text.push_str(&table(
        &["key", "takes", "default", "example", "meaning"],
        &rows,
    ));
    for (name, value) in tables {
        text.push_str(&format!("\n## `[{name}]`\n\n{}\n", said(value)));
        below(text, &name, value);
    }
}

/// The keys of a table that is in a file.
fn below(text: &mut String, path: &str, schema: &Map<String, Value>) {
    if schema.contains_key("properties") {
        return keys(text, path, schema);
    }
    if let Some(Value::Object(any)) = schema.get("additionalProperties") {
        let name = joined(path, "NAME");
        text.push_str(&format!("\n## `[{name}]`\n\n{}\n", said(any)));
        return keys(text, &name, any);
    }
    let example = schema.get("examples").and_then(|all| all.get(0));
    for (key, value) in example.and_then(Value::as_object).into_iter().flatten() {
        let line = format!("{key:?} = {}", toml(value));
        text.push_str(&format!("\nFor example {}.\n", code(&line)));
    }
}

fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The meaning of a key; of one with choices, each of them.
fn said(schema: &Map<String, Value>) -> String {
    let described = |schema: &Map<String, Value>| {
        let text = schema.get("description").and_then(Value::as_str);
        cell(text.unwrap_or_default())
    };
    let mut text = described(schema);
    for choice in list(schema.get("oneOf")) {
        let choice = choice.as_object().unwrap();
        if let Some(name) = choice.get("const").and_then(Value::as_str) {
            text.push_str(&format!("<br>`{name}`: {}", described(choice)));
        }
    }
    text
}

/// The values that a key takes, in words.
fn takes(schema: &Map<String, Value>) -> String {
    let any = list(schema.get("anyOf"));
    let kinds = |any: &[Value]| {
        let each = any.iter().map(|one| takes(one.as_object().unwrap()));
        each.collect::<Vec<_>>().join(", or ")
    };
    if schema.get("oneOf").is_some() {
        return "one of these".to_owned();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => "text".to_owned(),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("integer") => match schema.get("minimum").and_then(Value::as_u64) {
            Some(least @ 1..) => format!("number from {least}"),
            _ => "number".to_owned(),
        },
        Some("array") => "list of texts".to_owned(),
        _ => kinds(&any),
    }
}

/// A value as TOML has it.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(toml).collect();
            format!("[{}]", all.join(", "))
        }
        other => other.to_string(),
    }
}
