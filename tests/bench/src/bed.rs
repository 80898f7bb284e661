//! The bed that is measured on: a registry, a proxy that counts and delays, an npm
//! registry, and a project.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Silent;
use bakehouse_loopback::{
    DebianRegistry, FaultProxy, Image, Layer, Npm, Package, tool, write_archive,
};
use bakehouse_registry::{Child, Endpoint, MergeRequest, Registry, Replace, VERSION_ANNOTATION};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Method, Response};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::measure::Invocation;

/// The app, its image, and the namespace that it is in.
pub(crate) const APP: &str = "misbehave";
pub(crate) const REPOSITORY: &str = "bench/misbehave";
pub(crate) const NAMESPACE: &str = "bench";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Variables of the machine that programs need to find engine and tools.
const INHERITED: &[&str] = &["PATH", "DOCKER_HOST", "BUILDX_CONFIG"];

/// Everything on loopback that the programs talk to.
pub(crate) struct Bed {
    folder: TempDir,
    program: PathBuf,
    /// An earlier one.
    before: Option<PathBuf>,
    npm: Npm,
    pub(crate) registry: DebianRegistry,
    pub(crate) proxy: FaultProxy,
    http: Client,
    runtime: Runtime,
}

impl Bed {
    /// Starts it with this `bakehouse` program, perhaps an earlier one, and an app.
    pub(crate) fn start(program: &Path, before: Option<&Path>) -> Result<Self> {
        let registry = DebianRegistry::start();
        let bed = Self {
            folder: tempfile::Builder::new()
                .prefix("bakehouse-bench-")
                .tempdir()?,
            program: std::path::absolute(program)?,
            before: before.map(std::path::absolute).transpose()?,
            npm: Npm::start(),
            proxy: FaultProxy::start(&registry.host()),
            registry,
            http: Client::builder().no_proxy().build()?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
        };
        ensure!(
            bed.program.is_file(),
            "there is no {}\nhint: just bench builds it",
            bed.program.display()
        );
        bed.write(
            "bakehouse.toml",
            "registry = \"local\"\nnamespace = \"bench\"\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n",
        )?;
        bed.moving("\"latest\"")?;
        bed.recipe(APP)?;
        Ok(bed)
    }

    /// Sets the versions that the app has.
    pub(crate) fn publish(&self, versions: &[impl AsRef<str>]) {
        let versions: Vec<&str> = versions.iter().map(AsRef::as_ref).collect();
        self.npm.publish(APP, Package::new(&versions));
    }

    /// Sets the app's moving tags.
    pub(crate) fn moving(&self, tags: &str) -> Result<()> {
        let text = format!(
            "recipe = \"recipe.wasm\"\n\n[tags]\nmoving = [{tags}]\n\n[grants]\nreleases = [\"npm:{APP}\"]\nimages = [\"{APP}\"]\n"
        );
        self.write("apps/misbehave/app.toml", &text)
    }

    /// Copies the recipe of one of the tests' apps to where its `app.toml` looks.
    fn recipe(&self, app: &str) -> Result<()> {
        let wasm = format!("target/recipes/wasm32-wasip2/recipe/bakehouse_test_recipe_{app}.wasm");
        std::fs::copy(&wasm, self.path(&format!("apps/{app}/recipe.wasm")))
            .with_context(|| format!("there is no {wasm}\nhint: just bench builds it"))?;
        Ok(())
    }

    /// Adds another of the tests' apps, with versions as its npm package has them.
    pub(crate) fn app(&self, app: &str, package: Package, grants: &str) -> Result<()> {
        self.npm.publish(app, package);
        let text =
            format!("recipe = \"recipe.wasm\"\n\n[grants]\nreleases = [\"npm:{app}\"]\n{grants}\n");
        self.write(&format!("apps/{app}/app.toml"), &text)?;
        self.recipe(app)
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, text: &str) -> Result<()> {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        Ok(std::fs::write(path, text)?)
    }

    /// Publishes a version of an image, for both platforms.
    pub(crate) fn push(&self, image: &str, version: &str) -> Result<()> {
        let endpoint = Endpoint::new(&self.registry.host(), NAMESPACE)?;
        let registry = Registry::new(endpoint, Arc::new(Silent))?;
        self.runtime.block_on(async {
            let mut children = Vec::new();
            for platform in ["linux/amd64", "linux/arm64"] {
                let platform: Platform = platform.parse()?;
                let layer = Layer {
                    seed: 1,
                    size: 1000,
                };
                let archive = self.path("image.tar");
                write_archive(&archive, platform.architecture(), &[layer]);
                let pushed = registry.push_archive(image, &archive).await?;
                children.push(Child::new(platform, pushed));
            }
            let wanted: Vec<Platform> = children.iter().map(|c| c.platform.clone()).collect();
            let annotations = [(VERSION_ANNOTATION.to_owned(), version.to_owned())];
            let request = MergeRequest {
                image,
                version,
                children,
                wanted: &wanted,
                annotations: annotations.into(),
                replace: Replace::Never,
                labels: None,
            };
            registry.merge(&request).await?;
            anyhow::Ok(())
        })
    }

    /// Removes files or folders of the project that are there.
    pub(crate) fn forget(&self, paths: &[&str]) -> Result<()> {
        for path in paths {
            match std::fs::remove_dir_all(self.path(path)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A command of bakehouse.
    pub(crate) fn bakehouse(&self, host: &str, arguments: &[&str]) -> Invocation {
        let arguments = [arguments, &["--registry", host]].concat();
        self.invocation(self.program.clone(), &arguments)
    }

    /// The same command of the program and of the earlier one, by their names in
    /// tables.
    pub(crate) fn both(&self, host: &str, arguments: &[&str]) -> Vec<(String, Invocation)> {
        let named = arguments.first().copied().unwrap_or_default();
        let now = self.bakehouse(host, arguments);
        let before = self.before.clone().map(|program| {
            let before = Invocation {
                program,
                ..now.clone()
            };
            (format!("`bakehouse {named}`, before"), before)
        });
        let now = (format!("`bakehouse {named}`"), now);
        std::iter::once(now).chain(before).collect()
    }

    /// A command of another program, found on `PATH`.
    pub(crate) fn tool(&self, name: &str, arguments: &[&str]) -> Invocation {
        self.invocation(tool(name), arguments)
    }

    /// A command of this program.
    pub(crate) fn own(&self, arguments: &[&str]) -> Result<Invocation> {
        Ok(self.invocation(std::env::current_exe()?, arguments))
    }

    fn invocation(&self, program: PathBuf, arguments: &[&str]) -> Invocation {
        let own: [(String, OsString); 3] = [
            ("HOME".into(), self.folder.path().into()),
            ("NPM_CONFIG_REGISTRY".into(), self.npm.url().into()),
            ("BAKEHOUSE_BUILDER".into(), "bakehouse".into()),
        ];
        let inherited = INHERITED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)));
        Invocation {
            program,
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            folder: self.folder.path().to_owned(),
            environment: own.into_iter().chain(inherited).collect(),
        }
    }

    /// The index under a tag, straight from the registry.
    pub(crate) fn index(&self, tag: &str) -> Result<Option<Vec<u8>>> {
        let answer = self.ask(Method::GET, &format!("manifests/{tag}"), None)?;
        if answer.status() == 404 {
            return Ok(None);
        }
        let bytes = self.runtime.block_on(answer.error_for_status()?.bytes())?;
        Ok(Some(bytes.to_vec()))
    }

    /// Puts an index under a tag, straight into the registry.
    pub(crate) fn put(&self, tag: &str, index: &[u8]) -> Result<()> {
        let answer = self.ask(
            Method::PUT,
            &format!("manifests/{tag}"),
            Some(index.to_vec()),
        )?;
        answer.error_for_status()?;
        Ok(())
    }

    /// Removes what a tag shows, and with it all tags that show the same.
    pub(crate) fn remove(&self, tag: &str) -> Result<()> {
        let answer = self.ask(Method::HEAD, &format!("manifests/{tag}"), None)?;
        if answer.status() == 404 {
            return Ok(());
        }
        let digest = answer
            .headers()
            .get("docker-content-digest")
            .context("no digest")?
            .to_str()?
            .to_owned();
        self.ask(Method::DELETE, &format!("manifests/{digest}"), None)?
            .error_for_status()?;
        Ok(())
    }

    /// Takes a manifest and its blobs out of an image of the namespace, if it has
    /// them.
    pub(crate) fn remove_image(&self, name: &str, image: &Image) -> Result<()> {
        let blobs = image.blobs.iter().map(|digest| ("blobs", digest));
        for (kind, digest) in blobs.chain([("manifests", &image.manifest)]) {
            let path = format!("{NAMESPACE}/{name}/{kind}/{digest}");
            let answer = self.ask_at(Method::DELETE, &path, None)?;
            ensure!(
                answer.status().is_success() || answer.status() == 404,
                "{path}: {}",
                answer.status()
            );
        }
        Ok(())
    }

    fn ask(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Response> {
        self.ask_at(method, &format!("{REPOSITORY}/{path}"), body)
    }

    fn ask_at(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Response> {
        let url = format!("http://{}/v2/{path}", self.registry.host());
        let mut request = self.http.request(method, url).header(ACCEPT, INDEX);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, INDEX).body(body);
        }
        Ok(self.runtime.block_on(request.send())?)
    }
}
