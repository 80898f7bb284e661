//! HTML and SVG: markup from this program, and everything else as text.

use std::fmt::{self, Display, Write as _};

use super::escape;

/// Markup in which nothing that others say is markup. What stands between tags
/// and in attributes is escaped here; tags are constants of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// No markup.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Adds markup of the program's own.
    pub fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Adds text.
    pub fn text(&mut self, words: impl Display) {
        let words = words.to_string();
        for c in escape::line(&words).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }

    /// Adds an attribute to the tag that was opened, with the space before it.
    pub fn attribute(&mut self, name: &'static str, value: impl Display) {
        let _ = write!(self.0, " {name}=\"");
        self.text(value);
        self.0.push('"');
    }

    /// Adds an element without attributes that holds text.
    pub fn element(&mut self, name: &'static str, words: impl Display) {
        let _ = write!(self.0, "<{name}>");
        self.text(words);
        let _ = write!(self.0, "</{name}>");
    }

    /// Adds a link, where the address is one of the Web; else its label alone.
    pub fn link(&mut self, address: &str, label: impl Display) {
        let web = url::Url::parse(address);
        match web
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
        {
            Some(url) => {
                self.raw("<a rel=\"noopener noreferrer\"");
                self.attribute("href", url);
                self.raw(">");
                self.text(label);
                self.raw("</a>");
            }
            None => self.text(label),
        }
    }

    /// Adds all of another.
    pub fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_say_is_markup() {
        let mut html = Html::new();
        html.raw("<p");
        html.attribute("title", "a\" onclick='x' \u{202e}");
        html.raw(">");
        html.text("<script>alert(1)</script>&amp;\u{1b}[2J\n");
        html.raw("</p>");
        html.element("b", 1);
        assert_eq!(
            html.as_str(),
            "<p title=\"a&quot; onclick=&#39;x&#39; \\u{202e}\">&lt;script&gt;alert(1)&lt;/script&gt;\
             &amp;amp;\\u{1b}[2J\\n</p><b>1</b>"
        );
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        for (address, expected) in [
            (
                "https://a.example/?q=\"x\"&b",
                "<a rel=\"noopener noreferrer\" href=\"https://a.example/?q=%22x%22&amp;b\">x</a>",
            ),
            ("javascript:alert(1)", "x"),
            (" java\nscript:alert(1)", "x"),
            ("data:text/html,x", "x"),
            ("//a.example", "x"),
            ("", "x"),
        ] {
            let mut html = Html::new();
            html.link(address, "x");
            assert_eq!(html.as_str(), expected, "{address}");
        }
    }
}
