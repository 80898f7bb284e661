//! The SDK for recipes of Bakehouse.
//!
//! A recipe is a type that implements [`Recipe`], handed to [`export!`], in a
//! `cdylib` crate built for `wasm32-wasip2`:
//!
//! ```
//! use bakehouse_sdk::release::{self, Selection};
//! use bakehouse_sdk::{App, Build, Error, Grant, Image, Job, Prepared, Recipe, Version};
//!
//! struct Hello;
//!
//! impl Recipe for Hello {
//!     fn describe() -> Result<App, Error> {
//!         Ok(App::new("hello", env!("CARGO_PKG_VERSION"))
//!             .summary("Says hello")
//!             .upstream("https://hello.example")
//!             .license("MIT")
//!             .image(Image::new("hello", &["linux/amd64", "linux/arm64"]))
//!             .wants(Grant::Releases, "npm:hello", "versions"))
//!     }
//!
//!     fn versions(limit: u32) -> Result<Vec<Version>, Error> {
//!         let releases = release::list("npm:hello", &Selection::stable(), limit)?;
//!         Ok(releases.iter().map(Version::of).collect())
//!     }
//!
//!     fn prepare(job: Job) -> Result<Prepared, Error> {
//!         let platform = &job.target.platform;
//!         bakehouse_sdk::tree::write("hello", &platform.to_string())?;
//!         Ok(Build::inline("FROM scratch\nCOPY hello /hello\n", platform).into())
//!     }
//! }
//!
//! bakehouse_sdk::export!(Hello);
//! # fn main() { assert_eq!(bakehouse_sdk::platform("linux/arm/v7").to_string(), "linux/arm/v7"); }
//! ```
//!
//! The host calls each function in a fresh instance. During
//! [`prepare`](Recipe::prepare) the target's work tree is the folder `/src`;
//! nothing else of the file system, no environment and no network is there.
//! What a recipe reaches through the imports it declares
//! ([`wants`](App::wants)), and the app's `app.toml` grants.

#[doc(hidden)]
#[path = "bindings.rs"]
pub mod __bindings;
mod build;
mod check;
mod describe;
pub mod dockerfile;
pub mod fetch;
mod job;
mod json;
pub mod options;
mod platform;
mod selection;
pub mod tree;
mod version;

pub use __bindings::bakehouse::recipe::types::{
    Build, Dockerfile, Error, Network, Platform, Source, Target, Version,
};
pub use __bindings::bakehouse::recipe::{buildx, log, registry, release};
pub use __bindings::exports::bakehouse::recipe::recipe::{
    App, Base, Check, CheckKind, Checkout, FileCheck, Grant, HttpCheck, Image, Job, Ordering,
    Prepared, RunCheck, Want,
};
pub use options::OptionDeclaration;
pub use platform::platform;

#[doc(hidden)]
pub use __bindings::__export_app as __export;
#[doc(hidden)]
pub use __bindings::exports::bakehouse::recipe::recipe::Guest as __Guest;

/// The maker of an app's images. See the crate's documentation for an example.
pub trait Recipe {
    /// Says which options app.toml may set. Must not call any import.
    #[must_use]
    fn options() -> Vec<OptionDeclaration> {
        Vec::new()
    }

    /// Says what the app is, as its options make it. May call what is in
    /// [`options`] and [`log`](mod@log), and no other import.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for options that cannot be meant.
    fn describe() -> Result<App, Error>;

    /// The newest versions, newest first, at most `limit` of them.
    ///
    /// # Errors
    /// Whatever the imports answered.
    fn versions(limit: u32) -> Result<Vec<Version>, Error>;

    /// The targets of one version: every image for every platform it is
    /// described for, unless overridden.
    ///
    /// # Errors
    /// Whatever the imports answered.
    fn matrix(version: Version) -> Result<Vec<Target>, Error> {
        let _ = version;
        let target = |image: &Image| {
            let name = image.name.clone();
            let targets = image.platforms.iter().cloned().map(move |platform| Target {
                image: name.clone(),
                platform,
            });
            targets.collect::<Vec<_>>()
        };
        Ok(Self::describe()?.images.iter().flat_map(target).collect())
    }

    /// Runs the cross-compile steps of one target and says how its image is
    /// built; a [`Build`] alone becomes that by `.into()`.
    ///
    /// # Errors
    /// Whatever the imports answered, and what the recipe cannot do.
    fn prepare(job: Job) -> Result<Prepared, Error>;
}

/// Exports a [`Recipe`] from the component. Once a crate.
#[macro_export]
macro_rules! export {
    ($recipe:ty) => {
        const _: () = {
            struct Exported;

            impl $crate::__Guest for Exported {
                fn options() -> Vec<$crate::OptionDeclaration> {
                    <$recipe as $crate::Recipe>::options()
                }
                fn describe() -> Result<$crate::App, $crate::Error> {
                    <$recipe as $crate::Recipe>::describe()
                }
                fn versions(limit: u32) -> Result<Vec<$crate::Version>, $crate::Error> {
                    <$recipe as $crate::Recipe>::versions(limit)
                }
                fn matrix(version: $crate::Version) -> Result<Vec<$crate::Target>, $crate::Error> {
                    <$recipe as $crate::Recipe>::matrix(version)
                }
                fn prepare(job: $crate::Job) -> Result<$crate::Prepared, $crate::Error> {
                    <$recipe as $crate::Recipe>::prepare(job)
                }
            }

    $crate::__export!(Exported with_types_in $crate::__bindings);
        };
    };
}
