//! The whole screen, composed of widgets from the state. Pure: the same state gives the same frame.

mod detail;
mod hit;
mod list;
mod overlays;
mod sheet;
mod status;

pub use hit::{hit, in_detail};

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use crate::app::App;
use crate::app::layout::Area;
use crate::theme::{Role, Theme};
use crate::widgets::{Ink, glyphs};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the console on a frame of any size. The layout is the state's; where it is of another size than the frame
/// (the terminal changed meanwhile), what lies outside is clipped.
pub fn draw(app: &App, theme: &Theme, frame: &mut Buffer) {
    let area = *frame.area();
    {
        let mut ink = Ink { frame, theme };
        ink.fill(area, Role::Text);
        if app.layout.too_small {
            too_small(&mut ink, area);
        } else {
            status::header(app, &mut ink);
            status::view_tabs(app, &mut ink);
            status::banner(app, &mut ink);
            list::draw(app, &mut ink);
            detail::draw(app, &mut ink);
            status::info(app, &mut ink);
            status::footer(app, &mut ink);
            overlays::draw(app, &mut ink);
        }
    }
    if app.prefs.ascii {
        glyphs::degrade(frame);
    }
}

/// Column and line of the text cursor, when a text field has the keys.
pub fn cursor(app: &App) -> Option<(u16, u16)> {
    if app.layout.too_small {
        return None;
    }
    overlays::cursor(app).or_else(|| status::cursor(app))
}

fn rect(area: Area) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height)
}

fn too_small(ink: &mut Ink<'_>, area: Rect) {
    let (width, height) = crate::app::layout::LEAST;
    let lines =
        ["bridgewatch".to_owned(), "too small".to_owned(), format!("{width}x{height} needed"), "q quits".to_owned()];
    for (y, line) in (0..area.height).zip(lines) {
        ink.say(area.x, area.y + y, area.width, &line, Role::Text);
    }
}
