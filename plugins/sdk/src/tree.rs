//! Files of the work tree, with errors that a person understands.

use std::io::ErrorKind;

use crate::Error;

/// Reads a file of text, `path` relative to the work tree.
///
/// # Errors
/// [`Error::NotFound`] that names the file, where upstream's source has none of this
/// name; [`Error::InvalidInput`] for what is no file of UTF-8 text.
pub fn read(path: &str) -> Result<String, Error> {
    std::fs::read_to_string(format!("/src/{path}")).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Error::NotFound(format!("upstream's source has no {path}"))
        }
        // The system's number means nothing outside of the sandbox.
        kind => Error::InvalidInput(format!(
            "{path} of upstream's source cannot be read: {kind}"
        )),
    })
}

/// Writes a file, `path` relative to the work tree, in the place of what is there.
///
/// # Errors
/// [`Error::Other`] when it cannot be written.
pub fn write(path: &str, text: &str) -> Result<(), Error> {
    std::fs::write(format!("/src/{path}"), text)
        .map_err(|error| Error::Other(format!("cannot write {path}: {}", error.kind())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_is_named_without_the_systems_number() {
        let Err(Error::NotFound(text)) = read("nowhere/Dockerfile") else {
            panic!("it is there");
        };
        assert_eq!(text, "upstream's source has no nowhere/Dockerfile");
        let Err(Error::Other(text)) = write("nowhere/Dockerfile", "") else {
            panic!("it was written");
        };
        assert!(!text.contains("os error"), "{text}");
    }
}
