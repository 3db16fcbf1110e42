//! Which names of variables look as if their values were secrets.

/// Parts of a name that give a secret away, in upper case.
const SIGNS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
    "AUTH",
    "_KEY",
    "_PASS",
    "_PWD",
    "DSN",
    "COOKIE",
    "SIGNING",
    "SALT",
];

/// True when the value of a variable (or label) of this name should be masked. Better one too many than one too few.
pub fn looks_secret(name: &str) -> bool {
    let upper = name.to_uppercase().replace(['-', '.'], "_");
    SIGNS.iter().any(|sign| upper.contains(sign)) || matches!(upper.as_str(), "PASS" | "PWD_HASH" | "KEY")
}

/// True when a value carries a password whatever its name: a URL with user information.
pub fn holds_secret(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_or_by_shape() {
        for name in ["POSTGRES_PASSWORD", "api-key", "GITHUB_TOKEN", "db_pass", "SENTRY_DSN"] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["PATH", "HOME", "LANG", "KEYBOARD"] {
            assert!(!looks_secret(name), "{name}");
        }
        assert!(holds_secret("postgres://app:hunter2@db/app"));
        assert!(!holds_secret("http://db:5432/app"));
    }
}
