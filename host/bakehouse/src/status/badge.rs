//! Badges as SVG, of the size and colours that badges have everywhere.

use super::shields::Shields;
use crate::text::Html;

/// Pixels left and right of a text.
const PAD: f64 = 5.0;

/// A badge. It is made of text and rectangles, and loads nothing.
#[must_use]
pub fn badge(shields: &Shields) -> Html {
    let label = Part::new(&shields.label);
    let message = Part::new(&shields.message);
    let (left, right) = (label.room(), message.room());
    let mut svg = Html::new();
    svg.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" height=\"20\" role=\"img\"");
    svg.attribute("width", pixels(left + right));
    svg.attribute(
        "aria-label",
        format_args!("{}: {}", shields.label, shields.message),
    );
    svg.raw("><title>");
    svg.text(format_args!("{}: {}", shields.label, shields.message));
    svg.raw("</title><clipPath id=\"r\"><rect height=\"20\" rx=\"3\"");
    svg.attribute("width", pixels(left + right));
    svg.raw("/></clipPath><g clip-path=\"url(#r)\"><rect height=\"20\" fill=\"#4b4b4b\"");
    svg.attribute("width", pixels(left));
    svg.raw("/><rect height=\"20\"");
    svg.attribute("x", pixels(left));
    svg.attribute("width", pixels(right));
    svg.attribute("fill", colour(shields.color));
    svg.raw("/></g><g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"11\">");
    label.draw(&mut svg, 0.0);
    message.draw(&mut svg, left);
    svg.raw("</g></svg>\n");
    svg
}

struct Part<'a> {
    text: &'a str,
    width: f64,
}

impl<'a> Part<'a> {
    fn new(text: &'a str) -> Self {
        let width = text.chars().map(width).sum();
        Self { text, width }
    }

    fn room(&self) -> f64 {
        (self.width + 2.0 * PAD).ceil()
    }

    fn draw(&self, svg: &mut Html, left: f64) {
        svg.raw("<text y=\"14\"");
        svg.attribute("x", pixels(left + self.room() / 2.0));
        // Where the reader has another font, it is fitted in.
        svg.attribute("textLength", pixels(self.width));
        svg.raw(">");
        svg.text(self.text);
        svg.raw("</text>");
    }
}

/// Pixels that a character takes in Verdana at 11 pixels, by its kind.
const fn width(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 3.0,
        '.' | ',' | ':' | ';' | ' ' | '!' => 4.0,
        'f' | 't' | 'r' | 'I' | '-' | '/' | '(' | ')' | 'J' => 4.8,
        '0'..='9' | 'a'..='e' | 'g' | 'h' | 'k' | 'n'..='q' | 's' | 'u' | 'v' | 'x'..='z' => 6.8,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 10.2,
        'A'..='Z' => 7.7,
        _ => 9.0,
    }
}

fn pixels(pixels: f64) -> String {
    let text = format!("{pixels:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Colours by the names of shields.io, dark enough for white letters.
fn colour(name: &str) -> &'static str {
    match name {
        "brightgreen" => "#3a7d0a",
        "yellow" => "#8a6d00",
        "orange" => "#b3541e",
        "red" => "#b8342a",
        _ => "#6a6a6a",
    }
}
