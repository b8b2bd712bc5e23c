//! Lines through points: how a few things go with one size.

use super::{Chart, Drawing, TOP, WIDTH, figure, step};

/// Height of the whole, and of the drawing in it.
const HEIGHT: f64 = 420.0;
const BOTTOM: f64 = HEIGHT - 58.0;
/// Room for the figures on the left, and for the series' names at the ends of their lines.
const LEFT: f64 = 76.0;
const RIGHT: f64 = 190.0;
/// Least distance of two names.
const NAMES_APART: f64 = 18.0;
/// How the lines of the series are drawn.
const DASHES: [&str; 4] = ["none", "9 5", "2 5", "12 4 2 4"];

/// How values become places.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// From nothing on, in equal steps.
    Linear,
    /// From power of ten to power of ten.
    Logarithmic,
}

/// Lines through points.
pub struct Lines<'a> {
    /// What is shown.
    pub title: &'a str,
    /// The same in a sentence or two, with the result.
    pub description: &'a str,
    /// What goes to the right, with its unit; and how.
    pub x: (&'a str, Axis),
    /// What goes up, with its unit; and how.
    pub y: (&'a str, Axis),
    /// At most four series: a name and points of the two values.
    pub series: &'a [(&'a str, Vec<(f64, f64)>)],
}

/// One axis: its first and last value, and how it goes between them.
struct Scale {
    axis: Axis,
    first: f64,
    last: f64,
    /// Where the first and the last value stand.
    from: f64,
    to: f64,
}

impl Scale {
    fn new(axis: Axis, values: impl Iterator<Item = f64> + Clone, (from, to): (f64, f64)) -> Scale {
        let most = values.clone().fold(f64::MIN_POSITIVE, f64::max);
        let (first, last) = match axis {
            Axis::Linear => (0.0, (most / step(most)).ceil() * step(most)),
            Axis::Logarithmic => {
                let least = values.fold(f64::MAX, f64::min);
                (10_f64.powf(least.log10().floor()), 10_f64.powf(most.log10().ceil()))
            }
        };
        Scale { axis, first, last, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let share = match self.axis {
            Axis::Linear => (value - self.first) / (self.last - self.first),
            Axis::Logarithmic => (value / self.first).ln() / (self.last / self.first).ln(),
        };
        self.from + share * (self.to - self.from)
    }

    /// The values that are written at the axis.
    fn marks(&self) -> Vec<f64> {
        match self.axis {
            Axis::Linear => {
                let step = step(self.last);
                (0..=(self.last / step).round() as usize).map(|mark| mark as f64 * step).collect()
            }
            Axis::Logarithmic => {
                let powers = (self.last / self.first).log10().round() as i32;
                (0..=powers).map(|power| self.first * 10_f64.powi(power)).collect()
            }
        }
    }
}

impl Chart for Lines<'_> {
    fn svg(&self) -> String {
        let mut drawing = Drawing::new(HEIGHT, self.title, self.description);
        let points = || self.series.iter().flat_map(|(_, points)| points);
        let x = Scale::new(self.x.1, points().map(|point| point.0), (LEFT, WIDTH - RIGHT));
        let y = Scale::new(self.y.1, points().map(|point| point.1), (BOTTOM, TOP));
        for mark in y.marks() {
            drawing.line("grid", (LEFT, y.place(mark)), (WIDTH - RIGHT, y.place(mark)));
            drawing.text("faint", "end", (LEFT - 10.0, y.place(mark) + 5.0), &figure(mark));
        }
        for mark in x.marks() {
            drawing.text("faint", "middle", (x.place(mark), BOTTOM + 22.0), &figure(mark));
        }
        drawing.line("edge", (LEFT, BOTTOM), (WIDTH - RIGHT, BOTTOM));
        drawing.text("text", "start", (24.0, 64.0), self.y.0);
        drawing.text("text", "middle", ((LEFT + WIDTH - RIGHT) / 2.0, BOTTOM + 44.0), self.x.0);
        for (number, (_, points)) in self.series.iter().enumerate() {
            let places: Vec<(f64, f64)> = points.iter().map(|point| (x.place(point.0), y.place(point.1))).collect();
            draw(&mut drawing, number, &places);
        }
        self.names(&mut drawing, &y);
        drawing.finish()
    }
}

impl Lines<'_> {
    /// Names at the ends of their lines, pushed apart where they would touch.
    fn names(&self, drawing: &mut Drawing, y: &Scale) {
        let mut names: Vec<(f64, usize)> = Vec::new();
        for (number, (_, points)) in self.series.iter().enumerate() {
            names.extend(points.last().map(|(_, last)| (y.place(*last), number)));
        }
        names.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut above = f64::MAX;
        for (place, number) in names {
            let place = place.min(above - NAMES_APART);
            above = place;
            drawing.text(&format!("s{number}"), "start", (WIDTH - RIGHT + 12.0, place + 5.0), self.series[number].0);
        }
    }
}

fn draw(drawing: &mut Drawing, series: usize, places: &[(f64, f64)]) {
    let points: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let (points, dash) = (points.join(" "), DASHES[series % DASHES.len()]);
    drawing.element(&format!("<polyline class=\"s{series} line\" stroke-dasharray=\"{dash}\" points=\"{points}\"/>"));
    for (x, y) in places {
        drawing.element(&format!("<circle class=\"s{series}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>"));
    }
}
