//! The picture as an indented tree, with box characters or with ASCII alone.

use super::NodeDoc;
use crate::cli::docker_units::human_size;
use crate::text::Outside;
use std::borrow::Cow;

/// Glyphs of a tree.
struct Glyphs {
    tee: &'static str,
    end: &'static str,
    bar: &'static str,
    pair: &'static str,
    rx: &'static str,
    tx: &'static str,
}

const BOX: Glyphs = Glyphs { tee: "├─ ", end: "└─ ", bar: "│  ", pair: "⇄", rx: "↓", tx: "↑" };
const ASCII: Glyphs = Glyphs { tee: "|- ", end: "`- ", bar: "|  ", pair: "<->", rx: "rx", tx: "tx" };

/// The tree as lines. With `ascii`, no glyph of ours is outside ASCII (names may be).
pub fn text(roots: &[NodeDoc], ascii: bool) -> String {
    let glyphs = if ascii { &ASCII } else { &BOX };
    let mut out = String::new();
    for root in roots {
        out.push_str(&label(root, glyphs));
        out.push('\n');
        children(root, "", glyphs, &mut out);
    }
    out
}

fn children(node: &NodeDoc, indent: &str, glyphs: &Glyphs, out: &mut String) {
    for (n, child) in node.children.iter().enumerate() {
        let is_last = n + 1 == node.children.len();
        out.push_str(indent);
        out.push_str(if is_last { glyphs.end } else { glyphs.tee });
        out.push_str(&label(child, glyphs));
        out.push('\n');
        let deeper = format!("{indent}{}", if is_last { "   " } else { glyphs.bar });
        children(child, &deeper, glyphs, out);
    }
}

fn label(node: &NodeDoc, glyphs: &Glyphs) -> String {
    let shown =
        |text: &Option<Outside>| text.as_ref().map_or(Cow::Borrowed("?"), |t| Cow::Owned(t.shown().into_owned()));
    let mut words: Vec<String> = Vec::new();
    match node.kind {
        "bridge" => {
            match node.nat {
                Some(true) => words.push("NAT".to_owned()),
                None => words.push("NAT?".to_owned()),
                Some(false) => {}
            }
            words.push(node.name.shown().into_owned());
            words.extend(node.network.iter().filter(|n| **n != node.name).map(|n| n.shown().into_owned()));
        }
        "attachment" => {
            if node.outer.is_some() || node.inner.is_some() {
                words.push(format!("{} {} {}", shown(&node.outer), glyphs.pair, shown(&node.inner)));
            }
            words.push(node.name.shown().into_owned());
        }
        "heading" => words.push(format!("{}:", node.name.shown())),
        _ => words.push(node.name.shown().into_owned()),
    }
    words.push(node.addresses.join(" "));
    let rate = |glyph: &str, rate: Option<f64>| rate.map(|r| format!("{glyph}{}/s", human_size(r.max(0.0) as u64)));
    words.extend(rate(glyphs.rx, node.rx_rate));
    words.extend(rate(glyphs.tx, node.tx_rate));
    if let Some("joined" | "unknown") = node.how {
        words.push(format!("({})", node.how.unwrap_or_default()));
    }
    if !node.notes.is_empty() {
        words.push(format!("[{}]", node.notes.join(", ")));
    }
    words.retain(|w| !w.is_empty());
    words.join("  ")
}
