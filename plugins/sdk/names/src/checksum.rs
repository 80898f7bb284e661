//! Files of checksums, as releases have them beside their other files.

/// The digest of `file` in the text of a checksum file, in the form that
/// `fetch.download` takes (`sha256:HEX`, or SRI for SHA-512).
///
/// Lines are `HEX  NAME` or `HEX *NAME` (coreutils), `SHA256 (NAME) = HEX` (BSD),
/// `NAME: HEX`, or, where the text is about one file, the digest alone or `SHA2-256=
/// HEX` (OpenSSL). Other digests than SHA-256 and SHA-512 do not count.
#[must_use]
pub fn find(text: &str, file: &str) -> Option<String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let named = lines().find_map(|line| {
        let (name, digest) = entry(line)?;
        let name = name.trim_start_matches("./");
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
        (name == file || last == file).then_some(digest)?
    });
    let alone = || {
        let of_kind = |line: &str| {
            let (kind, digest) = line.split_once("= ")?;
            integrity_of(kind, digest)
        };
        let mut all = lines().filter(|line| !line.starts_with('#'));
        match (all.next(), all.next()) {
            (Some(line), None) => {
                of_kind(line).or_else(|| integrity(line.split_whitespace().next()?))
            }
            (first, second) => first.into_iter().chain(second).chain(all).find_map(of_kind),
        }
    };
    named.or_else(|| match lines().any(|line| entry(line).is_some()) {
        true => None,
        false => alone(),
    })
}

/// The name of one line, and its digest where that counts.
fn entry(line: &str) -> Option<(&str, Option<String>)> {
    if let Some((kind, rest)) = line.split_once(" (")
        && let Some((name, digest)) = rest.split_once(") = ")
        && !kind.contains(' ')
    {
        return Some((name, integrity_of(kind, digest)));
    }
    let (first, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    match first.strip_suffix(':') {
        Some(name) => Some((name, Some(integrity(rest)?))),
        None => {
            is_hex(first).then_some(())?;
            Some((rest.strip_prefix('*').unwrap_or(rest), integrity(first)))
        }
    }
}

/// The digest of a kind that counts. Others are as long: BLAKE2 as SHA-256, and
/// Whirlpool as SHA-512.
fn integrity_of(kind: &str, digest: &str) -> Option<String> {
    let kind = kind.trim().to_ascii_lowercase().replace('-', "");
    let bits = kind.strip_prefix("sha2").filter(|bits| bits.len() == 3);
    let bits = bits.or_else(|| kind.strip_prefix("sha"))?;
    let digits = match bits {
        "256" => 64,
        "512" => 128,
        _ => return None,
    };
    integrity(digest).filter(|_| digest.trim().len() == digits)
}

fn is_hex(text: &str) -> bool {
    text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn integrity(digest: &str) -> Option<String> {
    let digest = digest.trim();
    if !is_hex(digest) {
        return None;
    }
    match digest.len() {
        64 => Some(format!("sha256:{}", digest.to_ascii_lowercase())),
        128 => Some(format!("sha512-{}", base64(digest))),
        _ => None,
    }
}

/// Hexadecimal digits as base64 (RFC 4648).
fn base64(hex: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let nibbles: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    let mut text = String::new();
    // Three nibbles are two digits of base64.
    for chunk in nibbles.chunks(3) {
        let value = chunk.iter().fold(0, |value, nibble| (value << 4) | nibble);
        let value = value << (4 * (3 - chunk.len()));
        for shift in [6, 0] {
            text.push(char::from(DIGITS[((value >> shift) & 63) as usize]));
        }
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const OTHER: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn every_usual_form_is_read() {
        let ours = Some(format!("sha256:{HEX}"));
        for text in [
            format!("{OTHER}  b.tar.gz\n{HEX}  a.tar.gz\n"),
            format!("{HEX} *a.tar.gz\r\n{OTHER} *b.tar.gz\r\n"),
            format!("{}  ./dist/a.tar.gz\n", HEX.to_uppercase()),
            format!("SHA256 (b) = {OTHER}\nSHA256 (a.tar.gz) = {HEX}\n"),
            format!("a.tar.gz: {HEX}\n"),
            format!("{HEX}\n"),
            format!("# by the release script\n{HEX}\n"),
            format!("SHA2-256 (a.tar.gz) = {HEX}\n"),
            format!("MD5= d41d8cd98f00b204e9800998ecf8427e\nSHA2-256= {HEX}\n"),
            format!("SHA256= {HEX}\n"),
            // The order of `rhash --all --bsd`, with which mikefarah/yq v4.49.2 makes its
            // checksums-bsd.
            format!(
                "WHIRLPOOL (a.tar.gz) = {OTHER}{OTHER}\nGOST94 (a.tar.gz) = {OTHER}\n\
                 SHA256 (a.tar.gz) = {HEX}\nSHA3-256 (a.tar.gz) = {OTHER}\n"
            ),
        ] {
            assert_eq!(find(&text, "a.tar.gz"), ours, "{text}");
        }
    }

    #[test]
    fn another_files_digest_is_not_this_ones() {
        for text in [
            format!("{HEX}  a.tar.gz.sig\n"),
            format!("{HEX}  b.tar.gz\n"),
            format!("{HEX}\n{OTHER}\n"),
            "d41d8cd98f00b204e9800998ecf8427e  a.tar.gz\n".to_owned(),
            "<!doctype html>\n".to_owned(),
            format!("BLAKE2S (a.tar.gz) = {HEX}\n"),
            format!("SHA3-256 (a.tar.gz) = {HEX}\n"),
            format!("SHA3-256= {HEX}\nBLAKE2S= {OTHER}\n"),
            String::new(),
        ] {
            assert_eq!(find(&text, "a.tar.gz"), None, "{text}");
        }
    }

    #[test]
    fn sha_512_is_written_as_base64() {
        // Of the empty text, as in the SRI specification's tools.
        let hex = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
        let expected = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
        assert_eq!(find(&format!("{hex}  a\n"), "a").as_deref(), Some(expected));
    }
}
