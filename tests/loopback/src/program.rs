//! Programs for test images: a few instructions, no libraries, no compiler.

/// A static program that prints a line and exits with a code, or waits for ever.
///
/// # Panics
/// For an architecture other than amd64 and arm64.
#[must_use]
pub fn elf(architecture: &str, line: &str, exit: Option<u8>) -> Vec<u8> {
    let mut code = Vec::new();
    let length = u32::try_from(line.len()).unwrap();
    let machine = match architecture {
        "amd64" => {
            let end: Vec<u8> = match exit {
                Some(exit) => [&[0xb8, 60, 0, 0, 0, 0xbf, exit, 0, 0, 0, 0x0f, 0x05][..]].concat(),
                // pause, again and again: one that is left behind takes no time of others.
                None => vec![0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7],
            };
            code.extend([0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x48, 0x8d, 0x35]);
            code.extend((7 + u32::try_from(end.len()).unwrap()).to_le_bytes());
            code.push(0xba);
            code.extend(length.to_le_bytes());
            code.extend([0x0f, 0x05]);
            code.extend(end);
            0x3e_u16
        }
        "arm64" => {
            let end = match exit {
                Some(exit) => vec![0xd280_0000 | u32::from(exit) << 5, 0xd280_0ba8, 0xd400_0001],
                // ppoll of nothing without an end.
                None => vec![
                    0xd280_0000,
                    0xd280_0001,
                    0xd280_0002,
                    0xd280_0003,
                    0xd280_0928,
                    0xd400_0001,
                    0x17ff_fffa,
                ],
            };
            let to_text = (4 + u32::try_from(end.len()).unwrap()) * 4;
            let write = [
                0xd280_0020,
                0x1000_0001 | (to_text >> 2) << 5,
                0xd280_0002 | length << 5,
                0xd280_0808,
                0xd400_0001,
            ];
            for word in write.into_iter().chain(end) {
                code.extend(word.to_le_bytes());
            }
            0xb7_u16
        }
        other => panic!("{other}"),
    };
    code.extend(line.as_bytes());
    let (base, headers) = (0x40_0000_u64, 120_u64);
    let size = headers + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(2_u16.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    for value in [base + headers, 64, 0] {
        file.extend(value.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    for value in [64_u16, 56, 1, 64, 0, 0] {
        file.extend(value.to_le_bytes());
    }
    file.extend(1_u32.to_le_bytes());
    file.extend(5_u32.to_le_bytes());
    for value in [0, base, base, size, size, 0x1000] {
        file.extend(value.to_le_bytes());
    }
    file.extend(code);
    file
}
