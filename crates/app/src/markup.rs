//! Texts as they are set, with mentions by the names that the reader knows.

use client::markup::{self, MENTIONS_MAX, Target};
use client::{ConversationId, MessageView};
use screens::{Block, Href, ListItem, Mention, Script, Side, Span};
use vocab::AccountId;

use crate::paint::Authors;
use crate::resolve;

/// How a text is set; nothing where it is set as it stands in the message.
pub(crate) fn blocks(view: &MessageView, authors: &Authors, script: Script) -> Vec<Block> {
    if script == Script::Emoji {
        return Vec::new();
    }
    if view.markdown {
        return convert(markup::parse(&view.text), view, authors);
    }
    let blocks = markup::plain_blocks(&view.text);
    let plain = matches!(blocks.as_slice(), [markup::Block::Text(spans)] if spans.iter().all(|span| span.target.is_none()));
    if plain { Vec::new() } else { convert(blocks, view, authors) }
}

// The core's blocks nest a few levels deep only.
fn convert(blocks: Vec<markup::Block>, view: &MessageView, authors: &Authors) -> Vec<Block> {
    let spans = |spans: Vec<markup::Span>| spans.into_iter().map(|it| span(it, view, authors)).collect();
    let one = |block: markup::Block| match block {
        markup::Block::Text(text) => Block::Text(spans(text)),
        markup::Block::Heading(text) => Block::Heading(spans(text)),
        markup::Block::Code { language, text } => Block::Code { language, text },
        markup::Block::Quote(blocks) => Block::Quote(convert(blocks, view, authors)),
        markup::Block::List(items) => {
            let item = |item: markup::Item| ListItem {
                marker: item.number.unwrap_or_else(|| "•".to_owned()),
                blocks: convert(item.blocks, view, authors),
            };
            Block::List(items.into_iter().map(item).collect())
        }
        markup::Block::Table { columns, rows } => {
            let row = |row: Vec<Vec<markup::Span>>| row.into_iter().map(spans).collect();
            let side = |column: markup::Align| match column {
                markup::Align::Start => Side::Start,
                markup::Align::Middle => Side::Middle,
                markup::Align::End => Side::End,
            };
            Block::Table {
                columns: columns.into_iter().map(side).collect(),
                rows: rows.into_iter().map(row).collect(),
            }
        }
        markup::Block::Rule => Block::Rule,
    };
    blocks.into_iter().map(one).collect()
}

fn span(span: markup::Span, view: &MessageView, authors: &Authors) -> Span {
    let markup::Span { text, style, target } = span;
    let set = Span {
        text,
        bold: style.bold,
        italic: style.italic,
        strike: style.strike,
        code: style.code,
        link: None,
        mention: None,
    };
    match target {
        None => set,
        Some(Target::Web(url)) => {
            let beside = (!says(&set.text, &url)).then(|| host(&url).to_owned());
            Span { link: Some(Href { url, beside }), ..set }
        }
        // Who is not in this chat is not mentioned: the name that was written stays, and is nothing more.
        Some(target) => match mention(&target, view, authors) {
            Some(mention) => Span { text: format!("@{}", mention.name), mention: Some(mention), ..set },
            None if set.text.starts_with('@') => set,
            None => Span { text: format!("@{}", set.text), ..set },
        },
    }
}

fn mention(target: &Target, view: &MessageView, authors: &Authors) -> Option<Mention> {
    match target {
        Target::Account(account) => {
            let id = resolve::contact_id(*account);
            if id == authors.me.id {
                return Some(Mention { id: Some(id), name: authors.me.name.clone(), you: true });
            }
            let name = authors.people.get(account)?.name.clone();
            Some(Mention { id: Some(id), name, you: false })
        }
        Target::Conversation(id) => {
            let all = *id == view.conversation.0 && view.mentions_all;
            all.then(|| Mention { id: None, name: ALL.to_owned(), you: !view.own })
        }
        Target::Web(_) => None,
    }
}

/// Who is mentioned, each once.
pub(crate) fn mentions(view: &MessageView, authors: &Authors) -> Vec<Mention> {
    if !view.markdown {
        return Vec::new();
    }
    let mut found: Vec<Mention> = Vec::new();
    for mention in markup::mentions(&view.text).iter().filter_map(|it| mention(&it.target, view, authors)) {
        if !found.contains(&mention) {
            found.push(mention);
        }
    }
    found
}

/// A text as one would type it, where that is another.
pub(crate) fn typed(view: &MessageView, authors: &Authors) -> Option<String> {
    let people = || authors.people.iter().map(|(account, person)| (*account, person.name.as_str()));
    typed_by(&view.text, view.markdown, view.conversation, people)
}

/// The same among these people.
pub(crate) fn typed_by<'a, People: Iterator<Item = (AccountId, &'a str)>>(
    text: &str,
    markdown: bool,
    conversation: ConversationId,
    people: impl Fn() -> People,
) -> Option<String> {
    if !markdown || markup::mentions(text).is_empty() {
        return None;
    }
    Some(markup::with_mentions_as(text, |mention| {
        let typed = match &mention.target {
            Target::Account(account) => {
                people().find(|(known, _)| known == account).map(|(_, name)| handle(*account, name, people()))
            }
            Target::Conversation(id) if *id == conversation.0 => Some(ALL.to_owned()),
            _ => None,
        };
        // Nobody of this chat: the link itself, so that it is not lost when the text is written anew.
        Some(typed.map_or_else(
            || text.get(mention.range.clone()).unwrap_or_default().to_owned(),
            |typed| format!("@{typed}"),
        ))
    }))
}

/// What stands after the `@` for somebody: the name where nobody else has it, the beginning of the id where somebody does.
pub(crate) fn handle<'a>(
    account: AccountId,
    name: &str,
    mut people: impl Iterator<Item = (AccountId, &'a str)>,
) -> String {
    let doubled = people.any(|(other, theirs)| other != account && resolve::same_name(theirs, name));
    let unclear = doubled || name.eq_ignore_ascii_case(ALL) || name.chars().any(|c| c.is_control());
    if unclear { account.to_string().chars().take(HANDLE_CHARS).collect() } else { name.to_owned() }
}

/// A typed text with links in the place of each `@` and a name of these people, and of `@all` where all may be called.
pub(crate) fn addressed(
    text: &str,
    conversation: ConversationId,
    people: &[(AccountId, String)],
    may_call_all: bool,
) -> String {
    let verbatim = markup::verbatim(text);
    let names = names_of(people);
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut found) = (0, 0);
    for (at, _) in text.match_indices('@') {
        let Some((before, rest)) = text.get(..at).zip(text.get(at + 1..)) else { continue };
        let inside = before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_\\@/.".contains(c));
        if at < copied || inside || found >= MENTIONS_MAX || verbatim.iter().any(|range| range.contains(&at))
        {
            continue;
        }
        let all = may_call_all.then_some((ALL, None));
        let named = names.iter().map(|(name, account)| (name.as_str(), Some(*account)));
        let fits =
            all.into_iter().chain(named).filter_map(|(name, who)| Some((begins_with(rest, name)?, who)));
        let Some((length, who)) = fits.max_by_key(|(length, _)| *length) else { continue };
        let uri = match who {
            Some(account) => format!("{}{account}", markup::ACCOUNT),
            None => format!("{}{conversation}", markup::CONVERSATION),
        };
        let label = markup::escaped(rest.get(..length).unwrap_or_default());
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str(&format!("[@{label}]({uri})"));
        copied = at + 1 + length;
        found += 1;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Everything that names one person only: whole names, first names, beginnings of ids as [`handle`] makes them.
fn names_of(people: &[(AccountId, String)]) -> Vec<(String, AccountId)> {
    let first = |name: &str| name.split_whitespace().next().unwrap_or_default().to_owned();
    let mut names = Vec::new();
    for (account, name) in people {
        let others = || people.iter().filter(|(other, _)| other != account);
        if !others().any(|(_, other)| resolve::same_name(other, name)) && !name.trim().is_empty() {
            names.push((name.trim().to_owned(), *account));
        }
        let short = first(name);
        let taken = |(_, other): &(AccountId, String)| {
            resolve::same_name(&first(other), &short) || resolve::same_name(other, &short)
        };
        if !short.is_empty() && !others().any(taken) {
            names.push((short, *account));
        }
        names.push((account.to_string().chars().take(HANDLE_CHARS).collect(), *account));
    }
    names
}

/// The bytes at the beginning of a text that are this name, whatever their case, when no letter follows.
fn begins_with(text: &str, name: &str) -> Option<usize> {
    let length: usize = text.chars().take(name.chars().count()).map(char::len_utf8).sum();
    let (begin, rest) = text.split_at_checked(length)?;
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_');
    (ends && begin.to_lowercase() == name.to_lowercase()).then_some(length)
}

/// A message's text without signs, for places with one line; mentions by the names that `name` knows.
pub(crate) fn plain(view: &MessageView, name: impl Fn(AccountId) -> Option<String>) -> String {
    if !view.markdown {
        return view.text.clone();
    }
    let named = markup::with_mentions_as(&view.text, |mention| {
        let known = match &mention.target {
            Target::Account(account) => name(*account).map(|name| format!("@{name}")),
            _ => None,
        };
        Some(markup::escaped(&known.unwrap_or_else(|| mention.label.clone())))
    });
    markup::plain(&named)
}

/// Whether the words of a link say where it leads.
fn says(text: &str, url: &str) -> bool {
    let bare = |text: &str| {
        let text = text.strip_prefix("mailto:").unwrap_or(text);
        text.strip_suffix('/').unwrap_or(text).to_owned()
    };
    let without_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare(text) == bare(url) || bare(text) == bare(without_scheme)
}

/// The name of the host, or the whole address of a person.
pub(crate) fn host(url: &str) -> &str {
    if let Some(address) = url.strip_prefix("mailto:") {
        return address;
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// Everybody.
pub(crate) const ALL: &str = "all";
/// Characters of an id after an `@`.
const HANDLE_CHARS: usize = 8;
/// People offered at one time while somebody types.
pub(crate) const MENTIONABLE_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<(AccountId, String)> {
        let named = |byte: u8, name: &str| (AccountId([byte; 32]), name.to_owned());
        vec![
            named(0xa1, "Anna Kovač"),
            named(0xb0, "Boris"),
            named(0xb1, "Boris Lind"),
            named(0xc2, "Éva"),
            named(0xc3, "éva"),
        ]
    }

    /// Links as `{who}`.
    fn shown(text: &str, may_call_all: bool) -> String {
        let made = addressed(text, ConversationId([0x0c; 16]), &people(), may_call_all);
        markup::with_mentions_as(&made, |mention| {
            Some(match &mention.target {
                Target::Account(account) => format!("{{{:02x} {}}}", account.0[0], mention.label),
                _ => format!("{{{}}}", mention.label),
            })
        })
    }

    #[test]
    fn a_name_after_an_at_sign_mentions_who_has_it() {
        for (typed, expected) in [
            ("@Anna Kovač: hi", "{a1 @Anna Kovač}: hi"),
            ("hi @anna", "hi {a1 @anna}"),
            ("(@boris lind)", "({b1 @boris lind})"),
            ("@boris", "{b0 @boris}"),
            ("@Annabel @Éva a@anna \\@anna @nobody", "@Annabel @Éva a@anna \\@anna @nobody"),
            ("@c2c2c2c2!", "{c2 @c2c2c2c2}!"),
            ("`@anna` @anna", "`@anna` {a1 @anna}"),
            ("@all", "@all"),
            ("@@anna", "@@anna"),
        ] {
            assert_eq!(shown(typed, false), expected, "{typed}");
        }
        assert_eq!(shown("@all, @ALL and @alle", true), "{@all}, {@ALL} and @alle");
    }

    #[test]
    fn a_text_without_names_stays_byte_for_byte() {
        for text in ["", "a@b.example", "@", "👩‍👧 @ שלום", &"@x ".repeat(1_000), "[@anna](https://a.example)"]
        {
            assert_eq!(addressed(text, ConversationId([1; 16]), &people(), true), text);
        }
    }

    #[test]
    fn what_is_typed_again_says_the_same() {
        let people = people();
        let named = || people.iter().map(|(account, name)| (*account, name.as_str()));
        let conversation = ConversationId([0x0c; 16]);
        for text in ["@Anna Kovač and @boris lind", "@c2c2c2c2 **!**", "@all"] {
            let sent = addressed(text, conversation, &people, true);
            let typed = typed_by(&sent, true, conversation, named).unwrap();
            let again = addressed(&typed, conversation, &people, true);
            let who = |text: &str| markup::mentions(text).into_iter().map(|it| it.target).collect::<Vec<_>>();
            assert_eq!(who(&again), who(&sent), "{typed}");
            assert!(!who(&again).is_empty());
        }
        let stranger = format!("hi [@Zoe]({}{})", markup::ACCOUNT, AccountId([9; 32]));
        assert_eq!(typed_by(&stranger, true, conversation, named).as_deref(), Some(stranger.as_str()));
        assert_eq!(typed_by("hi", true, conversation, named), None);
    }

    #[test]
    fn a_link_shows_where_it_leads_unless_it_says_so() {
        for (text, url, shown) in [
            ("https://a.example/", "https://a.example", true),
            ("a.example/x", "https://a.example/x", true),
            ("a@b.example", "mailto:a@b.example", true),
            ("b.example", "https://a.example", false),
            ("here", "https://a.example/x?y", false),
        ] {
            assert_eq!(says(text, url), shown, "{text}");
        }
        assert_eq!(host("https://a.example:8443/x"), "a.example:8443");
        assert_eq!(host("mailto:a@b.example"), "a@b.example");
    }
}
