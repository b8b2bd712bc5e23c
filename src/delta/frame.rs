//! Frames: everything in a message that is not ours stands between a header with its byte count and a closing tag, so
//! that text which looks like a diff, a frame or an instruction is only text (contract 1.7).

use std::fmt::Write;

use crate::visible::is_visible;

/// A whole file: `<file path="P" bytes="N">`, newline, exactly N bytes, newline, `</file>`.
pub fn file(path: &str, text: &str) -> String {
    frame("file", &[("path", path)], text)
}

/// Any frame; attribute values are escaped, `bytes` is added last.
pub fn frame(name: &str, attributes: &[(&str, &str)], text: &str) -> String {
    let mut framed = String::with_capacity(text.len() + 80);
    let _ = write!(framed, "<{name}");
    for (attribute, value) in attributes {
        let _ = write!(framed, " {attribute}=\"{}\"", escape(value));
    }
    let _ = write!(framed, " bytes=\"{}\">\n{text}\n</{name}>", text.len());
    framed
}

/// Percent-encodes `%`, `"`, control characters and what else is invisible.
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        if c == '%' || c == '"' || !is_visible(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(escaped, "%{byte:02X}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_counts_its_bytes() {
        assert_eq!(file("src/ä.rs", "ö\n"), "<file path=\"src/ä.rs\" bytes=\"3\">\nö\n\n</file>");
        assert_eq!(file("empty", ""), "<file path=\"empty\" bytes=\"0\">\n\n</file>");
    }

    #[test]
    fn a_path_cannot_end_its_attribute() {
        assert_eq!(escape("a\" bytes=\"0%\n\u{85}"), "a%22 bytes=%220%25%0A%C2%85");
        assert_eq!(escape("a\u{202e}b"), "a%E2%80%AEb");
    }
}
