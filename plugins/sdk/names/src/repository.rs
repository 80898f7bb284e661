//! Names of images' repositories.

/// A reference without tag and digest, as grants are written.
#[must_use]
pub fn repository(reference: &str) -> String {
    let name = reference.split('@').next().unwrap_or(reference);
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let first = name.split('/').next().unwrap_or_default();
    let has_host = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    match (has_host, name.contains('/')) {
        (true, _) => name.to_owned(),
        (false, true) => format!("docker.io/{name}"),
        (false, false) => format!("docker.io/library/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_name_repositories() {
        for (reference, grant) in [
            ("golang:1.25-alpine", "docker.io/library/golang"),
            ("grafana/grafana", "docker.io/grafana/grafana"),
            (
                "gcr.io/distroless/static:nonroot",
                "gcr.io/distroless/static",
            ),
            ("localhost:5000/a/b@sha256:00", "localhost:5000/a/b"),
        ] {
            assert_eq!(repository(reference), grant);
        }
    }
}
