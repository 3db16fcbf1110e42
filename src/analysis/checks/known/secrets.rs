//! Names and values that look like secrets. What these functions return never holds the secret itself.

/// Whole words that make a variable's name a secret's.
const WORDS: [&str; 10] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
    "CREDENTIALS",
];

/// Endings that make a name one of something public about a secret, or of where it is kept.
const NOT_SECRET_ENDINGS: [&str; 9] =
    ["_FILE", "_KEY_ID", "_SHA256", "_VERSION", "_PATH", "_DIR", "_URL_PATH", "_ENABLED", "_TTL"];

/// True when the name says that the value is a secret, matched by whole words between underscores.
pub fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    if NOT_SECRET_ENDINGS.iter().any(|end| upper.ends_with(end)) || upper.contains("GPG_KEY") {
        return false;
    }
    let framed = format!("_{}_", upper.replace(['-', '.'], "_"));
    WORDS.iter().any(|word| framed.contains(&format!("_{word}_")))
}

/// True for a value that is no secret whatever its name: empty, a path, a number, a boolean.
pub fn is_harmless_value(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || value.starts_with('/')
        || value.parse::<f64>().is_ok()
        || matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "none")
}

/// True for a URL with a password in its user part (`scheme://user:password@host`).
pub fn has_userinfo(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let scheme_ok = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or("");
    let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password);
    scheme_ok && password.is_some_and(|password| !password.is_empty() && !password.starts_with('$'))
}

/// True for the head of a private key in PEM form.
pub fn is_private_key(value: &str) -> bool {
    value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----")
}

/// Programs whose `-p` is followed by a password.
const DASH_P: [&str; 5] = ["mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass"];

/// What on a command line looks like a secret, masked; none when nothing does.
pub fn on_command_line(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().peekable();
    let program = words.peek().map(|word| word.rsplit('/').next().unwrap_or(word).to_owned()).unwrap_or_default();
    while let Some(word) = words.next() {
        if has_userinfo(word) {
            let scheme = word.split("://").next().unwrap_or("");
            return Some(format!("{scheme}://…:***@…"));
        }
        let Some(flag) = word.strip_prefix('-') else {
            if let Some((name, value)) = word.split_once('=')
                && is_secret_name(name)
                && !is_harmless_value(value)
            {
                return Some(format!("{name}=***"));
            }
            continue;
        };
        let name = flag.trim_start_matches('-');
        if let Some((name, value)) = name.split_once('=') {
            if is_secret_name(name) && !is_harmless_value(value) {
                return Some(format!("--{name}=***"));
            }
        } else if is_secret_name(name) && words.peek().is_some_and(|next| is_value(next)) {
            return Some(format!("--{name} ***"));
        } else if DASH_P.contains(&program.as_str())
            && !flag.starts_with('-')
            && let Some(rest) = flag.strip_prefix('p')
            && (!rest.is_empty() || (program == "sshpass" && words.peek().is_some()))
        {
            return Some(format!("{program} -p***"));
        }
    }
    None
}

fn is_value(word: &str) -> bool {
    !word.starts_with('-') && !is_harmless_value(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_named_by_whole_words() {
        for name in ["DB_PASSWORD", "API_KEY", "my-token", "AWS_SECRET_ACCESS_KEY", "APP_CREDENTIALS"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PASSWORD_FILE", "GPG_KEYS", "AWS_ACCESS_KEY_ID", "TOKENIZER", "PATH", "SECRET_KEY_SHA256"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values_that_are_no_secrets() {
        for value in ["", "/run/secrets/x", "3600", "true"] {
            assert!(is_harmless_value(value), "{value}");
        }
        assert!(!is_harmless_value("hunter2"));
    }

    #[test]
    fn a_url_is_a_secret_only_with_a_password() {
        assert!(has_userinfo("postgres://app:s3cret@db/app"));
        assert!(!has_userinfo("postgres://app@db/app"));
        assert!(!has_userinfo("https://host/a:b@c"));
        assert!(!has_userinfo("postgres://app:$PW@db"));
    }

    #[test]
    fn what_is_reported_of_a_command_line_never_holds_the_secret() {
        let lines = [
            "server --password=s3cret",
            "server --token s3cret",
            "mysql -uroot -ps3cret",
            "sshpass -p s3cret ssh host",
            "x redis://u:s3cret@h/0",
            "env DB_PASSWORD=s3cret run",
        ];
        for line in lines {
            let said = on_command_line(line).unwrap_or_else(|| panic!("{line} was missed"));
            assert!(!said.contains("s3cret"), "{said}");
        }
        for line in ["nginx -p /etc/nginx", "server --password-file=/x", "mkdir -p a", "server --token-ttl 30"] {
            assert_eq!(on_command_line(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_looked_at_without_harm(text in ".{0,200}") {
            let _ = on_command_line(&text);
            let _ = has_userinfo(&text);
            let _ = is_secret_name(&text);
        }
    }
}
