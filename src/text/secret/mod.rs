//! Tells text that looks like a secret, and masks it: names of variables and labels, URLs, command lines.
//!
//! Pure and conservative on both sides: a name is matched by whole words, so that `KEYBOARD` and `TOKENIZER` stay
//! readable, and a mask never tells the length. Knows no container and no check.

mod command;

pub use command::{command_line_secrets, scrub_arguments, scrub_command_line};

use std::borrow::Cow;

/// What stands in for a secret.
pub const MASK: &str = "******";

/// Words that make a name look secret.
const SECRET_WORDS: [&str; 16] = [
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "TOKENS",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "AUTHTOKEN",
    "ACCESSKEY",
    "SECRETKEY",
    "PRIVATEKEY",
    "USERPASS",
];
/// Words that make a following KEY secret.
const KEY_WORDS: [&str; 8] = ["API", "ACCESS", "PRIVATE", "SECRET", "ENCRYPTION", "SIGNING", "MASTER", "ACCOUNT"];
/// Last words of names that tell of a secret without holding it.
const HARMLESS_ENDS: [&str; 26] = [
    "FILE",
    "PATH",
    "DIR",
    "ID",
    "SHA256",
    "SHA512",
    "URL",
    "URI",
    "ENDPOINT",
    "NAME",
    "TYPE",
    "TTL",
    "EXPIRY",
    "EXPIRES",
    "TIMEOUT",
    "LENGTH",
    "MIN",
    "MAX",
    "POLICY",
    "ALGORITHM",
    "HEADER",
    "ENABLED",
    "COUNT",
    "SIZE",
    "VERSION",
    "FINGERPRINT",
];
/// The words of a name in capitals: split at what is no letter or digit, and where lower case turns into upper case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        let splits = !c.is_alphanumeric() || (before_lower && c.is_uppercase());
        if splits && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_uppercase());
        }
        before_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// True when a variable, label or option of this name is likely to hold a secret: `DB_PASSWORD`, `apiKey`,
/// `--auth-token`; not `PASSWORD_FILE`, `GPG_KEY`, `AWS_ACCESS_KEY_ID`, `PWD`.
pub fn looks_secret(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if words.len() > 1 && HARMLESS_ENDS.contains(&last.as_str()) {
        return false;
    }
    if words.iter().any(|word| word == "PUBLIC" || word == "GPG") {
        return false;
    }
    // `PWD` alone is where a shell stands.
    let pwd = words.len() > 1 && (last == "PWD" || last == "PASS");
    let word = words.iter().any(|word| SECRET_WORDS.contains(&word.as_str()) || ends_in_password(word));
    let key = words.windows(2).any(|pair| KEY_WORDS.contains(&pair[0].as_str()) && pair[1] == "KEY");
    pwd || word || key
}

/// `PGPASSWORD`, `DBPASSWD`: common enough to be known although not a word of its own.
fn ends_in_password(word: &str) -> bool {
    word.ends_with("PASSWORD") || word.ends_with("PASSWD")
}

/// True when a value can't be a secret whatever its name is: empty, a path, a number, a boolean, a reference to
/// another variable. For findings; what is hidden on a screen is decided by the name alone.
pub fn is_harmless_value(value: &str) -> bool {
    let value = value.trim();
    let word =
        ["true", "false", "yes", "no", "on", "off", "none", "null", MASK].iter().any(|w| value.eq_ignore_ascii_case(w));
    let path = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start)) && !value.contains("://");
    let reference = (value.starts_with("${") && value.ends_with('}')) || value.starts_with("file:");
    value.is_empty() || word || path || reference || value.parse::<f64>().is_ok()
}

/// True when a variable is likely to hold a secret, by its name and value, by a password in a URL, or because it is a
/// private key.
pub fn holds_secret(name: &str, value: &str) -> bool {
    (looks_secret(name) && !is_harmless_value(value)) || is_private_key(value) || url_password(value, 0).is_some()
}

/// True for the text of a private key (PEM).
pub fn is_private_key(value: &str) -> bool {
    value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----")
}

/// Stands in for a secret: the same for all but the empty one, so that not even the length is told.
pub fn mask(value: &str) -> &'static str {
    if value.is_empty() { "" } else { MASK }
}

/// A value as it may be shown, by the name it goes with.
pub fn mask_value<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if looks_secret(name) || is_private_key(value) { Cow::Borrowed(mask(value)) } else { mask_urls(value) }
}

/// `NAME=value` as it may be shown.
pub fn mask_assignment(entry: &str) -> Cow<'_, str> {
    let Some((name, value)) = entry.split_once('=') else { return mask_urls(entry) };
    match mask_value(name, value) {
        Cow::Borrowed(same) if same == value => Cow::Borrowed(entry),
        masked => Cow::Owned(format!("{name}={masked}")),
    }
}

/// A comma-separated list of options (`username=a,password=b`) as it may be shown.
pub fn mask_options(list: &str) -> Cow<'_, str> {
    let masked: Vec<_> = list.split(',').map(mask_assignment).collect();
    if masked.iter().any(|part| matches!(part, Cow::Owned(_))) {
        Cow::Owned(masked.join(","))
    } else {
        Cow::Borrowed(list)
    }
}

/// Byte range of the password in the first `scheme://user:password@host` from byte `from` on (RFC 3986, 3.2.1).
fn url_password(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut start = from;
    while let Some(at) = text[start..].find("://") {
        let authority = start + at + 3;
        let rest = &text[authority..];
        let end = rest.find(|c: char| "/?# \t\n\"'<>,".contains(c)).unwrap_or(rest.len());
        if let Some(sign) = rest[..end].rfind('@')
            && let Some(colon) = rest[..sign].find(':')
            && colon + 1 < sign
            && &rest[colon + 1..sign] != MASK
        {
            return Some((authority + colon + 1, authority + sign));
        }
        start = authority;
    }
    None
}

/// Text with the passwords of all URLs in it masked.
pub fn mask_urls(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    let mut from = 0;
    while let Some((start, end)) = url_password(&out, from) {
        out.to_mut().replace_range(start..end, MASK);
        from = start + MASK.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_by_whole_words() {
        for name in [
            "DB_PASSWORD",
            "apiKey",
            "API_KEY",
            "github.token",
            "PGPASSWORD",
            "aws-secret-access-key",
            "MYSQL_PWD",
            "privateKey",
            "--auth-token",
            "SMTP_PASS",
            "client_secret",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "PATH",
            "KEYBOARD",
            "TOKENIZER",
            "PASSWORD_FILE",
            "GPG_KEY",
            "AWS_ACCESS_KEY_ID",
            "PUBLIC_KEY",
            "TOKEN_URL",
            "SECRETARY",
            "PYTHON_SHA256",
            "MONKEY",
            "",
            "=",
            "COMPASS",
            "PASS",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn harmless_values_are_no_finding_but_are_hidden_all_the_same() {
        for value in ["", "/run/secrets/x", "true", "42", "${DB_PASSWORD}", "3.14"] {
            assert!(!holds_secret("DB_PASSWORD", value), "{value}");
        }
        assert!(holds_secret("DB_PASSWORD", "hunter2"));
        assert_eq!(mask_assignment("DB_PASSWORD=42"), "DB_PASSWORD=******");
        assert_eq!(mask_assignment("DB_PASSWORD="), "DB_PASSWORD=");
        assert_eq!(mask_assignment("LANG=C"), "LANG=C");
        assert_eq!(mask_options("username=joe,password=x,vers=3"), "username=joe,password=******,vers=3");
    }

    #[test]
    fn urls_keep_all_but_the_password() {
        assert_eq!(mask_urls("postgres://joe:s3@cret@db:5432/x?y"), "postgres://joe:******@db:5432/x?y");
        assert_eq!(mask_urls("http://a:b@h/ and https://c:d@i/"), "http://a:******@h/ and https://c:******@i/");
        assert_eq!(mask_urls("http://host:80/a@b"), "http://host:80/a@b");
        assert!(holds_secret("DATABASE_URL", "postgres://joe:s3cret@db/x"));
    }
}
