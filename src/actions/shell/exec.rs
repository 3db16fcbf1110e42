//! The way through the engine: create, start, resize, wait for the end; or attach to what runs.

use super::keyboard::Keyboard;
use super::pump::{Seen, frames_out, keys_in, terminal_out, write_all};
use super::raw::Raw;
use super::{DETACH_KEYS, ShellEnd, ShellError, ShellIo};
use crate::actions::engine::call::path;
use crate::actions::engine::client::{Answer, Ask, EngineWriter, Lost, Method};
use crate::model::{Container, State};
use crate::plan::ShellWish;
use crate::sources::engine::{EngineReader, EngineTarget, segment};
use crate::text::clean_line;
use serde_json::json;
use std::io::IsTerminal;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Runs bash where there is one, else sh.
const SHELL: [&str; 3] = ["/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi"];
/// How long the engine may take to note that a process has ended.
const NOTING: Duration = Duration::from_secs(2);
/// Between two looks.
const BEAT: Duration = Duration::from_millis(20);

/// What is run or attached to, as far as the engine's API tells them apart.
struct Session<'a> {
    writer: EngineWriter,
    reader: &'a EngineReader,
    container: Container,
    /// The exec; none when attached.
    exec: Option<String>,
    /// The process has a terminal of its own.
    has_terminal: bool,
}

pub(super) async fn run(
    reader: &EngineReader,
    target: &EngineTarget,
    wish: &ShellWish,
    io: &ShellIo<'_>,
) -> Result<ShellEnd, ShellError> {
    let container = reader.container(&wish.container).await?;
    fit(&container)?;
    let is_terminal = io.input.is_terminal() && io.output.is_terminal();
    let has_terminal = match wish.attach {
        true => container.config.known().is_some_and(|config| config.tty),
        false => is_terminal,
    };
    let mut session = Session { writer: EngineWriter::new(target), reader, container, exec: None, has_terminal };
    let ask = match wish.attach {
        true => session.attach()?,
        false => session.create(wish).await?,
    };
    if is_terminal {
        write_all(io.output, session.banner(wish).as_bytes())?;
    }
    let result = session.run(ask, io, is_terminal).await;
    match result {
        Ok(seen) => session.end(wish, &seen).await,
        Err(error) => Err(error),
    }
}

fn fit(container: &Container) -> Result<(), ShellError> {
    let (why, way_out) = match container.state {
        State::Running => return Ok(()),
        State::Paused => ("it is paused", "unpause it"),
        _ => ("it does not run", "start it"),
    };
    Err(ShellError::Unfit { name: container.name.shown().into_owned(), why: why.into(), way_out })
}

impl Session<'_> {
    fn name(&self) -> String {
        self.container.name.shown().into_owned()
    }

    fn attach(&self) -> Result<Ask, ShellError> {
        let ask = Ask::post(path(&self.container.id, "/attach", "attach")?);
        let ask = ask.with("stream", 1).with("stdin", 1).with("stdout", 1).with("stderr", 1);
        Ok(ask.with("detachKeys", DETACH_KEYS))
    }

    /// Creates the exec and gives the question that starts it.
    async fn create(&mut self, wish: &ShellWish) -> Result<Ask, ShellError> {
        let what = format!("exec in {}", self.name());
        let command: Vec<&str> = match wish.command.as_slice() {
            [] => SHELL.to_vec(),
            command => command.iter().map(String::as_str).collect(),
        };
        let term = std::env::var("TERM").ok().filter(|term| self.has_terminal && !term.is_empty());
        let body = json!({
            "AttachStdin": true, "AttachStdout": true, "AttachStderr": true, "Tty": self.has_terminal,
            "DetachKeys": DETACH_KEYS, "Cmd": command, "User": wish.user,
            "Env": term.map(|term| vec![format!("TERM={term}")]).unwrap_or_default(),
        });
        let ask = Ask::post(path(&self.container.id, "/exec", &what)?).body(body);
        let answer = self.writer.ask(ask).await.map_err(lost)?;
        let id = answer.json().get("Id").and_then(|id| id.as_str()).map(str::to_owned);
        let Some(id) = id.filter(|_| (200..300).contains(&answer.code)) else { return Err(refused(what, &answer)) };
        let start = Ask::post(format!("/exec/{}/start", segment(&id, &what)?));
        self.exec = Some(id);
        Ok(start.body(json!({"Detach": false, "Tty": self.has_terminal})))
    }

    fn banner(&self, wish: &ShellWish) -> String {
        let name = self.name();
        let leave = match (self.has_terminal, wish.attach) {
            (true, true) => "Ctrl-P Ctrl-Q leaves it running",
            (true, false) => "exit or Ctrl-D ends it, Ctrl-P Ctrl-Q leaves it running",
            (false, _) => "it has no terminal; Ctrl-C leaves it running",
        };
        match wish.command.as_slice() {
            _ if wish.attach => format!("attached to the main process of {name}: {leave}\r\n"),
            [] => format!("shell in {name}: {leave}\r\n"),
            command => format!("{} in {name}: {leave}\r\n", clean_line(&command.join(" "))),
        }
    }

    async fn run(&self, ask: Ask, io: &ShellIo<'_>, is_terminal: bool) -> Result<Seen, ShellError> {
        let mut resized = signal(SignalKind::window_change())?;
        let mut ends = [
            (signal(SignalKind::terminate())?, "SIGTERM"),
            (signal(SignalKind::hangup())?, "SIGHUP"),
            (signal(SignalKind::interrupt())?, "SIGINT"),
        ];
        let what = format!("terminal in {}", self.name());
        let stream = match self.writer.upgrade(ask).await.map_err(lost)? {
            Ok(stream) => stream,
            Err(answer) => return Err(refused(what, &answer)),
        };
        let (from, to) = tokio::io::split(stream);
        let seen = Seen::default();
        // In this order they are undone: no key is read in raw mode that nobody passes on.
        let raw = if is_terminal && self.has_terminal { Some(Raw::enter(io.input)?) } else { None };
        let mut keyboard = Keyboard::open(io.input)?;
        let out = async {
            match self.has_terminal {
                true => terminal_out(from, io, &seen).await,
                false => frames_out(from, io, &seen).await,
            }
        };
        let sizes = async {
            loop {
                if is_terminal && self.has_terminal {
                    self.resize((io.size)()).await;
                }
                resized.recv().await;
            }
        };
        let [term, hangup, interrupt] = &mut ends;
        let result = tokio::select! {
            result = out => result,
            () = keys_in(&mut keyboard.keys, to, self.has_terminal, &seen) => Ok(()),
            () = sizes => Ok(()),
            _ = term.0.recv() => Err(ShellError::Signal(term.1)),
            _ = hangup.0.recv() => Err(ShellError::Signal(hangup.1)),
            _ = interrupt.0.recv() => match self.has_terminal {
                true => Err(ShellError::Signal(interrupt.1)),
                // The keys for it are shown: the process is left.
                false => { seen.leaving.borrow_mut().is_asked = true; Ok(()) }
            },
        };
        if raw.is_some() {
            write_all(io.output, &seen.screen.borrow().undo())?;
        }
        drop(keyboard);
        drop(raw);
        result.map(|()| seen)
    }

    /// Tells the engine the size. A process that is just being started has no terminal yet: then once more.
    async fn resize(&self, (columns, lines): (u16, u16)) {
        /// Looks until the process should have its terminal.
        const TRIES: u32 = 25;
        for _ in 0..TRIES {
            let Ok(place) = (match &self.exec {
                Some(id) => segment(id, "resize").map(|id| format!("/exec/{id}/resize")),
                None => path(&self.container.id, "/resize", "resize"),
            }) else {
                return;
            };
            let ask = Ask::post(place).with("h", lines).with("w", columns).patience(5);
            if self.writer.ask(ask).await.is_ok_and(|answer| answer.code < 300) {
                return;
            }
            tokio::time::sleep(BEAT).await;
        }
    }

    /// What became of the process.
    async fn end(&self, wish: &ShellWish, seen: &Seen) -> Result<ShellEnd, ShellError> {
        if seen.leaving.borrow().is_asked && self.is_running().await {
            return Ok(ShellEnd::Left);
        }
        let until = Instant::now() + NOTING;
        loop {
            match self.exit_code().await? {
                Some(code) => return self.judge(wish, code, seen),
                None if Instant::now() >= until => return Ok(ShellEnd::Left),
                None => tokio::time::sleep(BEAT).await,
            }
        }
    }

    async fn is_running(&self) -> bool {
        matches!(self.exit_code().await, Ok(None))
    }

    /// None while it runs.
    async fn exit_code(&self) -> Result<Option<i64>, ShellError> {
        let Some(id) = &self.exec else {
            let now = self.reader.container(&self.container.id).await?;
            return Ok(if now.state.has_processes() { None } else { Some(now.exit_code.unwrap_or(0)) });
        };
        let ask = Ask::new(Method::GET, format!("/exec/{}/json", segment(id, "inspect exec")?)).patience(5);
        let answer = self.writer.ask(ask).await.map_err(lost)?;
        if !(200..300).contains(&answer.code) {
            return Err(refused("inspect exec".into(), &answer));
        }
        let json = answer.json();
        let is_running = json.get("Running").and_then(|running| running.as_bool()).unwrap_or(false);
        Ok(if is_running { None } else { json.get("ExitCode").and_then(|code| code.as_i64()) })
    }

    /// A command that can't be started ends with 126 or 127, and the engine's words are its output.
    fn judge(&self, wish: &ShellWish, code: i64, seen: &Seen) -> Result<ShellEnd, ShellError> {
        let head = String::from_utf8_lossy(&seen.head.borrow()).into_owned();
        if matches!(code, 126 | 127) && head.trim_start().starts_with("OCI runtime exec failed") {
            let reason = crate::sources::engine::first_sentence(&head);
            return Err(ShellError::NoCommand { name: self.name(), reason, is_shell: wish.command.is_empty() });
        }
        Ok(ShellEnd::Exited(code))
    }
}

fn lost(error: Lost) -> ShellError {
    match error {
        Lost::NotSent(reason) => ShellError::Refused { what: "terminal".into(), reason },
        Lost::Unknown(reason) => ShellError::Lost(reason),
    }
}

fn refused(what: String, answer: &Answer) -> ShellError {
    ShellError::Refused { what, reason: format!("the engine answered {}: {}", answer.code, answer.sentence()) }
}
