//! `topology`: the picture as a tree of text, as a nested JSON document, and as graphs for dot and mermaid.

pub mod graph;
pub mod tree;

pub use graph::{dot, mermaid};
pub use tree::text;

use super::{container_name, link_name, network_name};
use crate::analysis::wiring::LinkKey;
use crate::analysis::{Branch, Node, Report};
use crate::model::Snapshot;
use crate::text::Outside;
use serde::Serialize;

/// A node of the picture with what stands below it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeDoc {
    /// `uplink`, `bridge`, `network`, `attachment`, `guest`, `port`, `heading`.
    pub kind: &'static str,
    /// Name of the interface, network or container.
    pub name: Outside,
    /// Container, of attachments and guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Outside>,
    /// Engine network, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Outside>,
    /// Interface inside the container, of attachments; null when its namespace can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner: Option<Outside>,
    /// Host end or parent, of attachments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outer: Option<Outside>,
    /// How a guest has its network: `host`, `none`, `joined`, `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<&'static str>,
    /// Sources are rewritten on the way out, of bridges; null when not known.
    pub nat: Option<bool>,
    /// The network should have a device here and has none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub device_missing: bool,
    /// Addresses with prefix.
    pub addresses: Vec<String>,
    /// Words that belong to it.
    pub notes: Vec<String>,
    /// Received by it, bytes per second (an attachment: by the container); null when not known yet.
    pub rx_rate: Option<f64>,
    /// Sent by it, bytes per second; null when not known yet.
    pub tx_rate: Option<f64>,
    /// What stands below it.
    pub children: Vec<NodeDoc>,
}

/// The document: the roots in drawing order.
pub fn document(snapshot: &Snapshot, report: &Report) -> Vec<NodeDoc> {
    let mut rows = report.topology.branches.iter().peekable();
    below(snapshot, report, &mut rows, 0)
}

fn below<'a>(
    snapshot: &Snapshot,
    report: &Report,
    rows: &mut std::iter::Peekable<impl Iterator<Item = &'a Branch>>,
    depth: u8,
) -> Vec<NodeDoc> {
    let mut nodes = Vec::new();
    while let Some(branch) = rows.next_if(|b| b.depth >= depth) {
        let mut node = node(snapshot, report, branch);
        if rows.peek().is_some_and(|next| next.depth > branch.depth) {
            node.children = below(snapshot, report, rows, branch.depth.saturating_add(1));
        }
        nodes.push(node);
    }
    nodes
}

fn node(snapshot: &Snapshot, report: &Report, branch: &Branch) -> NodeDoc {
    let mut doc = NodeDoc {
        kind: "heading",
        name: branch.name.clone(),
        container: None,
        network: None,
        inner: None,
        outer: None,
        how: None,
        nat: None,
        device_missing: false,
        addresses: branch.addresses.clone(),
        notes: branch.notes.clone(),
        rx_rate: None,
        tx_rate: None,
        children: Vec::new(),
    };
    let rates = |key: LinkKey| report.rates.link(key.0, key.1).map(|r| (r.rx_rate, r.tx_rate));
    let mut seen = None;
    match &branch.node {
        Node::Uplink { link } => {
            doc.kind = "uplink";
            seen = rates(*link);
        }
        Node::Bridge { link, network, nat } => {
            (doc.kind, doc.nat) = ("bridge", *nat);
            doc.network = network.as_ref().map(|id| network_name(snapshot, id));
            seen = rates(*link);
        }
        Node::Network { network, device_missing } => {
            (doc.kind, doc.device_missing) = ("network", *device_missing);
            doc.network = Some(network_name(snapshot, network));
        }
        Node::Attachment { container, outer, inner } => {
            doc.kind = "attachment";
            doc.container = Some(container_name(snapshot, container));
            doc.outer = outer.and_then(|key| link_name(snapshot, key));
            doc.inner = inner.and_then(|key| link_name(snapshot, key));
            let attachment = inner.or(*outer).and_then(|key| report.wiring.attachment(key));
            let is_pair = |key: &LinkKey| attachment.is_some() && report.wiring.attachment(*key) == attachment;
            let network = attachment.and_then(|a| a.network.as_ref());
            doc.network = network.map(|id| network_name(snapshot, id));
            // A pair's counters are read at its host end, where received and sent change places.
            let pair = outer.filter(is_pair).and_then(rates);
            seen = pair.map(|(rx, tx)| (tx, rx)).or_else(|| inner.and_then(rates));
        }
        Node::Guest { container, how } => {
            (doc.kind, doc.how) = ("guest", Some(*how));
            doc.container = Some(container_name(snapshot, container));
        }
        Node::Port { link } => {
            doc.kind = "port";
            seen = rates(*link);
        }
        Node::Heading { .. } => {}
    }
    (doc.rx_rate, doc.tx_rate) = seen.unwrap_or_default();
    doc
}
