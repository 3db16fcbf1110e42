//! Splitting a line of `iptables-save` into words. Quotes are as that tool writes them: `"` around, `\` before `"`
//! and `\`. Must not know options.

/// A word, and whether it was quoted: a quoted `-j` is text, never an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    pub is_quoted: bool,
}

impl Word {
    /// True for `-x` and `--long`.
    pub(super) fn is_option(&self) -> bool {
        !self.is_quoted && self.text.len() > 1 && self.text.starts_with('-') && !self.is_number()
    }

    /// True for the mark that negates what follows.
    pub(super) fn is_not(&self) -> bool {
        !self.is_quoted && self.text == "!"
    }

    fn is_number(&self) -> bool {
        self.text.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    }
}

/// Splits a line; an unfinished quote ends with the line.
pub(super) fn split(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| *c == ' ').is_some() {}
        let Some(first) = chars.next() else { return words };
        let mut text = String::new();
        if first == '"' {
            while let Some(c) = chars.next().filter(|c| *c != '"') {
                text.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
            }
        } else {
            text.push(first);
            while let Some(c) = chars.next_if(|c| *c != ' ') {
                text.push(c);
            }
        }
        words.push(Word { text, is_quoted: first == '"' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes() {
        let words = split(r#"--comment "a \"b\" -j DROP" ! --set-mark "" -1"#);
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["--comment", "a \"b\" -j DROP", "!", "--set-mark", "", "-1"]);
        assert!(words[0].is_option() && !words[1].is_option() && words[2].is_not() && !words[5].is_option());
        assert!(!split("\"-j\"")[0].is_option());
    }
}
