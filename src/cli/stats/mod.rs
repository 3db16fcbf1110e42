//! `stats`: what `docker stats` prints, with its keys, formats and habits, from the kernel's figures; and fields of
//! our own when they are asked for by name.
//!
//! What is not known is `--`, as docker writes it for a container it has no figures of; a container that does not run
//! has zeros, as there.

mod fields;
#[cfg(test)]
mod tests;

pub use fields::{DOCKER_FIELDS, OWN_FIELDS, Row};

use super::table::tabbed;
use super::template::{Fields, Format, Template, TemplateError};
use crate::analysis::{Report, scope};
use crate::model::{Container, Snapshot};
use std::sync::Arc;

/// Which containers, and how they are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names, ids or beginnings of ids; all running ones when empty.
    pub arguments: Vec<String>,
    /// Without arguments: those that do not run as well (`-a`).
    pub all: bool,
    /// Whole ids.
    pub no_trunc: bool,
}

/// An argument that names no container, or several.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Nothing has this name or id.
    #[error("No such container: {0}")]
    NoSuchContainer(String),
    /// Several ids begin with this.
    #[error("`{0}` is the beginning of several ids")]
    Ambiguous(String),
}

/// The rows of one refresh, newest container first as docker lists them, or in the order of the arguments.
///
/// # Errors
/// When an argument names no container or several.
pub fn rows<'a>(
    snapshot: &'a Snapshot,
    report: &'a Report,
    selection: &Selection,
) -> Result<Vec<Row<'a>>, SelectionError> {
    let row = |container: &'a Arc<Container>, called: String| Row {
        container,
        called,
        no_trunc: selection.no_trunc,
        is_alive: scope::is_alive(snapshot, container),
        sample: snapshot.sample(&container.id),
        rates: report.rates.container(&container.id),
        snapshot,
    };
    if !selection.arguments.is_empty() {
        let found = selection.arguments.iter().map(|a| find(snapshot, a).map(|c| row(c, a.clone())));
        return found.collect();
    }
    let mut chosen: Vec<&Arc<Container>> =
        snapshot.containers.iter().filter(|c| selection.all || scope::is_alive(snapshot, c)).collect();
    chosen.sort_by(|a, b| {
        b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)).then_with(|| a.id.cmp(&b.id))
    });
    Ok(chosen.into_iter().map(|c| row(c, c.id.short().to_owned())).collect())
}

fn find<'a>(snapshot: &'a Snapshot, argument: &str) -> Result<&'a Arc<Container>, SelectionError> {
    let wanted = argument.strip_prefix('/').unwrap_or(argument);
    let all = || snapshot.containers.iter();
    if let Some(exact) = all().find(|c| c.id.as_str() == wanted).or_else(|| all().find(|c| c.name.raw() == wanted)) {
        return Ok(exact);
    }
    let mut by_beginning = all().filter(|c| !wanted.is_empty() && c.id.as_str().starts_with(wanted));
    match (by_beginning.next(), by_beginning.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(SelectionError::Ambiguous(argument.to_owned())),
        (None, _) => Err(SelectionError::NoSuchContainer(argument.to_owned())),
    }
}

/// The columns of docker's table.
const COLUMNS: &str =
    r"{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

/// One refresh as text, ready to print; cleaned, but for the JSON form, which is exact.
///
/// # Errors
/// When a template names a field that does not exist.
pub fn text(rows: &[Row], format: &Format) -> Result<String, TemplateError> {
    match format {
        Format::Json => Ok(rows.iter().map(|row| row.json() + "\n").collect()),
        Format::Lines(template) => {
            let mut out = String::new();
            for row in rows {
                out.push_str(&template.fill(row)?);
                out.push('\n');
            }
            Ok(out)
        }
        Format::Columns(template) => columns(rows, template),
        Format::Table => columns(rows, &Template::parse(COLUMNS)?),
    }
}

fn columns(rows: &[Row], template: &Template) -> Result<String, TemplateError> {
    let mut lines = vec![template.fill(&fields::Heads)?];
    for row in rows {
        lines.push(template.fill(row)?);
    }
    Ok(tabbed(&lines))
}
