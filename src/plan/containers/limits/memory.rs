//! Memory, and memory with swap.

use super::{Change, Context, limit_words};
use crate::plan::Refusal;
use crate::plan::containers::amounts::size_words;
use crate::plan::draft::is_running;
use crate::plan::op::LimitsUpdate;

/// The largest limit that a memory cgroup holds, bytes: it limits nothing, and the kernel shows it as its default.
const NO_LIMIT: i64 = i64::MAX - 4095;
/// Smallest limit that the engine takes.
const SMALLEST: i64 = 6 << 20;

/// Memory, and memory with swap: bytes; 0 is none (for swap: the engine's choice), −1 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    memory: i64,
    swap: i64,
}

impl Pair {
    /// What an update leaves.
    fn left_by(update: &LimitsUpdate) -> Self {
        Pair { memory: update.memory_bytes.unwrap_or(0), swap: update.memory_swap_bytes.unwrap_or(0) }
    }

    fn is_limited(self) -> bool {
        self.memory > 0 && self.memory < 1 << 60
    }
}

pub(super) fn plan(context: &Context<'_>, wish: &LimitsUpdate, change: &mut Change) -> Result<(), Refusal> {
    if wish.memory_bytes.is_none() && wish.memory_swap_bytes.is_none() {
        return Ok(());
    }
    let config = context.config;
    let before = Pair { memory: config.memory_bytes, swap: config.memory_swap_bytes };
    let after = wanted(context, wish, before)?;
    if after == before || !after.is_limited() && !before.is_limited() {
        return Ok(());
    }
    let mut at = before;
    for update in updates(before, after) {
        let next = Pair::left_by(&update);
        change.memory.push((update, updates(next, at)));
        at = next;
    }
    let had = format!("memory limit before: {}", limit_words(before.memory));
    change.notes.push(had);
    if after.is_limited() && wish.memory_swap_bytes.is_none() && after.swap != before.swap {
        change.notes.push(format!("memory and swap together become {}, as at docker run", limit_words(after.swap)));
    }
    if !before.is_limited() || !after.is_limited() {
        let words =
            "the engine can't take a memory limit off: one that limits nothing is written, and inspect shows it";
        change.notes.push(words.into());
    }
    Ok(())
}

fn wanted(context: &Context<'_>, wish: &LimitsUpdate, before: Pair) -> Result<Pair, Refusal> {
    let memory = wish.memory_bytes.unwrap_or(before.memory);
    let swap = wish.memory_swap_bytes;
    if memory <= 0 || memory >= 1 << 60 {
        return match swap {
            Some(swap) if swap > 0 => {
                Err(context.refuse("memory-swap", "swap is limited together with memory only", "set memory, too"))
            }
            _ => Ok(Pair { memory: 0, swap: 0 }),
        };
    }
    if memory < SMALLEST {
        return Err(context.refuse("memory", "the engine takes no limit below 6 MiB", "6m or more"));
    }
    let words = size_words(memory.unsigned_abs());
    let host = context.ground.snapshot.host.memory_bytes;
    if host > 0 && memory.unsigned_abs() > host {
        let why = format!("{words} is more than the {} of this host", size_words(host));
        return Err(context.refuse("memory", why, "leave it without a limit (0)"));
    }
    below_use(context, memory)?;
    let swap = match swap {
        Some(-1) => -1,
        Some(swap) if swap < -1 => {
            return Err(context.refuse("memory-swap", "a size is not negative", "-1 is no limit"));
        }
        Some(swap) if swap > 0 && swap < memory => {
            let why = format!("memory and swap together, {}, are less than memory alone", limit_words(swap));
            return Err(context.refuse("memory-swap", why, format!("{words} (no swap) or more; -1 is no limit")));
        }
        Some(swap) if swap > 0 => swap,
        // As at docker run: as much swap as memory.
        Some(_) => memory.saturating_mul(2),
        None if before.swap == -1 => -1,
        None if before.swap >= memory && before.is_limited() => before.swap,
        None => memory.saturating_mul(2),
    };
    Ok(Pair { memory, swap })
}

/// A limit below what can't be reclaimed ends processes.
fn below_use(context: &Context<'_>, memory: i64) -> Result<(), Refusal> {
    let Some(sample) = context.ground.snapshot.sample(&context.container.id) else { return Ok(()) };
    let Some(used) = sample.memory_bytes.get().filter(|_| is_running(context.container)) else { return Ok(()) };
    let cache = sample.inactive_file_bytes.get().unwrap_or(0).min(used);
    if memory.unsigned_abs() >= used - cache {
        return Ok(());
    }
    let why = format!(
        "it uses {} now, and {} of that can't be reclaimed: with a limit of {} the kernel would end processes",
        size_words(used),
        size_words(used - cache),
        size_words(memory.unsigned_abs())
    );
    // A tenth of headroom.
    let way_out = format!("{} or more", size_words((used - cache) / 10 * 11));
    Err(context.refuse("memory", why, way_out))
}

/// The updates that lead from one pair to another. The engine passes on no −1, and the kernel keeps memory below memory
/// and swap at every moment, so some ways have two steps.
fn updates(from: Pair, to: Pair) -> Vec<LimitsUpdate> {
    let update = |memory: i64, swap: i64| LimitsUpdate {
        memory_bytes: Some(memory),
        memory_swap_bytes: Some(swap),
        ..LimitsUpdate::default()
    };
    let swap_is_limited = from.is_limited() && from.swap != -1 && from.swap != NO_LIMIT;
    match (to.is_limited(), to.swap) {
        (false, _) if swap_is_limited => vec![update(from.memory, NO_LIMIT), update(NO_LIMIT, -1)],
        (false, _) => vec![update(NO_LIMIT, -1)],
        (true, -1) if swap_is_limited => vec![update(to.memory, NO_LIMIT), update(to.memory, -1)],
        (true, 0) => vec![update(to.memory, to.memory.saturating_mul(2))],
        (true, swap) => vec![update(to.memory, swap)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_keeps_memory_below_memory_and_swap() {
        let pairs = [(0, 0), (8 << 20, 16 << 20), (64 << 20, 64 << 20), (64 << 20, -1), (32 << 20, 256 << 20)];
        for from in pairs.map(|(memory, swap)| Pair { memory, swap }) {
            for to in pairs.map(|(memory, swap)| Pair { memory, swap }) {
                let mut total = if from.is_limited() && from.swap > 0 { from.swap } else { NO_LIMIT };
                for step in updates(from, to) {
                    let (memory, swap) = (step.memory_bytes.expect("set"), step.memory_swap_bytes.expect("set"));
                    // The engine hands −1 to nobody: what was before stands.
                    total = if swap > 0 { swap } else { total };
                    assert!(memory <= total, "{from:?} to {to:?}");
                }
                if to.is_limited() {
                    assert_eq!(total, if to.swap == -1 { NO_LIMIT } else { to.swap }, "{from:?} to {to:?}");
                } else {
                    assert_eq!(total, NO_LIMIT, "{from:?} to {to:?}");
                }
            }
        }
    }
}
