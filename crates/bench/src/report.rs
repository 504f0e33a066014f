//! Figures: quantiles and the lines that are printed.

use serde_json::{Value, json};

use crate::Trouble;

/// Quantiles of durations in milliseconds.
pub(crate) fn quantiles(mut ms: Vec<f64>) -> Value {
    ms.sort_by(f64::total_cmp);
    let at = |share: f64| -> f64 {
        let place = ((ms.len() as f64 - 1.0) * share).round().max(0.0);
        let value = ms.get(place as usize).copied().unwrap_or(f64::NAN);
        (value * 100.0).round() / 100.0
    };
    json!({ "p50": at(0.5), "p99": at(0.99), "p999": at(0.999) })
}

/// Two digits behind the point.
pub(crate) fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// CPU time of this thread so far, seconds: on a busy machine, too, what its work costs.
pub(crate) fn thread_cpu_s() -> Result<f64, Trouble> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = counted.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
