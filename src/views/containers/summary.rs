//! The first page of a container: what it is, how it is, what it uses, how it is wired, what is wrong with it, and
//! what happened last. Most questions end here.

use super::{cells, dns, figures};
use crate::app::Scene;
use crate::model::{Container, Fact, Owner, Subject};
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, event, format, glyph, limit, mark, names, path, word};

/// Containers that are named as users of a name; the page of names has all.
const NEIGHBOURS: usize = 12;

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    head(&mut page, scene, container);
    page.heading("path to the wire");
    path::container(&mut page, scene, container);
    ports(&mut page, scene, container);
    usage(&mut page, scene, container);
    findings(&mut page, scene, container);
    state(&mut page, scene, container);
    identity(&mut page, scene, container);
    dns::names(&mut page, scene, container, NEIGHBOURS);
    let columns = page.width();
    let lines = event::lines(scene, columns, 8, |e| e.container.as_ref() == Some(&container.id));
    if !lines.is_empty() {
        page.heading("newest events");
        page.lines(lines);
    }
    page.finish()
}

/// What is wanted first, above the way to the wire: a small terminal shows no more at once.
fn head(page: &mut Page, scene: &Scene, container: &Container) {
    page.field("name", [Span::outside(&container.name, Role::Name)]);
    let role = cells::engine_role(scene, container, glyph::state_role(container));
    let mut spans = vec![
        Span::new(format!("{} ", glyph::state(&container.state, scene.prefs.ascii)), role),
        word(container.state.as_str(), role),
    ];
    // A bare "Up" says no more than that it runs.
    if !container.status.is_empty() && container.status != "Up" {
        spans.push(Span::new("  ", Role::Dim));
        spans.push(Span::outside(&container.status, Role::Dim));
    }
    page.field("state", spans);
    if let Some(pid) = container.pid {
        let mut spans = vec![Span::plain(pid.to_string())];
        if let Some(inode) = scene.snapshot.netns_of(&container.id) {
            spans.push(Span::new("  netns ", Role::Dim));
            spans.push(Span::plain(inode.to_string()));
        }
        page.field("pid", spans);
    }
    if container.owner == Owner::Engine && scene.snapshot.engine_is_stale() {
        let age = scene.snapshot.source("engine").and_then(|s| s.age_ms);
        let age =
            age.map_or("not known".to_owned(), |ms| format::duration(i64::try_from(ms / 1000).unwrap_or(i64::MAX)));
        page.field(
            "engine",
            [Span::new(format!("does not answer; its half is {age} old, the kernel's is live"), Role::Stale)],
        );
    }
}

fn identity(page: &mut Page, scene: &Scene, container: &Container) {
    page.heading("what it is");
    if container.owner != Owner::Engine {
        page.field("owner", [Span::new(names::owner(container), Role::Notice)]);
    }
    if !container.image.is_empty() {
        page.field("image", [Span::outside(&container.image, Role::Text)]);
    }
    page.field("id", [word(container.id.as_str(), Role::Dim)]);
    if let Some(compose) = &container.compose {
        let mut spans = vec![Span::outside(&compose.project, Role::Name)];
        if let Some(service) = &compose.service {
            spans.push(Span::new(", service ", Role::Dim));
            spans.push(Span::outside(service, Role::Name));
        }
        page.field_to("project", spans, Some(Subject::Project { name: compose.project.clone() }));
    }
    if !container.command.is_empty() {
        page.field("command", [names::command(scene, &container.command)]);
    }
}

fn state(page: &mut Page, scene: &Scene, container: &Container) {
    page.heading("state");
    if let Some(health) = &container.health {
        let mut spans = vec![word(&health.status, glyph::health_role(health))];
        if let Some(streak) = health.failing_streak.filter(|n| *n > 0) {
            spans.push(Span::new(format!(", {streak} failures in a row"), Role::Bad));
        }
        page.field("health", spans);
        if let Some(output) = health.last_output.as_ref().filter(|o| !o.is_empty()) {
            page.field("last probe", [Span::outside(output, Role::Dim)]);
        }
    }
    times(page, scene, container);
    if container.oom_killed {
        page.field("oom", [Span::new("the engine noted an OOM kill at its last end", Role::Bad)]);
    }
    if !container.error.is_empty() {
        page.field("error", [Span::outside(&container.error, Role::Bad)]);
    }
    page.fact("restarts", &container.restart_count, |n| {
        vec![Span::new(n.to_string(), if *n > 0 { Role::Notice } else { Role::Text })]
    });
    if let Fact::Known(config) = &container.config {
        let policy = &config.restart_policy;
        let mut text = if policy.name.is_empty() { "no".to_owned() } else { policy.name.clone() };
        if policy.maximum_retries > 0 {
            text.push_str(&format!(", at most {} times", policy.maximum_retries));
        }
        page.field("policy", [word(&text, Role::Text)]);
    }
}

fn times(page: &mut Page, scene: &Scene, container: &Container) {
    let ago = |at| {
        format!(
            "{} ({} ago)",
            format::date_time(at, scene.prefs.utc),
            format::duration(format::age_seconds(scene.now, at))
        )
    };
    if let Some(at) = container.created_at {
        page.text("created", ago(at));
    }
    if let Some(at) = container.started_at {
        page.text("started", ago(at));
    }
    if let Some(at) = container.finished_at.filter(|_| !container.state.has_processes()) {
        page.text("ended", ago(at));
    }
    if let Some(code) = container.exit_code.filter(|_| !container.state.has_processes()) {
        let role = if code == 0 { Role::Text } else { Role::Bad };
        page.field("exit code", [Span::new(code.to_string(), role), Span::new(signal_of(code), Role::Dim)]);
    }
}

/// A shell-style exit code above 128 names the signal that ended the process.
fn signal_of(code: i64) -> String {
    let name = match code {
        129 => "SIGHUP",
        130 => "SIGINT",
        131 => "SIGQUIT",
        132 => "SIGILL",
        134 => "SIGABRT",
        135 => "SIGBUS",
        136 => "SIGFPE",
        137 => "SIGKILL",
        139 => "SIGSEGV",
        141 => "SIGPIPE",
        143 => "SIGTERM",
        125 => return "  (the engine failed to start it)".to_owned(),
        126 => return "  (the command can't be executed)".to_owned(),
        127 => return "  (the command was not found)".to_owned(),
        _ => return String::new(),
    };
    format!("  ({name})")
}

fn usage(page: &mut Page, scene: &Scene, container: &Container) {
    if !figures::is_live(scene, container) {
        return;
    }
    page.heading("use");
    let number = |column| figures::number(scene, container, column);
    let text = |value: Option<f64>, show: &dyn Fn(f64) -> String| value.map_or("?".to_owned(), show);
    let role = |value: Option<f64>, role| if value.is_some() { role } else { Role::Unknown };
    let cpu = number("cpu");
    let mut spans =
        vec![Span::new(text(cpu, &format::percent), role(cpu, Role::Cpu)), Span::new(" of one CPU", Role::Dim)];
    if let Some(throttled) = number("throttled") {
        let role = if throttled > 0.0 { Role::Notice } else { Role::Dim };
        spans.push(Span::new(format!(", throttled in {} of periods", format::percent(throttled)), role));
    }
    page.field("cpu", spans);
    let memory = number("memory");
    let mut spans = vec![Span::new(text(memory, &|v| format::memory(v as u64)), role(memory, Role::Memory))];
    match number("limit") {
        Some(limit) => spans.push(Span::plain(format!(" of {} limit", format::memory(limit as u64)))),
        None if scene.snapshot.sample(&container.id).is_some_and(|s| s.memory_limit_bytes.known().is_some()) => {
            spans.push(Span::new(", no limit of its own", Role::Dim));
        }
        None => spans.push(Span::new(", limit ?", Role::Unknown)),
    }
    if let Some(cache) = number("cache") {
        spans.push(Span::new(format!(", file cache {}", format::memory(cache as u64)), Role::Dim));
    }
    page.field("memory", spans);
    if let Some(oom) = number("oom").filter(|n| *n > 0.0) {
        page.field("oom kills", [Span::new(format!("{oom:.0} since the cgroup was made"), Role::Bad)]);
    }
    let (rx, tx) = glyph::directions(scene.prefs.ascii);
    let shared = if figures::is_network_shared(scene, container) { "  (shared namespace: not its alone)" } else { "" };
    page.field(
        "network",
        [
            Span::new(format!("{rx} {}", text(number("rx"), &format::rate)), Role::Rx),
            Span::new(format!("  {tx} {}", text(number("tx"), &format::rate)), Role::Tx),
            Span::new(shared, Role::Notice),
        ],
    );
    limit::container_fields(page, scene, &container.id);
    page.field(
        "block I/O",
        [Span::new(
            format!("read {}, write {}", text(number("read"), &format::rate), text(number("write"), &format::rate)),
            Role::Io,
        )],
    );
    page.field("tasks", cells::cell(scene, container, "pids").spans);
    sample_gaps(page, scene, container);
}

/// Says why a figure is missing, where the sample knows.
fn sample_gaps(page: &mut Page, scene: &Scene, container: &Container) {
    let Some(sample) = scene.snapshot.sample(&container.id) else { return };
    for (what, fact) in [
        ("cpu", &sample.cpu_ns),
        ("memory", &sample.memory_bytes),
        ("memory limit", &sample.memory_limit_bytes),
        ("cache", &sample.cache_bytes),
        ("block reads", &sample.io_read_bytes),
        ("block writes", &sample.io_write_bytes),
        ("tasks", &sample.pids),
        ("oom kills", &sample.oom_kills),
    ] {
        if let Some(gap) = fact.why() {
            page.missing(what, gap);
        }
    }
    for (what, fact) in [
        ("cpu pressure", &sample.pressure_cpu),
        ("memory pressure", &sample.pressure_memory),
        ("i/o pressure", &sample.pressure_io),
    ] {
        if let Some(gap) = fact.why() {
            page.missing(what, gap);
        }
    }
}

fn ports(page: &mut Page, scene: &Scene, container: &Container) {
    let mut rows = scene.report.ports.iter().filter(|p| p.container.as_ref() == Some(&container.id)).peekable();
    if rows.peek().is_none() {
        return;
    }
    page.heading("ports");
    for row in rows {
        let before = page.len();
        page.spans(crate::views::ports::line(scene, row), 2);
        page.link_from(before, &Subject::Port { key: row.key.clone() });
    }
}

fn findings(page: &mut Page, scene: &Scene, container: &Container) {
    let columns = page.width();
    let lines = mark::lines(scene, &Subject::Container { id: container.id.clone() }, columns);
    if !lines.is_empty() {
        page.heading("findings");
        page.lines(lines);
    }
}
