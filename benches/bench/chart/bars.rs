//! Groups of bars that lie beside their words: a few things compared in a few cases.

use super::{Chart, Drawing, TOP, WIDTH, figure};

/// Height of a bar, and the room between groups.
const BAR: f64 = 20.0;
const APART: f64 = 16.0;
/// Room for a character of the groups' names, and for the figure at the end of the longest bar.
const CHARACTER: f64 = 7.2;
const RIGHT: f64 = 100.0;

/// Groups of bars from nothing on.
pub struct Bars<'a> {
    /// What is shown.
    pub title: &'a str,
    /// The same in a sentence or two, with the result.
    pub description: &'a str,
    /// What the figures are in, if anything; stands behind each.
    pub unit: &'a str,
    /// Names of the series, at most four.
    pub series: &'a [&'a str],
    /// Groups with a value for each series.
    pub groups: &'a [(String, Vec<f64>)],
}

impl Chart for Bars<'_> {
    fn svg(&self) -> String {
        let group = BAR * self.series.len() as f64;
        let height = TOP + (group + APART) * self.groups.len() as f64 + 12.0;
        let most = self.groups.iter().flat_map(|(_, values)| values).copied().fold(f64::MIN_POSITIVE, f64::max);
        let longest = self.groups.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let left = longest as f64 * CHARACTER + 36.0;
        let mut drawing = Drawing::new(height, self.title, self.description);
        drawing.legend(self.series);
        for (row, (name, values)) in self.groups.iter().enumerate() {
            let top = TOP + (group + APART) * row as f64;
            drawing.text("text", "end", (left - 12.0, top + group / 2.0 + 5.0), name);
            for (series, value) in values.iter().enumerate() {
                let (y, width) = (top + BAR * series as f64, value / most * (WIDTH - left - RIGHT));
                drawing.element(&format!(
                    "<rect class=\"s{series}\" stroke-width=\"0\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"/>",
                    y + 1.0,
                    width.max(2.0),
                    BAR - 3.0
                ));
                let words = format!("{} {}", figure(*value), self.unit);
                drawing.text("text", "start", (left + width.max(2.0) + 8.0, y + BAR / 2.0 + 4.0), words.trim_end());
            }
        }
        let bottom = TOP + (group + APART) * self.groups.len() as f64 - APART + 4.0;
        drawing.line("edge", (left, TOP - 4.0), (left, bottom));
        drawing.finish()
    }
}
