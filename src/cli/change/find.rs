//! From the words of the command line to identities: a name, an id, or the beginning of one that only one thing has.

use crate::cli::CommandError;
use crate::model::{Container, ContainerId, Link, Network, NetworkId, Snapshot};
use crate::text::clean_line;
use std::sync::Arc;

/// A container.
///
/// # Errors
/// None or several are meant.
pub fn container<'a>(snapshot: &'a Snapshot, word: &str) -> Result<&'a Arc<Container>, CommandError> {
    let all = || snapshot.containers.iter();
    one("container", word, all().map(|c| (c.name.raw(), c.id.as_str(), c)))
}

/// Containers.
///
/// # Errors
/// As [`container`].
pub fn containers(snapshot: &Snapshot, words: &[String]) -> Result<Vec<ContainerId>, CommandError> {
    words.iter().map(|word| Ok(container(snapshot, word)?.id.clone())).collect()
}

/// A network.
///
/// # Errors
/// None or several are meant.
pub fn network<'a>(snapshot: &'a Snapshot, word: &str) -> Result<&'a Network, CommandError> {
    one("network", word, snapshot.networks.iter().map(|n| (n.name.raw(), n.id.as_str(), n)))
}

/// Networks.
///
/// # Errors
/// As [`network`].
pub fn networks(snapshot: &Snapshot, words: &[String]) -> Result<Vec<NetworkId>, CommandError> {
    words.iter().map(|word| Ok(network(snapshot, word)?.id.clone())).collect()
}

/// An interface of our namespace.
///
/// # Errors
/// There is none.
pub fn link<'a>(snapshot: &'a Snapshot, word: &str) -> Result<&'a Link, CommandError> {
    let ours = snapshot.our_netns();
    let mut links = ours.map_or(&[][..], |netns| snapshot.links_in(netns)).iter();
    let unknown = || CommandError::Refused(format!("there is no interface {}", clean_line(word)));
    links.find(|link| link.name == *word).ok_or_else(unknown)
}

fn one<'a, T>(
    kind: &str,
    word: &str,
    all: impl Iterator<Item = (&'a str, &'a str, T)> + Clone,
) -> Result<T, CommandError> {
    let refuse = |why: String| Err(CommandError::Refused(clean_line(&why).into_owned()));
    // A name comes before the beginning of an id, as docker has it.
    let named: Vec<_> = all.clone().filter(|(name, id, _)| *name == word || *id == word).collect();
    let found = if named.is_empty() && !word.is_empty() {
        all.filter(|(_, id, _)| id.starts_with(word)).collect()
    } else {
        named
    };
    let mut names = found.iter().map(|(name, id, _)| format!("{name} ({})", id.get(..12).unwrap_or(id)));
    match found.len() {
        0 => refuse(format!("there is no {kind} {word}")),
        1 => found.into_iter().next().map_or_else(|| refuse(String::new()), |(_, _, found)| Ok(found)),
        count => {
            let list = names.by_ref().take(5).collect::<Vec<_>>().join(", ");
            refuse(format!("{word} may be any of {count} {kind}s: {list}; say more of the id"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_first_and_a_prefix_of_two_is_refused() {
        let mut snapshot = Snapshot::default();
        let all = [("abc1", "web"), ("abd2", "abc"), ("ffff", "db")];
        snapshot.containers = Arc::new(all.map(|(id, name)| Arc::new(Container::named(id, name))).into());
        let find = |word: &str| container(&snapshot, word).map(|c| c.id.as_str().to_owned()).map_err(|e| e.to_string());
        assert_eq!(find("abc").as_deref(), Ok("abd2"));
        assert_eq!(find("abc1").as_deref(), Ok("abc1"));
        assert_eq!(find("ff").as_deref(), Ok("ffff"));
        assert!(find("ab").is_err_and(|why| why.contains("web") && why.contains("any of 2 containers")));
        assert!(find("").is_err() && find("nobody").is_err_and(|why| why.contains("no container nobody")));
    }
}
