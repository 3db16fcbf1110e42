//! Roles and the styles a theme gives them. Knows no container and no view.

mod color;
mod depth;
mod load;
mod role;

pub use color::{contrast, parse_color};
pub use depth::{ColorDepth, Face, detect};
pub use load::{ThemeProblem, built_in, names, parse};
pub use role::Role;

use ratatui::style::{Color, Style};

/// A style for every role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// Sets the style of a role.
    pub fn set(&mut self, role: Role, style: Style) {
        self.styles[role as usize] = style;
    }

    /// The same theme for a terminal of this depth: colours are mapped to the nearest of the 256, or taken away.
    /// For 16 colours choose the theme `sixteen` instead of mapping.
    pub fn at_depth(mut self, depth: ColorDepth) -> Self {
        for style in &mut self.styles {
            let map = |c: Color| match depth {
                ColorDepth::True => Some(c),
                ColorDepth::Indexed => Some(color::to_indexed(c)),
                ColorDepth::Sixteen => match c {
                    Color::Rgb(..) | Color::Indexed(_) => None,
                    c => Some(c),
                },
                ColorDepth::Mono => None,
            };
            style.fg = style.fg.and_then(map);
            style.bg = style.bg.and_then(map);
        }
        self
    }
}

impl Default for Theme {
    fn default() -> Self {
        Theme { name: "plain".to_owned(), styles: [Style::new(); Role::ALL.len()] }
    }
}
