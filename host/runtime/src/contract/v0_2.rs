//! Version 0.2 of the contract (`wit/0.2`).

use bakehouse_core::check::{Check, CheckKind, FileCheck, HttpCheck, RunCheck};
use bakehouse_core::date::Date;
use bakehouse_core::options::{OptionDeclaration, OptionKind, OptionValue};
use bakehouse_core::platform::PlatformError;
use bakehouse_core::recipe::{App, Checkout, Ordering, Version};
use bakehouse_system::unpack::{Archive, Compression, Format};
use bakehouse_upstream::fetch::Unpack;
use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};

use self::bindings::bakehouse::recipe::{fetch, options};
use super::alike::alike;
use super::{Answer, Answered, Exports, Given, Guest, Job, Spoken};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/0.2",
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
    minor: 2,
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
    async fn options(&self, store: &mut Store<State>) -> Answer<Option<Vec<OptionDeclaration>>> {
        let options = self.bakehouse_recipe_recipe().call_options(store).await?;
        Ok(Ok(Ok(Some(options.into_iter().map(Into::into).collect()))))
    }

    async fn describe(&self, store: &mut Store<State>) -> Answer<App> {
        let app = self.bakehouse_recipe_recipe().call_describe(store).await?;
        Ok(app.map(App::try_from).map_err(Into::into))
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
        let job = guest::Job {
            version: job.version.into(),
            target: job.target.into(),
            bases: job.bases.into_iter().map(Into::into).collect(),
            checkout: job.checkout.map(Into::into),
        };
        let recipe = self.bakehouse_recipe_recipe();
        let prepared = recipe.call_prepare(store, &job).await?;
        let answered = |prepared: guest::Prepared| {
            Ok(Answered {
                build: prepared.build.try_into()?,
                checks: prepared.checks.into_iter().map(Into::into).collect(),
            })
        };
        Ok(prepared.map(answered).map_err(Into::into))
    }
}

impl From<Version> for types::Version {
    fn from(version: Version) -> Self {
        Self {
            number: version.number,
            source: version.source.map(Into::into),
            prerelease: version.prerelease,
            created: version.created.map(Into::into),
            revision_of: version.revision_of,
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
                revision_of: version.revision_of,
                extras: version.extras,
                taken: Vec::new(),
            },
            said: version.created,
        }
    }
}

impl From<Checkout> for guest::Checkout {
    fn from(checkout: Checkout) -> Self {
        Self {
            repository: checkout.repository,
            git_ref: checkout.git_ref,
            commit: checkout.commit,
            committed: checkout.committed.map(Into::into),
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
            ordering: match app.ordering {
                guest::Ordering::Number => Ordering::Number,
                guest::Ordering::Listed => Ordering::Listed,
            },
        })
    }
}

impl From<options::OptionDeclaration> for OptionDeclaration {
    fn from(option: options::OptionDeclaration) -> Self {
        Self {
            name: option.name,
            kind: match option.kind {
                options::OptionKind::Text => OptionKind::Text,
                options::OptionKind::Boolean => OptionKind::Boolean,
                options::OptionKind::Integer => OptionKind::Integer,
                options::OptionKind::Texts => OptionKind::Texts,
                options::OptionKind::Table => OptionKind::Table,
            },
            choices: option.choices,
            default: option.default.map(Into::into),
            required: option.required,
            why: clean(&option.why),
        }
    }
}

impl From<options::OptionValue> for OptionValue {
    fn from(value: options::OptionValue) -> Self {
        match value {
            options::OptionValue::Text(text) => Self::Text(text),
            options::OptionValue::Boolean(value) => Self::Boolean(value),
            options::OptionValue::Integer(number) => Self::Integer(number),
            options::OptionValue::Texts(texts) => Self::Texts(texts),
            options::OptionValue::Json(text) => match serde_json::from_str(&text) {
                Ok(table @ serde_json::Value::Object(_)) => Self::Table(table),
                _ => Self::Other("JSON that is no table"),
            },
        }
    }
}

impl From<OptionValue> for options::OptionValue {
    fn from(value: OptionValue) -> Self {
        match value {
            OptionValue::Text(text) => Self::Text(text),
            OptionValue::Boolean(value) => Self::Boolean(value),
            OptionValue::Integer(number) => Self::Integer(number),
            OptionValue::Texts(texts) => Self::Texts(texts),
            OptionValue::Table(table) => Self::Json(table.to_string()),
            OptionValue::Other(what) => Self::Text(what.to_owned()),
        }
    }
}

impl From<guest::Check> for Check {
    fn from(check: guest::Check) -> Self {
        Self {
            name: clean(&check.name),
            kind: match check.kind {
                guest::CheckKind::Run(run) => CheckKind::Run(RunCheck {
                    args: run.args,
                    env: run.env,
                    exit_code: run.exit_code,
                    output: run.output,
                    seconds: run.seconds,
                }),
                guest::CheckKind::Http(http) => CheckKind::Http(HttpCheck {
                    port: http.port,
                    path: http.path,
                    status: http.status,
                    seconds: http.seconds,
                }),
                guest::CheckKind::File(file) => CheckKind::File(FileCheck {
                    path: file.path,
                    executable: file.executable,
                }),
                guest::CheckKind::User(user) => CheckKind::User(user),
                guest::CheckKind::MaxSize(bytes) => CheckKind::MaxSize(bytes),
            },
        }
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
        let archive = match unpack {
            fetch::Unpack::None => None,
            fetch::Unpack::Archive(archive) => Some(Archive::from(archive)),
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

impl From<fetch::Archive> for Archive {
    fn from(archive: fetch::Archive) -> Self {
        Self {
            format: match archive.format {
                fetch::ArchiveFormat::Auto => Format::Auto,
                fetch::ArchiveFormat::Tar => Format::Tar(Compression::None),
                fetch::ArchiveFormat::TarGz => Format::Tar(Compression::Gzip),
                fetch::ArchiveFormat::TarXz => Format::Tar(Compression::Xz),
                fetch::ArchiveFormat::TarZst => Format::Tar(Compression::Zstd),
                fetch::ArchiveFormat::TarBz2 => Format::Tar(Compression::Bzip2),
                fetch::ArchiveFormat::Zip => Format::Zip,
                fetch::ArchiveFormat::Deb => Format::Deb,
                fetch::ArchiveFormat::Gz => Format::File(Compression::Gzip),
                fetch::ArchiveFormat::Xz => Format::File(Compression::Xz),
                fetch::ArchiveFormat::Zst => Format::File(Compression::Zstd),
                fetch::ArchiveFormat::Bz2 => Format::File(Compression::Bzip2),
            },
            strip: archive.strip,
            members: archive.members,
        }
    }
}

/// An option is asked for that the recipe does not declare.
#[derive(Debug, thiserror::Error)]
#[error("it asks for the option `{}`, which it does not declare", .0.escape_debug())]
struct Undeclared(String);

impl options::Host for State {
    async fn app(&mut self) -> wasmtime::Result<String> {
        Ok(self.app.to_string())
    }

    async fn get(&mut self, name: String) -> wasmtime::Result<Option<options::OptionValue>> {
        match self.options.get(&name) {
            Some(value) => Ok(value.clone().map(Into::into)),
            None => Err(wasmtime::Error::new(Undeclared(
                name.chars().take(100).collect(),
            ))),
        }
    }
}
