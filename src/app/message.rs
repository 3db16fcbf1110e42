//! Everything that can happen to the console, and everything it can ask of the shell around it.

use super::desk::News;
use super::keys::Key;
use crate::feed::Ask;
use crate::plan::{Order, Permit, Progress};

/// Something on the screen that was clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A view's tab.
    ViewTab(usize),
    /// A position of the list.
    Row(usize),
    /// A column title, by its number among those drawn.
    Title(&'static str),
    /// A tab of the detail pane.
    DetailTab(usize),
    /// A line of the detail pane's page.
    DetailLine(usize),
    /// The detail pane, elsewhere.
    Detail,
    /// An entry of the top overlay.
    Entry(usize),
    /// A field of the form on top.
    Field(usize),
    /// Beside the top overlay.
    Outside,
    /// The message line.
    Info,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key.
    Key(Key),
    /// Text was pasted: this text, of so many bytes in all.
    Paste(String, usize),
    /// A click.
    Click(Target),
    /// The wheel over the detail pane (true) or elsewhere, lines, negative is up.
    Wheel(bool, i32),
    /// The terminal has this size.
    Resize(u16, u16),
    /// Something arrived from the feed.
    Update(News),
    /// The console was stopped for so many seconds and goes on.
    Resumed(u64),
    /// The shell has something to say; true for an error.
    Say(String, bool),
    /// The hands tell how a change goes.
    Progress(Progress),
    /// The frame of the state as it is has reached the terminal: what comes next was typed by someone who sees it.
    Painted,
}

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A question or wish for the feed.
    Ask(Ask),
    /// Put clean text in the clipboard.
    Copy(String),
    /// Mouse reports on or off.
    Mouse(bool),
    /// Draw all cells anew.
    Redraw,
    /// Another theme.
    Theme(String),
    /// An order for the hands. Only who holds a permit can give one.
    Order(Box<Order>, Permit),
    /// Suspend to the shell.
    Suspend,
    /// End the console.
    Quit,
}
