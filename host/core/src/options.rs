//! Options of recipes: what a recipe declares, what an app.toml says, and what
//! comes of both.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use toml::Value as Toml;
use toml::de::DeTable;

use crate::nearest::nearest;

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OptionValue {
    /// A text.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Several texts.
    Texts(Vec<String>),
    /// A table.
    Table(Json),
    /// Something that no option is; its kind.
    Other(&'static str),
}

/// The type of an option's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OptionKind {
    /// A text.
    Text,
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// Several texts.
    Texts,
    /// A table.
    Table,
}

/// An option that a recipe has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OptionDeclaration {
    /// Its key under `[options]`.
    pub name: String,
    /// The type of its value.
    pub kind: OptionKind,
    /// The texts that can be chosen; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The value that it has where app.toml does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<OptionValue>,
    /// App.toml must say it.
    pub required: bool,
    /// The purpose, one line.
    pub why: String,
}

/// The `[options]` table of an app.toml.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    values: BTreeMap<String, OptionValue>,
    file: String,
    lines: BTreeMap<String, usize>,
}

/// The options as a recipe is told them: every one that it declares, set or not.
pub type Settled = BTreeMap<String, Option<OptionValue>>;

/// The reasons why an app.toml does not fit its recipe's options.
#[derive(Debug, thiserror::Error)]
pub enum OptionError {
    /// The recipe has no such option.
    #[error(
        "{place}: recipe {app} has no option `{}`{}; {has}", name.escape_debug(),
        like.as_ref().map_or_else(String::new, |like| format!(" (did you mean `{like}`?)"))
    )]
    Unknown {
        /// `FILE:LINE`.
        place: String,
        /// The app.
        app: String,
        /// The key.
        name: String,
        /// An option of the recipe that is written much the same.
        like: Option<String>,
        /// The options that there are.
        has: String,
    },
    /// It is set to something else than it can be.
    #[error("{place}: option `{name}` is {is}; recipe {app} takes {takes}")]
    Value {
        /// `FILE:LINE`.
        place: String,
        /// The app.
        app: String,
        /// The key.
        name: String,
        /// The value that it is set to, for people.
        is: String,
        /// The values that it can be set to, for people.
        takes: String,
    },
    /// It is not set, and must be.
    #[error("{file}: recipe {app} needs the option `{name}` under [options]: {takes}, {why}")]
    Missing {
        /// The file.
        file: String,
        /// The app.
        app: String,
        /// The key.
        name: String,
        /// The values that it can be set to, for people.
        takes: String,
        /// The option's purpose, as the recipe declares it.
        why: String,
    },
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        let values = table.into_iter().map(|(name, value)| (name, value.into()));
        Ok(Self {
            values: values.collect(),
            ..Self::default()
        })
    }
}

impl Options {
    /// Looks up where each is written in the file that they are from.
    pub fn place(&mut self, file: &str, text: &str) {
        file.clone_into(&mut self.file);
        let Ok(document) = DeTable::parse(text) else {
            return;
        };
        let line = |at: usize| 1 + text.get(..at).unwrap_or_default().matches('\n').count();
        let table = document.get_ref().get("options");
        let keys = table.and_then(|table| table.get_ref().as_table());
        for (key, _) in keys.into_iter().flatten() {
            let name = key.get_ref().clone().into_owned();
            self.lines.insert(name, line(key.span().start));
        }
    }

    /// The values that are set, by name.
    #[must_use]
    pub const fn values(&self) -> &BTreeMap<String, OptionValue> {
        &self.values
    }

    /// The values that a recipe is told that declares these options; one that
    /// declares none, since its contract has no such thing, takes any text.
    ///
    /// # Errors
    /// [`OptionError`], naming file and line.
    pub fn settle(
        &self,
        app: &str,
        declared: Option<&[OptionDeclaration]>,
    ) -> Result<Settled, OptionError> {
        let Some(declared) = declared else {
            return self.texts(app);
        };
        for (name, value) in &self.values {
            let Some(option) = declared.iter().find(|option| option.name == *name) else {
                return Err(self.unknown(app, name, declared));
            };
            if let Some(is) = option.unfit(value) {
                return Err(self.value(app, name, is, option.takes()));
            }
        }
        let settled = declared.iter().map(|option| {
            let value = self.values.get(&option.name).or(option.default.as_ref());
            if value.is_none() && option.required {
                return Err(OptionError::Missing {
                    file: self.file.clone(),
                    app: app.to_owned(),
                    name: option.name.clone(),
                    takes: option.takes(),
                    why: option.why.clone(),
                });
            }
            Ok((option.name.clone(), value.cloned()))
        });
        settled.collect()
    }

    fn texts(&self, app: &str) -> Result<Settled, OptionError> {
        let each = self.values.iter().map(|(name, value)| match value {
            OptionValue::Text(_) => Ok((name.clone(), Some(value.clone()))),
            other => Err(self.value(app, name, other.to_string(), "a text".to_owned())),
        });
        each.collect()
    }

    fn unknown(&self, app: &str, name: &str, declared: &[OptionDeclaration]) -> OptionError {
        let near = nearest(name, declared.iter().map(|option| option.name.as_str()));
        let has: Vec<_> = declared
            .iter()
            .map(|option| format!("`{}` ({})", option.name, option.takes()))
            .collect();
        OptionError::Unknown {
            place: self.place_of(name),
            app: app.to_owned(),
            name: name.to_owned(),
            like: near.map(str::to_owned),
            has: match has.is_empty() {
                true => "it has none".to_owned(),
                false => format!("it has {}", has.join(", ")),
            },
        }
    }

    fn value(&self, app: &str, name: &str, is: String, takes: String) -> OptionError {
        OptionError::Value {
            place: self.place_of(name),
            app: app.to_owned(),
            name: name.to_owned(),
            is,
            takes,
        }
    }

    fn place_of(&self, name: &str) -> String {
        match self.lines.get(name) {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}

impl OptionDeclaration {
    /// The values that it can be set to, for people.
    #[must_use]
    pub fn takes(&self) -> String {
        let choices: Vec<_> = self
            .choices
            .iter()
            .map(|text| format!("`{text}`"))
            .collect();
        let choices = match choices.split_last() {
            None => return self.kind.to_string(),
            Some((only, [])) => only.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        };
        match self.kind {
            OptionKind::Texts => format!("a list of {choices}"),
            _ => choices,
        }
    }

    /// The value in words, where the option cannot be set to it.
    fn unfit(&self, value: &OptionValue) -> Option<String> {
        let chosen = |text: &&String| !self.choices.is_empty() && !self.choices.contains(text);
        let other = match (self.kind, value) {
            (OptionKind::Text, OptionValue::Text(text)) => Some(text).filter(chosen),
            (OptionKind::Texts, OptionValue::Texts(texts)) => texts.iter().find(chosen),
            (OptionKind::Boolean, OptionValue::Boolean(_))
            | (OptionKind::Integer, OptionValue::Integer(_))
            | (OptionKind::Table, OptionValue::Table(_)) => None,
            (_, other) => return Some(other.to_string()),
        };
        other.map(|text| format!("`{}`", shown(text)))
    }

    /// The reason why it cannot be declared so; none where it can.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if self.name.is_empty() || self.name.len() > 100 || !self.name.bytes().all(fits) {
            return Some("is no name of an option: letters, digits, `-`, `_` and `.`".to_owned());
        }
        let texts = matches!(self.kind, OptionKind::Text | OptionKind::Texts);
        if !self.choices.is_empty() && !texts {
            return Some(format!("is {}, and has choices", self.kind));
        }
        let default = self.default.as_ref()?;
        if self.required {
            return Some("is required, and has a default".to_owned());
        }
        let is = self.unfit(default)?;
        Some(format!("takes {}, and its default is {is}", self.takes()))
    }
}

impl fmt::Display for OptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text",
            Self::Boolean => "`true` or `false`",
            Self::Integer => "a whole number",
            Self::Texts => "a list of texts",
            Self::Table => "a table",
        })
    }
}

impl OptionValue {
    /// As it may be written in app.toml; in full.
    #[must_use]
    pub fn written(&self) -> String {
        serde_json::to_value(self).map_or_else(|_| String::new(), |value| inline(&value))
    }
}

/// A value in one line of TOML 1.0, whose strings are written as JSON's are.
fn inline(value: &Json) -> String {
    match value {
        Json::Object(table) => {
            let pairs = table.iter();
            let pairs = pairs.map(|(key, value)| {
                let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
                let key = match !key.is_empty() && key.bytes().all(bare) {
                    true => key.clone(),
                    false => Json::from(key.as_str()).to_string(),
                };
                format!("{key} = {}", inline(value))
            });
            match pairs.collect::<Vec<_>>().join(", ") {
                pairs if pairs.is_empty() => "{}".to_owned(),
                pairs => format!("{{ {pairs} }}"),
            }
        }
        Json::Array(all) => {
            let all: Vec<String> = all.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        other => other.to_string(),
    }
}

/// The kind of the value and the value, shortened; of a list the kind alone.
impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "the text `{}`", shown(text)),
            Self::Boolean(value) => write!(f, "`{value}`"),
            Self::Integer(number) => write!(f, "the number {number}"),
            Self::Texts(_) => f.write_str("a list of texts"),
            Self::Table(_) => f.write_str("a table"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// The beginning of a text that may be anything.
fn shown(text: &str) -> String {
    text.chars()
        .take(100)
        .flat_map(char::escape_debug)
        .collect()
}

impl From<Toml> for OptionValue {
    fn from(value: Toml) -> Self {
        match value {
            Toml::String(text) => Self::Text(text),
            Toml::Boolean(value) => Self::Boolean(value),
            Toml::Integer(number) => Self::Integer(number),
            Toml::Float(_) => Self::Other("a number with a fraction"),
            Toml::Datetime(_) => Self::Other("a date"),
            Toml::Array(items) => {
                let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
                match texts.collect() {
                    Some(texts) => Self::Texts(texts),
                    None => Self::Other("a list of other things than texts"),
                }
            }
            Toml::Table(table) => match json(Toml::Table(table)) {
                Some(table) => Self::Table(table),
                None => Self::Other("a table with a date or an endless number in it"),
            },
        }
    }
}

/// As JSON, which has no dates, and no numbers that are none.
fn json(value: Toml) -> Option<Json> {
    Some(match value {
        Toml::String(text) => Json::String(text),
        Toml::Boolean(value) => Json::Bool(value),
        Toml::Integer(number) => number.into(),
        Toml::Float(number) => Json::Number(serde_json::Number::from_f64(number)?),
        Toml::Datetime(_) => return None,
        Toml::Array(items) => Json::Array(items.into_iter().map(json).collect::<Option<_>>()?),
        Toml::Table(table) => {
            let each = table
                .into_iter()
                .map(|(key, value)| Some((key, json(value)?)));
            Json::Object(each.collect::<Option<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_as_app_toml_has_it() {
        let written = |text: &str| {
            let json: Json = serde_json::from_str(text).unwrap();
            OptionValue::Table(json).written()
        };
        for (json, toml) in [
            ("{}", "{}"),
            (
                r#"{"linux/amd64": "npm:a", "linux-x": ["b", "c"]}"#,
                r#"{ "linux/amd64" = "npm:a", linux-x = ["b", "c"] }"#,
            ),
            (
                r#"{"a": {"": 1, "b.c": false}}"#,
                r#"{ a = { "" = 1, "b.c" = false } }"#,
            ),
        ] {
            let shown = written(json);
            // An object of serde_json may be sorted by key.
            let parsed: toml::Table = format!("x = {shown}").parse().unwrap();
            assert_eq!(parsed, format!("x = {toml}").parse().unwrap(), "{shown}");
            assert_eq!(shown.len(), toml.len());
        }
        assert_eq!(OptionValue::Text("a\"b".to_owned()).written(), r#""a\"b""#);
        assert_eq!(
            OptionValue::Texts(vec!["a".to_owned()]).written(),
            r#"["a"]"#
        );
    }

    fn option(name: &str, kind: OptionKind) -> OptionDeclaration {
        OptionDeclaration {
            name: name.to_owned(),
            kind,
            choices: Vec::new(),
            default: None,
            required: false,
            why: "for a test".to_owned(),
        }
    }

    fn edition() -> OptionDeclaration {
        OptionDeclaration {
            choices: vec!["team".to_owned(), "enterprise".to_owned()],
            default: Some(OptionValue::Text("team".to_owned())),
            ..option("edition", OptionKind::Text)
        }
    }

    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        options: Options,
    }

    fn options(lines: &str) -> Options {
        let text = format!("recipe = \"a\"\n[options]\n{lines}");
        let mut file: File = toml::from_str(&text).unwrap();
        file.options.place("apps/a/app.toml", &text);
        file.options
    }

    fn all() -> Vec<OptionDeclaration> {
        vec![
            edition(),
            option("flag", OptionKind::Boolean),
            option("count", OptionKind::Integer),
            OptionDeclaration {
                choices: vec!["a".to_owned()],
                ..option("list", OptionKind::Texts)
            },
            option("table", OptionKind::Table),
            option("free", OptionKind::Text),
        ]
    }

    #[test]
    fn values_and_defaults_arrive() {
        let given = options(
            "flag = true\ncount = -3\nlist = [\"a\", \"a\"]\nfree = \"x\"\n\
             table.a = { b = [1, 2.5, true, \"c\"] }\n",
        );
        let settled = given.settle("a", Some(&all())).unwrap();
        let told = |name: &str| settled.get(name).cloned().unwrap();
        assert_eq!(told("edition"), Some(OptionValue::Text("team".to_owned())));
        assert_eq!(told("flag"), Some(OptionValue::Boolean(true)));
        assert_eq!(told("count"), Some(OptionValue::Integer(-3)));
        let texts = vec!["a".to_owned(), "a".to_owned()];
        assert_eq!(told("list"), Some(OptionValue::Texts(texts)));
        let table = serde_json::json!({ "a": { "b": [1, 2.5, true, "c"] } });
        assert_eq!(told("table"), Some(OptionValue::Table(table)));
        let unset = Options::default().settle("a", Some(&all())).unwrap();
        assert_eq!(unset.get("flag"), Some(&None), "declared, and not set");
        assert_eq!(unset.len(), 6);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_line() {
        let told = |lines: &str| {
            let error = options(lines).settle("a", Some(&all())).unwrap_err();
            error.to_string()
        };
        assert_eq!(
            told("free = \"x\"\neditoin = \"team\"\n"),
            "apps/a/app.toml:4: recipe a has no option `editoin` (did you mean `edition`?); it has \
             `edition` (`team` or `enterprise`), `flag` (`true` or `false`), `count` (a whole number), \
             `list` (a list of `a`), `table` (a table), `free` (a text)"
        );
        assert!(told("colour = 1\n").contains("has no option `colour`; it has"));
        for (line, says) in [
            (
                "edition = \"pro\"",
                "option `edition` is `pro`; recipe a takes `team` or `enterprise`",
            ),
            (
                "edition = true",
                "option `edition` is `true`; recipe a takes `team`",
            ),
            (
                "flag = \"true\"",
                "option `flag` is the text `true`; recipe a takes `true` or `false`",
            ),
            ("flag = 1", "`flag` is the number 1"),
            ("count = 1.5", "`count` is a number with a fraction"),
            ("count = \"1\"", "takes a whole number"),
            (
                "list = [\"a\", \"b\"]",
                "`list` is `b`; recipe a takes a list of `a`",
            ),
            ("list = \"a\"", "`list` is the text `a`"),
            ("list = [1]", "`list` is a list of other things than texts"),
            ("table = []", "`table` is a list of texts"),
            ("table = { at = 2025-01-01 }", "is a table with a date"),
            ("free = 2025-01-01", "`free` is a date"),
            ("free = {}", "`free` is a table"),
            ("free.x = 1", "`free` is a table"),
        ] {
            let said = told(&format!("{line}\n"));
            assert!(said.starts_with("apps/a/app.toml:3: "), "{said}");
            assert!(said.contains(says), "{said}, not {says}");
        }
        let required = OptionDeclaration {
            required: true,
            ..option("must", OptionKind::Text)
        };
        let error = options("").settle("a", Some(&[required])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "apps/a/app.toml: recipe a needs the option `must` under [options]: a text, for a test"
        );
        let error = options("x = 1").settle("a", Some(&[])).unwrap_err();
        assert!(error.to_string().ends_with("it has none"), "{error}");
    }

    #[test]
    fn without_declarations_there_are_texts_alone() {
        let settled = options("x = \"y\"").settle("a", None).unwrap();
        assert_eq!(settled["x"], Some(OptionValue::Text("y".to_owned())));
        let error = options("x = 1").settle("a", None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "apps/a/app.toml:3: option `x` is the number 1; recipe a takes a text"
        );
    }

    #[test]
    fn declarations_that_cannot_be_meant_are_named() {
        for fine in all() {
            assert_eq!(fine.fault(), None, "{fine:?}");
        }
        let faults = [
            (option("", OptionKind::Text), "is no name"),
            (option("a b", OptionKind::Text), "is no name"),
            (option(&"x".repeat(101), OptionKind::Text), "is no name"),
            (
                OptionDeclaration {
                    kind: OptionKind::Integer,
                    ..edition()
                },
                "has choices",
            ),
            (
                OptionDeclaration {
                    required: true,
                    ..edition()
                },
                "is required, and has a default",
            ),
            (
                OptionDeclaration {
                    default: Some(OptionValue::Text("pro".to_owned())),
                    ..edition()
                },
                "its default is `pro`",
            ),
            (
                OptionDeclaration {
                    default: Some(OptionValue::Integer(1)),
                    ..option("a", OptionKind::Boolean)
                },
                "its default is the number 1",
            ),
        ];
        for (declaration, why) in faults {
            let said = declaration.fault().unwrap_or_default();
            assert!(said.contains(why), "{said}, not {why}");
        }
    }
}
