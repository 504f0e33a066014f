//! Figures: quantiles and the lines that are printed.

use serde_json::{Value, json};

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
