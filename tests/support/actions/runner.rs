//! Commands that GitHub's runner takes from a step's log, after
//! `ActionCommand.cs`, `ActionCommandManager.cs` and `OutputManager.cs` of
//! github.com/actions/runner, v2.336.0.

/// Commands that the runner knows.
const KNOWN: &[&str] = &[
    "internal-set-repo-path",
    "set-env",
    "set-output",
    "save-state",
    "add-path",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "debug",
    "warning",
    "error",
    "notice",
    "group",
    "endgroup",
    "echo",
    "stop-commands",
];

/// Commands that the program gives.
const OWN: &[&str] = &[
    "group",
    "endgroup",
    "stop-commands",
    "error",
    "warning",
    // The workflow's own, for what it hands to the program.
    "add-mask",
];

/// A command that the runner obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub name: String,
    pub properties: String,
    pub data: String,
}

/// The commands in a log.
pub fn commands(log: &str) -> Vec<Taken> {
    let mut token: Option<String> = None;
    let mut taken = Vec::new();
    // .NET's line ends.
    for line in log.split(['\n', '\r']) {
        let known = |name: &str| {
            let name = name.to_ascii_lowercase();
            KNOWN.contains(&name.as_str()) || token.as_deref() == Some(name.as_str())
        };
        let Some(command) = second(line, known).or_else(|| first(line, known)) else {
            continue;
        };
        match &token {
            Some(word) if *word == command.name => token = None,
            Some(_) => {}
            None => {
                if command.name == "stop-commands" {
                    token = Some(command.data.to_ascii_lowercase());
                }
                taken.push(command);
            }
        }
    }
    taken
}

/// Fails the test where a log has commands that the program does not give.
#[track_caller]
pub fn own(log: &str) -> Vec<Taken> {
    let taken = commands(log);
    for command in &taken {
        assert!(
            OWN.contains(&command.name.as_str()),
            "{command:?} in\n{log}"
        );
    }
    taken
}

/// `::name key=value::data` at the beginning, behind white space.
fn second(line: &str, known: impl Fn(&str) -> bool) -> Option<Taken> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    taken(head, data, known)
}

/// `##[name key=value;]data`, the first in the line.
fn first(line: &str, known: impl Fn(&str) -> bool) -> Option<Taken> {
    let (_, rest) = line.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    taken(head, data, known)
}

fn taken(head: &str, data: &str, known: impl Fn(&str) -> bool) -> Option<Taken> {
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    known(name).then(|| Taken {
        name: name.to_ascii_lowercase(),
        properties: properties.to_owned(),
        data: data.to_owned(),
    })
}

#[test]
fn commands_are_told_from_words() {
    let log = "::group::a\n::stop-commands::Tok\n::error::no\n##[error]no\n::TOK::\n::endgroup::\n\
        say ::error::no\n \u{a0}::ERROR file=a::yes\nsay ##[warning x=y]yes\n::nothing::no\n\
        ::error\r::add-mask::yes\n\\::error::no ##\\[error]no\n";
    let names: Vec<_> = commands(log)
        .into_iter()
        .map(|c| (c.name, c.data))
        .collect();
    let expected = [
        ("group", "a"),
        ("stop-commands", "Tok"),
        ("endgroup", ""),
        ("error", "yes"),
        ("warning", "yes"),
        ("add-mask", "yes"),
    ];
    let expected = expected.map(|(name, data)| (name.to_owned(), data.to_owned()));
    assert_eq!(names, expected);
}
