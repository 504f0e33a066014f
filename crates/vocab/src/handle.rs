//! Handles: a phone number or an e-mail address, checked once and kept in one form.

use std::fmt;
use std::str::FromStr;

/// A verified or verifiable public handle. It identifies a person and never routes traffic.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Handle {
    /// E.164, with the plus sign: `+32470123456`.
    Number(String),
    /// Local part as given, domain in lower case: `Anna@example.org`.
    Email(String),
}

impl Handle {
    /// Reads what a person typed. A number must be international (with `+` or `00`), because nothing here knows the
    /// country somebody is in; spaces, dots, hyphens and brackets are fine.
    ///
    /// # Errors
    /// [`HandleError`], whose text says what to do.
    pub fn parse(text: &str) -> Result<Self, HandleError> {
        let text = text.trim();
        if text.contains('@') { parse_email(text) } else { parse_number(text) }
    }

    /// The one form that is compared, hashed and looked up.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(text) | Self::Email(text) => text,
        }
    }

    /// The form that leads to a person: e-mail addresses lead to the same mailbox however they are capitalised.
    pub fn lookup_form(&self) -> String {
        match self {
            Self::Number(text) => format!("tel:{text}"),
            Self::Email(text) => format!("mailto:{}", text.to_lowercase()),
        }
    }
}

impl FromStr for Handle {
    type Err = HandleError;
    fn from_str(text: &str) -> Result<Self, HandleError> {
        Self::parse(text)
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Says only which kind it is: handles reach no log (T-45).
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "Handle(number)",
            Self::Email(_) => "Handle(e-mail)",
        })
    }
}

/// Why a typed handle was not taken, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// Nothing was typed.
    #[error(
        "Nothing was given. Write a phone number with its country code, like +32 470 12 34 56, or an e-mail address."
    )]
    Empty,
    /// A national number.
    #[error("The number has no country code. Write it with one, like +32 470 12 34 56.")]
    NoCountry,
    /// Not a number that can exist.
    #[error("This is not a phone number. Check the digits and the country code, like +32 470 12 34 56.")]
    NotANumber,
    /// Not an address.
    #[error("This is not an e-mail address. It looks like anna@example.org.")]
    NotAnEmail,
}

/// RFC 5321 section 4.5.3.1: 64 octets of local part, 254 for the whole path.
const EMAIL_BYTES_MAX: usize = 254;
const EMAIL_LOCAL_BYTES_MAX: usize = 64;

fn parse_email(text: &str) -> Result<Handle, HandleError> {
    let (local, domain) = text.rsplit_once('@').ok_or(HandleError::NotAnEmail)?;
    // What is checked is what is kept: small letters may be other, and more, characters.
    let domain = domain.to_lowercase();
    let local_fits = (1..=EMAIL_LOCAL_BYTES_MAX).contains(&local.len())
        && local.len() + 1 + domain.len() <= EMAIL_BYTES_MAX;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"<>()[],;:\\@".contains(c);
    let dots_fine = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    let label_fine = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let domain_fine = domain.contains('.') && domain.split('.').all(label_fine);
    if local_fits && local.chars().all(plain) && dots_fine && domain_fine {
        Ok(Handle::Email(format!("{local}@{domain}")))
    } else {
        Err(HandleError::NotAnEmail)
    }
}

fn parse_number(text: &str) -> Result<Handle, HandleError> {
    if text.is_empty() {
        return Err(HandleError::Empty);
    }
    let international = match text.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => text.to_owned(),
    };
    if !international.starts_with('+') {
        let digits = international.chars().filter(char::is_ascii_digit).count();
        return Err(if digits >= 5 { HandleError::NoCountry } else { HandleError::NotANumber });
    }
    if international.chars().any(|c| !(c.is_ascii_digit() || " +-.()/\u{a0}\u{202f}".contains(c))) {
        return Err(HandleError::NotANumber);
    }
    let number = phonenumber::parse(None, &international).map_err(|_| HandleError::NotANumber)?;
    // Whether a range is in use changes faster than any table: the length and the country are what is checked; the
    // code that is sent decides the rest. The library would also take 2 digits: E.164 numbers have 7 to 15.
    let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
    let digits = e164.len().saturating_sub(1);
    let country_known = phonenumber::metadata::DATABASE.by_code(&number.country().code()).is_some();
    // A number with zeros where no number has them would be shortened anew each time it is read.
    let settled = phonenumber::parse(None, &e164)
        .is_ok_and(|again| again.format().mode(phonenumber::Mode::E164).to_string() == e164);
    if (7..=15).contains(&digits) && country_known && settled {
        Ok(Handle::Number(e164))
    } else {
        Err(HandleError::NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_typed_in_many_ways_is_one_handle() {
        for typed in ["+32 470 12 34 56", "0032470123456", "+32-470.12.34.56", " +32(470)123456 "] {
            assert_eq!(Handle::parse(typed).unwrap(), Handle::Number("+32470123456".into()), "{typed}");
        }
    }

    #[test]
    fn numbers_of_many_countries_are_taken() {
        for number in [
            "+12025550123",
            "+442071838750",
            "+380441234567",
            "+8613800138000",
            "+919876543210",
            "+33612345678",
            "+15555550100",
        ] {
            assert_eq!(Handle::parse(number).unwrap().as_str(), number);
        }
    }

    #[test]
    fn what_is_not_a_number_says_what_to_do() {
        assert_eq!(Handle::parse(""), Err(HandleError::Empty));
        assert_eq!(Handle::parse("0470 12 34 56"), Err(HandleError::NoCountry));
        for bad in ["+", "+1", "abc", "+32 470 12 34 56 78 90 12 34", "+999123456789", "+32470x23456"] {
            assert_eq!(Handle::parse(bad), Err(HandleError::NotANumber), "{bad}");
        }
    }

    #[test]
    fn a_handle_reads_back_as_itself() {
        for typed in
            ["0032 0003 2070", "+32 0 470 12 34 56", "+390612345678", "+39 06 1234 5678", "+1 (202) 555-0123"]
        {
            if let Ok(handle) = Handle::parse(typed) {
                assert_eq!(Handle::parse(handle.as_str()).unwrap(), handle, "{typed}");
            }
        }
        assert_eq!(Handle::parse("+39 06 1234 5678").unwrap().as_str(), "+390612345678");
        assert_eq!(Handle::parse("0032 0003 2070"), Err(HandleError::NotANumber));
        assert_eq!(Handle::parse("a@İ.org"), Err(HandleError::NotAnEmail));
        assert_eq!(Handle::parse("a@Ü.org").unwrap().as_str(), "a@ü.org");
    }

    #[test]
    fn an_address_keeps_its_name_and_lowers_its_domain() {
        let handle = Handle::parse(" Anna.B+x@Example.ORG ").unwrap();
        assert_eq!(handle.as_str(), "Anna.B+x@example.org");
        assert_eq!(handle.lookup_form(), "mailto:anna.b+x@example.org");
        for bad in [
            "@example.org",
            "anna@",
            "anna@host",
            "a b@example.org",
            "a@b@example.org",
            "a@-x.org",
            "a..b@x.org",
        ] {
            assert_eq!(Handle::parse(bad), Err(HandleError::NotAnEmail), "{bad}");
        }
    }

    #[test]
    fn a_handle_reaches_no_log() {
        assert_eq!(format!("{:?}", Handle::parse("+32470123456").unwrap()), "Handle(number)");
    }
}
