use tar::{Builder, EntryType, Header};

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

/// One tree, packed by the tools that upstreams pack with; see the README there.
macro_rules! packed {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("testdata/", $name)).as_slice(),
        )
    };
}

fn taken(name: &str, bytes: &[u8], archive: &Archive) -> Result<tempfile::TempDir, UnpackError> {
    let dir = tempfile::tempdir().unwrap();
    let packed = dir.path().join("packed");
    fs::write(&packed, bytes).unwrap();
    let go = AtomicBool::new(false);
    extract(
        File::open(&packed).unwrap(),
        name,
        archive,
        &dir.path().join("content"),
        UnpackLimits {
            entries: 10,
            bytes: 20_000,
        },
        &go,
    )
    .map(|()| dir)
}

fn all(format: Format, strip: u32) -> Archive {
    Archive {
        format,
        strip,
        members: Vec::new(),
    }
}

fn refusal(name: &str, bytes: &[u8], archive: &Archive) -> String {
    taken(name, bytes, archive)
        .map(drop)
        .unwrap_err()
        .to_string()
}

#[test]
fn every_format_holds_the_same_tree() {
    let plain = {
        let mut bytes = Vec::new();
        let (_, packed) = packed!("tool.tar.gz");
        flate2::read::GzDecoder::new(packed)
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    };
    for ((name, bytes), format) in [
        (
            ("tool.tar", plain.as_slice()),
            Format::Tar(Compression::None),
        ),
        (packed!("tool.tar.gz"), Format::Tar(Compression::Gzip)),
        (packed!("tool.tar.xz"), Format::Tar(Compression::Xz)),
        (packed!("tool.tar.zst"), Format::Tar(Compression::Zstd)),
        (packed!("tool.tar.bz2"), Format::Tar(Compression::Bzip2)),
        (packed!("tool.zip"), Format::Zip),
        (packed!("tool.deb"), Format::Deb),
        (packed!("tool-zstd.deb"), Format::Deb),
    ] {
        // By its own name, by a name that tells nothing, and by its format.
        for (name, format) in [
            (name, Format::Auto),
            ("download", Format::Auto),
            ("x", format),
        ] {
            let dir = taken(name, bytes, &all(format, 1));
            let dir = dir.unwrap_or_else(|error| panic!("{name}: {error}"));
            let root = dir.path().join("content");
            let tool = root.join("bin/tool");
            assert_eq!(fs::read_to_string(&tool).unwrap(), "#!/bin/sh\necho tool\n");
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
            assert_eq!(mode(&tool), 0o755, "{name}");
            assert_eq!(mode(&root.join("share/doc/README")), 0o644, "{name}");
            let modified = fs::metadata(&tool).unwrap().modified().unwrap();
            let modified = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(
                modified.as_secs(),
                1_738_555_506,
                "{name}: 2025-02-03T04:05:06Z"
            );
            if !matches!(format, Format::Deb) && !bytes.starts_with(b"!<arch>") {
                let link = fs::read_link(root.join("link")).unwrap();
                assert_eq!(link, Path::new("bin/tool"), "{name}");
            }
        }
    }
}

#[test]
fn one_file_is_a_file() {
    for ((name, bytes), compression) in [
        (packed!("one.gz"), Compression::Gzip),
        (packed!("one.xz"), Compression::Xz),
        (packed!("one.zst"), Compression::Zstd),
        (packed!("one.bz2"), Compression::Bzip2),
    ] {
        for format in [Format::Auto, Format::File(compression)] {
            let dir = taken(name, bytes, &all(format, 0)).unwrap();
            let text = fs::read_to_string(dir.path().join("content")).unwrap();
            assert_eq!(text, "only this file\n", "{name}");
            let twice = [bytes, bytes].concat();
            let dir = taken(name, &twice, &all(format, 0)).unwrap();
            let text = fs::read_to_string(dir.path().join("content")).unwrap();
            assert_eq!(text.len(), 30, "{name}: one stream after the other");
            let says = refusal(name, bytes, &all(format, 1));
            assert!(says.contains("has no paths"), "{says}");
        }
        // As another format it is damaged, and never empty.
        refusal(name, bytes, &all(Format::Tar(compression), 0));
        refusal(name, bytes, &all(Format::Zip, 0));
        refusal(name, bytes, &all(Format::Deb, 0));
        refusal(name, &bytes[..bytes.len() - 9], &all(Format::Auto, 0));
    }
    for bytes in [&b""[..], b"text", &[0; 2048]] {
        let says = refusal("x.tar.gz", bytes, &all(Format::Auto, 0));
        assert!(says.contains("neither a tar, ZIP"), "{says}");
    }
}

#[test]
fn members_alone_are_taken_and_must_be_there() {
    for (_, bytes) in [
        packed!("tool.tar.xz"),
        packed!("tool.zip"),
        packed!("tool.deb"),
    ] {
        let members = |paths: &[&str]| Archive {
            format: Format::Auto,
            strip: 1,
            members: paths.iter().map(|path| (*path).to_owned()).collect(),
        };
        for (paths, there) in [
            (&["bin/tool"][..], &["bin/tool"][..]),
            (&["b*/t*l"], &["bin/tool"]),
            (&["share"], &["share/doc/README"]),
            (&["share/", "bin"], &["share/doc/README", "bin/tool"]),
            (&["*/doc/README"], &["share/doc/README"]),
        ] {
            let dir = taken("x", bytes, &members(paths)).unwrap();
            let root = dir.path().join("content");
            for path in ["bin/tool", "share/doc/README"] {
                assert_eq!(
                    root.join(path).exists(),
                    there.contains(&path),
                    "{path} of {paths:?}"
                );
            }
        }
        for absent in ["bin/other", "tool", "*/README", "bin/tool/x"] {
            let says = refusal("x", bytes, &members(&["bin/tool", absent]));
            let expected = format!("the archive has no `{absent}`; it has ");
            assert!(
                says.contains(&expected) && says.contains("share/doc/README"),
                "{says}"
            );
        }
        for bad in ["", "/bin", "../x", "a//b", "."] {
            let says = refusal("x", bytes, &members(&[bad]));
            assert!(says.contains("is no path in an archive"), "{bad}: {says}");
        }
    }
}

#[test]
fn bounds_hold_for_every_format() {
    use std::io::Write as _;

    let zeros = vec![0; 1 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(zeros.as_slice(), 19).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(&zeros).unwrap();
    let bzip2 = bzip2.finish().unwrap();
    let zip = |entries: usize, size: usize| {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for entry in 0..entries {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(format!("f{entry}"), options).unwrap();
            zip.write_all(&zeros[..size]).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    for bytes in [&gzip, &zstd, &bzip2, &zip(1, 30_000)] {
        let says = refusal("x", bytes, &all(Format::Auto, 0));
        assert!(says.contains("larger than the limit"), "{says}");
    }
    // What is not wanted counts, too.
    let other = Archive {
        members: vec!["f1".to_owned()],
        ..all(Format::Zip, 0)
    };
    let says = refusal("x", &zip(2, 15_000), &other);
    assert!(says.contains("larger than the limit"), "{says}");
    let says = refusal("x", &zip(11, 1), &all(Format::Zip, 0));
    assert!(says.contains("more than 10 entries"), "{says}");
}

type Zip = zip::ZipWriter<io::Cursor<Vec<u8>>>;

#[test]
fn zip_archives_lead_nowhere_else() {
    use std::io::Write as _;
    use zip::write::SimpleFileOptions;

    let made = |fill: &dyn Fn(&mut Zip)| {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        fill(&mut zip);
        zip.finish().unwrap().into_inner()
    };
    let file = |name: &str| {
        made(&|zip| {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(b"x").unwrap();
        })
    };
    let link = |name: &str, target: &str| {
        made(&|zip| {
            let options = SimpleFileOptions::default();
            zip.add_symlink(name, target, options).unwrap();
        })
    };
    for (bytes, why) in [
        (file("../x"), "absolute or has"),
        (file("/etc/x"), "absolute or has"),
        (file("a/../../x"), "absolute or has"),
        (link("l", "/etc/passwd"), "outside of the archive"),
        (link("a/l", "../../x"), "outside of the archive"),
        (link("l", ""), "without a target"),
    ] {
        let says = refusal("x.zip", &bytes, &all(Format::Auto, 0));
        assert!(says.contains(why), "{says}, not {why}");
    }
    let through = made(&|zip| {
        let options = SimpleFileOptions::default();
        zip.add_symlink("l", ".", options).unwrap();
        zip.start_file("l/x", options).unwrap();
    });
    let says = refusal("x.zip", &through, &all(Format::Auto, 0));
    assert!(says.contains("below a link"), "{says}");
}

/// Every fixture, by name.
const PACKED: [(&str, &[u8]); 12] = [
    packed!("tool.tar.gz"),
    packed!("tool.tar.xz"),
    packed!("tool.tar.zst"),
    packed!("tool.tar.bz2"),
    packed!("tool.zip"),
    packed!("tool.deb"),
    packed!("tool-zstd.deb"),
    packed!("one.gz"),
    packed!("one.xz"),
    packed!("one.zst"),
    packed!("one.bz2"),
    ("empty.tar", &[0; 1024]),
];

#[test]
fn what_is_cut_short_anywhere_is_refused() {
    for (name, bytes) in PACKED {
        for length in 0..bytes.len() {
            // Padding of the last member of a package.
            if name.ends_with(".deb") && length + 1 == bytes.len() {
                continue;
            }
            let cut = taken(name, &bytes[..length], &all(Format::Auto, 0));
            let Err(error) = cut else {
                panic!("{name} of {length} bytes is whole");
            };
            let storage = matches!(error, UnpackError::Storage(_));
            assert!(!storage, "{name} of {length} bytes: {error}");
        }
    }
}

#[test]
fn a_changed_byte_ends_nothing_but_the_archive() {
    for (name, bytes) in PACKED {
        for at in 0..bytes.len() {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 0xff;
            let changed = taken(name, &bytes, &all(Format::Auto, 0));
            let storage = matches!(changed, Err(UnpackError::Storage(_)));
            assert!(!storage, "{name} with another byte {at}: {changed:?}");
        }
    }
}

#[test]
fn a_checksum_after_the_last_file_counts() {
    for (name, bytes) in [packed!("tool.tar.gz"), packed!("tool.tar.xz")] {
        let mut bytes = bytes.to_vec();
        // The CRC of gzip, the check or index of xz.
        let at = bytes.len() - if name.ends_with("gz") { 8 } else { 40 };
        bytes[at] ^= 1;
        let says = refusal(name, &bytes, &all(Format::Auto, 0));
        assert!(says.contains("is damaged"), "{name}: {says}");
    }
    for format in [Format::Tar(Compression::None), Format::Zip] {
        let empty = match format {
            Format::Zip => [b"PK\x05\x06".as_slice(), &[0; 18]].concat(),
            _ => vec![0; 1024],
        };
        let says = refusal("x", &empty, &all(format, 0));
        assert!(says.contains("is empty"), "{says}");
    }
}

/// One that says it has 2^40 entries, in ZIP64.
#[test]
fn room_is_made_for_what_there_is() {
    let mut zip = Vec::new();
    zip.extend(b"PK\x06\x06");
    zip.extend(44_u64.to_le_bytes());
    zip.extend([45, 0, 45, 0]);
    zip.extend([0; 8]);
    for number in [1_u64 << 40, 1 << 40, 46 << 40, 1 << 41] {
        zip.extend(number.to_le_bytes());
    }
    zip.extend(b"PK\x06\x07");
    zip.extend([0; 4]);
    zip.extend(0_u64.to_le_bytes());
    zip.extend(1_u32.to_le_bytes());
    zip.extend(b"PK\x05\x06");
    zip.extend([0; 4]);
    zip.extend([0xff; 12]);
    zip.extend([0; 2]);
    let says = refusal("x.zip", &zip, &all(Format::Zip, 0));
    assert!(says.contains("is damaged"), "{says}");
}

#[test]
fn no_name_has_a_nul_byte() {
    let made = |name: &str, target: Option<&str>| {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        match target {
            Some(target) => zip.add_symlink(name, target, options).unwrap(),
            None => zip.start_file(name, options).unwrap(),
        }
        zip.finish().unwrap().into_inner()
    };
    for (bytes, why) in [
        (made("n\0me", None), "in its name"),
        (made("link", Some("a\0b")), "in its target"),
    ] {
        let says = refusal("x.zip", &bytes, &all(Format::Zip, 0));
        assert!(says.contains(why), "{says}");
    }
}
