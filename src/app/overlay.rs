//! What lies over the screen: menus, the palette, pages of text.

use super::change::Sheet;
use super::forms::Form;
use super::input::Input;
use super::keymap::Action;
use crate::model::Subject;

/// What choosing an entry does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// What a key does.
    Do(Action),
    /// Opens a view by its number.
    View(usize),
    /// Selects a subject in the view that shows it best.
    GoTo(Subject),
    /// Selects a subject in a view, by the view's id, and opens one of its detail tabs.
    Show(&'static str, Subject, &'static str),
    /// Sorts by a column; the view's own order for none.
    SortBy(Option<&'static str>),
    /// Shows or hides a column.
    ToggleColumn(&'static str),
    /// Copies a text, named by what it is.
    Copy(String, String),
    /// Changes the theme.
    Theme(String),
    /// Reads the log anew: lines, seconds back, words.
    LogRange(u32, Option<i64>, &'static str),
    /// Recording: by so many seconds.
    Seek(i64),
    /// Recording: to a share of the whole, in thousandths.
    SeekTo(u32),
    /// Opens a detail tab.
    Tab(&'static str),
    /// Times in UTC or local.
    ToggleUtc,
    /// Only ASCII, or all glyphs.
    ToggleAscii,
}

/// An entry of a menu or of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is: clean text.
    pub label: String,
    /// More about it: clean text.
    pub detail: String,
    /// A mark before it: chosen, shown.
    pub marked: bool,
    /// What choosing it does.
    pub command: Command,
}

/// A menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Title.
    pub title: String,
    /// Entries.
    pub entries: Vec<Entry>,
    /// The chosen one.
    pub cursor: usize,
    /// It stays open after a choice (columns).
    pub stays: bool,
}

impl Menu {
    /// The letter that chooses each entry at once: the first one of its label that no entry before it has and that
    /// means nothing else in a menu.
    pub fn letters(&self, is_taken: impl Fn(char) -> bool) -> Vec<Option<char>> {
        let mut used = Vec::new();
        let free = |c: &char, used: &[char]| c.is_ascii_lowercase() && !used.contains(c) && !is_taken(*c);
        let letter = |entry: &Entry| {
            let found = entry.label.chars().map(|c| c.to_ascii_lowercase()).find(|c| free(c, &used));
            used.extend(found);
            found
        };
        self.entries.iter().map(letter).collect()
    }
}

/// The palette: text and what it finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// Only things of the host, no commands.
    pub subjects_only: bool,
    /// What was found, best first, bounded.
    pub found: Vec<Entry>,
    /// How many more were found.
    pub more: usize,
    /// The chosen one.
    pub cursor: usize,
}

/// Which page of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// Keys and filters.
    Help,
    /// Host, rights, sources.
    Sources,
    /// Messages so far.
    Messages,
}

/// A layer over the screen.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// A menu.
    Menu(Menu),
    /// The palette.
    Palette(Palette),
    /// A page, scrolled by rows.
    Page(PageKind, usize),
    /// A form.
    Form(Box<Form>),
    /// The sheet of a plan.
    Sheet(Box<Sheet>),
}

impl Overlay {
    /// The chosen entry.
    pub fn chosen(&self) -> Option<&Entry> {
        match self {
            Overlay::Menu(menu) => menu.entries.get(menu.cursor),
            Overlay::Palette(palette) => palette.found.get(palette.cursor),
            Overlay::Page(..) | Overlay::Form(_) | Overlay::Sheet(_) => None,
        }
    }

    /// Moves the cursor, or scrolls, by rows; pages are bounded when they are drawn.
    pub fn step(&mut self, by: isize) {
        let (cursor, count) = match self {
            Overlay::Menu(menu) => (&mut menu.cursor, menu.entries.len()),
            Overlay::Palette(palette) => (&mut palette.cursor, palette.found.len()),
            Overlay::Page(_, scroll) => (scroll, usize::MAX),
            Overlay::Sheet(sheet) => (&mut sheet.scroll, usize::MAX),
            Overlay::Form(form) => return form.step(by > 0),
        };
        *cursor = cursor.saturating_add_signed(by).min(count.saturating_sub(1));
    }
}
