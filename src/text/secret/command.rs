//! Secrets in command lines, which every local user can read: found and masked word by word.

use super::{MASK, is_harmless_value, looks_secret, mask, mask_urls};
use std::borrow::Cow;

/// Programs whose short option holds a secret: `-p x` or `-px`.
const SHORT_OPTIONS: [(&str, &str, bool); 12] = [
    ("mysql", "-p", true),
    ("mysqldump", "-p", true),
    ("mysqladmin", "-p", true),
    ("mariadb", "-p", true),
    ("mongo", "-p", false),
    ("mongosh", "-p", false),
    ("sshpass", "-p", true),
    ("redis-cli", "-a", false),
    ("ldapsearch", "-w", false),
    ("curl", "-u", false),
    ("docker", "-p", false),
    ("sqlcmd", "-P", false),
];

/// A command line, arguments separated by blanks, as it may be shown: `--password=x`, `--token x`, `-p x` of known
/// clients, `NAME=value`, `Authorization: Bearer x` and passwords in URLs are masked, all else stays byte for byte.
pub fn scrub_command_line(line: &str) -> Cow<'_, str> {
    let mut scan = Scan::default();
    let mut out = String::new();
    let mut changed = false;
    for piece in line.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        let shown = if word.is_empty() { Cow::Borrowed(word) } else { scan.word(word) };
        changed |= *shown != *word;
        out.push_str(&shown);
        out.push_str(&piece[word.len()..]);
    }
    if changed { Cow::Owned(out) } else { Cow::Borrowed(line) }
}

/// The arguments of a program as they may be shown. An argument may be a command line itself (`sh -c '…'`).
pub fn scrub_arguments<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<Cow<'a, str>> {
    let mut scan = Scan::default();
    let shown = arguments.into_iter().map(|argument| match argument.contains(char::is_whitespace) {
        true if !scan.expects_value() => scrub_command_line(argument),
        _ => scan.word(argument),
    });
    shown.collect()
}

/// What on a command line gives a secret away: names of options and variables, `URL`; never a value. Harmless values
/// (paths, numbers, references) are left out.
pub fn command_line_secrets(line: &str) -> Vec<String> {
    let mut scan = Scan::default();
    for word in line.split_whitespace() {
        scan.word(word);
    }
    scan.found
}

/// A walk over the words of a command line.
#[derive(Default)]
struct Scan {
    /// The short option of the program that holds a secret, and whether the value may be glued to it.
    short: Option<(&'static str, bool)>,
    /// The option whose value comes next.
    awaits: Option<String>,
    /// The word before was a long option without a value in it.
    after_option: bool,
    /// Names of what was masked.
    found: Vec<String>,
}

impl Scan {
    fn expects_value(&self) -> bool {
        self.awaits.is_some()
    }

    fn hit(&mut self, name: &str, value: &str) {
        if !is_harmless_value(value) {
            self.found.push(name.to_owned());
        }
    }

    fn word<'w>(&mut self, word: &'w str) -> Cow<'w, str> {
        let bare = word.trim_start_matches(['"', '\'', '(']);
        if let Some(name) = self.awaits.take()
            && !bare.starts_with("--")
        {
            // `Authorization: Bearer x`: the scheme stays, the next word is the secret.
            if ["bearer", "basic", "token"].iter().any(|scheme| bare.eq_ignore_ascii_case(scheme)) {
                self.awaits = Some(name);
                return Cow::Borrowed(word);
            }
            self.hit(&name, bare);
            return Cow::Borrowed(mask(word));
        }
        // `--data-root /var/lib/docker` names a directory, not the program `docker`.
        let is_value = std::mem::replace(&mut self.after_option, bare.starts_with("--") && !bare.contains('='))
            && bare.contains('/');
        let program = bare.rsplit('/').next().unwrap_or(bare);
        if let Some((_, option, glued)) = SHORT_OPTIONS.iter().find(|(name, ..)| *name == program && !is_value) {
            self.short = Some((option, *glued));
            return Cow::Borrowed(word);
        }
        if ["|", "||", "&&", ";"].contains(&word) {
            self.short = None;
        }
        if bare.to_ascii_lowercase().ends_with("authorization:") {
            self.awaits = Some("Authorization".to_owned());
            return Cow::Borrowed(word);
        }
        if let Some((name, value)) = bare.split_once('=')
            && looks_secret(name)
        {
            self.hit(name, value);
            let kept = word.len() - value.len();
            return Cow::Owned(format!("{}{}", &word[..kept], mask(value)));
        }
        if bare.starts_with('-') {
            return self.option(word, bare);
        }
        let shown = mask_urls(word);
        if matches!(shown, Cow::Owned(_)) {
            self.found.push("URL".to_owned());
        }
        shown
    }

    fn option<'w>(&mut self, word: &'w str, bare: &str) -> Cow<'w, str> {
        if let Some((option, glued)) = self.short {
            if bare == option {
                self.awaits = Some(option.to_owned());
                return Cow::Borrowed(word);
            }
            if let Some(value) = bare.strip_prefix(option)
                && glued
                && !bare.starts_with("--")
            {
                self.hit(option, value);
                return Cow::Owned(format!("{option}{MASK}"));
            }
        }
        if !bare.contains('=') && bare.starts_with("--") && looks_secret(bare) && !bare.ends_with("-stdin") {
            self.awaits = Some(bare.to_owned());
        }
        let shown = mask_urls(word);
        if matches!(shown, Cow::Owned(_)) {
            self.found.push("URL".to_owned());
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use proptest::prelude::*;

    #[test]
    fn command_lines_keep_all_but_the_secrets() {
        let cases = [
            ("app --password=x --port=1", "app --password=****** --port=1"),
            ("app --token abc next", "app --token ****** next"),
            ("app --token --verbose", "app --token --verbose"),
            ("mysql -u root -phunter2 -h db", "mysql -u root -p****** -h db"),
            ("/usr/bin/redis-cli -a hunter2", "/usr/bin/redis-cli -a ******"),
            ("mkdir -p /srv/x", "mkdir -p /srv/x"),
            ("env DB_PASSWORD=x  sh", "env DB_PASSWORD=******  sh"),
            ("curl -H 'Authorization: Bearer abc' http://x", "curl -H 'Authorization: Bearer ****** http://x"),
            ("ssh -p 22 host", "ssh -p 22 host"),
            ("docker login --password-stdin", "docker login --password-stdin"),
        ];
        for (line, shown) in cases {
            assert_eq!(scrub_command_line(line), shown);
        }
        assert_eq!(command_line_secrets("app --password=x --token /run/t http://a:b@c"), ["--password", "URL"]);
        assert_eq!(
            scrub_arguments(["sh", "-c", "run --token x", "--secret", "a b"]),
            ["sh", "-c", "run --token ******", "--secret", MASK]
        );
    }

    proptest! {
        #[test]
        fn nothing_panics_and_masking_twice_changes_nothing(text in "\\PC*", name in "\\PC{0,20}") {
            let once = scrub_command_line(&text).into_owned();
            prop_assert_eq!(scrub_command_line(&once), once.as_str());
            let urls = mask_urls(&text).into_owned();
            prop_assert_eq!(mask_urls(&urls), urls.as_str());
            holds_secret(&name, &text);
            command_line_secrets(&text);
            mask_options(&text);
        }

        #[test]
        fn a_long_option_never_shows_its_secret(secret in "[a-z0-9]{12,30}") {
            for line in [format!("a --password={secret}"), format!("a --api-key {secret} b"), format!("TOKEN={secret} a"),
                format!("x http://u:{secret}@h/"), format!("mysql -p{secret}")]
            {
                prop_assert!(!scrub_command_line(&line).contains(&secret));
            }
        }
    }
}
