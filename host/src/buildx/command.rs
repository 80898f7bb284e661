//! A build as arguments of `docker buildx build`.

use std::path::Path;

use super::builder::{BuildRequest, Output};
use crate::recipe::{CallError, Dockerfile, Network};
use crate::work_tree::WorkTree;

/// Arguments of a build, and what it reads on standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) arguments: Vec<String>,
    pub(super) stdin: Option<String>,
}

/// The invocation for a request; `metadata` is the file that buildx writes.
pub(super) fn invocation(
    builder: &str,
    request: &BuildRequest,
    metadata: &Path,
) -> Result<Invocation, CallError> {
    let build = &request.build;
    let tree = WorkTree::new(&request.work_tree);
    let mut arguments: Vec<String> = ["build", "--progress=rawjson"].map(str::to_owned).to_vec();
    let mut flag = |name: &str, value: String| arguments.push(format!("--{name}={value}"));

    flag("builder", builder.to_owned());
    flag("metadata-file", metadata.display().to_string());
    flag("platform", build.platform.to_string());
    flag(
        "network",
        match build.network {
            Network::None => "none".to_owned(),
            Network::Default => "default".to_owned(),
        },
    );
    flag(
        "provenance",
        if request.provenance {
            "mode=max"
        } else {
            "false"
        }
        .to_owned(),
    );
    flag("sbom", "false".to_owned());
    if let Some(stage) = &build.stage {
        flag("target", stage.clone());
    }
    if let Some(epoch) = request.epoch {
        flag("build-arg", format!("SOURCE_DATE_EPOCH={epoch}"));
    }
    for (key, value) in &build.args {
        flag("build-arg", pair("a build argument", key, value)?);
    }
    for (key, value) in &build.contexts {
        let value = if value.starts_with("docker-image://") {
            value.clone()
        } else {
            tree.resolve(value)?.display().to_string()
        };
        flag("build-context", pair("a build context", key, &value)?);
    }
    for (key, value) in &build.labels {
        flag("label", pair("a label", key, value)?);
    }
    flag("output", output(&request.output, request.epoch.is_some()));
    let stdin = match &build.dockerfile {
        Dockerfile::Path(path) => {
            flag("file", tree.resolve(path)?.display().to_string());
            None
        }
        Dockerfile::Inline(text) => {
            flag("file", "-".to_owned());
            Some(text.clone())
        }
    };
    arguments.push(tree.resolve(&build.context)?.display().to_string());
    Ok(Invocation { arguments, stdin })
}

/// `key=value`. Without the `=`, or with an empty key, buildx would read the
/// value from our environment.
fn pair(what: &str, key: &str, value: &str) -> Result<String, CallError> {
    if key.is_empty() || key.contains(['=', '\0', '\n']) || value.contains('\0') {
        return Err(CallError::InvalidInput(format!(
            "{what} cannot be named `{}`",
            key.escape_debug()
        )));
    }
    Ok(format!("{key}={value}"))
}

/// The exporter (BuildKit README, "Output"); its values are CSV.
fn output(output: &Output, dated: bool) -> String {
    let mut fields = match output {
        Output::PushByDigest {
            repository,
            plain_http,
        } => {
            let mut fields = vec![
                "type=image".to_owned(),
                format!("name={repository}"),
                "push-by-digest=true".to_owned(),
                "name-canonical=true".to_owned(),
                "push=true".to_owned(),
                "oci-mediatypes=true".to_owned(),
            ];
            if *plain_http {
                fields.push("registry.insecure=true".to_owned());
            }
            fields
        }
        Output::OciArchive(path) => vec!["type=oci".to_owned(), format!("dest={}", path.display())],
        Output::Files(path) => {
            return csv(&["type=local".to_owned(), format!("dest={}", path.display())]);
        }
    };
    if dated {
        fields.push("rewrite-timestamp=true".to_owned());
    }
    csv(&fields)
}

fn csv(fields: &[String]) -> String {
    let quoted: Vec<String> = fields
        .iter()
        .map(|field| {
            if field.contains([',', '"', '\n']) {
                format!("\"{}\"", field.replace('"', "\"\""))
            } else {
                field.clone()
            }
        })
        .collect();
    quoted.join(",")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::recipe::Build;
    use crate::target::TargetId;

    fn request(root: &Path, output: Output) -> BuildRequest {
        let platform: crate::platform::Platform = "linux/arm64".parse().unwrap();
        BuildRequest {
            target: TargetId {
                app: "x".into(),
                version: "1".into(),
                image: "x".into(),
                platform: platform.clone(),
            },
            work_tree: root.to_owned(),
            build: Build {
                context: ".".into(),
                dockerfile: Dockerfile::Inline("FROM scratch".into()),
                platform,
                stage: Some("final".into()),
                args: vec![("A".into(), "1,2 = x".into())],
                contexts: vec![
                    ("base".into(), "docker-image://r.example/x@sha256:0".into()),
                    ("files".into(), "sub".into()),
                ],
                labels: vec![("l".into(), "v".into())],
                network: Network::None,
            },
            output,
            provenance: false,
            epoch: Some(7),
        }
    }

    #[test]
    fn both_ways_to_push() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        let show = |output| {
            let request = request(folder.path(), output);
            let invocation = invocation("b", &request, Path::new("/m")).unwrap();
            assert_eq!(invocation.stdin.as_deref(), Some("FROM scratch"));
            invocation.arguments.join("\n").replace(&root, "ROOT")
        };
        insta::assert_snapshot!(show(Output::PushByDigest {
            repository: "127.0.0.1:5000/n/x".into(),
            plain_http: true,
        }), @r"
        build
        --progress=rawjson
        --builder=b
        --metadata-file=/m
        --platform=linux/arm64
        --network=none
        --provenance=false
        --sbom=false
        --target=final
        --build-arg=SOURCE_DATE_EPOCH=7
        --build-arg=A=1,2 = x
        --build-context=base=docker-image://r.example/x@sha256:0
        --build-context=files=ROOT/sub
        --label=l=v
        --output=type=image,name=127.0.0.1:5000/n/x,push-by-digest=true,name-canonical=true,push=true,oci-mediatypes=true,registry.insecure=true,rewrite-timestamp=true
        --file=-
        ROOT
        ");
        let archive = show(Output::OciArchive(PathBuf::from("/tmp/a,b.tar")));
        assert!(
            archive.contains(r#"--output=type=oci,"dest=/tmp/a,b.tar",rewrite-timestamp=true"#),
            "{archive}"
        );
        let files = show(Output::Files(PathBuf::from("/out")));
        assert!(files.contains("--output=type=local,dest=/out\n"), "{files}");
    }

    #[test]
    fn paths_and_names_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let change: [fn(&mut Build); 5] = [
            |b| b.context = "..".into(),
            |b| b.dockerfile = Dockerfile::Path("/etc/passwd".into()),
            |b| b.contexts = vec![("x".into(), "../x".into())],
            |b| b.args = vec![(String::new(), "HOME".into())],
            |b| b.labels = vec![("a=b".into(), "c".into())],
        ];
        for change in change {
            let mut request = request(folder.path(), Output::OciArchive("/o".into()));
            change(&mut request.build);
            assert!(
                invocation("b", &request, Path::new("/m")).is_err(),
                "{:?}",
                request.build
            );
        }
    }
}
