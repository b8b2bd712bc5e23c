//! Small changes of known inputs, the same ones for the same seed: what a fuzzer does first, without its instruments.

use fastrand::Rng;

/// Longest input made.
const MAX_BYTES: usize = 16 * 1024;
/// What inputs of any kind are sensitive to: separators, ends of lines, odd characters, extreme numbers, deep nesting.
const WORDS: [&str; 40] = [
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\t",
    " ",
    "\"",
    "\\",
    "/",
    "../",
    "=====\n",
    "@@",
    "+",
    "-",
    "%",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "-1",
    "0",
    "4294967295",
    "2147483648",
    "18446744073709551616",
    "1e999",
    "1.5",
    "\\ud800",
    "\\u0000",
    "é",
    "e\u{301}",
    "𐀀",
    "\u{feff}",
    "\u{202e}",
    "\u{2028}",
    "ſ",
    "[[[[[[[[",
    "Content-Length: 3\r\n\r\n",
    "data: ",
];

/// Makes inputs of a corpus.
pub struct Mutator<'a> {
    rng: Rng,
    corpus: &'a [Vec<u8>],
}

impl<'a> Mutator<'a> {
    /// One that always makes the same inputs of a corpus.
    pub fn new(seed: u64, corpus: &'a [Vec<u8>]) -> Mutator<'a> {
        Mutator { rng: Rng::with_seed(seed), corpus }
    }

    /// The next input: one of the corpus after one to six changes.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.corpus[self.rng.usize(..self.corpus.len())].clone();
        for _ in 0..self.rng.usize(1..=6) {
            self.change(&mut input);
        }
        input.truncate(MAX_BYTES);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let range = self.range(input);
        match self.rng.u8(..8) {
            0 => drop(input.drain(range)),
            1 => {
                let copy = input[range.clone()].to_vec();
                input.splice(range.start..range.start, copy);
            }
            2 => {
                if let Some(byte) = input.get_mut(range.start) {
                    *byte = self.rng.u8(..);
                }
            }
            3 | 4 => {
                let word = WORDS[self.rng.usize(..WORDS.len())];
                input.splice(range.start..range.start, word.bytes());
            }
            5 => {
                let word = WORDS[self.rng.usize(..WORDS.len())];
                input.splice(range, word.bytes());
            }
            // A part of another input in its place.
            6 => {
                let other = &self.corpus[self.rng.usize(..self.corpus.len())];
                let start = self.rng.usize(..=other.len());
                let end = self.rng.usize(start..=other.len());
                input.splice(range, other[start..end].iter().copied());
            }
            _ => self.swap_lines(input),
        }
    }

    /// A range that is short more often than long.
    fn range(&mut self, input: &[u8]) -> std::ops::Range<usize> {
        let start = self.rng.usize(..=input.len());
        let longest = if self.rng.u8(..4) > 0 { 8 } else { input.len() };
        start..(start + self.rng.usize(..=longest)).min(input.len())
    }

    fn swap_lines(&mut self, input: &mut Vec<u8>) {
        let mut lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
        if !lines.is_empty() {
            let (one, other) = (self.rng.usize(..lines.len()), self.rng.usize(..lines.len()));
            lines.swap(one, other);
            *input = lines.concat();
        }
    }
}
