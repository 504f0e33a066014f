//! JSON-RPC 2.0 as values: what came in, and what goes back. Who does the work is not known here.

use serde_json::{Map, Value, json};

/// What came in one line or one body.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// One call.
    One(Result<Call, Refusal>),
    /// Several, answered together.
    Batch(Vec<Result<Call, Refusal>>),
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What the caller tells the answer by; a call without one is a notification and gets none.
    pub id: Option<Value>,
    /// What is to be done.
    pub method: String,
    /// With what.
    pub params: Map<String, Value>,
}

/// A call that is none, with the number it came with.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Nothing when it could not be read.
    pub id: Value,
    /// Why.
    pub fault: Fault,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// See the constants below.
    pub code: i32,
    /// What is, why, what now.
    pub message: String,
}

impl Fault {
    /// With this code.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The parameters are not right.
    pub fn params(message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }
}

impl Incoming {
    /// Reads one line or body.
    pub fn read(bytes: &[u8]) -> Self {
        match serde_json::from_slice(bytes) {
            Err(_) => Self::One(Err(refusal(Value::Null, PARSE_ERROR, "This is not JSON."))),
            Ok(Value::Array(calls)) if calls.is_empty() => {
                Self::One(Err(refusal(Value::Null, INVALID_REQUEST, "A batch holds at least one request.")))
            }
            Ok(Value::Array(calls)) if calls.len() > BATCH_CALLS_MAX => {
                let words = format!("A batch holds {BATCH_CALLS_MAX} requests at most.");
                Self::One(Err(refusal(Value::Null, INVALID_REQUEST, words)))
            }
            Ok(Value::Array(calls)) => Self::Batch(calls.into_iter().map(call).collect()),
            Ok(value) => Self::One(call(value)),
        }
    }
}

fn call(value: Value) -> Result<Call, Refusal> {
    let Value::Object(mut fields) = value else {
        return Err(refusal(Value::Null, INVALID_REQUEST, "A request is an object."));
    };
    let id = fields.remove("id");
    let of = id.clone().unwrap_or(Value::Null);
    if matches!(id, Some(Value::Object(_) | Value::Array(_) | Value::Bool(_))) {
        return Err(refusal(Value::Null, INVALID_REQUEST, "id must be a text or a number."));
    }
    if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(refusal(of, INVALID_REQUEST, "jsonrpc must be \"2.0\"."));
    }
    let Some(Value::String(method)) = fields.remove("method") else {
        return Err(refusal(of, INVALID_REQUEST, "method field must be set"));
    };
    let params = match fields.remove("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => {
            return Err(refusal(of, INVALID_PARAMS, "params must be an object: parameters have names."));
        }
    };
    Ok(Call { id, method, params })
}

fn refusal(id: Value, code: i32, message: impl Into<String>) -> Refusal {
    Refusal { id, fault: Fault::new(code, message) }
}

/// The answer to a call; nothing for a notification.
pub fn answer(id: Option<Value>, result: Result<Value, Fault>) -> Option<Value> {
    let id = id?;
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "result": result, "id": id }),
        Err(fault) => error(id, &fault),
    })
}

/// The answer to what is no call.
pub fn error(id: Value, fault: &Fault) -> Value {
    let Fault { code, message } = fault;
    json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message, "data": null }, "id": id })
}

/// Something that is said without being asked.
pub fn notification(method: &str, params: &str) -> String {
    // The parameters are JSON already, and the same for everybody who hears them.
    format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":{params}}}")
}

/// It is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// It is no request.
pub const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters are not right.
pub const INVALID_PARAMS: i32 = -32602;
/// It was understood and cannot be.
pub const REFUSED: i32 = -1;
/// The server was not reached.
pub const UNREACHABLE: i32 = -3;
/// Calls in one batch: more is better sent as it comes.
pub const BATCH_CALLS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &str) -> (Value, i32) {
        match Incoming::read(line.as_bytes()) {
            Incoming::One(Err(refusal)) => (refusal.id, refusal.fault.code),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_call_has_a_method_names_for_its_parameters_and_perhaps_a_number() {
        let line = r#"{"jsonrpc":"2.0","method":"send","params":{"message":"hi"},"id":"a"}"#;
        let Incoming::One(Ok(call)) = Incoming::read(line.as_bytes()) else { panic!() };
        assert_eq!(
            (call.method.as_str(), call.id, call.params["message"].as_str()),
            ("send", Some(json!("a")), Some("hi"))
        );
        let line = r#"{"jsonrpc":"2.0","method":"version"}"#;
        let Incoming::One(Ok(call)) = Incoming::read(line.as_bytes()) else { panic!() };
        assert_eq!(answer(call.id, Ok(json!(1))), None, "a notification gets no answer");
        let null = r#"{"jsonrpc":"2.0","method":"version","id":null}"#;
        let Incoming::One(Ok(call)) = Incoming::read(null.as_bytes()) else { panic!() };
        assert!(answer(call.id, Ok(json!(1))).is_some(), "a number that is null is one");
    }

    #[test]
    fn what_is_no_call_is_told_why_by_code() {
        assert_eq!(fault("{"), (Value::Null, PARSE_ERROR));
        assert_eq!(fault("[]"), (Value::Null, INVALID_REQUEST));
        assert_eq!(fault("3"), (Value::Null, INVALID_REQUEST));
        assert_eq!(fault(r#"{"jsonrpc":"2.0","id":5}"#), (json!(5), INVALID_REQUEST));
        assert_eq!(fault(r#"{"method":"x","id":5}"#), (json!(5), INVALID_REQUEST));
        assert_eq!(
            fault(r#"{"jsonrpc":"2.0","method":"x","params":[1],"id":5}"#),
            (json!(5), INVALID_PARAMS)
        );
        assert_eq!(fault(r#"{"jsonrpc":"2.0","method":"x","id":{}}"#), (Value::Null, INVALID_REQUEST));
        assert_eq!(fault(&format!("[{}1]", "1,".repeat(BATCH_CALLS_MAX))), (Value::Null, INVALID_REQUEST));
    }

    #[test]
    fn in_a_batch_each_is_judged_alone() {
        let Incoming::Batch(calls) = Incoming::read(br#"[1,{"jsonrpc":"2.0","method":"version","id":2}]"#)
        else {
            panic!()
        };
        assert!(calls[0].is_err() && calls[1].is_ok());
    }

    #[test]
    fn answers_have_this_form() {
        let text = |value: Option<Value>| serde_json::to_string(&value.unwrap()).unwrap();
        assert_eq!(text(answer(Some(json!(4)), Ok(json!({})))), r#"{"id":4,"jsonrpc":"2.0","result":{}}"#);
        assert_eq!(
            text(answer(Some(json!("x")), Err(Fault::params("No.")))),
            r#"{"error":{"code":-32602,"data":null,"message":"No."},"id":"x","jsonrpc":"2.0"}"#
        );
        assert_eq!(notification("receive", "{}"), r#"{"jsonrpc":"2.0","method":"receive","params":{}}"#);
    }
}
