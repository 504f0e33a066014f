//! Weather over many seeds, and broken builds that must be caught.

use client::{Config, Weakness};

use crate::checks;
use crate::storm::storm;
use crate::weather::Figures;

/// Seeds of the ordinary run; `VALISE_SEEDS=from..to` chooses others.
const SEEDS: std::ops::Range<u64> = 0..200;
/// Seeds within which a broken build must be caught.
const SEEDS_TO_CATCH: std::ops::Range<u64> = 0..12;

fn restless() -> Config {
    // Leaves are renewed every few messages, so that storms are full of commits.
    Config { heal_after_messages: 4, receipt_delay_ms: 1_500, ..Config::default() }
}

fn seeds() -> std::ops::Range<u64> {
    let chosen = std::env::var("VALISE_SEEDS").ok();
    let range = chosen.as_deref().and_then(|text| text.split_once(".."));
    let range = range.and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    match range {
        Some(range) => range,
        None if std::env::var_os("VALISE_LONG").is_some() => 0..2_000,
        None => SEEDS,
    }
}

#[test]
fn after_every_storm_nothing_is_lost_twice_disordered_or_unreadable() {
    let (from, to) = (seeds().start, seeds().end);
    let halves = [from..from.midpoint(to), from.midpoint(to)..to];
    let results: Vec<(Figures, Vec<String>)> = std::thread::scope(|scope| {
        let runs = halves.map(|half| scope.spawn(move || weather(half)));
        runs.into_iter().map(|run| run.join().expect("a storm runs to its end")).collect()
    });
    let mut figures = Figures::default();
    let mut wrong = Vec::new();
    for (of_half, wrong_of_half) in results {
        figures += of_half;
        wrong.extend(wrong_of_half);
    }
    println!("{figures:?}");
    assert!(figures.device_crashes > 0 && figures.service_crashes > 0 && figures.cuts > 0, "{figures:?}");
    assert!(wrong.is_empty(), "{} seeds: {}", wrong.len(), wrong.join("\n"));
}

fn weather(seeds: std::ops::Range<u64>) -> (Figures, Vec<String>) {
    let mut figures = Figures::default();
    let mut wrong = Vec::new();
    for seed in seeds {
        let after = storm(seed, &restless());
        figures += after.world.figures;
        let failures = checks::failures(&after);
        if !failures.is_empty() {
            wrong.push(format!("seed {seed}: {failures:?}"));
        }
    }
    (figures, wrong)
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let [one, again, other] = [3, 3, 4].map(|seed| storm(seed, &restless()).world.trace());
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[test]
fn a_broken_build_trips_each_check() {
    let caught_by = |weakness| {
        let config = Config { broken: Some(weakness), ..restless() };
        SEEDS_TO_CATCH
            .flat_map(|seed| checks::failures(&storm(seed, &config)))
            .map(|(name, _)| name)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert!(caught_by(Weakness::LosesMessages).contains("nothing lost"));
    assert!(caught_by(Weakness::ShowsTwice).contains("nothing twice"));
    assert!(caught_by(Weakness::OrdersByClock).contains("one order"));
    let forgetful = caught_by(Weakness::ForgetsOutbox);
    assert!(forgetful.contains("nothing unreadable") || forgetful.contains("nothing lost"), "{forgetful:?}");
    let stranded = caught_by(Weakness::NeverRejoins);
    let forging = caught_by(Weakness::ForgetsCommits);
    println!("never rejoins: {stranded:?}; forgets commits: {forging:?}");
}
