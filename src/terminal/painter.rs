//! Frames to the terminal: only differences, one write a frame, and never more than one frame waiting. While the
//! terminal does not take bytes nothing is drawn; when it does again, the newest picture is drawn once.

use super::Msg;
use super::encode::{Pen, encode};
use super::tty::{Gone, Output};
use crate::app::App;
use crate::screen;
use crate::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::time::Duration;

/// See the module.
pub(super) struct Painter {
    output: Output,
    theme: Theme,
    /// What the terminal shows, once all bytes are through; none when it must be drawn anew.
    shown: Option<Buffer>,
    /// Reused for the next frame.
    spare: Buffer,
    pen: Pen,
    bytes: Vec<u8>,
    rest: SyncSender<Vec<u8>>,
    waiting: bool,
    abandon: Arc<AtomicBool>,
}

impl Painter {
    pub(super) fn new(output: Output, theme: Theme, inbox: Sender<Msg>) -> std::io::Result<Self> {
        let (rest, owed) = sync_channel::<Vec<u8>>(1);
        let abandon = Arc::new(AtomicBool::new(false));
        let (patient, stop) = (output.clone(), abandon.clone());
        std::thread::Builder::new().name("output".to_owned()).spawn(move || {
            while let Ok(bytes) = owed.recv() {
                let word = match drain(&patient, &bytes, &stop) {
                    Ok(()) => Msg::Drained,
                    Err(Gone) => Msg::Gone("the terminal can't be written to"),
                };
                if inbox.send(word).is_err() {
                    return;
                }
            }
        })?;
        let spare = Buffer::empty(Rect::ZERO);
        Ok(Painter {
            output,
            theme,
            shown: None,
            spare,
            pen: Pen::default(),
            bytes: Vec::with_capacity(16 << 10),
            rest,
            waiting: false,
            abandon,
        })
    }

    pub(super) fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }

    /// The next frame draws all cells.
    pub(super) fn forget(&mut self) {
        self.shown = None;
    }

    /// The terminal took what it was owed.
    pub(super) fn drained(&mut self) {
        self.waiting = false;
    }

    /// Bytes are owed to the terminal.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Gives up on what is owed.
    pub(super) fn abandon(&self) {
        self.abandon.store(true, Ordering::Relaxed);
    }

    /// Draws the state, if the terminal is ready for it; `about_to` is called just before the frame is written. False
    /// when it must be tried again later.
    pub(super) fn paint(&mut self, app: &App, about_to: impl FnOnce()) -> Result<bool, Gone> {
        if self.waiting {
            return Ok(false);
        }
        let area = Rect::new(0, 0, app.size.0, app.size.1);
        if self.spare.area != area {
            self.spare = Buffer::empty(area);
        }
        let mut frame = std::mem::take(&mut self.spare);
        screen::draw(app, &self.theme, &mut frame);
        self.bytes.clear();
        encode(&mut self.bytes, &mut self.pen, self.shown.as_ref(), &frame, screen::cursor(app));
        self.spare = self.shown.replace(frame).unwrap_or_default();
        let bytes = std::mem::take(&mut self.bytes);
        about_to();
        let sent = self.send(&bytes);
        self.bytes = bytes;
        sent.map(|()| true)
    }

    /// Writes bytes; what the terminal does not take now is handed to the patient thread.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.waiting {
            return Ok(());
        }
        let taken = self.output.write_frame(bytes)?;
        if taken < bytes.len() {
            self.waiting = true;
            self.rest.send(bytes[taken..].to_vec()).map_err(|_| Gone)?;
        }
        Ok(())
    }
}

fn drain(output: &Output, mut bytes: &[u8], stop: &AtomicBool) -> Result<(), Gone> {
    while !bytes.is_empty() && !stop.load(Ordering::Relaxed) {
        if output.takes(Duration::from_millis(100))? {
            bytes = &bytes[output.write_frame(bytes)?..];
        }
    }
    Ok(())
}
