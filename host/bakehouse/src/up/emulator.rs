//! Emulators in the kernel's `binfmt_misc`: how programs of another architecture
//! are run.

use std::path::Path;

use bakehouse_core::platform::Platform;

/// The kernel's folder of them (Documentation/admin-guide/binfmt-misc.rst).
pub(super) const BINFMT: &str = "/proc/sys/fs/binfmt_misc";

/// An emulator of one architecture.
#[derive(Debug, PartialEq, Eq)]
pub struct Emulator {
    /// The architecture, as in `GOARCH`.
    pub architecture: &'static str,
    /// QEMU's name for it.
    pub qemu: &'static str,
    /// Bits of an address, byte order and machine of its programs (elf(5)).
    elf: (Bits, Order, u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bits {
    B32 = 1,
    B64 = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little = 1,
    Big = 2,
}

const fn emulator(
    architecture: &'static str,
    qemu: &'static str,
    elf: (Bits, Order, u16),
) -> Emulator {
    Emulator {
        architecture,
        qemu,
        elf,
    }
}

static EMULATORS: &[Emulator] = &[
    emulator("386", "i386", (Bits::B32, Order::Little, 3)),
    emulator("amd64", "x86_64", (Bits::B64, Order::Little, 62)),
    emulator("arm", "arm", (Bits::B32, Order::Little, 40)),
    emulator("arm64", "aarch64", (Bits::B64, Order::Little, 183)),
    emulator("loong64", "loongarch64", (Bits::B64, Order::Little, 258)),
    emulator("mips64le", "mips64el", (Bits::B64, Order::Little, 8)),
    emulator("ppc64le", "ppc64le", (Bits::B64, Order::Little, 21)),
    emulator("riscv64", "riscv64", (Bits::B64, Order::Little, 243)),
    emulator("s390x", "s390x", (Bits::B64, Order::Big, 22)),
];

impl Emulator {
    /// The emulator for a platform's programs; none where QEMU is not known to
    /// have one.
    #[must_use]
    pub fn of(platform: &Platform) -> Option<&'static Self> {
        let fits = |emulator: &&Self| emulator.architecture == platform.architecture();
        EMULATORS.iter().find(fits)
    }

    /// The name of its entry, as Debian and QEMU have it.
    pub(super) fn entry(&self) -> String {
        format!("qemu-{}", self.qemu)
    }

    /// The beginning of its programs, as the kernel shows it.
    fn magic(&self) -> String {
        let (bits, order, machine) = self.elf;
        let of = |number: u16| match order {
            Order::Little => number.to_le_bytes(),
            Order::Big => number.to_be_bytes(),
        };
        let mut bytes = vec![0x7f, b'E', b'L', b'F', bits as u8, order as u8, 1];
        bytes.resize(16, 0);
        // An executable.
        bytes.extend(of(2));
        bytes.extend(of(machine));
        hex::encode(bytes)
    }

    /// The kernel has one for its programs, whoever registered it.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.is_registered_in(Path::new(BINFMT))
    }

    fn is_registered_in(&self, folder: &Path) -> bool {
        let magic = format!("magic {}", self.magic());
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut texts = entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
        texts.any(|text| {
            text.starts_with("enabled\n") && text.lines().any(|line| line.starts_with(&magic))
        })
    }

    /// The line that registers it, made of Debian's own with a program in another
    /// place. The kernel keeps it open (`F`), so that containers need no copy, and
    /// programs keep their credentials (`O`, `C`).
    pub(super) fn line(conf: &str, program: &Path) -> Option<String> {
        let line = conf.lines().find(|line| line.starts_with(':'))?;
        let fields: Vec<&str> = line.split(':').collect();
        let [_, name, kind, offset, magic, mask, _, _] = fields.as_slice() else {
            return None;
        };
        let program = program.display();
        Some(format!(
            ":{name}:{kind}:{offset}:{magic}:{mask}:{program}:OCF"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of Debian's qemu-user-static 7.2, /usr/lib/binfmt.d/qemu-aarch64.conf.
    const CONF: &str = r":qemu-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/libexec/qemu-binfmt/aarch64-binfmt-P:OPF
";

    #[test]
    fn entries_are_told_by_what_programs_begin_with() {
        let dir = tempfile::tempdir().unwrap();
        let arm = Emulator::of(&"linux/arm64".parse().unwrap()).unwrap();
        let write = |text: &str| std::fs::write(dir.path().join("mine"), text).unwrap();
        assert!(!arm.is_registered_in(dir.path()));
        // As Linux 6.18 shows it.
        let shown = "interpreter /x/qemu-aarch64-static\nflags: OCF\noffset 0\n\
            magic 7f454c460201010000000000000000000200b700\n\
            mask ffffffffffffff00fffffffffffffffffeffffff\n";
        write(&format!("disabled\n{shown}"));
        assert!(!arm.is_registered_in(dir.path()));
        write(&format!("enabled\n{shown}"));
        assert!(arm.is_registered_in(dir.path()));
        let big = Emulator::of(&"linux/s390x".parse().unwrap()).unwrap();
        assert_eq!(big.magic(), "7f454c4602020100000000000000000000020016");
        assert!(!big.is_registered_in(dir.path()));
    }

    #[test]
    fn debians_line_gets_another_program() {
        let line = Emulator::line(CONF, Path::new("/up/qemu-aarch64-static")).unwrap();
        assert!(line.starts_with(r":qemu-aarch64:M::\x7f\x45"), "{line}");
        assert!(
            line.ends_with(r"\xff\xff:/up/qemu-aarch64-static:OCF"),
            "{line}"
        );
        assert_eq!(Emulator::line("# nothing\n", Path::new("/x")), None);
    }
}
