//! The target of an iptables rule. Must not do I/O.

use super::words::Word;
use crate::model::Target;
use std::net::{IpAddr, SocketAddr};

/// Targets after which the packet goes on to the next rule (iptables-extensions(8)).
const GOES_ON: [&str; 24] = [
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "CONNMARK",
    "CONNSECMARK",
    "CT",
    "DSCP",
    "ECN",
    "HL",
    "HMARK",
    "IDLETIMER",
    "LED",
    "LOG",
    "MARK",
    "NFLOG",
    "NOTRACK",
    "RATEEST",
    "SECMARK",
    "SET",
    "TCPMSS",
    "TCPOPTSTRIP",
    "TOS",
    "TRACE",
    "TTL",
];

/// Reads a target; `option` is `-j` or `-g`, `options` all that follows the name.
pub(super) fn parse(option: &str, name: &str, options: &[Word], is_chain: &impl Fn(&str) -> bool) -> Target {
    if is_chain(name) {
        let chain = name.to_owned();
        return if option == "-g" { Target::Goto { chain } } else { Target::Jump { chain } };
    }
    let value = |wanted: &str| {
        let at = options.iter().position(|word| !word.is_quoted && word.text == wanted)?;
        options.get(at + 1).map(|word| word.text.as_str())
    };
    let opaque = || Target::Opaque { text: text(name, options) };
    match name {
        "ACCEPT" => Target::Accept,
        "DROP" => Target::Drop,
        "REJECT" => Target::Reject,
        "RETURN" => Target::Return,
        "MASQUERADE" => Target::Masquerade,
        "DNAT" => match value("--to-destination").and_then(endpoint) {
            Some((addr, port)) => Target::Dnat { addr, port },
            None => opaque(),
        },
        "SNAT" => match value("--to-source").and_then(endpoint) {
            Some((addr, _)) => Target::Snat { addr },
            None => opaque(),
        },
        name if GOES_ON.contains(&name) => Target::Continue { text: text(name, options) },
        _ => opaque(),
    }
}

/// True when a target of this name lets the packet go on.
pub(super) fn goes_on(name: &str) -> bool {
    GOES_ON.contains(&name)
}

fn text(name: &str, options: &[Word]) -> String {
    let quoted = |word: &Word| if word.is_quoted { format!(" {:?}", word.text) } else { format!(" {}", word.text) };
    options.iter().fold(name.to_owned(), |text, word| text + &quoted(word))
}

/// `172.17.0.2:80`, `[fd00::2]:80`, `172.17.0.2`, `fd00::2`, `:80`. None for ranges: which of them a packet gets is
/// not known.
fn endpoint(text: &str) -> Option<(Option<IpAddr>, Option<u16>)> {
    if let Ok(addr) = text.parse::<IpAddr>() {
        return Some((Some(addr), None));
    }
    if let Ok(endpoint) = text.parse::<SocketAddr>() {
        return Some((Some(endpoint.ip()), Some(endpoint.port())));
    }
    if let Some(addr) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Some((Some(addr.parse().ok()?), None));
    }
    text.strip_prefix(':')?.parse().ok().map(|port| (None, Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::firewall::words::split;

    fn target(text: &str) -> Target {
        let words = split(text);
        parse("-j", &words[0].text, &words[1..], &|name| name == "MY-LOG")
    }

    #[test]
    fn rewriting_targets() {
        let dnat = |addr: &str, port| Target::Dnat { addr: Some(addr.parse().expect("ip")), port };
        assert_eq!(target("DNAT --to-destination [fd00::2]:80"), dnat("fd00::2", Some(80)));
        assert_eq!(target("DNAT --to-destination 10.0.0.2 --random"), dnat("10.0.0.2", None));
        assert_eq!(target("DNAT --to-destination :80"), Target::Dnat { addr: None, port: Some(80) });
        assert!(matches!(target("DNAT --to-destination 10.0.0.2-10.0.0.9:80"), Target::Opaque { .. }));
        assert!(matches!(target("REDIRECT --to-ports 80"), Target::Opaque { .. }));
        assert_eq!(target("SNAT --to-source 192.0.2.1"), Target::Snat { addr: Some("192.0.2.1".parse().expect("ip")) });
    }

    #[test]
    fn what_goes_on_and_what_is_not_known() {
        assert_eq!(target("LOG --log-prefix \"a b\""), Target::Continue { text: "LOG --log-prefix \"a b\"".into() });
        assert_eq!(target("NFQUEUE --queue-num 1"), Target::Opaque { text: "NFQUEUE --queue-num 1".into() });
        assert_eq!(target("MY-LOG"), Target::Jump { chain: "MY-LOG".into() });
    }
}
