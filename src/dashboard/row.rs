//! Rows of panels, and where each panel stands.

use super::grafana::{GridPos, Panel};

/// Grafana's grid is so wide.
const COLUMNS: u32 = 24;

/// A bullet of the mission document: a heading, and the panels that show what it names.
#[derive(Clone, Debug)]
pub struct Row {
    title: &'static str,
    panels: Vec<Panel>,
}

impl Row {
    /// A heading with panels, from left to right and from top to bottom.
    #[must_use]
    pub fn new(title: &'static str, panels: Vec<Panel>) -> Self {
        Row { title, panels }
    }

    /// The same with more panels behind.
    #[must_use]
    pub fn and(mut self, panels: Vec<Panel>) -> Self {
        self.panels.extend(panels);
        self
    }
}

/// Numbers the panels and gives each its place: beside the one before while there is room, else on a new line below the highest.
#[must_use]
pub fn lay_out(rows: Vec<Row>) -> Vec<Panel> {
    let mut laid = Vec::new();
    let mut top = 0;
    for row in rows {
        let mut line = Line { x: 0, y: top, height: 0 };
        for mut panel in std::iter::once(Panel::row(row.title)).chain(row.panels) {
            panel.grid_pos = line.place(panel.grid_pos);
            panel.id = u32::try_from(laid.len() + 1).unwrap_or(u32::MAX);
            laid.push(panel);
        }
        top = line.y + line.height;
    }
    laid
}

/// The line that is being filled.
struct Line {
    x: u32,
    y: u32,
    height: u32,
}

impl Line {
    fn place(&mut self, size: GridPos) -> GridPos {
        if self.x + size.w > COLUMNS {
            *self = Line { x: 0, y: self.y + self.height, height: 0 };
        }
        let place = GridPos { x: self.x, y: self.y, ..size };
        self.x += size.w;
        self.height = self.height.max(size.h);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_stand_beside_each_other_while_there_is_room_and_rows_below_each_other() {
        let panels = |sizes: &[(u32, u32)]| sizes.iter().map(|(w, h)| Panel::stat("x").sized(*w, *h)).collect();
        let rows = vec![Row::new("a", panels(&[(12, 5), (12, 8), (6, 4)])), Row::new("b", panels(&[(24, 3)]))];
        let laid: Vec<String> = lay_out(rows)
            .iter()
            .map(|panel| {
                let GridPos { x, y, w, h } = panel.grid_pos;
                format!("{}: {x},{y} {w}×{h}", panel.id)
            })
            .collect();
        assert_eq!(laid, ["1: 0,0 24×1", "2: 0,1 12×5", "3: 12,1 12×8", "4: 0,9 6×4", "5: 0,13 24×1", "6: 0,14 24×3"]);
    }
}
