//! Contestants, in turns.

use std::time::Duration;

use anyhow::Result;

use crate::bed::Bed;
use crate::measure::{Invocation, Sample};

/// One way to do the work.
pub(crate) struct Contestant<'a> {
    pub(crate) name: String,
    /// Run one after the other, measured together.
    pub(crate) commands: Vec<Invocation>,
    /// How many times as much the whole work is.
    pub(crate) scale: u32,
    /// Not measured: brings everything to where it was before.
    pub(crate) prepare: Box<dyn Fn() -> Result<()> + 'a>,
}

/// What a contestant took, round by round, scaled.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) samples: Vec<Sample>,
    pub(crate) scale: u32,
    /// HTTP requests that reached the registry in one round, scaled; none where
    /// they were not counted.
    pub(crate) requests: Option<usize>,
}

impl Contestant<'_> {
    fn round(&self) -> Result<Sample> {
        (self.prepare)()?;
        let mut total = Sample::default();
        for command in &self.commands {
            total = total.then(command.sample()?);
        }
        Ok(Sample {
            wall: total.wall * self.scale,
            cpu: total.cpu * self.scale,
            ..total
        })
    }
}

/// Lets all contestants of `make`, which is told the registry's `HOST:PORT`, do
/// their work in turns: after one round that does not count, so many that do.
/// Requests are counted by the proxy in one more round, after one that does not count,
/// either; with a `latency` all rounds go through it.
pub(crate) fn contest<'a>(
    bed: &'a Bed,
    rounds: usize,
    latency: Option<Duration>,
    make: &dyn Fn(&str) -> Result<Vec<Contestant<'a>>>,
) -> Result<Vec<Outcome>> {
    bed.proxy.set_latency(Duration::ZERO);
    let mut outcomes = Vec::new();
    for contestant in make(&bed.proxy.host())? {
        // What it keeps of one round, it has in the others.
        contestant.round()?;
        (contestant.prepare)()?;
        bed.proxy.forget();
        for command in &contestant.commands {
            command.sample()?;
        }
        outcomes.push(Outcome {
            name: contestant.name,
            samples: Vec::new(),
            scale: contestant.scale,
            requests: Some(bed.proxy.log().len() * contestant.scale as usize),
        });
    }
    let host = match latency {
        Some(latency) => {
            bed.proxy.set_latency(latency);
            bed.proxy.host()
        }
        None => bed.registry.host(),
    };
    let contestants = make(&host)?;
    for round in 0..=rounds {
        for (contestant, outcome) in contestants.iter().zip(&mut outcomes) {
            let sample = contestant.round()?;
            if round > 0 {
                outcome.samples.push(sample);
            }
        }
    }
    bed.proxy.set_latency(Duration::ZERO);
    Ok(outcomes)
}
