//! Folders of what is kept for all projects of a user.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `BAKEHOUSE_HOME`, else `bakehouse` in the user's cache folder (XDG Base
/// Directory Specification, `XDG_CACHE_HOME`); none where there is no such place.
#[must_use]
pub fn user_cache() -> Option<PathBuf> {
    of(|name| std::env::var_os(name), ("XDG_CACHE_HOME", ".cache"))
}

/// `BAKEHOUSE_HOME`, else `bakehouse` in the user's folder of data
/// (`XDG_DATA_HOME`); none where there is no such place.
#[must_use]
pub fn user_data() -> Option<PathBuf> {
    of(
        |name| std::env::var_os(name),
        ("XDG_DATA_HOME", ".local/share"),
    )
}

/// By the variable of the specification, or else in this folder of `HOME`.
fn of(
    variable: impl Fn(&str) -> Option<OsString>,
    (of_kind, in_home): (&str, &str),
) -> Option<PathBuf> {
    // Those that are not absolute are invalid, by the specification.
    let folder = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let below = |folder: PathBuf, name: &str| folder.join(Path::new(name));
    folder("BAKEHOUSE_HOME")
        .or_else(|| folder(of_kind).map(|folder| below(folder, "bakehouse")))
        .or_else(|| folder("HOME").map(|home| below(home, in_home).join("bakehouse")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_that_there_is() {
        let found = |set: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = set.iter().find(|(other, _)| *other == name);
                found.map(|(_, value)| OsString::from(value))
            };
            let path = of(variable, ("XDG_CACHE_HOME", ".cache"));
            path.map(|path| path.display().to_string())
        };
        let home = ("HOME", "/home/me");
        assert_eq!(found(&[home]).as_deref(), Some("/home/me/.cache/bakehouse"));
        let cache = ("XDG_CACHE_HOME", "/var/cache/me");
        assert_eq!(
            found(&[home, cache]).as_deref(),
            Some("/var/cache/me/bakehouse")
        );
        let own = ("BAKEHOUSE_HOME", "/b");
        assert_eq!(found(&[home, cache, own]).as_deref(), Some("/b"));
        let invalid = [("BAKEHOUSE_HOME", ""), ("XDG_CACHE_HOME", "cache"), home];
        assert_eq!(
            found(&invalid).as_deref(),
            Some("/home/me/.cache/bakehouse")
        );
        assert_eq!(found(&[]), None);
    }
}
