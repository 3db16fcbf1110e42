//! One rule of `iptables-save`: `-A CHAIN …`. What is not understood becomes an opaque match that keeps its text, so
//! that a rule is never taken for wider or narrower than it is. Must not do I/O.

use super::iptables_target;
use super::words::{Word, split};
use crate::model::{Cidr, Match, Rule, Target};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Match modules that hold no condition by themselves: only their options do.
const PLAIN_MODULES: [&str; 14] = [
    "tcp",
    "udp",
    "sctp",
    "dccp",
    "udplite",
    "icmp",
    "icmp6",
    "ipv6-icmp",
    "conntrack",
    "state",
    "comment",
    "addrtype",
    "multiport",
    "iprange",
];

/// Parses `[packets:bytes] -A CHAIN …`; gives the chain's name too. `is_chain` tells the table's own chains from
/// targets of the tool. None when the line is not a rule.
pub(super) fn parse_rule(line: &str, is_chain: impl Fn(&str) -> bool) -> Option<(String, Rule)> {
    let (counters, text) = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((counters, text)) => (parse_counters(counters), text),
        None => (None, line),
    };
    let words = split(text);
    let [append, chain, rest @ ..] = words.as_slice() else { return None };
    if append.text != "-A" {
        return None;
    }
    let mut reader = Reader { words: rest, at: 0, matches: Vec::new(), target: None, comment: None };
    reader.run(&is_chain);
    let rule = Rule {
        matches: reader.matches,
        target: reader.target.unwrap_or(Target::Continue { text: String::new() }),
        packets: counters.map(|(packets, _)| packets),
        bytes: counters.map(|(_, bytes)| bytes),
        comment: reader.comment,
        text: text.to_owned(),
        handle: None,
    };
    Some((chain.text.clone(), rule))
}

/// `12:3456`.
pub(super) fn parse_counters(text: &str) -> Option<(u64, u64)> {
    let (packets, bytes) = text.split_once(':')?;
    Some((packets.parse().ok()?, bytes.parse().ok()?))
}

struct Reader<'a> {
    words: &'a [Word],
    at: usize,
    matches: Vec<Match>,
    target: Option<Target>,
    comment: Option<String>,
}

impl<'a> Reader<'a> {
    fn run(&mut self, is_chain: &impl Fn(&str) -> bool) {
        while let Some(word) = self.next() {
            let not = word.is_not();
            let Some(option) = (if not { self.next() } else { Some(word) }) else { return };
            match option.text.as_str() {
                "-j" | "-g" => {
                    let name = self.next().map(|word| word.text.as_str()).unwrap_or_default();
                    let options = &self.words[self.at..];
                    self.target = Some(iptables_target::parse(&option.text, name, options, is_chain));
                    return;
                }
                "-m" => self.module(),
                name => {
                    let known = name.to_owned();
                    self.condition(&known, not, option);
                }
            }
        }
    }

    fn next(&mut self) -> Option<&'a Word> {
        let word = self.words.get(self.at);
        self.at += usize::from(word.is_some());
        word
    }

    fn value(&mut self) -> &'a str {
        self.next().map(|word| word.text.as_str()).unwrap_or_default()
    }

    /// A module that this version does not know is a condition, with all options up to the next thing it knows.
    fn module(&mut self) {
        let name = self.value();
        if PLAIN_MODULES.contains(&name) {
            return;
        }
        let mut text = format!("-m {name}");
        while self
            .words
            .get(self.at)
            .is_some_and(|word| !matches!(word.text.as_str(), "-m" | "-j" | "-g") || word.is_quoted)
        {
            let word = &self.words[self.at];
            push_word(&mut text, word);
            self.at += 1;
        }
        self.matches.push(Match::Opaque { text });
    }

    fn condition(&mut self, option: &str, not: bool, word: &Word) {
        if option == "--comment" {
            self.comment = Some(self.value().to_owned());
            return;
        }
        let at = self.at;
        if let Some(known) = self.known(option, not) {
            self.matches.push(known);
            return;
        }
        self.at = at;
        let mut text = String::from(if not { "!" } else { "" });
        push_word(&mut text, word);
        while let Some(word) = self.words.get(self.at).filter(|word| !word.is_option() && !word.is_not()) {
            push_word(&mut text, word);
            self.at += 1;
        }
        self.matches.push(Match::Opaque { text });
    }

    fn known(&mut self, option: &str, not: bool) -> Option<Match> {
        let value = self.value();
        Some(match option {
            "-i" => Match::In { name: value.to_owned(), not },
            "-o" => Match::Out { name: value.to_owned(), not },
            "-s" => Match::Source { cidr: parse_cidr(value)?, not },
            "-d" => Match::Destination { cidr: parse_cidr(value)?, not },
            "-p" => Match::Protocol { word: protocol(value), not },
            "--dport" | "--dports" => Match::DestinationPorts { ranges: parse_ports(value)?, not },
            "--sport" | "--sports" => Match::SourcePorts { ranges: parse_ports(value)?, not },
            "--ctstate" | "--state" => {
                Match::CtState { states: value.split(',').map(str::to_ascii_uppercase).collect(), not }
            }
            "--dst-type" if !value.contains(',') => Match::DestinationType { word: value.to_owned(), not },
            _ => return None,
        })
    }
}

fn push_word(text: &mut String, word: &Word) {
    if !text.is_empty() {
        text.push(' ');
    }
    if word.is_quoted {
        text.push_str(&format!("{:?}", word.text));
    } else {
        text.push_str(&word.text);
    }
}

/// Protocols that the tool may print as numbers when the host has no protocols file.
pub(super) fn protocol(word: &str) -> String {
    match word {
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" | "icmp6" | "icmpv6" => "ipv6-icmp",
        "132" => "sctp",
        other => other,
    }
    .to_owned()
}

/// `10.0.0.0/8`, `10.0.0.1`, `10.0.0.0/255.0.0.0`; none for masks with holes.
pub(super) fn parse_cidr(text: &str) -> Option<Cidr> {
    let Some((addr, mask)) = text.split_once('/') else {
        let addr: IpAddr = text.parse().ok()?;
        return Some(Cidr { addr, prefix: if addr.is_ipv4() { 32 } else { 128 } });
    };
    if let Ok(cidr) = text.parse() {
        return Some(cidr);
    }
    let prefix = if let Ok(mask) = mask.parse::<Ipv4Addr>() {
        let ones = u32::from(mask).leading_ones();
        (u32::from(mask).checked_shl(ones).unwrap_or(0) == 0).then_some(ones)?
    } else {
        let mask = u128::from(mask.parse::<Ipv6Addr>().ok()?);
        (mask.checked_shl(mask.leading_ones()).unwrap_or(0) == 0).then_some(mask.leading_ones())?
    };
    format!("{addr}/{prefix}").parse().ok()
}

/// `80`, `80:90`, `80,443:445`.
fn parse_ports(text: &str) -> Option<Vec<(u16, u16)>> {
    let range = |text: &str| match text.split_once(':') {
        Some((from, to)) => Some((
            if from.is_empty() { 0 } else { from.parse().ok()? },
            if to.is_empty() { u16::MAX } else { to.parse().ok()? },
        )),
        None => text.parse().ok().map(|port| (port, port)),
    };
    text.split(',').map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(line: &str) -> Rule {
        parse_rule(line, |name| name == "DOCKER").expect("a rule").1
    }

    fn opaque(rule: &Rule) -> Vec<&str> {
        let mut texts = Vec::new();
        for found in &rule.matches {
            if let Match::Opaque { text } = found {
                texts.push(text.as_str());
            }
        }
        texts
    }

    #[test]
    fn a_rule_of_a_published_port() {
        let seen =
            rule("[3:180] -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80");
        assert_eq!((seen.packets, seen.bytes), (Some(3), Some(180)));
        assert!(seen.is_understood());
        assert_eq!(seen.matches[0], Match::In { name: "docker0".into(), not: true });
        assert_eq!(seen.matches[2], Match::DestinationPorts { ranges: vec![(8080, 8080)], not: false });
        assert_eq!(seen.target, Target::Dnat { addr: Some("172.17.0.2".parse().expect("ip")), port: Some(80) });
        assert!(seen.text.starts_with("-A DOCKER ! -i docker0"));
    }

    #[test]
    fn a_comment_is_never_an_option() {
        let seen = rule(r#"-A FORWARD -m comment --comment "x -j ACCEPT" -o docker0 -j DROP"#);
        assert_eq!((seen.comment.as_deref(), &seen.target), (Some("x -j ACCEPT"), &Target::Drop));
        assert_eq!(seen.matches, [Match::Out { name: "docker0".into(), not: false }]);
    }

    #[test]
    fn what_is_not_known_stays_a_condition() {
        let seen = rule(
            "-A FORWARD -m set ! --match-set docker-ext-bridges-v4 dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        );
        assert_eq!(opaque(&seen), ["-m set ! --match-set docker-ext-bridges-v4 dst"]);
        assert_eq!(seen.matches.len(), 2);
        assert_eq!(opaque(&rule("-A INPUT -m socket -j ACCEPT")), ["-m socket"]);
        let seen = rule(
            "-A INPUT -p tcp -m tcp ! --tcp-flags SYN,RST,ACK SYN -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j DROP",
        );
        assert_eq!(opaque(&seen), ["! --tcp-flags SYN,RST,ACK SYN", "--ctorigdstport 80", "--ctdir ORIGINAL"]);
        assert_eq!(
            opaque(&rule("-A INPUT -f -m addrtype --src-type LOCAL --dst-type LOCAL -j DROP")),
            ["-f", "--src-type LOCAL"]
        );
        let quoted = rule(r#"-A INPUT -m string --string "-j ACCEPT" --algo bm -j DROP"#);
        assert_eq!((opaque(&quoted).len(), &quoted.target), (1, &Target::Drop));
    }

    #[test]
    fn prefixes_and_ports() {
        assert_eq!(parse_cidr("10.0.0.0/255.0.0.0").expect("cidr").to_string(), "10.0.0.0/8");
        assert_eq!(parse_cidr("fe80::1").expect("cidr").to_string(), "fe80::1/128");
        assert_eq!(parse_cidr("10.0.0.0/255.0.255.0"), None);
        assert_eq!(parse_ports("80,443:445,1000:"), Some(vec![(80, 80), (443, 445), (1000, u16::MAX)]));
        assert_eq!(parse_ports("http"), None);
        assert_eq!(opaque(&rule("-A INPUT -p tcp -m tcp --dport http -j DROP")), ["--dport http"]);
    }

    #[test]
    fn s_and_d_with_negation_and_states() {
        let seen = rule("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE");
        assert_eq!(seen.matches[0], Match::Source { cidr: "172.17.0.0/16".parse().expect("cidr"), not: false });
        assert_eq!(
            (seen.matches[1].clone(), seen.target),
            (Match::Out { name: "docker0".into(), not: true }, Target::Masquerade)
        );
        let seen = rule("-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER");
        assert_eq!(seen.matches[1], Match::DestinationType { word: "LOCAL".into(), not: false });
        assert_eq!(seen.target, Target::Jump { chain: "DOCKER".into() });
        let seen = rule("-A INPUT -m conntrack ! --ctstate NEW -j RETURN");
        assert_eq!(seen.matches, [Match::CtState { states: vec!["NEW".into()], not: true }]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "-A X [-! \"\\\\a-z0-9:,./é]{0,60}", any in ".{0,40}") {
            let _ = parse_rule(&text, |_| false);
            let _ = parse_rule(&any, |_| true);
            let _ = parse_cidr(&any);
        }
    }
}
