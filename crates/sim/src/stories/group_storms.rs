//! Storms over groups, over many seeds, and broken builds that must be caught.

use std::collections::BTreeSet;
use std::ops::Range;

use client::Weakness;

use super::storms::{SEEDS_WITH_ALL, chosen_seeds, is_long, side_by_side};
use crate::group_checks::findings;
use crate::{Figures, GroupPlan, group_storm};

/// Seeds of the ordinary run; `VALISE_SEEDS=from..to` chooses others.
const SEEDS: Range<u64> = 0..80;
/// Seeds of the long run.
const SEEDS_LONG: Range<u64> = 0..800;
/// Seeds within which a broken build must be caught: storms of few.
const SEEDS_TO_CATCH: [u64; 6] = [0, 1, 2, 4, 5, 6];

/// Runs storms, two at a time; what was counted, and what each check found.
fn weather(seeds: &[u64], plan: &GroupPlan) -> (Figures, Vec<(u64, &'static str, String)>) {
    side_by_side(seeds, |seed| {
        let mut storm = group_storm(seed, plan);
        let mut found = findings(&storm);
        found.extend((!storm.rested).then(|| ("it comes to rest", storm.world.unrest())));
        if std::env::var_os("VALISE_TRACE").is_some() {
            storm.world.trace_lines().iter().for_each(|line| println!("{line}"));
            for device in storm.people.iter().flat_map(|person| &person.devices) {
                println!("{}: {:?}", device.name(&storm.world), device.notes(&storm.world));
                println!("  shows {:?}", device.shows_in(&storm.world, storm.group));
            }
        }
        (std::mem::take(&mut storm.world.figures), found)
    })
}

#[test]
fn after_every_storm_a_group_has_one_epoch_one_roster_one_order_and_one_text() {
    let ordinary = if is_long() { SEEDS_LONG } else { SEEDS };
    let seeds: Vec<u64> = chosen_seeds().unwrap_or(ordinary).collect();
    let (figures, found) = weather(&seeds, &GroupPlan::default());
    println!("groups, seeds {seeds:?}: {figures:#?}");
    let report: String =
        found.iter().map(|(seed, check, why)| format!("\nseed {seed}: not so: {check}: {why}")).collect();
    assert!(found.is_empty(), "{} findings:{report}", found.len());
    let Figures { device_crashes, service_crashes, cuts, frames_lost, .. } = figures;
    // Few storms need not have all of it.
    let all = [device_crashes, service_crashes, cuts, frames_lost].iter().all(|count| *count > 0);
    assert!(all || figures.seeds < SEEDS_WITH_ALL);
}

#[test]
fn a_broken_build_trips_each_check_of_groups() {
    // One storm after the other, until one of them catches it.
    let caught_by = |weakness, crook, check: &str| {
        let mut plan = GroupPlan { crook: Some(crook), ..GroupPlan::default() };
        plan.config.broken = Some(weakness);
        let mut caught = BTreeSet::new();
        for seed in SEEDS_TO_CATCH {
            let (figures, found) = weather(&[seed], &plan);
            println!("{weakness:?}, seed {seed}: {} findings, {} rejoins", found.len(), figures.rejoins);
            caught.extend(found.into_iter().map(|(_, check, _)| check));
            if caught.contains(check) {
                break;
            }
        }
        caught
    };
    for (weakness, crook, check) in [
        (Weakness::LosesMessages, false, "of the group nothing is lost"),
        (Weakness::ShowsTwice, false, "of the group nothing is shown twice"),
        (Weakness::OrdersByClock, false, "the group has one order"),
        (Weakness::NeverAsks, true, "of the group nothing stays unreadable"),
        (Weakness::ForgetsOutbox, false, "for the group nothing is left to send"),
        (Weakness::NeverRejoins, false, "the group is in one epoch"),
        (Weakness::KeepsRoster, false, "the group has one roster"),
        (Weakness::KeepsRoster, false, "whoever is out of the group reads nothing"),
    ] {
        let caught = caught_by(weakness, crook, check);
        assert!(caught.contains(check), "{weakness:?} is caught by {caught:?} only");
    }
}

#[test]
fn the_same_seed_gives_the_same_storm_over_a_group() {
    let [one, again, other] = [1, 1, 2].map(|seed| group_storm(seed, &GroupPlan::default()).world.trace());
    assert_eq!(one, again);
    assert_ne!(one, other);
}
