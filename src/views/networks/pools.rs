//! Address pools: how full each is, what it overlaps with, and what the engine can still hand out.

use super::cells::pool_role;
use super::rows::Item;
use crate::analysis::PoolUse;
use crate::analysis::addressing::default_pools;
use crate::app::Scene;
use crate::model::{Network, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, format, glyph, names};

/// The page: of one network, or of all with the engine's default pools.
pub fn content(scene: &Scene, item: &Item, width: u16) -> Content {
    let mut page = Page::new(width);
    if let Item::Network(id) = item
        && let Some(network) = super::network(scene, id)
    {
        of_network(&mut page, scene, network);
    }
    all(&mut page, scene);
    page.finish()
}

/// Section: pools of one network.
pub fn of_network(page: &mut Page, scene: &Scene, network: &Network) {
    page.heading("address pools");
    if network.pools.is_empty() {
        page.note("none");
    }
    for pool in &network.pools {
        let mut spans = vec![Span::new(pool.subnet.to_string(), Role::Address)];
        if let Some(range) = pool.range {
            spans.push(Span::new(format!("  range {range}"), Role::Dim));
        }
        if let Some(gateway) = pool.gateway {
            spans.push(Span::new(format!("  gateway {gateway}"), Role::Dim));
        }
        for (name, address) in &pool.reserved {
            spans.push(Span::new(
                format!("  reserved {} {}", crate::text::clean_line(name), crate::text::clean_line(address)),
                Role::Dim,
            ));
        }
        page.spans(spans, 4);
        let used = scene.report.pools.get(&network.id).and_then(|pools| pools.iter().find(|p| p.subnet == pool.subnet));
        if let Some(used) = used {
            usage(page, scene, used);
        }
    }
}

fn usage(page: &mut Page, scene: &Scene, pool: &PoolUse) {
    let spans = match &pool.used {
        crate::model::Fact::Known(used) => vec![
            Span::new(format!("  {} used", format::count(*used)), pool_role(*used, pool.capacity)),
            Span::new(
                format!(
                    " of {}, {} free",
                    format::count(pool.capacity),
                    format::count(pool.capacity.saturating_sub(*used))
                ),
                Role::Dim,
            ),
        ],
        crate::model::Fact::Unknown { unknown } => {
            page.missing("addresses in use", unknown);
            vec![
                Span::plain("  "),
                Span::unknown(),
                Span::new(format!(" used of {}", format::count(pool.capacity)), Role::Dim),
            ]
        }
    };
    page.spans(spans, 4);
    for overlap in &pool.overlaps {
        let sign = glyph::warning(scene.prefs.ascii);
        page.spans(
            [Span::new(format!("  {sign} overlaps with "), Role::Notice), Span::outside(overlap, Role::Notice)],
            6,
        );
    }
}

/// Section: every subnet in use, and the engine's default pools.
pub fn all(page: &mut Page, scene: &Scene) {
    page.heading("subnets of all networks");
    let mut grid = Grid::new(&["network", "subnet", ">used", ">free", "overlaps with"]);
    for (id, pools) in scene.report.pools.iter() {
        for pool in pools {
            let (used, free) = match pool.used.get() {
                Some(used) => (
                    Cell::new(format::count(used), pool_role(used, pool.capacity)),
                    Cell::new(free_text(pool.capacity.saturating_sub(used)), pool_role(used, pool.capacity)),
                ),
                None => (Cell::unknown(), Cell::unknown()),
            };
            let mut overlaps = Vec::new();
            for overlap in &pool.overlaps {
                if !overlaps.is_empty() {
                    overlaps.push(Span::plain(", "));
                }
                overlaps.push(Span::outside(overlap, Role::Notice));
            }
            if overlaps.is_empty() {
                overlaps.push(Span::new("nothing", Role::Dim));
            }
            grid.row_to(
                Subject::Network { id: id.clone() },
                [
                    Cell { spans: vec![names::network(scene, id)] },
                    Cell::new(pool.subnet.to_string(), Role::Address),
                    used,
                    free,
                    Cell { spans: overlaps },
                ],
            );
        }
    }
    if grid.is_empty() {
        page.note("none is known");
    } else {
        let columns = page.width();
        page.lines(grid.lines(columns));
    }
    defaults(page, scene);
}

fn free_text(free: u128) -> String {
    if free > 9_999_999 { "many".to_owned() } else { format::count(free) }
}

/// What the engine can still make networks from.
fn defaults(page: &mut Page, scene: &Scene) {
    let pools = default_pools(scene.snapshot);
    if pools.is_empty() {
        return;
    }
    page.heading("default pools of the engine");
    let mut grid = Grid::new(&["base", ">networks of", ">used", ">blocked", ">free", "from"]);
    for pool in &pools {
        let free = pool.free();
        grid.row([
            Cell::new(pool.base.to_string(), Role::Address),
            Cell::new(format!("/{}", pool.size), Role::Dim),
            Cell::new(format::count(pool.used), Role::Text),
            pool.blocked
                .get()
                .map_or(Cell::unknown(), |n| Cell::new(format::count(n), if n > 0 { Role::Notice } else { Role::Dim })),
            Cell::new(format::count(free), if free == 0 { Role::Notice } else { Role::Text }),
            Cell::new(if pool.is_builtin { "built in" } else { "engine's settings" }, Role::Dim),
        ]);
        if let Some(gap) = pool.blocked.why() {
            page.missing("blocked subnets", gap);
        }
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
    page.note("used: by networks of the engine; blocked: overlapped by routes or addresses of the host.");
}
