//! Processes of a container's cgroup as a tree.

use crate::app::Scene;
use crate::model::{Container, Fact, Pid, Process};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, format, names};
use std::collections::{BTreeMap, BTreeSet};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(kernel) = scene.snapshot.kernel_of(&container.id) else {
        page.note(if container.state.has_processes() {
            "The kernel's side of this container was not read."
        } else {
            "Not running: it has no processes."
        });
        return page.finish();
    };
    match &kernel.processes {
        Fact::Unknown { unknown } => {
            page.note("The processes can't be listed.");
            page.missing("processes", unknown);
        }
        Fact::Known(processes) => {
            let threads: u32 = processes.iter().map(|p| p.threads).sum();
            let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
            page.note(format!(
                "{}, {} in its cgroup and below.",
                plural(processes.len(), "process", "processes"),
                plural(threads as usize, "thread", "threads"),
            ));
            table(&mut page, scene, processes, kernel.uid_map.known());
        }
    }
    exec_lines(&mut page, scene, container);
    page.finish()
}

fn table(page: &mut Page, scene: &Scene, processes: &[Process], uid_map: Option<&Vec<(u32, u32, u32)>>) {
    let mut grid = Grid::new(&[">pid", ">inner", "user", ">cpu", ">rss", "s", "command"]);
    for (depth, process) in tree(processes) {
        let branch = match (depth, scene.prefs.ascii) {
            (0, _) => String::new(),
            (_, false) => format!("{}└ ", "  ".repeat(depth.min(12) - 1)),
            (_, true) => format!("{}` ", "  ".repeat(depth.min(12) - 1)),
        };
        let command = if process.cmdline.is_empty() { &process.comm } else { &process.cmdline };
        let inner = process.inner_pid.map_or(Cell::unknown(), |pid| Cell::new(pid.to_string(), Role::Dim));
        // The kernel counts processor time in ticks of 1/100 s on every architecture Linux supports here (USER_HZ).
        let cpu = format::cpu_time(process.cpu_ticks.saturating_mul(10_000_000));
        grid.row([
            Cell::new(process.pid.to_string(), Role::Text),
            inner,
            Cell::new(user(process, uid_map), if process.uids[1] == 0 { Role::Notice } else { Role::Text }),
            Cell::new(cpu, Role::Cpu),
            Cell::new(format::short_memory(process.rss_bytes as f64), Role::Memory),
            Cell { spans: vec![crate::views::parts::word(&process.state.to_string(), state_role(process.state))] },
            Cell::of([Span::new(branch, Role::Border), names::command(scene, command)]),
        ]);
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
    page.note("cpu: processor time since start; rss: resident memory; user: effective uid on the host.");
}

fn state_role(state: char) -> Role {
    match state {
        'R' => Role::Good,
        'D' | 'T' | 't' => Role::Notice,
        'Z' | 'X' => Role::Bad,
        _ => Role::Dim,
    }
}

/// Effective uid on the host, with the uid inside where the two differ.
fn user(process: &Process, uid_map: Option<&Vec<(u32, u32, u32)>>) -> String {
    let outside = process.uids[1];
    let inside = uid_map.into_iter().flatten().find_map(|(inside, from, count)| {
        let offset = outside.checked_sub(*from).filter(|offset| offset < count)?;
        inside.checked_add(offset)
    });
    match inside {
        Some(inside) if inside != outside => format!("{outside} ({inside})"),
        _ => outside.to_string(),
    }
}

/// Processes in tree order with their depth: children follow their parent, by pid. A process whose parent is not
/// among them is a root; a loop of parents, which a reused pid can make, is cut.
fn tree(processes: &[Process]) -> Vec<(usize, &Process)> {
    let known: BTreeSet<Pid> = processes.iter().map(|p| p.pid).collect();
    let mut children: BTreeMap<Pid, Vec<&Process>> = BTreeMap::new();
    let mut roots: Vec<&Process> = Vec::new();
    for process in processes {
        if known.contains(&process.ppid) && process.ppid != process.pid {
            children.entry(process.ppid).or_default().push(process);
        } else {
            roots.push(process);
        }
    }
    let mut out = Vec::with_capacity(processes.len());
    let mut seen: BTreeSet<Pid> = BTreeSet::new();
    let mut stack: Vec<(usize, &Process)> = roots.into_iter().rev().map(|p| (0, p)).collect();
    // What hangs in a loop has no root: it is listed flat at the end.
    loop {
        while let Some((depth, process)) = stack.pop() {
            if !seen.insert(process.pid) {
                continue;
            }
            out.push((depth, process));
            for child in children.get(&process.pid).into_iter().flatten().rev() {
                stack.push((depth + 1, child));
            }
        }
        match processes.iter().find(|p| !seen.contains(&p.pid)) {
            Some(left) => stack.push((0, left)),
            None => return out,
        }
    }
}

fn exec_lines(page: &mut Page, scene: &Scene, container: &Container) {
    if container.execs.is_empty() {
        return;
    }
    page.heading("exec sessions");
    for exec in &container.execs {
        let mut spans = vec![
            Span::new(
                if exec.running { "running  " } else { "ended    " },
                if exec.running { Role::Good } else { Role::Dim },
            ),
            names::command(scene, &exec.command),
        ];
        if !exec.user.is_empty() {
            spans.push(Span::new("  user ", Role::Dim));
            spans.push(Span::outside(&exec.user, Role::Text));
        }
        if exec.privileged {
            spans.push(Span::new("  privileged", Role::Bad));
        }
        if let Some(pid) = exec.pid {
            spans.push(Span::new(format!("  pid {pid}"), Role::Dim));
        }
        page.spans(spans, 9);
    }
}
