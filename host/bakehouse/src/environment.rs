//! Environment variables that stand for flags.
//!
//! Each has the program's prefix. Those that CI asks people for have a short
//! name, too, as inputs of a workflow: it counts where the long one is not set,
//! and what says where a setting comes from names the one that decided.

use std::error::Error as _;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

/// The program's own names, and the short ones.
pub(crate) const SHORT: [(&str, &str); 8] = [
    ("BAKEHOUSE_REGISTRY", "REGISTRY"),
    ("BAKEHOUSE_NAMESPACE", "NAMESPACE"),
    ("BAKEHOUSE_MULTI_ARCH", "MULTI_ARCH"),
    ("BAKEHOUSE_USE_QEMU", "USE_QEMU"),
    ("BAKEHOUSE_MAX_VERSIONS", "MAX_VERSIONS"),
    ("BAKEHOUSE_APPS", "APPS"),
    ("BAKEHOUSE_REBUILD", "REBUILD"),
    ("BAKEHOUSE_RETRY_FAILED", "RETRY_FAILED"),
];

/// Variables that are read elsewhere, and their meaning.
#[cfg(test)]
pub(crate) const OTHERS: &[(&[&str], &str)] = &[
    (
        &["BAKEHOUSE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"],
        "the folders in which compiled recipes are kept, and what `bakehouse up` set up: \
         see [operations](../operations.md#where-state-is)",
    ),
    (
        &["BAKEHOUSE_LOG"],
        "which log lines are shown, in the syntax of `RUST_LOG`",
    ),
    (
        &["BAKEHOUSE_COMPLETE"],
        "the name of a shell that asks for the rest of a word, which is all that is answered: \
         for the scripts of [`completions`](commands.md#bakehouse-completions) alone",
    ),
    (
        &["BAKEHOUSE_WASM_RUSTC"],
        "a `rustc` that compiles for `wasm32-wasip2`, where rustup is not to be had",
    ),
    (
        &["GITHUB_TOKEN"],
        "for GitHub's API, which takes 60 requests an hour without one; with `GITHUB_ACTOR` \
         also the login for ghcr.io, where Docker has none",
    ),
    (&["GITHUB_ACTOR"], "the user of that login"),
    (
        &["GITHUB_API_URL"],
        "another GitHub, `https://HOST/api/v3` (GitHub Enterprise Server; its runners set it)",
    ),
    (
        &["GITLAB_TOKEN", "GITLAB_HOST"],
        "a token for a GitLab's API, and the one host it is sent to (`gitlab.com`)",
    ),
    (
        &["GITEA_TOKEN", "GITEA_HOST"],
        "a token for the API of a Gitea or Forgejo, and the one host it is sent to",
    ),
    (
        &["NPM_CONFIG_REGISTRY"],
        "where npm's registry is; else `.npmrc` files say it, or `npm config get registry`",
    ),
    (
        &["PIP_INDEX_URL", "PIP_CONFIG_FILE"],
        "where the index of Python's packages is, which must speak JSON (PEP 691); else \
         `index-url` under `[global]` in pip's configuration files, of which the second \
         names another one; else it is PyPI. Further indexes are not asked",
    ),
    (
        &[
            "DOCKER_HOST",
            "DOCKER_CONTEXT",
            "DOCKER_CONFIG",
            "DOCKER_AUTH_CONFIG",
            "BUILDX_CONFIG",
        ],
        "Docker's own: its engine, its folder of settings and logins, buildx's folder",
    ),
    (
        &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"],
        "the proxy of the program itself and of git; `RUN` steps have that of \
         [`[build.proxy]`](bakehouse-toml.md#buildproxy)",
    ),
    (
        &["SSL_CERT_FILE", "GIT_SSL_CAINFO"],
        "a bundle of certificates that the program trusts, and git, for which the second goes \
         before the first",
    ),
    (
        &["GITHUB_ACTIONS", "GITLAB_CI"],
        "`true`: what is told is folded in groups and sections, and errors are annotations",
    ),
    (
        &["CI"],
        "set: progress is lines, recipes are used as they were built, and `recipe build` takes \
         `Cargo.lock` as it is",
    ),
    (
        &["CI_PIPELINE_ID", "CI_JOB_NAME", "CI_JOB_IMAGE"],
        "read by `plan --format gitlab`",
    ),
    (
        &["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"],
        "colours, where `--color` says nothing: none; some without a terminal, too; `0`: none",
    ),
    (
        &["TERM", "LC_ALL", "LC_CTYPE", "LANG"],
        "how progress is drawn: not at all where `TERM` is `dumb`, and in ASCII where the \
         character set is not UTF-8",
    ),
];

/// The variable that decides in place of this one: itself, or its short name.
/// None where neither is set; one that is set to nothing counts as not set, as
/// CI hands unset inputs on.
pub(crate) fn deciding(own: &'static str) -> Option<&'static str> {
    decides(own, is_empty)
}

/// Whether a variable is set to nothing; none where it is not set.
fn is_empty(name: &str) -> Option<bool> {
    let value = std::env::var_os(name)?;
    Some(value.to_string_lossy().trim().is_empty())
}

fn decides(own: &str, is_empty: impl Fn(&str) -> Option<bool>) -> Option<&str> {
    let mut short = SHORT.iter().filter(|(name, _)| *name == own);
    let short = short.next().map(|(_, short)| *short);
    let names = std::iter::once(own).chain(short);
    names.into_iter().find(|name| is_empty(name) == Some(false))
}

/// A command whose arguments read the variables that decide.
pub(crate) fn read(command: Command) -> Command {
    command.mut_args(reading).mut_subcommands(read)
}

/// Help shows the value of a variable that is set, and else its name alone.
fn reading(arg: Arg) -> Arg {
    let arg = deciding_of(arg);
    let is_set = arg
        .get_env()
        .is_some_and(|name| std::env::var_os(name).is_some());
    arg.hide_env_values(!is_set)
}

fn deciding_of(arg: Arg) -> Arg {
    let own = arg.get_env().and_then(|name| name.to_str());
    let Some(own) = own.map(str::to_owned) else {
        return arg;
    };
    let short = SHORT.iter().find(|(name, _)| *name == own);
    match (is_empty(&own), short.and_then(|(name, _)| deciding(name))) {
        (Some(false), _) | (None, None) => arg,
        (_, Some(name)) => arg.env(name),
        // One that is set to nothing must not be read.
        (Some(true), None) => arg.env(Resettable::Reset),
    }
}

/// The error of a command line, told of the variable where that holds the value,
/// and not of the flag that nobody gave.
pub(crate) fn blamed(
    command: &Command,
    arguments: impl IntoIterator<Item = OsString>,
    error: Error,
) -> Error {
    // A flag is told of as it is.
    let given = unset(command.clone()).try_get_matches_from(arguments);
    if given.is_err_and(|given| value_of(&given) == value_of(&error)) {
        return error;
    }
    // An argument has its name where it is built.
    let mut command = command.clone();
    command.build();
    match message(&command, &error) {
        Some(message) => Error::raw(ErrorKind::ValueValidation, message + "\n"),
        None => error,
    }
}

/// The argument whose value an error is about, and that value.
fn value_of(error: &Error) -> Option<(&str, &str)> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    Some((
        text(ContextKind::InvalidArg)?,
        text(ContextKind::InvalidValue)?,
    ))
}

/// The error of a value, with the name of the variable.
fn message(command: &Command, error: &Error) -> Option<String> {
    let (arg, value) = value_of(error)?;
    let name = variable(command, arg)?;
    let why = match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(ContextValue::Strings(valid))) => {
            let valid = valid.join(", ");
            format!("`{}` is not one of {valid}", value.escape_debug())
        }
        _ => return None,
    };
    Some(format!("environment variable {name}: {why}"))
}

/// The variable that decides for an argument, which an error calls so.
fn variable<'a>(command: &'a Command, called: &str) -> Option<&'a str> {
    let mut own = command.get_arguments();
    let own = own.find(|arg| arg.to_string() == called);
    let name = own.and_then(|arg| arg.get_env()?.to_str());
    name.or_else(|| {
        let mut below = command.get_subcommands();
        below.find_map(|below| variable(below, called))
    })
}

/// A command whose arguments read no variable.
fn unset(command: Command) -> Command {
    command
        .mut_args(|arg| arg.env(Resettable::Reset))
        .mut_subcommands(unset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_name_goes_before_the_short_one() {
        let with = |set: &[(&str, &str)]| {
            decides("BAKEHOUSE_REGISTRY", |name| {
                let value = set.iter().find(|(set, _)| *set == name);
                value.map(|(_, value)| value.is_empty())
            })
        };
        let (long, short) = ("BAKEHOUSE_REGISTRY", "REGISTRY");
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[(long, "a"), (short, "b")]), Some(long));
        assert_eq!(with(&[(short, "b")]), Some(short));
        assert_eq!(with(&[(long, ""), (short, "b")]), Some(short));
        assert_eq!(with(&[(long, ""), (short, "")]), None);
        assert_eq!(
            decides("BAKEHOUSE_CACHE", |_| Some(false)),
            Some("BAKEHOUSE_CACHE")
        );
    }
}
