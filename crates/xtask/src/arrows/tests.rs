//! This workspace keeps the rules; a crate that breaks one is noticed.

use toml::Table;

use super::*;

#[test]
fn no_arrow_points_where_it_must_not() {
    let crates = read(&shell::root().join("crates")).expect("the workspace can be read");
    assert!(crates.len() > 10, "the crates were not found");
    assert_eq!(check(), Ok(()));
}

#[test]
fn every_row_is_about_a_crate_that_exists() {
    let crates = read(&shell::root().join("crates")).expect("the workspace can be read");
    for arrow in ARROWS {
        assert!(crates.iter().any(|one| one.name == arrow.from), "{} has a row and no folder", arrow.from);
        assert!(!arrow.allows("sim"), "{} may know the simulation", arrow.from);
    }
}

/// The breaches of one made-up crate in a workspace that has all the others.
fn breaches_in(name: &str, manifest: &str, sources: &[(&str, &str)]) -> Vec<String> {
    let sources =
        sources.iter().map(|(path, text)| Source { path: (*path).to_owned(), text: (*text).to_owned() });
    let made_up = Crate {
        name: name.to_owned(),
        manifest: manifest.parse().expect("a manifest"),
        sources: sources.collect(),
    };
    let empty = |name: &str| Crate { name: name.to_owned(), manifest: Table::default(), sources: Vec::new() };
    let others = ARROWS.iter().map(|arrow| arrow.from).filter(|other| *other != name).map(empty);
    breaches(&others.chain([made_up]).collect::<Vec<_>>())
}

fn one_breach(name: &str, manifest: &str, sources: &[(&str, &str)], words: &str) {
    let found = breaches_in(name, manifest, sources);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(words), "{found:?}");
}

#[test]
fn a_forbidden_dependency_is_noticed_however_it_is_written() {
    let words = "an arrow to `crypto`; the service has no code that could open content";
    one_breach("server", "[dependencies]\ncrypto.workspace = true", &[], words);
    one_breach("server", "[dev-dependencies]\ncrypto = { path = '../crypto' }", &[], words);
    one_breach(
        "server",
        "[build-dependencies]\nother = { package = 'crypto', path = '../crypto' }",
        &[],
        words,
    );
    one_breach("server", "[target.'cfg(unix)'.dependencies]\ncrypto.workspace = true", &[], words);
}

#[test]
fn nobody_depends_on_the_simulation() {
    for arrow in ARROWS.iter().filter(|arrow| arrow.from != "sim") {
        assert_eq!(
            breaches_in(arrow.from, "[dev-dependencies]\nsim.workspace = true", &[]).len(),
            1,
            "{}",
            arrow.from
        );
    }
}

#[test]
fn a_crate_without_a_row_is_noticed() {
    one_breach("extra", "", &[], "has no row");
}

#[test]
fn a_forbidden_mention_is_noticed_however_it_is_written() {
    let source = |text| [("src/lib.rs", text)];
    one_breach("web", "", &source("use wire::Frame;"), "mentions `wire::Frame`");
    one_breach("web", "", &source("fn f() { let a = 1; crypto::open(a) }"), "mentions `crypto::open`");
    one_breach("web", "", &source("use {screens::Screen, client_db as db};"), "mentions `client_db`");
    one_breach("web", "", &source("pub use ::wire::{frame::{Frame}};"), "mentions `wire::frame::Frame`");
}

#[test]
fn what_only_looks_like_a_mention_is_none() {
    let text = "// use wire::Frame;\n/* crypto::open /* nested */ */ mod app; use app::Thing;\nfn f<'a>(wire: &'a str) -> char {\n    \
                let r#type = r#\"wire::x \"quoted\" \"#; wire.len(); \"crypto::\\\"open\"; b\"seal::x\"; '\\''; '\"' }";
    assert_eq!(breaches_in("web", "", &[("src/main.rs", text)]), Vec::<String>::new());
}

#[test]
fn a_clock_a_socket_a_thread_or_a_file_in_the_core_is_noticed() {
    for (forbidden, instead) in PURE_PATHS {
        let text = format!("use {}::*;", forbidden.join("::"));
        one_breach("client", "", &[("src/lib.rs", &text)], instead);
    }
    one_breach(
        "client",
        "",
        &[("src/lib.rs", "use std::{fmt, time::{Duration, SystemTime}};")],
        "std::time::SystemTime",
    );
    one_breach(
        "app",
        "",
        &[("src/lib.rs", "fn f() { std::thread::yield_now() }")],
        "lib.rs:1: uses `std::thread",
    );
    one_breach("vocab", "[dependencies]\ntokio.workspace = true", &[], "depends on tokio");
}

#[test]
fn a_platform_condition_in_the_core_is_noticed() {
    for word in PLATFORM_WORDS {
        let text = format!("\n#[cfg(not({word} = \"x\"))]\nfn f() {{}}");
        one_breach("wire", "", &[("src/lib.rs", &text)], "wire/src/lib.rs:2");
    }
    let manifest = "[target.'cfg(target_arch = \"wasm32\")'.dependencies]\nother = '1'";
    one_breach("client", manifest, &[], "for one target only");
    assert!(breaches_in("crypto", manifest, &[]).is_empty(), "the exception is in the table");
    assert!(
        breaches_in("client-db", manifest, &[("src/lib.rs", "#[cfg(target_arch = \"x\")] mod web;")])
            .is_empty()
    );
}

#[test]
fn tests_of_the_core_may_use_the_machine() {
    let inline = "fn ships() {}\n#[cfg(test)]\nmod tests { fn f() { { std::thread::spawn(g) } } }\n";
    let apart = [
        ("src/lib.rs", "#[cfg(test)]\npub(crate) mod tests;"),
        ("src/tests.rs", "use std::fs;"),
        ("tests/all.rs", "use std::fs;"),
    ];
    assert!(
        breaches_in("wire", "[dev-dependencies]\ntokio.workspace = true", &[("src/lib.rs", inline)])
            .is_empty()
    );
    assert!(breaches_in("wire", "", &apart).is_empty());
    let after = format!("{inline}fn also_ships() {{ std::thread::yield_now() }}");
    one_breach("wire", "", &[("src/lib.rs", &after)], "lib.rs:4");
}

#[test]
fn a_slice_that_uses_another_is_noticed_however_it_is_written() {
    let breach = |path, text| {
        let sources = [("src/mailbox/api.rs", ""), ("src/account/api.rs", ""), (path, text)];
        one_breach("server", "", &sources, "the slice `mailbox` uses the slice `account`");
    };
    breach("src/mailbox/rules.rs", "use crate::account::rules::Account;");
    breach("src/mailbox/rules.rs", "use super::super::account;");
    breach("src/mailbox/mod.rs", "use super::account::rules::Account;");
    breach("src/mailbox/sql.rs", "fn f() { crate::account::rules::known() }");
    breach("src/mailbox/tests.rs", "use crate::{account::api, edge};");
}

#[test]
fn slices_may_use_the_edge_and_themselves_and_the_app_may_use_all() {
    let sources = [
        ("src/mailbox/api.rs", "use super::rules; use crate::mailbox::sql; use crate::edge::session;"),
        ("src/account/api.rs", ""),
        ("src/app.rs", "use crate::{account::api, mailbox};"),
        ("src/edge/mod.rs", ""),
    ];
    assert_eq!(breaches_in("server", "", &sources), Vec::<String>::new());
}

#[test]
fn a_name_that_is_spelled_like_the_word_and_signs_in_the_wrong_place_end() {
    assert_eq!(paths::mentions("svg { r#use { href: \"#a\"; } }"), []);
    let paths: Vec<_> =
        paths::mentions("use a::{;b, c::d}").into_iter().map(|mention| mention.path).collect();
    assert!(paths.contains(&["a".to_owned(), "c".to_owned(), "d".to_owned()].to_vec()), "{paths:?}");
}
