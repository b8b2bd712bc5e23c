//! Random texts and changes of them: small, with lines that repeat, and with all the characters that are hard on offsets.

use fastrand::Rng;

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// All with `\n`.
    Lf,
    /// All with `\r\n`.
    CrLf,
    /// Some with each, and some with a lone `\r`.
    Mixed,
}

const PIECES: [&str; 24] = [
    "a",
    "b",
    "foo_1",
    "let",
    "x",
    "=",
    "(",
    ")",
    ", ",
    ";",
    " ",
    "    ",
    "\t",
    "é",
    "e\u{301}",
    "\u{301}",
    "漢字",
    "𝄞",
    "❤️",
    "👩\u{200d}💻",
    "\u{2028}",
    "\u{b}",
    "\u{85}",
    "\u{a0}",
];

/// Where texts come from.
pub struct Texts {
    /// Chance.
    pub rng: Rng,
}

impl Texts {
    /// The same texts for the same seed.
    pub fn new(seed: u64) -> Texts {
        Texts { rng: Rng::with_seed(seed) }
    }

    /// One of some things.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }

    /// A text; about one of eight is empty, begins with a byte order mark or ends without a line end.
    pub fn text(&mut self, ends: LineEnds) -> String {
        let lines = self.rng.usize(..12);
        let mut text = if self.rng.u8(..8) == 0 { "\u{feff}".to_owned() } else { String::new() };
        for _ in 0..lines {
            text += &self.line();
            text += self.line_end(ends);
        }
        if self.rng.u8(..3) == 0 {
            text += &self.line();
        }
        text
    }

    /// The text after a few changes: of lines, or of pieces of lines.
    pub fn changed(&mut self, text: &str, ends: LineEnds) -> String {
        let mut lines: Vec<String> = split_lines(text);
        for _ in 0..self.rng.usize(..4) {
            let at = self.rng.usize(..=lines.len());
            match self.rng.u8(..5) {
                0 => lines.insert(at, self.line() + self.line_end(ends)),
                1 if at < lines.len() => drop(lines.remove(at)),
                2 if at < lines.len() => lines[at] = self.line() + self.line_end(ends),
                3 if at < lines.len() => lines[at] = self.piece_changed(&lines[at]),
                _ => lines.push(self.line() + self.line_end(ends)),
            }
        }
        if self.rng.u8(..8) == 0 {
            lines.push(self.line());
        }
        lines.concat()
    }

    /// What might be typed or pasted at once.
    pub fn typed(&mut self, ends: LineEnds) -> String {
        match self.rng.u8(..4) {
            0 => String::new(),
            1 => self.line_end(ends).to_owned(),
            2 => self.line(),
            _ => self.line() + self.line_end(ends) + &self.line(),
        }
    }

    fn line(&mut self) -> String {
        (0..self.rng.usize(..8)).map(|_| self.one(&PIECES)).collect()
    }

    fn line_end(&mut self, ends: LineEnds) -> &'static str {
        match ends {
            LineEnds::Lf => "\n",
            LineEnds::CrLf => "\r\n",
            LineEnds::Mixed => self.one(&["\n", "\r\n", "\r"]),
        }
    }

    /// A piece inserted or a character removed, anywhere but behind the line end.
    fn piece_changed(&mut self, line: &str) -> String {
        let content = line.trim_end_matches(['\r', '\n']);
        let mut chars: Vec<char> = content.chars().collect();
        let at = self.rng.usize(..=chars.len());
        if self.rng.bool() && at < chars.len() {
            chars.remove(at);
        } else {
            let piece = self.one(&PIECES);
            chars.splice(at..at, piece.chars());
        }
        chars.into_iter().collect::<String>() + &line[content.len()..]
    }
}

/// The lines with their ends.
fn split_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_open = false;
    for c in text.chars() {
        let joins = is_open || (c == '\n' && lines.last().is_some_and(|line| line.ends_with('\r')));
        match lines.last_mut() {
            Some(line) if joins => line.push(c),
            _ => lines.push(c.to_string()),
        }
        is_open = !matches!(c, '\r' | '\n');
    }
    lines
}
