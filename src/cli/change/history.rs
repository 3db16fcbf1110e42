//! `journal`, `undo` and `confirm`.

use super::documents::EntryDoc;
use super::flow::Operator;
use super::text;
use crate::cli::args::change::How;
use crate::cli::args::{Global, ListFormat};
use crate::cli::{CommandError, code, json};
use crate::journal::{self, Journal, Reading};
use crate::plan::{Entry, EntryState, Mode, undo as plan_undo, undo_forced};
use crate::text::clean_line;
use std::io::Write;

fn read() -> Result<Reading, CommandError> {
    let dir = journal::state_dir().map_err(|e| CommandError::Refused(e.to_string()))?;
    journal::read(&dir).map_err(|e| CommandError::Refused(e.to_string()))
}

/// An entry by its id, or the newest that fits.
fn find<'a>(
    reading: &'a Reading,
    id: Option<&str>,
    none: &str,
    fits: impl Fn(&Entry) -> bool,
) -> Result<&'a Entry, CommandError> {
    let found = match id {
        Some(id) => reading.entries.iter().rev().find(|entry| entry.id.0 == id),
        None => reading.entries.iter().rev().find(|entry| fits(entry)),
    };
    let missing = || match id {
        Some(id) => format!("the journal has no entry {}", clean_line(id)),
        None => none.to_owned(),
    };
    found.ok_or_else(|| CommandError::Refused(missing()))
}

/// Prints the journal, or one entry of it.
pub(super) fn journal(
    _global: &Global,
    id: Option<&str>,
    format: ListFormat,
    out: &mut impl Write,
) -> Result<u8, CommandError> {
    let reading = read()?;
    for problem in crate::actions::at_start(&reading) {
        eprintln!("bridgewatch: {}", clean_line(&problem));
    }
    let entries: Vec<&Entry> = match id {
        Some(_) => vec![find(&reading, id, "", |_| false)?],
        None => reading.entries.iter().collect(),
    };
    match (format, id) {
        (ListFormat::Json, _) => {
            json::write(out, &entries.iter().map(|e| EntryDoc::of(e)).collect::<Vec<_>>(), true)?;
        }
        (ListFormat::Table, None) => out.write_all(text::journal(&entries).as_bytes())?,
        (ListFormat::Table, Some(_)) => {
            for entry in entries {
                out.write_all(text::entry(entry).as_bytes())?;
            }
        }
    }
    Ok(code::OK)
}

/// Takes an entry back.
pub(super) fn undo(
    global: &Global,
    id: Option<&str>,
    force: bool,
    how: &How,
    out: &mut impl Write,
) -> Result<u8, CommandError> {
    let operator = Operator::new(global, "undo")?;
    let reading = read()?;
    let standing = [EntryState::Done, EntryState::PartlyDone, EntryState::HalfDone, EntryState::Unconfirmed];
    // An undo that is asked for again goes further back, it does not undo the undo.
    let fits = |entry: &Entry| standing.contains(&entry.state) && entry.plan.undoes.is_none();
    let entry = find(&reading, id, "there is nothing to undo", fits)?;
    let plan = if force { undo_forced(&operator.ground(), entry) } else { plan_undo(&operator.ground(), entry) };
    let plan = plan.map_err(|refusal| {
        let before = reading.entries.iter().rev().skip_while(|e| e.id != entry.id).skip(1).find(|e| fits(e));
        match before {
            Some(before) if id.is_none() && refusal.way_out.is_empty() => {
                let title = clean_line(&before.plan.title);
                refusal.instead(format!("the change before it: bridgewatch undo {} ({title})", before.id))
            }
            _ => refusal,
        }
    });
    operator.carry(plan, how, out)
}

/// Keeps an entry that waits.
pub(super) fn confirm(global: &Global, id: Option<&str>, out: &mut impl Write) -> Result<u8, CommandError> {
    if Mode::settle(global.read_only).is_read_only() {
        return Err(CommandError::Refused("confirm: nothing is changed with --read-only".into()));
    }
    let reading = read()?;
    let entry = find(&reading, id, "nothing waits to be confirmed", |e| e.state == EntryState::Unconfirmed)?;
    let dir = journal::state_dir().map_err(|e| CommandError::Refused(e.to_string()))?;
    let done = Journal::open(&dir).and_then(|mut journal| journal.confirm(&entry.id));
    done.map_err(|e| CommandError::Refused(e.to_string()))?;
    writeln!(out, "{} is confirmed: {}", entry.id, clean_line(&entry.plan.title))?;
    Ok(code::OK)
}
