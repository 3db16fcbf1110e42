//! The thread on which snapshots are analysed before the console hears of them.

use super::Msg;
use crate::app::Desk;
use crate::feed::Update;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Starts the thread. The sink it gives takes a feed's updates; `inbox` gets them in the same order, analysed.
///
/// # Errors
/// The thread can't be started.
pub fn analysed(inbox: Sender<Msg>) -> std::io::Result<Arc<dyn Fn(Update) -> bool + Send + Sync>> {
    let (send, receive) = channel();
    std::thread::Builder::new().name("bw-analyst".to_owned()).spawn(move || work(&receive, &inbox))?;
    Ok(Arc::new(move |update| send.send(update).is_ok()))
}

fn work(updates: &Receiver<Update>, inbox: &Sender<Msg>) {
    let mut desk = Desk::default();
    while let Ok(first) = updates.recv() {
        let together: Vec<Update> = std::iter::once(first).chain(updates.try_iter()).collect();
        for news in desk.take_all(together) {
            if inbox.send(Msg::Update(news)).is_err() {
                return;
            }
        }
    }
}
