//! The reading client of an engine: every question there is, each with a bound on size and a deadline on the whole
//! answer.
//!
//! bollard carries the requests (Unix socket, TCP, TLS). Answers are taken as bytes rather than as bollard's types: a
//! typed answer is collected without a bound, fails as a whole on one unknown word, and its log decoder guesses the
//! framing from bytes that the container chose. The handle never leaves this file and its transport, and
//! only `GET` can be asked.

use super::convert;
use super::endpoint::EngineTarget;
use super::error::EngineError;
use super::json::Json;
use super::split::{Item, ItemSplitter, LineSplitter};
use crate::model::{Container, ContainerId, DiskUse, Engine, Exec, Network, NetworkId, Volume};
use bollard::Docker;
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

#[path = "transport.rs"]
mod transport;

/// Inspects under way at once.
const AT_ONCE: usize = 8;
/// Largest answer about one thing, bytes.
const ONE: usize = 8 << 20;
/// Largest element of a list, bytes.
const ELEMENT: usize = 4 << 20;
/// Longest line of the event stream, bytes.
const EVENT: usize = 1 << 20;
/// Deadline of an answer about one thing.
const ONE_DEADLINE: Duration = Duration::from_secs(5);
/// Deadline of the disk's use.
const DISK_DEADLINE: Duration = Duration::from_secs(120);
/// Deadline of a list.
const LIST_DEADLINE: Duration = Duration::from_secs(15);

type Bytes = Pin<Box<dyn Stream<Item = Result<Vec<u8>, EngineError>> + Send>>;

/// What the raw answer is wanted of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawSubject {
    /// `GET /containers/ID/json`.
    Container(ContainerId),
    /// `GET /networks/ID`.
    Network(NetworkId),
    /// `GET /volumes/NAME`.
    Volume(String),
    /// `GET /images/REF/json`.
    Image(String),
}

/// A list as far as it could be read.
#[derive(Debug, Clone, Default)]
pub struct Listing<T> {
    /// The readable items.
    pub items: Vec<T>,
    /// Items that could not be read.
    pub unreadable: u64,
    /// What was wrong with the first of those.
    pub fault: String,
}

/// Reads an engine. Cheap to clone; all clones share one bound on concurrent inspects.
#[derive(Clone)]
pub struct EngineReader {
    inner: Arc<Inner>,
}

struct Inner {
    docker: Docker,
    target: EngineTarget,
    inspects: Semaphore,
}

impl std::fmt::Debug for EngineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("EngineReader").field(&self.inner.target.endpoint).finish()
    }
}

impl EngineReader {
    /// A reader of the engine at `target`. Connections are made when something is asked.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for a missing socket, [`EngineError::Tls`] for unusable certificates.
    pub fn connect(target: &EngineTarget) -> Result<Self, EngineError> {
        let docker = transport::open(target)?;
        let inner = Inner { docker, target: target.clone(), inspects: Semaphore::new(AT_ONCE) };
        Ok(EngineReader { inner: Arc::new(inner) })
    }

    /// The engine this reads.
    pub fn target(&self) -> &EngineTarget {
        &self.inner.target
    }

    /// Asks for a sign of life (`GET /_ping`) and waits at most `patience`.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn ping(&self, patience: Duration) -> Result<(), EngineError> {
        self.whole("ping", "/_ping", "", 64 << 10, patience).await.map(drop)
    }

    /// The engine, from `/version` and `/info`, and how many milliseconds its clock is ahead of ours, when it says.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn engine(&self) -> Result<(Engine, Option<i64>), EngineError> {
        let (version, info) = tokio::join!(
            self.value("version", "/version", "", LIST_DEADLINE),
            self.value("info", "/info", "", LIST_DEADLINE)
        );
        let now = jiff::Timestamp::now();
        let (version, info) = (version?, info?);
        let skew = Json::of(&info).at("SystemTime").time().map(|theirs| theirs.as_millisecond() - now.as_millisecond());
        Ok((convert::engine(&version, &info), skew))
    }

    /// All containers, running or not, as the list tells them: no configuration, no process ids.
    ///
    /// # Errors
    /// [`EngineError`]; a list that is cut is an error, never half a list.
    pub async fn containers(&self) -> Result<Listing<Container>, EngineError> {
        self.list("list containers", "/containers/json", "all=1", convert::container_row).await
    }

    /// One container in full.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn container(&self, id: &ContainerId) -> Result<Container, EngineError> {
        self.container_with_execs(id).await.map(|(container, _)| container)
    }

    /// One container in full, and the ids of the exec sessions that run in it now.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn container_with_execs(&self, id: &ContainerId) -> Result<(Container, Vec<String>), EngineError> {
        let what = format!("inspect container {}", id.short());
        let value = self.inspect(&what, &format!("/containers/{}/json", segment(id.as_str(), &what)?)).await?;
        let execs = Json::of(&value).at("ExecIDs").strings();
        Ok((convert::container(&value).ok_or_else(|| not_one(what))?, execs))
    }

    /// All networks, without their members.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn networks(&self) -> Result<Listing<Network>, EngineError> {
        self.list("list networks", "/networks", "", convert::network_row).await
    }

    /// One network with its members.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn network(&self, id: &NetworkId) -> Result<Network, EngineError> {
        let what = format!("inspect network {}", id.short());
        let value = self.inspect(&what, &format!("/networks/{}", segment(id.as_str(), &what)?)).await?;
        convert::network(&value).ok_or_else(|| not_one(what))
    }

    /// All volumes.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn volumes(&self) -> Result<Vec<Volume>, EngineError> {
        let value = self.value("list volumes", "/volumes", "", LIST_DEADLINE).await?;
        Ok(Json::of(&value).at("Volumes").list().filter_map(convert::volume_at).collect())
    }

    /// One volume.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn volume(&self, name: &str) -> Result<Volume, EngineError> {
        let what = format!("inspect volume {}", crate::text::clean_line(name));
        let value = self.inspect(&what, &format!("/volumes/{}", segment(name, &what)?)).await?;
        convert::volume_at(Json::of(&value)).ok_or_else(|| not_one(what))
    }

    /// What the engine keeps on its disk. It walks its files for this, which may take long.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn disk_use(&self) -> Result<DiskUse, EngineError> {
        let value = self.value("disk use", "/system/df", "", DISK_DEADLINE).await?;
        Ok(convert::disk_use(&value))
    }

    /// Names of the checkpoints of a container.
    ///
    /// # Errors
    /// [`EngineError`]; engines without experimental features do not know the question.
    pub async fn checkpoints(&self, id: &ContainerId) -> Result<Vec<String>, EngineError> {
        let what = "list checkpoints";
        let path = format!("/containers/{}/checkpoints", segment(id.as_str(), what)?);
        let value = self.value(what, &path, "", ONE_DEADLINE).await?;
        Ok(Json::of(&value).list().map(|checkpoint| checkpoint.at("Name").string()).collect())
    }

    /// One exec session, and the container it is in.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn exec(&self, id: &str) -> Result<(ContainerId, Exec), EngineError> {
        let what = format!("inspect exec {}", crate::text::clean_line(id));
        let value = self.inspect(&what, &format!("/exec/{}/json", segment(id, &what)?)).await?;
        convert::exec(&value).ok_or_else(|| not_one(what))
    }

    /// The engine's raw answer for one thing.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn inspect_raw(&self, subject: &RawSubject) -> Result<Value, EngineError> {
        let what = "raw inspect";
        let path = match subject {
            RawSubject::Container(id) => format!("/containers/{}/json", segment(id.as_str(), what)?),
            RawSubject::Network(id) => format!("/networks/{}", segment(id.as_str(), what)?),
            RawSubject::Volume(name) => format!("/volumes/{}", segment(name, what)?),
            RawSubject::Image(name) => format!("/images/{}/json", segment(name, what)?),
        };
        self.inspect(what, &path).await
    }

    /// The stream of events since `since` (`seconds.nanoseconds`, the engine's clock), for ever.
    ///
    /// `filters` is the engine's JSON for it, or empty.
    pub fn events(&self, since: &str, filters: &str) -> Events {
        let mut query = String::new();
        for (key, value) in [("since", since), ("filters", filters)] {
            if !value.is_empty() {
                let glue = if query.is_empty() { "" } else { "&" };
                query.push_str(&format!("{glue}{key}={}", escape(value, "")));
            }
        }
        Events { bytes: self.body("events", "/events", &query), lines: LineSplitter::new(EVENT), ready: Vec::new() }
    }

    /// The bytes of a container's log as the engine frames them, for [`super::logs`].
    pub(super) fn log_bytes(&self, id: &ContainerId, query: &str) -> Result<Bytes, EngineError> {
        let what = "logs";
        Ok(self.body(what, &format!("/containers/{}/logs", segment(id.as_str(), what)?), query))
    }

    async fn inspect(&self, what: &str, path: &str) -> Result<Value, EngineError> {
        // The semaphore is never closed; were it, the bound would be gone and nothing else.
        let _slot = self.inner.inspects.acquire().await.ok();
        self.value(what, path, "", ONE_DEADLINE).await
    }

    async fn value(&self, what: &str, path: &str, query: &str, patience: Duration) -> Result<Value, EngineError> {
        let bytes = self.whole(what, path, query, ONE, patience).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| EngineError::Unparsable { what: what.to_owned(), detail: error.to_string() })
    }

    async fn whole(
        &self,
        what: &str,
        path: &str,
        query: &str,
        limit: usize,
        patience: Duration,
    ) -> Result<Vec<u8>, EngineError> {
        let read = async {
            let mut bytes = Vec::new();
            let mut body = self.body(what, path, query);
            while let Some(chunk) = body.next().await {
                bytes.extend_from_slice(&chunk?);
                if bytes.len() > limit {
                    return Err(EngineError::TooBig { what: what.to_owned(), limit: limit >> 20 });
                }
            }
            Ok(bytes)
        };
        timeout(patience, read).await.unwrap_or_else(|_| Err(silent(what, patience)))
    }

    async fn list<T>(
        &self,
        what: &str,
        path: &str,
        query: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Listing<T>, EngineError> {
        let mut listing = Listing { items: Vec::new(), unreadable: 0, fault: String::new() };
        let mut take = |item: Item| match read_item(&item, &read) {
            Ok(item) => listing.items.push(item),
            Err(fault) => {
                listing.unreadable += 1;
                if listing.fault.is_empty() {
                    listing.fault = fault;
                }
            }
        };
        let all = async {
            let mut splitter = ItemSplitter::new(ELEMENT);
            let mut body = self.body(what, path, query);
            while let Some(chunk) = body.next().await {
                splitter.push(&chunk?, &mut take);
            }
            match splitter.is_complete() {
                true => Ok(()),
                false => {
                    Err(EngineError::Unparsable { what: what.to_owned(), detail: "it is not a whole list".into() })
                }
            }
        };
        timeout(LIST_DEADLINE, all).await.unwrap_or_else(|_| Err(silent(what, LIST_DEADLINE)))?;
        Ok(listing)
    }

    fn body(&self, what: &str, path: &str, query: &str) -> Bytes {
        transport::get(&self.inner.docker, &self.inner.target, what, path, query)
    }
}

/// The event stream, a line at a time.
pub struct Events {
    bytes: Bytes,
    lines: LineSplitter,
    ready: Vec<Vec<u8>>,
}

impl Events {
    /// The next lines, at least one; none when the stream has ended cleanly.
    ///
    /// # Errors
    /// [`EngineError`]; the stream is over then.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, EngineError> {
        loop {
            match self.bytes.next().await {
                Some(chunk) => {
                    let ready = &mut self.ready;
                    self.lines.push(&chunk?, |line| ready.push(line.to_vec()));
                }
                None => return Ok(None),
            }
            if !self.ready.is_empty() {
                return Ok(Some(std::mem::take(&mut self.ready)));
            }
        }
    }

    /// Events too long to be read, so far.
    pub fn dropped(&self) -> u64 {
        self.lines.dropped
    }
}

fn read_item<T>(item: &Item, read: &impl Fn(&Value) -> Option<T>) -> Result<T, String> {
    let bytes = match item {
        Item::Whole(bytes) => bytes,
        Item::Head(head, length) => {
            // What is shown of an item that is too large is its name, found where the engine writes it.
            let stub = convert::stub_of(head).and_then(|stub| read(&stub));
            return stub.ok_or_else(|| format!("an item of {length} bytes is not read"));
        }
    };
    let value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    read(&value).ok_or_else(|| "an item without an id".to_owned())
}

fn silent(what: &str, patience: Duration) -> EngineError {
    EngineError::Silent { what: what.to_owned(), seconds: patience.as_secs() }
}

fn not_one(what: String) -> EngineError {
    EngineError::Unparsable { what, detail: "it has no id".into() }
}

/// One segment of a path, escaped. Empty and dotted ones name nothing and would lead to another route.
///
/// # Errors
/// [`EngineError::Gone`] for those.
pub fn segment(text: &str, what: &str) -> Result<String, EngineError> {
    match text {
        "" | "." | ".." => Err(EngineError::Gone { what: what.to_owned() }),
        text => Ok(escape(text, "")),
    }
}

/// Percent-encodes everything but letters, digits, `-_.~` and the bytes of `also` (RFC 3986, section 2.3).
pub fn escape(text: &str, also: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || also.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_id_stays_one_segment() {
        assert_eq!(segment("a/../../x?y#z", "t").expect("a segment"), "a%2F..%2F..%2Fx%3Fy%23z");
        assert!(segment("..", "t").is_err());
    }
}
