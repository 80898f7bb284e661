//! The exec form: arguments as a JSON array of strings.

/// Arguments that may be a JSON array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// An array of strings; their bytes without quotes, escapes as they are.
    Exec(Vec<String>),
    /// Not JSON.
    Shell,
    /// An array of something else, which BuildKit refuses.
    Refused,
}

/// The tokens that may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value, or the end of an array or object that is empty.
    First,
    Value,
    /// `,` or the end of the array or object.
    Separator,
    Colon,
    End,
}

/// Takes the arguments apart as Go's `encoding/json` does.
pub(crate) fn form(arguments: &str) -> Form {
    if !arguments.starts_with('[') {
        return Form::Shell;
    }
    match strings(arguments) {
        Some((strings, true)) => Form::Exec(strings),
        Some((_, false)) => Form::Refused,
        None => Form::Shell,
    }
}

/// The strings of a JSON array, and whether it has nothing else; none if it is
/// no JSON.
fn strings(text: &str) -> Option<(Vec<String>, bool)> {
    let mut strings = Vec::new();
    let mut only = true;
    // Open arrays and objects; an object's names come before a colon.
    let mut open: Vec<u8> = Vec::new();
    let mut next = Next::Value;
    let mut name = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (byte, next) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            (b'[' | b'{', Next::First | Next::Value) if !name => {
                only &= open.is_empty();
                open.push(byte);
                name = byte == b'{';
                next = Next::First;
            }
            (b']' | b'}', Next::First | Next::Separator) => {
                // The brackets are two apart in ASCII.
                if open.pop()? + 2 != byte {
                    return None;
                }
                name = false;
                next = if open.is_empty() {
                    Next::End
                } else {
                    Next::Separator
                };
            }
            (b',', Next::Separator) => {
                name = open.last() == Some(&b'{');
                next = Next::Value;
            }
            (b':', Next::Colon) => {
                name = false;
                next = Next::Value;
            }
            (b'"', Next::First | Next::Value) => {
                let end = string(bytes, at)?;
                if open.len() == 1 {
                    strings.push(text[at..end].to_owned());
                }
                at = end + 1;
                next = if name { Next::Colon } else { Next::Separator };
            }
            (_, Next::First | Next::Value) if !name => {
                only = false;
                at = scalar(bytes, at - 1)?;
                next = Next::Separator;
            }
            _ => return None,
        }
    }
    (next == Next::End).then_some((strings, only))
}

/// The position at which a string ends, from behind its first quote.
fn string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => match bytes.get(at + 1)? {
                b'u' => {
                    let digits = bytes.get(at + 2..at + 6)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    at += 6;
                }
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                _ => return None,
            },
            0..0x20 => return None,
            _ => at += 1,
        }
    }
}

/// The position at which `true`, `false`, `null` or a number ends.
fn scalar(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = &bytes[start..];
    let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let length = rest.iter().position(|byte| !is_in(byte))?;
    let word = std::str::from_utf8(&rest[..length]).ok()?;
    let known = matches!(word, "true" | "false" | "null") || is_number(word);
    known.then_some(start + length)
}

fn is_number(word: &str) -> bool {
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}
