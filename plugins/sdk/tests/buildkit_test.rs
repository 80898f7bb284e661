//! The Dockerfile reader and editor against BuildKit's own parser, and the
//! splitting of shell text against a shell's: tests/dockerfiles.
//!
//! The witness is a Go program, tests/dockerfiles/witness, built here.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "tests end by panicking"
)]

mod witness;

use std::fs;
use std::path::{Path, PathBuf};

use bakehouse_dockerfile::{Dockerfile, Grammar, Kind, Value, commands, expand};
use bakehouse_sdk::dockerfile::Editor;
use serde_json::{Value as Json, json};
use witness::Witness;

/// The table: name and text of every file in a folder of tests/dockerfiles, and
/// of the upstreams that other tests have.
fn table(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    let mut open = vec![root.join("tests/dockerfiles").join(folder)];
    if folder == "real" {
        open.push(root.join("tests/support/upstreams"));
    }
    while let Some(path) = open.pop() {
        let entries = fs::read_dir(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let entries = entries.map(|entry| entry.unwrap().path());
        let (folders, here): (Vec<PathBuf>, _) = entries.partition(|path| path.is_dir());
        open.extend(folders);
        files.extend(here.into_iter().filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "Dockerfile")
        }));
    }
    files.sort();
    let text = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, String::from_utf8(fs::read(path).unwrap()).unwrap())
    };
    files.into_iter().map(text).collect()
}

/// A Dockerfile as this project reads it, in the witness's words.
fn ours(text: &str) -> Result<Json, String> {
    let file = Dockerfile::parse(text).map_err(|error| error.to_string())?;
    let instructions = file.instructions.iter().map(|instruction| {
        let line = instruction.line.text();
        let words: Vec<_> = instruction.words(file.escape);
        let words: Vec<_> = words.into_iter().map(|word| &line[word]).collect();
        let heredocs = instruction.heredocs.iter().map(|heredoc| {
            json!({"name": heredoc.name, "chomp": heredoc.chomp, "content": &text[heredoc.body.clone()]})
        });
        let flags = instruction.flags.iter().map(|flag| flag.text.clone());
        let mut one = json!({
            "keyword": instruction.kind.keyword().to_ascii_lowercase(),
            "line": line,
            "first": instruction.numbers.0,
            "last": instruction.numbers.1,
            "flags": flags.collect::<Vec<_>>(),
            "heredocs": heredocs.collect::<Vec<_>>(),
            "exec": instruction.exec.is_some(),
        });
        // Elsewhere BuildKit's nodes are no words.
        if compares_words(instruction.kind, instruction.exec.is_some()) {
            one["words"] = json!(words);
        }
        one
    });
    Ok(json!({
        "escape": file.escape.to_string(),
        "instructions": instructions.collect::<Vec<_>>(),
    }))
}

fn compares_words(kind: Kind, exec: bool) -> bool {
    matches!(kind, Kind::Arg | Kind::Expose | Kind::From)
        || (matches!(kind, Kind::Add | Kind::Copy) && !exec)
}

/// The witness's answer without what is not compared.
fn theirs(mut answer: Json) -> Result<Json, String> {
    if let Some(error) = answer["error"].as_str() {
        return Err(error.to_owned());
    }
    for instruction in answer["instructions"].as_array_mut().unwrap() {
        let words = ["arg", "expose", "from"].contains(&instruction["keyword"].as_str().unwrap());
        let files = ["add", "copy"].contains(&instruction["keyword"].as_str().unwrap());
        if !words && (!files || instruction["exec"] == true) {
            instruction.as_object_mut().unwrap().remove("words");
        }
    }
    Ok(answer)
}

#[test]
fn every_dockerfile_is_read_as_buildkit_reads_it() {
    let mut witness = Witness::start();
    let (mut count, mut wrong) = (0, Vec::new());
    for (name, text) in table("real").into_iter().chain(table("shapes")) {
        count += 1;
        match (ours(&text), theirs(witness.dockerfile(&text))) {
            (Ok(ours), Ok(theirs)) if ours == theirs => {}
            (ours, theirs) => wrong.push(format!("{name}:\n  {ours:?}\n  {theirs:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "{count} files");
}

#[test]
fn what_buildkit_refuses_is_refused_with_its_line() {
    let mut witness = Witness::start();
    let mut wrong = Vec::new();
    for (name, text) in table("refused") {
        // `expected-line.Dockerfile`, or `-any` where only this project refuses.
        let (_, line) = name.rsplit_once('-').unwrap();
        let theirs = theirs(witness.dockerfile(&text));
        let ours = Editor::parse("Dockerfile", &text).map(drop);
        let told = format!("{ours:?}");
        if theirs.is_ok() || !told.contains(&format!("line {line}: ")) {
            wrong.push(format!("{name}: {told} {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Takes pieces out of texts, doubles and swaps them: files that nobody writes.
#[test]
fn mangled_dockerfiles_are_read_alike_or_refused() {
    let mut witness = Witness::start();
    let mut random = fastrand::Rng::with_seed(7);
    let mut texts: Vec<_> = table("shapes")
        .into_iter()
        .chain(table("refused"))
        .collect();
    texts.retain(|(_, text)| text.len() < 2000);
    let pieces = [
        "\\\n", "\n", "#", " ", "<<EOF", "<<-'E'", "\"", "'", "$", "${a:-", "}", "\\", "`", "\t",
        "\r\n", "--", "=", "[\"a\"]", "RUN ", "ARG a=", "EOF\n", "\u{a0}", "é", "ONBUILD ",
        "\u{feff}", ":",
    ];
    let (mut read, mut wrong) = (0, Vec::new());
    for _ in 0..4000 {
        let mut text = texts[random.usize(..texts.len())].1.clone();
        for _ in 0..random.usize(1..4) {
            let mut at = random.usize(..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            if random.bool() {
                text.insert_str(at, pieces[random.usize(..pieces.len())]);
            } else if let Some(c) = text[at..].chars().next() {
                text.replace_range(at..at + c.len_utf8(), "");
            }
        }
        let Ok(ours) = ours(&text) else { continue };
        read += 1;
        match theirs(witness.dockerfile(&text)) {
            Ok(theirs) if theirs == ours => {}
            // Flags and the like are BuildKit's to check.
            Err(_) => {}
            Ok(theirs) => wrong.push(format!("{text:?}\n  {ours}\n  {theirs}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{}",
        wrong[..wrong.len().min(3)].join("\n")
    );
    assert!(read > 1000, "{read} were read");
}

#[test]
fn variables_are_what_buildkit_makes_of_them() {
    let mut witness = Witness::start();
    let set = [
        ("A", "x"),
        ("EMPTY", ""),
        ("LONG_1", "v:1@sha256:0"),
        ("a", "lower"),
        ("NAME", "a/b/c.tar.gz"),
        ("STARS", "a*b?c\\d}"),
    ];
    let value = |name: &str| match set.iter().find(|(known, _)| *known == name) {
        Some((_, value)) => Value::Set((*value).to_owned()),
        None => Value::Unset,
    };
    let fixed = [
        "plain",
        "\"a$A-b\"",
        "'$A'${A}b",
        "${NO:-d}${EMPTY:-e}${EMPTY-d}${NO-f}",
        "${A:+set}${NO:+set}${EMPTY+set}",
        "${NO:-${A}}",
        "${NO:-${EMPTY:-${A}}}",
        "${A:-${NO",
        "${A",
        "$",
        "$$A",
        "a\\$A",
        "\\\"$A\\\"",
        "\"\\$A\\x\"",
        "`$A",
        "'it''s'",
        "${A:?no}",
        "${}",
        "${:A}",
        "${A:x}",
        "$LONG_1/$a",
        "${NO:-'q'}",
        "${NO:-\"$A }\"}",
        "\"${NO:-\"q\"}\"",
        "<<$A",
        "a<b",
        "$1$@",
        "${1:-x}",
        "x\u{a0}y",
        "\u{feff}$A",
        "${NO+${A}}b",
        "$NO-${NO}",
        "${NAME#*/}${NAME##*/}${NAME%.*}${NAME%%.*}",
        "${NAME#a?b}-${NAME%c.*}-${NAME#}-${NAME##*}-${NAME%%*}",
        "${NAME/\\//_}${NAME//\\//_}${NAME//?/x}${NAME//[a-c]/x}${NAME/b*c/}",
        "${NAME//a*b/$A}${NAME/./$A}${NAME//./\"$A\"}${NAME///x}${NAME//*/x}",
        "${STARS//\\*/x}${STARS#a\\*}${STARS%\\}}${STARS//\\\\/x}${STARS#\\a}",
        "${NO#x}${NO/x/y}${EMPTY%x}${NAME#'a'}${NAME:#a}",
        "\"${NAME#\"a\"}\"",
        "\"",
        "'",
    ];
    let pieces = [
        "$", "{", "}", "A", "EMPTY", "NO", ":-", "-", ":+", "+", "\"", "'", "\\", "`", " ", "x",
        "@", "/", "#", "%", "*", "?", "NAME", "STARS", "${NAME", "${NAME#", "${STARS/",
    ];
    let mut random = fastrand::Rng::with_seed(3);
    let mut words: Vec<String> = fixed.iter().map(|word| (*word).to_owned()).collect();
    for _ in 0..3000 {
        let length = random.usize(1..9);
        words.push(
            (0..length)
                .map(|_| pieces[random.usize(..pieces.len())])
                .collect(),
        );
    }
    let known: Vec<_> = set
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let (mut told, mut wrong) = (0, Vec::new());
    for word in words {
        for escape in ['\\', '`'] {
            let answer = witness.ask(&json!({
                "kind": "word", "text": word, "escape": escape.to_string(), "variables": known,
            }));
            let theirs = match answer["error"].as_str() {
                Some(_) => None,
                None => Some(answer["word"].as_str().unwrap_or_default().to_owned()),
            };
            let ours = expand(&word, escape, 4096, value);
            told += usize::from(ours.is_some());
            if ours.is_some() && ours != theirs {
                wrong.push(format!("{word:?} {escape}: {ours:?} {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(told > 1000, "{told} are told");
}

/// Shell texts, and whether they must be taken apart.
const SHELL: &[&str] = &[
    "apt-get install -y foo # needed; see notes && more",
    "a && b || c; d & e",
    "a | b 2>&1 | c && ! d | e",
    "if [ -n \"$X\" ]; then curl \"$X\" | tar -x; else exit 1; fi && chown x y",
    "case \"$arch\" in amd64) a='x';; arm64|aarch64) b && c ;; (*) d; exit 1 ;; esac; e",
    "for x in a b; do curl $x; done > log && y",
    "while read -r l; do echo $l; done < f",
    "curl x | while read l; do f $l; done | sort | uniq",
    "(cd /x && make) && { a; b; } 2>/dev/null",
    "x=$(a; b | c) y=`d; e` cmd \"$(f \"$(g; h)\")\" ${z:-\"i; j\"} $((1 + (2 * 3)))",
    "f() { a; b; }; f x\ng () ( c )\n",
    "cat <<EOF > /x && b\nnot; a command\nEOF\nc",
    "cat <<-'E' | d\n\tx && y\n\tE\ne",
    "a \\\n && b \\\n # no comment\nc",
    "a && # why\n b\n# whole; line\nc",
    "set -eux; \\\n\n a;\n\n\nb",
    "echo 'it''s' \"a; b\" \\; c ; d",
    ">out a; 2>&1 b <in",
    "echo a#b # c",
    "until a; do b; done; if a; then b; elif c; then d; fi",
    "$(case x in a) b;; esac); c",
    "if a; then { b; } fi; ( ( c ) )",
    "find . -name '*.c' -exec rm {} \\; && echo } { fi",
    "A=1 B=2 cmd; A=3",
    "test ! -f x && [ ! -d y ]",
    "for x; do a; done; for y\ndo b; done",
];

/// Texts that only bash reads so.
const BASH: &[&str] = &[
    "[[ -n $a && ( $b == x || $c =~ ^y ) ]] && curl $d",
    "a &> log; b |& c; read -r x <<< \"$y; z\"",
    "echo $'it\\'s; x'; b",
];

#[test]
fn shell_text_is_taken_apart_as_a_shell_does() {
    let mut witness = Witness::start();
    let mut wrong = Vec::new();
    let mut check = |text: &str, grammar, must: bool| {
        let bash = grammar == Grammar::Bash;
        let answer = witness.ask(&json!({"kind": "commands", "text": text, "bash": bash}));
        let found = commands(text, grammar);
        let Ok(ours) = &found else {
            if must {
                wrong.push(format!("{text:?}: {found:?} {answer}"));
            }
            return;
        };
        let ours: Vec<_> = ours.iter().map(|range| &text[range.clone()]).collect();
        if answer.get("error").is_some() && !must {
            return;
        }
        let theirs = answer.get("commands").cloned().unwrap_or(json!([]));
        if json!(ours) != theirs || answer.get("error").is_some() {
            wrong.push(format!("{text:?}:\n  {ours:?}\n  {answer}"));
        }
    };
    for text in SHELL {
        check(text, Grammar::Posix, true);
        check(text, Grammar::Bash, true);
    }
    for text in BASH {
        check(text, Grammar::Bash, true);
        assert!(commands(text, Grammar::Posix).is_err(), "{text}");
    }
    for (_, text) in table("real").into_iter().chain(table("shapes")) {
        for instruction in Dockerfile::parse(&text).unwrap().instructions {
            if instruction.kind == Kind::Run
                && instruction.exec.is_none()
                && instruction.heredocs.is_empty()
            {
                let text = &instruction.line.text()[instruction.arguments.clone()];
                check(text, Grammar::Posix, false);
                check(text, Grammar::Bash, false);
            }
        }
    }
    let pieces = [
        ";",
        "&&",
        "|",
        "(",
        ")",
        "\"",
        "'",
        "#",
        "\n",
        " ",
        "$(",
        "`",
        "\\",
        "case x in",
        "esac",
        ";;",
        "if",
        "then",
        "fi",
        "{",
        "}",
        "do",
        "done",
        "for a in b",
        "<<E",
        "\nE\n",
        "$((",
        "))",
        "[[",
        "]]",
        "&",
        ">",
        "!",
        "x",
    ];
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..6000 {
        let mut text = SHELL[random.usize(..SHELL.len())].to_owned();
        for _ in 0..random.usize(1..4) {
            let piece = pieces[random.usize(..pieces.len())];
            let at = random.usize(..=text.len());
            let pad = if random.bool() { " " } else { "" };
            text.insert_str(at, &format!("{pad}{piece}{pad}"));
        }
        check(&text, Grammar::Posix, false);
        check(&text, Grammar::Bash, false);
    }
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}

/// The instructions of a Dockerfile as BuildKit sees them, without their line
/// numbers.
fn seen(witness: &mut Witness, text: &str) -> Vec<Json> {
    let answer = theirs(witness.dockerfile(text)).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let mut all = answer["instructions"].as_array().unwrap().clone();
    for instruction in &mut all {
        let fields = instruction.as_object_mut().unwrap();
        fields.remove("first");
        fields.remove("last");
    }
    all
}

/// Every edit of the SDK on every file of the table: what is edited is as
/// expected in BuildKit's eyes, and everything else as it was.
#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let mut witness = Witness::start();
    let mut made = [0; 8];
    for (name, text) in table("real").into_iter().chain(table("shapes")) {
        let before = seen(&mut witness, &text);
        let editor = Editor::parse(&name, &text).unwrap();
        let is = |i: &Json, keyword: &str| i["keyword"] == keyword;
        let first = |keyword: &str| before.iter().position(|i| is(i, keyword)).unwrap();

        // ARG: the words of the others stay.
        let args = before.iter().filter(|i| is(i, "arg"));
        let args = args.flat_map(|i| i["words"].as_array().unwrap().clone());
        for word in args.map(|word| word.as_str().unwrap().to_owned()) {
            let arg = word.split('=').next().unwrap();
            let mut edited = editor.clone();
            edited.set_arg(arg, "a \"b\" $c `d` \\e # f\\").unwrap();
            let after = seen(&mut witness, edited.text());
            assert_eq!(before.len(), after.len(), "{name}");
            for (was, is) in before.iter().zip(&after) {
                if was == is {
                    continue;
                }
                assert_eq!(was["keyword"], "arg", "{name}");
                let (was, is) = (
                    was["words"].as_array().unwrap(),
                    is["words"].as_array().unwrap(),
                );
                assert_eq!(was.len(), is.len(), "{name}");
                for (was, is) in was.iter().zip(is).filter(|(was, is)| was != is) {
                    let (was, is) = (was.as_str().unwrap(), is.as_str().unwrap());
                    assert_eq!(was.split('=').next(), Some(arg), "{name}");
                    let escape = if text.contains("escape=`") { "`" } else { "\\" };
                    let value = is.split_once('=').unwrap().1;
                    let request =
                        json!({"kind": "word", "text": value, "escape": escape, "variables": []});
                    assert_eq!(
                        witness.ask(&request)["word"],
                        "a \"b\" $c `d` \\e # f\\",
                        "{name}"
                    );
                    made[0] += 1;
                }
            }
        }

        // FROM: platform and base of every stage.
        let stages = editor.stages().unwrap();
        for (number, stage) in stages.iter().enumerate() {
            let at = before.iter().enumerate().filter(|(_, i)| is(i, "from"));
            let at = at.map(|(at, _)| at).nth(number).unwrap();
            let mut edited = editor.clone();
            edited.pin_to_build_platform(&number.to_string()).unwrap();
            let mut expected = before.clone();
            let after = seen(&mut witness, edited.text());
            expected[at]["flags"] = json!(["--platform=$BUILDPLATFORM"]);
            expected[at]["line"] = after[at]["line"].clone();
            assert_eq!(after, expected, "{name}");
            made[1] += 1;

            let mut edited = editor.clone();
            edited.replace_base(&stage.base, "new/base:1").unwrap();
            let after = seen(&mut witness, edited.text());
            let mut expected = before.clone();
            for (was, is) in expected.iter_mut().zip(&after) {
                if was["keyword"] == "from" && was["words"][0] == stage.base.as_str() {
                    was["words"][0] = json!("new/base:1");
                    was["line"] = is["line"].clone();
                }
            }
            assert_eq!(after, expected, "{name}");
            made[2] += 1;
        }

        // New lines.
        let new = ["FROM scratch AS new", "COPY <<'EOF' /x", "RUN no", "EOF"];
        let mut edited = editor.clone();
        edited.insert_before_stages(&new).unwrap();
        let mut after = seen(&mut witness, edited.text());
        let at = first("from");
        let inserted: Vec<_> = after.splice(at..at + 2, []).collect();
        assert_eq!(after, before, "{name}");
        assert_eq!(inserted[1]["heredocs"][0]["name"], "EOF", "{name}");
        made[3] += 1;

        let mut edited = editor.clone();
        match edited.append(&["USER 1"]) {
            Ok(()) => {
                let mut after = seen(&mut witness, edited.text());
                assert_eq!(after.pop().unwrap()["line"], "USER 1", "{name}");
                assert_eq!(after, before, "{name}");
                made[4] += 1;
            }
            Err(error) => assert!(ends_open(&text), "{name}: {error:?}"),
        }

        // RUN: each command by its own text.
        for (at, run) in before.iter().enumerate().filter(|(_, i)| is(i, "run")) {
            for command in shell_commands(&mut witness, run) {
                let parts = [command.as_str()];
                let mut edited = editor.clone();
                let Ok(()) = edited.replace_command(&parts, |_| "NEW".to_owned()) else {
                    // Other steps may have it in a text that is not taken apart.
                    continue;
                };
                let after = seen(&mut witness, edited.text());
                assert_eq!(before.len(), after.len(), "{name}: {command}");
                for (was, is) in before.iter().zip(&after).filter(|(was, is)| was != is) {
                    assert_eq!(was["keyword"], "run", "{name}: {command}");
                    assert_eq!(was["flags"], is["flags"], "{name}: {command}");
                    let old = shell_commands(&mut witness, was);
                    let new = shell_commands(&mut witness, is);
                    let with = |c: &String| {
                        if c.contains(&command) {
                            "NEW".to_owned()
                        } else {
                            c.clone()
                        }
                    };
                    assert_eq!(
                        new,
                        old.iter().map(with).collect::<Vec<_>>(),
                        "{name}: {command}"
                    );
                }
                assert_ne!(before[at], after[at], "{name}: {command}");
                made[5] += 1;

                let mut edited = editor.clone();
                edited.add_mount(&parts, "type=cache,target=/x").unwrap();
                let after = seen(&mut witness, edited.text());
                for (was, is) in before.iter().zip(&after).filter(|(was, is)| was != is) {
                    let mut flags = was["flags"].as_array().unwrap().clone();
                    flags.insert(0, json!("--mount=type=cache,target=/x"));
                    assert_eq!(is["flags"], json!(flags), "{name}: {command}");
                    assert_eq!(was["heredocs"], is["heredocs"], "{name}: {command}");
                    assert_eq!(
                        shell_commands(&mut witness, was),
                        shell_commands(&mut witness, is),
                        "{name}"
                    );
                }
                made[6] += 1;

                let mut edited = editor.clone();
                edited.insert_before_run(&parts, &["ENV NEW=1"]).unwrap();
                let mut after = seen(&mut witness, edited.text());
                let new = after.iter().position(|i| i["line"] == "ENV NEW=1").unwrap();
                after.remove(new);
                assert!(new <= at, "{name}: {command}");
                assert_eq!(after, before, "{name}: {command}");
                made[7] += 1;
            }
        }
    }
    eprintln!("edits made: {made:?}");
    assert!(made.iter().all(|count| *count > 40), "{made:?}");
}

/// Whether the last instruction's last line says that another one follows.
fn ends_open(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    let last = lines.rfind(|line| !line.is_empty() && !line.starts_with('#'));
    last.unwrap().ends_with('\\')
}

/// The commands of a `RUN` step as the shell's parser sees them.
fn shell_commands(witness: &mut Witness, run: &Json) -> Vec<String> {
    let line = run["line"].as_str().unwrap();
    let file = Dockerfile::parse(&format!("FROM a\n{}", line.replace("<<", ">>"))).unwrap();
    let run_here = &file.instructions[1];
    let arguments = line[run_here.arguments.clone()].to_owned();
    let heredocs = run["heredocs"].as_array().unwrap();
    let text = match heredocs.first() {
        _ if run["exec"] == true => return Vec::new(),
        None => arguments,
        Some(heredoc) if bakehouse_dockerfile::heredoc_word(&arguments) => {
            heredoc["content"].as_str().unwrap().to_owned()
        }
        Some(_) => {
            let bodies = heredocs.iter().map(|h| {
                format!(
                    "{}{}\n",
                    h["content"].as_str().unwrap(),
                    h["name"].as_str().unwrap()
                )
            });
            format!("{arguments}\n{}", bodies.collect::<String>())
        }
    };
    let answer = witness.ask(&json!({"kind": "commands", "text": text, "bash": true}));
    let commands = answer.get("commands").and_then(Json::as_array);
    let commands = commands.into_iter().flatten();
    commands
        .map(|command| command.as_str().unwrap().to_owned())
        .collect()
}
