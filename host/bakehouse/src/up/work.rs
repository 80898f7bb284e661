//! The work of setting up, and of taking it back.

use std::fs;
use std::path::Path;

use bakehouse_core::platform::Platform;
use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage;
use tokio::process::Command;

use super::apt::{Apt, succeed};
use super::emulator::BINFMT;
use super::engine::Dockerd;
use super::{Emulator, Home, Record, Step, UpError};

/// The suite that has a Docker and a buildx that are recent enough; they stand on
/// a C library that Debian 12 has.
const RECENT: &str = "testing";
/// The oldest that is supported: what is from it runs on all later ones.
const OLDEST: &str = "bookworm";
/// Programs that the engine runs beside itself, with their libraries.
const BESIDE: &[&str] = &[
    "runc",
    "libseccomp2",
    "iptables",
    "libxtables12",
    "libnftnl11",
    "libmnl0",
    "libip4tc2",
    "libip6tc2",
    "libnetfilter-conntrack3",
    "libnfnetlink0",
];

/// The work, in one folder.
pub struct Work<'a> {
    /// The folder.
    pub home: &'a Home,
    /// Told what takes long, in one line.
    pub say: &'a (dyn Fn(&str) + Send + Sync),
}

impl Work<'_> {
    /// Does a step. What is unpacked already is not unpacked again.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn run(&self, step: &Step) -> Result<(), UpError> {
        match step {
            Step::Engine { unpack } => self.engine(*unpack).await,
            Step::Buildx => self.buildx().await,
            Step::Emulators(platforms) => self.emulators(platforms).await,
        }
    }

    /// Unpacks all programs that a step may need, and starts nothing.
    ///
    /// # Errors
    /// When they cannot be had.
    pub async fn unpack(&self) -> Result<(), UpError> {
        self.unpack_engine().await?;
        self.buildx().await?;
        self.unpack_emulators().await
    }

    async fn unpack_engine(&self) -> Result<(), UpError> {
        let (docker, beside) = (self.home.tree("docker"), self.home.tree("beside"));
        if !docker.is_dir() {
            (self.say)("unpacking Debian's Docker Engine");
            let packages = ["docker.io", "containerd"];
            self.apt(RECENT).await?.unpack(&packages, &docker).await?;
        }
        if !beside.is_dir() {
            self.apt(OLDEST).await?.unpack(BESIDE, &beside).await?;
        }
        for program in [
            "sbin/dockerd",
            "bin/docker-proxy",
            "sbin/docker-proxy",
            "bin/docker-init",
            "bin/containerd",
            "bin/containerd-shim-runc-v2",
        ] {
            self.link(&docker.join("usr").join(program))?;
        }
        for (name, program) in [
            ("runc", "sbin/runc"),
            ("iptables", "sbin/iptables-nft"),
            ("ip6tables", "sbin/ip6tables-nft"),
        ] {
            self.wrap(name, &beside, program)?;
        }
        Ok(())
    }

    async fn engine(&self, unpack: bool) -> Result<(), UpError> {
        let mut record = Record::read(self.home)?;
        // One that does not answer any more.
        if let Some(engine) = record.engine.take() {
            engine.stop(self.home).await;
            record.write(self.home)?;
        }
        let dockerd = match Dockerd::installed().filter(|_| !unpack) {
            Some(dockerd) => dockerd,
            None => {
                self.unpack_engine().await?;
                Dockerd::unpacked(self.home)
            }
        };
        (self.say)("starting a Docker Engine");
        let engine = dockerd.start(self.home).await?;
        record.engine = Some(engine.clone());
        record.write(self.home)?;
        let answered = engine.answers(self.home).await;
        if answered.is_err() {
            engine.stop(self.home).await;
            record.engine = None;
            record.write(self.home)?;
        }
        answered
    }

    async fn buildx(&self) -> Result<(), UpError> {
        let tree = self.home.tree("buildx");
        if !tree.is_dir() {
            (self.say)("unpacking Debian's docker-buildx");
            let packages = ["docker-buildx", "docker-cli"];
            self.apt(RECENT).await?.unpack(&packages, &tree).await?;
        }
        self.link(&tree.join("usr/bin/docker"))?;
        self.link(&tree.join("usr/libexec/docker/cli-plugins/docker-buildx"))
    }

    async fn emulators(&self, platforms: &[Platform]) -> Result<(), UpError> {
        let mut record = Record::read(self.home)?;
        let register = Path::new(BINFMT).join("register");
        if !register.exists() {
            let mut mount = Command::new("mount");
            mount.args(["-t", "binfmt_misc", "binfmt_misc", BINFMT]);
            succeed("mount", mount).await?;
            record.binfmt_mounted = true;
            record.write(self.home)?;
        }
        let tree = self.home.tree("qemu");
        for platform in platforms {
            let Some(emulator) = Emulator::of(platform) else {
                return Err(UpError::NoEmulator(platform.clone()));
            };
            // Another one may have come with the mount.
            if emulator.is_registered() {
                continue;
            }
            self.unpack_emulators().await?;
            let conf = tree.join(format!("usr/lib/binfmt.d/{}.conf", emulator.entry()));
            let program = tree.join(format!("usr/bin/{}-static", emulator.entry()));
            let text = fs::read_to_string(&conf).unwrap_or_default();
            let line = Emulator::line(&text, &program)
                .ok_or_else(|| UpError::NoEmulator(platform.clone()))?;
            fs::write(&register, line).at("write to", &register)?;
            record.emulators.push(emulator.entry());
            record.write(self.home)?;
        }
        Ok(())
    }

    async fn unpack_emulators(&self) -> Result<(), UpError> {
        let tree = self.home.tree("qemu");
        if !tree.is_dir() {
            (self.say)("unpacking Debian's QEMU");
            let packages = ["qemu-user-static"];
            self.apt(OLDEST).await?.unpack(&packages, &tree).await?;
        }
        Ok(())
    }

    /// Stops what was started, and nothing else; says what that was.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub async fn down(&self) -> Result<Vec<String>, UpError> {
        let record = Record::read(self.home)?;
        let mut stopped = Vec::new();
        if let Some(engine) = &record.engine {
            engine.stop(self.home).await;
            stopped.push(format!("stopped the engine at {}", engine.address()));
        }
        for entry in &record.emulators {
            let path = Path::new(BINFMT).join(entry);
            if fs::write(&path, "-1").is_ok() {
                stopped.push(format!("removed the emulator {entry}"));
            }
        }
        if record.binfmt_mounted {
            let mut command = Command::new("umount");
            command.arg(BINFMT);
            // Others may have registered theirs meanwhile, and use it.
            let _ = succeed("umount", command).await;
        }
        if record != Record::default() {
            Record::default().write(self.home)?;
        }
        Ok(stopped)
    }

    async fn apt(&self, suite: &str) -> Result<Apt, UpError> {
        storage::create(self.home.folder())?;
        Apt::new(self.home.tree("apt").join(suite), suite).await
    }

    /// Puts an unpacked program among the programs, where there is one.
    fn link(&self, program: &Path) -> Result<(), UpError> {
        let Some(name) = program.file_name().filter(|_| program.exists()) else {
            return Ok(());
        };
        let folder = self.home.programs();
        storage::create(&folder)?;
        let link = folder.join(name);
        storage::remove_all(&link).at("remove", &link)?;
        Ok(std::os::unix::fs::symlink(program, &link).at("write", &link)?)
    }

    /// The same for one that has its libraries unpacked beside it.
    fn wrap(&self, name: &str, tree: &Path, program: &str) -> Result<(), UpError> {
        let tree = tree.join("usr");
        let library = format!("lib/{}-linux-gnu", std::env::consts::ARCH);
        let quoted = |path: &str| {
            let path = tree.join(path);
            let path = path.to_string_lossy();
            shlex::try_quote(&path).map_or_else(|_| String::new(), |quoted| quoted.into_owned())
        };
        let (libraries, program) = (quoted(&library), quoted(program));
        let script = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH={libraries} XTABLES_LIBDIR={libraries}/xtables exec {program} \"$@\"\n"
        );
        let folder = self.home.programs();
        storage::create(&folder)?;
        let path = folder.join(name);
        fs::write(&path, script).at("write", &path)?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        Ok(fs::set_permissions(&path, mode).at("write", &path)?)
    }
}
