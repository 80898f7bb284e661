//! A check before a build begins: does it need emulation?

use bakehouse_core::platform::Platform;
use bakehouse_core::recipe::Build;

use super::DockerfileError;
use super::stages::{Inputs, run_steps};
use crate::builder::Capabilities;

/// Characters of a stage's name that an error shows.
const SHOWN: usize = 100;

/// Refuses a build with a `RUN` step that the builder cannot run, or may not
/// emulate (`allowed`).
///
/// # Errors
/// [`DockerfileError::Emulation`] naming stage, line and the ways out;
/// [`DockerfileError::Syntax`] for what cannot be read.
pub(crate) fn check(
    build: &Build,
    (name, text): (&str, &str),
    can: &Capabilities,
    allowed: bool,
) -> Result<(), DockerfileError> {
    let target = &build.platform;
    // buildx gives a platform to a node that is of it, where there is one.
    let node = can.native.iter().find(|node| runs(node, target));
    let Some(node) = node.or(can.native.first()) else {
        return Ok(());
    };
    let inputs = Inputs {
        args: &build.args,
        contexts: &build.contexts,
        target,
        build: node,
        stage: build.stage.as_deref(),
    };
    let steps = run_steps(text, &inputs).map_err(|unreadable| DockerfileError::Syntax {
        file: name.to_owned(),
        unreadable,
    })?;
    for step in steps {
        let platform = &step.platform;
        let emulated = can.platforms.contains(platform);
        if runs(node, platform) || (emulated && allowed) {
            continue;
        }
        return Err(DockerfileError::Emulation {
            line: step.line,
            file: name.to_owned(),
            stage: step.stage.chars().take(SHOWN).collect(),
            platform: Box::new(platform.clone()),
            builder: can.name.clone(),
            allowed,
        });
    }
    Ok(())
}

/// Whether a machine of one platform runs programs of another by itself.
fn runs(machine: &Platform, program: &Platform) -> bool {
    let family = (machine.architecture(), program.architecture());
    machine.os() == program.os()
        && (family.0 == family.1 || matches!(family, ("amd64", "386") | ("arm64", "arm")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::request;

    fn said(native: &[&str], listed: &[&str], allowed: bool, dockerfile: &str) -> Option<String> {
        let list = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let can = Capabilities {
            name: "b".to_owned(),
            driver: "remote".to_owned(),
            buildkit: None,
            native: list(native),
            platforms: list(listed),
            push_by_digest: true,
            oci_export: true,
        };
        let mut build = request().build;
        build.platform = "linux/arm64".parse().unwrap();
        build.stage = None;
        let error = check(&build, ("the Dockerfile", dockerfile), &can, allowed).err()?;
        Some(error.to_string())
    }

    #[test]
    fn foreign_steps_need_a_node_or_emulation() {
        let foreign = "FROM debian AS final\n\nRUN x\n";
        let cross =
            "FROM --platform=$BUILDPLATFORM debian AS c\nRUN x\nFROM scratch\nCOPY --from=c / /\n";
        let (amd64, both) = (["linux/amd64"], ["linux/amd64", "linux/arm64"]);
        assert_eq!(said(&amd64, &both, true, foreign), None);
        assert_eq!(said(&both, &both, false, foreign), None);
        assert_eq!(said(&amd64, &amd64, false, cross), None);
        assert_eq!(said(&[], &[], false, foreign), None);
        let message = said(&amd64, &amd64, true, foreign).unwrap();
        assert!(
            message.starts_with(
                "RUN in line 3 of the Dockerfile (stage final) is for linux/arm64, which builder b cannot emulate"
            ),
            "{message}"
        );
        let message = said(&amd64, &both, false, foreign).unwrap();
        assert!(
            message.contains("may not emulate: pass --use-qemu true"),
            "{message}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_passed() {
        let node = ["linux/amd64"];
        let quoted = "FROM --platform=\"linux/arm64\" busybox\nRUN echo hello > /motd\n";
        let heredoc = "FROM busybox\nRUN cat <<EOF > /motd\nhello\nEOF\n";
        for text in [quoted, heredoc] {
            let message = said(&node, &["linux/amd64", "linux/arm64"], false, text).unwrap();
            assert!(message.starts_with("RUN in line 2 of"), "{message}");
        }
        let open = "FROM busybox\nRUN cat <<EOF > /motd\n";
        for allowed in [true, false] {
            let message = said(&node, &node, allowed, open).unwrap();
            assert!(message.starts_with("the Dockerfile: line 2: "), "{message}");
        }
    }
}
