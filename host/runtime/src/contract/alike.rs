//! Common ground of the contract's versions: between their generated bindings and
//! the host's own records, and from their imports to the one host function.

use bakehouse_system::terminal::clean;

/// Lines of an error that are shown.
const LINES: usize = 100;

/// A text for people, without what would take over their terminal.
pub(super) fn sanitize(text: &str) -> String {
    let lines: Vec<String> = text.lines().take(LINES).map(clean).collect();
    lines.join("\n")
}

/// Written out in a version's module, beside its `bindings`.
macro_rules! alike {
    () => {
        use bakehouse_core::grants::{Kind, Want};
        use bakehouse_core::platform::Platform;
        use bakehouse_core::recipe::{
            Base, Build, CallError, Dockerfile, Image, Network, Source, Target,
        };
        use bakehouse_system::terminal::clean;
        use bakehouse_upstream::release::{Asset, Release};

        use self::bindings::bakehouse::recipe::{buildx, log, registry, release, types};
        use self::bindings::exports::bakehouse::recipe::recipe as guest;
        use crate::contract::alike::sanitize;
        use crate::host::Level;
        use crate::host::error::HostError;
        use crate::state::State;

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

        impl TryFrom<guest::Image> for Image {
            type Error = PlatformError;

            fn try_from(image: guest::Image) -> Result<Self, PlatformError> {
                let platforms = image.platforms.into_iter().map(Platform::try_from);
                Ok(Self {
                    name: image.name,
                    summary: clean(&image.summary),
                    needs: image.needs,
                    platforms: platforms.collect::<Result<_, _>>()?,
                    unpublished: false,
                })
            }
        }

        fn images(images: Vec<guest::Image>) -> Result<Vec<Image>, PlatformError> {
            images.into_iter().map(Image::try_from).collect()
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

        impl types::Host for State {
            fn convert_error(&mut self, error: HostError) -> wasmtime::Result<types::Error> {
                self.told(error).map(Into::into)
            }
        }

        impl buildx::Host for State {
            async fn compile(
                &mut self,
                build: types::Build,
                into: String,
            ) -> Result<(), HostError> {
                let build = build.try_into()?;
                self.run_compile_step(build, &into).await
            }
        }

        impl log::Host for State {
            async fn log(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
                let level = match level {
                    log::Level::Debug => Level::Debug,
                    log::Level::Info => Level::Info,
                    log::Level::Warn => Level::Warn,
                };
                self.log_message(level, &message);
                Ok(())
            }
        }

        impl registry::Host for State {
            async fn head(&mut self, reference: String) -> Result<registry::Descriptor, HostError> {
                Ok(self.image_head(&reference).await?.into())
            }

            async fn platforms(
                &mut self,
                reference: String,
            ) -> Result<Vec<types::Platform>, HostError> {
                let found = self.image_platforms(&reference).await?;
                Ok(found.into_iter().map(Into::into).collect())
            }

            async fn tags(&mut self, repository: String) -> Result<Vec<String>, HostError> {
                self.image_tags(&repository).await
            }
        }

        impl release::Host for State {
            async fn list(
                &mut self,
                source: String,
                selection: release::Selection,
                limit: u32,
            ) -> Result<Vec<release::Release>, HostError> {
                let pattern = selection.pattern.as_deref();
                let found = self.releases(&source, pattern, selection.prereleases, limit);
                Ok(found.await?.into_iter().map(Into::into).collect())
            }

            async fn latest(
                &mut self,
                source: String,
                pattern: Option<String>,
            ) -> Result<release::Release, HostError> {
                Ok(self
                    .latest_release(&source, pattern.as_deref())
                    .await?
                    .into())
            }

            async fn get(
                &mut self,
                source: String,
                tag: String,
            ) -> Result<release::Release, HostError> {
                Ok(self.release(&source, &tag).await?.into())
            }
        }
    };
}

pub(super) use alike;
