//! The writing client: one request, sent once, with a deadline and a bound on its answer.
//!
//! It speaks HTTP through hyper rather than through bollard, which tells neither 304 from 204 nor hands out the bytes
//! of a terminal as they are.

use super::connection;
use super::told::sentence;
use crate::sources::engine::{EngineTarget, Transport, escape};
use http_body_util::{BodyExt, Full};
pub(in crate::actions) use hyper::Method;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// Largest answer that is kept, bytes; the rest of a larger one is not read.
const ANSWER: usize = 1 << 20;
/// How long a connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// A question to the engine that changes something.
#[derive(Debug, Clone)]
pub(in crate::actions) struct Ask {
    pub(in crate::actions) method: Method,
    /// Path, its segments escaped.
    pub(in crate::actions) path: String,
    pub(in crate::actions) query: Vec<(&'static str, String)>,
    pub(in crate::actions) body: Option<Value>,
    /// How long the answer may take.
    pub(in crate::actions) patience: Duration,
}

impl Ask {
    /// A question without query and body.
    pub(in crate::actions) fn new(method: Method, path: impl Into<String>) -> Self {
        /// Enough for a busy engine; what takes longer by its nature says so.
        const PATIENCE: Duration = Duration::from_secs(60);
        Ask { method, path: path.into(), query: Vec::new(), body: None, patience: PATIENCE }
    }

    pub(in crate::actions) fn post(path: impl Into<String>) -> Self {
        Ask::new(Method::POST, path)
    }

    pub(in crate::actions) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    pub(in crate::actions) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(in crate::actions) fn patience(mut self, seconds: u64) -> Self {
        self.patience = Duration::from_secs(seconds);
        self
    }
}

/// An answer of whatever status.
#[derive(Debug, Clone)]
pub(in crate::actions) struct Answer {
    pub(in crate::actions) code: u16,
    pub(in crate::actions) body: Vec<u8>,
    /// The body says JSON of itself: it is the engine's own.
    pub(in crate::actions) is_json: bool,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(in crate::actions) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The engine's sentence of an error.
    pub(in crate::actions) fn sentence(&self) -> String {
        sentence(&self.body)
    }
}

/// No answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::actions) enum Lost {
    /// Nothing was sent.
    #[error("{0}")]
    NotSent(String),
    /// It was sent, in part at least.
    #[error("{0}")]
    Unknown(String),
}

/// Writes to one engine.
#[derive(Debug, Clone)]
pub(in crate::actions) struct EngineWriter {
    target: EngineTarget,
}

impl EngineWriter {
    pub(in crate::actions) fn new(target: &EngineTarget) -> Self {
        EngineWriter { target: target.clone() }
    }

    /// Asks once.
    pub(in crate::actions) async fn ask(&self, ask: Ask) -> Result<Answer, Lost> {
        let patience = ask.patience;
        let request = self.request(&ask, false)?;
        let (mut sender, connection) = self.connect().await?;
        let pump = tokio::spawn(connection);
        let answer = timeout(patience, async {
            let response = sender.send_request(request).await.map_err(|error| Lost::Unknown(words(&error)))?;
            Ok(collect(response).await)
        });
        let answer = answer
            .await
            .unwrap_or_else(|_| Err(Lost::Unknown(format!("the engine was silent for {} s", patience.as_secs()))));
        pump.abort();
        answer
    }

    /// Asks for the connection itself: a terminal's bytes come and go by it. An answer without a connection is an error
    /// of the engine.
    pub(in crate::actions) async fn upgrade(&self, ask: Ask) -> Result<Result<TokioIo<Upgraded>, Answer>, Lost> {
        let patience = ask.patience;
        let request = self.request(&ask, true)?;
        let (mut sender, connection) = self.connect().await?;
        tokio::spawn(connection.with_upgrades());
        let response = timeout(patience, sender.send_request(request)).await;
        let response = response
            .map_err(|_| Lost::Unknown(format!("the engine was silent for {} s", patience.as_secs())))?
            .map_err(|error| Lost::Unknown(words(&error)))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Err(collect(response).await));
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| Lost::Unknown(words(&error)))?;
        Ok(Ok(TokioIo::new(upgraded)))
    }

    async fn connect(
        &self,
    ) -> Result<
        (http1::SendRequest<Full<Bytes>>, http1::Connection<TokioIo<Box<dyn connection::Bytes>>, Full<Bytes>>),
        Lost,
    > {
        let at = &self.target.endpoint.url;
        let stream = timeout(CONNECT_PATIENCE, connection::open(&self.target)).await;
        let stream = stream
            .map_err(|_| Lost::NotSent(format!("{at} takes no connection")))?
            .map_err(|error| Lost::NotSent(format!("connect {at}: {error}")))?;
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| Lost::NotSent(words(&error)))
    }

    fn request(&self, ask: &Ask, upgrade: bool) -> Result<Request<Full<Bytes>>, Lost> {
        let (host, base) = match &self.target.transport {
            Transport::Unix(_) => ("localhost", ""),
            Transport::Tcp { authority, base } => (authority.as_str(), base.as_str()),
        };
        let mut path = format!("{base}{}", ask.path);
        for (n, (key, value)) in ask.query.iter().enumerate() {
            path.push_str(&format!("{}{key}={}", if n == 0 { '?' } else { '&' }, escape(value, "")));
        }
        let body = ask.body.as_ref().map(|body| body.to_string()).unwrap_or_default();
        let mut request = Request::builder()
            .method(&ask.method)
            .uri(path)
            .header("Host", host)
            .header("User-Agent", concat!("bridgewatch/", env!("CARGO_PKG_VERSION")))
            .header("Content-Type", "application/json");
        if upgrade {
            request = request.header("Connection", "Upgrade").header("Upgrade", "tcp");
        }
        request.body(Full::from(body)).map_err(|error| Lost::NotSent(error.to_string()))
    }
}

/// The body as far as it is kept. That it breaks off does not change what the head said.
async fn collect(response: Response<Incoming>) -> Answer {
    let code = response.status().as_u16();
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.contains("json");
    let (mut bytes, mut body) = (Vec::new(), response.into_body());
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(&data[..data.len().min(ANSWER - bytes.len())]);
        }
        if bytes.len() >= ANSWER {
            break;
        }
    }
    Answer { code, body: bytes, is_json }
}

/// An error with its causes, as one line.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(&format!(": {error}"));
        cause = error.source();
    }
    crate::text::clean_line(&words).into_owned()
}
