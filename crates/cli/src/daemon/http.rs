//! HTTP on loopback: `POST /api/v1/rpc`, `GET /api/v1/events` (server-sent events), `GET /api/v1/check`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming as Sent};
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Interval, timeout};

use super::hub::{Event, Listener, Since};
use super::rpc::{Fault, INVALID_REQUEST, Incoming, METHOD_NOT_FOUND, error};
use super::token::Token;
use super::{Place, REQUEST_BYTES_MAX, methods, no_address, tell};
use crate::end::Stop;

/// Takes the address; only programs of this machine reach it.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Stop> {
    if !address.ip().is_loopback() {
        return Err(Stop::usage(format!(
            "{} is reached from other machines, and bots are served on this one only. Give an address like \
             127.0.0.1:8090, and let a proxy of your own do the rest.",
            address.ip()
        )));
    }
    TcpListener::bind(address).await.map_err(|error| no_address(address, &error))
}

/// Serves everybody who connects.
pub async fn serve(listener: TcpListener, token: Token, place: Place) {
    let token = Arc::new(token);
    // Numbers of events of another run mean other events.
    let run = Arc::new(run_name());
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let Ok(room) = place.room.clone().try_acquire_owned() else {
            tell("A connection was refused: there are as many as there may be.");
            continue;
        };
        let (place, token, run) = (place.clone(), token.clone(), run.clone());
        connections.spawn(async move {
            let _room = room;
            connection(stream, place, token, run).await;
        });
    }
}

async fn connection(stream: TcpStream, place: Place, token: Arc<Token>, run: Arc<String>) {
    let service = service_fn(move |request| {
        let (place, token, run) = (place.clone(), token.clone(), run.clone());
        async move { Ok::<_, Infallible>(respond(request, &place, &token, &run).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WAIT)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // However it ended, there is nobody left to tell.
    let _ = serving.await;
}

async fn respond(request: Request<Sent>, place: &Place, token: &Token, run: &str) -> Response<Reply> {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        // Whether it runs is no secret.
        (&Method::GET | &Method::HEAD, "/api/v1/check") => plain(StatusCode::OK, ""),
        (_, "/api/v1/rpc" | "/api/v1/events") if !is_allowed(&request, token) => {
            let mut response = plain(StatusCode::UNAUTHORIZED, "Give the token: Authorization: Bearer …\n");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        (&Method::POST, "/api/v1/rpc") => rpc(request, place).await,
        (&Method::GET, "/api/v1/events") => events(&request, place, run).await,
        (_, "/api/v1/check" | "/api/v1/rpc" | "/api/v1/events") => {
            plain(StatusCode::METHOD_NOT_ALLOWED, "POST /api/v1/rpc, GET /api/v1/events, GET /api/v1/check\n")
        }
        _ => plain(StatusCode::NOT_FOUND, "There are /api/v1/rpc, /api/v1/events and /api/v1/check.\n"),
    }
}

fn is_allowed(request: &Request<Sent>, token: &Token) -> bool {
    request.headers().get(AUTHORIZATION).is_some_and(|header| token.is_in(header.as_bytes()))
}

async fn rpc(request: Request<Sent>, place: &Place) -> Response<Reply> {
    let body = match timeout(BODY_WAIT, Limited::new(request.into_body(), REQUEST_BYTES_MAX).collect()).await
    {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let fault =
                Fault::new(INVALID_REQUEST, format!("A request has {REQUEST_BYTES_MAX} bytes at most."));
            return json(StatusCode::PAYLOAD_TOO_LARGE, &super::rpc::error(Value::Null, &fault));
        }
        Ok(Err(_)) | Err(_) => {
            return plain(StatusCode::REQUEST_TIMEOUT, "The request did not come whole.\n");
        }
    };
    match Incoming::read(&body) {
        Incoming::One(Err(refusal)) => json(StatusCode::OK, &error(refusal.id, &refusal.fault)),
        Incoming::One(Ok(call)) => match perform(place, call).await {
            Some(answer) => json(StatusCode::OK, &answer),
            None => plain(StatusCode::NO_CONTENT, ""),
        },
        Incoming::Batch(calls) => {
            let mut answers = Vec::new();
            for call in calls {
                match call {
                    Ok(call) => answers.extend(perform(place, call).await),
                    Err(refusal) => answers.push(error(refusal.id, &refusal.fault)),
                }
            }
            if answers.is_empty() {
                plain(StatusCode::NO_CONTENT, "")
            } else {
                json(StatusCode::OK, &Value::Array(answers))
            }
        }
    }
}

async fn perform(place: &Place, call: super::rpc::Call) -> Option<Value> {
    if matches!(call.method.as_str(), "subscribeReceive" | "unsubscribeReceive") {
        let fault = Fault::new(METHOD_NOT_FOUND, "Over HTTP, what arrives is at GET /api/v1/events");
        return super::rpc::answer(call.id, Err(fault));
    }
    methods::perform(&place.bots, call).await
}

async fn events(request: &Request<Sent>, place: &Place, run: &str) -> Response<Reply> {
    let last = request.headers().get("last-event-id").map(HeaderValue::as_bytes);
    let Some(listener) = place.hub.listen(since(last, run)).await else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "");
    };
    let mut quiet = tokio::time::interval(SIGN_OF_LIFE_EVERY);
    quiet.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut response = Response::new(Reply::Events { listener, quiet, run: run.to_owned() });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a listener heard last, when it comes back.
fn since(last: Option<&[u8]>, run: &str) -> Since {
    let Some(last) = last else { return Since::Now };
    let number = std::str::from_utf8(last).ok().and_then(|last| {
        let (of, number) = last.trim().split_once('-')?;
        (of == run).then(|| number.parse().ok()).flatten()
    });
    number.map_or(Since::Kept, Since::After)
}

/// One server-sent event.
fn event_lines(run: &str, event: &Event) -> Bytes {
    Bytes::from(format!("id:{run}-{}\nevent:{}\ndata:{}\n\n", event.number, event.method, event.params))
}

fn plain(status: StatusCode, words: &'static str) -> Response<Reply> {
    let mut response = Response::new(Reply::Whole(Some(Bytes::from_static(words.as_bytes()))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn json(status: StatusCode, value: &Value) -> Response<Reply> {
    let mut response = Response::new(Reply::Whole(Some(Bytes::from(value.to_string()))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn run_name() -> String {
    let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!("{:x}", started.map_or(0, |since| since.as_millis()))
}

/// What is answered.
enum Reply {
    Whole(Option<Bytes>),
    /// What is heard, and a sign of life while nothing is.
    Events {
        listener: Listener,
        quiet: Interval,
        run: String,
    },
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(
                bytes.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))),
            ),
            Self::Events { listener, quiet, run } => {
                if let Poll::Ready(event) = listener.poll_next(context) {
                    return Poll::Ready(event.map(|event| Ok(Frame::data(event_lines(run, &event)))));
                }
                // The first one comes at once, so that whoever asked knows that it listens.
                quiet.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(b":\n\n")))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Self::Whole(bytes) => {
                hyper::body::SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Events { .. } => hyper::body::SizeHint::new(),
        }
    }
}

/// The head of a request is here within this; a connection kept open for the next one as well.
const HEADER_WAIT: Duration = Duration::from_secs(60);
/// Its body is here within this.
const BODY_WAIT: Duration = Duration::from_secs(30);
/// Bytes read ahead.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// A connection on which nothing is said is kept open with this; also how one that is gone is noticed.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(15);
/// When the system has no room for another connection, it is asked again after this.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_this_machine_reaches_it() {
        for address in ["0.0.0.0:0", "[::]:0", "192.168.1.5:0"] {
            assert!(bind(address.parse().unwrap()).await.is_err(), "{address}");
        }
        assert!(bind("127.0.0.1:0".parse().unwrap()).await.is_ok());
    }

    #[test]
    fn who_comes_back_hears_what_came_in_between() {
        assert_eq!(since(None, "5a"), Since::Now);
        assert_eq!(since(Some(b"5a-7"), "5a"), Since::After(7));
        for unknown in [&b"5b-7"[..], b"7", b"5a-x", b"\xff", b""] {
            assert_eq!(since(Some(unknown), "5a"), Since::Kept);
        }
    }
}
