//! Patterns for the names of files: `ruff-{arch}-unknown-linux-musl.tar.gz`.

/// The values that take the place of a pattern's placeholders.
pub struct Facts<'a> {
    /// Upstream's own name for the version, as the tag `v1.2.3`.
    pub tag: &'a str,
    /// The version number.
    pub version: &'a str,
    /// The operating system, as in `GOOS`.
    pub os: &'a str,
    /// Names for the architecture, usual ones first.
    pub architectures: &'a [&'a str],
}

/// A name with placeholders: `{version}`, `{tag}`, `{os}`, `{arch}`, and `*` for
/// any characters but `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Any,
    Version,
    Tag,
    Os,
    Architecture,
}

/// A piece of a name that has to be matched.
enum Piece<'a> {
    /// As it is, in letters of either case.
    Text(&'a str),
    /// Not in the middle of a longer word.
    Word(&'a str),
    Any,
}

impl Pattern {
    /// Reads a pattern; an error is the reason why it is none.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let part = match first {
                '*' => {
                    rest = &rest[1..];
                    Part::Any
                }
                '{' => {
                    let (name, behind) = rest[1..]
                        .split_once('}')
                        .ok_or_else(|| format!("`{text}` has a `{{` without its `}}`"))?;
                    rest = behind;
                    placeholder(name).ok_or_else(|| {
                        format!(
                            "`{{{name}}}` in `{text}` is none of {{version}}, {{tag}}, {{os}} and {{arch}}"
                        )
                    })?
                }
                '}' => return Err(format!("`{text}` has a `}}` without its `{{`")),
                _ => {
                    let end = rest.find(['*', '{', '}']).unwrap_or(rest.len());
                    let (literal, behind) = rest.split_at(end);
                    rest = behind;
                    Part::Text(literal.to_owned())
                }
            };
            parts.push(part);
        }
        if parts.is_empty() {
            return Err("a pattern for names of files is empty".to_owned());
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// Whether what it matches depends on the architecture.
    #[must_use]
    pub fn has_architecture(&self) -> bool {
        self.parts.contains(&Part::Architecture)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The one name that fits; none, if none does. Names of the architecture are
    /// tried in their order, so that `arm` is for a file only where no `armv7`
    /// is there.
    ///
    /// # Errors
    /// The names among which it cannot choose.
    pub fn choose<'n>(
        &self,
        names: &[&'n str],
        facts: &Facts<'_>,
    ) -> Result<Option<&'n str>, Vec<&'n str>> {
        let once = [""];
        let architectures = match self.has_architecture() {
            true => facts.architectures,
            false => &once,
        };
        for architecture in architectures {
            let pieces = self.pieces(facts, architecture);
            let fitting: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| fits(name, &pieces))
                .collect();
            match fitting.as_slice() {
                [] => {}
                [name] => return Ok(Some(name)),
                several => return Err(several.to_vec()),
            }
        }
        Ok(None)
    }

    fn pieces<'p>(&'p self, facts: &Facts<'p>, architecture: &'p str) -> Vec<Piece<'p>> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Piece::Text(text),
                Part::Any => Piece::Any,
                Part::Version => Piece::Text(facts.version),
                Part::Tag => Piece::Text(facts.tag),
                Part::Os => Piece::Word(facts.os),
                Part::Architecture => Piece::Word(architecture),
            })
            .collect()
    }
}

fn placeholder(name: &str) -> Option<Part> {
    Some(match name {
        "version" => Part::Version,
        "tag" => Part::Tag,
        "os" => Part::Os,
        "arch" => Part::Architecture,
        _ => return None,
    })
}

/// Whether the whole name is matched: piece by piece, with all places where it may
/// go on. No recursion, and at most length times pieces steps.
fn fits(name: &str, pieces: &[Piece<'_>]) -> bool {
    let mut at = vec![0];
    let mut after_any = false;
    for (index, piece) in pieces.iter().enumerate() {
        let before_any = matches!(pieces.get(index + 1), Some(Piece::Any));
        let next = match piece {
            Piece::Any => anywhere(name, &at),
            Piece::Text(text) => {
                let ends = at.iter().filter_map(|&start| begun(name, start, text));
                ends.collect()
            }
            Piece::Word(word) => {
                let ends = at.iter().filter_map(|&start| {
                    let end = begun(name, start, word)?;
                    let before = after_any && continues(name[..start].chars().next_back());
                    let behind = before_any && continues(name[end..].chars().next());
                    (!before && !behind).then_some(end)
                });
                ends.collect()
            }
        };
        after_any = matches!(piece, Piece::Any);
        at = next;
    }
    at.last() == Some(&name.len())
}

/// The positions at which a `*` may end that begins at one of these places, which
/// are in order.
fn anywhere(name: &str, starts: &[usize]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut until = 0;
    for &start in starts {
        let from = start.max(until);
        let rest = &name[start..];
        let end = start + rest.find('/').unwrap_or(rest.len());
        if end < from {
            continue;
        }
        ends.extend((from..=end).filter(|&place| name.is_char_boundary(place)));
        until = end + 1;
    }
    ends
}

/// Whether a character next to a word makes it another word.
fn continues(character: Option<char>) -> bool {
    character.is_some_and(|c| c.is_alphanumeric())
}

/// The position at which `text` ends that begins at a place, in letters of either
/// case.
fn begun(name: &str, start: usize, text: &str) -> Option<usize> {
    let end = start + text.len();
    name.get(start..end)?
        .eq_ignore_ascii_case(text)
        .then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMD64: &[&str] = &["amd64", "x86_64", "x64"];
    const ARMV7: &[&str] = &["armv7", "armhf", "arm"];

    fn choose<'n>(
        pattern: &str,
        names: &[&'n str],
        architectures: &[&str],
    ) -> Result<Option<&'n str>, Vec<&'n str>> {
        let facts = Facts {
            tag: "v1.2.3",
            version: "1.2.3",
            os: "linux",
            architectures,
        };
        Pattern::parse(pattern).unwrap().choose(names, &facts)
    }

    /// Files of astral-sh/ruff 0.14.6, of helm/helm v4.0.1 and of
    /// restic/restic v0.18.1.
    const RUFF: &[&str] = &[
        "ruff-aarch64-apple-darwin.tar.gz",
        "ruff-aarch64-unknown-linux-gnu.tar.gz",
        "ruff-aarch64-unknown-linux-musl.tar.gz",
        "ruff-arm-unknown-linux-musleabihf.tar.gz",
        "ruff-armv7-unknown-linux-gnueabihf.tar.gz",
        "ruff-armv7-unknown-linux-musleabihf.tar.gz",
        "ruff-i686-unknown-linux-musl.tar.gz",
        "ruff-x86_64-unknown-linux-gnu.tar.gz",
        "ruff-x86_64-unknown-linux-musl.tar.gz",
        "ruff-x86_64-unknown-linux-musl.tar.gz.sha256",
    ];

    #[test]
    fn an_architecture_goes_by_any_of_its_names() {
        let musl = "ruff-{arch}-unknown-linux-musl*.tar.gz";
        assert_eq!(choose(musl, RUFF, AMD64), Ok(Some(RUFF[8])));
        assert_eq!(choose(musl, RUFF, ARMV7), Ok(Some(RUFF[5])));
        assert_eq!(choose(musl, RUFF, &["s390x"]), Ok(None));
        let either = choose("ruff-{arch}-*-linux-*.tar.gz", RUFF, AMD64);
        assert_eq!(either, Err(vec![RUFF[7], RUFF[8]]));
    }

    #[test]
    fn a_word_is_not_part_of_a_longer_one() {
        let names = ["tool-arm64", "tool-arm", "tool-linux64", "tool-x64"];
        assert_eq!(choose("*{arch}*", &names, ARMV7), Ok(Some("tool-arm")));
        assert_eq!(choose("*{arch}", &names, AMD64), Ok(Some("tool-x64")));
        // Where the pattern has text around it, that decides.
        let glued = ["tool-linuxamd64v1"];
        assert_eq!(
            choose("tool-{os}{arch}v1", &glued, AMD64),
            Ok(Some(glued[0]))
        );
    }

    #[test]
    fn versions_and_tags_are_filled_in_and_case_does_not_count() {
        let names = ["App_1.2.3_Linux_x86_64.zip", "App_1.2.4_Linux_x86_64.zip"];
        let pattern = "app_{version}_{os}_{arch}.zip";
        assert_eq!(choose(pattern, &names, AMD64), Ok(Some(names[0])));
        let names = ["app-v1.2.3/bin/app"];
        assert_eq!(choose("*/app", &names, AMD64), Ok(None));
        assert_eq!(choose("*/*/app", &names, AMD64), Ok(Some(names[0])));
        assert_eq!(
            choose("app-{tag}/bin/app", &names, AMD64),
            Ok(Some(names[0]))
        );
    }

    #[test]
    fn many_stars_take_no_long_time() {
        let name = "a".repeat(4000);
        let pattern = format!("{}b", "a*".repeat(200));
        assert_eq!(choose(&pattern, &[&name], AMD64), Ok(None));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let why = |text: &str| Pattern::parse(text).unwrap_err();
        assert!(why("a-{machine}").contains("`{machine}`"));
        assert!(why("a-{arch").contains("without its `}`"));
        assert!(why("a}").contains("without its `{`"));
        assert!(why("").contains("empty"));
    }
}
