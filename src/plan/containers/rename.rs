//! Another name for a container.

use crate::model::{Container, State};
use crate::plan::draft::{Draft, container_ref, is_running, shown};
use crate::plan::op::EngineOp;
use crate::plan::{ContainerRef, Identity, Refusal};
use crate::text::clean_line;

pub(super) fn rename(draft: &mut Draft<'_>, container: &Container, to: &str, is_one: bool) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("rename {name} to {}", clean_line(to));
    let refuse = |why: &str| Refusal::new(&what, why).at("name");
    if !is_one {
        return Err(refuse("several containers can't have one name").instead("rename them one at a time"));
    }
    if !is_name(to) {
        let way_out = "letters, digits, _ . and -, the first a letter or digit, at least two";
        return Err(refuse("that is no name for a container").instead(way_out));
    }
    if container.name == to {
        return Err(refuse("that is its name already"));
    }
    if let Some(other) = draft.ground.snapshot.containers.iter().find(|other| other.name == to) {
        let way_out = format!("choose another, or rename or remove that one ({}) first", other.id.short());
        return Err(refuse("another container has that name").instead(way_out));
    }
    if matches!(container.state, State::Removing | State::Dead) {
        return Err(refuse("the engine is removing it"));
    }
    let row = draft.row(&name);
    draft.same_run(container);
    draft.identity(Identity::NoContainer { name: to.to_owned() });
    // By then it has the new name.
    let renamed = ContainerRef { name: to.into(), ..container_ref(container) };
    let back = EngineOp::Rename { container: renamed, to: container.name.raw().to_owned() };
    draft.step(row, EngineOp::Rename { container: container_ref(container), to: to.to_owned() }, vec![back]);
    draft.change();
    for endpoint in container.endpoints.iter().filter(|_| is_running(container)) {
        if endpoint.network != "bridge" {
            draft.affects(format!("on {} others find it by {to} and by {name} no longer", endpoint.network.shown()));
        }
    }
    if container.compose.is_some() {
        draft.note("it belongs to a compose project, which knows it by its labels, not by its name");
    }
    Ok(())
}

/// What the engine takes for a name.
pub(in crate::plan) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.len() >= 2
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}
