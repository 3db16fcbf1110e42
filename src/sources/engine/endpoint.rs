//! Which engine: finds the endpoint as Docker's command line does, from options, environment, contexts and defaults.
//!
//! The order is that of docker/cli (`cli/command/cli.go`, `resolveContextName`; `opts/hosts.go`): `--host` or
//! `--context` (both is an error), then `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context of
//! `config.json`, the default socket. It opens no connection.

use crate::model::{EngineEndpoint, Gap, GapKind};
use crate::text::clean_line;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// Where Docker listens when nothing else is said.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// Where Podman's system service listens.
const PODMAN_SOCKET: &str = "/run/podman/podman.sock";

/// How the engine is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// A socket file on this host.
    Unix(PathBuf),
    /// TCP, `host:port`, with a path that precedes every request (mostly empty).
    Tcp {
        /// `host:port`.
        authority: String,
        /// Base path, empty or beginning with a slash.
        base: String,
    },
}

/// Files of a TLS client; the engine's certificate is always checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate authority of the engine.
    pub ca: PathBuf,
    /// Our certificate.
    pub cert: PathBuf,
    /// Our key.
    pub key: PathBuf,
}

/// The engine that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineTarget {
    /// Address and origin, for the header and for errors.
    pub endpoint: EngineEndpoint,
    /// How to get there.
    pub transport: Transport,
    /// TLS, when the endpoint asks for it.
    pub tls: Option<TlsFiles>,
    /// What was odd on the way, e.g. a config file that can't be read and was passed over, as docker does.
    pub notes: Vec<String>,
}

impl EngineTarget {
    /// The engine behind a socket file.
    pub fn unix(path: impl Into<PathBuf>, origin: &str) -> Self {
        let path = path.into();
        let endpoint = EngineEndpoint { url: format!("unix://{}", path.display()), origin: origin.to_owned() };
        EngineTarget { endpoint, transport: Transport::Unix(path), tls: None, notes: Vec::new() }
    }
}

/// No endpoint could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// `--host` and `--context` together.
    #[error("--host and --context exclude each other: name the engine in one way")]
    Conflict,
    /// The named context is not in the store.
    #[error("context `{name}` (from {origin}) does not exist in {store}; `docker context ls` shows those that do")]
    NoContext {
        /// Its name, cleaned.
        name: String,
        /// What named it.
        origin: String,
        /// The folder that was searched.
        store: String,
    },
    /// The context says nothing of an engine.
    #[error("context `{name}` (from {origin}) has no docker endpoint")]
    NoEndpoint {
        /// Its name, cleaned.
        name: String,
        /// What named it.
        origin: String,
    },
    /// An ssh endpoint: its kernel can't be read from here.
    #[error(
        "{url} (from {origin}) is another host: run bridgewatch on that host, as the kernel's half can't be read over ssh"
    )]
    Ssh {
        /// The endpoint.
        url: String,
        /// What named it.
        origin: String,
    },
    /// Not an address of an engine.
    #[error("`{url}` (from {origin}) is not an engine endpoint: {why}")]
    Malformed {
        /// The endpoint, cleaned.
        url: String,
        /// What named it.
        origin: String,
        /// What is wrong with it and what would be right.
        why: String,
    },
    /// TLS material is missing, or TLS without checks is asked for.
    #[error("TLS for {url} (from {origin}): {why}")]
    Tls {
        /// The endpoint.
        url: String,
        /// What named it.
        origin: String,
        /// What is missing.
        why: String,
    },
}

impl EndpointError {
    /// The gap that this leaves.
    pub fn gap(&self) -> Gap {
        let kind = if matches!(self, EndpointError::Ssh { .. }) { GapKind::NotLocal } else { GapKind::EngineDown };
        Gap::new(kind, self.to_string())
    }
}

/// What the search may look at; the live one is [`Here`], tests have their own.
pub trait Surroundings {
    /// An environment variable that is set and not empty.
    fn env(&self, name: &str) -> Option<String>;
    /// Content of a file.
    ///
    /// # Errors
    /// Those of the file system.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Entries of a folder.
    ///
    /// # Errors
    /// Those of the file system.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
    /// True when there is something at the path.
    fn exists(&self, path: &Path) -> bool;
}

/// The environment and the files of this process.
#[derive(Debug, Clone, Copy)]
pub struct Here;

impl Surroundings for Here {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        use std::io::Read as _;
        /// A config file of more than this is not one.
        const LIMIT: u64 = 4 << 20;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// Chooses the engine from the two options, the environment and the files of this host.
///
/// # Errors
/// [`EndpointError`], in words for the operator; nothing is connected to, so a chosen engine may still be away.
pub fn resolve(host: Option<&str>, context: Option<&str>) -> Result<EngineTarget, EndpointError> {
    resolve_in(&Here, host, context)
}

/// As [`resolve`], in given surroundings.
///
/// # Errors
/// See [`resolve`].
pub fn resolve_in(
    here: &dyn Surroundings,
    host: Option<&str>,
    context: Option<&str>,
) -> Result<EngineTarget, EndpointError> {
    let host = host.map(str::trim).filter(|host| !host.is_empty());
    let context = context.filter(|context| !context.is_empty());
    let mut notes = Vec::new();
    let (name, origin) = match (host, context) {
        (Some(_), Some(_)) => return Err(EndpointError::Conflict),
        (Some(host), None) => return from_text(here, host, "--host", notes),
        (None, Some(name)) => (name.to_owned(), format!("--context {}", clean_line(name))),
        (None, None) => match chosen_elsewhere(here, &mut notes) {
            Some(chosen) => chosen,
            None => return from_default(here, notes),
        },
    };
    if name == "default" { from_default(here, notes) } else { from_context(here, &name, &origin, notes) }
}

/// A context that the environment or the config file names, with what named it. `DOCKER_HOST` beats both.
fn chosen_elsewhere(here: &dyn Surroundings, notes: &mut Vec<String>) -> Option<(String, String)> {
    if here.env("DOCKER_HOST").is_some() {
        return None;
    }
    if let Some(name) = here.env("DOCKER_CONTEXT") {
        return Some((name, "DOCKER_CONTEXT".to_owned()));
    }
    let path = config_dir(here)?.join("config.json");
    let bytes = match here.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            notes.push(format!("read {}: {error}; passed over", path.display()));
            return None;
        }
    };
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(config) => {
            let name = config.get("currentContext")?.as_str().filter(|name| !name.is_empty())?;
            Some((name.to_owned(), format!("current context {}", clean_line(name))))
        }
        Err(error) => {
            notes.push(format!("{} is not JSON ({error}); passed over", path.display()));
            None
        }
    }
}

fn config_dir(here: &dyn Surroundings) -> Option<PathBuf> {
    here.env("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| here.env("HOME").map(|home| PathBuf::from(home).join(".docker")))
}

/// The context named `default`: `DOCKER_HOST`, else the local socket, else Podman's.
fn from_default(here: &dyn Surroundings, notes: Vec<String>) -> Result<EngineTarget, EndpointError> {
    if let Some(host) = here.env("DOCKER_HOST").map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()) {
        return from_text(here, &host, "DOCKER_HOST", notes);
    }
    if wants_tls(here) {
        return from_text(here, "tcp://localhost:2376", "default (TLS is asked for)", notes);
    }
    let mut places = vec![(PathBuf::from(DEFAULT_SOCKET), "default".to_owned())];
    if let Some(dir) = here.env("XDG_RUNTIME_DIR").map(PathBuf::from) {
        places.push((dir.join("docker.sock"), format!("rootless Docker's socket, as {DEFAULT_SOCKET} is missing")));
        places.push((dir.join("podman/podman.sock"), format!("Podman's user socket, as {DEFAULT_SOCKET} is missing")));
    }
    places.push((PathBuf::from(PODMAN_SOCKET), format!("Podman's socket, as {DEFAULT_SOCKET} is missing")));
    let found = places.iter().position(|(path, _)| here.exists(path)).unwrap_or(0);
    let (path, origin) = places.swap_remove(found);
    Ok(EngineTarget { notes, ..EngineTarget::unix(path, &origin) })
}

fn wants_tls(here: &dyn Surroundings) -> bool {
    here.env("DOCKER_TLS_VERIFY").is_some() || here.env("DOCKER_TLS").is_some()
}

/// An endpoint as text from an option or the environment, with TLS as the environment says.
fn from_text(
    here: &dyn Surroundings,
    text: &str,
    origin: &str,
    notes: Vec<String>,
) -> Result<EngineTarget, EndpointError> {
    let default_port = if wants_tls(here) { 2376 } else { 2375 };
    let (url, transport) = parse_endpoint(text, origin, default_port)?;
    let mut tls = None;
    if wants_tls(here) && matches!(transport, Transport::Tcp { .. }) {
        let fail = |why: String| EndpointError::Tls { url: url.clone(), origin: origin.to_owned(), why };
        if here.env("DOCKER_TLS_VERIFY").is_none() {
            return Err(fail(
                "DOCKER_TLS without DOCKER_TLS_VERIFY does not check who answers; set DOCKER_TLS_VERIFY=1".into(),
            ));
        }
        let dir = here.env("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| config_dir(here)).unwrap_or_default();
        tls = Some(tls_files(here, &dir).map_err(fail)?);
    }
    let endpoint = EngineEndpoint { url, origin: origin.to_owned() };
    Ok(EngineTarget { endpoint, transport, tls, notes })
}

fn tls_files(here: &dyn Surroundings, dir: &Path) -> Result<TlsFiles, String> {
    let files = TlsFiles { ca: dir.join("ca.pem"), cert: dir.join("cert.pem"), key: dir.join("key.pem") };
    match here.exists(&files.ca) {
        true => Ok(files),
        false => Err(format!("{} is missing; DOCKER_CERT_PATH names its folder", files.ca.display())),
    }
}

/// A context of the store. The folder of a context is named by a hash of its name; looking into each is as good.
fn from_context(
    here: &dyn Surroundings,
    name: &str,
    origin: &str,
    mut notes: Vec<String>,
) -> Result<EngineTarget, EndpointError> {
    let store = config_dir(here).unwrap_or_default().join("contexts");
    let shown = clean_line(name).into_owned();
    let mut found = None;
    for folder in here.list(&store.join("meta")).unwrap_or_default() {
        let path = folder.join("meta.json");
        let meta = match here.read(&path).map(|bytes| serde_json::from_slice::<Value>(&bytes)) {
            Ok(Ok(meta)) => meta,
            Ok(Err(error)) => {
                notes.push(format!("{} is not JSON ({error}); passed over", path.display()));
                continue;
            }
            Err(error) => {
                notes.push(format!("read {}: {error}; passed over", path.display()));
                continue;
            }
        };
        if meta.get("Name").and_then(Value::as_str) == Some(name) {
            found = Some((folder, meta));
            break;
        }
    }
    let Some((folder, meta)) = found else {
        let store = store.display().to_string();
        return Err(EndpointError::NoContext { name: shown, origin: origin.to_owned(), store });
    };
    let Some(docker) = meta.pointer("/Endpoints/docker") else {
        return Err(EndpointError::NoEndpoint { name: shown, origin: origin.to_owned() });
    };
    let host = docker.get("Host").and_then(Value::as_str).filter(|host| !host.is_empty());
    let default = format!("unix://{DEFAULT_SOCKET}");
    let tls_dir = store.join("tls").join(folder.file_name().unwrap_or_default()).join("docker");
    let has_tls = ["ca.pem", "cert.pem", "key.pem"].iter().any(|file| here.exists(&tls_dir.join(file)));
    let (url, transport) = parse_endpoint(host.unwrap_or(&default), origin, if has_tls { 2376 } else { 2375 })?;
    let skip_verify = docker.get("SkipTLSVerify").and_then(Value::as_bool).unwrap_or(false);
    let mut tls = None;
    if matches!(transport, Transport::Tcp { .. }) && (has_tls || skip_verify) {
        let fail = |why: String| EndpointError::Tls { url: url.clone(), origin: origin.to_owned(), why };
        if skip_verify {
            return Err(fail(
                "the context switches the check of the engine's certificate off; bridgewatch does not".into(),
            ));
        }
        tls = Some(tls_files(here, &tls_dir).map_err(fail)?);
    }
    let endpoint = EngineEndpoint { url, origin: origin.to_owned() };
    Ok(EngineTarget { endpoint, transport, tls, notes })
}

/// Reads an endpoint as docker's `-H` does: `unix://`, `tcp://`, or a bare `host:port`.
fn parse_endpoint(text: &str, origin: &str, default_port: u16) -> Result<(String, Transport), EndpointError> {
    let text = text.trim();
    let malformed = |why: &str| EndpointError::Malformed {
        url: clean_line(text).into_owned(),
        origin: origin.to_owned(),
        why: why.to_owned(),
    };
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(malformed("it holds a space or a control character"));
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
    match scheme {
        "unix" => {
            let path = if rest.is_empty() { DEFAULT_SOCKET } else { rest };
            if !path.starts_with('/') {
                return Err(malformed("a socket is named by its absolute path, like unix:///var/run/docker.sock"));
            }
            Ok((format!("unix://{path}"), Transport::Unix(PathBuf::from(path))))
        }
        "tcp" => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let authority = with_port(host, default_port).ok_or_else(|| malformed("the port is not a number"))?;
            let path = path.trim_end_matches('/');
            let base = if path.is_empty() { String::new() } else { format!("/{path}") };
            Ok((format!("tcp://{authority}{base}"), Transport::Tcp { authority, base }))
        }
        "ssh" => Err(EndpointError::Ssh { url: text.to_owned(), origin: origin.to_owned() }),
        "http" | "https" => Err(malformed("write tcp://host:port; TLS is set by DOCKER_TLS_VERIFY or a context")),
        "npipe" | "fd" => Err(malformed("this kind of endpoint is not for clients on Linux")),
        _ => Err(malformed("it begins with unix:// or tcp://")),
    }
}

/// `host:port` with docker's defaults for the parts that are left out; none when the port is not one.
fn with_port(host: &str, default_port: u16) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[') {
        let (address, rest) = inner.split_once(']')?;
        let port = match rest.strip_prefix(':') {
            Some(port) if !port.is_empty() => port.parse().ok()?,
            _ => default_port,
        };
        return Some(format!("[{address}]:{port}"));
    }
    let (name, port) = match host.split_once(':') {
        Some((name, "")) => (name, default_port),
        Some((name, port)) => (name, port.parse().ok()?),
        None => (host, default_port),
    };
    Some(format!("{}:{port}", if name.is_empty() { "localhost" } else { name }))
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
