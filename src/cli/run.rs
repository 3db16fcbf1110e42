//! From a parsed command line to an exit code.

use super::args::{AuditFormat, Cli, Command, From, Global, ListFormat, SeverityArg, TopologyFormat};
use super::source::{SourceError, Taken, judge, live_options, take};
use super::{
    audit, change, doctor, events, json, lessen, links, networks, ns, ports, record, snapshot, stats, template,
    topology,
};
use crate::analysis::checks::{Audit, Auditor, Severity};
use crate::live::{self, LiveError, Patience};
use crate::model::Snapshot;
use crate::recording::RecordingError;
use crate::text::clean_line;
use clap::CommandFactory;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// Exit codes that every command shares; they are documented in the help.
pub mod code {
    /// Done.
    pub const OK: u8 = 0;
    /// It failed, or `audit` has findings.
    pub const FAILED: u8 = 1;
    /// Wrong usage, or no terminal.
    pub const USAGE: u8 = 2;
    /// The engine can't be reached.
    pub const NO_ENGINE: u8 = 3;
    /// Incomplete under `--strict`.
    pub const INCOMPLETE: u8 = 4;
    /// Nothing was changed: it was refused, or not confirmed.
    pub const REFUSED: u8 = 5;
    /// Not all of a change was done.
    pub const PARTLY: u8 = 6;
}

/// Why a command ended without its answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The host could not be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A recording could not be read or written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The live host could not be watched.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The output can't be written.
    #[error("write the answer: {0}")]
    Output(#[from] io::Error),
    /// A container that was named does not exist.
    #[error("{0}")]
    Selection(stats::SelectionError),
    /// A container that was named can't be looked up, as no engine answers.
    #[error("{0}")]
    Unanswered(stats::SelectionError),
    /// `--read-only` could not be kept.
    #[error(transparent)]
    NotLessened(#[from] lessen::NotLessened),
    /// The words of the command line contradict what there is.
    #[error("{0}")]
    Usage(String),
    /// A change was refused; nothing was done.
    #[error("{0}")]
    Refused(String),
    /// A terminal inside a container could not be had.
    #[error("{0}")]
    Shell(String),
}

impl CommandError {
    fn code(&self) -> u8 {
        match self {
            CommandError::Usage(_) => code::USAGE,
            CommandError::Refused(_) => code::REFUSED,
            CommandError::Unanswered(_) => code::NO_ENGINE,
            CommandError::Live(LiveError::Endpoint(_))
            | CommandError::Source(SourceError::Live(LiveError::Endpoint(_))) => code::USAGE,
            // A reader that has seen enough (`| head`) is no failure.
            CommandError::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => code::OK,
            _ => code::FAILED,
        }
    }
}

/// Runs a command; the console when there is none. Answers the exit code.
pub fn run(cli: Cli) -> u8 {
    match settle_and_run(cli) {
        Ok(code) => code,
        Err(error) => {
            let code = error.code();
            if code != code::OK {
                eprintln!("bridgewatch: {}", clean_line(&error.to_string()));
            }
            code
        }
    }
}

/// Rights are given up before anything else: no thread has been started yet.
fn settle_and_run(cli: Cli) -> Result<u8, CommandError> {
    let mut global = cli.global;
    if global.read_only && cli.command.as_ref().is_none_or(Command::is_live) {
        global.rules = lessen::to_reading()?;
    }
    match cli.command {
        None => crate::cli::console::live(&global),
        Some(command) => dispatch(&global, command),
    }
}

fn dispatch(global: &Global, command: Command) -> Result<u8, CommandError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let command = match change::run(global, command, &mut out) {
        Ok(done) => {
            let code = done?;
            out.flush()?;
            return Ok(code);
        }
        Err(command) => *command,
    };
    let code = match command {
        Command::Stats { containers, all, no_stream, no_trunc, format, from } => {
            let selection = stats::Selection { arguments: containers, all, no_trunc };
            let format = template::Format::parse(format.as_deref().unwrap_or("table"))
                .map_err(|e| CommandError::Usage(e.to_string()))?;
            // Without the floor every later refresh would come from the first reading.
            if no_stream || from.from.is_some() {
                stats_once(global, &from, &selection, &format, &mut out)?
            } else {
                stats_stream(global, &selection, &format, &mut out)?
            }
        }
        Command::Networks { format, from } => {
            let taken = take(global, &from, Patience::default())?;
            let entries = networks::document(&taken.snapshot, &taken.report);
            list(&mut out, format, &entries, || networks::table(&entries).text())?;
            engine_needed(&taken)
        }
        Command::Links { format, from } => {
            let taken = take(global, &from, Patience { depth: false, ..Patience::default() })?;
            let rows = links::document(&taken.snapshot, &taken.report);
            list(&mut out, format, &rows, || links::table(&rows).text())?;
            code::OK
        }
        Command::Topology { format, from } => {
            let taken = take(global, &from, Patience { rates: true, ..Patience::default() })?;
            let roots = topology::document(&taken.snapshot, &taken.report);
            match format {
                TopologyFormat::Tree => out.write_all(topology::text(&roots, global.ascii).as_bytes())?,
                TopologyFormat::Dot => out.write_all(topology::dot(&roots).as_bytes())?,
                TopologyFormat::Mermaid => out.write_all(topology::mermaid(&roots).as_bytes())?,
                TopologyFormat::Json => json::write(&mut out, &roots, true)?,
            }
            code::OK
        }
        Command::Ports { format, from } => {
            let taken = take(global, &from, Patience::default())?;
            let rows = ports::document(&taken.snapshot, &taken.report);
            list(&mut out, format, &rows, || ports::table(&taken.report).text())?;
            engine_needed(&taken)
        }
        Command::Ns { format, from } => {
            let taken = take(global, &from, Patience { depth: false, ..Patience::default() })?;
            let rows = ns::document(&taken.snapshot, &taken.report);
            list(&mut out, format, &rows, || {
                let netns = ns::netns_document(&taken.snapshot, &taken.report);
                format!("{}\n{}", ns::table(&rows).text(), ns::netns_table(&netns).text())
            })?;
            code::OK
        }
        Command::Events { format, duration, from } => show_events(global, format, duration, &from, &mut out)?,
        Command::Audit { format, fail_on, strict, all, from } => {
            let taken = take(global, &from, Patience::default())?;
            let again = || Ok(take(global, &from, Patience::default())?.snapshot);
            let report = confirmed_audit(&taken, all, from.from.is_none(), again)?;
            judge_security(&taken, &report, (format, all), fail_on, strict, &mut out)?
        }
        Command::Snapshot { scrub, from } => {
            let taken = take(global, &from, Patience { rates: true, ..Patience::default() })?;
            let again = || -> Result<_, CommandError> { Ok(take(global, &from, Patience::default())?.snapshot) };
            let clean = |s: &Arc<Snapshot>| if scrub { Arc::new(record::scrubbed(s)) } else { s.clone() };
            let taken = if scrub { judge(None, clean(&taken.snapshot)) } else { taken };
            let audit = confirmed_audit(&taken, false, from.from.is_none(), || Ok(clean(&again()?)))?;
            let findings = serde_json::to_value(&audit.findings).unwrap_or_default();
            json::write(&mut out, &snapshot::document(&taken.snapshot, &taken.report, findings), true)?;
            code::OK
        }
        Command::Record { file, duration, scrub, logs, force } => {
            record::record(global, &record::Wish { file, duration, scrub, logs, force })?
        }
        Command::Replay { file } => crate::cli::console::replay(global, &file)?,
        Command::Demo => crate::cli::console::demo(global)?,
        Command::Doctor { format } => {
            let taken = take(global, &From::default(), Patience::default())?;
            let list = doctor::examine(&taken.snapshot);
            match format {
                ListFormat::Json => json::write(&mut out, &list, true)?,
                ListFormat::Table => doctor::write_text(&list, &mut out)?,
            }
            code::OK
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "bridgewatch", &mut out);
            code::OK
        }
        // Those that change something were taken above.
        Command::Limit { .. } => return Err(CommandError::Usage("say set, show or clear, or --keep".into())),
        Command::Container { .. }
        | Command::Network { .. }
        | Command::Undo { .. }
        | Command::Journal { .. }
        | Command::Confirm { .. }
        | Command::Guard { .. } => code::USAGE,
        Command::Man => {
            super::man::write(&mut out)?;
            code::OK
        }
        Command::ReadRules => {
            lessen::to(&lessen::RULES)?;
            live::serve_rules(io::stdin().lock(), &mut out)?;
            code::OK
        }
    };
    out.flush()?;
    Ok(code)
}

fn list(
    out: &mut impl Write,
    format: ListFormat,
    document: &impl serde::Serialize,
    table: impl FnOnce() -> String,
) -> io::Result<()> {
    match format {
        ListFormat::Json => json::write(out, document, true),
        ListFormat::Table => out.write_all(table().as_bytes()),
    }
}

/// Says on standard error that the engine is away, with the endpoint and where it was taken from.
fn engine_needed(taken: &Taken) -> u8 {
    if !taken.snapshot.engine_is_stale() {
        return code::OK;
    }
    complain(&taken.snapshot);
    code::NO_ENGINE
}

fn complain(snapshot: &Snapshot) {
    let endpoint = &snapshot.host.endpoint;
    let reason = snapshot.source("engine").map(|s| s.reason.clone()).filter(|r| !r.is_empty());
    let reason = reason.or_else(|| snapshot.host.engine.why().map(|g| g.reason.clone())).unwrap_or_default();
    let reason = clean_line(&reason).into_owned();
    let url = clean_line(&endpoint.url).into_owned();
    if reason.contains(&url) {
        eprintln!("bridgewatch: no engine: {reason} (endpoint taken from {})", endpoint.origin);
    } else {
        eprintln!("bridgewatch: no engine at {url} (taken from {}): {reason}", endpoint.origin);
    }
    if let Some(lift) = snapshot.host.engine.why().and_then(|g| g.lift.clone()) {
        eprintln!("bridgewatch: {}", clean_line(&lift));
    }
}

fn stats_once(
    global: &Global,
    from: &From,
    selection: &stats::Selection,
    format: &template::Format,
    out: &mut impl Write,
) -> Result<u8, CommandError> {
    let taken = take(global, from, Patience { rates: true, depth: false, ..Patience::default() })?;
    print_stats(&taken, selection, format, out)?;
    Ok(engine_needed(&taken))
}

fn print_stats(
    taken: &Taken,
    selection: &stats::Selection,
    format: &template::Format,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let rows = stats::rows(&taken.snapshot, &taken.report, selection).map_err(|error| {
        // An argument is a name of the engine's: without the engine, that is the reason.
        if taken.snapshot.engine_is_stale() {
            complain(&taken.snapshot);
            return CommandError::Unanswered(error);
        }
        CommandError::Selection(error)
    })?;
    let text = stats::text(&rows, format).map_err(|e| CommandError::Usage(e.to_string()))?;
    Ok(out.write_all(text.as_bytes())?)
}

/// A table on a terminal is drawn over the one before, as docker does; everything else goes line after line.
fn stats_stream(
    global: &Global,
    selection: &stats::Selection,
    format: &template::Format,
    out: &mut impl Write,
) -> Result<u8, CommandError> {
    use std::io::IsTerminal;
    let over = io::stdout().is_terminal() && matches!(format, template::Format::Table | template::Format::Columns(_));
    let mut analyst = crate::analysis::Analyst::new();
    let (mut last_at, mut result, mut told) = (0, Ok(code::OK), false);
    live::stream(live_options(global), None, |next| {
        let report = analyst.update(next).clone();
        let has_rates =
            report.rates.containers.is_empty() || report.rates.containers.iter().any(|r| r.cpu_percent.is_some());
        if next.at_ns == last_at || !has_rates {
            return true;
        }
        last_at = next.at_ns;
        if next.engine_is_stale() && !told {
            complain(next);
            told = true;
        }
        let mut page = Vec::new();
        if over {
            // Home and clear: the page that follows is written in one piece, so nothing flickers.
            page.extend_from_slice(b"\x1b[H\x1b[2J");
        }
        let taken = Taken { snapshot: next.clone(), report };
        let printed = print_stats(&taken, selection, format, &mut page)
            .and_then(|()| Ok(out.write_all(&page).and_then(|()| out.flush())?));
        result = printed.map(|()| code::OK);
        result.is_ok()
    })?;
    result
}

fn show_events(
    global: &Global,
    format: ListFormat,
    duration: Option<Duration>,
    from: &From,
    out: &mut impl Write,
) -> Result<u8, CommandError> {
    let zone = if global.utc { jiff::tz::TimeZone::UTC } else { jiff::tz::TimeZone::system() };
    let mut shown = 0;
    let mut print = |snapshot: &Snapshot| -> io::Result<()> {
        for event in snapshot.events.iter().filter(|e| e.seq > shown) {
            match format {
                ListFormat::Json => writeln!(out, "{}", json::text(events::document(event)))?,
                ListFormat::Table => writeln!(out, "{}", events::line(event, &zone))?,
            }
        }
        shown = snapshot.events.last().map_or(shown, |e| e.seq);
        out.flush()
    };
    if from.from.is_some() {
        print(&take(global, from, Patience::default())?.snapshot)?;
        return Ok(code::OK);
    }
    let mut result = Ok(());
    live::stream(live_options(global), duration, |snapshot| {
        result = print(snapshot);
        result.is_ok()
    })?;
    result?;
    Ok(code::OK)
}

fn judge_security(
    taken: &Taken,
    report: &Audit,
    (format, all): (AuditFormat, bool),
    fail_on: SeverityArg,
    strict: bool,
    out: &mut impl Write,
) -> Result<u8, CommandError> {
    match format {
        AuditFormat::Text => {
            audit::write_text(out, report, audit::TextOptions { all, ..audit::TextOptions::default() })?;
        }
        AuditFormat::Json => audit::write_json(out, report, all, true)?,
    }
    let reachable = !taken.snapshot.engine_is_stale();
    if !reachable {
        complain(&taken.snapshot);
    }
    let fail_on = match fail_on {
        SeverityArg::Critical => Severity::Critical,
        SeverityArg::High => Severity::High,
        SeverityArg::Medium => Severity::Medium,
        SeverityArg::Low => Severity::Low,
        SeverityArg::Info => Severity::Info,
    };
    Ok(audit::exit_code(report, fail_on, strict, reachable))
}

/// The audit of a host. When something in it rests on what may be in passing and the host is `live`, it is read
/// `again`, and only what both readings have is reported.
fn confirmed_audit(
    taken: &Taken,
    all: bool,
    live: bool,
    again: impl FnOnce() -> Result<Arc<Snapshot>, CommandError>,
) -> Result<Arc<Audit>, CommandError> {
    let audit = Auditor::once(&taken.snapshot, all);
    if live && Auditor::wants_confirmation(&audit) {
        return Ok(Auditor::confirmed(&taken.snapshot, &again()?, all));
    }
    Ok(audit)
}
