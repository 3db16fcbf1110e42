//! The contract of a list view: rows, cells, details, all as data and only for what is asked.

use super::content::{Cell, Content, SortKey};
use crate::app::Scene;
use crate::model::Subject;
use crate::theme::Role;

/// A column of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its id in settings, `--columns` and filters (`cpu:>50`): lower case, no spaces.
    pub id: &'static str,
    /// Title; short.
    pub title: &'static str,
    /// Columns it needs at least.
    pub min: u16,
    /// Columns it takes when there is room; the list gives what is left to those with the largest `max`.
    pub max: u16,
    /// Order in which columns give way on a narrow terminal: 0 never goes, higher goes first.
    pub rank: u8,
    /// Numbers stand at the right edge.
    pub right: bool,
    /// Sorting by it starts with the largest.
    pub descending: bool,
    /// A sentence for the help and the column picker, with unit and formula.
    pub help: &'static str,
}

/// A row: an item, how deep it stands, and whether rows below it fold under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<I> {
    /// The item.
    pub item: I,
    /// What it stands for: its identity for selection, marking and folding, and the way into other views.
    pub subject: Subject,
    /// Depth in the tree; 0 for plain lists.
    pub depth: u8,
    /// Rows of greater depth that follow belong to it and fold under it.
    pub is_group: bool,
}

/// A detail tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tab {
    /// Its id, also in settings and `--view containers/logs`.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// The key that opens it directly from the list, if it has one.
    pub key: Option<char>,
}

/// Something that can be copied from a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copyable {
    /// What it is: `id`, `name`, `address`, `veth`, `docker inspect …`.
    pub what: &'static str,
    /// The text, as it is to stand in the clipboard (cleaned by the copier).
    pub text: String,
}

/// A list view. All methods are pure: a scene in, data out. They are called often, so each builds only what it is
/// asked for.
pub trait ListView {
    /// What a row holds: cheap to clone (ids, indices).
    type Item: Clone;

    /// Its columns, in order. The first is the name column.
    fn columns(&self) -> &'static [Column];

    /// Whether a column has anything to tell on this host. One that has not is left out, unless it was chosen.
    fn is_used(&self, _scene: &Scene, _column: &Column) -> bool {
        true
    }

    /// The rows, in the view's own order (which is the order when no column is chosen for sorting). Rows of equal
    /// depth below one parent are sorted among themselves.
    fn rows(&self, scene: &Scene) -> Vec<Row<Self::Item>>;

    /// A cell, built for rows on the screen only.
    fn cell(&self, scene: &Scene, item: &Self::Item, column: &Column) -> Cell;

    /// What the row sorts by under a column.
    fn sort_key(&self, scene: &Scene, item: &Self::Item, column: &Column) -> SortKey;

    /// The text of a field for `field:value` filters; any column id works too, and views add more (`image`, `label`,
    /// `network`, `ip`, `state` …). None for a field it does not have. Raw text, never shown.
    fn field(&self, scene: &Scene, item: &Self::Item, field: &str) -> Option<String>;

    /// Names of the fields that [`ListView::field`] knows beside its columns, for completion and help.
    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// What a plain filter word searches in: raw text of all that identifies the row.
    fn haystack(&self, scene: &Scene, item: &Self::Item) -> String;

    /// Whether something is wrong with the row: what "findings only" keeps. By default a row is notable when one of its
    /// cells is in a role of severity.
    fn is_notable(&self, scene: &Scene, item: &Self::Item) -> bool {
        let grave = [Role::Critical, Role::High, Role::Medium, Role::Low, Role::Bad];
        self.columns().iter().any(|c| self.cell(scene, item, c).spans.iter().any(|s| grave.contains(&s.role)))
    }

    /// Detail tabs of a row.
    fn tabs(&self, scene: &Scene, item: &Self::Item) -> Vec<Tab>;

    /// Content of a tab, for a pane of `width` columns.
    fn tab(&self, scene: &Scene, item: &Self::Item, tab: &Tab, width: u16) -> Content;

    /// Subjects the row is related to, with words: Enter and the jump menu lead there.
    fn relations(&self, scene: &Scene, item: &Self::Item) -> Vec<(String, Subject)>;

    /// What can be copied.
    fn copyables(&self, scene: &Scene, item: &Self::Item) -> Vec<Copyable>;

    /// What an empty list says: why there is nothing, and what would show something.
    fn empty(&self, scene: &Scene) -> Vec<super::content::Line>;

    /// The full texts of the selected row that the cells may have cut, for the line above the footer.
    fn full_text(&self, scene: &Scene, item: &Self::Item) -> String;

    /// Whether a row for this subject can exist here, so that a selection from another view can follow. The subject
    /// to select is returned: a veth link leads to its container's row, a container to its first attachment, …
    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject>;
}
