//! Characters that a reader does not see: controls, bidirectional overrides, zero-width and tag characters. A repository
//! can hide orders and false names in them, so names, titles and guidelines are shown with them written out. What is
//! shown so is for reading only: it must never be used as a path, or written to a file.

use std::borrow::Cow;

/// Whether a reader sees a character for what it is: neither a control nor one of Unicode's invisible format characters.
pub fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Text for reading: what is invisible is written out as `\u{202e}`. Line ends and tabs stay, and so does the one joiner
/// within an emoji or between letters of a script that needs it.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| is_visible(c) || matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for c in text.chars() {
        let joins = matches!(c, '\u{200c}' | '\u{200d}') && !before.is_ascii() && is_visible(before);
        match is_visible(c) || joins || matches!(c, '\n' | '\t') {
            true => shown.push(c),
            false => shown.extend(c.escape_unicode()),
        }
        before = c;
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out_and_the_rest_stays() {
        assert_eq!(
            shown("tax\u{202e}fdp.rs\u{e0041}\u{200b}\r\n\t天気 é"),
            "tax\\u{202e}fdp.rs\\u{e0041}\\u{200b}\\u{d}\n\t天気 é"
        );
        assert_eq!(shown("👩\u{200d}💻 \u{200d} می\u{200c}\u{200c}خ"), "👩\u{200d}💻 \\u{200d} می\u{200c}\\u{200c}خ");
        assert!(matches!(shown("plain\ntext"), Cow::Borrowed(_)));
    }
}
