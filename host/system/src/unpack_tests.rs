use tar::{Builder, Header};

use super::*;

struct Made(Builder<Vec<u8>>);

impl Made {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// Writes the name as it is, which `Builder` refuses for hostile ones.
    fn header(name: &str, kind: EntryType, size: u64, mode: u32) -> Header {
        let mut header = Header::new_gnu();
        let bytes = &mut header.as_old_mut().name;
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(mode);
        header.set_mtime(1_000_000);
        header
    }

    fn file(mut self, name: &str, text: &str, mode: u32) -> Self {
        let mut header = Self::header(name, EntryType::Regular, text.len() as u64, mode);
        header.set_cksum();
        self.0.append(&header, text.as_bytes()).unwrap();
        self
    }

    fn link(mut self, kind: EntryType, name: &str, target: &str) -> Self {
        let mut header = Self::header(name, kind, 0, 0o777);
        let bytes = &mut header.as_old_mut().linkname;
        bytes[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        self.0.append(&header, io::empty()).unwrap();
        self
    }

    fn symlink(self, name: &str, target: &str) -> Self {
        self.link(EntryType::Symlink, name, target)
    }

    fn unpack(self, strip: u32, limits: UnpackLimits) -> Result<tempfile::TempDir, UnpackError> {
        let bytes = self.0.into_inner().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let go = AtomicBool::new(false);
        unpack(
            bytes.as_slice(),
            Origin::Upstream,
            strip,
            dir.path(),
            limits,
            &go,
        )
        .map(|()| dir)
    }

    fn refused(self) -> String {
        match self.unpack(0, UnpackLimits::default()) {
            Err(UnpackError::Storage(error)) => panic!("the system's: {error}"),
            Err(error) if !matches!(error, UnpackError::Stopped) => error.to_string(),
            other => panic!("not refused: {other:?}"),
        }
    }
}

#[test]
fn unpacks_with_strip_and_plain_modes() {
    let dir = Made::new()
        .file("package/bin/esbuild", "elf", 0o4777)
        .file("package/README.md", "text", 0o600)
        .file("top-level", "dropped", 0o644)
        .symlink("package/link", "bin/esbuild")
        .symlink("package/bin/up", "../README.md")
        .link(EntryType::Link, "package/hard", "package/README.md")
        .file("package/README.md", "again", 0o600)
        .unpack(1, UnpackLimits::default())
        .unwrap();
    let root = dir.path();
    let mode = |name: &str| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("bin/esbuild"), 0o755);
    assert_eq!(mode("README.md"), 0o644);
    assert_eq!(fs::read_to_string(root.join("link")).unwrap(), "elf");
    assert_eq!(fs::read_to_string(root.join("bin/up")).unwrap(), "again");
    assert_eq!(fs::read_to_string(root.join("hard")).unwrap(), "text");
    assert!(!root.join("top-level").exists());
    let modified = fs::metadata(root.join("bin/esbuild")).unwrap().modified();
    assert_eq!(
        modified.unwrap(),
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
    );
}

#[test]
fn refuses_paths_out() {
    for name in ["/etc/passwd", "../x", "a/../../x", "a/.."] {
        let text = Made::new().file(name, "x", 0o644).refused();
        assert!(text.contains("absolute or has"), "{name}: {text}");
    }
}

#[test]
fn refuses_links_out() {
    for (name, target) in [
        ("l", "/etc/passwd"),
        ("l", ".."),
        ("l", "../x"),
        ("a/l", "../../x"),
        ("a/l", "../b/../../x"),
    ] {
        let text = Made::new().symlink(name, target).refused();
        assert!(text.contains("outside of the archive"), "{name}: {text}");
    }
    // `d/y` would be `d/x/..`, and `d/x` is the root: the parent of the root.
    Made::new()
        .symlink("d/x", "..")
        .symlink("d/y", "x/..")
        .refused();
    // Writing through a link, and a link that its own folder moves.
    Made::new()
        .symlink("l", ".")
        .file("l/x", "x", 0o644)
        .refused();
    Made::new().symlink("p", ".").symlink("p/l", "..").refused();
    Made::new()
        .link(EntryType::Link, "h", "/etc/passwd")
        .refused();
    Made::new().link(EntryType::Link, "h", "../x").refused();
    Made::new()
        .symlink("l", "f")
        .link(EntryType::Link, "h", "l")
        .refused();
}

#[test]
fn refuses_special_files_and_replaced_folders() {
    for kind in [EntryType::Char, EntryType::Block, EntryType::Fifo] {
        let text = Made::new().link(kind, "dev", "").refused();
        assert!(text.contains("device or a pipe"), "{text}");
    }
    let text = Made::new()
        .file("d/f", "x", 0o644)
        .symlink("d", "x")
        .refused();
    assert!(text.contains("replaces a folder"), "{text}");
}

#[test]
fn bounds_entries_and_bytes() {
    let limits = UnpackLimits {
        entries: 2,
        bytes: 10,
    };
    let three = Made::new()
        .file("a", "", 0o644)
        .file("b", "", 0o644)
        .file("c", "", 0o644);
    let error = three.unpack(0, limits).unwrap_err().to_string();
    assert!(error.contains("more than 2 entries"), "{error}");
    let large = Made::new()
        .file("a", "12345", 0o644)
        .file("b", "123456", 0o644);
    let error = large.unpack(0, limits).unwrap_err().to_string();
    assert!(error.contains("larger than the limit"), "{error}");
}

#[test]
fn refuses_what_is_no_archive() {
    let dir = tempfile::tempdir().unwrap();
    let go = AtomicBool::new(false);
    let text = vec![b'x'; 2048];
    let error = unpack(
        text.as_slice(),
        Origin::Upstream,
        0,
        dir.path(),
        UnpackLimits::default(),
        &go,
    )
    .unwrap_err();
    assert!(matches!(error, UnpackError::Damaged(_)), "{error}");
}

/// An archive whose first entry has a name or a list of attributes of `size`
/// bytes, and whose second is a file.
fn long_header(kind: EntryType, size: u64) -> Vec<u8> {
    let mut made = Made::new();
    let mut header = Made::header("././@LongLink", kind, size, 0o644);
    header.set_cksum();
    made.0.append(&header, io::repeat(b'a').take(size)).unwrap();
    made.file("file", "x", 0o644).0.into_inner().unwrap()
}

#[test]
fn headers_are_bounded_while_they_are_read() {
    let go = AtomicBool::new(false);
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let bytes = long_header(kind, 8 << 20);
        let mut read = 0;
        let counted = Counted(bytes.as_slice(), &mut read);
        let error = unpack(
            counted,
            Origin::Upstream,
            0,
            dir.path(),
            UnpackLimits::default(),
            &go,
        )
        .unwrap_err();
        assert!(error.to_string().contains("bytes of headers"), "{error}");
        assert!(read <= 2 << 20, "{read}");
    }
}

struct Counted<'a>(&'a [u8], &'a mut usize);

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.0.read(buffer)?;
        *self.1 += size;
        Ok(size)
    }
}

#[test]
fn what_is_dropped_counts_and_depth_has_an_end() {
    let limits = UnpackLimits {
        entries: 10,
        bytes: 100,
    };
    let dropped = Made::new().file("top", &"x".repeat(101), 0o644);
    let error = dropped.unpack(1, limits).unwrap_err();
    assert!(
        error.to_string().contains("larger than the limit"),
        "{error}"
    );

    // Deeper than a header's own name can say.
    let mut tar = Made::new();
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_mode(0o644);
    let name = "d/".repeat(DEPTH) + "file";
    tar.0.append_data(&mut header, name, io::empty()).unwrap();
    assert!(tar.refused().contains("more than 200 folders deep"));

    let mut tar = Made::new();
    let name = "n".repeat(300);
    tar.0.append_data(&mut header, name, io::empty()).unwrap();
    assert!(tar.refused().contains("File name too long"));
}

#[test]
fn a_truncated_archive_is_damaged() {
    let whole = Made::new().file("file", &"x".repeat(2000), 0o644);
    let bytes = whole.0.into_inner().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let go = AtomicBool::new(false);
    let cut = &bytes[..1000];
    let error = unpack(
        cut,
        Origin::Upstream,
        0,
        dir.path(),
        UnpackLimits::default(),
        &go,
    )
    .unwrap_err();
    assert!(matches!(error, UnpackError::Damaged(_)), "{error}");
}
