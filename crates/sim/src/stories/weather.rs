//! Storms, and what must hold after them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::checks::{ALL, findings};
use crate::{Figures, Plan, storm};

/// Seeds to run: `VALISE_SEEDS=from..to`, or the first two hundred.
fn seeds() -> std::ops::Range<u64> {
    let given = std::env::var("VALISE_SEEDS").ok();
    let range = given.as_deref().and_then(|text| text.split_once(".."));
    range.map_or(0..200, |(from, to)| {
        from.parse().expect("VALISE_SEEDS=from..to")..to.parse().expect("VALISE_SEEDS=from..to")
    })
}

#[test]
fn after_the_storm_nothing_is_lost_doubled_disordered_or_unreadable() {
    let seeds = seeds();
    let (next, total) = (AtomicU64::new(seeds.start), Mutex::new((Figures::default(), Vec::new())));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let storm = std::panic::catch_unwind(|| {
                let storm = storm(seed, &Plan::default());
                let mut found: Vec<String> = findings(&storm.world, &storm.said)
                    .into_iter()
                    .map(|(check, why)| format!("seed {seed}: {check}: {why}"))
                    .collect();
                found.extend((!storm.rested).then(|| format!("seed {seed}: does not come to rest")));
                (storm.world.figures, found)
            });
            let (figures, found) =
                storm.unwrap_or_else(|_| (Figures::default(), vec![format!("seed {seed}: panics")]));
            let mut total = total.lock().expect("no panic while counting");
            total.0 += figures;
            total.1.extend(found);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let (figures, found) = total.into_inner().expect("no panic while counting");
    println!("{figures:#?}");
    assert!(found.is_empty(), "{} of {} seeds:\n{}", found.len(), figures.seeds, found.join("\n"));
    assert_eq!(ALL.len(), 6);
}
