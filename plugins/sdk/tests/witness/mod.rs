//! The witness program: BuildKit's parser and a shell's, asked over a pipe.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// A running witness.
pub struct Witness {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Witness {
    /// Builds the program, once, and starts it.
    pub fn start() -> Self {
        let mut child = Command::new(program())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            input,
            output,
        }
    }

    /// The answer to a request.
    pub fn ask(&mut self, request: &Value) -> Value {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{request}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{request}: {e}: {answer}"))
    }

    /// BuildKit's account of a Dockerfile.
    pub fn dockerfile(&mut self, text: &str) -> Value {
        self.ask(&json!({"kind": "dockerfile", "text": text}))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Builds tests/dockerfiles/witness with the machine's Go.
fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let tests = option_env!("CARGO_TARGET_TMPDIR");
        let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tmp");
        let folder = Path::new(tests.unwrap_or(unit));
        std::fs::create_dir_all(folder).unwrap();
        let program = folder.join("witness");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/dockerfiles/witness");
        let output = Command::new("go")
            .args(["build", "-trimpath", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(source)
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", "-mod=readonly")
            .env("GOTOOLCHAIN", "local")
            .output()
            .expect("there is no Go\nhint: ./justw test brings one");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "go build: {said}");
        program
    })
}
