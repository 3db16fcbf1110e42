//! Figures of one container by column: the one place that cells, sums and sort keys take them from.

use crate::app::Scene;
use crate::model::Container;
use crate::views::parts::{figure, format};

/// True when the kernel counts something for it, so that a missing figure is unknown and not merely absent.
pub fn is_live(scene: &Scene, container: &Container) -> bool {
    container.state.has_processes() || scene.snapshot.sample(&container.id).is_some()
}

/// Columns whose figures exist for live containers only.
pub fn is_live_column(column: &str) -> bool {
    !matches!(column, "restarts" | "exit" | "name" | "state" | "health" | "ports" | "networks" | "image" | "id")
}

/// The figure of a column; none when it is not known or does not exist.
pub fn number(scene: &Scene, container: &Container, column: &str) -> Option<f64> {
    // Asked for every cell that is drawn: only what the column needs is looked up.
    let rates = || scene.report.rates.container(&container.id);
    let sample = || scene.snapshot.sample(&container.id);
    let bytes = |value: Option<u64>| value.map(|v| v as f64);
    match column {
        "uptime" => uptime_seconds(scene, container).map(|s| s as f64),
        "restarts" => figure::of(&container.restart_count),
        "exit" => container.exit_code.map(|code| code as f64),
        "cpu" => rates()?.cpu_percent,
        "throttled" => rates()?.throttled_percent,
        "memory" => bytes(rates()?.memory_bytes),
        "limit" => rates().filter(|r| r.is_memory_limited).and_then(|r| bytes(r.memory_limit_bytes)),
        "memory-percent" => {
            let limit = bytes(rates()?.memory_limit_bytes).filter(|limit| *limit > 0.0)?;
            Some(bytes(rates()?.memory_bytes)? / limit * 100.0)
        }
        "cache" => figure::of(&sample()?.cache_bytes),
        "rx" => rates()?.rx_rate,
        "tx" => rates()?.tx_rate,
        "rx-total" => bytes(rates()?.rx_bytes),
        "tx-total" => bytes(rates()?.tx_bytes),
        "read" => rates()?.io_read_rate,
        "write" => rates()?.io_write_rate,
        "pids" => figure::of(&sample()?.pids),
        // Where the cgroup is gone the engine still knows that the last end was one.
        "oom" => {
            let counted = sample().and_then(|s| figure::of(&s.oom_kills));
            if container.oom_killed { Some(counted.unwrap_or(0.0).max(1.0)) } else { counted }
        }
        "pressure-cpu" => sample()?.pressure_cpu.get().map(|p| f64::from(p.avg10)),
        "pressure-memory" => sample()?.pressure_memory.get().map(|p| f64::from(p.avg10)),
        "pressure-io" => sample()?.pressure_io.get().map(|p| f64::from(p.avg10)),
        _ => None,
    }
}

/// Seconds since the last start of a container that runs.
pub fn uptime_seconds(scene: &Scene, container: &Container) -> Option<i64> {
    let started = container.started_at.filter(|_| container.state.has_processes())?;
    Some(format::age_seconds(scene.now, started))
}

/// True when its network figures belong to a namespace that others use too.
pub fn is_network_shared(scene: &Scene, container: &Container) -> bool {
    scene.report.rates.container(&container.id).is_some_and(|r| r.is_network_shared)
}
