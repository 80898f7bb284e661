//! Describing an app.

use crate::{App, Grant, Image, Ordering, Want, platform};

impl App {
    /// An app with this name, and the recipe's own version (of its crate).
    #[must_use]
    pub fn new(name: &str, recipe_version: &str) -> Self {
        Self {
            name: name.to_owned(),
            recipe_version: recipe_version.to_owned(),
            summary: String::new(),
            upstream: String::new(),
            license: String::new(),
            images: Vec::new(),
            wants: Vec::new(),
            ordering: Ordering::Number,
            extras: Vec::new(),
        }
    }

    /// One line for people.
    #[must_use]
    pub fn summary(mut self, summary: &str) -> Self {
        summary.clone_into(&mut self.summary);
        self
    }

    /// Upstream's home page or source repository.
    #[must_use]
    pub fn upstream(mut self, url: &str) -> Self {
        url.clone_into(&mut self.upstream);
        self
    }

    /// SPDX licence expression.
    #[must_use]
    pub fn license(mut self, license: &str) -> Self {
        license.clone_into(&mut self.license);
        self
    }

    /// The publisher of the app; becomes `org.opencontainers.image.vendor`.
    #[must_use]
    pub fn vendor(self, name: &str) -> Self {
        self.extra("vendor", name)
    }

    /// The URL of its documentation; becomes
    /// `org.opencontainers.image.documentation`.
    #[must_use]
    pub fn documentation(self, url: &str) -> Self {
        self.extra("documentation", url)
    }

    /// Its home page, where `upstream` is its source repository; becomes
    /// `org.opencontainers.image.url`.
    #[must_use]
    pub fn url(self, url: &str) -> Self {
        self.extra("url", url)
    }

    fn extra(mut self, key: &str, value: &str) -> Self {
        self.extras.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.images.push(image);
        self
    }

    /// Declares a need: what is not declared is denied, whatever app.toml
    /// grants. `value` is written as in app.toml, or `*` where app.toml
    /// decides; `why` is one line for who reviews that.
    #[must_use]
    pub fn wants(mut self, kind: Grant, value: &str, why: &str) -> Self {
        self.wants.push(Want {
            kind,
            value: value.to_owned(),
            why: why.to_owned(),
        });
        self
    }

    /// Orders versions as `versions` lists them, newest first, where numbers say
    /// nothing of it.
    #[must_use]
    pub const fn ordered_as_listed(mut self) -> Self {
        self.ordering = Ordering::Listed;
        self
    }

    /// Declares that `RUN` steps need the network.
    #[must_use]
    pub fn wants_network(self, why: &str) -> Self {
        self.wants(Grant::Network, "default", why)
    }
}

impl Image {
    /// An image that can be built for these platforms.
    #[must_use]
    pub fn new(name: &str, platforms: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            summary: String::new(),
            needs: Vec::new(),
            platforms: platforms.iter().map(|text| platform(text)).collect(),
        }
    }

    /// One line for people.
    #[must_use]
    pub fn summary(mut self, summary: &str) -> Self {
        summary.clone_into(&mut self.summary);
        self
    }

    /// Another image of this app that must be built first.
    #[must_use]
    pub fn needs(mut self, image: &str) -> Self {
        self.needs.push(image.to_owned());
        self
    }
}
