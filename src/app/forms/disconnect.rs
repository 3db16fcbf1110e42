//! Containers taken off networks.

use super::{Field, Form, FormSpec, Request};
use crate::app::change::Targets;
use crate::app::keymap::Action;
use crate::plan::{Ground, Refusal, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Disconnect,
    title: |ground, targets| format!("Disconnect {}", targets.words(ground.snapshot)),
    fits: |ground, targets| match (targets.containers.is_empty(), targets.networks.len()) {
        (true, 1) => Ok(()),
        _ => super::some_container(ground, targets),
    },
    fields,
    says: super::nothing,
    request,
};

const ALL: &str = "every network";

fn fields(ground: &Ground<'_>, targets: &Targets) -> Vec<Field> {
    let force = Field::switch("force", "force", false, "also when the container can't be reached");
    if targets.containers.is_empty() {
        return vec![Field::text("container", "container", "who leaves: NAME, NAME …"), force];
    }
    let mut names: Vec<String> =
        targets.of(ground.snapshot).flat_map(|c| &c.endpoints).map(|e| e.network.raw().to_owned()).collect();
    names.sort();
    names.dedup();
    let now = names.join(", ");
    let mut options = vec![ALL.to_owned()];
    options.extend(names);
    vec![Field::choice("network", "from", options, "←→ or a letter").beside(format!("on {now} now")), force]
}

fn request(ground: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let refuse = |field: &'static str, why: String| Refusal::new("disconnect", why).at(field);
    let force = form.is_on("force");
    if form.targets.containers.is_empty() {
        let mut of = Vec::new();
        for name in form.list("container") {
            let found = ground.snapshot.containers.iter().find(|c| c.name.raw() == name || c.id.short() == name);
            of.push(found.ok_or_else(|| refuse("container", format!("there is no container {name}")))?.id.clone());
        }
        if of.is_empty() {
            return Err(refuse("container", "say who leaves".to_owned()));
        }
        return Ok(Request::Wish(Wish::Disconnect { of, networks: form.targets.networks.clone(), force }));
    }
    let chosen = form.text("network");
    let mut networks = Vec::new();
    if chosen != ALL {
        let found = ground.snapshot.networks.iter().find(|n| n.name.raw() == chosen);
        networks.push(found.ok_or_else(|| refuse("network", format!("there is no network {chosen}")))?.id.clone());
    }
    Ok(Request::Wish(Wish::Disconnect { of: form.targets.containers.clone(), networks, force }))
}
