//! A wish on its way: planned, shown, confirmed, carried out, told.

use super::documents::{EntryDoc, PlanDoc};
use super::interrupt::Interrupt;
use super::text;
use crate::actions::{Desk, GuardCommand, Hands, Manner, carry_out, who};
use crate::cli::args::change::How;
use crate::cli::args::{From, Global, ListFormat};
use crate::cli::source::{Taken, take};
use crate::cli::{CommandError, code, json};
use crate::journal::{self, Journal};
use crate::live::Patience;
use crate::plan::{
    Cutoff, Entry, EntryState, Ground, Mode, OnFailure, Plan, Progress, Refusal, Risk, Session, Warrant,
};
use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// A host that may be changed.
pub struct Operator<'a> {
    global: &'a Global,
    warrant: Warrant,
    interrupt: Interrupt,
    session: Session,
    /// The host as it is.
    pub taken: Taken,
}

impl<'a> Operator<'a> {
    /// Looks at the host.
    ///
    /// # Errors
    /// With `--read-only`, or when the host can't be read.
    pub fn new(global: &'a Global, what: &str) -> Result<Self, CommandError> {
        let Mode::Operate(warrant) = Mode::settle(global.read_only) else {
            return Err(CommandError::Refused(format!("{what}: nothing is changed with --read-only")));
        };
        let interrupt = Interrupt::catch();
        let taken = take(global, &From::default(), Patience::default())?;
        let session = session(global);
        Ok(Operator { global, warrant, interrupt, session, taken })
    }

    /// What plans are made from.
    pub fn ground(&self) -> Ground<'_> {
        Ground { snapshot: &self.taken.snapshot, report: &self.taken.report, session: &self.session }
    }

    /// What acts without asking: the hands, what cancels them, and the operator's connection.
    pub fn hands(self, state_dir: &Path) -> (Hands, Interrupt, Session) {
        (hands(self.global, self.warrant, state_dir), self.interrupt, self.session)
    }

    /// Shows a plan, has it confirmed, carries it out and tells what became of it. Answers the exit code.
    ///
    /// # Errors
    /// It was refused, or the output can't be written.
    pub fn carry(self, plan: Result<Plan, Refusal>, how: &How, out: &mut impl Write) -> Result<u8, CommandError> {
        let mut plan = plan.map_err(|refusal| CommandError::Refused(refusal.to_string()))?;
        if let Some(seconds) = how.confirm_within {
            let why = plan.cutoff.take().map(|cutoff| cutoff.why).unwrap_or_default();
            plan.cutoff = Some(Cutoff { why, seconds });
        }
        if how.dry_run {
            match how.format {
                ListFormat::Json => json::write(out, &PlanDoc::of(&plan), true)?,
                ListFormat::Table => out.write_all(text::plan(&plan).as_bytes())?,
            }
            return Ok(code::OK);
        }
        if !how.yes && plan.risk != Risk::Trifle {
            confirm(&plan)?;
        }
        let entry = self.act(plan, how)?;
        match how.format {
            ListFormat::Json => json::write(out, &EntryDoc::of(&entry), true)?,
            ListFormat::Table => out.write_all(text::outcome(&entry).as_bytes())?,
        }
        out.flush()?;
        Ok(exit_code(&entry))
    }

    fn act(self, plan: Plan, how: &How) -> Result<Entry, CommandError> {
        let refused = |why: String| CommandError::Refused(format!("{}: nothing was done: {why}", plan.title));
        let dir = journal::state_dir().map_err(|e| refused(e.to_string()))?;
        let mut journal = Journal::open(&dir).map_err(|e| refused(e.to_string()))?;
        let mut hands = hands(self.global, self.warrant, &dir);
        let guard = guard(self.global, &dir);
        let who = who(self.session.clone(), &plan);
        let on_failure = if how.go_on { OnFailure::GoOn } else { OnFailure::Stop };
        let put_up = &mut |id: &_| guard.put_up(id).map(drop);
        let manner = Manner { who, on_failure, cancel: self.interrupt.acting(), guard: put_up };
        let is_table = how.format == ListFormat::Table;
        let shown = plan.clone();
        let mut tell = |progress: Progress| {
            if is_table && let Some(line) = text::progress(&shown, &progress) {
                eprintln!("{line}");
            }
        };
        let done = carry_out(&mut hands, &mut journal, plan, manner, &mut tell);
        done.map_err(|refusal| CommandError::Refused(refusal.to_string()))
    }
}

/// The operator's connection, from the environment.
pub fn session(global: &Global) -> Session {
    let ssh = std::env::var("SSH_CONNECTION").ok().or_else(callers_ssh);
    let url = global.host.clone().or_else(|| std::env::var("DOCKER_HOST").ok());
    let address = url.and_then(|url| {
        let rest = url.strip_prefix("tcp://")?;
        rest.parse::<std::net::SocketAddr>().ok().map(|a| a.ip()).or_else(|| rest.parse().ok())
    });
    Session::read(ssh.as_deref(), address)
}

/// `SSH_CONNECTION` of the processes that this one was called by: sudo takes it away.
fn callers_ssh() -> Option<String> {
    let mut pid = std::os::unix::process::parent_id();
    while pid > 1 {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
        let found = environment.split(|b| *b == 0).find_map(|pair| pair.strip_prefix(b"SSH_CONNECTION="));
        if let Some(found) = found {
            return Some(String::from_utf8_lossy(found).into_owned());
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold anything; the state and the parent follow it.
        pid = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
    }
    None
}

/// The writing handles, for the endpoint of the command line.
pub fn hands(global: &Global, warrant: Warrant, state_dir: &Path) -> Hands {
    Hands::open(warrant, global.host.as_deref(), global.context.as_deref(), state_dir)
}

/// What the console's worker needs.
pub fn desk(global: &Global) -> Desk {
    let state_dir = journal::state_dir().map_err(|e| e.to_string());
    let guard = guard(global, state_dir.as_deref().unwrap_or(Path::new("/")));
    Desk { state_dir, session: session(global), guard }
}

/// This very program as a guard, whatever became of its file and of the search path.
fn guard(global: &Global, state_dir: &Path) -> GuardCommand {
    let mut arguments: Vec<OsString> = Vec::new();
    let options = [("--host", &global.host), ("--context", &global.context)];
    for (name, value) in options.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        arguments.extend([OsString::from(name), value.into()]);
    }
    arguments.extend(["guard".into(), "--state".into(), state_dir.into()]);
    GuardCommand { program: PathBuf::from("/proc/self/exe"), arguments }
}

/// Shows the plan on the terminal and asks.
fn confirm(plan: &Plan) -> Result<(), CommandError> {
    let refused = |why: &str| CommandError::Refused(format!("{}: {why}", plan.title));
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(refused("nobody can be asked here: look at it with --dry-run, then say --yes"));
    }
    let question = match &plan.risk {
        Risk::Grave { word, why } => format!("{why}. Type {} to do it: ", crate::text::clean_line(word)),
        Risk::Change | Risk::Trifle => "Do it? [y/N] ".to_owned(),
    };
    eprint!("{}{question}", text::plan(plan));
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let answer = answer.trim();
    let is_given = match &plan.risk {
        Risk::Grave { word, .. } => answer == word,
        Risk::Change | Risk::Trifle => matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"),
    };
    if is_given { Ok(()) } else { Err(refused("not confirmed, nothing was done")) }
}

/// How a change ended, for scripts.
pub fn exit_code(entry: &Entry) -> u8 {
    match entry.state {
        EntryState::Done | EntryState::Unconfirmed | EntryState::Undone => code::OK,
        EntryState::PartlyDone | EntryState::HalfDone | EntryState::UnderWay => code::PARTLY,
        EntryState::RolledBack | EntryState::NotDone => code::FAILED,
    }
}
