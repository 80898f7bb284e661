//! Putting a build together.

use crate::{Build, Dockerfile, Network, Platform};

impl Build {
    /// A build with this text as its Dockerfile and the whole work tree as its
    /// context; `RUN` steps have no network.
    #[must_use]
    pub fn inline(dockerfile: &str, platform: &Platform) -> Self {
        Self::new(Dockerfile::Inline(dockerfile.to_owned()), platform)
    }

    /// A build with a Dockerfile of the work tree.
    #[must_use]
    pub fn file(path: &str, platform: &Platform) -> Self {
        Self::new(Dockerfile::Path(path.to_owned()), platform)
    }

    fn new(dockerfile: Dockerfile, platform: &Platform) -> Self {
        Self {
            context: ".".to_owned(),
            dockerfile,
            platform: platform.clone(),
            stage: None,
            args: Vec::new(),
            contexts: Vec::new(),
            labels: Vec::new(),
            network: Network::None,
            secrets: Vec::new(),
        }
    }

    /// Takes a folder of the work tree as context.
    #[must_use]
    pub fn in_folder(mut self, context: &str) -> Self {
        context.clone_into(&mut self.context);
        self
    }

    /// Stops at a stage.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Self {
        self.stage = Some(stage.to_owned());
        self
    }

    /// Sets a build argument.
    #[must_use]
    pub fn arg(mut self, name: &str, value: &str) -> Self {
        self.args.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names a context: a folder of the work tree, or `docker-image://` with a
    /// granted reference.
    #[must_use]
    pub fn context(mut self, name: &str, value: &str) -> Self {
        self.contexts.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets `RUN` steps use the network; needs a grant.
    #[must_use]
    pub const fn with_network(mut self) -> Self {
        self.network = Network::Default;
        self
    }

    /// Lets `RUN --mount=type=secret,id=NAME` mount a secret; needs a grant.
    #[must_use]
    pub fn secret(mut self, name: &str) -> Self {
        self.secrets.push(name.to_owned());
        self
    }
}
