//! Comparing file names the way the most forgiving file system would.
//!
//! `.ENV`, `id_rſa` and a decomposed `é` can all open the file another spelling names. Rules about names therefore
//! compare [`fold`]ed names, on every system alike. Folded names are for comparing only: never open or show one.

use unicode_normalization::UnicodeNormalization;

/// The form of a name (or of a whole path) in which two spellings of one file are equal: NFC, case folded, without
/// the invisible characters that some file systems skip.
pub(super) fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    // Upper case first: it unites what lower case alone keeps apart (`ſ` and `s`, `ς` and `σ`).
    name.nfc().filter(|c| !is_skipped(*c)).flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// Whether a folded name has the form of `pattern`, in which `*` stands for any characters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, mut tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(head) else { return false };
    while let Some((middle, after)) = tail.split_once('*') {
        let Some(found) = rest.find(middle) else { return false };
        rest = &rest[found + middle.len()..];
        tail = after;
    }
    rest.ends_with(tail)
}

/// Characters that HFS+ leaves out when it compares names (they once made `.g\u{200c}it` a `.git`).
fn is_skipped(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_file_fold_to_one_name() {
        for (a, b) in [
            (".ENV", ".env"),
            ("ID_RſA", "id_rsa"),
            ("\u{212a}ey.pem", "key.pem"),
            ("Cafe\u{301}", "CAFÉ"),
            ("ΣΑΣ", "σας"),
            ("STRASSE", "straße"),
            (".g\u{200c}it", ".git"),
            ("\u{feff}.env", ".env"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("a"), fold("á"));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*.pem", "x.pem", true),
            ("*.pem", ".pem", true),
            ("*.pem", "x.pem.txt", false),
            ("id_rsa*", "id_rsa", true),
            ("id_rsa*", "my_id_rsa", false),
            ("*.tfstate*", "terraform.tfstate.backup", true),
            ("*.tfstate*", "tfstate", false),
            ("a*.json", "a.jso", false),
            ("aa*aa", "aaa", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
