//! Small tables on a page. When the columns do not fit, the last one wraps; when even that is too narrow, each row
//! becomes a block of labelled values. Nothing is ever cut off.

use super::page::spans_width;
use super::wrap::wrap;
use crate::model::Subject;
use crate::text::{pad, width};
use crate::theme::Role;
use crate::views::content::{Cell, Line, Span};

/// Columns between two columns.
const GAP: usize = 2;
/// Fewest columns that the wrapped last column is worth having.
const LAST: usize = 16;

/// A table in the making.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    heads: Vec<(&'static str, bool)>,
    rows: Vec<(Vec<Cell>, Option<Subject>)>,
}

impl Grid {
    /// A table with these heads; a head that begins with `>` stands at the right edge of its column.
    pub fn new(heads: &[&'static str]) -> Self {
        let heads = heads
            .iter()
            .map(|head| match head.strip_prefix('>') {
                Some(rest) => (rest, true),
                None => (*head, false),
            })
            .collect();
        Grid { heads, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push((cells.into_iter().collect(), None));
    }

    /// Adds a row that leads to a subject.
    pub fn row_to(&mut self, subject: Subject, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push((cells.into_iter().collect(), Some(subject)));
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines of at most `columns`.
    pub fn lines(self, columns: usize) -> Vec<Line> {
        let natural: Vec<usize> = (0..self.heads.len())
            .map(|n| {
                let cells = self.rows.iter().filter_map(|(cells, _)| cells.get(n));
                cells.map(|c| spans_width(&c.spans)).max().unwrap_or(0).max(width(self.heads[n].0))
            })
            .collect();
        let lead: usize = natural.iter().rev().skip(1).map(|w| w + GAP).sum();
        let last = natural.last().copied().unwrap_or(0);
        if lead + last.min(LAST) > columns {
            return self.blocks(columns);
        }
        self.table(&natural, columns - lead)
    }

    fn table(self, widths: &[usize], last: usize) -> Vec<Line> {
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        let heads = self.heads.iter().map(|(head, _)| Cell::new(*head, Role::Dim)).collect();
        let rows = std::iter::once((heads, None)).chain(self.rows);
        for (cells, subject) in rows {
            let mut spans = Vec::new();
            let mut tail = Vec::new();
            for (n, cell) in cells.into_iter().enumerate().take(widths.len()) {
                let used = spans_width(&cell.spans);
                if n + 1 < widths.len() {
                    let blank = Span::plain(" ".repeat(widths[n].saturating_sub(used)));
                    if self.heads[n].1 {
                        spans.push(blank);
                        spans.extend(cell.spans);
                    } else {
                        spans.extend(cell.spans);
                        spans.push(blank);
                    }
                    spans.push(Span::plain(" ".repeat(GAP)));
                } else {
                    if self.heads[n].1 {
                        spans.push(Span::plain(" ".repeat(widths[n].min(last).saturating_sub(used))));
                    }
                    tail = wrap(cell.spans, last, last);
                }
            }
            let indent = spans_width(&spans);
            let mut tail = tail.into_iter();
            spans.extend(tail.next().unwrap_or_default());
            lines.push(Line { spans, link: subject.clone() });
            for more in tail {
                let mut line = Line::of(std::iter::once(Span::plain(" ".repeat(indent))).chain(more));
                line.link.clone_from(&subject);
                lines.push(line);
            }
        }
        lines
    }

    fn blocks(self, columns: usize) -> Vec<Line> {
        let label = self.heads.iter().skip(1).map(|(head, _)| width(head)).max().unwrap_or(0);
        let label = label.min((columns / 2).saturating_sub(3));
        let room = columns.saturating_sub(label + 3).max(8);
        let mut lines = Vec::new();
        for (cells, subject) in self.rows {
            for (n, cell) in cells.into_iter().enumerate().take(self.heads.len()) {
                if n == 0 {
                    lines.extend(wrap(cell.spans, columns, columns).into_iter().map(Line::of));
                } else if !cell.spans.is_empty() {
                    for (k, row) in wrap(cell.spans, room, room).into_iter().enumerate() {
                        let head = if k == 0 { self.heads[n].0 } else { "" };
                        let lead = Span::new(format!("  {} ", pad(head, label, false)), Role::Dim);
                        lines.push(Line::of(std::iter::once(lead).chain(row)));
                    }
                } else {
                    continue;
                }
                if let Some(line) = lines.last_mut() {
                    line.link.clone_from(&subject);
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::new(&["pid", ">rss", "command"]);
        grid.row([
            Cell::new("1", Role::Text),
            Cell::new("12M", Role::Text),
            Cell::new("nginx -g daemon off", Role::Text),
        ]);
        grid
    }

    #[test]
    fn the_last_column_wraps_and_then_rows_become_blocks() {
        let text = |columns| grid().lines(columns).iter().map(Line::text).collect::<Vec<_>>();
        assert_eq!(text(60), ["pid  rss  command", "1    12M  nginx -g daemon off"]);
        assert_eq!(text(26), ["pid  rss  command", "1    12M  nginx -g daemon ", "          off"]);
        assert_eq!(text(20)[0], "1");
        assert!(text(20).concat().contains("daemon"));
    }
}
