//! Signals as messages.

use super::Msg;
use std::sync::mpsc::Sender;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal the console acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End, with exit code 128 and this number.
    End(i32),
    /// The window has another size.
    Resize,
    /// Suspend.
    Suspend,
    /// Goes on after a stop.
    Continue,
}

/// Numbers are those of every Linux architecture.
const KINDS: [(i32, Signal); 7] = [
    (1, Signal::End(1)),
    (2, Signal::End(2)),
    (3, Signal::End(3)),
    (15, Signal::End(15)),
    (28, Signal::Resize),
    (20, Signal::Suspend),
    (18, Signal::Continue),
];

/// Listens on a thread of its own until nobody receives any more.
///
/// # Errors
/// When a handler can't be installed or the thread can't be started.
pub fn listen(inbox: Sender<Msg>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    // Handlers are in place when this returns: no signal in between kills with the terminal in raw mode.
    let streams: Vec<(Stream, Signal)> = {
        let _inside = runtime.enter();
        KINDS
            .into_iter()
            .map(|(number, meaning)| Ok((signal(SignalKind::from_raw(number))?, meaning)))
            .collect::<std::io::Result<_>>()?
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let mut tasks = tokio::task::JoinSet::new();
            for (mut stream, meaning) in streams {
                let inbox = inbox.clone();
                tasks.spawn(async move {
                    while stream.recv().await.is_some() {
                        if inbox.send(Msg::Signal(meaning)).is_err() {
                            return;
                        }
                    }
                });
            }
            while tasks.join_next().await.is_some() {}
        });
    })?;
    Ok(())
}
