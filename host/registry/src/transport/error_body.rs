//! The body of an answer that tells a failure.

use std::fmt;

use bakehouse_system::http::page;
use serde_json::{Map, Value};

/// Longest part of an error body that is shown, in characters.
const SHOWN: usize = 300;

/// The body of an answer that tells a failure: the codes of the specification
/// (distribution-spec v1.1, "Error Codes"), and a line for people. A body that is
/// not of that form, of a proxy or an API, is understood as far as it goes. Its
/// text begins with `: ` where there is one.
#[derive(Debug, Default)]
pub struct ErrorBody {
    codes: Vec<String>,
    text: String,
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => Ok(()),
            text => write!(f, ": {text}"),
        }
    }
}

impl ErrorBody {
    pub(super) fn parse(body: &[u8]) -> Self {
        let mut said = Self::default();
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            said.text = page::readable(body);
            return said;
        };
        let entries = match &json {
            Value::Object(object) => match object.get("errors") {
                Some(Value::Array(entries)) => entries.iter().collect(),
                Some(Value::Object(_)) => object.get("errors").into_iter().collect(),
                _ => vec![&json],
            },
            other => vec![other],
        };
        let lines: Vec<String> = entries
            .into_iter()
            .filter_map(|entry| said.entry(entry))
            .collect();
        said.text = shorten(&lines.join("; "));
        said
    }

    /// Takes the codes of one error in; what it says for people.
    fn entry(&mut self, entry: &Value) -> Option<String> {
        let object = match entry {
            Value::Object(object) => object,
            Value::Null | Value::Bool(_) => return None,
            Value::String(text) => return Some(page::readable(text.as_bytes())),
            other => return Some(other.to_string()),
        };
        // `__type` is that of Amazon's APIs, `error` that of OAuth2 and Azure.
        let inner = object.get("error").and_then(Value::as_object);
        let codes = [Some(object), inner].into_iter().flatten();
        let codes = codes.filter_map(|object| text(object, &["code", "__type"]));
        self.codes.extend(codes.map(code));
        let message = text(object, &["message", "Message", "error_description"])
            .or_else(|| inner.and_then(|inner| text(inner, &["message"])))
            .or_else(|| text(object, &["error", "detail", "title"]));
        let mut line = message.map(|message| page::readable(message.as_bytes()));
        if let Some(detail) = object.get("detail").filter(|detail| is_more(detail)) {
            line = Some(format!("{} {detail}", line.unwrap_or_default()));
        }
        line.or_else(|| self.codes.is_empty().then(|| entry.to_string()))
    }

    /// The codes, which need be none that a specification names.
    pub(super) fn codes(&self) -> &[String] {
        &self.codes
    }

    /// Whether one of its codes is among these.
    pub(super) fn has(&self, any: &[&str]) -> bool {
        self.codes.iter().any(|code| any.contains(&code.as_str()))
    }
}

/// Whether a detail says more than that there is none.
fn is_more(detail: &Value) -> bool {
    match detail {
        Value::Null => false,
        Value::Object(object) => !object.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// The first of these members that is a text with something in it.
fn text<'v>(object: &'v Map<String, Value>, names: &[&str]) -> Option<&'v str> {
    let texts = names.iter().filter_map(|name| object.get(*name)?.as_str());
    texts.into_iter().find(|text| !text.is_empty())
}

/// A code, without the name space that Amazon puts before it.
fn code(text: &str) -> String {
    text.rsplit('#').next().unwrap_or(text).to_owned()
}

pub(super) fn shorten(text: &str) -> String {
    let line = bakehouse_system::terminal::clean(text);
    let line = line.trim();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_one_line() {
        for (body, said) in [
            ("", ""),
            ("{}", ": {}"),
            ("null", ""),
            (r#"{"errors":[]}"#, ""),
            (r#"{"errors":null}"#, r#": {"errors":null}"#),
            (r#"{"errors":[{"code":"DENIED"}]}"#, ""),
            (
                r#"{"errors":[{"code":"DENIED","message":"permission_denied: write_package","detail":null}]}"#,
                ": permission_denied: write_package",
            ),
            // Quay has an empty detail, distribution one that tells more.
            (
                r#"{"errors":[{"code":"DENIED","detail":{},"message":"System is currently read-only."}]}"#,
                ": System is currently read-only.",
            ),
            (
                r#"{"errors":[{"code":"A","message":"one","detail":{"Name":"x"}},{"message":"two"},"three",4]}"#,
                r#": one {"Name":"x"}; two; three; 4"#,
            ),
            (
                r#"{"__type":"com.amazonaws.ecr#RepositoryNotFoundException","message":"The repository does not exist"}"#,
                ": The repository does not exist",
            ),
            (r#"{"message":"Not Authorized"}"#, ": Not Authorized"),
            (
                r#"{"error":{"code":"x","message":"of Azure"}}"#,
                ": of Azure",
            ),
            (
                r#"{"error":"invalid_grant","error_description":"the token has expired"}"#,
                ": the token has expired",
            ),
            (
                r#"{"details":"incorrect username or password"}"#,
                r#": {"details":"incorrect username or password"}"#,
            ),
            (r#""a text""#, ": a text"),
            (
                r#"{"message":"<html><title>Down</title></html>"}"#,
                ": Down",
            ),
            (
                "<html>\r\n<head><title>502 Bad Gateway</title></head></html>",
                ": 502 Bad Gateway",
            ),
            ("404 page not found\n", ": 404 page not found"),
        ] {
            assert_eq!(
                ErrorBody::parse(body.as_bytes()).to_string(),
                said,
                "{body}"
            );
        }
        for long in [
            "x".repeat(5000),
            format!(r#"{{"message":"{}"}}"#, "x ".repeat(5000)),
        ] {
            let said = ErrorBody::parse(long.as_bytes()).to_string();
            assert!(said.chars().count() < SHOWN + 10, "{said}");
        }
    }

    #[test]
    fn codes_are_those_of_registries_and_of_apis() {
        let codes = |body: &str| ErrorBody::parse(body.as_bytes()).codes;
        assert_eq!(
            codes(r#"{"errors":[{"code":"A"},{"code":7},{"code":"B"}]}"#),
            ["A", "B"]
        );
        assert_eq!(
            codes(r#"{"__type":"n#RepositoryNotFoundException"}"#),
            ["RepositoryNotFoundException"]
        );
        assert_eq!(
            codes(r#"{"error":{"code":"TOOMANYREQUESTS"}}"#),
            ["TOOMANYREQUESTS"]
        );
        assert!(codes("<html>").is_empty() && codes("{\"code\":null}").is_empty());
    }
}
