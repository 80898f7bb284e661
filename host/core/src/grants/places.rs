//! Places of grants in their files, for the line to change.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::Kind;

/// A file with a table of grants, and the lines of its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    file: String,
    table: Option<usize>,
    keys: BTreeMap<Kind, usize>,
}

impl Places {
    /// Looks through a TOML file, shown as `file`, for this table.
    #[must_use]
    pub fn find(file: &str, text: &str, table: &str) -> Self {
        let mut found = Self {
            file: file.to_owned(),
            ..Self::default()
        };
        let Ok(document) = DeTable::parse(text) else {
            return found;
        };
        let line = |at: usize| 1 + text.get(..at).unwrap_or_default().matches('\n').count();
        if let Some((name, value)) = document.get_ref().get_key_value(table) {
            found.table = Some(line(name.span().start));
            for kind in Kind::ALL {
                let keys = value.get_ref().as_table();
                if let Some((key, _)) = keys.and_then(|table| table.get_key_value(kind.key())) {
                    found.keys.insert(kind, line(key.span().start));
                }
            }
        }
        found
    }

    /// `FILE:LINE` of the key, or of the table where it has none yet.
    #[must_use]
    pub fn of(&self, kind: Kind) -> String {
        match self.line(kind) {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line of the key, or of the table.
    #[must_use]
    pub fn line(&self, kind: Kind) -> Option<usize> {
        self.keys.get(&kind).copied().or(self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keys_and_tables() {
        let text = "recipe = \"a\"\n\n[grants]\n# why\nimages = [\n  \"a\",\n]\nbases = []\n";
        let places = Places::find("app.toml", text, "grants");
        assert_eq!(places.of(Kind::Images), "app.toml:5");
        assert_eq!(places.of(Kind::Bases), "app.toml:8");
        assert_eq!(places.of(Kind::Secrets), "app.toml:3");
        assert_eq!(Places::find("f", text, "allow").of(Kind::Bases), "f");
        let inline = Places::find("f", "x = 1\ngrants = { images = [] }\n", "grants");
        assert_eq!(inline.of(Kind::Images), "f:2");
        let dotted = Places::find("f", "grants.images = []\n", "grants");
        assert_eq!(dotted.of(Kind::Images), "f:1");
    }
}
