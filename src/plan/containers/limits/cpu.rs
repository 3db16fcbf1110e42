//! Shares of processors: quota and period, weight, which ones.

use super::{Change, Context};
use crate::model::CgroupVersion;
use crate::plan::Refusal;
use crate::plan::containers::amounts::cpus_text;
use crate::plan::op::LimitsUpdate;

/// Period of the kernel when none is set, microseconds.
const PERIOD_US: i64 = 100_000;
/// One CPU in 10⁻⁹ CPUs.
const ONE: i64 = 1_000_000_000;

pub(super) fn plan(context: &Context<'_>, wish: &LimitsUpdate, change: &mut Change) -> Result<(), Refusal> {
    let by_quota = wish.cpu_quota_us.is_some() || wish.cpu_period_us.is_some();
    match wish.nano_cpus {
        Some(_) if by_quota => {
            let why = "a number of CPUs and a quota say the same thing";
            return Err(context.refuse("cpus", why, "give one of them"));
        }
        Some(nano) => cpus(context, nano, change)?,
        None if by_quota => quota(context, wish, change)?,
        None => {}
    }
    shares(context, wish, change)?;
    cpuset(context, wish, change)
}

fn cpus(context: &Context<'_>, nano: i64, change: &mut Change) -> Result<(), Refusal> {
    let config = context.config;
    let all = i64::from(context.cpus) * ONE;
    let range = format!("0.01 to {}, or 0 for no limit", context.cpus);
    if nano < 0 || nano > all {
        let why = format!("{} CPUs are not what a host with {} has", cpus_text(nano.max(0)), context.cpus);
        return Err(context.refuse("cpus", why, range));
    }
    if nano > 0 && nano < ONE / 100 {
        return Err(context.refuse("cpus", "that is less than the engine takes", range));
    }
    if config.nano_cpus > 0 {
        // It was made with --cpus, and the engine refuses a quota beside that.
        let after = if nano == 0 { all } else { nano };
        if after != config.nano_cpus || config.cpu_quota_us == -1 {
            change.now.nano_cpus = Some(after);
            change.before.nano_cpus = Some(config.nano_cpus);
        }
        if nano == 0 {
            change
                .notes
                .push("the engine can't take --cpus off: all CPUs are given instead, which limits nothing".into());
        }
        if config.cpu_quota_us == -1 {
            let words = "the engine also keeps a quota of -1 for it, which wins when it is started again";
            change.lasting.push(words.into());
        }
        return Ok(());
    }
    let period = if config.cpu_period_us > 0 { config.cpu_period_us } else { PERIOD_US };
    let after = match nano {
        0 => -1,
        nano => i64::try_from(i128::from(nano) * i128::from(period) / i128::from(ONE)).unwrap_or(i64::MAX).max(1000),
    };
    if set_quota(context, after, change) && nano > 0 {
        let words = format!(
            "{} CPUs are {after} µs in every {period} µs; a quota can be taken off again, --cpus can't",
            cpus_text(nano)
        );
        change.notes.push(words);
    }
    Ok(())
}

/// True when it is a change.
fn set_quota(context: &Context<'_>, after: i64, change: &mut Change) -> bool {
    let before = if context.config.cpu_quota_us > 0 { context.config.cpu_quota_us } else { -1 };
    if before == after {
        return false;
    }
    change.now.cpu_quota_us = Some(after);
    change.before.cpu_quota_us = Some(before);
    true
}

fn quota(context: &Context<'_>, wish: &LimitsUpdate, change: &mut Change) -> Result<(), Refusal> {
    let config = context.config;
    if config.nano_cpus > 0 {
        let why = format!(
            "it was made with --cpus {}, and the engine refuses a quota beside that",
            cpus_text(config.nano_cpus)
        );
        return Err(context.refuse("cpu-quota", why, "set cpus"));
    }
    let period_before = if config.cpu_period_us > 0 { config.cpu_period_us } else { PERIOD_US };
    let period = match wish.cpu_period_us {
        None | Some(0) => period_before,
        Some(period) if (1000..=1_000_000).contains(&period) => period,
        Some(_) => return Err(context.refuse("cpu-period", "that is no period", "1000 to 1000000 µs")),
    };
    if let Some(quota) = wish.cpu_quota_us {
        let most = i64::from(context.cpus) * period;
        if quota > 0 && !(1000..=most).contains(&quota) {
            let way_out = format!("1000 to {most} µs ({} CPUs), or -1 for no limit", context.cpus);
            return Err(context.refuse("cpu-quota", "that is no quota for this host", way_out));
        }
        set_quota(context, if quota <= 0 { -1 } else { quota }, change);
    }
    if period != period_before {
        change.now.cpu_period_us = Some(period);
        change.before.cpu_period_us = Some(period_before);
    }
    Ok(())
}

fn shares(context: &Context<'_>, wish: &LimitsUpdate, change: &mut Change) -> Result<(), Refusal> {
    let Some(shares) = wish.cpu_shares else { return Ok(()) };
    let (after, before) = (or_default(context, shares), or_default(context, context.config.cpu_shares));
    if !(2..=262_144).contains(&after) {
        return Err(context.refuse("cpu-shares", "that is no weight", "2 to 262144; 1024 is the default"));
    }
    if after != before {
        change.now.cpu_shares = Some(after);
        change.before.cpu_shares = Some(before);
    }
    Ok(())
}

/// Shares as they take effect when none are set. In cgroup v2 the kernel's default weight of 100 is what runc makes of
/// 2598 shares, and from 1.3.2 on of 1024.
fn or_default(context: &Context<'_>, shares: i64) -> i64 {
    let host = &context.ground.snapshot.host;
    if shares != 0 {
        return shares;
    }
    let engine = host.engine.known();
    let is_old = engine.and_then(|e| e.components.get("runc")).is_some_and(|runc| version(runc) < [1, 3, 2]);
    let is_v2 = match host.cgroup_version.get() {
        Some(layout) => layout == CgroupVersion::V2,
        None => engine.is_some_and(|engine| engine.cgroup_version == "2"),
    };
    if is_v2 && is_old { 2598 } else { 1024 }
}

fn version(text: &str) -> [u32; 3] {
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok());
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

fn cpuset(context: &Context<'_>, wish: &LimitsUpdate, change: &mut Change) -> Result<(), Refusal> {
    let Some(cpuset) = wish.cpuset_cpus.as_deref() else { return Ok(()) };
    let all = format!("0-{}", context.cpus.saturating_sub(1));
    let all = if context.cpus <= 1 { "0".to_owned() } else { all };
    let after = if cpuset.trim().is_empty() { all.clone() } else { cpuset.trim().to_owned() };
    let Some(wanted) = parse_cpuset(&after) else {
        let shown = crate::text::clean_line(cpuset);
        return Err(context.refuse("cpuset-cpus", format!("`{shown}` is no list of CPUs"), "like 0-1,3"));
    };
    if let Some(high) = wanted.iter().find(|n| **n >= context.cpus) {
        return Err(context.refuse("cpuset-cpus", format!("there is no CPU {high}"), format!("this host has {all}")));
    }
    let before = Some(context.config.cpuset_cpus.clone()).filter(|set| !set.is_empty()).unwrap_or(all);
    if parse_cpuset(&before).as_ref() != Some(&wanted) {
        change.now.cpuset_cpus = Some(after);
        change.before.cpuset_cpus = Some(before);
    }
    Ok(())
}

/// CPUs of a list like `0-1,3`, sorted; none when it is no such list.
fn parse_cpuset(text: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        if from > to || to >= 8192 {
            return None;
        }
        all.extend(from..=to);
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}
