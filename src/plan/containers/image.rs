//! An image made of a container.

use crate::model::{Container, State};
use crate::plan::draft::{Draft, container_ref, is_running, shown};
use crate::plan::op::EngineOp;
use crate::plan::{Identity, Refusal};
use crate::text::clean_line;

pub(super) fn commit(
    draft: &mut Draft<'_>,
    container: &Container,
    reference: &str,
    pause: bool,
    is_one: bool,
) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("commit {name} to {}", clean_line(reference));
    let refuse = |why: &str| Refusal::new(&what, why).at("reference");
    if !is_one {
        return Err(refuse("several containers can't become one image").instead("commit them one at a time"));
    }
    let Some(reference) = full_reference(reference) else {
        return Err(refuse("that is no name of an image").instead("name or name:tag, like web-debug:1, in lower case"));
    };
    if let Some(user) =
        draft.ground.snapshot.containers.iter().find(|c| full_reference(c.image.raw()).as_ref() == Some(&reference))
    {
        let way_out = "choose another tag: an image that loses its name can't be given it back safely";
        return Err(refuse(&format!("{} runs from an image of that name", shown(user))).instead(way_out));
    }
    if matches!(container.state, State::Removing | State::Dead) {
        return Err(Refusal::new(what, "the engine is removing it"));
    }
    let row = draft.row(&name);
    draft.same_run(container);
    draft.identity(Identity::NoImage { reference: reference.clone() });
    let undo = vec![EngineOp::RemoveImage { reference: reference.clone() }];
    draft.step(row, EngineOp::Commit { container: container_ref(container), reference, pause }, undo);
    draft.change();
    match (is_running(container), pause) {
        (true, true) => draft.affects(format!("{name} is frozen while the image is written")),
        (true, false) => draft.note("files that it writes meanwhile may be in the image half-written"),
        _ => {}
    }
    draft.note("what is in volumes is not in the image; secrets in its environment and files are");
    Ok(())
}

/// `name:tag` as the engine reads it; none when it would not.
pub(in crate::plan) fn full_reference(text: &str) -> Option<String> {
    let (path, tag) = match text.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (text, "latest"),
    };
    let is_tag = |tag: &str| {
        tag.len() <= 128
            && tag.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
            && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    };
    let is_part = |part: &str| {
        let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        ends(part.bytes().next())
            && ends(part.bytes().last())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
    };
    // A registry in front may have a port.
    let (registry, path_only) = match path.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, path),
    };
    let registry_is_fine = registry.is_none_or(|registry| {
        registry.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b)) && !registry.starts_with(':')
    });
    let is_fine = registry_is_fine && path_only.split('/').all(is_part) && is_tag(tag) && path.len() <= 255;
    is_fine.then(|| format!("{path}:{tag}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_the_engine_reads_them() {
        for (text, want) in [
            ("web", Some("web:latest")),
            ("web:1", Some("web:1")),
            ("localhost:5000/a/b", Some("localhost:5000/a/b:latest")),
            ("reg.example/a:x.y", Some("reg.example/a:x.y")),
            ("Web", None),
            ("a:", None),
            ("", None),
            ("a b", None),
            ("sha256@x", None),
        ] {
            assert_eq!(full_reference(text).as_deref(), want, "{text}");
        }
    }
}
