//! One `GET` over bollard's connections: the only place that holds the handle of an engine and knows bollard's errors.
//!
//! bollard has no verb for "the bytes of this path". Its container export has the right shape (a `GET` without a body
//! whose answer is streamed as it comes); the request's address is set to the wanted path before it is sent.

use super::Bytes;
use crate::sources::engine::endpoint::{EngineTarget, Transport};
use crate::sources::engine::error::EngineError;
use bollard::errors::Error as Bollard;
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::StreamExt;
use std::io;
use std::path::Path;

/// bollard's own deadline ends at the head of an answer, and Podman sends the head of its events with the first
/// event: it is set out of the way, all deadlines are the caller's.
const NO_DEADLINE_S: u64 = 10 * 365 * 86_400;
/// Named in the request before its address is replaced; no container can have this name.
const NOBODY: &str = "-";

/// Prepares connections to an engine.
pub(super) fn open(target: &EngineTarget) -> Result<Docker, EngineError> {
    let docker = match (&target.transport, &target.tls) {
        (Transport::Unix(path), _) => {
            Docker::connect_with_unix(&path.to_string_lossy(), NO_DEADLINE_S, API_DEFAULT_VERSION)
        }
        (Transport::Tcp { authority, .. }, Some(tls)) => {
            Docker::connect_with_ssl(authority, &tls.key, &tls.cert, &tls.ca, NO_DEADLINE_S, API_DEFAULT_VERSION)
        }
        (Transport::Tcp { authority, .. }, None) => {
            Docker::connect_with_http(&format!("http://{authority}"), NO_DEADLINE_S, API_DEFAULT_VERSION)
        }
    };
    docker.map_err(|error| match error {
        Bollard::SocketNotFoundError(_) => missing(target),
        other => EngineError::Tls { endpoint: target.endpoint.url.clone(), detail: other.to_string() },
    })
}

/// The body of `GET path?query`, as it comes.
pub(super) fn get(docker: &Docker, target: &EngineTarget, what: &str, path: &str, query: &str) -> Bytes {
    let base = match &target.transport {
        Transport::Tcp { base, .. } => base.as_str(),
        Transport::Unix(_) => "",
    };
    let mark = if query.is_empty() { "" } else { "?" };
    let wanted = format!("{base}{path}{mark}{query}");
    let asking = docker.clone().with_request_modifier(move |mut request| {
        let address = request.uri();
        let (scheme, authority) = (address.scheme_str().unwrap_or("http"), address.authority());
        let authority = authority.map(|authority| authority.as_str()).unwrap_or_default();
        // An address that does not parse leaves the request with a container that can't exist.
        if let Ok(address) = format!("{scheme}://{authority}{wanted}").parse() {
            *request.uri_mut() = address;
        }
        request
    });
    let (target, what) = (target.clone(), what.to_owned());
    let body = asking.export_container(NOBODY).map(move |chunk| match chunk {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(error) => Err(told(error, &target, &what)),
    });
    Box::pin(body)
}

fn missing(target: &EngineTarget) -> EngineError {
    let endpoint = target.endpoint.url.clone();
    match &target.transport {
        // A folder on the way that may not be searched also reads as "does not exist".
        Transport::Unix(path) => match path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => denied(path),
            _ => EngineError::NotFound { endpoint, path: path.display().to_string() },
        },
        Transport::Tcp { .. } => EngineError::Unreachable { endpoint, detail: "no socket".into() },
    }
}

/// A file that may not be opened, with the group that may.
fn denied(path: &Path) -> EngineError {
    use std::os::unix::fs::MetadataExt;
    let nearest = path.ancestors().find_map(|path| path.metadata().ok());
    let group =
        nearest.map(|meta| meta.gid()).map_or("(unknown)".to_owned(), |gid| {
            match nix::unistd::Group::from_gid(gid.into()) {
                Ok(Some(group)) => group.name,
                _ => gid.to_string(),
            }
        });
    EngineError::Permission { path: path.display().to_string(), group }
}

/// The first system error in the chain of causes.
fn io_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !words.contains(&next) {
            words.push_str(": ");
            words.push_str(&next);
        }
        cause = error.source();
    }
    crate::sources::engine::error::first_sentence(&words)
}

/// bollard's error in our words.
fn told(error: Bollard, target: &EngineTarget, what: &str) -> EngineError {
    let endpoint = target.endpoint.url.clone();
    let what = what.to_owned();
    match error {
        Bollard::DockerResponseServerError { status_code, message } => {
            EngineError::from_status(&what, status_code, &message)
        }
        Bollard::HyperLegacyError { err } if err.is_connect() => not_connected(&err, target, what),
        Bollard::HyperLegacyError { err } => broken(chain(&err), what),
        Bollard::HyperResponseError { err } => broken(chain(&err), what),
        Bollard::RequestTimeoutError => EngineError::Silent { what, seconds: NO_DEADLINE_S },
        other @ (Bollard::IOError { .. } | Bollard::JsonSerdeError { .. }) => {
            EngineError::Cut { what, detail: chain(&other) }
        }
        other => EngineError::Unreachable { endpoint, detail: chain(&other) },
    }
}

fn not_connected(error: &(dyn std::error::Error + 'static), target: &EngineTarget, what: String) -> EngineError {
    let endpoint = target.endpoint.url.clone();
    let Some(cause) = io_cause(error) else {
        return match target.tls {
            Some(_) => EngineError::Tls { endpoint, detail: chain(error) },
            None => EngineError::Unreachable { endpoint, detail: chain(error) },
        };
    };
    match (cause.kind(), &target.transport) {
        (io::ErrorKind::NotFound, Transport::Unix(path)) => {
            EngineError::NotFound { endpoint, path: path.display().to_string() }
        }
        (io::ErrorKind::PermissionDenied, Transport::Unix(path)) => denied(path),
        (io::ErrorKind::ConnectionRefused, _) => EngineError::Refused { endpoint },
        // A listener whose queue is full: it is there and takes nobody.
        (io::ErrorKind::WouldBlock, _) => EngineError::Silent { what, seconds: 0 },
        _ if target.tls.is_some() => EngineError::Tls { endpoint, detail: chain(error) },
        _ => EngineError::Unreachable { endpoint, detail: cause.to_string() },
    }
}

/// An answer that broke off or is no HTTP. hyper's error is told by its words: its type is not exported here.
fn broken(words: String, what: String) -> EngineError {
    match words.contains("invalid") || words.contains("too large") {
        true => EngineError::Unparsable { what, detail: words },
        false => EngineError::Cut { what, detail: words },
    }
}
