//! Networks of a container: each attachment followed to the wire, with the rates of each interface.

use crate::app::Scene;
use crate::model::{Container, Fact};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, names, path, word};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    page.heading("path to the wire");
    if let Some(inode) = scene.snapshot.netns_of(&container.id) {
        let mut spans = vec![Span::new(format!("netns {inode}"), Role::Dim)];
        if let Some(pid) = container.pid {
            spans.push(Span::new(format!("  pid {pid}"), Role::Dim));
        }
        page.spans(spans, 2);
    }
    path::container(&mut page, scene, container);
    interfaces(&mut page, scene, container);
    endpoints(&mut page, container);
    routes(&mut page, scene, container);
    page.finish()
}

fn interfaces(page: &mut Page, scene: &Scene, container: &Container) {
    let mut grid = Grid::new(&["interface", ">rx/s", ">tx/s", ">rx", ">tx", ">errors", ">dropped"]);
    for attachment in scene.report.wiring.attachments_of(&container.id) {
        let key = attachment.link;
        let rates = scene.report.rates.link(key.0, key.1);
        let sample = scene.snapshot.link_sample(key.0, key.1).map(|s| s.counters);
        let rate = |value: Option<f64>, role| crate::views::parts::figure::traffic(value, role);
        let total = |value: Option<u64>, role| crate::views::parts::figure::traffic(value.map(|v| v as f64), role);
        grid.row_to(
            names::link_subject(key),
            [
                Cell { spans: vec![names::link_span(scene, key)] },
                rate(rates.and_then(|r| r.rx_rate), Role::Rx),
                rate(rates.and_then(|r| r.tx_rate), Role::Tx),
                total(sample.map(|s| s.rx_bytes), Role::Rx),
                total(sample.map(|s| s.tx_bytes), Role::Tx),
                crate::views::parts::figure::count(sample.map(|s| s.rx_errors.saturating_add(s.tx_errors))),
                crate::views::parts::figure::count(sample.map(|s| s.rx_dropped.saturating_add(s.tx_dropped))),
            ],
        );
    }
    if grid.is_empty() {
        return;
    }
    page.heading("interfaces, from the container's side");
    let columns = page.width();
    page.lines(grid.lines(columns));
}

fn endpoints(page: &mut Page, container: &Container) {
    if container.endpoints.is_empty() {
        return;
    }
    page.heading("as the engine has it");
    for endpoint in &container.endpoints {
        page.field("network", [Span::outside(&endpoint.network, Role::Network)]);
        for (label, value) in [
            ("  ipv4", endpoint.ipv4.map(|c| c.to_string())),
            ("  ipv6", endpoint.ipv6.map(|c| c.to_string())),
            ("  gateway", endpoint.gateway.map(|g| g.to_string())),
            ("  gateway v6", endpoint.gateway6.map(|g| g.to_string())),
            ("  mac", endpoint.mac.as_ref().map(ToString::to_string)),
            ("  asked for", endpoint.requested.clone()),
            ("  endpoint", endpoint.endpoint_id.clone()),
        ] {
            if let Some(value) = value {
                page.field(label, [word(&value, Role::Address)]);
            }
        }
        for alias in &endpoint.aliases {
            page.field("  alias", [Span::outside(alias, Role::Text)]);
        }
    }
}

fn routes(page: &mut Page, scene: &Scene, container: &Container) {
    let Some(kernel) = scene.snapshot.kernel_of(&container.id) else { return };
    let Fact::Known(routes) = &kernel.routes else { return };
    if routes.is_empty() {
        return;
    }
    page.heading("routes inside");
    for route in routes {
        let mut text = if route.dst.is_default() { "default".to_owned() } else { route.dst.to_string() };
        if let Some(gateway) = route.gateway {
            text.push_str(&format!(" via {gateway}"));
        }
        let mut spans = vec![Span::new(text, Role::Address)];
        if let Some(oif) = route.oif {
            spans.push(Span::plain(" dev "));
            spans.push(names::link_span(scene, (route.netns, oif)));
        }
        if route.metric > 0 {
            spans.push(Span::new(format!(" metric {}", route.metric), Role::Dim));
        }
        page.spans(spans, 2);
    }
    page.fact("ip_forward", &kernel.ip_forward, |on| vec![Span::plain(if *on { "1" } else { "0" })]);
}
