//! Calls of host functions that are not granted, or make no sense.

use bakehouse_sdk::fetch::{self, Archive, Unpack};
use bakehouse_sdk::log::{self, Level};
use bakehouse_sdk::release::{self, Selection};
use bakehouse_sdk::{Build, Error, Target, buildx, options, registry};

use super::{Case, address, escaped, good};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("release-other", |_| latest("npm:other")),
    ("release-dots", |_| latest("npm:../other")),
    ("release-file", |_| latest("file:/etc/passwd")),
    ("release-newline", |_| latest("npm:granted\nHost: x")),
    ("release-url", |_| latest(&format!("gitea:{}/a/b", host()))),
    ("release-tag", |_| {
        release::get("npm:granted", "../../secret")?;
        Err(escaped("a tag"))
    }),
    ("release-pattern", |_| {
        release::list("npm:granted", &Selection::all().tags("no version"), 1)?;
        Err(escaped("a pattern"))
    }),
    ("lookup", |_| {
        registry::tags(&format!("{}/secret/x", address("registry")))?;
        Err(escaped("tags"))
    }),
    ("lookup-neighbour", |_| {
        registry::head(&format!("{}/granted/base-evil:1", address("registry")))?;
        Err(escaped("a manifest"))
    }),
    ("lookup-nonsense", |_| {
        registry::platforms("\u{0}\n../..//@:")?;
        Err(escaped("platforms"))
    }),
    ("download-other", |_| download(&at("/secret"))),
    ("download-dots", |_| download(&at("/granted/../secret"))),
    ("download-encoded", |_| {
        download(&at("/granted/%2e%2e/secret"))
    }),
    ("download-user", |_| {
        let base = address("http").replace("http://", "http://granted@");
        download(&format!("{base}/granted/file"))
    }),
    ("download-file", |_| download("file:///etc/passwd")),
    ("download-redirect", |_| download(&at("/granted/to-secret"))),
    ("download-redirect-name", |_| {
        download(&at("/granted/to-localhost"))
    }),
    ("download-redirect-metadata", |_| {
        download(&at("/granted/to-metadata"))
    }),
    ("download-redirect-loop", |_| download(&at("/granted/loop"))),
    ("download-wrong-digest", |_| {
        let digest = format!("sha256:{}", "0".repeat(64));
        fetch::download(&at("/granted/file"), Some(&digest), "x", Unpack::None)?;
        Err(escaped("other bytes"))
    }),
    ("download-into-parent", |_| into("../x")),
    ("download-into-root", |_| into("/etc/cron.d/x")),
    ("download-into-nothing", |_| into("")),
    ("archive-dots", |_| unpack("dots")),
    ("archive-absolute", |_| unpack("absolute")),
    ("archive-link", |_| unpack("link")),
    ("archive-through-link", |_| unpack("through-link")),
    ("archive-hard-link", |_| unpack("hard-link")),
    ("archive-device", |_| unpack("device")),
    ("archive-bomb", |_| unpack("bomb")),
    ("archive-many", |_| unpack("many")),
    ("archive-garbage", |_| unpack("garbage")),
    ("compile-into-tree", |target| compile(target, ".")),
    ("compile-into-parent", |target| compile(target, "a/../../x")),
    ("compile-into-root", |target| compile(target, "/tmp/x")),
    ("call-flood", |_| {
        for _ in 0..1_000_000 {
            release::latest("npm:granted", None)?;
        }
        Err(escaped("calls"))
    }),
    ("call-flood-free", |target| {
        loop {
            if options::get("cases").is_none() {
                return Ok(good(target));
            }
        }
    }),
    ("log-flood", |_| {
        let line = "log-flood ".repeat(150);
        for _ in 0..1000 {
            log::log(Level::Warn, &line);
        }
        Err(Error::Other("met: the end of the flood".to_owned()))
    }),
    ("log-huge", |_| {
        log::log(Level::Warn, &"x".repeat(100 << 20));
        Err(escaped("a message"))
    }),
    ("url-huge", |_| {
        download(&at(&format!("/granted/{}", "x".repeat(50 << 20))))
    }),
    ("error-terminal", |_| {
        Err(Error::Other(
            "met: \u{1b}]0;owned\u{7}\u{1b}[2J\rclean".to_owned(),
        ))
    }),
    ("error-huge", |_| {
        Err(Error::Other("met: long\n".repeat(1 << 20)))
    }),
];

fn at(path: &str) -> String {
    format!("{}{path}", address("http"))
}

fn host() -> String {
    address("http").replace("http://", "")
}

fn latest(source: &str) -> Result<Build, Error> {
    release::latest(source, None)?;
    Err(escaped(source))
}

fn download(url: &str) -> Result<Build, Error> {
    fetch::download(url, None, "x", Unpack::None)?;
    Err(escaped(url))
}

fn into(path: &str) -> Result<Build, Error> {
    fetch::download(&at("/granted/file"), None, path, Unpack::None)?;
    Err(escaped(path))
}

fn unpack(archive: &str) -> Result<Build, Error> {
    fetch::download(
        &at(&format!("/granted/{archive}.tgz")),
        None,
        "x",
        Archive::tar_gz(),
    )?;
    Err(escaped(archive))
}

fn compile(target: &Target, into: &str) -> Result<Build, Error> {
    buildx::compile(&good(target), into)?;
    Err(escaped(into))
}
