//! Measured values of one thing, and what is told of them. It must never tell a mean: one hiccup of the machine is in it.

use std::time::{Duration, Instant};

/// Measured values, in whatever unit they came; milliseconds where they were timed here.
#[derive(Clone, Debug)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Takes values, at least one.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Samples {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_by(f64::total_cmp);
        Samples(values)
    }

    /// Takes durations, as milliseconds.
    pub fn of(durations: impl IntoIterator<Item = Duration>) -> Samples {
        Samples::new(durations.into_iter().map(|duration| duration.as_secs_f64() * 1e3))
    }

    /// Times so many runs.
    pub fn timed(runs: usize, mut run: impl FnMut()) -> Samples {
        Samples::of((0..runs).map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        }))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The one in the middle.
    pub fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// The smallest value that so many of a hundred do not exceed.
    pub fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// The smallest.
    pub fn least(&self) -> f64 {
        self.0[0]
    }

    /// The largest.
    pub fn most(&self) -> f64 {
        self.0[self.0.len() - 1]
    }
}
