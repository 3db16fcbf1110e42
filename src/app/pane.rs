//! The detail pane: which tab, its content laid out, and the place in it.

use crate::model::Subject;
use crate::views::flow::{Stretch, find_all, lay_out};
use crate::views::{Content, Line, Tab};

/// What the laid-out content depends on; when it changes the content is made anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Generation of the world.
    pub generation: u64,
    /// Number of the view.
    pub view: usize,
    /// What is selected.
    pub subject: Option<Subject>,
    /// Width of the pane.
    pub width: u16,
    /// Tab.
    pub tab: &'static str,
}

/// State of the detail pane.
#[derive(Debug, Default)]
pub struct DetailPane {
    /// Tabs of the selected row.
    pub tabs: Vec<Tab>,
    /// The chosen tab's number in `tabs`.
    pub tab: usize,
    /// What it shows.
    pub content: Option<Content>,
    /// Rows of its lines.
    pub rows: Vec<Stretch>,
    /// First row on the screen.
    pub offset: usize,
    /// Columns scrolled to the right, when lines are not wrapped.
    pub skip: usize,
    /// Lines are not wrapped.
    pub no_wrap: bool,
    /// The line that Enter acts on, when the page has links.
    pub cursor: Option<usize>,
    /// What is searched for, in lower case.
    pub needle: String,
    /// What the content was made for.
    pub stamp: Stamp,
}

impl DetailPane {
    /// The chosen tab.
    pub fn current(&self) -> Option<&Tab> {
        self.tabs.get(self.tab)
    }

    /// The lines of the page, or above the charts.
    pub fn lines(&self) -> &[Line] {
        match &self.content {
            Some(Content::Page(lines) | Content::Charts(lines, _)) => lines,
            _ => &[],
        }
    }

    /// Takes content for what `stamp` says. The place stays where subject and tab are the same.
    pub fn show(&mut self, content: Option<Content>, stamp: Stamp) {
        let same = self.stamp.subject == stamp.subject && self.stamp.tab == stamp.tab && self.stamp.view == stamp.view;
        if !same {
            (self.offset, self.skip, self.cursor) = (0, 0, None);
        }
        (self.content, self.stamp) = (content, stamp);
        self.lay_out();
    }

    /// Lays the lines out anew.
    pub fn lay_out(&mut self) {
        self.rows = lay_out(self.lines(), self.stamp.width, !self.no_wrap, self.skip);
        let links: Vec<usize> = self.links().collect();
        self.cursor = match self.cursor {
            Some(line) => links.iter().copied().min_by_key(|l| l.abs_diff(line)),
            None => None,
        };
    }

    fn links(&self) -> impl Iterator<Item = usize> + '_ {
        self.lines().iter().enumerate().filter(|(_, l)| l.link.is_some()).map(|(n, _)| n)
    }

    /// Where the line of the cursor leads.
    pub fn link(&self) -> Option<&Subject> {
        self.lines().get(self.cursor?)?.link.as_ref()
    }

    /// Moves up or down: to the next link when it is on the screen, else by one row.
    pub fn step(&mut self, down: bool, height: usize) {
        let seen = self.offset..self.offset + height;
        let on_screen = |line: usize| self.rows.iter().enumerate().any(|(n, r)| r.line == line && seen.contains(&n));
        let next = match (self.cursor, down) {
            (Some(at), true) => self.links().find(|l| *l > at),
            (Some(at), false) => self.links().filter(|l| *l < at).last(),
            (None, true) => self.links().find(|l| on_screen(*l)),
            (None, false) => None,
        };
        match next.filter(|line| on_screen(*line)) {
            Some(line) => self.cursor = Some(line),
            None => self.scroll(if down { 1 } else { -1 }, height),
        }
    }

    /// Scrolls by rows.
    pub fn scroll(&mut self, by: isize, height: usize) {
        self.offset = self.offset.saturating_add_signed(by);
        self.clamp(height);
    }

    /// Keeps the place inside the page.
    pub fn clamp(&mut self, height: usize) {
        self.offset = self.offset.min(self.rows.len().saturating_sub(height.max(1)));
    }

    /// Goes to the next or previous row whose line matches. False when there is none.
    pub fn to_match(&mut self, forward: bool, height: usize) -> bool {
        let hit = |n: &usize| {
            let line = self.rows.get(*n).and_then(|r| self.lines().get(r.line));
            line.is_some_and(|l| !find_all(&l.text(), &self.needle).is_empty())
        };
        let found = if forward {
            (self.offset + 1..self.rows.len()).find(hit)
        } else {
            (0..self.offset.min(self.rows.len())).rev().find(hit)
        };
        // On the last screen the offset can't rise to the match, which is on the screen already.
        let found = found.or_else(|| (0..self.rows.len()).find(hit).filter(|_| forward));
        if let Some(n) = found {
            self.offset = n;
            self.clamp(height);
        }
        found.is_some()
    }
}
