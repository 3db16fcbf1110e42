//! Whether what was shown still holds, as the engine has it.

use crate::actions::Moved;
use crate::model::{Container, ContainerId};
use crate::plan::Identity;
use crate::sources::engine::{EngineError, EngineReader, RawSubject};

/// Checks one identity; those of the kernel are not the engine's to check.
pub(super) async fn check(reader: &EngineReader, identity: &Identity) -> Result<(), Moved> {
    match identity {
        Identity::Engine { id } => {
            let (engine, _) = reader.engine().await.map_err(|error| unread("the engine", &error))?;
            holds(engine.id == *id, "the engine", || format!("another one answers ({})", engine.id))
        }
        Identity::Container { id, name, started_at, running } => {
            let what = format!("container {}", name.shown());
            let now = inspect(reader, id, &what).await?;
            same_name(&now, name, &what)?;
            let is_running = now.state.has_processes();
            holds(is_running == *running, &what, || match is_running {
                true => "it was started".to_owned(),
                false => format!("it has ended ({})", now.status.shown()),
            })?;
            // Before its first inspect nobody knows when it was started.
            let is_known = started_at.is_some() || !running;
            holds(!is_known || now.started_at == *started_at, &what, || match now.started_at {
                Some(at) => format!("it was restarted at {at}"),
                None => "it was made anew".to_owned(),
            })
        }
        Identity::ContainerExists { id, name } => {
            let what = format!("container {}", name.shown());
            let now = inspect(reader, id, &what).await?;
            same_name(&now, name, &what)
        }
        Identity::NoContainer { name } => {
            let what = format!("container {}", crate::text::clean_line(name));
            let found = reader.container(&ContainerId::from(name.as_str())).await;
            match found {
                Err(EngineError::Gone { .. }) => Ok(()),
                Err(error) => Err(unread(&what, &error)),
                // The name may be the beginning of another one's id.
                Ok(other) => holds(other.name != name.as_str(), &what, || "one of that name was made".to_owned()),
            }
        }
        Identity::Network { id, name } => {
            let what = format!("network {}", name.shown());
            match reader.network(id).await {
                Ok(now) => holds(now.name == *name, &what, || format!("its name is {} now", now.name.shown())),
                Err(EngineError::Gone { .. }) => Err(Moved { what, now: "it was removed".to_owned() }),
                Err(error) => Err(unread(&what, &error)),
            }
        }
        Identity::NoNetwork { name } => {
            let what = format!("network {}", crate::text::clean_line(name));
            let all = reader.networks().await.map_err(|error| unread(&what, &error))?;
            let is_free = all.items.iter().all(|network| network.name != name.as_str());
            holds(is_free, &what, || "one of that name was made".to_owned())
        }
        Identity::NoImage { reference } => {
            let what = format!("image {}", crate::text::clean_line(reference));
            match reader.inspect_raw(&RawSubject::Image(reference.clone())).await {
                Err(EngineError::Gone { .. }) => Ok(()),
                Err(error) => Err(unread(&what, &error)),
                Ok(_) => Err(Moved { what, now: "one of that name is there".to_owned() }),
            }
        }
        Identity::Endpoint { container, network, connected } => {
            let what = format!("container {}", container.short());
            let now = inspect(reader, container, &what).await?;
            let what = format!("container {}", now.name.shown());
            let id = network.as_str();
            let mut is_on = now.endpoints.iter().any(|e| e.network_id.as_ref().is_some_and(|n| n.as_str() == id));
            if !is_on && now.endpoints.iter().any(|e| e.network_id.is_none()) {
                // One that was never started knows its networks by name only.
                let network = reader.network(network).await.map_err(|error| unread(&what, &error))?;
                is_on = now.endpoints.iter().any(|e| e.network_id.is_none() && e.network == network.name);
            }
            holds(is_on == *connected, &what, || match is_on {
                true => "it was connected to the network".to_owned(),
                false => "it was disconnected from the network".to_owned(),
            })
        }
        Identity::Boot { .. }
        | Identity::Netns { .. }
        | Identity::Link { .. }
        | Identity::NoLink { .. }
        | Identity::Qdisc { .. } => {
            Err(Moved { what: "the kernel's part".to_owned(), now: "the engine can't tell".to_owned() })
        }
    }
}

async fn inspect(reader: &EngineReader, id: &ContainerId, what: &str) -> Result<Container, Moved> {
    match reader.container(id).await {
        Ok(container) => holds(container.id == *id, what, || "it was made anew".to_owned()).map(|()| container),
        Err(EngineError::Gone { .. }) => Err(Moved { what: what.to_owned(), now: "it was removed".to_owned() }),
        Err(error) => Err(unread(what, &error)),
    }
}

fn same_name(now: &Container, name: &crate::text::Outside, what: &str) -> Result<(), Moved> {
    holds(now.name == *name, what, || format!("its name is {} now", now.name.shown()))
}

fn holds(is_so: bool, what: &str, now: impl FnOnce() -> String) -> Result<(), Moved> {
    if is_so { Ok(()) } else { Err(Moved { what: what.to_owned(), now: now() }) }
}

fn unread(what: &str, error: &EngineError) -> Moved {
    Moved { what: what.to_owned(), now: format!("it can't be told: {error}") }
}
