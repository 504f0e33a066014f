//! The parameters of a call. Each is taken by its name; what nobody took is named, never ignored.

use serde_json::{Map, Value};

use super::rpc::Fault;

/// Parameters that were not taken yet.
pub struct Params(Map<String, Value>);

impl Params {
    /// Of a call. The account may be named although there is only one; then it must be that one.
    pub fn of(mut params: Map<String, Value>, is_account: impl Fn(&str) -> bool) -> Result<Self, Fault> {
        match params.remove("account") {
            None | Some(Value::Null) => {}
            Some(Value::String(account)) if is_account(&account) => {}
            Some(_) => return Err(Fault::params("Specified account does not exist")),
        }
        Ok(Self(params))
    }

    /// A text, if it was given.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::params(format!("{name} must be a text"))),
        }
    }

    /// A text that has to be given.
    pub fn needed(&mut self, name: &str) -> Result<String, Fault> {
        self.text(name)?.ok_or_else(|| Fault::params(format!("{name} must be given")))
    }

    /// A whole number, if it was given.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| Fault::params(format!("{name} must be a whole number"))),
        }
    }

    /// Whether something is wanted.
    pub fn switch(&mut self, name: &str) -> Result<Option<bool>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(on)) => Ok(Some(on)),
            Some(_) => Err(Fault::params(format!("{name} must be true or false"))),
        }
    }

    /// Several texts, or one without brackets; also under the name's plural.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, Fault> {
        let mut all = Vec::new();
        for name in [name.to_owned(), format!("{name}s")] {
            match self.0.remove(&name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => all.push(text),
                Some(Value::Array(texts)) => {
                    for text in texts {
                        let Value::String(text) = text else {
                            return Err(Fault::params(format!("{name} must be a text or several")));
                        };
                        all.push(text);
                    }
                }
                Some(_) => return Err(Fault::params(format!("{name} must be a text or several"))),
            }
        }
        if all.len() > TEXTS_MAX {
            return Err(Fault::params(format!("{name} may be given {TEXTS_MAX} times at most")));
        }
        Ok(all)
    }

    /// Whole numbers, or one without brackets; also under the name's plural.
    pub fn numbers(&mut self, name: &str) -> Result<Vec<u64>, Fault> {
        let mut all = Vec::new();
        for name in [name.to_owned(), format!("{name}s")] {
            let given = match self.0.remove(&name) {
                None | Some(Value::Null) => Vec::new(),
                Some(Value::Array(numbers)) => numbers,
                Some(one) => vec![one],
            };
            for number in given {
                let wrong = || Fault::params(format!("{name} must be a whole number or several"));
                all.push(number.as_u64().ok_or_else(wrong)?);
            }
        }
        Ok(all)
    }

    /// Everything was taken; what was not is something that this program does not do.
    pub fn end(self) -> Result<(), Fault> {
        // A parameter that asks for nothing needs nothing done.
        let asks = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Array(values) => !values.is_empty(),
            _ => true,
        };
        let left: Vec<&str> =
            self.0.iter().filter(|(_, value)| asks(value)).map(|(name, _)| name.as_str()).collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(Fault::params(format!("Not supported here: {}", left.join(", "))))
    }
}

/// People or groups in one call.
const TEXTS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn params(value: Value) -> Params {
        let Value::Object(fields) = value else { panic!("{value}") };
        Params::of(fields, |account| account == "+32").ok().unwrap()
    }

    #[test]
    fn one_or_several_stand_under_the_name_or_its_plural() {
        assert_eq!(params(json!({"recipient": "+1"})).texts("recipient"), Ok(vec!["+1".to_owned()]));
        assert_eq!(params(json!({"recipient": ["+1", "+2"]})).texts("recipient").unwrap().len(), 2);
        assert_eq!(params(json!({"recipients": ["+1"]})).texts("recipient").unwrap().len(), 1);
        assert_eq!(params(json!({"targetTimestamps": [1, 2]})).numbers("targetTimestamp"), Ok(vec![1, 2]));
        assert!(params(json!({"recipient": [1]})).texts("recipient").is_err());
        assert!(params(json!({"recipient": vec!["+1"; 101]})).texts("recipient").is_err());
        assert!(params(json!({"targetTimestamp": -1})).numbers("targetTimestamp").is_err());
    }

    #[test]
    fn what_is_not_supported_is_named_unless_it_asks_for_nothing() {
        let mut given = params(json!({"message": "hi", "attachments": ["a.png"], "viewOnce": true}));
        assert_eq!(given.needed("message"), Ok("hi".to_owned()));
        assert_eq!(given.end().unwrap_err().message, "Not supported here: attachments, viewOnce");
        assert_eq!(params(json!({"attachments": [], "viewOnce": false, "quote": null})).end(), Ok(()));
        assert!(params(json!({})).needed("message").is_err());
        assert!(params(json!({"message": 3})).text("message").is_err());
    }

    #[test]
    fn another_account_is_refused() {
        let of = |account: &str| {
            let Value::Object(fields) = json!({ "account": account }) else { unreachable!() };
            Params::of(fields, |known| known == "+32").is_ok()
        };
        assert!(of("+32") && !of("+33"));
    }
}
