//! Namespaces of a container: its own, the host's, or whose.

use crate::app::Scene;
use crate::model::Container;
use crate::views::content::Content;
use crate::views::namespaces::share_lines;
use crate::views::parts::Page;

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    match scene.report.sharing.iter().find(|row| row.container == container.id) {
        Some(row) => share_lines(&mut page, scene, row),
        None if container.state.has_processes() => page.note("The namespaces of this container were not read."),
        None => page.note("Not running: it has no namespaces. What is asked for at its next start:"),
    }
    if let Some(config) = container.config.known() {
        page.heading("as asked for");
        for (label, value) in [
            ("network", &config.network_mode),
            ("pid", &config.pid_mode),
            ("ipc", &config.ipc_mode),
            ("uts", &config.uts_mode),
            ("user", &config.userns_mode),
            ("cgroup", &config.cgroupns_mode),
        ] {
            let text = if value.is_empty() { "(engine's default)" } else { value.as_str() };
            page.field(label, [crate::views::parts::word(text, crate::theme::Role::Text)]);
        }
    }
    page.finish()
}
