//! Letters from number keys: the same key again is the next letter of that key.

/// What typing with number keys has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taps {
    /// What the keys stand for.
    pub case: Case,
    open: Option<(char, usize)>,
}

/// What number keys stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// Letters.
    #[default]
    Small,
    /// Capitals.
    Large,
    /// Themselves.
    Digits,
}

impl Case {
    /// As the line shows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Small => "abc",
            Self::Large => "ABC",
            Self::Digits => "123",
        }
    }
}

/// What a key does to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// A new sign.
    New(char),
    /// Another one in place of the last.
    Instead(char),
}

impl Taps {
    /// For a field in which only digits make sense.
    pub fn digits() -> Self {
        Self { case: Case::Digits, open: None }
    }

    /// A number key.
    pub fn tap(&mut self, key: char) -> Typed {
        let letters = letters(key);
        if self.case == Case::Digits || letters.is_empty() {
            self.open = None;
            return Typed::New(key);
        }
        let again = self.open.filter(|(open, _)| *open == key).map(|(_, at)| (at + 1) % letters.len());
        let at = again.unwrap_or(0);
        self.open = Some((key, at));
        let letter = letters.get(at).copied().unwrap_or(key);
        let letter = if self.case == Case::Large { capital(letter) } else { letter };
        if again.is_some() { Typed::Instead(letter) } else { Typed::New(letter) }
    }

    /// A sign can still become another one.
    pub fn is_open(self) -> bool {
        self.open.is_some()
    }

    /// The sign stays as it is; returns whether there was one.
    pub fn close(&mut self) -> bool {
        self.open.take().is_some()
    }

    /// The next of the three cases.
    pub fn turn(&mut self) {
        self.open = None;
        self.case = match self.case {
            Case::Small => Case::Large,
            Case::Large => Case::Digits,
            Case::Digits => Case::Small,
        };
    }
}

fn capital(letter: char) -> char {
    letter.to_uppercase().next().unwrap_or(letter)
}

fn letters(key: char) -> &'static [char] {
    match key {
        '1' => &['.', ',', '?', '!', '\'', '-', '@', ':', '/', '+', '#', '1'],
        '2' => &['a', 'b', 'c', 'ä', 'à', 'ç', '2'],
        '3' => &['d', 'e', 'f', 'é', 'è', '3'],
        '4' => &['g', 'h', 'i', 'í', '4'],
        '5' => &['j', 'k', 'l', '5'],
        '6' => &['m', 'n', 'o', 'ö', 'ñ', 'õ', '6'],
        '7' => &['p', 'q', 'r', 's', 'ß', '7'],
        '8' => &['t', 'u', 'v', 'ü', '8'],
        '9' => &['w', 'x', 'y', 'z', '9'],
        '0' => &[' ', '0'],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(taps: &mut Taps, keys: &str) -> String {
        let mut text = String::new();
        for key in keys.chars() {
            if key == '>' {
                taps.close();
                continue;
            }
            match taps.tap(key) {
                Typed::New(sign) => text.push(sign),
                Typed::Instead(sign) => {
                    text.pop();
                    text.push(sign);
                }
            }
        }
        text
    }

    #[test]
    fn the_same_key_again_is_the_next_letter() {
        assert_eq!(typed(&mut Taps::default(), "4433555>5556660"), "hello ");
        assert_eq!(typed(&mut Taps::default(), "2>2>2"), "aaa");
        assert_eq!(typed(&mut Taps::default(), "22222222"), "a", "after the last comes the first");
        assert_eq!(typed(&mut Taps::default(), "66>6"), "nm");
    }

    #[test]
    fn keys_stand_for_capitals_and_for_themselves() {
        let mut taps = Taps::default();
        taps.turn();
        assert_eq!(typed(&mut taps, "44>2"), "HA");
        taps.turn();
        assert_eq!((taps.case.word(), typed(&mut taps, "0032").as_str()), ("123", "0032"));
        taps.turn();
        assert_eq!(taps.case, Case::Small);
        assert_eq!(typed(&mut Taps::digits(), "2"), "2");
        assert!(!taps.close());
    }
}
