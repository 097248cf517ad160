//! HTTP over whatever the dialer gives: bollard's transport, and raw streams besides.
//!
//! Invariants: the first request is preceded by one ping, which must be answered within
//! [`CONNECT_TIMEOUT`] and settles the API version for good; every request carries that version, so
//! a newer engine behaves as the one that drydock was written for and an older one is not asked for
//! what it lacks.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bollard::errors::Error as BollardError;
use bollard::{BollardRequest, ClientVersion};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::uri::{Parts, PathAndQuery};
use hyper::{Method, Request, Response, StatusCode, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OnceCell;

use super::dial::{Dialer, Io};
use super::fault;
use crate::engine::{CONNECT_TIMEOUT, EngineError, Result};

/// The newest API version drydock knows: what all its requests were written against.
const NEWEST: (u32, u32) = (1, 47);

/// The authority in every request: no host is meant, HTTP wants one.
const AUTHORITY: &str = "http://docker";

/// Seconds that a request's answer may take to begin: an import or a removal on a slow disk does.
const ANSWER_SECONDS: u64 = 300;

/// One engine's HTTP client. Cheap to clone.
#[derive(Clone)]
pub(super) struct Transport(Arc<Inner>);

struct Inner {
    dialer: Arc<Dialer>,
    client: Client<Connector, Body>,
    version: OnceCell<(u32, u32)>,
}

/// The type of bollard's request bodies, which it keeps to itself.
type Body = BodyOf<BollardRequest>;
type BodyOf<R> = <R as HasBody>::Body;

/// Names the body type inside a request type.
trait HasBody {
    type Body;
}
impl<B> HasBody for Request<B> {
    type Body = B;
}

impl Transport {
    pub(super) fn new(dialer: Dialer) -> Self {
        let dialer = Arc::new(dialer);
        let client = Client::builder(TokioExecutor::new()).build(Connector(Arc::clone(&dialer)));
        Self(Arc::new(Inner { dialer, client, version: OnceCell::new() }))
    }

    /// The endpoint in use, for people.
    pub(super) fn endpoint(&self) -> String {
        self.0.dialer.endpoint()
    }

    /// A bollard client over this transport.
    pub(super) fn bollard(&self) -> Result<bollard::Docker> {
        let transport = self.clone();
        let version =
            ClientVersion { major_version: NEWEST.0 as usize, minor_version: NEWEST.1 as usize };
        bollard::Docker::connect_with_custom_transport(
            move |request: BollardRequest| {
                let transport = transport.clone();
                // The error goes through bollard in an I/O error's coat; `fault` takes it off.
                async move {
                    transport
                        .request(request)
                        .await
                        .map_err(|error| BollardError::from(std::io::Error::other(error)))
                }
            },
            Some(AUTHORITY),
            ANSWER_SECONDS,
            &version,
        )
        .map_err(|error| fault::of_engine(error, &self.endpoint()))
    }

    /// Sends a request under the negotiated version.
    async fn request(&self, mut request: BollardRequest) -> Result<Response<Incoming>> {
        let version = self.version().await?;
        *request.uri_mut() = versioned(request.uri(), version);
        self.send(request).await
    }

    async fn send(&self, request: BollardRequest) -> Result<Response<Incoming>> {
        let Inner { client, .. } = &*self.0;
        client
            .request(request)
            .await
            .map_err(|error| fault::of_connection(&error, &self.endpoint()))
    }

    /// The API version that both sides know; asked for once.
    pub(super) async fn version(&self) -> Result<(u32, u32)> {
        self.0.version.get_or_try_init(|| self.negotiate()).await.copied()
    }

    async fn negotiate(&self) -> Result<(u32, u32)> {
        let ping = Request::get(format!("{AUTHORITY}/_ping"))
            .body(bollard::body_full(Bytes::new()))
            .map_err(|error| fault::of_connection(&error, &self.endpoint()))?;
        let answer =
            tokio::time::timeout(CONNECT_TIMEOUT, self.send(ping)).await.map_err(|_| {
                EngineError::NotRunning {
                    endpoint: self.endpoint(),
                    detail: format!("no answer within {} seconds", CONNECT_TIMEOUT.as_secs()),
                }
            })??;
        let (answer, rest) = answer.into_parts();
        // An answer read to its end leaves a connection that the next request can use.
        let _ = rest.collect().await;
        let theirs = answer
            .headers
            .get("Api-Version")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once('.'))
            .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match theirs {
            Some(theirs) => Ok(NEWEST.min(theirs)),
            None => Err(EngineError::NotRunning {
                endpoint: self.endpoint(),
                detail: format!("what answers there is not a Docker engine ({})", answer.status),
            }),
        }
    }

    /// Posts JSON and takes the connection over: raw bytes both ways from then on. Bollard's own
    /// exec stream guesses at frames and is not binary safe.
    pub(super) async fn hijack(
        &self,
        path: &str,
        json: &serde_json::Value,
        subject: fault::Subject<'_>,
    ) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{AUTHORITY}{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "tcp")
            .body(bollard::body_full(json.to_string().into()))
            .map_err(|error| fault::of_connection(&error, &self.endpoint()))?;
        let answer = self.request(request).await?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            let status = answer.status().as_u16();
            let words = answer.into_body().collect().await.map(http_body_util::Collected::to_bytes);
            return Err(fault::of_answer(status, &words.unwrap_or_default(), subject));
        }
        let stream = hyper::upgrade::on(answer)
            .await
            .map_err(|error| fault::of_connection(&error, &self.endpoint()))?;
        Ok(TokioIo::new(stream))
    }
}

/// The same address under an API version, unless it has one.
fn versioned(uri: &Uri, (major, minor): (u32, u32)) -> Uri {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let has_version =
        path.strip_prefix("/v").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if has_version {
        return uri.clone();
    }
    let mut parts = Parts::from(uri.clone());
    parts.path_and_query = format!("/v{major}.{minor}{path}").parse().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

/// Hands the dialer's streams to hyper.
#[derive(Clone)]
struct Connector(Arc<Dialer>);

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = EngineError;
    type Future = BoxFuture<'static, Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = Arc::clone(&self.0);
        Box::pin(async move { Ok(TokioIo::new(Stream(dialer.dial().await?))) })
    }
}

/// A dialled stream in the shape that hyper wants.
struct Stream(Box<dyn Io>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_put_under_the_version() {
        let put = |uri: &str| versioned(&uri.parse().unwrap(), (1, 41)).to_string();
        assert_eq!(put("http://docker/info"), "http://docker/v1.41/info");
        assert_eq!(put("http://docker/volumes?a=b%2Fc"), "http://docker/v1.41/volumes?a=b%2Fc");
        assert_eq!(put("http://docker/v1.30/info"), "http://docker/v1.30/info");
    }
}
