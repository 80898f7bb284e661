//! Several builders as one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bakehouse_core::error::chain;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Reporter};

use super::builder::{BuildRequest, Builder, Built, Capabilities};
use crate::error::{BuildError, BuilderError};

/// One builder of several.
pub struct Member {
    /// The name by which people call it.
    pub name: String,
    /// The one platform it is for; none: for any that it can build.
    pub platform: Option<Platform>,
    /// The builder.
    pub builder: Arc<dyn Builder>,
}

/// Gives each build to a builder for its platform. Those named for the platform
/// come first, then those of which a node is native, then those that emulate it,
/// then the others, each in their order; one that goes away while it
/// works is not asked again, and its build goes to the next.
pub struct BuilderPool {
    members: Vec<Member>,
    reporter: Arc<dyn Reporter>,
    /// Positions of members that went away, and for which platform; none: for all.
    gone: Mutex<BTreeSet<(usize, Option<Platform>)>>,
}

impl BuilderPool {
    /// Builders, in the order they are preferred.
    #[must_use]
    pub fn new(members: Vec<Member>, reporter: Arc<dyn Reporter>) -> Self {
        Self {
            members,
            reporter,
            gone: Mutex::default(),
        }
    }

    /// The usable builders for a platform, best first.
    async fn usable(
        &self,
        platform: &Platform,
    ) -> Result<Vec<(usize, Capabilities)>, BuilderError> {
        let mut own = Vec::new();
        let mut native = Vec::new();
        let mut listed = Vec::new();
        let mut others = Vec::new();
        let mut reason = None;
        for (at, member) in self.members.iter().enumerate() {
            if self.is_gone(at, Some(platform))
                || member.platform.as_ref().is_some_and(|p| p != platform)
            {
                continue;
            }
            match member.builder.capabilities().await {
                Ok(can) if member.platform.is_some() => own.push((at, can)),
                Ok(can) if can.native.contains(platform) => native.push((at, can)),
                Ok(can) if can.platforms.contains(platform) => listed.push((at, can)),
                // Steps that run on the builder's own platform need no more.
                Ok(can) => others.push((at, can)),
                Err(error) => {
                    self.lose(at, None, &chain(&error));
                    reason = Some(error);
                }
            }
        }
        own.append(&mut native);
        own.append(&mut listed);
        own.append(&mut others);
        match (own.is_empty(), reason) {
            (false, _) => Ok(own),
            (true, Some(error)) => Err(error),
            (true, None) => Err(BuilderError::NoneLeftFor(platform.clone())),
        }
    }

    fn is_gone(&self, at: usize, platform: Option<&Platform>) -> bool {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.contains(&(at, None)) || gone.contains(&(at, platform.cloned()))
    }

    fn lose(&self, at: usize, platform: Option<&Platform>, why: &str) {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let new = gone.insert((at, platform.cloned()));
        if let Some(member) = self.members.get(at).filter(|_| new) {
            let work = platform.map_or_else(|| "work".to_owned(), |p| format!("work for {p}"));
            self.reporter.report(Event::Warning {
                message: &format!("builder {} gets no more {work}: {why}", member.name),
            });
        }
    }
}

#[async_trait]
impl Builder for BuilderPool {
    /// The abilities of the builders that answer, all of them together.
    async fn capabilities(&self) -> Result<Capabilities, BuilderError> {
        let mut all: Option<Capabilities> = None;
        let mut reason = None;
        for (at, member) in self.members.iter().enumerate() {
            if self.is_gone(at, None) {
                continue;
            }
            match member.builder.capabilities().await {
                Ok(can) => all = Some(all.map_or_else(|| can.clone(), |all| join(all, &can))),
                Err(error) => {
                    self.lose(at, None, &chain(&error));
                    reason = Some(error);
                }
            }
        }
        match (all, reason) {
            (Some(all), _) => Ok(all),
            (None, Some(error)) => Err(error),
            (None, None) => Err(BuilderError::NoneLeft),
        }
    }

    async fn look_ahead(&self) {
        let members = self
            .members
            .iter()
            .map(|member| member.builder.look_ahead());
        futures_util::future::join_all(members).await;
    }

    async fn capabilities_for(&self, platform: &Platform) -> Result<Capabilities, BuilderError> {
        let mut usable = self.usable(platform).await?;
        Ok(usable.swap_remove(0).1)
    }

    async fn build(&self, request: &BuildRequest) -> Result<Built, BuildError> {
        let platform = &request.build.platform;
        let usable = self.usable(platform).await;
        let mut reason = None;
        for (at, can) in usable? {
            let fits = request.output.fits(&can);
            let Some(member) = self.members.get(at).filter(|_| fits) else {
                continue;
            };
            match member.builder.build(request).await {
                Err(BuildError::BuilderGone(error)) => {
                    self.lose(at, Some(platform), &chain(&error));
                    reason = Some(error);
                }
                ended => return ended,
            }
        }
        let reason = reason.unwrap_or_else(|| BuilderError::NoneExports(platform.clone()));
        Err(reason.into())
    }
}

/// The abilities of two builders together: either's platforms, and of the rest only
/// that which both can.
fn join(mut one: Capabilities, two: &Capabilities) -> Capabilities {
    one.name = format!("{}, {}", one.name, two.name);
    if one.driver != two.driver {
        one.driver = format!("{}, {}", one.driver, two.driver);
    }
    for (mine, other) in [
        (&mut one.native, &two.native),
        (&mut one.platforms, &two.platforms),
    ] {
        for platform in other {
            if !mine.contains(platform) {
                mine.push(platform.clone());
            }
        }
    }
    one.push_by_digest &= two.push_by_digest;
    one.oci_export &= two.oci_export;
    one
}

#[cfg(test)]
#[path = "builder_pool_tests.rs"]
mod tests;
