//! The picture as a graph: Graphviz dot and mermaid. Labels are cleaned and then quoted for each.

use super::NodeDoc;
use std::fmt::Write as _;

/// A node with a number, its parent's number, and its label.
struct Numbered<'a> {
    number: usize,
    parent: Option<usize>,
    node: &'a NodeDoc,
}

fn number<'a>(nodes: &'a [NodeDoc], parent: Option<usize>, out: &mut Vec<Numbered<'a>>) {
    for node in nodes {
        let number_of = out.len();
        out.push(Numbered { number: number_of, parent, node });
        number(&node.children, Some(number_of), out);
    }
}

fn lines(node: &NodeDoc) -> Vec<String> {
    let mut lines = vec![node.name.shown().into_owned()];
    let ends = node.outer.iter().chain(&node.inner).map(|e| e.shown().into_owned()).collect::<Vec<_>>();
    if !ends.is_empty() {
        lines.push(ends.join(" - "));
    }
    lines.extend(node.network.iter().filter(|n| **n != node.name).map(|n| n.shown().into_owned()));
    lines.extend(node.addresses.iter().cloned());
    lines.extend(node.notes.iter().cloned());
    lines
}

/// Words on the edge to a node: what happens on the way up.
fn edge(node: &NodeDoc) -> Option<&'static str> {
    match (node.kind, node.nat) {
        ("bridge", Some(true)) => Some("NAT"),
        ("bridge", None) => Some("NAT?"),
        _ => None,
    }
}

/// Graphviz.
pub fn dot(roots: &[NodeDoc]) -> String {
    let mut all = Vec::new();
    number(roots, None, &mut all);
    let mut out = String::from("digraph topology {\n  rankdir=LR;\n  node [shape=box];\n");
    // In a quoted dot string a backslash and a quote are escaped; `\n` stands for a line break.
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    for one in &all {
        let label = lines(one.node).iter().map(|l| quoted(l)).collect::<Vec<_>>().join("\\n");
        let shape = match one.node.kind {
            "attachment" | "guest" => ", style=rounded",
            "heading" => ", shape=plaintext",
            "uplink" => ", style=bold",
            _ => "",
        };
        let _ = writeln!(out, "  n{} [label=\"{label}\"{shape}];", one.number);
    }
    for one in &all {
        if let Some(parent) = one.parent {
            let words = edge(one.node).map(|w| format!(" [label=\"{w}\"]")).unwrap_or_default();
            let _ = writeln!(out, "  n{parent} -> n{}{words};", one.number);
        }
    }
    out.push_str("}\n");
    out
}

/// Mermaid flow chart.
pub fn mermaid(roots: &[NodeDoc]) -> String {
    let mut all = Vec::new();
    number(roots, None, &mut all);
    let mut out = String::from("flowchart LR\n");
    for one in &all {
        let label = lines(one.node).iter().map(|l| entities(l)).collect::<Vec<_>>().join("<br/>");
        let (open, close) = match one.node.kind {
            "attachment" | "guest" => ("(\"", "\")"),
            "uplink" => ("[[\"", "\"]]"),
            _ => ("[\"", "\"]"),
        };
        let _ = writeln!(out, "  n{}{open}{label}{close}", one.number);
    }
    for one in &all {
        if let Some(parent) = one.parent {
            let arrow = edge(one.node).map_or_else(|| "-->".to_owned(), |w| format!("-->|{w}|"));
            let _ = writeln!(out, "  n{parent} {arrow} n{}", one.number);
        }
    }
    out
}

/// What mermaid or the HTML it becomes could read as markup is written as character entities.
fn entities(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' | '\\' => {
                let _ = write!(out, "#{};", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}
