//! The choice of a fault for a request.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::fault::Fault;
use super::record::Kind;

/// A fault for requests that match.
#[derive(Debug, Clone)]
pub struct Rule {
    fault: Fault,
    method: Option<&'static str>,
    kind: Option<Kind>,
    path: String,
    skip: u32,
    times: u32,
}

impl Rule {
    /// The next request gets this fault; the methods below narrow it down.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            method: None,
            kind: None,
            path: String::new(),
            skip: 0,
            times: 1,
        }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    /// Only requests of this kind.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only requests with this text in path or query.
    #[must_use]
    pub fn path(mut self, text: &str) -> Self {
        text.clone_into(&mut self.path);
        self
    }

    /// So many requests that match pass first.
    #[must_use]
    pub fn skip(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// So many requests get it.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = count;
        self
    }

    /// Every request gets it.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }

    fn take(&mut self, method: &str, kind: Kind, target: &str) -> Option<Fault> {
        let matches = self.times > 0
            && self.method.is_none_or(|m| m == method)
            && self.kind.is_none_or(|k| k == kind)
            && target.contains(&self.path);
        if !matches {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.saturating_sub(1);
        Some(self.fault)
    }
}

/// Random faults. What a request gets depends on the seed, on the request, and
/// on how often it came before, not on the order among different requests.
#[derive(Debug, Clone)]
pub struct Random {
    /// The seed.
    pub seed: u64,
    /// Share of requests with a fault, from 0 to 1.
    pub rate: f64,
    /// The faults, all alike in frequency where they fit the request.
    pub faults: Vec<Fault>,
}

/// The rules, in order, then chance.
#[derive(Debug, Default)]
pub(super) struct Decider {
    pub(super) rules: Vec<Rule>,
    pub(super) random: Option<Random>,
    seen: HashMap<String, u64>,
}

impl Decider {
    pub(super) fn decide(
        &mut self,
        method: &str,
        kind: Kind,
        target: &str,
        authorized: bool,
    ) -> Option<Fault> {
        let ruled = self
            .rules
            .iter_mut()
            .find_map(|rule| rule.take(method, kind, target));
        if ruled.is_some() {
            return ruled;
        }
        let random = self.random.as_ref()?;
        let request = format!("{method} {}", steady(kind, target));
        let times = self.seen.entry(request.clone()).or_default();
        *times += 1;
        let mut hasher = DefaultHasher::new();
        (random.seed, request, *times).hash(&mut hasher);
        let mut rng = fastrand::Rng::with_seed(hasher.finish());
        if rng.f64() >= random.rate {
            return None;
        }
        let fitting: Vec<_> = random
            .faults
            .iter()
            .filter(|fault| fault.fits(method, kind, authorized))
            .collect();
        rng.choice(fitting).copied()
    }
}

/// The target without what a registry makes up: an upload's name and state.
fn steady(kind: Kind, target: &str) -> &str {
    match (kind, target.find("digest=")) {
        (Kind::Upload, Some(at)) => &target[at..],
        (Kind::Upload, None) => "upload",
        _ => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_used_up_in_order() {
        let mut decider = Decider {
            rules: vec![
                Rule::new(Fault::Reset).method("PUT").skip(1),
                Rule::new(Fault::Status(500)).path("/latest").times(2),
            ],
            ..Decider::default()
        };
        let mut decide = |method, target| decider.decide(method, Kind::of(target), target, false);
        assert_eq!(decide("PUT", "/v2/a/manifests/1"), None);
        assert_eq!(decide("PUT", "/v2/a/manifests/1"), Some(Fault::Reset));
        assert_eq!(decide("PUT", "/v2/a/manifests/1"), None);
        for expected in [Some(Fault::Status(500)), Some(Fault::Status(500)), None] {
            assert_eq!(decide("GET", "/v2/a/manifests/latest"), expected);
        }
    }

    #[test]
    fn chance_depends_on_seed_and_request_only() {
        let faults = |seed, targets: &[&str]| {
            let mut decider = Decider {
                random: Some(Random {
                    seed,
                    rate: 0.2,
                    faults: vec![Fault::Reset, Fault::Status(500), Fault::BrokenUpload],
                }),
                ..Decider::default()
            };
            let mut made = HashMap::new();
            for _ in 0..500 {
                for target in targets {
                    let fault = decider.decide("GET", Kind::of(target), target, false);
                    made.entry((*target).to_owned())
                        .or_insert_with(Vec::new)
                        .push(fault);
                }
            }
            made
        };
        let (one, two) = ("/v2/a/manifests/1", "/v2/a/manifests/2");
        let made = faults(7, &[one, two]);
        assert_eq!(made, faults(7, &[two, one]));
        assert_ne!(made, faults(8, &[one, two]));
        let made: Vec<_> = made.into_values().flatten().collect();
        let some = made.iter().flatten().count();
        assert!((150..250).contains(&some), "{some} of 1000");
        // Nothing was sent that could break.
        assert!(!made.contains(&Some(Fault::BrokenUpload)));
    }
}
