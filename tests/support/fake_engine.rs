//! A fake engine on a Unix socket: answers scripted per path, with all the ways in which an answer can go wrong. It
//! writes down every request line, so that a test can judge what was asked.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

/// What is written for one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// 200 with this body and its right length.
    Json(Value),
    /// 200 with these bytes as the body.
    Body(Vec<u8>),
    /// Another status, with its content type and body.
    Status(u16, &'static str, String),
    /// Bytes as they are, then the connection is closed.
    Raw(Vec<u8>),
    /// The head and these bytes, and then nothing for ever.
    Stall(Vec<u8>),
    /// Nothing at all for ever.
    Hang,
    /// One after the other; the last one stays.
    InTurn(Vec<Reply>),
}

/// A chunk of the event stream, or its end.
#[derive(Clone, Debug)]
enum Said {
    Line(String),
    End { clean: bool },
}

struct Script {
    routes: BTreeMap<String, Reply>,
    log: Vec<String>,
}

/// The engine. Dropping it closes the socket and every connection; the file stays, as after a kill.
pub struct FakeEngine {
    script: Arc<Mutex<Script>>,
    events: broadcast::Sender<Said>,
    frozen: watch::Sender<bool>,
    accept: JoinHandle<()>,
}

impl FakeEngine {
    /// Listens at `path` with an engine of no containers.
    pub fn start(path: &Path) -> Self {
        let _ = std::fs::remove_file(path);
        let listener = UnixListener::bind(path).expect("bind the fake engine's socket");
        let script = Arc::new(Mutex::new(Script { routes: BTreeMap::new(), log: Vec::new() }));
        let (events, _) = broadcast::channel(10_000);
        let (frozen, is_frozen) = watch::channel(false);
        let (for_accept, said) = (script.clone(), events.clone());
        let accept = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                connections.spawn(serve(stream, for_accept.clone(), said.clone(), is_frozen.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        let engine = FakeEngine { script, events, frozen, accept };
        engine.set("/_ping", Reply::Body(b"OK".to_vec()));
        engine.set(
            "/version",
            Reply::Json(json!({"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"})),
        );
        engine.set("/info", Reply::Json(json!({"ID": "FAKE:1", "Name": "fake", "NCPU": 2})));
        engine.set("/networks", Reply::Json(json!([])));
        engine.set("/volumes", Reply::Json(json!({"Volumes": null, "Warnings": null})));
        engine.set("/containers/json", Reply::Json(json!([])));
        engine
    }

    /// Sets the answer for a path, without its query.
    pub fn set(&self, path: &str, reply: Reply) {
        self.script.lock().expect("the script").routes.insert(path.to_owned(), reply);
    }

    /// Takes a path away: 404.
    pub fn unset(&self, path: &str) {
        self.script.lock().expect("the script").routes.remove(path);
    }

    /// Makes the list of these containers, `(id, name, state)`, and an inspect for each.
    pub fn containers(&self, all: &[(&str, &str, &str)]) {
        self.set("/containers/json", Reply::Json(all.iter().map(|(id, name, state)| row(id, name, state)).collect()));
        for (id, name, state) in all {
            self.set(&format!("/containers/{id}/json"), Reply::Json(inspect(id, name, state)));
        }
    }

    /// Says an event of a container to all who listen.
    pub fn say(&self, id: &str, action: &str, attributes: Value, at_ns: i64) {
        let event = json!({"Type": "container", "Action": action, "Actor": {"ID": id, "Attributes": attributes},
            "time": at_ns / 1_000_000_000, "timeNano": at_ns});
        self.say_line(event.to_string());
    }

    /// Says a line, whatever it is.
    pub fn say_line(&self, line: String) {
        let _ = self.events.send(Said::Line(line));
    }

    /// Ends all event streams, cleanly or in the middle.
    pub fn end_events(&self, clean: bool) {
        let _ = self.events.send(Said::End { clean });
    }

    /// How many listen to events.
    pub fn listeners(&self) -> usize {
        self.events.receiver_count()
    }

    /// Takes connections and answers nothing, as a stopped process; and goes on where it was.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// All request lines so far.
    pub fn log(&self) -> Vec<String> {
        self.script.lock().expect("the script").log.clone()
    }

    /// How many requests were for a path that begins so.
    pub fn asked(&self, prefix: &str) -> usize {
        let log = self.log();
        log.iter().filter(|line| line.split(' ').nth(1).is_some_and(|path| path.starts_with(prefix))).count()
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

/// A row of the list.
pub fn row(id: &str, name: &str, state: &str) -> Value {
    json!({"Id": id, "Names": [format!("/{name}")], "Image": "bb:1", "State": state, "Status": "Up 3 minutes",
        "Created": 1_700_000_000, "Ports": [], "Labels": {}, "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {}}, "Mounts": []})
}

/// An inspect to go with it.
pub fn inspect(id: &str, name: &str, state: &str) -> Value {
    let is_running = state == "running";
    json!({"Id": id, "Name": format!("/{name}"), "RestartCount": 0, "Image": "sha256:1", "Path": "sleep", "Args": ["9"],
        "State": {"Status": state, "Pid": if is_running { 4242 } else { 0 }, "ExitCode": 0,
            "StartedAt": "2026-01-02T03:04:05Z", "FinishedAt": "0001-01-01T00:00:00Z"},
        "Config": {"Image": "bb:1", "Labels": {}, "Env": ["A=b"]}, "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {}, "Ports": {}}, "Mounts": []})
}

/// A head for `length` bytes of JSON.
pub fn head(length: usize) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

async fn serve(
    mut stream: UnixStream,
    script: Arc<Mutex<Script>>,
    events: broadcast::Sender<Said>,
    mut frozen: watch::Receiver<bool>,
) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(n) => request.extend_from_slice(&part[..n]),
        }
    }
    if frozen.wait_for(|is_frozen| !is_frozen).await.is_err() {
        return;
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let line = text.lines().next().unwrap_or_default().to_owned();
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    // Subscribed before anything is said about the request, as the engine is.
    let hears = (path == "/events").then(|| events.subscribe());
    let reply = {
        let mut script = script.lock().expect("the script");
        script.log.push(line);
        match script.routes.get_mut(&path) {
            Some(Reply::InTurn(turns)) if turns.len() > 1 => Some(turns.remove(0)),
            Some(Reply::InTurn(turns)) => turns.first().cloned(),
            other => other.cloned(),
        }
    };
    match (reply, hears) {
        (None, Some(hears)) => stream_events(stream, hears).await,
        (reply, _) => answer(&mut stream, reply).await,
    }
}

async fn answer(stream: &mut UnixStream, reply: Option<Reply>) {
    let not_found = || Reply::Status(404, "application/json", r#"{"message":"No such thing"}"#.to_owned());
    let bytes = match reply.unwrap_or_else(not_found) {
        Reply::Json(value) => {
            let body = value.to_string().into_bytes();
            [head(body.len()), body].concat()
        }
        Reply::Body(body) => [head(body.len()), body].concat(),
        Reply::Status(code, kind, body) => format!(
            "HTTP/1.1 {code} X\r\nContent-Type: {kind}\r\nLocation: /_ping\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
        Reply::Raw(bytes) => bytes,
        Reply::Stall(body) => {
            let _ = stream.write_all(&[head(body.len() + 1_000_000), body].concat()).await;
            std::future::pending::<()>().await;
            return;
        }
        Reply::Hang | Reply::InTurn(_) => {
            std::future::pending::<()>().await;
            return;
        }
    };
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

async fn stream_events(mut stream: UnixStream, mut hears: broadcast::Receiver<Said>) {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    if stream.write_all(head).await.is_err() {
        return;
    }
    loop {
        match hears.recv().await {
            Ok(Said::Line(line)) => {
                let chunk = format!("{:x}\r\n{line}\n\r\n", line.len() + 1);
                if stream.write_all(chunk.as_bytes()).await.is_err() {
                    return;
                }
            }
            Ok(Said::End { clean: true }) => {
                let _ = stream.write_all(b"0\r\n\r\n").await;
                return;
            }
            Ok(Said::End { clean: false }) | Err(_) => return,
        }
    }
}

/// Waits until `condition` holds, at most five seconds.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let until = tokio::time::Instant::now() + Duration::from_secs(5);
    while !condition() {
        assert!(tokio::time::Instant::now() < until, "waited too long for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
