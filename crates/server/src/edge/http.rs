//! HTTP: an allow-list of paths, and the upgrade to a WebSocket at each door.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wire::Door;

use super::engine::Engine;
use super::source::Place;
use super::{socket, web};

/// Serves one connection, its upgrade included. The place is given back at the end of all of it.
pub async fn serve<S>(stream: S, engine: Engine, place: Place)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let place = Arc::new(place);
    let service = service_fn(|request| {
        let answer = answer::<S>(request, &engine, &place);
        async move { Ok::<_, Infallible>(answer) }
    });
    // A connection that breaks off is nothing to speak of.
    let _ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

fn answer<S>(request: Request<Incoming>, engine: &Engine, place: &Arc<Place>) -> Response<Full<Bytes>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let mut response = route::<S>(request, engine, place);
    for (name, value) in web::security_headers(host.as_deref()) {
        response.headers_mut().insert(name, value);
    }
    response
}

fn route<S>(request: Request<Incoming>, engine: &Engine, place: &Arc<Place>) -> Response<Full<Bytes>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET is answered here.\n");
    }
    let path = request.uri().path();
    if let Some(door) = Door::ALL.into_iter().find(|door| door.path() == path) {
        return upgrade::<S>(request, door, engine.clone(), Arc::clone(place));
    }
    if path == HEALTH {
        return health(engine.is_well());
    }
    match web::find(path) {
        Some(file) => page(file, request.headers()),
        None => plain(StatusCode::NOT_FOUND, "There is nothing here.\n"),
    }
}

fn health(ok: bool) -> Response<Full<Bytes>> {
    let text = format!("{{\"ok\":{ok},\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"));
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    with_type(status, "application/json", text)
}

fn page(file: &'static web::WebFile, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let names = |name, wanted: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim() == wanted)
    };
    let tag = format!("\"{}\"", file.tag);
    let known = names(header::IF_NONE_MATCH, &tag) || names(header::IF_NONE_MATCH, &format!("W/{tag}"));
    let accepts = names(header::ACCEPT_ENCODING, "br");
    let (status, body, encoding) = match (known, file.brotli.filter(|_| accepts)) {
        (true, _) => (StatusCode::NOT_MODIFIED, &[][..], None),
        (false, Some(brotli)) => (StatusCode::OK, brotli, Some("br")),
        (false, None) => (StatusCode::OK, file.plain, None),
    };
    let mut response = with_type(status, file.media_type, body);
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(web::cache_control(file.path)));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    out.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    out.extend(encoding.map(|name| (header::CONTENT_ENCODING, HeaderValue::from_static(name))));
    response
}

/// Answers the handshake of RFC 6455 section 4.2 and hands the connection over.
fn upgrade<S>(
    mut request: Request<Incoming>,
    door: Door,
    engine: Engine,
    place: Arc<Place>,
) -> Response<Full<Bytes>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(accept) = handshake(&request) else {
        return plain(StatusCode::UPGRADE_REQUIRED, "This is a door for Valise apps: it speaks WebSocket.\n");
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<S>>() else { return };
        socket::serve(parts.io.into_inner(), parts.read_buf.to_vec(), engine, door, place.source).await;
        drop(place);
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn handshake(request: &Request<Incoming>) -> Option<HeaderValue> {
    let value = |name| request.headers().get(name)?.to_str().ok();
    let has = |name, wanted: &str| {
        value(name)
            .is_some_and(|text: &str| text.split(',').any(|part| part.trim().eq_ignore_ascii_case(wanted)))
    };
    let asked = *request.method() == Method::GET
        && has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && value(header::SEC_WEBSOCKET_VERSION) == Some("13");
    let key = value(header::SEC_WEBSOCKET_KEY).filter(|_| asked)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    with_type(status, "text/plain; charset=utf-8", text)
}

fn with_type(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const HEALTH: &str = "/health";
/// A request's head is there within this time, also on a connection that is kept for the next one (T-41).
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// Header lines of a request.
const HEADERS_MAX: usize = 64;
/// Bytes of a request's head; hyper takes no less than 8 KiB.
const HEADER_BYTES_MAX: usize = 16 * 1024;
