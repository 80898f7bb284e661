//! Edits on Dockerfiles shaped as upstreams write them.

use super::Editor;
use crate::Error;

/// A package unpacked in the one stage there is, base pinned, commands in an
/// `if`.
const SINGLE: &str = r#"FROM debian:buster-slim@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef


# Setting bash as our shell
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ARG PUID=2000
ARG APP_PACKAGE="https://releases.example/1.0.0/app-1.0.0-linux-amd64.tar.gz?src=docker"

RUN mkdir -p /app/data \
  && adduser -q --uid ${PUID} app \
  && if [ -n "$APP_PACKAGE" ]; then curl $APP_PACKAGE | tar -xvz ; \
  else echo "please set the APP_PACKAGE; now" ; exit 127 ; fi \
  && chown -R app:app /app
USER app
"#;

/// The same, later: two stages, a comment between continued lines.
const STAGES: &str = r#"# First stage
from ubuntu:noble-20250415@sha256:abc0 as Builder
RUN groupadd --gid 2000 app \
  # fetch it
  && curl -L $APP_PACKAGE \
  | tar -xvz \
  && chown -R app /app
FROM gcr.io/distroless/base-debian12
COPY --from=Builder /app /app
COPY --from=ghcr.io/x/y@sha256:abc1 /y /
"#;

/// JavaScript with a base of its own.
const BASE: &str = r#"ARG APP_PATH=/opt/app
ARG BASE_IMAGE=example/app-base
FROM ${BASE_IMAGE} AS base

ARG APP_PATH
WORKDIR $APP_PATH
FROM --platform=linux/amd64 node:22-slim AS runner
ARG APP_PATH
"#;

fn editor(text: &str) -> Editor {
    Editor::parse("Dockerfile", text).unwrap()
}

#[track_caller]
fn refused(result: Result<(), Error>) -> String {
    match result {
        Err(Error::InvalidInput(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_byte_order_mark_moves_nothing() {
    let mut file = editor("\u{feff}FROM debian@sha256:abc0\nARG A=1\n");
    file.replace_base("debian", "ubuntu").unwrap();
    file.set_arg("A", "2").unwrap();
    assert_eq!(file.text(), "FROM ubuntu\nARG A=2\n");
}

#[test]
fn sets_defaults_where_they_count() {
    let mut file = editor(BASE);
    file.set_arg("APP_PATH", "/srv").unwrap();
    assert_eq!(
        file.text(),
        BASE.replace("APP_PATH=/opt/app", "APP_PATH=/srv")
    );

    let mut file = editor(SINGLE);
    file.set_arg("APP_PACKAGE", "file:///a b$c\"").unwrap();
    assert!(
        file.text()
            .contains("\nARG APP_PACKAGE=\"file:///a b\\$c\\\"\"\n\nRUN")
    );

    // Declared in a stage only, without a default.
    let mut file = editor("FROM a\nARG X\nFROM b\nARG X Y=1\n");
    file.set_arg("X", "2").unwrap();
    assert_eq!(file.text(), "FROM a\nARG X=2\nFROM b\nARG X=2 Y=1\n");

    let several = "FROM a\narg ONE=\"a b\" \\\n  # why\n  TWO='x \\\n y' THREE\nRUN x\n";
    let mut file = editor(several);
    file.set_arg("TWO", "z").unwrap();
    assert_eq!(file.text(), several.replace("'x \\\n y'", "z"));
    assert!(file.has_arg("THREE").unwrap());
    assert!(!file.has_arg("why").unwrap());

    assert_eq!(
        refused(file.set_arg("FOUR", "")),
        "Dockerfile: no `ARG FOUR` to set; it has line 2: ONE; line 4: TWO; line 4: THREE"
    );
}

#[test]
fn pins_a_stage_by_name_or_number() {
    for stage in ["builder", "0"] {
        let mut file = editor(STAGES);
        file.pin_to_build_platform(stage).unwrap();
        let first = "from --platform=$BUILDPLATFORM ubuntu:noble-20250415@sha256:abc0 as Builder";
        assert_eq!(file.text().lines().nth(1), Some(first));
    }
    let mut file = editor(BASE);
    file.pin_to_build_platform("runner").unwrap();
    assert!(
        file.text()
            .contains("FROM --platform=$BUILDPLATFORM node:22-slim AS runner\n")
    );
    assert_eq!(
        refused(file.pin_to_build_platform("deps")),
        "Dockerfile: no stage `deps`; it has line 3: FROM ${BASE_IMAGE} AS base; \
         line 7: FROM --platform=$BUILDPLATFORM node:22-slim AS runner"
    );
}

#[test]
fn replaces_a_base_with_or_without_its_tag() {
    let mut file = editor("FROM example/base:1@sha256:00 as a\nFROM h:5000/base\nFROM a\n");
    file.replace_base("example/base", "${BASE}").unwrap();
    file.replace_base("h:5000/base", "b").unwrap();
    assert_eq!(file.text(), "FROM ${BASE} as a\nFROM b\nFROM a\n");
    assert!(refused(file.replace_base("example/base", "x")).ends_with("line 3: FROM a"));
}

#[test]
fn replaces_one_command_of_a_step() {
    let parts = ["curl", "APP_PACKAGE"];
    let mut file = editor(SINGLE);
    file.replace_command(&parts, |_| "cp -a /package/* .".to_owned())
        .unwrap();
    file.add_mount(
        &["cp -a /package"],
        "type=bind,from=package,target=/package",
    )
    .unwrap();
    let expected = SINGLE
        .replace("curl $APP_PACKAGE | tar -xvz", "cp -a /package/* .")
        .replace(
            "RUN mkdir",
            "RUN --mount=type=bind,from=package,target=/package mkdir",
        );
    assert_eq!(file.text(), expected);

    let mut file = editor(STAGES);
    file.replace_command(&parts, |old| format!("true {}", old.len()))
        .unwrap();
    let expected = STAGES.replace("curl -L $APP_PACKAGE \\\n  | tar -xvz", "true 35");
    assert_eq!(file.text(), expected);

    assert_eq!(
        refused(file.replace_command(&parts, str::to_owned)),
        "Dockerfile: no RUN step with a command that has `curl` and `APP_PACKAGE`; \
         it has line 3: RUN groupadd --gid 2000 app && true 35 && chown -R app /app"
    );
}

#[test]
fn sees_commands_in_quotes_substitutions_and_here_documents() {
    let mut file = editor(
        "FROM a\nRUN x \"curl; && $(echo a; b)\" ';' $(curl a; c) 2>&1; curl b || curl c\n\
         RUN <<EOF\nset -e\ncurl d\nEOF\nRUN [\"curl\", \"e\"]\nRUN (curl f)\n",
    );
    file.replace_command(&["curl"], |old| format!("_{old}_"))
        .unwrap();
    assert_eq!(
        file.text(),
        "FROM a\nRUN _x \"curl; && $(echo a; b)\" ';' $(curl a; c) 2>&1_; _curl b_ || _curl c_\n\
         RUN <<EOF\nset -e\n_curl d_\nEOF\nRUN [\"curl\", \"e\"]\nRUN (_curl f_)\n"
    );
}

#[test]
fn inserts_lines() {
    let mut file =
        editor("# syntax=docker/dockerfile:1\nARG A\nFROM a\nRUN yarn build\nRUN yarn install");
    file.insert_before_stages(&["FROM scratch AS package", "ADD package.tar /"])
        .unwrap();
    file.insert_before_run(&["yarn install"], &["ARG TARGETARCH"])
        .unwrap();
    file.append(&["FROM b"]).unwrap();
    assert_eq!(
        file.text(),
        "# syntax=docker/dockerfile:1\nARG A\nFROM scratch AS package\nADD package.tar /\nFROM a\n\
         RUN yarn build\nARG TARGETARCH\nRUN yarn install\nFROM b\n"
    );
    assert!(
        refused(file.insert_before_run(&["npm"], &["ARG X"])).contains("line 6: RUN yarn build")
    );
}

#[test]
fn keeps_windows_line_ends_and_another_escape() {
    let text = "# escape=`\r\nFROM a:1@sha256:00 `\r\n  AS x\r\nRUN one `\r\n && curl C:\\x `\r\n && two\r\n";
    let mut file = editor(text);
    file.replace_base("a", "a:1").unwrap();
    file.replace_command(&["curl"], |_| "three".to_owned())
        .unwrap();
    file.append(&["USER 1"]).unwrap();
    assert_eq!(
        file.text(),
        "# escape=`\r\nFROM a:1 `\r\n  AS x\r\nRUN one `\r\n && three `\r\n && two\r\nUSER 1\r\n"
    );
}

#[test]
fn an_edit_that_breaks_the_file_changes_nothing() {
    let mut file = editor(SINGLE);
    refused(file.append(&["NONSENSE x"]));
    refused(file.replace_base("debian", ""));
    assert_eq!(file.text(), SINGLE);
}

#[test]
fn names_the_line_that_is_not_understood() {
    let error = refused(Editor::parse("server/Dockerfile", "FROM a\n\nRUNN x\n").map(drop));
    assert!(error.starts_with("server/Dockerfile: "), "{error}");
    assert!(error.contains("line 3"), "{error}");
}

#[test]
fn stages_tell_what_they_are() {
    let stages = editor(STAGES).stages().unwrap();
    let seen: Vec<_> = stages
        .iter()
        .map(|s| (s.name.as_deref(), s.base.as_str(), s.line))
        .collect();
    assert_eq!(
        seen,
        [
            (Some("Builder"), "ubuntu:noble-20250415@sha256:abc0", 2),
            (None, "gcr.io/distroless/base-debian12", 8),
        ]
    );
}

#[test]
fn settings_are_whole_instructions() {
    let file = editor(
        "FROM a\nENV A=1 \\\n # why\n B=2\n# not this\nRUN x\nWORKDIR $A\nFROM b AS last\nuser 1\nCMD [\"y\"]",
    );
    assert_eq!(
        file.settings("0").unwrap(),
        ["ENV A=1 \\\n # why\n B=2", "WORKDIR $A"]
    );
    assert_eq!(file.settings("last").unwrap(), ["user 1", "CMD [\"y\"]"]);
    assert!(refused(file.settings("2").map(drop)).contains("no stage `2`"));
}

#[test]
fn commands_are_what_the_shell_runs() {
    // What is commented out, and a comment behind a command, is no command.
    let mut file = editor(
        "FROM a\nRUN useradd app && \\\n    # curl https://x && \\\n    chown app /x\n\
         RUN apt-get install foo # for the client; see notes\nRUN curl y\n",
    );
    assert!(!file.has_command(&["notes"]).unwrap());
    file.replace_command(&["curl"], |_| "true".to_owned())
        .unwrap();
    assert!(
        file.text()
            .contains("useradd app && \\\n    # curl https://x && \\\n")
    );
    assert!(
        file.text()
            .ends_with("# for the client; see notes\nRUN true\n")
    );

    // Here-documents behind other words; patterns of `case`.
    let mut file = editor(
        "FROM a\nRUN cat <<EOF > /motd && curl x\nhello; you\nEOF\n\
         RUN case $A in a|curl) b;; *) curl z | tar x;; esac\n",
    );
    file.replace_command(&["curl"], |old| format!("echo {old}"))
        .unwrap();
    assert_eq!(
        file.text(),
        "FROM a\nRUN cat <<EOF > /motd && echo curl x\nhello; you\nEOF\n\
         RUN case $A in a|curl) b;; *) echo curl z | tar x;; esac\n"
    );
}

#[test]
fn what_would_change_more_is_refused_with_its_line() {
    for (text, with) in [
        // A comment, a quote and an end of the line reach beyond the command.
        ("FROM a\nRUN curl x && b", "true # why"),
        ("FROM a\nRUN curl x && b 'c'", "echo '"),
        ("FROM a\nRUN curl x && b", "echo\nUSER x"),
        ("FROM a\nRUN curl x && b", "echo \\"),
        ("FROM a\nRUN curl x && b", ""),
        ("FROM a\nRUN curl x && b", "if true; then c"),
        // The body of a here-document would be left behind.
        ("FROM a\nRUN curl -d @- x <<EOF && b\nRUN c\nEOF\n", "true"),
        (
            "FROM a\nRUN <<EOF\ncurl x\nEOF\n",
            "true\nEOF\nUSER x\nRUN <<EOF",
        ),
        // Nobody can say which command that is.
        ("FROM a\nRUN python3 <<EOF\nrun('curl')\nEOF\n", "true"),
        ("FROM a\nRUN <<EOF\n#!/usr/bin/perl\ncurl; x\nEOF\n", "true"),
        ("FROM a\nRUN [[ -n $A && $B ]] || curl x\n", "true"),
        ("FROM a\nRUN (curl x\n", "true"),
        ("FROM a\nSHELL [\"pwsh\", \"-c\"]\nRUN curl x; y\n", "true"),
    ] {
        let mut file = editor(text);
        let told = refused(file.replace_command(&["curl"], |_| with.to_owned()));
        assert!(told.starts_with("Dockerfile: line "), "{text}: {told}");
        assert_eq!(file.text(), text);
    }
    let mut file = editor("FROM a AS x\nRUN b \\\n");
    assert!(refused(file.append(&["USER 1"])).contains("would change more"));
    refused(file.replace_base("a", "b AS c"));
    refused(file.add_mount(&["b"], "type=cache target=/x"));
    refused(file.insert_before_run(&["b"], &["ENV A=1 \\"]));
    assert_eq!(file.text(), "FROM a AS x\nRUN b \\\n");
}

#[test]
fn settings_keep_the_values_behind_a_blank_line() {
    let file = editor("FROM scratch AS a\nENV A=1 \\\n\n    B=2 \\\n    C=3\nWORKDIR /app\n");
    let settings = ["ENV A=1 \\\n\n    B=2 \\\n    C=3", "WORKDIR /app"];
    assert_eq!(file.settings("a").unwrap(), settings);
}

#[test]
fn a_digest_in_a_variable_is_a_pin() {
    let digest = "sha256:45babd1b4ce0349fb12c4e24bf017b90b96d52806db32e001e3013f341bef0fe";
    let file = editor(&format!(
        "ARG NODE_DIGEST={digest}\nFROM --platform=\"linux/arm64\" node:22@${{NODE_DIGEST}} AS build\n\
         RUN --mount=\"type=bind,from=x:1@sha256:00,target=/x\" y\n"
    ));
    let platform = crate::platform("linux/arm64");
    let pins = file.pins(&platform).unwrap();
    let seen: Vec<_> = pins
        .iter()
        .map(|p| (p.image.as_str(), p.digest.as_str(), p.line))
        .collect();
    assert_eq!(seen, [("node:22", digest, 2), ("x:1", "sha256:00", 3)]);
    assert_eq!(pins[0].platform.as_ref(), Some(&platform));
}

#[test]
fn digests_are_dropped_where_a_tag_is_left() {
    let arm64 = crate::platform("linux/arm64");
    let mut file = editor(SINGLE);
    let lines = file.unpin(&arm64).unwrap();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("Dockerfile:1: debian:buster-slim without sha256:0123"));
    let (first, rest) = file.text().split_once('\n').unwrap();
    assert_eq!(first, "FROM debian:buster-slim");
    assert_eq!(rest, SINGLE.split_once('\n').unwrap().1);

    let mut file = editor(STAGES);
    let why = refused(file.unpin(&arm64).map(drop));
    assert!(why.contains("ghcr.io/x/y has a digest and no tag"), "{why}");
    assert_eq!(file.text(), STAGES);
}

#[test]
fn a_frontend_is_named_dropped_and_changed() {
    for text in [
        "# syntax=docker/dockerfile:1\nFROM a\n",
        "#SyNtAx =  docker/dockerfile:1 --x\r\nFROM a\r\n",
        "# check=skip=all\n# syntax=docker/dockerfile:1\n# hello\nFROM a\n",
        "#!/bin/build\n# syntax=docker/dockerfile:1\nFROM a\n",
    ] {
        let mut file = editor(text);
        assert_eq!(file.syntax(), Some("docker/dockerfile:1"), "{text}");
        file.set_syntax(None).unwrap();
        assert_eq!(file.syntax(), None);
        assert!(file.text().contains("FROM a"), "{text}");
        assert_eq!(file.text().lines().count(), text.lines().count() - 1);
        file.set_syntax(Some("docker/dockerfile:1.20")).unwrap();
        assert_eq!(file.syntax(), Some("docker/dockerfile:1.20"));
        assert_eq!(file.text().starts_with("#!"), text.starts_with("#!"));
    }
    let mut plain = editor("FROM a\n# syntax=b\n");
    assert_eq!(plain.syntax(), None);
    plain.set_syntax(None).unwrap();
    assert_eq!(plain.text(), "FROM a\n# syntax=b\n");
    assert!(refused(plain.set_syntax(Some("a b"))).contains("no image"));
}
