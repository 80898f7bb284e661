//! Files of a commit.

/// Files of a commit: all of them, not what differs from the one before.
#[derive(Clone, Default)]
pub struct Tree(Vec<(String, &'static str, Vec<u8>)>);

impl Tree {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.add(path, "100644", content.as_ref())
    }

    /// Adds a file that can be run.
    pub fn executable(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.add(path, "100755", content.as_ref())
    }

    /// Adds a symbolic link.
    pub fn link(self, path: &str, target: &str) -> Self {
        self.add(path, "120000", target.as_bytes())
    }

    /// Adds a submodule at a commit; `.gitmodules` is the caller's.
    pub fn submodule(self, path: &str, commit: &str) -> Self {
        self.add(path, "160000", commit.as_bytes())
    }

    fn add(mut self, path: &str, mode: &'static str, content: &[u8]) -> Self {
        self.0.push((path.to_owned(), mode, content.to_owned()));
        self
    }

    /// Its part of a commit in `git fast-import`'s format.
    pub(super) fn fast_import(&self) -> Vec<u8> {
        let mut stream = b"deleteall\n".to_vec();
        for (path, mode, content) in &self.0 {
            if *mode == "160000" {
                let commit = String::from_utf8_lossy(content);
                stream.extend(format!("M {mode} {commit} {path}\n").bytes());
                continue;
            }
            let length = content.len();
            stream.extend(format!("M {mode} inline {path}\ndata {length}\n").bytes());
            stream.extend(content);
            stream.push(b'\n');
        }
        stream
    }
}
