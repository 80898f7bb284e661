//! The image `outline`: upstream's `Dockerfile` on the base of this job.

use bakehouse_sdk::dockerfile::Editor;
use bakehouse_sdk::{Build, Error, Platform};

const PATH: &str = "Dockerfile";

/// Sets `BASE_IMAGE`; versions before 0.83 name the base themselves.
pub(crate) fn prepare(platform: &Platform, base: &str) -> Result<Build, Error> {
    let mut file = Editor::open(PATH)?;
    file.fit_digests(platform)?;
    if !file.has_arg("BASE_IMAGE")? {
        file.replace_base("outlinewiki/outline-base", "${BASE_IMAGE}")?;
        file.insert_before_stages(&["ARG BASE_IMAGE"])?;
    }
    file.set_arg("BASE_IMAGE", base)?;
    Ok(Build::inline(file.text(), platform).with_network())
}
