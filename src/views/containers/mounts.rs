//! Mounts of a container: what the engine says, and what the kernel has mounted.

use crate::app::Scene;
use crate::model::{Container, Fact, Mount, MountInfo};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Line, Span};
use crate::views::parts::{Grid, Page, glyph, word};

/// File systems that every container has and that say nothing about what was passed in.
const USUAL: &[&str] = &["proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "overlay"];

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    let kernel = scene.snapshot.kernel_of(&container.id).map(|k| &k.mounts);
    let real: Option<&Vec<MountInfo>> = kernel.and_then(Fact::known);
    if let Some(gap) = kernel.and_then(Fact::why) {
        page.missing("mounts as the kernel has them", gap);
    }
    page.heading("passed in");
    match &container.config {
        Fact::Unknown { unknown } => page.missing("mounts as the engine has them", unknown),
        Fact::Known(config) if config.mounts.is_empty() => page.note("The engine lists no mount."),
        Fact::Known(config) => {
            for mount in &config.mounts {
                entry(&mut page, scene, mount, real);
            }
        }
    }
    if let Some(real) = real {
        others(&mut page, container, real);
    }
    page.finish()
}

fn entry(page: &mut Page, scene: &Scene, mount: &Mount, real: Option<&Vec<MountInfo>>) {
    let arrow = glyph::arrow(scene.prefs.ascii);
    let mut spans = vec![Span::outside(&mount.destination, Role::Name), Span::plain("  ")];
    spans.push(if mount.rw { Span::new("rw", Role::Notice) } else { Span::new("ro", Role::Good) });
    spans.push(Span::new(format!("  {}  ", crate::text::clean_line(&mount.kind)), Role::Dim));
    if let Some(name) = &mount.name {
        spans.push(Span::outside(name, Role::Text));
        spans.push(Span::plain(" "));
    }
    if let Some(source) = &mount.source {
        spans.push(Span::new(format!("{arrow} host "), Role::Dim));
        let role = if source.raw().ends_with("docker.sock") { Role::Bad } else { Role::Text };
        spans.push(Span::outside(source, role));
    }
    if !mount.propagation.is_empty() {
        spans.push(Span::new(format!("  {}", crate::text::clean_line(&mount.propagation)), Role::Dim));
    }
    page.spans(spans, 4);
    let Some(real) = real else { return };
    // The last one mounted on a path is the one that is seen.
    match real.iter().rev().find(|info| info.mount_point == mount.destination) {
        Some(info) => page.spans(truth(mount, info), 8),
        None => page.line(Line::of([Span::new("    kernel: nothing is mounted there", Role::Notice)])),
    }
}

/// What the kernel has there, with the difference to what the engine says.
fn truth(mount: &Mount, info: &MountInfo) -> Vec<Span> {
    let mut spans = vec![
        Span::new("    kernel: ", Role::Dim),
        word(&info.fstype, Role::Text),
        Span::plain(" "),
        Span::outside(&info.source, Role::Text),
        Span::new(" at ", Role::Dim),
        Span::outside(&info.root, Role::Text),
        Span::plain(" "),
        word(&info.options, Role::Dim),
    ];
    if !info.propagation.is_empty() {
        spans.push(Span::plain(" "));
        spans.push(word(&info.propagation, Role::Dim));
    }
    let is_writable = info.options.split(',').any(|option| option == "rw");
    if is_writable && !mount.rw {
        spans.push(Span::new("  differs: the engine says ro, the kernel mounts it rw", Role::Bad));
    }
    spans
}

fn others(page: &mut Page, container: &Container, real: &[MountInfo]) {
    let named: Vec<&str> =
        container.config.known().map(|c| c.mounts.iter().map(|m| m.destination.raw()).collect()).unwrap_or_default();
    page.heading("all other mounts of the main process");
    let mut grid = Grid::new(&["path", "type", "options"]);
    for info in real.iter().filter(|info| !named.contains(&info.mount_point.raw())) {
        let role = if USUAL.contains(&info.fstype.as_str()) { Role::Dim } else { Role::Text };
        grid.row([
            Cell::outside(&info.mount_point, role),
            Cell { spans: vec![word(&info.fstype, role)] },
            Cell { spans: vec![word(&info.options, Role::Dim)] },
        ]);
    }
    if grid.is_empty() {
        page.note("none");
        return;
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
}
