//! Making a picture smaller, row by row: whole numbers, and no copy of the picture on the way. Several times as quick as the general way
//! of the library that decodes, which works in floating point.

use std::collections::VecDeque;

/// How pixels become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Each counts by how much of it is covered: quick, and good where many become one.
    Area,
    /// A cubic that keeps edges sharp (Catmull-Rom).
    Cubic,
}

/// Pixels of `N` samples each, row by row, with this width and height, made into one of the other width and height, neither larger.
pub fn shrink<const N: usize>(from: &[u8], size: (u32, u32), to: (u32, u32), filter: Filter) -> Vec<u8> {
    let (across, down) = (weights(size.0, to.0, filter), weights(size.1, to.1, filter));
    let mut rows = from.chunks_exact(size.0 as usize * N).map(|row| narrowed::<N>(row, &across));
    // The rows that the next one is made of, and which one the first of them is.
    let (mut kept, mut first) = (VecDeque::new(), 0);
    let row_samples = to.0 as usize * N;
    let mut out = Vec::with_capacity(row_samples * to.1 as usize);
    let mut sums = vec![0; row_samples];
    for weights in &down {
        while first < weights.start {
            if kept.pop_front().is_none() {
                rows.next();
            }
            first += 1;
        }
        while kept.len() < weights.parts.len()
            && let Some(row) = rows.next()
        {
            kept.push_back(row);
        }
        sums.fill(HALF);
        for (row, weight) in kept.iter().zip(&weights.parts) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += weight * i32::from(*sample);
            }
        }
        out.extend(sums.iter().map(|sum| whole(*sum)));
    }
    out
}

/// Which pixels one is made of, and how much each counts.
struct Weights {
    start: usize,
    parts: Vec<i32>,
}

fn narrowed<const N: usize>(row: &[u8], across: &[Weights]) -> Vec<u8> {
    let mut out = Vec::with_capacity(across.len() * N);
    for weights in across {
        let mut sums = [HALF; N];
        let pixels = row.get(weights.start * N..).unwrap_or_default().chunks_exact(N);
        for (weight, pixel) in weights.parts.iter().zip(pixels) {
            for (sum, sample) in sums.iter_mut().zip(pixel) {
                *sum += weight * i32::from(*sample);
            }
        }
        out.extend(sums.map(whole));
    }
    out
}

fn weights(from: u32, to: u32, filter: Filter) -> Vec<Weights> {
    let ratio = f64::from(from) / f64::from(to.max(1));
    (0..to)
        .map(|place| {
            let (low, high) = (f64::from(place) * ratio, f64::from(place + 1) * ratio);
            let middle = f64::midpoint(low, high);
            let reach = if filter == Filter::Area { ratio / 2.0 } else { 2.0 * ratio };
            let start = (middle - reach).floor().max(0.0) as usize;
            let end = ((middle + reach).ceil() as usize).clamp(start + 1, from as usize);
            let parts: Vec<f64> = (start..end)
                .map(|pixel| match filter {
                    Filter::Area => (high.min(pixel as f64 + 1.0) - low.max(pixel as f64)).max(0.0),
                    Filter::Cubic => cubic((pixel as f64 + 0.5 - middle) / ratio),
                })
                .collect();
            Weights { start, parts: fixed(&parts) }
        })
        .collect()
}

/// As whole numbers that make one together; what rounding leaves goes to the largest.
fn fixed(parts: &[f64]) -> Vec<i32> {
    let sum: f64 = parts.iter().sum();
    let mut fixed: Vec<i32> = parts.iter().map(|part| (part / sum * f64::from(ONE)).round() as i32).collect();
    let rest = ONE - fixed.iter().sum::<i32>();
    if let Some(largest) = fixed.iter_mut().max() {
        *largest += rest;
    }
    fixed
}

fn cubic(x: f64) -> f64 {
    let x = x.abs();
    match x {
        _ if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        _ if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        _ => 0.0,
    }
}

fn whole(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

const BITS: u32 = 14;
const ONE: i32 = 1 << BITS;
const HALF: i32 = ONE / 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_one_colour_keeps_it() {
        for filter in [Filter::Area, Filter::Cubic] {
            for (size, to) in
                [((7, 5), (3, 2)), ((100, 1), (33, 1)), ((640, 480), (639, 479)), ((5_000, 2), (1, 1))]
            {
                let from = [10, 200, 255].repeat((size.0 * size.1) as usize);
                assert_eq!(
                    shrink::<3>(&from, size, to, filter),
                    [10, 200, 255].repeat((to.0 * to.1) as usize)
                );
            }
        }
    }

    #[test]
    fn a_ramp_stays_one() {
        let from: Vec<u8> = (0..4).flat_map(|_| 0..=255).collect();
        for filter in [Filter::Area, Filter::Cubic] {
            let to = shrink::<1>(&from, (256, 4), (64, 1), filter);
            for (place, sample) in to.iter().enumerate().skip(2).take(60) {
                assert!(sample.abs_diff(u8::try_from(place * 4 + 1).unwrap()) <= 1, "{place} {sample}");
            }
        }
    }

    #[test]
    fn each_pixel_counts_by_its_cover() {
        assert_eq!(shrink::<1>(&[0, 100, 200], (3, 1), (2, 1), Filter::Area), [33, 167]);
        assert_eq!(shrink::<1>(&[0, 100, 200, 100], (2, 2), (1, 1), Filter::Area), [100]);
    }
}
