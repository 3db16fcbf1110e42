//! Quoting for a shell, such that the line is also harmless on a terminal.

use crate::text::is_clean;
use std::fmt::Write as _;

/// `text` as one word of a POSIX shell; control and invisible characters as escapes of `$'…'` (bash, zsh, ksh).
pub fn quote(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/@%+=".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    // A backslash is harmless within quotes, though the cleaner doubles it.
    if is_clean(&text.replace('\\', "/")) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = "$'".to_owned();
    for c in text.chars() {
        let mut utf8 = [0; 4];
        match c {
            '\\' => out.push_str(r"\\"),
            '\'' => out.push_str(r"\'"),
            c if is_clean(c.encode_utf8(&mut utf8)) => out.push(c),
            c => c.encode_utf8(&mut utf8).bytes().for_each(|byte| {
                // Writing to a string does not fail.
                let _ = write!(out, "\\x{byte:02x}");
            }),
        }
    }
    out.push('\'');
    // Combining marks beyond what a terminal is to bear are only clean one by one.
    if is_clean(&out.replace('\\', "/")) { out } else { format!("$'{}'", escape_all(text)) }
}

fn escape_all(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "\\x{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_reads_back_what_was_quoted_and_a_terminal_sees_no_control() {
        let tower: String = std::iter::once('a').chain(std::iter::repeat_n('\u{301}', 40)).collect();
        for text in ["web", "", "a b", "it's", r"a\b", "$(reboot)", "\u{1b}[2J'x", "käse", "a\u{202e}b", "*", &tower] {
            let quoted = quote(text);
            assert!(is_clean(&quoted.replace('\\', "/")), "{quoted:?}");
            let line = format!("printf %s {quoted}");
            let out = Command::new("bash").env("LC_ALL", "C.UTF-8").args(["-c", &line]).output().expect("bash");
            assert_eq!(String::from_utf8(out.stdout).expect("UTF-8"), text, "{quoted}");
        }
    }
}
