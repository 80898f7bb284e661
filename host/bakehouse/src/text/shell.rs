//! Command lines, as a shell takes them.

use std::borrow::Cow;

/// `bakehouse` with these arguments.
#[must_use]
pub fn command<W: AsRef<str>>(arguments: impl IntoIterator<Item = W>) -> String {
    let mut line = "bakehouse".to_owned();
    for argument in arguments {
        let argument = argument.as_ref();
        line.push(' ');
        // What no shell can be given is shown as it is.
        let quoted = shlex::try_quote(argument);
        line.push_str(&quoted.unwrap_or(Cow::Borrowed(argument)));
    }
    line
}
