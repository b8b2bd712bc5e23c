//! Patches that come as one line, their line ends written as `\n`: a model encoded them once too often.
//!
//! Only what can be read in one way is decoded; anything else stays as it is and is refused as a patch.

use std::borrow::Cow;

/// The text with its line breaks, if it is a single line that can only be an encoded text.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    let line = text.trim();
    if line.contains('\n') || !line.contains("\\n") {
        return Cow::Borrowed(text);
    }
    let decoded = match () {
        // As JSON has it: with a bare quote in it, or with a tab where nothing shows that backslashes are encoded
        // too, the text may be code that itself says `\t`.
        () if !has_bare_quote(line) && (tabs_indent(line) || line.contains("\\\\") || line.contains("\\\"")) => {
            unescape(line, &[('n', '\n'), ('t', '\t'), ('r', '\r'), ('"', '"'), ('\\', '\\'), ('/', '/')])
        }
        () => unescape(line, &[('n', '\n')]),
    };
    decoded.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The line with these escapes replaced; `None` if it has others.
fn unescape(line: &str, escapes: &[(char, char)]) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            let escape = chars.next()?;
            out.push(escapes.iter().find(|(name, _)| *name == escape)?.1);
        } else {
            out.push(c);
        }
    }
    Some(out)
}

fn has_bare_quote(line: &str) -> bool {
    let mut escaped = false;
    line.chars().any(|c| {
        let bare = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        bare
    })
}

/// Whether every `\t` stands where a line is indented, behind its mark.
fn tabs_indent(line: &str) -> bool {
    line.split("\\n").all(|line| {
        let mut text = line.strip_prefix([' ', '+', '-']).unwrap_or(line);
        while let Some(rest) = text.strip_prefix("\\t") {
            text = rest;
        }
        !text.contains("\\t")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_encoded_as_json_is_decoded() {
        assert_eq!(decode(r#"a\n-\t\"b\\n\"\n"#), "a\n-\t\"b\\n\"\n");
        assert_eq!(decode(r"a\n+\tb\n"), "a\n+\tb\n");
    }

    #[test]
    fn bare_quotes_leave_only_line_ends_to_decode() {
        assert_eq!(decode(r#"a\n+b("c")"#), "a\n+b(\"c\")");
    }

    #[test]
    fn what_could_be_code_stays() {
        for text in [r#"a\n+b("\t")"#, r"a\n+split('\t')", r"a\n+\d", "a\n+b\\n", "plain", r"\"] {
            assert_eq!(decode(text), text);
        }
    }
}
