//! Filters: words, `field:value`, `field:>50`, `!not`; a row passes when every term holds. Plain text only, no
//! patterns, so that any input is understood and takes bounded time.

/// Longest filter that is read; the rest is ignored.
pub const MAX_CHARS: usize = 256;

/// Answers about one row.
pub trait Probe {
    /// All that identifies the row, for plain words.
    fn haystack(&self) -> String;
    /// Text of a field; None when the row does not have it.
    fn field(&self, name: &str) -> Option<String>;
    /// Number of a field; None when it has none or it is not known.
    fn number(&self, name: &str) -> Option<f64>;
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Word(String),
    Field(String, String),
    Compare(String, Order, f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    negated: bool,
    test: Test,
}

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads a filter. `is_field` tells which names are fields: `10.0.0.1:80` is then a word, not a field.
    pub fn parse(text: &str, is_field: impl Fn(&str) -> bool) -> Self {
        let text: String = text.chars().take(MAX_CHARS).collect();
        let terms = split(&text).into_iter().filter_map(|word| term(&word, &is_field)).collect();
        Filter { terms }
    }

    /// True when it has no terms.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// True when some term asks for something (is not a `!term`).
    pub fn asks(&self) -> bool {
        self.terms.iter().any(|t| !t.negated)
    }

    /// Whether no `!term` speaks against a row.
    pub fn allows(&self, probe: &dyn Probe) -> bool {
        let against = Filter { terms: self.terms.iter().filter(|t| t.negated).cloned().collect() };
        against.passes(probe)
    }

    /// Whether a row passes. A comparison with what is not known does not hold, and neither does its opposite.
    pub fn passes(&self, probe: &dyn Probe) -> bool {
        let mut haystack: Option<String> = None;
        self.terms.iter().all(|term| {
            let holds = match &term.test {
                Test::Word(word) => {
                    haystack.get_or_insert_with(|| probe.haystack().to_lowercase()).contains(word.as_str())
                }
                Test::Field(name, value) => match probe.field(name) {
                    Some(text) => text.to_lowercase().contains(value.as_str()),
                    None => false,
                },
                Test::Compare(name, order, value) => match probe.number(name) {
                    Some(number) => order.holds(number, *value),
                    None => return false,
                },
            };
            holds != term.negated
        })
    }
}

impl Order {
    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Order::Less => a < b,
            Order::AtMost => a <= b,
            Order::Equal => (a - b).abs() <= b.abs() * 1e-9,
            Order::AtLeast => a >= b,
            Order::More => a > b,
        }
    }
}

/// Splits at blanks; quotes hold a term together.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn term(word: &str, is_field: &impl Fn(&str) -> bool) -> Option<Term> {
    let (negated, word) = match word.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    if word.is_empty() {
        return None;
    }
    let lower = word.to_lowercase();
    let test = match lower.split_once(':') {
        // A field without a value is still being typed.
        Some((name, "" | ">" | "<" | ">=" | "<=" | "=")) if is_field(name) => return None,
        Some((name, value)) if is_field(name) => match comparison(value) {
            Some((order, number)) => Test::Compare(name.to_owned(), order, number),
            None => Test::Field(name.to_owned(), value.to_owned()),
        },
        _ => Test::Word(lower),
    };
    Some(Term { negated, test })
}

fn comparison(value: &str) -> Option<(Order, f64)> {
    let orders =
        [(">=", Order::AtLeast), ("<=", Order::AtMost), (">", Order::More), ("<", Order::Less), ("=", Order::Equal)];
    let (sign, order) = orders.into_iter().find(|(sign, _)| value.starts_with(sign))?;
    Some((order, quantity(&value[sign.len()..])?))
}

/// Reads a number with a unit: `50`, `50%`, `1.5k`, `10m`, `2gi`, `300mb/s`. `k`, `m`, `g`, `t` are powers of 1000,
/// `ki`, `mi`, `gi`, `ti` of 1024; `b`, `/s`, `%` mean nothing more.
pub fn quantity(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim_end_matches("/s").trim_end_matches('b').trim_end_matches('%');
    let factor = match unit {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e6,
        "g" => 1e9,
        "t" => 1e12,
        "ki" => 1024.0,
        "mi" => 1024.0 * 1024.0,
        "gi" => 1024.0f64.powi(3),
        "ti" => 1024.0f64.powi(4),
        _ => return None,
    };
    Some(number * factor).filter(|n| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Row;
    impl Probe for Row {
        fn haystack(&self) -> String {
            "Web-1 abc123 172.17.0.2:80".to_owned()
        }
        fn field(&self, name: &str) -> Option<String> {
            (name == "state").then(|| "Running".to_owned())
        }
        fn number(&self, name: &str) -> Option<f64> {
            (name == "cpu").then_some(60.0)
        }
    }

    fn passes(text: &str) -> bool {
        Filter::parse(text, |f| ["state", "cpu", "mem"].contains(&f)).passes(&Row)
    }

    #[test]
    fn terms_narrow_down() {
        for yes in [
            "",
            "web",
            "WEB 172",
            "state:run",
            "!state:exited",
            "cpu:>50",
            "cpu:>=60 cpu:<=60",
            "cpu:=60",
            "!db",
            "state:",
            "cpu:>",
            "172.17.0.2:80",
            "\"abc123 172\"",
            "!",
            "cpu:<0.1k",
        ] {
            assert!(passes(yes), "{yes}");
        }
        for no in ["db", "!web", "state:exited", "cpu:>60", "cpu:<60%", "web db", "!cpu:>50"] {
            assert!(!passes(no), "{no}");
        }
    }

    #[test]
    fn what_is_not_known_compares_with_nothing() {
        assert!(!passes("mem:>1"));
        assert!(!passes("!mem:>1"));
    }

    #[test]
    fn quantities_have_units() {
        assert_eq!(quantity("1.5k"), Some(1500.0));
        assert_eq!(quantity("2MiB"), Some(2.0 * 1024.0 * 1024.0));
        assert_eq!(quantity("10MB/s"), Some(1e7));
        assert_eq!(quantity("50%"), Some(50.0));
        for bad in ["", "x", "1x", "--1", "1e999", "1.2.3"] {
            assert_eq!(quantity(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn s12_any_filter_is_understood(text in "\\PC{0,400}") {
            let _ = passes(&text);
        }
    }
}
