//! Web pages in place of answers.
//!
//! What stands in front of a server (a proxy, a login, a firewall) answers people:
//! with a page, whatever was asked for. A page is never shown as it is; its title
//! says what is to be known.

use std::fmt;

/// Bytes of an answer that are looked at.
const LOOKED_AT: usize = 64 << 10;
/// Characters that are shown of a page.
const SHOWN: usize = 200;
/// Elements without text for people.
const HIDDEN: [&str; 4] = ["script", "style", "template", "svg"];

/// The title of a page, for the middle of a sentence: empty, or `(NAME)` after a
/// space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageTitle(String);

impl fmt::Display for PageTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            "" => Ok(()),
            title => write!(f, " ({title})"),
        }
    }
}

/// Whether an answer is a page for people, told by how it begins.
#[must_use]
pub fn is_page(answer: &[u8]) -> bool {
    let text = begin(answer);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let tags = Tags::new(text).take(8);
    text.starts_with('<')
        && tags.filter_map(|part| part.element()).any(|name| {
            ["!doctype", "html", "head", "title", "body", "h1"].contains(&name.as_str())
        })
}

/// The title of a page.
#[must_use]
pub fn title(page: &[u8]) -> PageTitle {
    PageTitle(readable(page))
}

/// An answer of any kind as one short line for people: of a page its title, else
/// its first heading, else the first words that it shows; of text its beginning;
/// nothing of what is no text.
#[must_use]
pub fn readable(answer: &[u8]) -> String {
    let text = begin(answer);
    if !text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('<')
    {
        let strange = text.chars().filter(|c| is_strange(*c)).count();
        return match strange * 10 > text.chars().count() {
            true => String::new(),
            false => line(&text),
        };
    }
    let (mut title, mut heading, mut shown) = (String::new(), String::new(), String::new());
    let mut within: Option<String> = None;
    for part in Tags::new(&text) {
        match part {
            Part::Text(text) => match within.as_deref() {
                Some("title") => title.push_str(text),
                Some("h1") => heading.push_str(text),
                Some(name) if HIDDEN.contains(&name) => {}
                _ => shown.push_str(text),
            },
            Part::Tag(tag) => {
                shown.push(' ');
                let closes = tag.starts_with('/');
                let name = element(tag);
                match &within {
                    Some(open) if closes && *open == name => within = None,
                    None if !closes && is_followed(&name) => within = Some(name),
                    _ => {}
                }
            }
        }
    }
    [title, heading, shown]
        .iter()
        .map(|text| line(&unescaped(text)))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// Whether what is within an element is told from other text.
fn is_followed(name: &str) -> bool {
    name == "title" || name == "h1" || HIDDEN.contains(&name)
}

fn is_strange(c: char) -> bool {
    c == char::REPLACEMENT_CHARACTER || c.is_control() && !c.is_whitespace()
}

fn begin(answer: &[u8]) -> String {
    let most = answer.len().min(LOOKED_AT);
    String::from_utf8_lossy(answer.get(..most).unwrap_or_default()).into_owned()
}

/// A text in one line, of a bounded length, and without controls.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = crate::terminal::clean(&words.join(" "));
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// The name of the element that a tag, what is between `<` and `>`, is of.
fn element(tag: &str) -> String {
    let name = tag.trim_start_matches('/');
    let end = name.find(|c: char| c.is_whitespace() || c == '/');
    name.get(..end.unwrap_or(name.len()))
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// A piece of a page.
enum Part<'t> {
    /// The text between `<` and `>`.
    Tag(&'t str),
    /// The text between tags.
    Text(&'t str),
}

impl Part<'_> {
    fn element(&self) -> Option<String> {
        match self {
            Part::Tag(tag) => Some(element(tag)),
            Part::Text(_) => None,
        }
    }
}

/// The pieces of a page, in order; comments are none.
struct Tags<'t> {
    rest: &'t str,
    /// The script or style that is open: what looks like a tag in it is none.
    raw: Option<&'static str>,
}

impl<'t> Tags<'t> {
    const fn new(rest: &'t str) -> Self {
        Self { rest, raw: None }
    }
}

impl<'t> Iterator for Tags<'t> {
    type Item = Part<'t>;

    fn next(&mut self) -> Option<Part<'t>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if let Some(name) = self.raw.take() {
                let end = find_close(self.rest, name).unwrap_or(self.rest.len());
                self.rest = self.rest.get(end..).unwrap_or_default();
                continue;
            }
            let Some(inside) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Part::Text(text));
            };
            if let Some(comment) = inside.strip_prefix("!--") {
                self.rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
                continue;
            }
            let (tag, rest) = inside.split_once('>').unwrap_or((inside, ""));
            self.rest = rest;
            let name = element(tag);
            let raw = ["script", "style"].into_iter().find(|raw| *raw == name);
            self.raw = raw.filter(|_| !tag.starts_with('/') && !tag.ends_with('/'));
            return Some(Part::Tag(tag));
        }
    }
}

/// The position at which an element is closed.
fn find_close(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let at = from + rest.find("</")?;
        let begins = text.get(at + 2..at + 2 + name.len());
        if begins.is_some_and(|begins| begins.eq_ignore_ascii_case(name)) {
            return Some(at);
        }
        from = at + 2;
    }
}

/// A text with the usual character references resolved.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let named = after.split_once(';').filter(|(name, _)| name.len() < 10);
        match named.and_then(|(name, rest)| Some((character(name)?, rest))) {
            Some((c, left)) => {
                out.push(c);
                rest = left;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// nginx 1.22.1, `ngx_http_special_response.c`.
    const NGINX: &str = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n";

    #[test]
    fn a_page_is_told_by_its_title() {
        for (page, said) in [
            (NGINX, "413 Request Entity Too Large"),
            (
                "<!DOCTYPE html><html><head><title>Sign in</title></head><body>SSO login</body></html>",
                "Sign in",
            ),
            (
                "<html><body><h1>It works &amp; <em>more</em></h1><p>x</p></body></html>",
                "It works & more",
            ),
            (
                "<!doctype html><style>body > p { color: red }</style><script>if (a < b) { alert('</p>') }</script><p>Access\n  <b>denied</b>&nbsp;&#33;&#x21;",
                "Access denied !!",
            ),
            (
                "<html><title></title><h1> </h1>One &amp two",
                "One &amp two",
            ),
            (
                "\u{feff} \n<HTML><HEAD><TITLE CLASS=a>Up\u{1b}[31m\nsoon</TITLE>",
                "Up soon",
            ),
            ("<html><!-- hidden --><!-- > --><body>seen", "seen"),
            ("<html><body><script>never closed", ""),
            ("<html", ""),
            (
                "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"x\"><html><body><h1>Proxy</h1>",
                "Proxy",
            ),
        ] {
            assert!(is_page(page.as_bytes()), "{page}");
            assert_eq!(readable(page.as_bytes()), said, "{page}");
        }
        assert_eq!(
            title(NGINX.as_bytes()).to_string(),
            " (413 Request Entity Too Large)"
        );
        assert_eq!(title(b"<html>").to_string(), "");
    }

    #[test]
    fn other_answers_are_told_by_what_they_say() {
        for (answer, said) in [
            (&b""[..], ""),
            (b"404 page not found\n", "404 page not found"),
            (b"a <b>bold</b> word", "a <b>bold</b> word"),
            // Of an object store.
            (
                b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
                "AccessDenied Access Denied",
            ),
            (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x02\x03", ""),
            (b"one\r\ntwo\tthree", "one two three"),
            (b"\x1b[2Jcleared", "cleared"),
        ] {
            assert!(!is_page(answer), "{answer:?}");
            assert_eq!(readable(answer), said, "{answer:?}");
        }
        for json in ["{}", "[\"<html>\"]", "null"] {
            assert!(!is_page(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn nothing_is_shown_without_bound() {
        let long = "word ".repeat(1 << 20);
        assert!(readable(long.as_bytes()).chars().count() < SHOWN + 4);
        let page = format!("<html><title>{long}</title>");
        assert!(readable(page.as_bytes()).chars().count() < SHOWN + 4);
        // Never closed, many times over: in linear time.
        for piece in ["<", "<!--", "</", "<script>", "&", "<script></", "&#"] {
            let page = format!("<html>{}", piece.repeat(1 << 16));
            assert!(
                readable(page.as_bytes()).chars().count() < SHOWN + 4,
                "{piece}"
            );
        }
    }
}
