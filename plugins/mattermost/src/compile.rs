//! The server's programs from their Go sources, by the build machine's own
//! compiler whatever they are for.

use bakehouse_sdk::{Build, Checkout, Error, Job, buildx, tree};

/// As upstream's `server/build/release.mk` and `server/Makefile` do it, but that
/// every date is the commit's.
///
/// Newer versions of mmctl read the commit from what Go itself asks git for. There
/// is no repository here, so git's two answers are given in its place; whatever else
/// Go may want of git, git does. Names that a version does not have, the linker
/// passes over.
const DOCKERFILE: &str = r#"ARG GO
FROM --platform=$BUILDPLATFORM golang:$GO AS compile
WORKDIR /work/server
COPY server .
# Upstream's `make setup-go-work`.
RUN test -f go.work || { go work init . && { test ! -f public/go.mod || go work use ./public; }; }
COPY --chmod=755 <<'END' /work/.git/bin/git
#!/bin/sh
case "$*" in
*status\ --porcelain) ;;
*log\ -1\ --format=%H:%ct) echo "$COMMIT:$SECONDS_SINCE_1970" ;;
*) PATH=${PATH#*:} exec git "$@" ;;
esac
END
ARG TARGETOS TARGETARCH NUMBER COMMIT COMMITTED
ENV MODEL=github.com/mattermost/mattermost/server/public/model
ENV MMCTL=github.com/mattermost/mattermost/server/v8/cmd/mmctl/commands
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    export COMMIT PATH="/work/.git/bin:$PATH" && \
    when=$(echo "$COMMITTED" | sed 's/T/ /; s/Z$//') && \
    export SECONDS_SINCE_1970=$(date -u -d "$when" +%s) && \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=true -tags production \
    -ldflags "-X $MODEL.BuildNumber=$NUMBER -X $MODEL.BuildHash=$COMMIT -X $MODEL.BuildHashEnterprise=none \
    -X '$MODEL.BuildDate=$(LC_ALL=C date -u -d "$when")' -X $MODEL.BuildEnterpriseReady=false \
    -X $MMCTL.gitCommit=$COMMIT -X $MMCTL.gitTreeState=clean -X $MMCTL.buildDate=$COMMITTED" \
    -o /out/ ./cmd/mattermost ./cmd/mmctl
FROM scratch
COPY --from=compile /out /
"#;

/// Compiles `mattermost` and `mmctl` into `server/build/compiled`.
///
/// # Errors
/// [`Error::InvalidInput`] where it is not known which commit this is, or when it
/// was made.
pub(crate) fn server(job: &Job) -> Result<(), Error> {
    let Some(Checkout {
        commit,
        committed: Some(committed),
        ..
    }) = &job.checkout
    else {
        let why = "the commit of the checkout and its date are not known";
        return Err(Error::InvalidInput(why.to_owned()));
    };
    let build = Build::inline(DOCKERFILE, &job.target.platform)
        .arg("GO", &go_version()?)
        .arg("NUMBER", &job.version.number)
        .arg("COMMIT", commit)
        .arg("COMMITTED", committed)
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
