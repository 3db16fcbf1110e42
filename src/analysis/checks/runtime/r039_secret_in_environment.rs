//! BW-R-039: A secret in the environment.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-039",
    title: "A secret in the environment",
    severity: Severity::Medium,
    why: "Whoever may inspect the container, or read its process, reads the secret; it ends up in logs and crash reports.",
    fix: "Use a secrets file and the _FILE form of the variable.",
    inputs: Inputs::CONTAINER,
    need: "A",
    blind: "Whether a variable comes from the image: the image's configuration is not read.",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let mut names = Vec::new();
    let mut private_key = false;
    for entry in &config.env {
        let Some((name, value)) = entry.raw().split_once('=') else { continue };
        let named = known::secrets::is_secret_name(name) && !known::secrets::is_harmless_value(value);
        let key = known::secrets::is_private_key(value);
        private_key |= key;
        if key || named || known::secrets::has_userinfo(value) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        return Ok(Verdict::pass());
    }
    names.sort();
    names.dedup();
    Ok(Hit::fail(Grade::Api)
        .severity(if private_key { Severity::High } else { Severity::Medium })
        .says(format!("holds {} secret(s) in its environment", names.len()))
        // Names only: a value never enters the record.
        .saw("inspect", "Config.Env", names.join(" "), "no secret")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn env(entries: &[&str]) -> Host {
        one(container().config(|c| c.env = entries.iter().map(|e| (*e).into()).collect()))
    }

    #[test]
    fn names_by_whole_words() {
        decides(
            &CHECK,
            [
                ("nothing", env(&["PATH=/bin", "LANG=C"]), Pass),
                ("a password", env(&["DB_PASSWORD=s3cret"]), Fail),
                ("a file of one", env(&["DB_PASSWORD_FILE=/run/secrets/db", "GPG_KEY=ABC", "TOKEN="]), Pass),
                ("in a URL", env(&["DATABASE=postgres://a:s3cret@db/x"]), Fail),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }

    #[test]
    fn the_record_never_holds_a_secret() {
        let key = "KEY=-----BEGIN RSA PRIVATE KEY-----s3cret";
        let host = env(&["API_TOKEN=s3cret", "URL=redis://u:s3cret@h", key]);
        assert_eq!(host.severity(&CHECK), Some(Severity::High));
        assert!(!format!("{:?}", host.ask(&CHECK)).contains("s3cret"));
    }
}
