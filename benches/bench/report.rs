//! What a benchmark found: printed as Markdown tables as it goes, written as JSON to `target/bench/NAME.json` in the end.
//! Pictures in `docs/pictures` are drawn anew only where `PILOTLIGHT_UPDATE_PICTURES` is 1.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::chart::Chart;
use super::growth::{self, exponent};

/// What one benchmark found.
pub struct Report {
    name: &'static str,
    figures: Map<String, Value>,
    budgets: Vec<Budget>,
    growth: Vec<Growth>,
}

/// A cost at some sizes.
struct Growth {
    what: String,
    points: Vec<(f64, f64)>,
}

/// Something that has a limit, and what it took.
struct Budget {
    what: String,
    measured: f64,
    limit: f64,
    unit: &'static str,
}

impl Report {
    /// A report with nothing in it; `cargo bench --bench NAME` made it.
    pub fn new(name: &'static str) -> Report {
        println!("# {name}\n");
        Report { name, figures: Map::new(), budgets: Vec::new(), growth: Vec::new() }
    }

    /// Prints a table under a title. The first row names the columns.
    pub fn table(&self, title: &str, rows: &[Vec<String>]) {
        println!("{title}\n\n{}", table(rows));
    }

    /// Keeps a figure for the JSON.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }

    /// Something that should not exceed `limit`.
    pub fn budget(&mut self, what: impl Into<String>, measured: f64, limit: f64, unit: &'static str) {
        self.budgets.push(Budget { what: what.into(), measured, limit, unit });
    }

    /// How a cost grew over pairs of size and cost.
    pub fn growth(&mut self, what: impl Into<String>, points: &[(f64, f64)]) {
        self.growth.push(Growth { what: what.into(), points: points.to_vec() });
    }

    /// Draws a chart as `docs/pictures/bench-NAME.svg`, where pictures are wanted.
    pub fn chart(&self, name: &str, chart: &impl Chart) {
        draw(name, || Some(chart.svg()));
    }

    /// Prints budgets and growth and writes the JSON.
    pub fn finish(self) {
        if !self.budgets.is_empty() {
            println!("Budgets\n\n{}", table(&self.budget_rows()));
        }
        if !self.growth.is_empty() {
            let mut rows = vec![["growth of", "sizes", "exponent"].map(str::to_owned).to_vec()];
            rows.extend(self.growth.iter().map(Growth::row));
            println!("{}", table(&rows));
        }
        let budgets: Vec<Value> = self.budgets.iter().map(Budget::to_value).collect();
        let growth: Vec<Value> = self.growth.iter().map(Growth::to_value).collect();
        let found = json!({"bench": self.name, "figures": self.figures, "budgets": budgets, "growth": growth});
        let results = root().join("target/bench");
        write(&results.join(format!("{}.json", self.name)), &format!("{found:#}\n"));
        draw("growth", || growth::picture(&results));
    }

    fn budget_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["what", "measured", "budget", ""].map(str::to_owned).to_vec()];
        rows.extend(self.budgets.iter().map(|budget| {
            let Budget { what, measured, limit, unit } = budget;
            let mark = if budget.is_met() { "✓" } else { "✗" };
            vec![what.clone(), format!("{} {unit}", short(*measured)), format!("{limit} {unit}"), mark.to_owned()]
        }));
        rows
    }
}

impl Growth {
    fn row(&self) -> Vec<String> {
        let sizes = self.points.iter().map(|(size, _)| *size);
        let (least, most) = sizes.fold((f64::MAX, 0.0), |(least, most), size| (size.min(least), size.max(most)));
        vec![self.what.clone(), format!("{least} to {most}"), format!("{:.2}", exponent(&self.points))]
    }

    fn to_value(&self) -> Value {
        json!({"what": self.what, "exponent": exponent(&self.points), "points": self.points})
    }
}

impl Budget {
    fn is_met(&self) -> bool {
        self.measured <= self.limit
    }

    fn to_value(&self) -> Value {
        let Budget { what, measured, limit, unit } = self;
        json!({"what": what, "measured": measured, "budget": limit, "unit": unit, "met": self.is_met()})
    }
}

/// A Markdown table; its first row names the columns, of which the first holds words and the others figures.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
        if number == 0 {
            text.push_str(&format!("|---|{}\n", "--:|".repeat(columns.saturating_sub(1))));
        }
    }
    text
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        0.0..1.0 => format!("{value:.3}"),
        1.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Draws `docs/pictures/bench-NAME.svg` where pictures are wanted and there is one.
fn draw(name: &str, svg: impl FnOnce() -> Option<String>) {
    let wanted = std::env::var_os("PILOTLIGHT_UPDATE_PICTURES").is_some_and(|value| value == "1");
    if let Some(svg) = wanted.then(svg).flatten() {
        write(&root().join("docs/pictures").join(format!("bench-{name}.svg")), &svg);
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().expect("a folder for the results")).expect("a folder for the results");
    std::fs::write(file, text).expect("the results are written");
}
