//! One rule of `nft -j`: a list of statements. Must not do I/O.

use super::iptables_target::goes_on;
use super::nft_match::{expression, match_text, parse_match};
use crate::model::{Family, Match, Rule, Target};
use serde_json::Value;

/// Statements that leave the packet as it is for all that the model asks.
const GOES_ON: [&str; 8] = ["log", "counter", "notrack", "mangle", "set", "map", "flow", "last"];

/// Reads a `rule` object; also tells whether iptables made it (then the save knows it better).
pub(super) fn parse_rule(object: &Value, family: Family) -> (Rule, bool) {
    let mut reader = Reader { family, rule: empty(object), target: None, words: Vec::new(), has_xt: false };
    for statement in object.get("expr").and_then(Value::as_array).into_iter().flatten() {
        reader.statement(statement);
    }
    let Reader { mut rule, target, words, has_xt, .. } = reader;
    rule.target = target.unwrap_or(Target::Continue { text: String::new() });
    rule.text = words.join(" ");
    (rule, has_xt)
}

fn empty(object: &Value) -> Rule {
    Rule {
        matches: Vec::new(),
        target: Target::Continue { text: String::new() },
        packets: None,
        bytes: None,
        comment: object.get("comment").and_then(Value::as_str).map(str::to_owned),
        text: String::new(),
        handle: object.get("handle").and_then(Value::as_u64),
    }
}

struct Reader {
    family: Family,
    rule: Rule,
    target: Option<Target>,
    words: Vec<String>,
    has_xt: bool,
}

impl Reader {
    fn statement(&mut self, statement: &Value) {
        let Some((key, body)) = statement.as_object().and_then(|map| map.iter().next()) else {
            // Older nft prints statements without a JSON form as text.
            let text = statement.as_str().map_or_else(|| statement.to_string(), str::to_owned);
            return self.set_target(Target::Opaque { text: text.clone() }, text);
        };
        match key.as_str() {
            "match" => {
                self.words.push(match_text(body));
                for known in parse_match(body, self.family) {
                    if !self.rule.matches.contains(&known) {
                        self.rule.matches.push(known);
                    }
                }
            }
            "counter" => {
                self.rule.packets = body.get("packets").and_then(Value::as_u64);
                self.rule.bytes = body.get("bytes").and_then(Value::as_u64);
                self.words.push("counter".to_owned());
            }
            "xt" => self.xt(body),
            "limit" | "quota" | "ct count" | "connlimit" => self.opaque_match(format!("{key} {body}")),
            key => {
                let (target, text) = target(key, body);
                match target {
                    Some(target) => self.set_target(target, text),
                    None => self.words.push(text),
                }
            }
        }
    }

    /// A statement that iptables made: only its kind and name are told.
    fn xt(&mut self, body: &Value) {
        self.has_xt = true;
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        let text = format!("xt {name}");
        match (body.get("type").and_then(Value::as_str), name) {
            (Some("match"), "comment") => {}
            (Some("match"), _) => self.opaque_match(text),
            (_, "MASQUERADE") => self.set_target(Target::Masquerade, text),
            (_, "REJECT") => self.set_target(Target::Reject, text),
            (_, name) if goes_on(name) => self.set_target(Target::Continue { text: name.to_owned() }, text),
            _ => self.set_target(Target::Opaque { text: text.clone() }, text),
        }
    }

    fn opaque_match(&mut self, text: String) {
        self.words.push(text.clone());
        self.rule.matches.push(Match::Opaque { text });
    }

    /// A verdict after a statement that goes on is what counts; a second verdict is not understood.
    fn set_target(&mut self, target: Target, text: String) {
        self.words.push(text);
        self.target = match self.target.take() {
            None | Some(Target::Continue { .. }) => Some(target),
            Some(_) => Some(Target::Opaque { text: self.words.join(" ") }),
        };
    }
}

/// The target of a statement, or none when it does not decide; and its text.
fn target(key: &str, body: &Value) -> (Option<Target>, String) {
    let chain = || body.get("target").and_then(Value::as_str).unwrap_or_default().to_owned();
    let opaque = || {
        let text = if body.is_null() { key.to_owned() } else { format!("{key} {}", expression(body)) };
        (Some(Target::Opaque { text: text.clone() }), text)
    };
    let plain = |target| (Some(target), key.to_owned());
    match key {
        "accept" => plain(Target::Accept),
        "drop" => plain(Target::Drop),
        "reject" => plain(Target::Reject),
        "return" => plain(Target::Return),
        "continue" => plain(Target::Continue { text: String::new() }),
        "masquerade" => plain(Target::Masquerade),
        "jump" => (Some(Target::Jump { chain: chain() }), format!("jump {}", chain())),
        "goto" => (Some(Target::Goto { chain: chain() }), format!("goto {}", chain())),
        "dnat" | "snat" => rewrite(key, body).unwrap_or_else(opaque),
        key if GOES_ON.contains(&key) => {
            let text = key.to_owned();
            (Some(Target::Continue { text: text.clone() }), text)
        }
        _ => opaque(),
    }
}

/// `dnat`/`snat` to one address and one port; none for ranges and maps.
fn rewrite(key: &str, body: &Value) -> Option<(Option<Target>, String)> {
    let addr = match body.get("addr") {
        Some(addr) => Some(addr.as_str()?.parse().ok()?),
        None => None,
    };
    let port = match body.get("port") {
        Some(port) => Some(u16::try_from(port.as_u64()?).ok()?),
        None => None,
    };
    let text = match (addr, port) {
        (Some(addr), Some(port)) => format!("{key} to {}", std::net::SocketAddr::new(addr, port)),
        (Some(addr), None) => format!("{key} to {addr}"),
        (None, Some(port)) => format!("{key} to :{port}"),
        (None, None) => return None,
    };
    let target = if key == "dnat" { Target::Dnat { addr, port } } else { Target::Snat { addr } };
    Some((Some(target), text))
}
