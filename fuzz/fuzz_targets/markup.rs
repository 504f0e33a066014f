//! The Markdown of messages: never a panic, never more than its bounds.
#![no_main]

// The room alone: the fuzzer needs no database to read texts.
#[path = "../../crates/client/src/markup.rs"]
#[allow(dead_code, reason = "the core uses more of it")]
mod markup;

use libfuzzer_sys::fuzz_target;

fn count(blocks: &[markup::Block], level: usize) -> usize {
    assert!(level <= 2 * markup::LEVELS_MAX + 1);
    let inside = |block: &markup::Block| match block {
        markup::Block::Quote(blocks) => count(blocks, level + 1),
        markup::Block::List(items) => items.iter().map(|item| 1 + count(&item.blocks, level + 1)).sum(),
        _ => 0,
    };
    blocks.iter().map(|block| 1 + inside(block)).sum()
}

fuzz_target!(|text: &str| {
    let blocks = markup::parse(text);
    assert!(count(&blocks, 0) <= markup::BLOCKS_MAX);
    let _ = (markup::plain_of(&blocks), markup::plain_blocks(text), markup::is_formatted(text), markup::verbatim(text));
    for mention in markup::mentions(text) {
        assert!(text.get(mention.range).is_some());
    }
    // A name that is made safe reads as it is.
    let name: String = text.chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(64).collect();
    assert!(markup::plain(&format!("x{}", markup::escaped(&name))).starts_with('x'));
});
