//! Endpoints whose container is gone.

use super::named;
use crate::model::NetworkId;
use crate::plan::draft::{Draft, network_ref, shown};
use crate::plan::op::EngineOp;
use crate::plan::{Ground, Plan, Refusal, Wish};
use crate::text::clean_line;

/// Takes the endpoint of that name off its network.
pub(in crate::plan) fn plan(ground: &Ground<'_>, network: &NetworkId, endpoint: &str) -> Result<Plan, Refusal> {
    let title = format!("remove stale endpoint {}", clean_line(endpoint));
    let wish = Wish::DropStaleEndpoint { network: network.clone(), endpoint: endpoint.to_owned() };
    let mut draft = Draft::new(ground, &title, Some(wish))?;
    let network = draft.network(network)?;
    let Some(members) = network.members.known() else {
        return Err(
            Refusal::new(title, "the members of the network are not known yet").instead("try again in a moment")
        );
    };
    let Some(member) = members.iter().find(|member| member.name == endpoint) else {
        let way_out = "it went by itself, or the name is another";
        return Err(
            Refusal::new(title, format!("{} has no endpoint of that name", network.name.shown())).instead(way_out)
        );
    };
    if let Some(container) = ground.snapshot.containers.iter().find(|c| c.id == member.container || c.name == endpoint)
    {
        let why = format!("it belongs to container {}, which is there", shown(container));
        return Err(Refusal::new(title, why).instead("disconnect that container"));
    }
    let row = draft.row(clean_line(endpoint));
    draft.same_network(network);
    let op = EngineOp::Disconnect { network: network_ref(network), container: named(member), force: true };
    draft.step(row, op, Vec::new());
    let address = member.ipv4.or(member.ipv6).map_or(String::new(), |cidr| format!(" and frees {}", cidr.addr));
    draft.lasting(format!("the endpoint is gone for good{address}; it had no container any more"));
    draft.change();
    draft.finish()
}
