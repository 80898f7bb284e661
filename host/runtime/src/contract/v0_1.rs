//! Version 0.1 of the contract, which is frozen (`wit/0.1`).
//!
//! A recipe of it is told no commit, asks for no checks, and declares no options:
//! those of its app.toml are texts.

use bakehouse_core::date::Date;
use bakehouse_core::options::{OptionDeclaration, OptionValue};
use bakehouse_core::platform::PlatformError;
use bakehouse_core::recipe::{App, Ordering, Version};
use bakehouse_system::unpack::{Archive, Compression, Format};
use bakehouse_upstream::fetch::Unpack;
use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};

use self::bindings::bakehouse::recipe::{fetch, options};
use super::alike::alike;
use super::{Answer, Answered, Exports, Given, Guest, Job, Spoken};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/0.1",
        world: "app",
        imports: { default: async | trappable },
        exports: { default: async },
        trappable_error_type: {
            "bakehouse:recipe/types.error" => crate::host::error::HostError,
        },
    });
}

alike!();

pub(super) const SPOKEN: Spoken = Spoken {
    major: 0,
    minor: 1,
    add: |linker: &mut Linker<State>| {
        bindings::App::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    },
    find: |instance: &InstancePre<State>| Ok(Box::new(bindings::AppIndices::new(instance)?)),
};

impl Exports for bindings::AppIndices {
    fn load(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Box<dyn Guest>> {
        Ok(Box::new(bindings::AppIndices::load(self, store, instance)?))
    }
}

#[async_trait::async_trait]
impl Guest for bindings::App {
    async fn options(&self, _: &mut Store<State>) -> Answer<Option<Vec<OptionDeclaration>>> {
        Ok(Ok(Ok(None)))
    }

    async fn describe(&self, store: &mut Store<State>) -> Answer<App> {
        let app = self.bakehouse_recipe_recipe().call_describe(store).await?;
        Ok(Ok(app.try_into()))
    }

    async fn versions(&self, store: &mut Store<State>, limit: u32) -> Answer<Vec<Given>> {
        let recipe = self.bakehouse_recipe_recipe();
        let versions = recipe.call_versions(store, limit).await?;
        let versions = versions.map(|all| Ok(all.into_iter().map(Into::into).collect()));
        Ok(versions.map_err(Into::into))
    }

    async fn matrix(&self, store: &mut Store<State>, version: &Version) -> Answer<Vec<Target>> {
        let version = version.clone().into();
        let recipe = self.bakehouse_recipe_recipe();
        let targets = recipe.call_matrix(store, &version).await?;
        let targets = targets.map(|all| all.into_iter().map(Target::try_from).collect());
        Ok(targets.map_err(Into::into))
    }

    async fn prepare(&self, store: &mut Store<State>, job: Job) -> Answer<Answered> {
        let bases: Vec<_> = job.bases.into_iter().map(Into::into).collect();
        let (version, target) = (job.version.into(), job.target.into());
        let recipe = self.bakehouse_recipe_recipe();
        let build = recipe
            .call_prepare(store, &version, &target, &bases)
            .await?;
        let answered = |build: types::Build| {
            Ok(Answered {
                build: build.try_into()?,
                checks: Vec::new(),
            })
        };
        Ok(build.map(answered).map_err(Into::into))
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

impl From<types::Version> for Given {
    fn from(version: types::Version) -> Self {
        Self {
            version: Version {
                number: version.number,
                source: version.source.map(Into::into),
                prerelease: version.prerelease,
                created: version.created.as_deref().and_then(Date::parse),
                revision_of: None,
                extras: version.extras,
                taken: Vec::new(),
            },
            said: version.created,
        }
    }
}

impl TryFrom<guest::App> for App {
    type Error = PlatformError;

    fn try_from(app: guest::App) -> Result<Self, PlatformError> {
        let extras = app.extras.iter();
        Ok(Self {
            name: app.name,
            recipe_version: clean(&app.recipe_version),
            summary: clean(&app.summary),
            upstream: clean(&app.upstream),
            license: clean(&app.license),
            images: images(app.images)?,
            extras: extras
                .map(|(key, value)| (clean(key), clean(value)))
                .collect(),
            wants: app.wants.into_iter().map(Into::into).collect(),
            options: None,
            ordering: Ordering::Number,
        })
    }
}

impl fetch::Host for State {
    async fn download(
        &mut self,
        url: String,
        integrity: Option<String>,
        into: String,
        unpack: fetch::Unpack,
    ) -> Result<fetch::Downloaded, HostError> {
        let tar = |compression, strip| Archive {
            format: Format::Tar(compression),
            strip,
            members: Vec::new(),
        };
        let archive = match unpack {
            fetch::Unpack::None => None,
            fetch::Unpack::Tar(strip) => Some(tar(Compression::None, strip)),
            fetch::Unpack::TarGz(strip) => Some(tar(Compression::Gzip, strip)),
        };
        let unpack = archive.as_ref().map_or(Unpack::None, Unpack::Archive);
        let there = self.download_file(&url, integrity.as_deref(), &into, unpack);
        let there = there.await?;
        Ok(fetch::Downloaded {
            size: there.size,
            digest: there.digest,
        })
    }
}

impl options::Host for State {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(match self.options.get(&name) {
            Some(Some(OptionValue::Text(text))) => Some(text.clone()),
            _ => None,
        })
    }
}
