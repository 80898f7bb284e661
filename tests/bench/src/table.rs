//! Outcomes as Markdown.

use std::time::Duration;

use crate::contest::Outcome;

/// Prints a table; the first outcome is what the others are compared with.
pub(crate) fn print(title: &str, outcomes: &[Outcome]) {
    println!("### {title}\n");
    println!("| program | wall | times ours | CPU | peak memory | requests |");
    println!("|---|--:|--:|--:|--:|--:|");
    let Some(ours) = outcomes.first() else { return };
    for outcome in outcomes {
        let walls = outcome.samples.iter().map(|sample| sample.wall);
        let cpus = outcome.samples.iter().map(|sample| sample.cpu);
        let memory = outcome.samples.iter().map(|sample| sample.memory).max();
        // Pair by pair: what slows the machine down slows both.
        let ratios = outcome
            .samples
            .iter()
            .zip(&ours.samples)
            .map(|(theirs, ours)| theirs.wall.as_secs_f64() / ours.wall.as_secs_f64());
        let scaled = match outcome.scale {
            1 => String::new(),
            scale => format!(" (measured: 1/{scale})"),
        };
        println!(
            "| {}{scaled} | {} | {:.2} | {} | {} MiB | {} |",
            outcome.name,
            time(median(walls.map(|wall| wall.as_secs_f64()).collect())),
            median(ratios.collect()),
            time(median(cpus.map(|cpu| cpu.as_secs_f64()).collect())),
            memory.unwrap_or_default() / (1 << 20),
            outcome
                .requests
                .map_or_else(|| "–".to_owned(), |n| n.to_string()),
        );
    }
    println!();
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!(
            "{:.1} ms",
            Duration::from_secs_f64(seconds).as_secs_f64() * 1e3
        )
    } else {
        format!("{seconds:.2} s")
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle)) {
        (_, None) => f64::NAN,
        (1, Some(value)) => *value,
        (_, Some(value)) => f64::midpoint(values[middle - 1], *value),
    }
}
