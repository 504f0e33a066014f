//! The paths that a source file mentions: not a compiler, but it sees through comments, strings and nested `use`.

/// A path, with the line it begins in.
#[derive(Debug, PartialEq, Eq)]
pub struct Mention {
    /// Counted from one.
    pub line: usize,
    /// Its parts, such as `["std", "time", "SystemTime"]`.
    pub path: Vec<String>,
}

/// Every path of two parts or more, and every path in a `use`.
pub fn mentions(text: &str) -> Vec<Mention> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.is_word("use") && !follows(&tokens, at, '#') {
            at = used(&tokens, at + 1, &[], &mut found);
        } else if token.is_name() && !follows(&tokens, at, '.') {
            let (path, next) = path_at(&tokens, at);
            if path.len() > 1 {
                found.push(Mention { line: token.line, path });
            }
            at = next;
        } else {
            at += 1;
        }
    }
    found
}

/// The text without the modules that are compiled for tests only; lines keep their numbers.
pub fn without_tests(text: &str) -> String {
    let tokens = tokens(text);
    let mut kept: Vec<char> = text.chars().collect();
    for (start, _) in test_attributes(&tokens) {
        let Some(open) = tokens.iter().skip(start).position(|token| token.is('{') || token.is(';')) else {
            continue;
        };
        let (from, to) = (start, matching(&tokens, start + open));
        let range = tokens.get(from).map_or(0, |token| token.at)
            ..tokens.get(to).map_or(kept.len(), |token| token.at + 1);
        for letter in kept.get_mut(range).unwrap_or_default().iter_mut().filter(|letter| **letter != '\n') {
            *letter = ' ';
        }
    }
    kept.into_iter().collect()
}

/// The names that follow `mod`.
pub fn modules(text: &str) -> Vec<String> {
    let named = |pair: &[Token]| match pair {
        [word, name] if word.is_word("mod") && name.is_name() => Some(name.text.clone()),
        _ => None,
    };
    tokens(text).windows(2).filter_map(named).collect()
}

/// The names that follow `#[cfg(test)] mod`.
pub fn test_modules(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    test_attributes(&tokens).into_iter().filter_map(|(_, name)| name).collect()
}

/// The lines in which one of the words stands as a word of the language.
pub fn words(text: &str, wanted: &[&str]) -> Vec<(usize, String)> {
    let found = tokens(text).into_iter().filter(|token| wanted.contains(&token.text.as_str()));
    found.map(|token| (token.line, token.text)).collect()
}

/// Where each `#[cfg(test)]` begins, and the name of the module after it, if it is one.
fn test_attributes(tokens: &[Token]) -> Vec<(usize, Option<String>)> {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    let begins = |at: &usize| {
        let window = tokens.get(*at..at + attribute.len()).unwrap_or_default();
        window.len() == attribute.len()
            && window.iter().zip(attribute).all(|(token, text)| token.text == text)
    };
    let name = |at: usize| {
        let after = tokens.get(at + attribute.len()..).unwrap_or_default();
        let module = after.iter().take(VISIBILITY_TOKENS_MAX).position(|token| token.is_word("mod"))?;
        after.get(module + 1).map(|token| token.text.clone())
    };
    (0..tokens.len()).filter(begins).map(|at| (at, name(at))).collect()
}

/// The index of the brace that closes the one at `open`; `open` itself for anything else.
fn matching(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.is('{') {
            depth += 1;
        } else if token.is('}') {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

/// Takes a tree of `use` apart from `at` on; returns where it ends.
fn used(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Mention>) -> usize {
    let line = tokens.get(at).map_or(0, |token| token.line);
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        if token.is('{') {
            at += 1;
            while tokens.get(at).is_some_and(|token| !token.is('}')) {
                let before = at;
                at = used(tokens, at, &path, found);
                at += usize::from(tokens.get(at).is_some_and(|token| token.is(',')));
                // What is no tree of `use` after all has signs in it that end nothing.
                at = at.max(before + 1);
            }
            return at + 1;
        }
        if token.is(',') || token.is(';') || token.is('}') || token.is_word("as") {
            break;
        }
        if token.is_name() && token.text != "self" || token.is_word("self") && path.is_empty() {
            path.push(token.text.clone());
        }
        at += 1;
    }
    found.push(Mention { line, path });
    while tokens.get(at).is_some_and(|token| !token.is(',') && !token.is(';') && !token.is('}')) {
        at += 1;
    }
    at
}

fn path_at(tokens: &[Token], start: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut at = start;
    while let Some(token) = tokens.get(at).filter(|token| token.is_name()) {
        path.push(token.text.clone());
        let colons =
            [at + 1, at + 2].iter().all(|index| tokens.get(*index).is_some_and(|token| token.is(':')));
        if !colons {
            return (path, at + 1);
        }
        at += 3;
    }
    (path, at.max(start + 1))
}

fn follows(tokens: &[Token], at: usize, letter: char) -> bool {
    at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|token| token.is(letter))
}

struct Token {
    /// In letters from the beginning.
    at: usize,
    line: usize,
    text: String,
}

impl Token {
    fn is(&self, letter: char) -> bool {
        self.text.len() == letter.len_utf8() && self.text.starts_with(letter)
    }

    fn is_word(&self, word: &str) -> bool {
        self.text == word
    }

    fn is_name(&self) -> bool {
        self.text.starts_with(|letter: char| letter == '_' || letter.is_alphabetic())
    }
}

/// Names and single signs; comments, strings, letters in quotes and lifetimes are left out.
fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    while let Some(&letter) = letters.get(at) {
        let rest = letters.get(at..).unwrap_or_default();
        let length = skipped(rest).unwrap_or_else(|| {
            let name = rest.iter().take_while(|letter| letter.is_alphanumeric() || **letter == '_').count();
            let length = name.max(1);
            if !letter.is_whitespace() {
                found.push(Token { at, line, text: rest.iter().take(length).collect() });
            }
            length
        });
        line += rest.iter().take(length).filter(|letter| **letter == '\n').count();
        at += length;
    }
    found
}

/// How many letters to leave out here, if any.
fn skipped(rest: &[char]) -> Option<usize> {
    match rest {
        ['/', '/', ..] => Some(rest.iter().take_while(|letter| **letter != '\n').count()),
        ['/', '*', ..] => Some(block_comment(rest)),
        ['"', ..] => Some(string(rest, 1)),
        ['b' | 'c', '"', ..] => Some(string(rest, 2)),
        ['r', '"' | '#', ..] => raw_string(rest, 1),
        ['b' | 'c', 'r', '"' | '#', ..] => raw_string(rest, 2),
        ['\'', '\\', ..] => Some(3 + rest.iter().skip(3).take_while(|letter| **letter != '\'').count() + 1),
        ['\'', _, '\'', ..] => Some(3),
        ['\'', ..] => Some(
            1 + rest.iter().skip(1).take_while(|letter| letter.is_alphanumeric() || **letter == '_').count(),
        ),
        _ => None,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    loop {
        match rest.get(at..).unwrap_or_default() {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            [] => return at,
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
}

fn string(rest: &[char], mut at: usize) -> usize {
    loop {
        match rest.get(at) {
            Some('\\') => at += 2,
            Some('"') => return at + 1,
            Some(_) => at += 1,
            None => return rest.len(),
        }
    }
}

/// `None` for a raw name such as `r#type`.
fn raw_string(rest: &[char], start: usize) -> Option<usize> {
    let hashes = rest.iter().skip(start).take_while(|letter| **letter == '#').count();
    let open = start + hashes;
    rest.get(open).filter(|letter| **letter == '"')?;
    let ends = |at: &usize| {
        rest.get(*at) == Some(&'"')
            && rest.iter().skip(at + 1).take(hashes).filter(|l| **l == '#').count() == hashes
    };
    Some((open + 1..rest.len()).find(ends).map_or(rest.len(), |at| at + 1 + hashes))
}

/// `pub(crate)` and further attributes fit between an attribute and its `mod`.
const VISIBILITY_TOKENS_MAX: usize = 24;
