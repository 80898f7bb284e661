//! Sizes of images, as the runs that built them tell.

use std::collections::BTreeMap;
use std::path::Path;

use bakehouse_core::platform::Platform;

use crate::pipeline::report::Report;
use crate::pipeline::run_folder::KeptRun;

/// Bytes by image, platform and version number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier(BTreeMap<(String, Platform), BTreeMap<String, u64>>);

impl Earlier {
    /// What the runs tell that are kept, up to this one. A report that cannot be
    /// read tells nothing.
    #[must_use]
    pub fn read(runs: &Path, until: &KeptRun) -> Self {
        let mut earlier = Self::default();
        for run in KeptRun::all(runs).unwrap_or_default() {
            if run.id <= until.id
                && let Ok(Some(report)) = run.report()
            {
                earlier.add(&report);
            }
        }
        earlier
    }

    /// Adds what a run tells; what it says again is taken from it.
    pub fn add(&mut self, report: &Report) {
        for target in &report.targets {
            if let (Some(_), Some(size)) = (&target.digest, target.size) {
                let key = (target.id.image.clone(), target.id.platform.clone());
                let sizes = self.0.entry(key).or_default();
                sizes.insert(target.id.version.clone(), size);
            }
        }
    }

    /// Each platform of an image, with its sizes by version number.
    pub(super) fn of(
        &self,
        image: &str,
    ) -> impl Iterator<Item = (&Platform, &BTreeMap<String, u64>)> {
        let all = self.0.iter().filter(move |((name, _), _)| name == image);
        all.map(|((_, platform), sizes)| (platform, sizes))
    }
}
