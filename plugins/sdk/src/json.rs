//! A reader for the JSON objects whose values are all texts (RFC 8259): tables of
//! app.toml. The host writes them, so what is no JSON is no case of its own; a whole
//! JSON library would be a third of a small recipe.

use std::collections::BTreeMap;
use std::str::Chars;

/// Reads an object; an error is the key of the first value that is no text, where
/// it has got to one.
pub(crate) fn text_table(json: &str) -> Result<BTreeMap<String, String>, Option<String>> {
    let mut reader = Reader(json.trim().chars());
    let mut table = BTreeMap::new();
    reader.take('{').ok_or(None)?;
    if reader.take('}').is_some() {
        return Ok(table);
    }
    loop {
        let key = reader.text().ok_or(None)?;
        reader.take(':').ok_or(None)?;
        let Some(value) = reader.text() else {
            return Err(Some(key));
        };
        table.insert(key, value);
        if reader.take(',').is_none() {
            reader.take('}').ok_or(None)?;
            return match reader.0.next() {
                None => Ok(table),
                Some(_) => Err(None),
            };
        }
    }
}

struct Reader<'a>(Chars<'a>);

impl Reader<'_> {
    /// Takes this character, and the white space before it.
    fn take(&mut self, wanted: char) -> Option<()> {
        let mut ahead = self.0.clone();
        let found = ahead.find(|c| !matches!(c, ' ' | '\t' | '\n' | '\r'))?;
        (found == wanted).then_some(())?;
        self.0 = ahead;
        Some(())
    }

    fn text(&mut self) -> Option<String> {
        self.take('"')?;
        let mut text = String::new();
        loop {
            let character = match self.0.next()? {
                '"' => return Some(text),
                '\\' => self.escaped()?,
                plain => plain,
            };
            text.push(character);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.0.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.unit()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                (self.0.next()? == '\\' && self.0.next()? == 'u').then_some(())?;
                let second = self
                    .unit()?
                    .checked_sub(0xdc00)
                    .filter(|low| *low < 0x400)?;
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)?
            }
            itself @ ('"' | '\\' | '/') => itself,
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digit = |unit: u32, c: char| Some(unit << 4 | c.to_digit(16)?);
        (0..4).try_fold(0, |unit, _| digit(unit, self.0.next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<(String, String)>, Option<String>> {
        text_table(json).map(|table| table.into_iter().collect())
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn tables_of_texts_are_read() {
        assert_eq!(read("{}"), Ok(Vec::new()));
        assert_eq!(read(" { } "), Ok(Vec::new()));
        assert_eq!(
            read(r#"{"linux/amd64": "x64", "b":"\"q\" \\ \/ \n \u00e4 \ud83e\udd80 é"}"#),
            Ok(vec![
                pair("b", "\"q\" \\ / \n ä 🦀 é"),
                pair("linux/amd64", "x64")
            ])
        );
    }

    #[test]
    fn a_value_that_is_no_text_is_named() {
        for value in [
            "1",
            "true",
            "null",
            "[\"a\"]",
            "{\"a\": \"b\"}",
            "\"\\x\"",
            "\"a",
        ] {
            let json = format!(r#"{{"fine": "yes", "key": {value}}}"#);
            assert_eq!(read(&json), Err(Some("key".to_owned())), "{json}");
        }
    }

    #[test]
    fn what_is_no_object_is_none() {
        for json in [
            "",
            "[]",
            "{",
            "{\"a\"}",
            "{\"a\": \"b\",}",
            "{\"a\": \"b\"} {}",
        ] {
            assert_eq!(read(json), Err(None), "{json}");
        }
    }
}
