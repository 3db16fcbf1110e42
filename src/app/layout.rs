//! Where things stand on a terminal of a given size. Pure arithmetic, so that the state knows how many rows are seen.

/// A rectangle of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// Column of its left edge.
    pub x: u16,
    /// Line of its upper edge.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Lines.
    pub height: u16,
}

impl Area {
    const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Area { x, y, width, height }
    }

    /// True when the place is inside.
    pub fn contains(&self, x: u16, y: u16) -> bool {
        x >= self.x && x - self.x < self.width && y >= self.y && y - self.y < self.height
    }

    /// Without a border of one cell.
    pub fn inside(&self) -> Self {
        if self.width < 3 || self.height < 3 {
            return *self;
        }
        Area::new(self.x + 1, self.y + 1, self.width - 2, self.height - 2)
    }

    /// Without its first line.
    pub fn below_first(&self) -> Self {
        let cut = self.height.min(1);
        Area::new(self.x, self.y + cut, self.width, self.height - cut)
    }
}

/// Which panes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Panes {
    /// As the size allows.
    #[default]
    Auto,
    /// The list alone.
    List,
    /// The detail pane alone.
    Detail,
}

/// The parts of the screen; a part of height 0 is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// Nothing fits: only the face that says so.
    pub too_small: bool,
    /// Header.
    pub header: Area,
    /// View tabs.
    pub tabs: Area,
    /// Banner: stale engine, recording.
    pub banner: Area,
    /// List with its border.
    pub list: Area,
    /// Detail pane with its border.
    pub detail: Area,
    /// Line for messages, text fields and full texts.
    pub info: Area,
    /// Keys.
    pub footer: Area,
}

/// Narrower or lower than this, nothing useful fits.
pub const LEAST: (u16, u16) = (20, 5);
/// From this width on the detail pane stands beside the list.
pub const SIDE: u16 = 120;
/// From this height on it stands below the list.
pub const BELOW: u16 = 40;

impl Layout {
    /// Divides a terminal.
    pub fn divide(width: u16, height: u16, banner: bool, panes: Panes) -> Self {
        if width < LEAST.0 || height < LEAST.1 {
            return Layout { too_small: true, ..Layout::default() };
        }
        let line = |y: u16, wanted: bool| Area::new(0, y, width, u16::from(wanted));
        let header = line(0, true);
        let tabs = line(1, height >= 8);
        let banner = line(1 + tabs.height, banner && height >= 7);
        let footer = line(height - 1, height >= 6);
        let info = line(height - 1 - footer.height, height >= 9);
        let top = header.height + tabs.height + banner.height;
        let body = Area::new(0, top, width, height - top - footer.height - info.height);
        let (list, detail) = match panes {
            Panes::List => (body, Area::default()),
            Panes::Detail => (Area::default(), body),
            Panes::Auto if width >= SIDE => {
                let right = (width * 2 / 5).clamp(46, 88);
                let left = width - right;
                (Area::new(0, top, left, body.height), Area::new(left, top, right, body.height))
            }
            Panes::Auto if height >= BELOW => {
                let lower = body.height / 2;
                let upper = body.height - lower;
                (Area::new(0, top, width, upper), Area::new(0, top + upper, width, lower))
            }
            Panes::Auto => (body, Area::default()),
        };
        Layout { too_small: false, header, tabs, banner, list, detail, info, footer }
    }

    /// Rows of the list that are seen: without border and titles.
    pub fn list_rows(&self) -> usize {
        usize::from(self.list.inside().below_first().height)
    }

    /// The inside of the detail pane, without its tabs.
    pub fn detail_page(&self) -> Area {
        self.detail.inside().below_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t01_parts_never_leave_the_terminal_nor_overlap() {
        for width in (0..260).step_by(7) {
            for height in 0..70u16 {
                for panes in [Panes::Auto, Panes::List, Panes::Detail] {
                    let l = Layout::divide(width, height, true, panes);
                    let parts = [l.header, l.tabs, l.banner, l.list, l.detail, l.info, l.footer];
                    let cells: u32 = parts.iter().map(|a| u32::from(a.width) * u32::from(a.height)).sum();
                    assert!(l.too_small || cells == u32::from(width) * u32::from(height), "{width}x{height} {l:?}");
                    for a in parts {
                        assert!(a.x + a.width <= width && a.y + a.height <= height, "{width}x{height} {a:?}");
                    }
                }
            }
        }
        assert!(Layout::divide(80, 24, false, Panes::Auto).detail.height == 0);
        assert!(Layout::divide(200, 60, false, Panes::Auto).detail.height > 0);
    }
}
