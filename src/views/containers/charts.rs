//! CPU, memory, network and block I/O of a container over time.

use super::figures;
use crate::analysis::Metric;
use crate::app::Scene;
use crate::model::{Container, ContainerId};
use crate::theme::Role;
use crate::views::content::{Chart, Content, Line, Span};
use crate::views::parts::format;

/// The charts.
pub fn content(scene: &Scene, container: &Container) -> Content {
    let mut lines = Vec::new();
    if !figures::is_live(scene, container) {
        lines.push(Line::of([Span::new(
            "Not running: nothing is counted. What is held of its past is below.",
            Role::Notice,
        )]));
    }
    if figures::is_network_shared(scene, container) {
        lines.push(Line::of([Span::new("Network: figures of a namespace that others use too.", Role::Notice)]));
    }
    let charts = vec![cpu(scene, container), memory(scene, container), network(scene, container), io(scene, container)];
    Content::Charts(lines, charts)
}

fn points(scene: &Scene, id: &ContainerId, metric: Metric) -> (Vec<f32>, u32) {
    scene.history.span(id, metric, scene.prefs.chart_minutes)
}

fn newest(value: Option<f64>, show: fn(f64) -> String) -> String {
    value.map_or("?".to_owned(), show)
}

fn cpu(scene: &Scene, container: &Container) -> Chart {
    let (points, seconds_per_point) = points(scene, &container.id, Metric::Cpu);
    let quota = scene.snapshot.kernel_of(&container.id).and_then(|k| k.limits.cpu.known().copied().flatten());
    Chart {
        title: format!("CPU {} of one CPU", newest(figures::number(scene, container, "cpu"), format::percent)),
        role: Role::Cpu,
        points,
        second: None,
        seconds_per_point,
        limit: quota
            .filter(|(_, period)| *period > 0)
            .map(|(quota, period)| (quota as f64 / period as f64 * 100.0) as f32),
        format: format::percent,
    }
}

fn memory(scene: &Scene, container: &Container) -> Chart {
    let (points, seconds_per_point) = points(scene, &container.id, Metric::Memory);
    Chart {
        title: format!("Memory {}", newest(figures::number(scene, container, "memory"), |v| format::memory(v as u64))),
        role: Role::Memory,
        points,
        second: None,
        seconds_per_point,
        limit: figures::number(scene, container, "limit").map(|v| v as f32),
        format: |v| format::memory(v.max(0.0) as u64),
    }
}

fn network(scene: &Scene, container: &Container) -> Chart {
    let (points_rx, seconds_per_point) = points(scene, &container.id, Metric::Rx);
    let (points_tx, _) = points(scene, &container.id, Metric::Tx);
    Chart {
        title: format!(
            "Network: received {}, sent {}",
            newest(figures::number(scene, container, "rx"), format::rate),
            newest(figures::number(scene, container, "tx"), format::rate)
        ),
        role: Role::Rx,
        points: points_rx,
        second: Some((points_tx, Role::Tx)),
        seconds_per_point,
        limit: None,
        format: format::rate,
    }
}

fn io(scene: &Scene, container: &Container) -> Chart {
    let (reads, seconds_per_point) = points(scene, &container.id, Metric::IoRead);
    let (writes, _) = points(scene, &container.id, Metric::IoWrite);
    Chart {
        title: format!(
            "Block I/O: read {}, written {}",
            newest(figures::number(scene, container, "read"), format::rate),
            newest(figures::number(scene, container, "write"), format::rate)
        ),
        role: Role::Io,
        points: reads,
        second: Some((writes, Role::Tx)),
        seconds_per_point,
        limit: None,
        format: format::rate,
    }
}
