//! The text of an app's README, for who pulls its image.

use super::Destination;
use crate::new::definition::Definition;

/// The text of an app's README.
pub(super) fn text(definition: &Definition, destination: &Destination) -> String {
    let (app, about) = (&definition.app, &definition.about);
    let image = match &destination.prefix {
        Some(prefix) => format!("{prefix}/{app}"),
        None => format!("REGISTRY/{app}"),
    };
    let platforms: Vec<String> = about.platforms.iter().map(ToString::to_string).collect();
    format!(
        "# {app}\n\n{}.\n\n```sh\ndocker run --rm {image}:{}\n```\n\n\
         The image {}. It is for {}, under upstream's versions as tags; `latest` is the newest of them.\n\n\
         Upstream: <{}>. Licence: {}.\n",
        about.summary.trim_end_matches('.'),
        about.version,
        about.made,
        platforms.join(" and "),
        about.upstream,
        about.license,
    )
}
