//! Earning, showing, and what neither tells.

use seal::token::Earning;
use vocab::limits::{TOKENS_AT_ONCE_MAX, TOKENS_PER_DAY};
use wire::token::{EarnTokens, Token};

use super::blob::paid;
use super::*;

#[test]
fn what_an_account_earns_is_good_today_and_tomorrow() {
    let mut world = World::new();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    let tokens = earn(&mut world, session, 16).ok().unwrap();
    assert_eq!(tokens.len(), 16);
    assert!(world.ask_blob(paid(1, 512, 7, tokens[0])).is_ok());
    world.pass(DAY_MS);
    assert!(world.ask_blob(paid(2, 512, 7, tokens[0])).is_ok());
    assert!(world.ask_blob(paid(3, 512, 7, tokens[1])).is_ok());
    world.pass(DAY_MS);
    assert_eq!(world.ask_blob(paid(4, 512, 7, tokens[2])).err(), Some(Refusal::TokenNeeded));
}

#[test]
fn t40_a_token_that_this_service_did_not_make_that_day_pays_for_nothing() {
    let mut world = World::new();
    let good = earn_one(&mut world);
    let today = world.now.day();
    for bad in [
        Token { value: Secret32([1; 32]), ..good },
        Token { nonce: [1; 32], ..good },
        Token { day: today.plus(1), ..good },
        Token { day: today.plus(40), ..good },
        Token { day: vocab::Day(today.0 - 1), ..good },
        Token { day: vocab::Day(u32::MAX), ..good },
    ] {
        assert_eq!(world.ask_blob(paid(1, 512, 7, bad)).err(), Some(Refusal::TokenNeeded));
    }
    assert_eq!(world.rows("SELECT COUNT(*) FROM token_spent"), 0, "what is made up costs no row");
    assert!(world.ask_blob(paid(1, 512, 7, good)).is_ok());
}

#[test]
fn t40_an_account_has_its_day_and_the_count_outlives_a_crash() {
    let mut world = World::on_disk();
    let (anna, boris) = (Person::new(1), Person::new(2));
    let mut session = world.registered(&anna);
    for _ in 0..2 {
        assert!(earn(&mut world, session, TOKENS_AT_ONCE_MAX).is_ok());
    }
    world.crash_and_restart();
    session = world.authenticate(&anna, 1).ok().unwrap();
    for _ in 0..2 {
        assert!(earn(&mut world, session, TOKENS_AT_ONCE_MAX).is_ok());
    }
    assert_eq!(4 * TOKENS_AT_ONCE_MAX, TOKENS_PER_DAY as usize);
    let until = world.now.day().plus(1);
    assert_eq!(earn(&mut world, session, 1).err(), Some(Refusal::QuotaUsed { until }));
    let other = world.registered(&boris);
    assert!(earn(&mut world, other, 1).is_ok());
    world.pass(DAY_MS);
    session = world.authenticate(&anna, 1).ok().unwrap();
    assert!(earn(&mut world, session, 1).is_ok());
    world.now = Timestamp(world.now.0 - DAY_MS);
    session = world.authenticate(&anna, 1).ok().unwrap();
    for _ in 0..3 {
        assert!(earn(&mut world, session, TOKENS_AT_ONCE_MAX).is_ok());
    }
    assert!(earn(&mut world, session, TOKENS_AT_ONCE_MAX).is_err(), "a clock that went back grants nothing");
}

#[test]
fn none_too_many_and_no_elements_are_refused_and_cost_nothing() {
    let mut world = World::new();
    let session = world.registered(&Person::new(1));
    for (blinded, refusal) in [
        (vec![], Refusal::Malformed),
        (vec![vec![1; 31]], Refusal::Malformed),
        (vec![vec![255; 32]], Refusal::Malformed),
        (vec![vec![1; 32]; TOKENS_AT_ONCE_MAX + 1], Refusal::TooLarge),
    ] {
        assert_eq!(world.visit_ask(session, earn_request(&blinded)).err(), Some(refusal));
    }
    assert_eq!(world.rows("SELECT COUNT(*) FROM token_quota"), 0);
    let (stranger, _) = world.visit();
    assert_eq!(world.visit_ask(stranger, earn_request(&[vec![1; 32]])).err(), Some(Refusal::NotAllowed));
}

#[test]
fn t40_no_row_joins_a_token_and_an_account() {
    let mut world = World::new();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    let tokens = earn(&mut world, session, 2).ok().unwrap();
    assert!(world.ask_blob(paid(1, 512, 7, tokens[0])).is_ok());
    let all = |world: &mut World, sql| {
        world.service().db().read().all(sql, &[], |row| row.bytes_of_text(0)).unwrap()
    };
    let spent = all(&mut world, "SELECT id FROM token_spent");
    assert_eq!(spent, [seal::token::spent_key(&tokens[0].nonce)]);
    let blobs = all(&mut world, "SELECT id || sealed FROM blob");
    let quota = all(&mut world, "SELECT account FROM token_quota");
    assert_eq!(quota, [anna.id().0]);
    let secrets: Vec<[u8; 32]> = tokens.iter().flat_map(|token| [token.nonce, token.value.0]).collect();
    for row in spent.iter().chain(&blobs).chain(&quota) {
        assert!(secrets.iter().all(|secret| !row.windows(32).any(|window| window == secret)));
    }
    for row in spent.iter().chain(&blobs) {
        assert!(!row.windows(32).any(|window| window == anna.id().0));
    }
    assert!(blobs.iter().all(|row| !row.windows(32).any(|window| window == spent[0])));
}

#[test]
fn what_counted_for_days_gone_by_is_removed() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    assert!(world.ask_blob(paid(1, 512, 7, token)).is_ok());
    let count = |world: &mut World| {
        let now = world.now;
        world.service().tick(now);
        world.flush();
        (world.rows("SELECT COUNT(*) FROM token_quota"), world.rows("SELECT COUNT(*) FROM token_spent"))
    };
    assert_eq!(count(&mut world), (1, 1));
    world.pass(DAY_MS);
    assert_eq!(count(&mut world), (0, 1), "it is good still");
    world.pass(DAY_MS);
    assert_eq!(count(&mut world), (0, 0));
}

/// Earns on a connection that is proven.
pub fn earn(world: &mut World, session: SessionId, count: usize) -> Result<Vec<Token>, Refusal> {
    let earning = Earning::begin(count, &mut world.rng).ok().unwrap();
    match world.visit_ask(session, earn_request(&earning.blinded))? {
        AccountAnswer::TokensEarned(earned) => {
            let evaluated = earned.evaluated.iter().map(wire::Bytes::as_slice);
            let tokens = earning
                .finish(earned.day, evaluated, earned.proof.as_slice(), earned.public_key.as_slice())
                .ok()
                .unwrap();
            let shown =
                |it: &seal::token::Token| Token { day: it.day, nonce: it.nonce, value: Secret32(it.value) };
            Ok(tokens.iter().map(shown).collect())
        }
        _ => panic!("expected tokens"),
    }
}

/// A token of somebody who does nothing else.
pub fn earn_one(world: &mut World) -> Token {
    let n = 100 + u8::try_from(world.rows("SELECT COUNT(*) FROM account")).unwrap();
    let session = world.registered(&Person::new(n));
    earn(world, session, 1).ok().unwrap().remove(0)
}

pub fn earn_request(blinded: &[Vec<u8>]) -> AccountRequest {
    let blinded = blinded.iter().map(|element| element.as_slice().into()).collect();
    AccountRequest::EarnTokens(EarnTokens { blinded, extensions: Vec::new() })
}
