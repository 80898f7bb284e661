//! The programs that an image's configuration names (image-spec v1.1, "Image
//! Configuration": `Entrypoint`, `Cmd`, `Env`, `WorkingDir`).

use std::collections::HashSet;

use oci_spec::image::ImageConfiguration;

use super::PATH_MAX;

/// Words that are looked at, and folders that each is looked for in.
const WORDS: usize = 100;
const FOLDERS: usize = 100;

/// The folders in which programs are looked for when the image does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program as it is named, and where it may be, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) word: String,
    pub(super) paths: Vec<String>,
}

/// The first words of `Entrypoint` and `Cmd`, that of a shell's command line, and
/// every absolute path among the others. What runs through an emulator is not
/// meant to be for the platform.
pub(super) fn programs(config: &ImageConfiguration) -> Vec<Named> {
    let Some(run) = config.config() else {
        return Vec::new();
    };
    let empty = Vec::new();
    let entrypoint = run.entrypoint().as_ref().unwrap_or(&empty);
    let cmd = run.cmd().as_ref().unwrap_or(&empty);
    let line: Vec<&String> = entrypoint.iter().chain(cmd).collect();
    let mut words: Vec<&str> = Vec::new();
    let firsts = [entrypoint.first(), cmd.first()];
    words.extend(firsts.into_iter().flatten().map(String::as_str));
    if !line.first().is_some_and(|first| is_emulator(first)) {
        words.extend(shell_command(&line));
        words.extend(
            line.iter()
                .map(|word| word.as_str())
                .filter(|w| w.starts_with('/')),
        );
    } else {
        words.truncate(1);
    }
    let env = run.env().as_ref().unwrap_or(&empty).iter();
    let path = env
        .filter_map(|pair| pair.strip_prefix("PATH="))
        .next_back();
    let folder = run.working_dir().as_deref().unwrap_or("/");
    let mut seen = HashSet::new();
    words
        .into_iter()
        .filter(|word| !word.is_empty() && word.len() <= PATH_MAX && seen.insert(*word))
        .take(WORDS)
        .map(|word| Named {
            word: word.to_owned(),
            paths: places(word, folder, path.unwrap_or(PATH)),
        })
        .collect()
}

fn places(word: &str, folder: &str, path: &str) -> Vec<String> {
    if word.starts_with('/') {
        vec![word.to_owned()]
    } else if word.contains('/') {
        vec![format!("{folder}/{word}")]
    } else {
        let folders = path.split(':').filter(|folder| folder.starts_with('/'));
        let folders = folders.take(FOLDERS);
        folders.map(|folder| format!("{folder}/{word}")).collect()
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_emulator(word: &str) -> bool {
    let name = base_name(word);
    name.starts_with("qemu-") || matches!(name, "box64" | "box86" | "FEXInterpreter" | "FEXBash")
}

/// The first word of what a shell is given with `-c`, where that is plain.
fn shell_command<'a>(line: &[&'a String]) -> Option<&'a str> {
    let [shell, flag, script, ..] = line else {
        return None;
    };
    let is_shell = matches!(base_name(shell), "sh" | "bash" | "ash" | "dash" | "zsh");
    if !is_shell || !flag.starts_with('-') || !flag.ends_with('c') {
        return None;
    }
    let set = |word: &&str| word.contains('=') || *word == "exec";
    let word = script.split_whitespace().find(|word| !set(word))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
    word.chars().all(plain).then_some(word)
}
