//! Build arguments that BuildKit and its Dockerfile frontend read themselves.
//!
//! They choose a frontend, a namespace of cache mounts or a platform, and a
//! proxy is not even part of a step's cache key, so a recipe sets none of them.
//! From moby/buildkit v0.31.1: `frontend/dockerui/config.go`,
//! `frontend/gateway/gateway.go`, `util/epoch`, and in
//! `frontend/dockerfile/dockerfile2llb` `convert.go` (`proxyEnvFromBuildArgs`)
//! and `platform.go` (`defaultArgs`); docker/buildx v0.29.1: `build/opt.go`.

/// All of BuildKit's own, those of later versions included.
const PREFIXES: &[&str] = &["BUILDKIT_", "BUILDX_"];

/// Facts of the build that the frontend offers to every Dockerfile.
const FACTS: &[&str] = &[
    "SOURCE_DATE_EPOCH",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

/// Proxies of `RUN` steps, in upper and lower case alike.
const PROXIES: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "all_proxy",
    "no_proxy",
];

/// Whether a build argument of this name is not a recipe's to set. Case does
/// not matter: some of them are read in any.
pub(crate) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || FACTS.contains(&name.as_str())
        || PROXIES
            .iter()
            .any(|proxy| proxy.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buildkits_own_are_reserved_in_any_case() {
        for name in [
            "BUILDKIT_SYNTAX",
            "BUILDKIT_SANDBOX_HOSTNAME",
            "BUILDKIT_TOMORROW",
            "SOURCE_DATE_EPOCH",
            "TARGETARCH",
            "BUILDPLATFORM",
            "http_proxy",
            "HTTPS_PROXY",
            "Ftp_Proxy",
            "all_proxy",
            "NO_PROXY",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["VERSION", "GO", "HTTP_PROXY_URL", "MY_BUILDKIT_", "TARGET"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
