//! Tables for people: columns aligned by the width of what is drawn. It must not know what is in them; cells are
//! cleaned here once more, so that no caller can forget it.

use crate::text::{clean_line, width};
use std::fmt::Write as _;

/// A table of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    heads: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table; a title that ends in `>` is of a column of numbers, which stand at the right edge.
    pub fn new(titles: &[&str]) -> Self {
        let head = |title: &&str| match title.strip_suffix('>') {
            Some(title) => (title.to_owned(), true),
            None => ((*title).to_owned(), false),
        };
        Table { heads: titles.iter().map(head).collect(), rows: Vec::new() }
    }

    /// Adds a row. Cells that are missing are empty, cells too many are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = cells.into_iter().take(self.heads.len()).map(safe).collect();
        row.resize(self.heads.len(), String::new());
        self.rows.push(row);
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines, two spaces between columns, none at the end of a line.
    pub fn text(&self) -> String {
        let mut widths: Vec<usize> = self.heads.iter().map(|(title, _)| width(title)).collect();
        for row in &self.rows {
            for (w, cell) in widths.iter_mut().zip(row) {
                *w = (*w).max(width(cell));
            }
        }
        let titles: Vec<String> = self.heads.iter().map(|(title, _)| title.clone()).collect();
        let mut out = String::new();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, (_, right)), w) in row.iter().zip(&self.heads).zip(&widths) {
                if !line.is_empty() || *w == 0 {
                    line.push_str("  ");
                }
                let space = " ".repeat(w - width(cell));
                let _ = if *right { write!(line, "{space}{cell}") } else { write!(line, "{cell}{space}") };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// Cells come clean from `Outside::shown`; what is clean stays as it is, since cleaning twice would double the
/// backslashes.
fn safe(cell: String) -> String {
    let has_control = cell.chars().any(char::is_control);
    if has_control { clean_line(&cell).into_owned() } else { cell }
}

/// Lays out lines whose cells are separated by tabs as docker's tables are: columns at least ten wide, three spaces
/// between them, the last one as long as it is (Go `text/tabwriter` with minimum 10, padding 3).
pub fn tabbed(lines: &[String]) -> String {
    let rows: Vec<Vec<&str>> = lines.iter().map(|l| l.split('\t').collect()).collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        // The last cell of a line belongs to no column.
        for (n, cell) in row.iter().take(row.len().saturating_sub(1)).enumerate() {
            if widths.len() <= n {
                widths.push(10);
            }
            widths[n] = widths[n].max(width(cell) + 3);
        }
    }
    let mut out = String::new();
    for row in &rows {
        for (n, cell) in row.iter().enumerate() {
            out.push_str(cell);
            if n + 1 < row.len() {
                out.push_str(&" ".repeat(widths[n].saturating_sub(width(cell))));
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_what_is_drawn() {
        let mut table = Table::new(&["NAME", "N>"]);
        table.row(["日本".into(), "7".into()]);
        table.row(["a".into(), "100".into()]);
        assert_eq!(table.text(), "NAME    N\n日本    7\na     100\n");
    }

    #[test]
    fn s01_a_control_sequence_never_gets_through() {
        let mut table = Table::new(&["NAME"]);
        table.row(["\u{1b}[2J\n".into()]);
        assert!(!table.text().contains('\u{1b}'));
        assert_eq!(table.text().lines().count(), 2);
    }

    #[test]
    fn tabs_are_laid_out_as_docker_does() {
        let lines = ["NAME\tCPU %\tX".to_owned(), "fetcher\t0.39%\ty".to_owned()];
        assert_eq!(tabbed(&lines), "NAME      CPU %     X\nfetcher   0.39%     y\n");
    }
}
