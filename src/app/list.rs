//! One list on the screen: its rows sorted, filtered and folded, and what is selected in it. The same for every view;
//! a view only says what its rows are.

use super::Scene;
use super::filter::{Filter, Probe};
use super::rows::{ListState, Shown};
use crate::model::Subject;
use crate::views::{Cell, Column, Content, Copyable, Line, ListView, Row, SortKey, Tab};
use std::cmp::Ordering;

/// A view with its state, as the console handles it.
pub trait Screen {
    /// The state that is the same for every list.
    fn state(&self) -> &ListState;
    /// The same, to change it.
    fn state_mut(&mut self) -> &mut ListState;
    /// Builds the rows anew from a scene; the selection stays on its subject.
    fn refresh(&mut self, scene: &Scene<'_>);
    /// All columns the view has.
    fn all_columns(&self) -> &'static [Column];
    /// Whether a column has anything to tell, see [`ListView::is_used`].
    fn is_used(&self, scene: &Scene<'_>, column: &Column) -> bool;
    /// Names of the fields that filters know beside the columns.
    fn fields(&self) -> &'static [&'static str];
    /// A cell of the row at a position of the list.
    fn cell(&self, scene: &Scene<'_>, position: usize, column: &Column) -> Cell;
    /// Detail tabs of the selected row.
    fn tabs(&self, scene: &Scene<'_>) -> Vec<Tab>;
    /// Content of a tab of the selected row.
    fn content(&self, scene: &Scene<'_>, tab: &Tab, width: u16) -> Option<Content>;
    /// What the selected row is related to.
    fn relations(&self, scene: &Scene<'_>) -> Vec<(String, Subject)>;
    /// What can be copied from the selected row.
    fn copyables(&self, scene: &Scene<'_>) -> Vec<Copyable>;
    /// What an empty list says.
    fn empty(&self, scene: &Scene<'_>) -> Vec<Line>;
    /// The full texts of the selected row.
    fn full_text(&self, scene: &Scene<'_>) -> String;
    /// Name of the selected row: its first cell.
    fn title(&self, scene: &Scene<'_>) -> String;
    /// The subject here that stands for this one, see [`ListView::locate`].
    fn locate(&self, scene: &Scene<'_>, subject: &Subject) -> Option<Subject>;
}

/// The [`Screen`] of a [`ListView`].
#[derive(Debug)]
pub struct ListScreen<V: ListView> {
    view: V,
    rows: Vec<Row<V::Item>>,
    state: ListState,
}

impl<V: ListView> ListScreen<V> {
    /// A list of a view, empty until it is refreshed.
    pub fn new(view: V) -> Self {
        ListScreen { view, rows: Vec::new(), state: ListState::default() }
    }

    fn selected(&self) -> Option<&Row<V::Item>> {
        self.rows.get(self.state.shown.get(self.state.cursor())?.row)
    }

    fn column(&self, id: &str) -> Option<&'static Column> {
        self.view.columns().iter().find(|c| c.id == id)
    }

    /// Which rows pass the filter, with the heads of the groups they are in.
    fn passing(&self, scene: &Scene<'_>) -> Option<Vec<bool>> {
        let known = |name: &str| self.column(name).is_some() || self.view.fields().contains(&name);
        let filter = Filter::parse(&self.state.filter, known);
        if filter.is_empty() && !self.state.notable_only {
            return None;
        }
        let mut pass = vec![false; self.rows.len()];
        // The depth of the innermost group that passed by itself: its rows pass unless a `!term` speaks against them.
        let mut inside: Option<u8> = None;
        for (n, row) in self.rows.iter().enumerate() {
            inside = inside.filter(|depth| row.depth > *depth);
            let probe = RowProbe { list: self, scene, row };
            let by_itself = filter.passes(&probe);
            let notable = !self.state.notable_only || self.view.is_notable(scene, &row.item);
            pass[n] = (by_itself || inside.is_some() && filter.allows(&probe)) && notable;
            if pass[n] && by_itself && row.is_group && inside.is_none() && filter.asks() {
                inside = Some(row.depth);
            }
        }
        // A row that passes takes its heads with it.
        let mut wanted: Option<u8> = None;
        for n in (0..self.rows.len()).rev() {
            let depth = self.rows[n].depth;
            if wanted.is_some_and(|w| depth < w) {
                pass[n] = true;
            }
            if pass[n] {
                wanted = Some(depth).filter(|d| *d > 0);
            }
        }
        Some(pass)
    }

    /// Order of the rows under the chosen column: siblings are sorted among themselves, their rows go with them.
    fn order(&self, scene: &Scene<'_>) -> Vec<usize> {
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let Some((column, reversed)) = self.state.sort.and_then(|(id, r)| Some((self.column(id)?, r))) else {
            return if self.state.reversed_own { self.sorted(&all, &[], true) } else { all };
        };
        let keys: Vec<SortKey> = self.rows.iter().map(|r| self.view.sort_key(scene, &r.item, column)).collect();
        self.sorted(&all, &keys, column.descending != reversed)
    }

    fn sorted(&self, rows: &[usize], keys: &[SortKey], descending: bool) -> Vec<usize> {
        let Some(depth) = rows.iter().map(|n| self.rows[*n].depth).min() else { return Vec::new() };
        let mut blocks: Vec<&[usize]> = Vec::new();
        let mut from = 0;
        for n in 1..=rows.len() {
            if n == rows.len() || self.rows[rows[n]].depth <= depth {
                blocks.push(&rows[from..n]);
                from = n;
            }
        }
        if keys.is_empty() {
            blocks.reverse();
        } else {
            blocks.sort_by(|a, b| compare(&keys[a[0]], &keys[b[0]], descending));
        }
        let mut out = Vec::with_capacity(rows.len());
        for block in blocks {
            out.push(block[0]);
            if block.len() > 1 {
                out.extend(self.sorted(&block[1..], keys, descending));
            }
        }
        out
    }

    fn fold(&self, order: Vec<usize>, pass: Option<&[bool]>) -> Vec<Shown> {
        let mut shown: Vec<Shown> = Vec::with_capacity(order.len());
        let mut hidden: Option<u8> = None;
        for n in order {
            let row = &self.rows[n];
            hidden = hidden.filter(|depth| row.depth > *depth);
            if hidden.is_some() || pass.is_some_and(|p| !p[n]) {
                continue;
            }
            // What a filter found is shown, folded or not.
            let folded = row.is_group && pass.is_none() && self.state.folded.contains(&row.subject);
            if folded {
                hidden = Some(row.depth);
            }
            shown.push(Shown {
                row: n,
                subject: row.subject.clone(),
                depth: row.depth,
                open: 0,
                fold: row.is_group.then_some(folded),
            });
        }
        super::rows::draw_branches(&mut shown);
        shown
    }
}

/// Unknown values are last, whichever way it is sorted.
fn compare(a: &SortKey, b: &SortKey, descending: bool) -> Ordering {
    let order = match (a, b) {
        (SortKey::Unknown, SortKey::Unknown) => return Ordering::Equal,
        (SortKey::Unknown, _) => return Ordering::Greater,
        (_, SortKey::Unknown) => return Ordering::Less,
        (SortKey::Number(a), SortKey::Number(b)) => match (a.is_nan(), b.is_nan()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => a.total_cmp(b),
        },
        (SortKey::Text(a), SortKey::Text(b)) => caseless(a, b),
        (SortKey::Numbers(a), SortKey::Numbers(b)) => a.cmp(b),
        (a, b) => kind(a).cmp(&kind(b)),
    };
    if descending { order.reverse() } else { order }
}

fn caseless(a: &str, b: &str) -> Ordering {
    let lower = |s: &str| s.chars().flat_map(char::to_lowercase).collect::<String>();
    if a.is_ascii() && b.is_ascii() {
        let bytes = |s: &str| s.bytes().map(|b| b.to_ascii_lowercase()).collect::<Vec<u8>>();
        return bytes(a).cmp(&bytes(b));
    }
    lower(a).cmp(&lower(b))
}

fn kind(key: &SortKey) -> u8 {
    match key {
        SortKey::Number(_) => 0,
        SortKey::Numbers(_) => 1,
        SortKey::Text(_) => 2,
        SortKey::Unknown => 3,
    }
}

struct RowProbe<'a, V: ListView> {
    list: &'a ListScreen<V>,
    scene: &'a Scene<'a>,
    row: &'a Row<V::Item>,
}

impl<V: ListView> Probe for RowProbe<'_, V> {
    fn haystack(&self) -> String {
        self.list.view.haystack(self.scene, &self.row.item)
    }

    fn field(&self, name: &str) -> Option<String> {
        let own = self.list.view.field(self.scene, &self.row.item, name);
        own.or_else(|| Some(self.list.view.cell(self.scene, &self.row.item, self.list.column(name)?).text()))
    }

    fn number(&self, name: &str) -> Option<f64> {
        let key = self.list.column(name).map(|c| self.list.view.sort_key(self.scene, &self.row.item, c));
        match key {
            Some(SortKey::Number(n)) if !n.is_nan() => Some(n),
            Some(SortKey::Unknown) => None,
            _ => super::filter::quantity(&self.field(name)?),
        }
    }
}

impl<V: ListView> Screen for ListScreen<V> {
    fn state(&self) -> &ListState {
        &self.state
    }

    fn state_mut(&mut self) -> &mut ListState {
        &mut self.state
    }

    fn refresh(&mut self, scene: &Scene<'_>) {
        self.rows = self.view.rows(scene);
        let pass = self.passing(scene);
        let order = self.order(scene);
        let shown = self.fold(order, pass.as_deref());
        let total = self.rows.iter().filter(|r| !r.is_group).count().max(usize::from(!self.rows.is_empty()));
        self.state.replace(shown, total);
    }

    fn all_columns(&self) -> &'static [Column] {
        self.view.columns()
    }

    fn is_used(&self, scene: &Scene<'_>, column: &Column) -> bool {
        self.view.is_used(scene, column)
    }

    fn fields(&self) -> &'static [&'static str] {
        self.view.fields()
    }

    fn cell(&self, scene: &Scene<'_>, position: usize, column: &Column) -> Cell {
        let row = self.state.shown.get(position).and_then(|s| self.rows.get(s.row));
        row.map(|row| self.view.cell(scene, &row.item, column)).unwrap_or_default()
    }

    fn tabs(&self, scene: &Scene<'_>) -> Vec<Tab> {
        self.selected().map(|row| self.view.tabs(scene, &row.item)).unwrap_or_default()
    }

    fn content(&self, scene: &Scene<'_>, tab: &Tab, width: u16) -> Option<Content> {
        self.selected().map(|row| self.view.tab(scene, &row.item, tab, width))
    }

    fn relations(&self, scene: &Scene<'_>) -> Vec<(String, Subject)> {
        self.selected().map(|row| self.view.relations(scene, &row.item)).unwrap_or_default()
    }

    fn copyables(&self, scene: &Scene<'_>) -> Vec<Copyable> {
        self.selected().map(|row| self.view.copyables(scene, &row.item)).unwrap_or_default()
    }

    fn empty(&self, scene: &Scene<'_>) -> Vec<Line> {
        self.view.empty(scene)
    }

    fn full_text(&self, scene: &Scene<'_>) -> String {
        self.selected().map(|row| self.view.full_text(scene, &row.item)).unwrap_or_default()
    }

    fn title(&self, scene: &Scene<'_>) -> String {
        let Some((row, column)) = self.selected().zip(self.view.columns().first()) else { return String::new() };
        self.view.cell(scene, &row.item, column).text()
    }

    fn locate(&self, scene: &Scene<'_>, subject: &Subject) -> Option<Subject> {
        self.view.locate(scene, subject)
    }
}
