//! Charts as SVG files that stand alone: no scripts, no fonts of their own, readable in light and dark, told to those who
//! do not see them by a title and a description. Series differ by mark and label as well as by colour.

mod bars;
mod lines;

pub use bars::Bars;
pub use lines::{Axis, Lines};

use std::fmt::Write as _;

/// Width of every chart.
const WIDTH: f64 = 760.0;
/// Where the drawing begins below the title.
const TOP: f64 = 84.0;

/// The series' colours and the colours around them, in light and in dark. A page that follows its own scheme and not the
/// system's still shows a chart that is whole, for it brings its background.
const STYLE: &str = "\
    .page{fill:#fff}.text{fill:#1f2328}.faint{fill:#57606a}.grid{stroke:#d0d7de}.s0{fill:#0550ae;stroke:#0550ae}\
    .s1{fill:#9a4b00;stroke:#9a4b00}.s2{fill:#8250df;stroke:#8250df}.s3{fill:#1a7f37;stroke:#1a7f37}\
    text{font-family:system-ui,sans-serif;font-size:14px}text[class]{stroke:none}.title{font-size:18px;font-weight:600}\
    .line{fill:none;stroke-width:2.5}.edge{stroke:#57606a}\
    @media (prefers-color-scheme:dark){.page{fill:#0d1117}.text{fill:#e6edf3}.faint{fill:#9da7b3}.grid{stroke:#30363d}\
    .s0{fill:#79b8ff;stroke:#79b8ff}.s1{fill:#ffa657;stroke:#ffa657}.s2{fill:#d2a8ff;stroke:#d2a8ff}\
    .s3{fill:#56d364;stroke:#56d364}.line{fill:none}.edge{stroke:#9da7b3}}";

/// Something that can be drawn.
pub trait Chart {
    /// The SVG file.
    fn svg(&self) -> String;
}

/// A drawing in the making.
struct Drawing(String);

impl Drawing {
    /// Begins a file with its title, and what it shows for those who do not see it.
    fn new(height: f64, title: &str, description: &str) -> Drawing {
        let (title, description) = (escaped(title), escaped(description));
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-labelledby=\"title desc\">\n<title id=\"title\">{title}</title>\n<desc id=\"desc\">{description}</desc>\n\
             <style>{STYLE}</style>\n<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n\
             <text class=\"text title\" x=\"24\" y=\"34\">{title}</text>\n"
        );
        Drawing(text)
    }

    /// Words at a place; `anchor` is `start`, `middle` or `end`.
    fn text(&mut self, class: &str, anchor: &str, (x, y): (f64, f64), words: &str) {
        let words = escaped(words);
        self.element(&format!(
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>"
        ));
    }

    /// A straight line.
    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.element(&format!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"));
    }

    /// An element as it is.
    fn element(&mut self, element: &str) {
        self.0.push_str(element);
        self.0.push('\n');
    }

    /// What belongs to which series, beneath the title.
    fn legend(&mut self, names: &[&str]) {
        let mut x = 24.0;
        for (series, name) in names.iter().enumerate() {
            self.element(&format!(
                "<rect class=\"s{series}\" x=\"{x:.1}\" y=\"50\" width=\"12\" height=\"12\" rx=\"2\"/>"
            ));
            self.text("text", "start", (x + 18.0, 61.0), name);
            x += 46.0 + name.chars().count() as f64 * 7.2;
        }
    }

    fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

/// Words as XML takes them.
fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A round step of which about five lead from nothing to `most`.
fn step(most: f64) -> f64 {
    let magnitude = 10_f64.powf((most / 5.0).log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * magnitude).into_iter().find(|step| most / step <= 5.5).unwrap_or(most)
}

/// A figure as it is written beside a mark.
fn figure(value: f64) -> String {
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
