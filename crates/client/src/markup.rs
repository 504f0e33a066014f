//! The Markdown of messages: GitHub's as MIMI narrows it (`docs/protocol/message.md`), read into a few bounded things.
//!
//! Nothing that was typed is lost to the eye: raw HTML, links that lead nowhere safe, and what is more or deeper than a message
//! may be stand there as they were typed. The text itself is never changed.
//!
//! Invariant: no input makes this panic, recurse without bound, or give more than [`BLOCKS_MAX`] blocks and [`SPANS_MAX`] spans.

use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use vocab::AccountId;

/// A part of a text, from its top to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Lines; line ends are as they were typed.
    Text(Vec<Span>),
    /// A line above others.
    Heading(Vec<Span>),
    /// Lines that are shown exactly as they are.
    Code {
        /// Which language it says it is; empty for none.
        language: String,
        /// The lines.
        text: String,
    },
    /// What somebody else said.
    Quote(Vec<Block>),
    /// Points, one below the other.
    List(Vec<Item>),
    /// Rows of cells, the head first.
    Table {
        /// On which side the cells of each column stand.
        columns: Vec<Align>,
        /// Each row has as many cells as there are columns, except one that was cut off.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A line across.
    Rule,
}

/// Where the text of a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Where a line begins, or where nothing was said about it.
    Start,
    /// In the middle.
    Middle,
    /// Where a line ends.
    End,
}

/// A point of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The number as it was typed (`3.`); none for a dot.
    pub number: Option<String>,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A run of text that looks alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// The text.
    pub text: String,
    /// How it looks.
    pub style: Style,
    /// Where it leads.
    pub target: Option<Target>,
}

/// How a run looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one sign of the format, and all of them mix")]
pub struct Style {
    /// `**so**`
    pub bold: bool,
    /// `*so*`
    pub italic: bool,
    /// `~~so~~`
    pub strike: bool,
    /// `` `so` ``
    pub code: bool,
}

/// Where a run leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a page or an address: `http`, `https` or `mailto`, nothing but ASCII, the name of a host without disguises.
    Web(String),
    /// To somebody.
    Account(AccountId),
    /// To everybody in a conversation.
    Conversation([u8; 16]),
}

/// Somebody is mentioned, or everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The whole link in the text, bytes.
    pub range: Range<usize>,
    /// What stands there to be read, as its writer put it.
    pub label: String,
    /// Who is meant: never [`Target::Web`].
    pub target: Target,
}

/// A Markdown text in blocks.
#[must_use]
pub fn parse(text: &str) -> Vec<Block> {
    let parser = parser(text);
    // The lines that define links would be seen nowhere: such a text is shown as it was typed.
    if parser.reference_definitions().iter().next().is_some() {
        return plain_blocks(text);
    }
    let mut reader = Reader::new(text);
    for (event, range) in parser.into_offset_iter() {
        if reader.is_full() {
            // What ends here has been read.
            reader.rest(if matches!(event, Event::End(_)) { range.end } else { range.start });
            break;
        }
        reader.event(event, range);
    }
    reader.end()
}

/// A text that is no Markdown: itself, with its addresses as links.
#[must_use]
pub fn plain_blocks(text: &str) -> Vec<Block> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut spans = Vec::new();
    split_at_addresses(Span { text: text.to_owned(), ..Span::default() }, &mut spans);
    vec![Block::Text(spans)]
}

/// Whether somebody who typed this meant Markdown: it has a sign of it that people use on purpose. Headings, lines across and
/// what is set in by spaces do not count, nor does a list of one: they are found in texts that mean none of it.
#[must_use]
pub fn is_formatted(text: &str) -> bool {
    let parser = parser(text);
    if parser.reference_definitions().iter().next().is_some() {
        return false;
    }
    let mut items = 0;
    for event in parser {
        let meant = match event {
            Event::Start(
                Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::BlockQuote(_) | Tag::Table(_),
            )
            | Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))
            | Event::Code(_) => true,
            Event::Start(Tag::Link { link_type, dest_url, .. }) => target_of(link_type, &dest_url).is_some(),
            Event::Start(Tag::List(_)) => {
                items = 0;
                false
            }
            Event::Start(Tag::Item) => {
                items += 1;
                items > 1
            }
            _ => false,
        };
        if meant {
            return true;
        }
    }
    false
}

/// Who is mentioned in a Markdown text, in its order.
#[must_use]
pub fn mentions(text: &str) -> Vec<Mention> {
    // Most texts mention nobody, and are not read for it.
    if !text.contains("valise:") {
        return Vec::new();
    }
    let parser = parser(text);
    if parser.reference_definitions().iter().next().is_some() {
        return Vec::new();
    }
    let mut found: Vec<Mention> = Vec::new();
    let mut open = false;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. }) if found.len() < MENTIONS_MAX => {
                match target_of(link_type, &dest_url) {
                    Some(target @ (Target::Account(_) | Target::Conversation(_))) => {
                        found.push(Mention { range, label: String::new(), target });
                        open = true;
                    }
                    _ => open = false,
                }
            }
            Event::End(TagEnd::Link) => open = false,
            Event::Text(label) | Event::Code(label) if open => {
                if let Some(last) = found.last_mut() {
                    last.label.push_str(&label);
                }
            }
            _ => {}
        }
    }
    found
}

/// The pages that a text leads to, as a reader sees it: `http` and `https` addresses, in its order.
#[must_use]
pub fn links(text: &str, markdown: bool) -> Vec<String> {
    // Most texts lead nowhere, and are not read for it.
    if !text.contains("://") {
        return Vec::new();
    }
    let mut found = Vec::new();
    add_links(&if markdown { parse(text) } else { plain_blocks(text) }, &mut found);
    found
}

// Blocks nest at most `LEVELS_MAX` deep, so this ends.
fn add_links(blocks: &[Block], found: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Text(spans) | Block::Heading(spans) => found.extend(spans.iter().filter_map(page)),
            Block::Quote(blocks) => add_links(blocks, found),
            Block::List(items) => items.iter().for_each(|item| add_links(&item.blocks, found)),
            Block::Table { rows, .. } => {
                found.extend(rows.iter().flatten().flatten().filter_map(page));
            }
            Block::Code { .. } | Block::Rule => {}
        }
    }
}

fn page(span: &Span) -> Option<String> {
    match &span.target {
        Some(Target::Web(url)) if !starts_with_scheme(url, "mailto") => Some(url.clone()),
        _ => None,
    }
}

fn starts_with_scheme(url: &str, scheme: &str) -> bool {
    url.split_once(':').is_some_and(|(it, _)| it.eq_ignore_ascii_case(scheme))
}

/// The text with each mention replaced by something else; by its label where that is nothing.
#[must_use]
pub fn with_mentions_as(text: &str, mut other: impl FnMut(&Mention) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for mention in mentions(text) {
        let Some(between) = text.get(at..mention.range.start) else { continue };
        out.push_str(between);
        let instead = other(&mention);
        out.push_str(instead.as_deref().unwrap_or(&mention.label));
        at = mention.range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// A text that reads in Markdown as it is: what could be a sign of it has a backslash before it.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_~[]<>&!#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Bytes of a typed text where an `@` names nobody: in code, and in links.
#[must_use]
pub fn verbatim(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (event, range) in parser(text).into_offset_iter() {
        match event {
            Event::Code(_)
            | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(CodeBlockKind::Fenced(_))) =>
            {
                ranges.push(range);
            }
            _ => {}
        }
    }
    ranges
}

/// What a Markdown text says without its signs, as lines: for lists, notifications and the index.
#[must_use]
pub fn plain(text: &str) -> String {
    plain_of(&parse(text))
}

/// The same of blocks.
#[must_use]
pub fn plain_of(blocks: &[Block]) -> String {
    let mut lines = String::new();
    add_plain(blocks, &mut lines);
    lines
}

// Blocks nest at most `LEVELS_MAX` deep, so this ends.
fn add_plain(blocks: &[Block], out: &mut String) {
    for block in blocks {
        if !out.is_empty() && !out.ends_with(['\n', ' ']) {
            out.push('\n');
        }
        match block {
            Block::Text(spans) | Block::Heading(spans) => {
                spans.iter().for_each(|span| out.push_str(&span.text));
            }
            Block::Code { text, .. } => out.push_str(text),
            Block::Quote(blocks) => add_plain(blocks, out),
            Block::List(items) => {
                for item in items {
                    if !out.is_empty() && !out.ends_with('\n') {
                        out.push('\n');
                    }
                    out.push_str(item.number.as_deref().unwrap_or("•"));
                    out.push(' ');
                    add_plain(&item.blocks, out);
                }
            }
            Block::Table { rows, .. } => {
                let cell = |cell: &Vec<Span>| cell.iter().map(|span| span.text.as_str()).collect::<String>();
                let row = |row: &Vec<Vec<Span>>| row.iter().map(cell).collect::<Vec<_>>().join(" | ");
                out.push_str(&rows.iter().map(row).collect::<Vec<_>>().join("\n"));
            }
            Block::Rule => out.push_str("———"),
        }
    }
}

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES)
}

/// Blocks while they are being read.
struct Reader<'a> {
    source: &'a str,
    /// Quotes, lists and their points that are open, the outermost first.
    open: Vec<Open>,
    done: Vec<Block>,
    /// The line or lines being read.
    spans: Vec<Span>,
    bold: u32,
    italic: u32,
    strike: u32,
    target: Option<Target>,
    /// A link that names somebody of another service: whether its words have begun.
    stranger: Option<bool>,
    /// Code being read, and its language.
    code: Option<(String, String)>,
    /// A table being read.
    table: Option<Table>,
    /// Starts whose ends are passed over, because the whole stands there as it was typed.
    skipped: u32,
    blocks: usize,
    span_count: usize,
}

/// Rows while they are being read.
struct Table {
    columns: Vec<Align>,
    rows: Vec<Vec<Vec<Span>>>,
    /// Where in the text the row and the cell end that were begun last.
    row_end: usize,
    cell_end: usize,
}

enum Open {
    Quote(Vec<Block>),
    List(Vec<Item>),
    Item(Option<String>, Vec<Block>),
}

impl<'a> Reader<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            open: Vec::new(),
            done: Vec::new(),
            spans: Vec::new(),
            bold: 0,
            italic: 0,
            strike: 0,
            target: None,
            stranger: None,
            code: None,
            table: None,
            skipped: 0,
            blocks: 0,
            span_count: 0,
        }
    }

    /// Nothing more is read as markup.
    fn is_full(&self) -> bool {
        // Room is left for what is being read, and for the rest.
        self.blocks + self.open.len() + 2 >= BLOCKS_MAX || self.span_count + 2 >= SPANS_MAX
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        if self.skipped > 0 {
            match event {
                Event::Start(_) => self.skipped += 1,
                Event::End(_) => self.skipped -= 1,
                _ => {}
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.close(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, lines)) => lines.push_str(&text),
                None => self.text(&text, false),
            },
            Event::Code(text) => self.text(&text, true),
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text, false),
            Event::SoftBreak | Event::HardBreak => self.text("\n", false),
            Event::Rule => {
                self.flush(Block::Text);
                self.push(Block::Rule);
            }
            // Not switched on.
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => self.as_typed(range),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Emphasis => self.italic += 1,
            Tag::Strong => self.bold += 1,
            Tag::Strikethrough => self.strike += 1,
            Tag::Link { ref dest_url, .. } if dest_url.starts_with(ELSEWHERE) => {
                self.stranger = Some(false);
            }
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                // A picture would be fetched from somewhere: it is a link like others.
                match target_of(link_type, &dest_url) {
                    Some(target) if self.target.is_none() => self.target = Some(target),
                    Some(_) => {}
                    None => {
                        self.as_typed(range);
                        self.skipped = 1;
                    }
                }
            }
            Tag::Paragraph | Tag::Heading { .. } | Tag::HtmlBlock => self.flush(Block::Text),
            Tag::CodeBlock(kind) => {
                self.flush(Block::Text);
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.chars().take(LANGUAGE_CHARS_MAX).collect(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::BlockQuote(_) | Tag::List(_) if self.levels() >= LEVELS_MAX => {
                self.flush(Block::Text);
                self.as_typed(range);
                self.flush(Block::Text);
                self.skipped = 1;
            }
            Tag::BlockQuote(_) => {
                self.flush(Block::Text);
                self.open.push(Open::Quote(Vec::new()));
            }
            Tag::List(_) => {
                self.flush(Block::Text);
                self.open.push(Open::List(Vec::new()));
            }
            Tag::Item => {
                self.flush(Block::Text);
                self.blocks += 1;
                let number = number_typed(self.source.get(range).unwrap_or_default());
                self.open.push(Open::Item(number, Vec::new()));
            }
            Tag::Table(columns) => {
                self.flush(Block::Text);
                let columns = columns.into_iter().map(|column| match column {
                    Alignment::None | Alignment::Left => Align::Start,
                    Alignment::Center => Align::Middle,
                    Alignment::Right => Align::End,
                });
                self.table =
                    Some(Table { columns: columns.collect(), rows: Vec::new(), row_end: 0, cell_end: 0 });
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                    table.row_end = range.end;
                }
            }
            Tag::TableCell => {
                self.blocks += 1;
                if let Some(table) = &mut self.table {
                    table.cell_end = range.end;
                }
            }
            // Not switched on.
            _ => {
                self.as_typed(range);
                self.skipped = 1;
            }
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Strikethrough => self.strike = self.strike.saturating_sub(1),
            TagEnd::Link if self.stranger.take().is_some() => {}
            TagEnd::Link | TagEnd::Image => self.target = None,
            TagEnd::TableCell => self.end_cell(),
            TagEnd::TableHead | TagEnd::TableRow => self.end_row(),
            TagEnd::Table => self.end_table(),
            TagEnd::Heading(_) => self.flush(Block::Heading),
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(Block::Text),
            TagEnd::CodeBlock => {
                if let Some((language, mut text)) = self.code.take() {
                    if text.ends_with('\n') {
                        text.pop();
                    }
                    self.push(Block::Code { language, text });
                }
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => {
                self.flush(Block::Text);
                self.close_innermost();
            }
            _ => {}
        }
    }

    fn close_innermost(&mut self) {
        match self.open.pop() {
            Some(Open::Quote(blocks)) => self.push(Block::Quote(blocks)),
            Some(Open::List(items)) => self.push(Block::List(items)),
            Some(Open::Item(number, blocks)) => match self.open.last_mut() {
                Some(Open::List(items)) => items.push(Item { number, blocks }),
                // A point stands in a list.
                _ => blocks.into_iter().for_each(|block| self.push(block)),
            },
            None => {}
        }
    }

    /// Quotes and lists that are open.
    fn levels(&self) -> usize {
        self.open.iter().filter(|open| !matches!(open, Open::Item(..))).count()
    }

    fn end_cell(&mut self) {
        let cell = self.take_spans();
        if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
            row.push(cell);
        }
    }

    /// Cells that have no column stand behind the last that has one, as they were typed.
    fn end_row(&mut self) {
        let Some(table) = &mut self.table else { return };
        let rest = self.source.get(table.cell_end..table.row_end).unwrap_or_default();
        let rest = rest.trim_matches(|c: char| c.is_whitespace() || c == '|');
        if let Some(cell) = table.rows.last_mut().and_then(|row| row.last_mut()).filter(|_| !rest.is_empty())
        {
            self.span_count += 1;
            cell.push(Span { text: format!(" | {rest}"), ..Span::default() });
        }
    }

    fn end_table(&mut self) {
        if let Some(Table { columns, rows, .. }) = self.table.take() {
            self.push(Block::Table { columns, rows });
        }
    }

    fn text(&mut self, text: &str, code: bool) {
        if self.stranger == Some(false) {
            // Nobody of this service: a name, as of somebody who is mentioned, that leads nowhere.
            self.stranger = Some(true);
            if !text.starts_with('@') {
                self.text("@", false);
            }
        }
        let style = Style { bold: self.bold > 0, italic: self.italic > 0, strike: self.strike > 0, code };
        match self.spans.last_mut() {
            Some(last) if last.style == style && last.target == self.target => last.text.push_str(text),
            _ => {
                self.span_count += 1;
                self.spans.push(Span { text: text.to_owned(), style, target: self.target.clone() });
            }
        }
    }

    fn as_typed(&mut self, range: Range<usize>) {
        let typed = self.source.get(range).unwrap_or_default();
        self.text(typed.trim_end_matches('\n'), false);
    }

    /// What was read of a line or lines is one block.
    fn flush(&mut self, block: impl FnOnce(Vec<Span>) -> Block) {
        let spans = self.take_spans();
        if !spans.is_empty() {
            self.push(block(spans));
        }
    }

    /// The runs of the line or lines being read, with the addresses in them as links.
    fn take_spans(&mut self) -> Vec<Span> {
        let mut spans = Vec::with_capacity(self.spans.len());
        for span in std::mem::take(&mut self.spans) {
            let room = SPANS_MAX.saturating_sub(self.span_count);
            if span.style.code || span.target.is_some() || room < ADDRESS_SPANS {
                spans.push(span);
                continue;
            }
            let before = spans.len();
            split_at_addresses_at_most(span, room / ADDRESS_SPANS, &mut spans);
            self.span_count += spans.len() - before - 1;
        }
        if let Some(last) = spans.last_mut() {
            let end = last.text.trim_end_matches('\n').len();
            last.text.truncate(end);
        }
        spans.retain(|span| !span.text.is_empty());
        spans
    }

    fn push(&mut self, block: Block) {
        self.blocks += 1;
        match self.open.last_mut() {
            Some(Open::Quote(blocks) | Open::Item(_, blocks)) => blocks.push(block),
            // Between the points of a list stands nothing.
            Some(Open::List(items)) => items.push(Item { number: None, blocks: vec![block] }),
            None => self.done.push(block),
        }
    }

    /// Everything from here on stands there as it was typed.
    fn rest(&mut self, from: usize) {
        self.finish();
        let rest = self.source.get(from..).unwrap_or_default();
        if !rest.trim().is_empty() {
            self.done.push(Block::Text(vec![Span { text: rest.to_owned(), ..Span::default() }]));
        }
    }

    fn finish(&mut self) {
        if let Some((language, text)) = self.code.take() {
            self.push(Block::Code { language, text });
        }
        if self.table.is_some() {
            if !self.spans.is_empty() {
                self.end_cell();
            }
            self.end_table();
        }
        self.flush(Block::Text);
        while !self.open.is_empty() {
            self.close_innermost();
        }
    }

    fn end(mut self) -> Vec<Block> {
        self.finish();
        self.done
    }
}

/// `3.` or `3)`, as a point of a list begins with it.
fn number_typed(point: &str) -> Option<String> {
    let point = point.trim_start();
    let digits = point.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
    point.get(..=digits).map(str::to_owned)
}

/// Where a link leads, if it may lead there.
fn target_of(link_type: LinkType, url: &str) -> Option<Target> {
    if let Some(account) = url.strip_prefix(ACCOUNT) {
        let lower = !account.bytes().any(|byte| byte.is_ascii_uppercase());
        return account.parse().ok().filter(|_| lower).map(Target::Account);
    }
    if let Some(conversation) = url.strip_prefix(CONVERSATION) {
        let mut id = [0; 16];
        return hex::decode_to_slice(conversation, &mut id).ok().map(|()| Target::Conversation(id));
    }
    if link_type == LinkType::Email {
        return web_target(&format!("mailto:{url}"));
    }
    web_target(url)
}

/// The address, if it is one that people can be led to: nothing that a page runs, and no host that hides behind another name
/// or behind letters that look like others.
fn web_target(url: &str) -> Option<Target> {
    if url.len() > URL_BYTES_MAX || url.contains('\\') {
        return None;
    }
    let (scheme, rest) = url.split_once(':')?;
    let sound = if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
        let rest = rest.strip_prefix("//")?;
        let host = rest.get(..rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    } else {
        scheme.eq_ignore_ascii_case("mailto")
            && rest.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@.-_+".contains(&byte))
    };
    sound.then(|| Target::Web(in_ascii(url)))
}

/// Everything that is not a visible sign of ASCII in its escaped form.
fn in_ascii(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn split_at_addresses(span: Span, out: &mut Vec<Span>) {
    split_at_addresses_at_most(span, SPANS_MAX / ADDRESS_SPANS, out);
}

/// A run of plain text with the addresses of pages in it as links.
fn split_at_addresses_at_most(span: Span, most: usize, out: &mut Vec<Span>) {
    let Span { text, style, .. } = span;
    let mut at = 0;
    for _ in 0..most {
        let Some((range, target)) = next_address(&text, at) else { break };
        if range.start > at {
            out.push(Span {
                text: text.get(at..range.start).unwrap_or_default().to_owned(),
                style,
                target: None,
            });
        }
        at = range.end;
        out.push(Span { text: text.get(range).unwrap_or_default().to_owned(), style, target: Some(target) });
    }
    if at == 0 {
        out.push(Span { text, style, target: None });
    } else if at < text.len() {
        out.push(Span { text: text.get(at..).unwrap_or_default().to_owned(), style, target: None });
    }
}

/// The next `http` address from a place on: up to a space, without the punctuation that ends a sentence.
fn next_address(text: &str, from: usize) -> Option<(Range<usize>, Target)> {
    let mut at = from;
    while let Some(found) = text.get(at..)?.find("http") {
        let start = at + found;
        let rest = text.get(start..)?;
        at = start + 4;
        let inside_a_word = text.get(..start)?.chars().next_back().is_some_and(char::is_alphanumeric);
        if inside_a_word || !(rest.starts_with("https://") || rest.starts_with("http://")) {
            continue;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
            .unwrap_or(rest.len());
        let mut address = rest.get(..end)?;
        loop {
            let closes =
                address.ends_with(')') && address.matches(')').count() > address.matches('(').count();
            let shorter = match address.chars().next_back() {
                Some('.' | ',' | ';' | ':' | '!' | '?' | '\'' | ']' | '*' | '_' | '~') => true,
                _ => closes,
            };
            if !shorter {
                break;
            }
            address = address.get(..address.len() - 1)?;
        }
        if let Some(target) = web_target(address) {
            return Some((start..start + address.len(), target));
        }
    }
    None
}

/// Before an account's id in a mention.
pub const ACCOUNT: &str = "valise:account/";
/// Before a conversation's id in a mention of everybody.
pub const CONVERSATION: &str = "valise:conversation/";
/// Before the name of somebody of any service, in a mention as MIMI has it.
const ELSEWHERE: &str = "mimi://";
/// Quotes and lists inside each other.
pub const LEVELS_MAX: usize = 6;
/// Blocks of one text: more than anybody reads in a message.
pub const BLOCKS_MAX: usize = 1_024;
/// Runs of one text.
pub const SPANS_MAX: usize = 2_048;
/// Mentions in one text that count.
pub const MENTIONS_MAX: usize = 64;
/// Longest address that a link leads to, bytes.
const URL_BYTES_MAX: usize = 2_048;
/// Characters of the name of a language.
const LANGUAGE_CHARS_MAX: usize = 24;
/// Runs that an address in a run may add: itself, and what stands after it.
const ADDRESS_SPANS: usize = 2;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    use super::*;

    /// Blocks in one line: `p(…)`, `q[…]`; runs with their signs.
    fn shown(text: &str) -> String {
        show(&parse(text))
    }

    fn show(blocks: &[Block]) -> String {
        let spans = |spans: &[Span]| spans.iter().map(show_span).collect::<String>();
        let one = |block: &Block| match block {
            Block::Text(text) => format!("p({})", spans(text)),
            Block::Heading(text) => format!("h({})", spans(text)),
            Block::Code { language, text } => format!("code:{language}({text})"),
            Block::Quote(blocks) => format!("q[{}]", show(blocks)),
            Block::List(items) => {
                let item =
                    |item: &Item| format!("{} {}", item.number.as_deref().unwrap_or("•"), show(&item.blocks));
                format!("l[{}]", items.iter().map(item).collect::<Vec<_>>().join("; "))
            }
            Block::Table { columns, rows } => {
                let sides: String = columns.iter().map(|it| format!("{it:?}").remove(0)).collect();
                let row = |row: &Vec<Vec<Span>>| row.iter().map(|it| spans(it)).collect::<Vec<_>>().join("|");
                format!("t:{sides}[{}]", rows.iter().map(row).collect::<Vec<_>>().join("; "))
            }
            Block::Rule => "rule".to_owned(),
        };
        blocks.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn show_span(span: &Span) -> String {
        let mut text = span.text.clone();
        let Style { bold, italic, strike, code } = span.style;
        for (is, sign) in [(code, "`"), (strike, "~"), (italic, "/"), (bold, "*")] {
            if is {
                text = format!("{sign}{text}{sign}");
            }
        }
        match &span.target {
            None => text,
            Some(Target::Web(url)) => format!("{{{text}→{url}}}"),
            Some(Target::Account(account)) => format!("{{{text}→{account:?}}}"),
            Some(Target::Conversation(id)) => format!("{{{text}→all {:02x}}}", id[0]),
        }
    }

    #[test]
    fn what_people_format_is_formatted() {
        for (text, expected) in [
            ("plain", "p(plain)"),
            ("**b** *i* ~~s~~ `c*`", "p(*b* /i/ ~s~ `c*`)"),
            ("***both***", "p(*/both/*)"),
            ("one\ntwo\n\nthree", "p(one\ntwo) p(three)"),
            ("> said\n> so\n\nanswer", "q[p(said\nso)] p(answer)"),
            ("- a\n- b\n  - c", "l[• p(a); • p(b) l[• p(c)]]"),
            ("3. a\n7. b", "l[3. p(a); 7. p(b)]"),
            ("```rust\nfn main() {}\n```", "code:rust(fn main() {})"),
            ("# big", "h(big)"),
            ("[a](https://a.example/x)", "p({a→https://a.example/x})"),
            (
                "see https://a.example/x_y_z. Then",
                "p(see {https://a.example/x_y_z→https://a.example/x_y_z}. Then)",
            ),
            ("(http://a.example/b(c))", "p(({http://a.example/b(c)→http://a.example/b(c)}))"),
            ("<me@a.example>", "p({me@a.example→mailto:me@a.example})"),
            ("a  \nb\\\nc", "p(a\nb\nc)"),
            ("|a|b|\n|-|:-:|\n|1|**2**|\n|3|", "t:SM[a|b; 1|*2*; 3|]"),
            (
                "x\n\n| n | https://a.example |\n|--:|---|\n\ny",
                "p(x) t:ES[n|{https://a.example→https://a.example}] p(y)",
            ),
            ("> |a|\n> |-|\n> |<b>1</b>|", "q[t:S[a; <b>1</b>]]"),
            ("|a|b|\n|-|-|\n|1|2|3|4|", "t:SS[a|b; 1|2 | 3|4]"),
            ("[Zoe](mimi://b.example/u/zoe), hi", "p(@Zoe, hi)"),
            ("hi **[@Zoe *Z*](mimi://b.example/u/zoe)**", "p(hi *@Zoe **/Z/*)"),
            ("[](mimi://b.example/u/zoe)x", "p(x)"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_to_be_followed_stands_there_as_it_was_typed() {
        for text in [
            "<script>alert(1)</script>",
            "a <b onclick=\"x()\">b</b>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,hi)",
            "[x](file:///etc/passwd)",
            "[x](//a.example)",
            "[x](https://bank.example@a.example/)",
            "[x](https://b\u{430}nk.example/)",
            "[x](https:///a)",
            "[x](mailto:a@b.example?bcc=c@d.example)",
            "[x](valise:account/00)",
            "[x]: https://a.example/\n\n*a* [x]",
        ] {
            let blocks = parse(text);
            assert_eq!(plain_of(&blocks).trim_end(), text, "{text}");
            let spans: Vec<&Span> = blocks
                .iter()
                .flat_map(|block| match block {
                    Block::Text(spans) => spans.as_slice(),
                    other => panic!("{text}: {other:?}"),
                })
                .collect();
            let leads_on =
                |span: &&&Span| matches!(&span.target, Some(Target::Web(url)) if *url != span.text);
            assert_eq!(spans.iter().find(leads_on), None, "{text}");
        }
        let hidden = format!("[a](https://a.example/{}\u{202e}é%20b)", "x");
        assert_eq!(shown(&hidden), "p({a→https://a.example/x%E2%80%AE%C3%A9%20b})");
        assert_eq!(shown("![cat](https://a.example/c.png)"), "p({cat→https://a.example/c.png})");
    }

    #[test]
    fn who_is_mentioned_is_found_where_a_reader_sees_it() {
        let account = AccountId([0xab; 32]);
        let uri = format!("{ACCOUNT}{account}");
        let all = format!("{CONVERSATION}{}", "0c".repeat(16));
        let text = format!("hi [@Boris](<{uri}>), `[@x]({uri})` and [@all]({all})");
        let found = mentions(&text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].label.as_str(), &found[0].target), ("@Boris", &Target::Account(account)));
        assert_eq!(text.get(found[1].range.clone()), Some(format!("[@all]({all})").as_str()));
        assert_eq!(found[1].target, Target::Conversation([0x0c; 16]));
        let typed = with_mentions_as(&text, |mention| {
            (mention.target == Target::Account(account)).then(|| "@Bo".to_owned())
        });
        assert_eq!(typed, format!("hi @Bo, `[@x]({uri})` and @all"));
        assert_eq!(plain(&text), format!("hi @Boris, [@x]({uri}) and @all"));
        assert!(mentions(&format!("[@B]({ACCOUNT}{})", "AB".repeat(32))).is_empty());
        assert!(mentions("nobody").is_empty());
        for name in ["A*b*", "[x](y)", "`c` _d_ ~~e~~ <b> &amp; \\", "駅 !"] {
            assert_eq!(plain(&format!("x {}", escaped(name))), format!("x {name}"));
        }
        let many = format!("[@a]({uri}) ").repeat(MENTIONS_MAX + 9);
        assert_eq!(mentions(&many).len(), MENTIONS_MAX);
    }

    #[test]
    fn the_pages_that_a_text_leads_to_are_those_that_its_reader_sees() {
        let text = "`https://a.example` [x](https://b.example/é) <me@c.example>\n- http://d.example.\n- e";
        assert_eq!(links(text, true), ["https://b.example/%C3%A9", "http://d.example"]);
        let plain = "a https://b.example/(c), HTTPS://d.example https://x@e.example";
        assert_eq!(links(plain, false), ["https://b.example/(c)"]);
        assert!(links("https://b\u{430}nk.example/", false).is_empty());
    }

    #[test]
    fn an_at_sign_in_code_or_in_a_link_names_nobody() {
        let text = "@a `@b` [@c](https://a.example) @d\n```\n@e\n```";
        let ranges = verbatim(text);
        let inside = |sign: &str| {
            let at = text.find(sign).unwrap();
            ranges.iter().any(|range| range.contains(&at))
        };
        assert_eq!(["@a", "@b", "@c", "@d", "@e"].map(inside), [false, true, true, false, true]);
    }

    #[test]
    fn only_what_was_meant_as_markdown_is_taken_for_it() {
        for text in [
            "**b**",
            "_i_",
            "~~s~~",
            "`c`",
            "> q",
            "- a\n- b",
            "1. a\n2. b",
            "```\nc\n```",
            "[a](https://a.example)",
        ] {
            assert!(is_formatted(text), "{text}");
        }
        for text in [
            "",
            "plain",
            "see https://a.example/a_b_c",
            "# not a heading",
            "- 5 degrees",
            "2026. What a year",
            "    set in",
            "---",
            "Dear\n---",
            "snake_case_name",
            "2 * 3 * 4",
            "a <b> c",
            "[x](javascript:y)",
            "\\*a\\*",
            "[x]: https://a.example",
        ] {
            assert!(!is_formatted(text), "{text}");
        }
    }

    fn count(blocks: &[Block], level: usize) -> (usize, usize) {
        assert!(level <= 2 * LEVELS_MAX + 1, "nested too deeply");
        let add = |(b, s): (usize, usize), (c, t)| (b + c, s + t);
        blocks.iter().fold((0, 0), |sum, block| {
            let inner = match block {
                Block::Text(spans) | Block::Heading(spans) => (0, spans.len()),
                Block::Quote(blocks) => count(blocks, level + 1),
                Block::List(items) => {
                    items.iter().map(|item| count(&item.blocks, level + 1)).fold((items.len(), 0), add)
                }
                Block::Table { rows, .. } => {
                    let cells = || rows.iter().flatten();
                    (cells().count(), cells().map(Vec::len).sum())
                }
                Block::Code { .. } | Block::Rule => (0, 0),
            };
            add(add(sum, inner), (1, 0))
        })
    }

    fn is_bounded(text: &str) {
        let blocks = parse(text);
        let (blocks_found, spans) = count(&blocks, 0);
        assert!(blocks_found <= BLOCKS_MAX && spans <= SPANS_MAX, "{blocks_found} {spans}");
        for mention in mentions(text) {
            assert!(text.get(mention.range).is_some());
        }
        let _ = (is_formatted(text), verbatim(text), plain_blocks(text));
    }

    #[test]
    fn the_largest_and_the_deepest_are_bounded_and_nothing_is_lost() {
        let size = vocab::limits::TEXT_BYTES_MAX;
        let alphabet = "x";
        for piece in [
            "> ",
            "- ",
            "* ",
            "1. ",
            ">\n",
            "- a\n",
            "*",
            "**",
            "*a",
            "_a_ ",
            "~~a",
            "`",
            "`a` ",
            "[",
            "![",
            "[a](",
            "[a](b)",
            "](",
            "<a",
            "<!--",
            "<?",
            "&amp;",
            "a\n\n",
            "a\n===\n",
            "```\n",
            "    a\n",
            "https://a.example ",
            "[a]: b\n",
            "\\",
            "[a](<",
            "\u{202e}",
            "👨‍👩‍👧‍👦",
            "\t- ",
            "a**b",
            "[[]()",
            "***a_b__",
            "\r\n",
            "|a",
            "|a|b|\n|-|-|\n",
            "[a](mimi://b)",
        ] {
            let text = piece.repeat(size / piece.len());
            is_bounded(&text);
            is_bounded(&format!("{text}{alphabet}"));
            // Each level deeper than the one before.
            let steps: String = (0..200).map(|depth| format!("{}{piece}a\n", " ".repeat(depth))).collect();
            is_bounded(&steps);
        }
        let many = "*a* b\n\n".repeat(2_000);
        let words = plain(&many);
        assert_eq!(words.matches('a').count(), 2_000, "what is too much stands there as it was typed");
        for many in ["- *a* `b`\n".repeat(2_000), format!("|c|d|\n|-|-|\n{}", "|a|**b**|\n".repeat(2_000))] {
            assert_eq!(plain(&many).matches('a').count(), 2_000, "and stands there once");
            is_bounded(&many);
        }
        // Many columns, and rows that fill none of them.
        is_bounded(&format!("{}\n{}\n{}", "|a".repeat(8_000), "|-".repeat(8_000), "|x\n".repeat(8_000)));
        let deep = format!("{}deepest", "> ".repeat(60));
        assert!(plain(&deep).ends_with("deepest"));
    }

    #[test]
    fn whatever_is_typed_is_read_without_a_panic() {
        let pieces = [
            "*",
            "_",
            "~",
            "`",
            "[",
            "]",
            "(",
            ")",
            "<",
            ">",
            "#",
            "-",
            "+",
            "1.",
            "!",
            "|",
            "\\",
            "&",
            ";",
            ":",
            "\n",
            "\n\n",
            " ",
            "    ",
            "\t",
            "\r",
            "\0",
            "a",
            "é",
            "駅",
            "👩‍👧",
            "\u{202e}",
            "\u{2066}",
            "https://a.example/",
            "valise:account/",
            "](valise:conversation/",
            "</b>",
            "<b>",
            "javascript:",
            "```",
            "~~~",
            "***",
            "===",
            "---",
            "@",
            "|",
            "\n|-|-|\n",
            "[x](mimi://",
        ];
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        for _ in 0..4_000 {
            let length = rng.next_u32() % 60;
            let piece = |rng: &mut ChaCha20Rng| pieces[rng.next_u32() as usize % pieces.len()];
            let text: String = (0..length).map(|_| piece(&mut rng)).collect();
            is_bounded(&text);
            let letters = |text: &str| text.chars().filter(|c| "aé駅".contains(*c)).count();
            let all: usize = letters(&text);
            // Words inside addresses and names of languages are not said; all others are.
            if !text.contains("](") && !text.contains("```") && !text.contains("~~~") && !text.contains('&') {
                assert_eq!(letters(&plain(&text)), all, "{text:?}");
            }
        }
    }
}
