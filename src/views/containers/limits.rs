//! Limits of a container: what was asked for, what the kernel enforces (ancestors included), and how much is used.

use crate::app::Scene;
use crate::model::{Config, Container, Fact};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, figure, format, limit, word};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    let config = container.config.known();
    if let Some(gap) = container.config.why() {
        page.missing("what was asked for", gap);
    }
    page.heading("asked for, enforced, used");
    let mut grid = Grid::new(&["limit", "asked", "kernel", "used", "set by"]);
    memory(&mut grid, scene, container, config.map(|c| &**c));
    swap(&mut grid, scene, container, config.map(|c| &**c));
    tasks(&mut grid, scene, container, config.map(|c| &**c));
    cpu(&mut grid, scene, container, config.map(|c| &**c));
    let columns = page.width();
    page.lines(grid.lines(columns));
    page.note("kernel: the smallest limit on the way up to the root of the cgroups; set by: the cgroup that has it.");
    gaps(&mut page, scene, container);
    traffic(&mut page, scene, container);
    if let Some(config) = config {
        more(&mut page, config);
    }
    rlimits(&mut page, scene, container);
    cgroups(&mut page, scene, container);
    page.finish()
}

/// Limits of its traffic, which are no cgroup's.
fn traffic(page: &mut Page, scene: &Scene, container: &Container) {
    if limit::has_any(scene, &container.id)
        || scene.report.traffic.wanted.iter().any(|w| w.wanted.container == container.id)
    {
        page.heading("traffic");
        limit::container_fields(page, scene, &container.id);
        for attachment in scene.report.wiring.attachments_of(&container.id) {
            if limit::shaped(scene, attachment.link).is_some() {
                limit::tables(page, scene, attachment.link);
            }
        }
    }
}

fn none() -> Cell {
    Cell::new("none", Role::Dim)
}

fn bytes_asked(value: Option<i64>) -> Cell {
    match value {
        None => Cell::unknown(),
        Some(value) if value > 0 => Cell::new(format::memory(value.unsigned_abs()), Role::Text),
        Some(-1) => Cell::new("unlimited", Role::Text),
        Some(_) => none(),
    }
}

fn enforced(fact: Option<&Fact<Option<(u64, String)>>>, show: impl Fn(u64) -> String) -> (Cell, Cell) {
    match fact.map(Fact::known) {
        Some(Some(Some((value, path)))) => {
            (Cell::new(show(*value), Role::Text), Cell { spans: vec![word(path, Role::Dim)] })
        }
        Some(Some(None)) => (none(), Cell::none()),
        _ => (Cell::unknown(), Cell::none()),
    }
}

fn memory(grid: &mut Grid, scene: &Scene, container: &Container, config: Option<&Config>) {
    let limits = scene.snapshot.kernel_of(&container.id).map(|k| &k.limits);
    let (kernel, by) = enforced(limits.map(|l| &l.memory), format::memory);
    let used = scene.report.rates.container(&container.id).and_then(|r| r.memory_bytes);
    let used = used.map_or(Cell::unknown(), |b| Cell::new(format::memory(b), Role::Memory));
    grid.row([Cell::new("memory", Role::Text), bytes_asked(config.map(|c| c.memory_bytes)), kernel, used, by]);
    let asked = bytes_asked(config.map(|c| c.memory_reservation_bytes));
    grid.row([Cell::new("reservation", Role::Text), asked, Cell::none(), Cell::none(), Cell::none()]);
}

fn swap(grid: &mut Grid, scene: &Scene, container: &Container, config: Option<&Config>) {
    let used = scene.snapshot.sample(&container.id).and_then(|s| s.swap_bytes.get());
    let used = used.map_or(Cell::unknown(), |b| Cell::new(format::memory(b), Role::Memory));
    let asked = bytes_asked(config.map(|c| c.memory_swap_bytes));
    grid.row([Cell::new("memory+swap", Role::Text), asked, Cell::none(), used, Cell::none()]);
}

fn tasks(grid: &mut Grid, scene: &Scene, container: &Container, config: Option<&Config>) {
    let limits = scene.snapshot.kernel_of(&container.id).map(|k| &k.limits);
    let (kernel, by) = enforced(limits.map(|l| &l.pids), |n| n.to_string());
    let asked = match config.map(|c| c.pids_limit) {
        None => Cell::unknown(),
        Some(Some(n)) if n > 0 => Cell::new(n.to_string(), Role::Text),
        Some(_) => none(),
    };
    let used = figure::count(scene.snapshot.sample(&container.id).and_then(|s| s.pids.get()));
    grid.row([Cell::new("tasks", Role::Text), asked, kernel, used, by]);
}

fn cpu(grid: &mut Grid, scene: &Scene, container: &Container, config: Option<&Config>) {
    let limits = scene.snapshot.kernel_of(&container.id).map(|k| &k.limits);
    let asked = config.map_or(Cell::unknown(), |c| {
        if c.nano_cpus > 0 {
            Cell::new(format!("{:.2} CPUs", c.nano_cpus as f64 / 1e9), Role::Text)
        } else if c.cpu_quota_us > 0 {
            let period = if c.cpu_period_us > 0 { c.cpu_period_us } else { 100_000 };
            Cell::new(format!("{:.2} CPUs", c.cpu_quota_us as f64 / period as f64), Role::Text)
        } else {
            none()
        }
    });
    let (kernel, by) = match limits.and_then(|l| l.cpu.known()) {
        Some(Some((quota, period))) if *period > 0 => (
            Cell::new(format!("{:.2} CPUs", *quota as f64 / *period as f64), Role::Text),
            Cell::new(format!("{quota}/{period} us"), Role::Dim),
        ),
        Some(_) => (none(), Cell::none()),
        None => (Cell::unknown(), Cell::none()),
    };
    let rates = scene.report.rates.container(&container.id);
    let used = rates
        .and_then(|r| r.cpu_percent)
        .map_or(Cell::unknown(), |p| Cell::new(format!("{:.2} CPUs", p / 100.0), Role::Cpu));
    grid.row([Cell::new("cpu quota", Role::Text), asked, kernel, used, by]);
    let asked = config.map_or(Cell::unknown(), |c| {
        if c.cpu_shares > 0 { Cell::new(c.cpu_shares.to_string(), Role::Text) } else { none() }
    });
    let kernel = limits.and_then(|l| l.weight.get()).map_or(Cell::unknown(), |w| Cell::new(w.to_string(), Role::Text));
    grid.row([Cell::new("cpu weight", Role::Text), asked, kernel, Cell::none(), Cell::none()]);
    let asked = config.map_or(Cell::unknown(), |c| {
        if c.cpuset_cpus.is_empty() { none() } else { Cell { spans: vec![word(&c.cpuset_cpus, Role::Text)] } }
    });
    let kernel =
        limits.and_then(|l| l.cpuset.known()).map_or(Cell::unknown(), |s| Cell { spans: vec![word(s, Role::Text)] });
    grid.row([Cell::new("cpu set", Role::Text), asked, kernel, Cell::none(), Cell::none()]);
}

fn gaps(page: &mut Page, scene: &Scene, container: &Container) {
    let Some(kernel) = scene.snapshot.kernel_of(&container.id) else {
        if container.state.has_processes() {
            page.note("The kernel's side of this container was not read.");
        } else {
            page.note("Not running: the kernel enforces nothing now.");
        }
        return;
    };
    let limits = &kernel.limits;
    for (what, gap) in [
        ("memory limit", limits.memory.why()),
        ("task limit", limits.pids.why()),
        ("cpu quota", limits.cpu.why()),
        ("cpu set", limits.cpuset.why()),
        ("cpu weight", limits.weight.why()),
    ] {
        if let Some(gap) = gap {
            page.missing(what, gap);
        }
    }
}

fn more(page: &mut Page, config: &Config) {
    page.heading("more that was asked for");
    if config.blkio_weight > 0 {
        page.text("blkio weight", config.blkio_weight.to_string());
    }
    page.text("oom score", config.oom_score_adj.to_string());
    page.field(
        "oom killer",
        [if config.oom_kill_disable { Span::new("disabled", Role::Bad) } else { Span::plain("enabled") }],
    );
    for ulimit in &config.ulimits {
        let text = |n: i64| if n < 0 { "unlimited".to_owned() } else { n.to_string() };
        page.field(
            &crate::text::clean_line(&ulimit.name),
            [Span::plain(format!("soft {}, hard {}", text(ulimit.soft), text(ulimit.hard)))],
        );
    }
    for (name, value) in &config.sysctls {
        page.field("sysctl", [word(name, Role::Text), Span::new(" = ", Role::Dim), word(value, Role::Text)]);
    }
}

fn rlimits(page: &mut Page, scene: &Scene, container: &Container) {
    let Some(kernel) = scene.snapshot.kernel_of(&container.id) else { return };
    match &kernel.rlimits {
        Fact::Unknown { unknown } => page.missing("rlimits", unknown),
        Fact::Known(limits) => {
            page.heading("rlimits of the main process");
            let mut grid = Grid::new(&["limit", ">soft", ">hard"]);
            let text = |n: &Option<u64>| n.map_or("unlimited".to_owned(), |n| n.to_string());
            for (name, (soft, hard)) in limits.iter() {
                grid.row([
                    Cell { spans: vec![word(name, Role::Text)] },
                    Cell::new(text(soft), Role::Text),
                    Cell::new(text(hard), Role::Text),
                ]);
            }
            let columns = page.width();
            page.lines(grid.lines(columns));
        }
    }
}

fn cgroups(page: &mut Page, scene: &Scene, container: &Container) {
    let Some(kernel) = scene.snapshot.kernel_of(&container.id) else { return };
    match &kernel.cgroups {
        Fact::Unknown { unknown } => page.missing("cgroup paths", unknown),
        Fact::Known(paths) => {
            page.heading("cgroups");
            for (controller, path) in paths {
                let label = if controller.is_empty() { "unified" } else { controller.as_str() };
                page.field(&crate::text::clean_line(label), [word(path, Role::Dim)]);
            }
        }
    }
}
