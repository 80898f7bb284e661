//! The server's programs from their Go sources, by the build machine's own
//! compiler whatever they are for.

use bakehouse_sdk::{Build, Error, Platform, Version, buildx, tree};

/// As upstream's `server/build/release.mk` and `server/Makefile` do it.
const DOCKERFILE: &str = r#"ARG GO
FROM --platform=$BUILDPLATFORM golang:$GO AS compile
WORKDIR /work/server
COPY server .
# Upstream's `make setup-go-work`.
RUN test -f go.work || { go work init . && { test ! -f public/go.mod || go work use ./public; }; }
ARG TARGETOS TARGETARCH NUMBER REF DATE
ENV MODEL=github.com/mattermost/mattermost/server/public/model
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -tags production \
    -ldflags "-X $MODEL.BuildNumber=$NUMBER -X $MODEL.BuildHash=$REF -X $MODEL.BuildHashEnterprise=none \
    -X '$MODEL.BuildDate=$DATE' -X $MODEL.BuildEnterpriseReady=false" \
    -o /out/ ./cmd/mattermost ./cmd/mmctl
FROM scratch
COPY --from=compile /out /
"#;

/// Compiles `mattermost` and `mmctl` into `server/build/compiled`.
pub(crate) fn server(version: &Version, platform: &Platform) -> Result<(), Error> {
    let git_ref = version.source.as_ref().map_or("", |source| &source.git_ref);
    let build = Build::inline(DOCKERFILE, platform)
        .arg("GO", &go_version()?)
        .arg("NUMBER", &version.number)
        .arg("REF", git_ref)
        .arg("DATE", version.created.as_deref().unwrap_or("unknown"))
        .with_network();
    buildx::compile(&build, "server/build/compiled")
}

/// The Go that upstream builds this version with.
fn go_version() -> Result<String, Error> {
    if let Ok(version) = tree::read("server/.go-version") {
        return Ok(version.trim().to_owned());
    }
    let module = tree::read("server/go.mod")?;
    let directive = |name: &str| {
        module
            .lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '))
            .map(|version| version.trim().trim_start_matches("go").to_owned())
    };
    directive("toolchain")
        .or_else(|| directive("go"))
        .ok_or_else(|| Error::NotFound("server/go.mod names no version of Go".to_owned()))
}
