//! Panics: the terminal is given back first, then one cleaned message is printed. A panic of another thread is a
//! message on the screen, and the console goes on.

use super::Msg;
use super::tty::Output;
use std::panic::PanicHookInfo;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, OnceLock};
use std::thread::ThreadId;

static CONSOLE: Mutex<Option<(ThreadId, Sender<Msg>)>> = Mutex::new(None);

/// Installs the hook; the calling thread is the console's.
pub fn install(inbox: Sender<Msg>, output: Output) {
    if let Ok(mut console) = CONSOLE.lock() {
        *console = Some((std::thread::current().id(), inbox));
    }
    std::panic::set_hook(Box::new(move |info| {
        let words = describe(info);
        if let Some(inbox) = other_thread() {
            let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
            let text = format!("a part of bridgewatch failed and was given up ({thread}): {words}");
            if inbox.send(Msg::Say(text, true)).is_ok() {
                return;
            }
        }
        output.leave(true);
        eprintln!("bridgewatch: internal error: {words}");
        eprintln!("The terminal was given back. Please report this line with what you did before it.");
    }));
}

/// Panics when `BRIDGEWATCH_TEST_PANIC` names this place, so that tests can see what becomes of the terminal.
pub fn rehearse(place: &str) {
    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var("BRIDGEWATCH_TEST_PANIC").ok());
    assert!(wanted.as_deref() != Some(place), "a rehearsed failure in {place}");
}

/// Removes the hook.
pub fn uninstall() {
    let _ = std::panic::take_hook();
    if let Ok(mut console) = CONSOLE.lock() {
        *console = None;
    }
}

/// The console's inbox, when this thread is not the console's.
fn other_thread() -> Option<Sender<Msg>> {
    let console = CONSOLE.try_lock().ok()?;
    let (thread, inbox) = console.as_ref()?;
    (*thread != std::thread::current().id()).then(|| inbox.clone())
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned());
    let text: String = text.chars().take(400).collect();
    let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
    format!("{}{place}", crate::text::clean_line(&text))
}
