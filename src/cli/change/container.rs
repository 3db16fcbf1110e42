//! `container …`: from flags to wishes.

use super::find;
use super::flow::Operator;
use crate::cli::CommandError;
use crate::cli::args::Global;
use crate::cli::args::change::{ContainerCommand, How, LimitFlags};
use crate::plan::containers::amounts::{parse_cpus, parse_size};
use crate::plan::containers::parse_policy;
use crate::plan::{ContainerChange, LimitsUpdate, Prune, Wish, plan};
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
