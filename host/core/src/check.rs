//! Checks of images, as recipes ask for them.

/// An ability that an image must show before it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The name by which reports call it; one check of an image has it.
    pub name: String,
    /// The ability, with what is expected of it.
    pub kind: CheckKind,
}

/// The kinds of checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckKind {
    /// The image's program runs.
    Run(RunCheck),
    /// It serves.
    Http(HttpCheck),
    /// It has a file.
    File(FileCheck),
    /// It runs as this user, written as in a Dockerfile's `USER`.
    User(String),
    /// Its compressed layers have no more bytes than this.
    MaxSize(u64),
}

/// A run of an image's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCheck {
    /// Arguments in place of the image's own command.
    pub args: Vec<String>,
    /// Variables beside the image's own.
    pub env: Vec<(String, String)>,
    /// The exit code that it must end with.
    pub exit_code: i32,
    /// A text that its output, or what it says of errors, must have in it.
    pub output: Option<String>,
    /// Seconds that it may take.
    pub seconds: u32,
}

/// A request to an image that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCheck {
    /// The port, in the container.
    pub port: u16,
    /// Path and query, from the `/` on.
    pub path: String,
    /// The status that it must answer with.
    pub status: u16,
    /// Seconds until it must have.
    pub seconds: u32,
}

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// Its absolute path.
    pub path: String,
    /// It is a program (ELF) for the image's platform.
    pub executable: bool,
}

/// Characters of a check's name.
const LONGEST: usize = 100;
/// Checks of one image.
const MANY: usize = 100;
/// Bytes of all their texts together.
const TEXT: usize = 64 << 10;
/// Seconds that one may take.
const SECONDS: u32 = 3600;

/// The reason why checks cannot be meant so, for people; none where they can.
#[must_use]
pub fn fault(checks: &[Check]) -> Option<String> {
    if checks.len() > MANY {
        return Some(format!(
            "it asks for {} checks; at most {MANY} are run",
            checks.len()
        ));
    }
    let bytes: usize = checks.iter().flat_map(Check::texts).map(str::len).sum();
    if bytes > TEXT {
        return Some(format!(
            "its checks have {bytes} bytes of text; at most {TEXT} are taken"
        ));
    }
    for (place, check) in checks.iter().enumerate() {
        let name = &check.name;
        if name.trim().is_empty() || name.chars().count() > LONGEST {
            return Some(format!(
                "a check is called `{}`; a name has 1 to {LONGEST} characters",
                name.chars()
                    .take(LONGEST)
                    .flat_map(char::escape_debug)
                    .collect::<String>()
            ));
        }
        let before = checks.get(..place).unwrap_or_default();
        if before.iter().any(|other| other.name == *name) {
            return Some(format!("two checks are called `{}`", name.escape_debug()));
        }
        if let Some(why) = check.unfit() {
            return Some(format!("check `{}` {why}", name.escape_debug()));
        }
    }
    None
}

impl Check {
    fn texts(&self) -> Vec<&str> {
        let mut texts = vec![self.name.as_str()];
        match &self.kind {
            CheckKind::Run(run) => {
                texts.extend(run.args.iter().map(String::as_str));
                let pairs = run.env.iter();
                texts.extend(pairs.flat_map(|(name, value)| [name.as_str(), value.as_str()]));
                texts.extend(run.output.as_deref());
            }
            CheckKind::Http(http) => texts.push(&http.path),
            CheckKind::File(file) => texts.push(&file.path),
            CheckKind::User(user) => texts.push(user),
            CheckKind::MaxSize(_) => {}
        }
        texts
    }

    fn unfit(&self) -> Option<String> {
        if self.texts().iter().any(|text| text.contains('\0')) {
            return Some("has a NUL in it".to_owned());
        }
        match &self.kind {
            CheckKind::Run(run) => {
                let named = |(name, _): &(String, String)| !name.is_empty() && !name.contains('=');
                if !run.env.iter().all(named) {
                    return Some("sets a variable without a name".to_owned());
                }
                untimely(run.seconds)
            }
            CheckKind::Http(http) if http.port == 0 => Some("asks port 0".to_owned()),
            CheckKind::Http(http) if !http.path.starts_with('/') => {
                Some("asks for a path that does not begin with `/`".to_owned())
            }
            CheckKind::Http(http) if !(100..600).contains(&http.status) => {
                Some(format!("wants the status {}, which is none", http.status))
            }
            CheckKind::Http(http) => untimely(http.seconds),
            CheckKind::File(file) if !file.path.starts_with('/') => {
                Some("wants a file whose path does not begin with `/`".to_owned())
            }
            CheckKind::User(user) if user.trim().is_empty() => {
                Some("wants a user without a name".to_owned())
            }
            CheckKind::File(_) | CheckKind::User(_) | CheckKind::MaxSize(_) => None,
        }
    }
}

fn untimely(seconds: u32) -> Option<String> {
    let fits = (1..=SECONDS).contains(&seconds);
    (!fits).then(|| format!("may take {seconds} seconds; a check takes 1 to {SECONDS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str) -> Check {
        Check {
            name: name.to_owned(),
            kind: CheckKind::Run(RunCheck {
                args: vec!["--version".to_owned()],
                env: vec![("HOME".to_owned(), "/".to_owned())],
                exit_code: 0,
                output: Some("1.0.0".to_owned()),
                seconds: 60,
            }),
        }
    }

    fn of(kind: CheckKind) -> Check {
        Check {
            name: "a".to_owned(),
            kind,
        }
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let http = |port, path: &str, status, seconds| {
            of(CheckKind::Http(HttpCheck {
                port,
                path: path.to_owned(),
                status,
                seconds,
            }))
        };
        let file = |path: &str| {
            of(CheckKind::File(FileCheck {
                path: path.to_owned(),
                executable: true,
            }))
        };
        let good = [
            vec![],
            vec![run("a"), run("b")],
            vec![http(80, "/health?x=1", 200, 3600)],
            vec![file("/bin/a"), of(CheckKind::MaxSize(0))]
                .into_iter()
                .enumerate()
                .map(|(at, check)| Check {
                    name: at.to_string(),
                    ..check
                })
                .collect(),
        ];
        for checks in &good {
            assert_eq!(fault(checks), None);
        }
        for (checks, why) in [
            (vec![run("a"), run("a")], "two checks are called `a`"),
            (vec![run(" ")], "a name has 1 to 100 characters"),
            (vec![run(&"x".repeat(101))], "a name has 1 to 100"),
            (vec![run("a\0")], "has a NUL"),
            (vec![http(0, "/", 200, 1)], "asks port 0"),
            (vec![http(1, "x", 200, 1)], "does not begin with `/`"),
            (vec![http(1, "/", 99, 1)], "the status 99"),
            (vec![http(1, "/", 200, 0)], "takes 1 to 3600"),
            (vec![http(1, "/", 200, 3601)], "takes 1 to 3600"),
            (vec![file("bin/a")], "does not begin with `/`"),
            (vec![of(CheckKind::User(String::new()))], "without a name"),
            (
                vec![of(CheckKind::User("x".repeat(70_000)))],
                "70001 bytes of text",
            ),
            (
                (0..101).map(|at| run(&at.to_string())).collect(),
                "asks for 101 checks",
            ),
        ] {
            let said = fault(&checks).unwrap_or_default();
            assert!(said.contains(why), "{said}, not {why}");
        }
    }
}
