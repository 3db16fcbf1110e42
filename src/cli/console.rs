//! Opening the console on a live host, a recording, or the demo.

use super::args::Global;
use super::change;
use super::run::{CommandError, code};
use super::source::live_options;
use crate::actions::{ShellEnd, Worker, run_shell_here};
use crate::app::keymap::Keymap;
use crate::app::{Options, Prefs, Settings};
use crate::feed::{Ask, Feed, Update};
use crate::journal::Watch;
use crate::model::Snapshot;
use crate::plan::{Mode, Order, Warrant};
use crate::recording::{Reader, demo as embedded};
use crate::terminal::{self, Msg, Setup};
use crate::{live as live_host, playback};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// The console on this host.
///
/// # Errors
/// The endpoint of the engine can't be settled, or the terminal is none.
pub fn live(global: &Global) -> Result<u8, CommandError> {
    live_host::prepare();
    let (settings, mut setup) = settle(global)?;
    let mut options = live_options(global);
    if global.interval.is_none() {
        options.interval = Duration::from_millis(settings.interval_ms);
    }
    let inbox = channel();
    let beside = match Mode::settle(global.read_only) {
        Mode::Operate(warrant) => Some(operate(global, warrant, &mut setup, inbox.0.clone())?),
        Mode::ReadOnly => None,
    };
    let analysed = terminal::analysed(inbox.0.clone())?;
    let sink: live_host::Sink = match beside {
        None => analysed,
        Some(beside) => Arc::new(move |update| {
            if let Update::Snapshot(snapshot) = &update {
                beside(snapshot);
            }
            analysed(update)
        }),
    };
    let asks = live_host::start(options, sink)?;
    show(setup, Feed { asks, is_recording: false, label: "live".into() }, inbox)
}

/// What is shown each snapshot besides the console.
type Beside = Box<dyn Fn(&Arc<Snapshot>) + Send + Sync>;

/// Gives the console its hands: a thread that takes its orders, and what leaves the screen to a shell. Gives what is
/// shown each snapshot, so that kept limits are applied again and what another bridgewatch wrote down is seen.
fn operate(global: &Global, warrant: Warrant, setup: &mut Setup, inbox: Sender<Msg>) -> Result<Beside, CommandError> {
    let desk = change::desk(global);
    let permit = warrant.permit();
    setup.options.permit = Some(permit.clone());
    setup.options.session = desk.session.clone();
    let state_dir = desk.state_dir.clone().unwrap_or_default();
    let hands = change::hands(global, warrant, &state_dir);
    let told = Arc::new(move |progress| inbox.send(Msg::Progress(progress)).is_ok());
    let session = desk.session.clone();
    // From before the worker's first reading on: what is written between the two is not missed.
    let journal = Mutex::new(Watch::new(&state_dir));
    let worker = Arc::new(Worker::start(hands, desk, told)?);
    let keeper = change::beside(worker.clone(), permit.clone(), session)?;
    let reader = worker.clone();
    let beside = move |snapshot: &Arc<Snapshot>| {
        if change::is_kept(snapshot) {
            // A keeper that has ended keeps nothing; the screen says of each limit whether it holds.
            let _ = keeper.send(snapshot.clone());
        }
        if journal.lock().is_ok_and(|mut journal| journal.has_changed()) {
            reader.order(Order::ReadJournal, permit.clone());
        }
    };
    let (host, context) = (global.host.clone(), global.context.clone());
    setup.hands = Some(terminal::Hands {
        order: Box::new(move |order, permit| worker.order(order, permit)),
        shell: Box::new(move |wish, permit| {
            let engine = (host.as_deref(), context.as_deref());
            match run_shell_here(engine, &wish, &terminal::size, &permit) {
                Ok(ShellEnd::Exited(0)) => ("the terminal has ended".to_owned(), false),
                Ok(ShellEnd::Exited(code)) => (format!("the terminal has ended with exit code {code}"), false),
                Ok(ShellEnd::Left) => ("left; the process goes on".to_owned(), false),
                Err(error) => (error.to_string(), true),
            }
        }),
    });
    Ok(Box::new(beside))
}

/// The console on a recording.
///
/// # Errors
/// The file can't be played, or the terminal is none.
pub fn replay(global: &Global, file: &Path) -> Result<u8, CommandError> {
    let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    play(global, Reader::open(file)?, false, format!("replay {}", crate::text::clean_line(&name)))
}

/// The console on the demo.
///
/// # Errors
/// The terminal is none.
pub fn demo(global: &Global) -> Result<u8, CommandError> {
    play(global, embedded::open()?, true, "demo".into())
}

fn play(global: &Global, reader: Reader, looping: bool, label: String) -> Result<u8, CommandError> {
    let (_, setup) = settle(global)?;
    let inbox = channel();
    let asks = playback::start(reader, looping, terminal::analysed(inbox.0.clone())?)?;
    show(setup, Feed { asks, is_recording: true, label }, inbox)
}

/// What wakes the console.
type Inbox = (Sender<Msg>, Receiver<Msg>);

fn show(setup: Setup, feed: Feed, inbox: Inbox) -> Result<u8, CommandError> {
    let asks: UnboundedSender<Ask> = feed.asks.clone();
    let done = terminal::run(setup, feed, inbox);
    let _ = asks.send(Ask::Quit);
    match done {
        Ok(code) => Ok(code),
        Err(error) => {
            eprintln!("bridgewatch: {error}");
            Ok(code::USAGE)
        }
    }
}

/// The settings file, the environment and the command line, the last one winning.
fn settle(global: &Global) -> Result<(Settings, Setup), CommandError> {
    let (mut settings, mut problems) = read_settings(global)?;
    if let Some(theme) = &global.theme {
        settings.theme.clone_from(theme);
    }
    if let Some(view) = &global.view {
        settings.view.clone_from(view);
    }
    let mut face = crate::theme::detect(|name| std::env::var(name).ok());
    if global.no_color {
        face.depth = crate::theme::ColorDepth::Mono;
    }
    face.ascii |= global.ascii || settings.ascii;
    let (keymap, _) = Keymap::new(&settings.preset, &settings.keys);
    if let Some(sort) = &global.sort {
        let view = settings.view.split('/').next().unwrap_or_default().to_owned();
        settings.sort.insert(view, sort.clone());
    }
    let options = Options {
        read_only: Mode::settle(global.read_only).is_read_only(),
        zone: jiff::tz::TimeZone::system(),
        keymap,
        prefs: Prefs {
            show_all: settings.show_all,
            ascii: face.ascii,
            utc: global.utc || settings.utc,
            chart_minutes: settings.chart_minutes,
            ..Prefs::default()
        },
        mouse: settings.mouse && !global.no_mouse,
        view: settings.view.clone(),
        filter: global.filter.clone(),
        columns: settings.columns.clone(),
        sort: settings.sort.clone(),
        problems: std::mem::take(&mut problems),
        ..Options::default()
    };
    let theme = settings.theme.clone();
    Ok((settings, Setup { options, theme, face, hands: None }))
}

/// Largest settings file that is read.
const MAX_SETTINGS: u64 = 1 << 20;

/// A file that was named must be there; the one in the usual place need not.
fn read_settings(global: &Global) -> Result<(Settings, Vec<String>), CommandError> {
    let (path, named) = match &global.config {
        Some(path) => (path.clone(), true),
        None => match usual_place() {
            Some(path) => (path, false),
            None => return Ok((Settings::default(), Vec::new())),
        },
    };
    let shown = crate::text::clean_line(&path.to_string_lossy()).into_owned();
    let text = match std::fs::metadata(&path) {
        Ok(meta) if !meta.is_file() => Err("it is not a plain file".to_owned()),
        Ok(meta) if meta.len() > MAX_SETTINGS => Err("it is larger than 1 MiB".to_owned()),
        Ok(_) => std::fs::read_to_string(&path).map_err(|e| e.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => {
            return Ok((Settings::default(), Vec::new()));
        }
        Err(error) => Err(error.to_string()),
    };
    match text {
        Ok(text) => {
            let (settings, problems) = Settings::parse(&shown, &text);
            Ok((settings, problems.iter().map(ToString::to_string).collect()))
        }
        Err(reason) if named => Err(CommandError::Usage(format!("read {shown}: {reason}"))),
        Err(reason) => Ok((Settings::default(), vec![format!("settings not read: {shown}: {reason}")])),
    }
}

fn usual_place() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = from("XDG_CONFIG_HOME").filter(|p| p.is_absolute()).or_else(|| Some(from("HOME")?.join(".config")))?;
    Some(base.join("bridgewatch/config.toml"))
}
