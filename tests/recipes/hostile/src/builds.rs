//! Builds that reach for more than a build is given.

use bakehouse_sdk::{Build, Error, Network, Target, buildx, platform};

use super::{Case, address, good, option, write};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("network", |target| Ok(good(target).with_network())),
    ("secret", |target| Ok(good(target).secret("CANARY"))),
    ("secret-option", |target| {
        Ok(good(target).secret("X,src=/etc/passwd"))
    }),
    ("base", |target| {
        let image = format!("docker-image://{}/secret/x", address("registry"));
        Ok(good(target).context("x", &image))
    }),
    ("context-git", |target| {
        Ok(good(target).context("x", "https://host.example/x.git"))
    }),
    ("context-layout", |target| {
        Ok(good(target).context("x", "oci-layout:///etc"))
    }),
    ("context-folder", |target| {
        Ok(good(target).context("x", "/etc"))
    }),
    ("context-name", |target| {
        Ok(good(target).context("x=/etc,y", "."))
    }),
    (
        "folder-parent",
        |target| Ok(good(target).in_folder("../..")),
    ),
    ("folder-root", |target| Ok(good(target).in_folder("/"))),
    ("folder-url", |target| {
        Ok(good(target).in_folder("https://host.example/x.git"))
    }),
    ("folder-flag", |target| {
        Ok(good(target).in_folder("--allow=network.host"))
    }),
    ("dockerfile-root", |target| {
        Ok(Build::file("/etc/passwd", &target.platform))
    }),
    ("dockerfile-parent", |target| {
        Ok(Build::file("../Dockerfile", &target.platform))
    }),
    ("dockerfile-folder", |target| {
        Ok(Build::file(".", &target.platform))
    }),
    ("dockerfile-huge", |target| {
        write("huge", &vec![b'#'; 2 << 20])?;
        Ok(Build::file("huge", &target.platform))
    }),
    ("dockerfile-syntax", |target| {
        let line = format!("# syntax={}/secret/x\nFROM scratch\n", address("registry"));
        write("Dockerfile", line.as_bytes())?;
        Ok(Build::file("Dockerfile", &target.platform))
    }),
    ("arg-syntax", |target| {
        Ok(good(target).arg("BUILDKIT_SYNTAX", "evil.example/x"))
    }),
    ("arg-cache", |target| {
        Ok(good(target).arg("BUILDKIT_CACHE_MOUNT_NS", "misbehave"))
    }),
    ("arg-proxy", |target| {
        Ok(good(target).arg("http_proxy", "http://evil.example:3128"))
    }),
    ("arg-proxy-case", |target| {
        Ok(good(target).arg("Https_Proxy", "http://evil.example:3128"))
    }),
    ("arg-proxy-fold", |target| {
        Ok(good(target).arg("HTTP\u{17f}_PROXY", "http://evil.example:3128"))
    }),
    ("arg-hostname", |target| {
        Ok(good(target).arg("BUILDKIT_SANDBOX_HOSTNAME", "victim"))
    }),
    ("arg-platform", |target| {
        Ok(good(target).arg("BUILDPLATFORM", "linux/s390x"))
    }),
    ("arg-flag", |target| {
        Ok(good(target).arg("--allow", "network.host"))
    }),
    ("arg-zero", |target| Ok(good(target).arg("A", "a\0b"))),
    ("args-many", |target| {
        Ok((0..5000).fold(good(target), |build, n| build.arg(&format!("A{n}"), "x")))
    }),
    ("args-huge", |target| {
        Ok(good(target).arg("A", &"x".repeat(1 << 20)))
    }),
    ("label-flag", |target| {
        Ok(good(target).label("--push", "true"))
    }),
    ("stage-flag", |target| {
        Ok(good(target).stage("--ssh=default"))
    }),
    ("other-platform", |_| {
        Ok(Build::inline(
            "FROM scratch\nCOPY file /\n",
            &platform("linux/s390x"),
        ))
    }),
    ("nonsense-platform", |target| {
        let mut build = good(target);
        build.platform.os = "linux,linux/arm64 --push".to_owned();
        Ok(build)
    }),
    ("compile-network", |target| {
        let mut build = good(target);
        build.network = Network::Default;
        buildx::compile(&build, "out")?;
        Ok(good(target))
    }),
    ("links", links),
];

/// A build with the Dockerfile that the test tells; of cases `result-...` a
/// compile step, whose result must not come in whole.
pub(crate) fn dockerfile(case: &str, text: &str, target: &Target) -> Result<Build, Error> {
    plant(target)?;
    let mut build = Build::inline(text, &target.platform);
    if let Some(context) = option("context", case) {
        let (name, value) = context.split_once('=').unwrap_or(("x", &context));
        build = build.context(name, value);
    }
    if let Some(secret) = option("secret", case) {
        build = build.secret(&secret);
    }
    if case.starts_with("result-") {
        buildx::compile(&build, "out")?;
        return Err(super::escaped("the whole result"));
    }
    Ok(build)
}

/// Puts links that lead out into `/src/planted`, as a compile step may.
fn plant(target: &Target) -> Result<(), Error> {
    write("links.tar", &tar_of_links())?;
    let build = Build::inline("FROM scratch\nADD links.tar /\n", &target.platform);
    buildx::compile(&build, "planted")
}

/// Every way to use a link that leads out; says what each one met.
fn links(target: &Target) -> Result<Build, Error> {
    use bakehouse_sdk::fetch::{self, Unpack};

    plant(target)?;
    let mut through = Vec::new();
    if let Ok(text) = std::fs::read_to_string("/src/planted/etc/passwd") {
        through.push(format!("read {} bytes", text.len()));
    }
    if std::fs::write("/src/planted/tmp/hostile-was-here", "x").is_ok() {
        through.push("wrote".to_owned());
    }
    let url = format!("{}/granted/file", address("http"));
    for path in [
        "planted/tmp/hostile-was-here",
        "planted/up/x",
        "planted/dangling",
    ] {
        if fetch::download(&url, None, path, Unpack::None).is_ok() {
            through.push(format!("downloaded into {path}"));
        }
    }
    if buildx::compile(&good(target), "planted/up").is_ok() {
        through.push("compiled into a link".to_owned());
    }
    for context in ["planted/etc", "planted/up"] {
        let build = Build::inline("FROM scratch\nCOPY . /\n", &target.platform).in_folder(context);
        if buildx::compile(&build, "out").is_ok() {
            through.push(format!("built {context}"));
        }
        let build = good(target).context("x", context);
        if buildx::compile(&build, "out").is_ok() {
            through.push(format!("named {context}"));
        }
    }
    if !through.is_empty() {
        return Err(super::escaped(&through.join(", ")));
    }
    // The last way is the build itself.
    Ok(Build::file("planted/etc/passwd", &target.platform))
}

/// A tar archive of symbolic links.
fn tar_of_links() -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, to) in [
        ("etc", "/etc"),
        ("tmp", "/tmp"),
        ("up", "../.."),
        ("dangling", "../../dangling"),
        ("canary", &address("canary") as &str),
    ] {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, text: &str| {
            header[at..at + text.len()].copy_from_slice(text.as_bytes());
        };
        put(0, name);
        put(100, "0000777\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, "00000000000\0");
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, "2");
        put(157, to);
        put(257, "ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        let sum = format!("{sum:06o}\0 ");
        header[148..156].copy_from_slice(sum.as_bytes());
        tar.extend(header);
    }
    tar.extend([0; 1024]);
    tar
}
