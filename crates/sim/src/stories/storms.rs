//! Storms over many seeds, and broken builds that must be caught.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use client::Weakness;

use crate::checks::findings;
use crate::{Figures, Plan, storm};

/// Seeds of the ordinary run; `VALISE_SEEDS=from..to` chooses others.
const SEEDS: Range<u64> = 0..200;
/// Seeds of the long run, with those over groups 2,000.
const SEEDS_LONG: Range<u64> = 0..1_200;
/// Seeds of the storms in which devices miss every seventh commit.
const SEEDS_FORGETFUL: Range<u64> = 0..24;
/// The same in the long run.
const SEEDS_FORGETFUL_LONG: Range<u64> = 0..200;
/// Seeds within which a broken build must be caught.
const SEEDS_TO_CATCH: Range<u64> = 0..8;
/// So many storms have every kind of weather among them.
pub(super) const SEEDS_WITH_ALL: u64 = 20;
/// Storms run side by side.
const THREADS: usize = 2;

/// What `VALISE_SEEDS` says.
pub(super) fn chosen_seeds() -> Option<Range<u64>> {
    let chosen = std::env::var("VALISE_SEEDS").ok()?;
    let (from, to) = chosen.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

/// `cargo xtask test --long`.
pub(super) fn is_long() -> bool {
    std::env::var_os("VALISE_LONG").is_some()
}

/// What was counted, and what each check found.
pub(super) type Found = (Figures, Vec<(u64, &'static str, String)>);

/// Runs storms, two at a time; what was counted, and what each check found.
pub(super) fn side_by_side(
    seeds: &[u64],
    storm: impl Fn(u64) -> (Figures, Vec<(&'static str, String)>) + Sync + std::panic::RefUnwindSafe,
) -> Found {
    let (next, total) = (AtomicUsize::new(0), Mutex::new((Figures::default(), Vec::new())));
    let work = || {
        loop {
            let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)).copied() else { return };
            let (figures, found) = std::panic::catch_unwind(|| storm(seed))
                .unwrap_or_else(|_| (Figures::default(), vec![("nothing panics", "see above".to_owned())]));
            let mut total = total.lock().expect("nobody panics while counting");
            total.0 += figures;
            total.1.extend(found.into_iter().map(|(check, why)| (seed, check, why)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    total.into_inner().expect("nobody panics while counting")
}

fn weather(seeds: Range<u64>, plan: &Plan) -> Found {
    side_by_side(&seeds.collect::<Vec<_>>(), |seed| {
        let mut storm = storm(seed, plan);
        if plan.patience_ms > 0 {
            storm.world.pass(plan.patience_ms);
            storm.rested = storm.world.settles_within(60);
        }
        let mut found = findings(&storm.world, &storm.said);
        if std::env::var_os("VALISE_TRACE").is_some() {
            storm.world.trace_lines().iter().for_each(|line| println!("{line}"));
            storm
                .cast
                .iter()
                .for_each(|it| println!("{}: {:?}", it.name(&storm.world), it.notes(&storm.world)));
        }
        found.extend((!storm.rested).then(|| ("it comes to rest", storm.world.unrest())));
        (storm.world.figures, found)
    })
}

#[test]
fn after_every_storm_nothing_is_lost_doubled_disordered_or_unreadable() {
    let seeds = chosen_seeds().unwrap_or(if is_long() { SEEDS_LONG } else { SEEDS });
    let (figures, found) = weather(seeds.clone(), &Plan::default());
    println!("pairs, seeds {seeds:?}: {figures:#?}");
    let report: String =
        found.iter().map(|(seed, check, why)| format!("\nseed {seed}: not so: {check}: {why}")).collect();
    assert!(found.is_empty(), "{} findings:{report}", found.len());
    let Figures { device_crashes, service_crashes, cuts, frames_lost, .. } = figures;
    // Few storms need not have all of it.
    let all = [device_crashes, service_crashes, cuts, frames_lost].iter().all(|count| *count > 0);
    assert!(all || figures.seeds < SEEDS_WITH_ALL);
}

#[test]
fn devices_that_miss_every_seventh_commit_come_back_and_are_told_what_they_missed() {
    let mut plan = Plan::default();
    plan.config.broken = Some(Weakness::ForgetsCommits);
    // What is missing is asked for again after a minute, two, four and so on.
    plan.patience_ms = 3 * vocab::time::HOUR_MS;
    let seeds = chosen_seeds().unwrap_or(if is_long() { SEEDS_FORGETFUL_LONG } else { SEEDS_FORGETFUL });
    let (figures, found) = weather(seeds, &plan);
    println!("{figures:#?}");
    assert!(figures.rejoins > 20 || figures.seeds < SEEDS_WITH_ALL);
    // What is said again comes later to whoever missed it: the order is the one thing that cannot hold.
    let found: Vec<_> = found.iter().filter(|(_, check, _)| *check != "there is one order").collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let [one, again, other] = [3, 3, 4].map(|seed| storm(seed, &Plan::default()).world.trace());
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[test]
fn a_broken_build_trips_each_check() {
    let caught_by = |weakness| {
        let mut plan = Plan::default();
        plan.config.broken = Some(weakness);
        let (figures, found) = weather(SEEDS_TO_CATCH, &plan);
        println!("{weakness:?}: {} findings, {} rejoins", found.len(), figures.rejoins);
        found.into_iter().map(|(_, check, _)| check).collect::<BTreeSet<_>>()
    };
    for (weakness, check) in [
        (Weakness::LosesMessages, "nothing is lost"),
        (Weakness::ShowsTwice, "nothing is shown twice"),
        (Weakness::OrdersByClock, "there is one order"),
        (Weakness::NeverAsks, "nothing stays unreadable"),
        (Weakness::NeverRejoins, "all are in one epoch"),
        (Weakness::ForgetsOutbox, "nothing is left to send"),
    ] {
        let caught = caught_by(weakness);
        assert!(caught.contains(check), "{weakness:?} is caught by {caught:?} only");
    }
}
