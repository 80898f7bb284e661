//! Everything that the program writes as JSON, against its schema: after each command
//! that a test runs, whatever the test looks at.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use std::time::SystemTime;

use bakehouse::schema::Document;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Output;

/// Fails unless this is such a document, with nothing in it that its schema does not
/// know.
#[track_caller]
pub fn check(document: &str, value: &Value) {
    static KNOWN: LazyLock<Mutex<HashMap<String, Validator>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    let validator = known.entry(document.to_owned()).or_insert_with(|| {
        let text = Document::named(document).unwrap().schema();
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        close(&mut schema, true);
        jsonschema::draft202012::new(&schema).unwrap()
    });
    let faults = validator.iter_errors(value);
    let faults = faults.map(|fault| format!("{}: {fault}", fault.instance_path()));
    let faults: Vec<String> = faults.collect();
    let faults = faults.join("\n");
    drop(known);
    assert!(faults.is_empty(), "no {document}:\n{faults}\n{value:#}");
}

/// Documents grow by fields, so their schemas allow others. What this program writes
/// has none: `whole` is true of a schema that tells all of a value.
fn close(schema: &mut Value, whole: bool) {
    let Value::Object(schema) = schema else {
        return;
    };
    let tells = schema.contains_key("properties");
    if whole && tells && !schema.contains_key("additionalProperties") {
        schema.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
    for (key, below) in schema {
        match (key.as_str(), below) {
            ("properties" | "patternProperties" | "$defs", Value::Object(all)) => {
                all.values_mut().for_each(|schema| close(schema, true));
            }
            ("items" | "additionalProperties", below) => close(below, true),
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(all)) => {
                all.iter_mut()
                    .for_each(|schema| close(schema, whole && !tells));
            }
            _ => {}
        }
    }
}

/// A command line, as far as it says what is written where.
struct Said {
    words: Vec<String>,
    folder: PathBuf,
    begun: SystemTime,
}

/// A command that is going to be run.
pub struct Watched(Option<Said>);

impl Watched {
    pub fn new(command: &Command) -> Self {
        let words = command.get_args();
        let words: Vec<String> = words.map(|word| word.to_string_lossy().into()).collect();
        let program = Path::new(command.get_program()).file_name();
        let ours = program.is_some_and(|name| name == "bakehouse");
        let here = command.get_current_dir().unwrap_or(Path::new("."));
        Self(ours.then(|| Said {
            folder: match value(&words, "--root") {
                Some(root) => here.join(root),
                None => here.to_owned(),
            },
            words,
            begun: SystemTime::now(),
        }))
    }

    /// Fails unless all that it wrote fits.
    #[track_caller]
    pub fn check(self, output: &Output) {
        let Some(said) = self.0.filter(|_| output.code.is_some()) else {
            return;
        };
        if said.is("--format", "json")
            && !output.stdout.is_empty()
            && let Ok(value) = serde_json::from_str(&output.stdout)
        {
            check(said.document(), &value);
        }
        if said.is("--progress", "json") {
            for line in output.stderr.lines() {
                check("event", &serde_json::from_str(line).unwrap());
            }
        }
        said.files();
    }
}

impl Said {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    fn is(&self, flag: &str, wanted: &str) -> bool {
        value(&self.words, flag).is_some_and(|value| value == wanted)
    }

    /// The document that the command prints as JSON.
    #[track_caller]
    fn document(&self) -> &'static str {
        match () {
            () if self.has("review") => "review",
            () if self.has("plan") || self.has("--dry-run") => "plan",
            () if self.has("recipe") && self.has("check") => "recipe-check",
            () if self.has("recipe") && self.has("show") => "recipe-show",
            () if self.has("run") || self.has("report") => "report",
            () => ["runs", "status", "inspect", "doctor"]
                .into_iter()
                .find(|word| self.has(word))
                .unwrap_or_else(|| panic!("no document is known of {:?}", self.words)),
        }
    }

    /// Files that the command wrote.
    #[track_caller]
    fn files(&self) {
        for run in below(&self.folder.join(".bakehouse/runs"), 1) {
            if run.ends_with("report.json") && self.wrote(&run) {
                check("report", &read(&run));
            } else if run.ends_with("timeline.jsonl") && self.wrote(&run) {
                for line in fs::read_to_string(&run).unwrap().lines() {
                    // A disk may have had no room for all of it.
                    if let Ok(event) = serde_json::from_str(line) {
                        check("event", &event);
                    }
                }
            }
        }
        for path in below(&self.folder.join("digests"), 5) {
            if path.extension().is_some_and(|end| end == "json") && self.wrote(&path) {
                let value = read(&path);
                let failed = value.get("failure").is_some();
                check(if failed { "failure" } else { "digest" }, &value);
            }
        }
        for (flag, document) in [("--summary", self.summary()), ("--save", self.saved())] {
            let named = value(&self.words, flag).filter(|path| path.ends_with(".json"));
            let path = named.map(|path| self.folder.join(path));
            if let Some(path) = path.filter(|path| path.is_file() && self.wrote(path)) {
                check(document, &read(&path));
            }
        }
    }

    /// The document that `--summary` writes.
    fn summary(&self) -> &'static str {
        match () {
            () if self.has("review") => "review",
            () if self.has("plan") && !self.has("build") && !self.has("merge") => "plan",
            () if self.has("--dry-run") => "plan",
            () => "report",
        }
    }

    /// The document that `--save` writes.
    fn saved(&self) -> &'static str {
        match () {
            () if self.has("review") && self.has("build") => "review-build",
            () if self.has("review") => "review-plan",
            () => "saved-plan",
        }
    }

    fn wrote(&self, path: &Path) -> bool {
        let changed = path.metadata().and_then(|meta| meta.modified());
        changed.is_ok_and(|changed| changed >= self.begun)
    }
}

/// The value of a flag.
fn value<'a>(words: &'a [String], flag: &str) -> Option<&'a str> {
    let mut words = words.iter().take_while(|word| *word != "--");
    words.find(|word| *word == flag)?;
    words.next().map(String::as_str)
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files so many folders below this one, and above.
fn below(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if depth > 0 => found.extend(below(&path, depth - 1)),
            true => {}
            false => found.push(path),
        }
    }
    found
}

#[test]
fn a_field_that_no_schema_knows_is_found() {
    let mut schema = json!({
        "properties": { "a": { "type": "object", "properties": { "b": true } } },
        "oneOf": [
            { "properties": { "c": true }, "required": ["c"] },
            { "properties": { "d": true }, "required": ["d"] },
        ],
    });
    close(&mut schema, true);
    let fits = |value: Value| jsonschema::is_valid(&schema, &value);
    assert!(fits(json!({ "a": { "b": 1 }, "c": 1 })));
    assert!(!fits(json!({ "a": { "x": 1 }, "c": 1 })));
    assert!(!fits(json!({ "c": 1, "x": 1 })));
}
