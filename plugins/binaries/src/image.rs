//! The image around a program, as a Dockerfile without `RUN`: nothing is executed,
//! so nothing is emulated, on any platform.

use std::fmt::Write as _;

/// The parts of the image, and its configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// The reference that it starts from, or `scratch`.
    pub(crate) base: String,
    /// The program: its file in the context, and its path in the image.
    pub(crate) program: (String, String),
    /// More files and folders of the context, and their paths in the image.
    pub(crate) copied: Vec<(String, String)>,
    /// `USER`; none: the base's.
    pub(crate) user: Option<String>,
    /// `WORKDIR`; none: the base's.
    pub(crate) workdir: Option<String>,
    /// `ENTRYPOINT`.
    pub(crate) entrypoint: Vec<String>,
    /// `CMD`.
    pub(crate) command: Vec<String>,
    /// `ENV`.
    pub(crate) env: Vec<(String, String)>,
    /// `EXPOSE`: `8080`, `53/udp`.
    pub(crate) ports: Vec<String>,
    /// `VOLUME`.
    pub(crate) volumes: Vec<String>,
}

impl Image {
    /// The Dockerfile; an error is the reason why a setting cannot be one.
    pub(crate) fn dockerfile(&self) -> Result<String, String> {
        let (file, path) = &self.program;
        let absolute = |path: &str| path.starts_with('/') && !path.ends_with('/');
        if !absolute(word("path", path)?) {
            return Err(format!(
                "`path` is `{path}`, not the absolute path of a file"
            ));
        }
        let mut text = format!("FROM {}\n", word("base", &self.base)?);
        let copied = array(&[file.clone(), path.clone()]);
        let _ = writeln!(text, "COPY --chmod=0755 {copied}");
        for (from, to) in &self.copied {
            if !absolute(word("copy", to)?) {
                return Err(format!(
                    "`{to}` in `copy` is not the absolute path of a file or folder"
                ));
            }
            let _ = writeln!(text, "COPY {}", array(&[from.clone(), to.clone()]));
        }
        for (name, value) in &self.env {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if name.is_empty() || !name.chars().all(plain) {
                return Err(format!("`{name}` in `env` is no name of a variable"));
            }
            let _ = writeln!(text, "ENV {name}={}", quoted("env", value)?);
        }
        if let Some(workdir) = &self.workdir {
            let _ = writeln!(text, "WORKDIR {}", word("workdir", workdir)?);
        }
        for port in &self.ports {
            let _ = writeln!(text, "EXPOSE {}", port_of(port)?);
        }
        if !self.volumes.is_empty() {
            for volume in &self.volumes {
                word("volumes", volume)?;
            }
            let _ = writeln!(text, "VOLUME {}", array(&self.volumes));
        }
        if let Some(user) = &self.user {
            let _ = writeln!(text, "USER {}", word("user", user)?);
        }
        if !self.entrypoint.is_empty() {
            let _ = writeln!(text, "ENTRYPOINT {}", array(&self.entrypoint));
        }
        if !self.command.is_empty() {
            let _ = writeln!(text, "CMD {}", array(&self.command));
        }
        Ok(text)
    }
}

/// A value that stands in a Dockerfile as it is: BuildKit neither splits it nor
/// expands it.
fn word<'a>(option: &str, text: &'a str) -> Result<&'a str, String> {
    let special = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '$' | '\\' | '"' | '\'' | '`' | '<')
    };
    match text.is_empty() || text.contains(special) || text.starts_with('-') {
        true => Err(format!(
            "`{option}` is `{}`, which is not one plain word",
            text.escape_debug()
        )),
        false => Ok(text),
    }
}

/// `PORT`, `PORT/tcp`, `PORT/udp` or `PORT/sctp`.
fn port_of(text: &str) -> Result<&str, String> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let port = number.parse::<u16>().is_ok_and(|port| port > 0);
    match port && matches!(protocol, "tcp" | "udp" | "sctp") {
        true => Ok(text),
        false => Err(format!(
            "`{text}` in `ports` is no port: write 8080, or 53/udp"
        )),
    }
}

/// A value in double quotes, in which nothing is expanded.
fn quoted(option: &str, text: &str) -> Result<String, String> {
    if text.contains(['\n', '\r', '\0']) {
        return Err(format!("a value in `{option}` has more than one line"));
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    Ok(quoted)
}

/// The exec form: a JSON array of texts (RFC 8259).
fn array(words: &[String]) -> String {
    let mut text = String::from("[");
    for (index, word) in words.iter().enumerate() {
        text.push_str(if index == 0 { "\"" } else { ", \"" });
        for character in word.chars() {
            match character {
                '"' | '\\' => {
                    text.push('\\');
                    text.push(character);
                }
                c if c.is_control() => {
                    let _ = write!(text, "\\u{:04x}", u32::from(c));
                }
                c => text.push(c),
            }
        }
        text.push('"');
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn biome() -> Image {
        Image {
            base: "scratch".to_owned(),
            program: ("biome".to_owned(), "/usr/local/bin/biome".to_owned()),
            entrypoint: texts(&["/usr/local/bin/biome"]),
            ..Image::default()
        }
    }

    #[test]
    fn the_least_is_a_program() {
        assert_eq!(
            biome().dockerfile().unwrap(),
            "FROM scratch\nCOPY --chmod=0755 [\"biome\", \"/usr/local/bin/biome\"]\nENTRYPOINT [\"/usr/local/bin/biome\"]\n"
        );
    }

    #[test]
    fn every_setting_has_its_instruction() {
        let image = Image {
            base: "gcr.io/distroless/static-debian12".to_owned(),
            user: Some("65532:65532".to_owned()),
            workdir: Some("/work".to_owned()),
            command: texts(&["serve", "--name=\"x\\y\"", "$HOME"]),
            env: vec![("A".to_owned(), "a \"b\" $c \\".to_owned())],
            ports: texts(&["8080", "53/udp"]),
            volumes: texts(&["/data"]),
            copied: vec![(
                "copy0".to_owned(),
                "/usr/share/doc/biome/LICENSE".to_owned(),
            )],
            ..biome()
        };
        insta::assert_snapshot!(image.dockerfile().unwrap(), @r#"
        FROM gcr.io/distroless/static-debian12
        COPY --chmod=0755 ["biome", "/usr/local/bin/biome"]
        COPY ["copy0", "/usr/share/doc/biome/LICENSE"]
        ENV A="a \"b\" \$c \\"
        WORKDIR /work
        EXPOSE 8080
        EXPOSE 53/udp
        VOLUME ["/data"]
        USER 65532:65532
        ENTRYPOINT ["/usr/local/bin/biome"]
        CMD ["serve", "--name=\"x\\y\"", "$HOME"]
        "#);
    }

    #[test]
    fn what_would_be_another_instruction_is_refused() {
        let refused = |change: &dyn Fn(&mut Image)| {
            let mut image = biome();
            change(&mut image);
            image.dockerfile().unwrap_err()
        };
        assert!(refused(&|i| i.base = "a AS b".into()).contains("`base`"));
        assert!(refused(&|i| i.base = "$BASE".into()).contains("`base`"));
        assert!(refused(&|i| i.user = Some("a\nRUN x".into())).contains("`user`"));
        assert!(refused(&|i| i.workdir = Some(String::new())).contains("`workdir`"));
        assert!(refused(&|i| i.env = vec![("A B".into(), "c".into())]).contains("`env`"));
        assert!(refused(&|i| i.env = vec![("A".into(), "c\nRUN x".into())]).contains("`env`"));
        assert!(refused(&|i| i.ports = texts(&["0"])).contains("`ports`"));
        assert!(refused(&|i| i.ports = texts(&["http"])).contains("`ports`"));
        assert!(refused(&|i| i.copied = vec![("a".into(), "$A".into())]).contains("`copy`"));
        assert!(refused(&|i| i.program.1 = "bin/x".into()).contains("`path`"));
        assert!(refused(&|i| i.program.1 = "/bin/".into()).contains("`path`"));
    }
}
