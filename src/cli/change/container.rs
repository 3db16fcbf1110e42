//! `container …`: from flags to wishes.

use super::find;
use super::flow::Operator;
use crate::actions::{ShellEnd, run_shell_here};
use crate::cli::args::change::{ContainerCommand, How, LimitFlags};
use crate::cli::args::{From, Global};
use crate::cli::source::take;
use crate::cli::{CommandError, code};
use crate::live::Patience;
use crate::model::ContainerId;
use crate::plan::containers::amounts::{parse_cpus, parse_size};
use crate::plan::containers::parse_policy;
use crate::plan::{ContainerChange, LimitsUpdate, Mode, Prune, ShellWish, Wish, plan};
use crate::terminal;
use std::io::Write;

pub(super) fn run(global: &Global, command: ContainerCommand, out: &mut impl Write) -> Result<u8, CommandError> {
    use ContainerChange as Change;
    let (words, change, how): (Vec<String>, Change, How) = match command {
        ContainerCommand::Start { of, how } => (of.containers, Change::Start, how),
        ContainerCommand::Stop { of, time, how } => (of.containers, Change::Stop { timeout_s: time }, how),
        ContainerCommand::Restart { of, time, how } => (of.containers, Change::Restart { timeout_s: time }, how),
        ContainerCommand::Pause { of, how } => (of.containers, Change::Pause, how),
        ContainerCommand::Unpause { of, how } => (of.containers, Change::Unpause, how),
        ContainerCommand::Kill { of, signal, how } => (of.containers, Change::Kill { signal }, how),
        ContainerCommand::Rename { container, name, how } => (vec![container], Change::Rename { name }, how),
        ContainerCommand::Rm { of, force, volumes, how } => (of.containers, Change::Remove { force, volumes }, how),
        ContainerCommand::Update { of, limits, restart, how } => (of.containers, update(&limits, restart)?, how),
        ContainerCommand::Commit { container, reference, no_pause, how } => {
            (vec![container], Change::Commit { reference, pause: !no_pause }, how)
        }
        ContainerCommand::Checkpoint { container, name, leave_running, how } => {
            (vec![container], Change::Checkpoint { name, leave_running }, how)
        }
        ContainerCommand::Restore { container, name, how } => (vec![container], Change::Restore { name }, how),
        ContainerCommand::Exec { user, container, command } => {
            return shell(global, &container, |container| ShellWish { container, attach: false, command, user });
        }
        ContainerCommand::Attach { container } => {
            let (command, user) = (Vec::new(), String::new());
            return shell(global, &container, |container| ShellWish { container, attach: true, command, user });
        }
        ContainerCommand::Prune { how } => {
            let operator = Operator::new(global, "prune containers")?;
            let made = plan(&operator.ground(), &Wish::Prune(Prune::Containers));
            return operator.carry(made, &how, out);
        }
    };
    let operator = Operator::new(global, "container")?;
    let of = find::containers(&operator.taken.snapshot, &words)?;
    let made = plan(&operator.ground(), &Wish::Containers { of, change });
    operator.carry(made, &how, out)
}

/// Runs a terminal inside a container and answers its exit code.
fn shell(global: &Global, word: &str, wish: impl FnOnce(ContainerId) -> ShellWish) -> Result<u8, CommandError> {
    let Mode::Operate(warrant) = Mode::settle(global.read_only) else {
        return Err(CommandError::Refused("a process in a container changes it: not with --read-only".into()));
    };
    let taken = take(global, &From::default(), Patience { depth: false, ..Patience::default() })?;
    let wish = wish(find::container(&taken.snapshot, word)?.id.clone());
    let engine = (global.host.as_deref(), global.context.as_deref());
    match run_shell_here(engine, &wish, &terminal::size, &warrant.permit()) {
        Ok(ShellEnd::Exited(status)) => Ok(u8::try_from(status).unwrap_or(code::FAILED)),
        Ok(ShellEnd::Left) => Ok(code::OK),
        Err(error) => Err(CommandError::Shell(error.to_string())),
    }
}

fn update(flags: &LimitFlags, restart: Option<String>) -> Result<ContainerChange, CommandError> {
    let usage = |error: String| CommandError::Usage(error);
    let size = |text: &Option<String>| -> Result<Option<i64>, CommandError> {
        let Some(text) = text else { return Ok(None) };
        if text == "-1" {
            return Ok(Some(-1));
        }
        let bytes = parse_size(text).map_err(|e| usage(e.to_string()))?;
        Ok(Some(i64::try_from(bytes).map_err(|_| usage(format!("{text} is too much")))?))
    };
    let cpus = flags.cpus.as_deref().map(parse_cpus).transpose().map_err(|e| usage(e.to_string()))?;
    let limits = LimitsUpdate {
        nano_cpus: cpus,
        cpu_quota_us: flags.cpu_quota,
        cpu_period_us: flags.cpu_period,
        cpu_shares: flags.cpu_shares,
        cpuset_cpus: flags.cpuset_cpus.clone(),
        memory_bytes: size(&flags.memory)?,
        memory_swap_bytes: size(&flags.memory_swap)?,
        pids_limit: flags.pids_limit,
        blkio_weight: flags.blkio_weight,
    };
    match (restart, limits == LimitsUpdate::default()) {
        (None, true) => Err(usage("say what to change, e.g. --memory 512m".into())),
        (None, false) => Ok(ContainerChange::Limits(Box::new(limits))),
        (Some(_), false) => Err(usage("limits and the restart policy are changes of their own: one at a time".into())),
        (Some(text), true) => {
            let policy = parse_policy(&text).ok_or_else(|| {
                usage(format!("`{text}` is none of no, always, unless-stopped, on-failure, on-failure:N"))
            })?;
            Ok(ContainerChange::RestartPolicy(policy))
        }
    }
}
