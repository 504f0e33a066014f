//! Statements as named constants, listed by themselves, so that one test can prepare every one.

/// A statement in the words both databases share. Parameters are `$1`, `$2`, …, each first used in that order.
pub type Sql = &'static str;

/// Declares statements and the list of them all: `statements! { /// Doc. NAME = "SELECT …"; }` gives `NAME` and
/// `ALL: &[(&str, Sql)]`.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub const $name: $crate::Sql = $sql;)*
        /// Every statement of this module, by name.
        pub const ALL: &[(&str, $crate::Sql)] = &[$((stringify!($name), $name)),*];
    };
}

/// Whether `$1`, `$2`, … are first used in ascending order: SQLite numbers them by first use, PostgreSQL by name.
pub fn parameters_ascend(sql: &str) -> bool {
    let mut highest = 0;
    for part in sql.split('$').skip(1) {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        let Ok(number) = digits.parse::<u32>() else { return false };
        if number > highest + 1 {
            return false;
        }
        highest = highest.max(number);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::parameters_ascend;

    #[test]
    fn parameters_are_first_used_in_order() {
        assert!(parameters_ascend("SELECT a FROM t WHERE a = $1 AND b = $2 AND c = $1"));
        assert!(!parameters_ascend("SELECT a FROM t WHERE a = $2 AND b = $1"));
        assert!(!parameters_ascend("SELECT a FROM t WHERE a = $x"));
    }
}
