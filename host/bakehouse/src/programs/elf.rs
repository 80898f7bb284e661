//! The machine of an ELF file (System V ABI, "ELF Header").

/// Bytes of a file that tell.
pub(super) const HEAD: usize = 20;

/// The architecture that a program is for, as in `GOARCH`; none for a file that is
/// no ELF file, or for a machine that no image platform has.
pub(super) fn architecture(head: &[u8]) -> Option<&'static str> {
    let rest = head.strip_prefix(b"\x7fELF")?;
    let (wide, little) = (*rest.first()? == 2, *rest.get(1)? == 1);
    let machine: [u8; 2] = head.get(18..HEAD)?.try_into().ok()?;
    let machine = match little {
        true => u16::from_le_bytes(machine),
        false => u16::from_be_bytes(machine),
    };
    Some(match (machine, wide, little) {
        (3, ..) => "386",
        (8, false, false) => "mips",
        (8, false, true) => "mipsle",
        (8, true, false) => "mips64",
        (8, true, true) => "mips64le",
        (21, _, false) => "ppc64",
        (21, _, true) => "ppc64le",
        (22, true, _) => "s390x",
        (40, ..) => "arm",
        (62, ..) => "amd64",
        (183, _, true) => "arm64",
        (243, true, _) => "riscv64",
        (258, ..) => "loong64",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakehouse_loopback::elf;

    #[test]
    fn tells_machines() {
        for name in ["amd64", "arm64"] {
            assert_eq!(architecture(&elf(name, "x", None)), Some(name));
        }
        let mut s390x = [0; HEAD];
        s390x[..6].copy_from_slice(b"\x7fELF\x02\x02");
        s390x[19] = 22;
        assert_eq!(architecture(&s390x), Some("s390x"));
        for other in [
            &b""[..],
            b"#!/bin/sh",
            b"\x7fELF",
            b"\x7fELF\x02\x01",
            b"MZ",
        ] {
            assert_eq!(architecture(other), None);
        }
    }
}
