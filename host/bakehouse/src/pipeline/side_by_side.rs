//! Apps looked at side by side: several at a time of each host that is asked, and
//! each within a time of its own.
//!
//! A host that answers slowly, or never, holds up the apps that ask it, and no
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result};
use bakehouse_core::error::chain;
use bakehouse_core::progress::{Event, Looking, Reporter};
use futures_util::stream::{self, FuturesUnordered, Stream, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::failure::Failure;

/// Apps that ask one host at the same time.
const OF_ONE_HOST: usize = 8;
/// Apps that are looked at at the same time, whatever they ask.
const IN_ALL: usize = 32;
/// Longest that looking at one app may take.
pub(super) const LIMIT: Duration = Duration::from_secs(300);

/// An app that is going to be looked at.
pub(super) struct Look<A> {
    pub(super) app: String,
    /// The things that are looked at, for who waits.
    pub(super) detail: String,
    /// Hosts that are asked; those of a name are one.
    pub(super) hosts: BTreeSet<String>,
    pub(super) with: A,
}

/// The rules of looking at apps.
pub(super) struct Looks<'a> {
    pub(super) reporter: &'a dyn Reporter,
    pub(super) stage: Looking,
    /// The failure of an app that took longer than [`LIMIT`].
    pub(super) late: fn(&str) -> Failure,
    /// An error that no other app is worth trying after.
    pub(super) stops: fn(&Error) -> bool,
}

impl Looks<'_> {
    /// Looks at all apps. Results are in the order of the apps.
    ///
    /// # Errors
    /// The first that stops it.
    pub(super) async fn at<A, T>(
        &self,
        apps: Vec<Look<A>>,
        look: impl AsyncFn(&str, A) -> Result<T>,
    ) -> Result<Vec<(String, Result<T>)>> {
        let expected = apps.len();
        self.as_they_come(stream::iter(apps), expected, look).await
    }

    /// The same of apps that come one after the other, of which so many are
    /// expected. Results are in the order in which they came.
    ///
    /// # Errors
    /// The first that stops it.
    pub(super) async fn as_they_come<A, T>(
        &self,
        apps: impl Stream<Item = Look<A>>,
        expected: usize,
        look: impl AsyncFn(&str, A) -> Result<T>,
    ) -> Result<Vec<(String, Result<T>)>> {
        let queued = |apps| {
            let stage = self.stage;
            self.reporter.report(Event::AppsQueued { stage, apps });
        };
        queued(expected);
        let all = Semaphore::new(IN_ALL);
        let (all, look) = (&all, &look);
        let mut hosts = BTreeMap::new();
        let mut open = FuturesUnordered::new();
        let mut ended = BTreeMap::new();
        let mut came = 0;
        let mut apps = pin!(apps.fuse());
        loop {
            tokio::select! {
                biased;
                app = apps.next(), if !apps.is_done() => match app {
                    Some(app) => {
                        let turns = turns(&app, &mut hosts);
                        let place = came;
                        came += 1;
                        open.push(async move {
                            let mut held = Vec::new();
                            for turn in &turns {
                                held.push(turn.acquire().await);
                            }
                            let _turn = all.acquire().await;
                            let name = app.app.clone();
                            (place, name, self.one(app, look).await)
                        });
                    }
                    None if came == expected => {}
                    None => queued(came),
                },
                Some((place, name, result)) = open.next() => match result {
                    Err(error) if (self.stops)(&error) => return Err(error),
                    result => {
                        ended.insert(place, (name, result));
                    }
                },
                else => break,
            }
        }
        Ok(ended.into_values().collect())
    }

    async fn one<A, T>(
        &self,
        app: Look<A>,
        look: &impl AsyncFn(&str, A) -> Result<T>,
    ) -> Result<T> {
        let (stage, name) = (self.stage, app.app.as_str());
        let begun = Instant::now();
        self.reporter.report(Event::AppStarted {
            stage,
            app: name,
            detail: &app.detail,
        });
        let looked = tokio::time::timeout(LIMIT, look(name, app.with)).await;
        let looked = looked.unwrap_or_else(|_| Err((self.late)(name).into()));
        let elapsed = begun.elapsed();
        match &looked {
            Ok(_) => self.reporter.report(Event::AppFinished {
                stage,
                app: name,
                elapsed,
            }),
            Err(error) => self.reporter.report(Event::AppFailed {
                stage,
                app: name,
                error: &chain(error.as_ref()),
                elapsed,
            }),
        }
        looked
    }
}

/// The turns that an app waits for: in the order of the hosts' names, so that no two
/// apps wait for each other.
fn turns<A>(app: &Look<A>, hosts: &mut BTreeMap<String, Arc<Semaphore>>) -> Vec<Arc<Semaphore>> {
    let of = |host: &String| {
        let turns = hosts.entry(host.clone());
        Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_HOST))))
    };
    app.hosts.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use bakehouse_core::progress::Silent;

    use super::*;
    use crate::failure::{ExitCode, exit_code};

    fn looks() -> Looks<'static> {
        Looks {
            reporter: &Silent,
            stage: Looking::Discover,
            late: |app| Failure::new(ExitCode::Upstream, format!("{app}: too slow")),
            stops: |error| exit_code(error) == ExitCode::Storage,
        }
    }

    fn app(name: &str, host: &str) -> Look<()> {
        Look {
            app: name.to_owned(),
            detail: String::new(),
            hosts: BTreeSet::from([host.to_owned()]),
            with: (),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_app_holds_up_no_other() {
        let begun = Instant::now();
        let apps = ["a", "b", "c"].map(|name| app(name, "h.test")).into();
        let looks = looks();
        let looked = looks.at(apps, async |name, ()| {
            let pause = if name == "b" { 1 } else { 90 };
            tokio::time::sleep(Duration::from_secs(pause)).await;
            anyhow::Ok(name.to_owned())
        });
        let looked = looked.await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 90, "not one after the other");
        let names: Vec<_> = looked.into_iter().map(|(_, name)| name.unwrap()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_answers_holds_up_its_own_apps_alone() {
        let begun = Instant::now();
        let slow = (0..2 * OF_ONE_HOST).map(|n| app(&format!("slow{n}"), "slow.test"));
        let fast = (0..20).map(|n| app(&format!("fast{n}"), "fast.test"));
        let done = std::sync::Mutex::new(Duration::ZERO);
        let looks = looks();
        let looked = looks.at(slow.chain(fast).collect(), async |name, ()| {
            if name.starts_with("slow") {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            *done.lock().unwrap() = begun.elapsed();
            anyhow::Ok(())
        });
        let looked = looked.await.unwrap();
        assert_eq!(done.lock().unwrap().as_secs(), 3, "twenty, eight at a time");
        // The time of each begins when its turn has come.
        assert_eq!(begun.elapsed(), 2 * LIMIT);
        for (name, result) in looked {
            assert_eq!(result.is_ok(), name.starts_with("fast"), "{name}");
            if let Err(error) = result {
                assert_eq!(exit_code(&error), ExitCode::Upstream);
                assert!(
                    error.to_string().starts_with(&format!("{name}: ")),
                    "{error}"
                );
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_app_that_comes_later_holds_up_no_other() {
        let begun = Instant::now();
        let apps = stream::iter([1, 5, 2]).then(async |seconds: u64| {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            app(&format!("after{seconds}"), "h.test")
        });
        let looks = looks();
        let looked = looks.as_they_come(apps, 4, async |_, ()| {
            tokio::time::sleep(Duration::from_secs(3)).await;
            anyhow::Ok(begun.elapsed().as_secs())
        });
        let looked = looked.await.unwrap();
        let looked: Vec<_> = looked
            .into_iter()
            .map(|(name, ended)| (name, ended.unwrap()))
            .collect();
        let expected = [("after1", 4), ("after5", 9), ("after2", 11)];
        assert_eq!(looked, expected.map(|(name, at)| (name.to_owned(), at)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_of_everything_is_not_waited_out() {
        let apps = ["a", "b"].map(|name| app(name, "h.test")).into();
        let looks = looks();
        let looked = looks.at(apps, async |name, ()| {
            if name == "a" {
                std::future::pending::<()>().await;
            }
            Err::<(), _>(Failure::new(ExitCode::Storage, "full").into())
        });
        assert_eq!(exit_code(&looked.await.unwrap_err()), ExitCode::Storage);
    }
}
