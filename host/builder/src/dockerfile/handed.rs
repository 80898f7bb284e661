//! A Dockerfile whose `RUN` steps are handed settings: the same text, with flags
//! behind every `RUN`.

use bakehouse_dockerfile::{Dockerfile, Kind, Unreadable};

use super::frontend::frontend;

/// The first version of `docker/dockerfile` that hands secrets as variables.
const FRONTEND: (u64, u64) = (1, 10);

/// Adds `flags`, each with a space before it, to every `RUN`. What `ONBUILD` keeps
/// stays: it would be in the image.
///
/// # Errors
/// [`Unreadable`] for what is no Dockerfile, and for one whose frontend knows no
/// such flags.
pub(crate) fn handed(text: &str, flags: &str) -> Result<String, Unreadable> {
    let file = Dockerfile::parse(text);
    let runs = |file: &Dockerfile| file.instructions.iter().any(|i| i.kind == Kind::Run);
    if file.as_ref().is_ok_and(|file| !runs(file)) {
        return Ok(text.to_owned());
    }
    if let Some(image) = frontend(text)
        && !takes(image)
    {
        let (major, minor) = FRONTEND;
        return Err(Unreadable {
            line: 1,
            message: format!(
                "the frontend `{}` hands no settings to RUN steps, docker/dockerfile {major}.{minor} or later does: leave `# syntax` out, or leave `[build]` of bakehouse.toml empty",
                image.chars().take(100).collect::<String>()
            ),
        });
    }
    let file = file?;
    let mut edited = String::with_capacity(text.len());
    let mut rest = 0;
    for run in file.instructions.iter().filter(|i| i.kind == Kind::Run) {
        let at = run.line.end(run.keyword.end);
        edited.push_str(text.get(rest..at).unwrap_or_default());
        edited.push_str(flags);
        rest = at;
    }
    edited.push_str(text.get(rest..).unwrap_or_default());
    if same(text, &file, &edited, flags) {
        Ok(edited)
    } else {
        let message = "settings cannot be handed to its RUN steps without another change";
        let message = message.to_owned();
        Err(Unreadable { line: 1, message })
    }
}

/// Whether a frontend, one of `docker/dockerfile`, takes the flags. One without a
/// version is the latest.
fn takes(image: &str) -> bool {
    let tag = image.split('@').next().unwrap_or_default();
    let tag = tag.rsplit_once(':').map_or("", |(_, tag)| tag);
    let tag = tag.split('-').next().unwrap_or_default();
    let mut numbers = tag.split('.').map(|part| part.parse::<u64>().ok());
    let version = (numbers.next().flatten(), numbers.next().flatten());
    match version {
        (Some(major), Some(minor)) => (major, minor) >= FRONTEND,
        (Some(major), None) => major >= FRONTEND.0,
        _ => true,
    }
}

/// Whether two texts differ in the flags of their `RUN` steps alone.
fn same(text: &str, file: &Dockerfile, edited: &str, flags: &str) -> bool {
    let Ok(other) = Dockerfile::parse(edited) else {
        return false;
    };
    let added: Vec<_> = flags.split_ascii_whitespace().collect();
    file.instructions.len() == other.instructions.len()
        && file
            .instructions
            .iter()
            .zip(&other.instructions)
            .all(|(was, is)| {
                let arguments = |i: &bakehouse_dockerfile::Instruction| {
                    i.line.text().get(i.arguments.clone()).map(str::to_owned)
                };
                let bodies = was.heredocs.iter().zip(&is.heredocs);
                let mut bodies = bodies.map(|(a, b)| {
                    a.name == b.name && text.get(a.body.clone()) == edited.get(b.body.clone())
                });
                let new = if was.kind == Kind::Run {
                    added.as_slice()
                } else {
                    &[]
                };
                let is_flags = is.flags.iter().map(|flag| flag.text.as_str());
                let was_flags = was.flags.iter().map(|flag| flag.text.as_str());
                was.kind == is.kind
                    && was.numbers == is.numbers
                    && was.heredocs.len() == is.heredocs.len()
                    && bodies.all(|same| same)
                    && is_flags.eq(new.iter().copied().chain(was_flags))
                    && arguments(was) == arguments(is)
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &str = " --mount=type=secret,id=dev.bakehouse.npm,env=NPM_CONFIG_REGISTRY";

    #[test]
    fn every_run_is_handed_the_settings_and_nothing_else_changes() {
        let text = "\
\u{feff}# syntax=docker/dockerfile:1.17-labs
FROM a AS x
RUN one
run --mount=type=cache,target=/c \\
  # why
  two
RUN [\"three\"]
RUN \\
four
ONBUILD RUN five
RUN cat <<EOF | sh
RUN six
EOF
RUN <<EOF
RUN seven
EOF
CMD RUN";
        let edited = handed(text, FLAGS).unwrap();
        assert_eq!(edited.matches(FLAGS).count(), 6, "{edited}");
        assert_eq!(edited.replace(FLAGS, ""), text);
        for line in ["ONBUILD RUN five", "RUN six", "RUN seven", "CMD RUN"] {
            assert!(edited.lines().any(|l| l == line), "{line}: {edited}");
        }
    }

    #[test]
    fn every_dockerfile_of_the_table_can_be_handed_settings() {
        let tests =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/dockerfiles");
        let mut count = 0;
        for folder in ["real", "shapes"] {
            for entry in std::fs::read_dir(tests.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                match handed(&text, FLAGS) {
                    Ok(edited) => assert_eq!(edited.replace(FLAGS, ""), text),
                    Err(error) => assert!(
                        frontend(&text).is_some() || error.message.contains("another change"),
                        "{}: {error}",
                        path.display()
                    ),
                }
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn a_frontend_that_knows_no_such_flags_is_told() {
        for (image, taken) in [
            ("docker/dockerfile:1", true),
            ("docker/dockerfile", true),
            ("docker.io/docker/dockerfile:1.10", true),
            ("docker/dockerfile:1.9", false),
            ("docker/dockerfile:1.4.3-labs", false),
            ("docker/dockerfile:labs", true),
            ("docker/dockerfile:1@sha256:00", true),
            ("docker/dockerfile-upstream:master", true),
        ] {
            let text = format!("# syntax={image}\nFROM a\nRUN x\n");
            assert_eq!(handed(&text, FLAGS).is_ok(), taken, "{image}");
        }
    }
}
