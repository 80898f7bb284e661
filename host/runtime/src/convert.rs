//! Between the generated bindings and the host's own records.

use bakehouse_core::date::Date;
use bakehouse_core::grants::{Kind, Want};
use bakehouse_core::platform::{Platform, PlatformError};
use bakehouse_core::recipe::{
    App, Base, Build, CallError, Dockerfile, Image, Network, Source, Target, Version,
};
use bakehouse_system::terminal::clean;
use bakehouse_upstream::release::{Asset, Release};

use super::bindings::bakehouse::recipe::{registry, release, types};
use super::bindings::exports::bakehouse::recipe::recipe as guest;

impl From<CallError> for types::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotFound(text) => Self::NotFound(text),
            CallError::Denied(text) => Self::Denied(text),
            CallError::InvalidInput(text) => Self::InvalidInput(text),
            CallError::RateLimited(text) => Self::RateLimited(text),
            CallError::Unavailable(text) => Self::Unavailable(text),
            CallError::Timeout(text) => Self::Timeout(text),
            CallError::BuildFailed(text) => Self::BuildFailed(text),
            CallError::Other(text) => Self::Other(text),
        }
    }
}

impl From<types::Error> for CallError {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::NotFound(text) => Self::NotFound(sanitize(&text)),
            types::Error::Denied(text) => Self::Denied(sanitize(&text)),
            types::Error::InvalidInput(text) => Self::InvalidInput(sanitize(&text)),
            types::Error::RateLimited(text) => Self::RateLimited(sanitize(&text)),
            types::Error::Unavailable(text) => Self::Unavailable(sanitize(&text)),
            types::Error::Timeout(text) => Self::Timeout(sanitize(&text)),
            types::Error::BuildFailed(text) => Self::BuildFailed(sanitize(&text)),
            types::Error::Other(text) => Self::Other(sanitize(&text)),
        }
    }
}

/// Lines of an error that are shown.
const LINES: usize = 100;

/// A text for people, without what would take over their terminal.
fn sanitize(text: &str) -> String {
    let lines: Vec<String> = text.lines().take(LINES).map(clean).collect();
    lines.join("\n")
}

impl From<Platform> for types::Platform {
    fn from(platform: Platform) -> Self {
        Self {
            os: platform.os().to_owned(),
            architecture: platform.architecture().to_owned(),
            variant: platform.variant().map(str::to_owned),
        }
    }
}

impl TryFrom<types::Platform> for Platform {
    type Error = PlatformError;

    fn try_from(platform: types::Platform) -> Result<Self, PlatformError> {
        Self::new(
            &platform.os,
            &platform.architecture,
            platform.variant.as_deref(),
        )
    }
}

impl From<Source> for types::Source {
    fn from(source: Source) -> Self {
        Self {
            repository: source.repository,
            git_ref: source.git_ref,
            submodules: source.submodules,
        }
    }
}

impl From<types::Source> for Source {
    fn from(source: types::Source) -> Self {
        Self {
            repository: source.repository,
            git_ref: source.git_ref,
            submodules: source.submodules,
        }
    }
}

impl From<Version> for types::Version {
    fn from(version: Version) -> Self {
        Self {
            number: version.number,
            source: version.source.map(Into::into),
            prerelease: version.prerelease,
            created: version.created.map(Into::into),
            extras: version.extras,
        }
    }
}

/// What is given as its date and is none is left out.
impl From<types::Version> for Version {
    fn from(version: types::Version) -> Self {
        Self {
            number: version.number,
            source: version.source.map(Into::into),
            prerelease: version.prerelease,
            created: version.created.as_deref().and_then(Date::parse),
            extras: version.extras,
            taken: Vec::new(),
        }
    }
}

impl From<Target> for types::Target {
    fn from(target: Target) -> Self {
        Self {
            image: target.image,
            platform: target.platform.into(),
        }
    }
}

impl TryFrom<types::Target> for Target {
    type Error = PlatformError;

    fn try_from(target: types::Target) -> Result<Self, PlatformError> {
        Ok(Self {
            image: target.image,
            platform: target.platform.try_into()?,
        })
    }
}

impl From<Base> for guest::Base {
    fn from(base: Base) -> Self {
        Self {
            image: base.image,
            reference: base.reference,
        }
    }
}

impl TryFrom<guest::App> for App {
    type Error = PlatformError;

    fn try_from(app: guest::App) -> Result<Self, PlatformError> {
        let images = app.images.into_iter().map(|image| {
            let platforms = image.platforms.into_iter().map(Platform::try_from);
            Ok(Image {
                name: image.name,
                summary: clean(&image.summary),
                needs: image.needs,
                platforms: platforms.collect::<Result<_, PlatformError>>()?,
                unpublished: false,
            })
        });
        Ok(Self {
            name: app.name,
            recipe_version: clean(&app.recipe_version),
            summary: clean(&app.summary),
            upstream: clean(&app.upstream),
            license: clean(&app.license),
            images: images.collect::<Result<_, PlatformError>>()?,
            extras: app
                .extras
                .into_iter()
                .map(|(key, value)| (clean(&key), clean(&value)))
                .collect(),
            wants: app.wants.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<guest::Want> for Want {
    fn from(want: guest::Want) -> Self {
        Self {
            kind: match want.kind {
                guest::Grant::Releases => Kind::Releases,
                guest::Grant::Sources => Kind::Sources,
                guest::Grant::Downloads => Kind::Downloads,
                guest::Grant::Bases => Kind::Bases,
                guest::Grant::Network => Kind::Network,
                guest::Grant::Secrets => Kind::Secrets,
            },
            value: want.value,
            why: clean(&want.why),
        }
    }
}

impl TryFrom<types::Build> for Build {
    type Error = PlatformError;

    fn try_from(build: types::Build) -> Result<Self, PlatformError> {
        Ok(Self {
            context: build.context,
            dockerfile: match build.dockerfile {
                types::Dockerfile::Path(path) => Dockerfile::Path(path),
                types::Dockerfile::Inline(text) => Dockerfile::Inline(text),
            },
            platform: build.platform.try_into()?,
            stage: build.stage,
            args: build.args,
            contexts: build.contexts,
            labels: build.labels,
            network: match build.network {
                types::Network::None => Network::None,
                types::Network::Default => Network::Default,
            },
            secrets: build.secrets,
        })
    }
}

impl From<Release> for release::Release {
    fn from(release: Release) -> Self {
        Self {
            tag: release.tag,
            version: release.version,
            prerelease: release.prerelease,
            published: release.published,
            assets: release.assets.into_iter().map(Into::into).collect(),
            extras: release.extras,
        }
    }
}

impl From<Asset> for release::Asset {
    fn from(asset: Asset) -> Self {
        Self {
            name: asset.name,
            url: asset.url,
            size: asset.size,
            integrity: asset.integrity,
        }
    }
}

impl From<oci_spec::image::Descriptor> for registry::Descriptor {
    fn from(descriptor: oci_spec::image::Descriptor) -> Self {
        Self {
            media_type: descriptor.media_type().to_string(),
            digest: descriptor.digest().to_string(),
            size: descriptor.size(),
        }
    }
}
