//! The page on limits says what the code says: each row names a constant, and its number is compared with the code's.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use regex::Regex;

/// The value of a constant's expression: a number, or milliseconds for a duration.
fn value(expression: &str) -> Option<u64> {
    if let Some((left, right)) = expression.split_once(" - ") {
        return value(left)?.checked_sub(value(right)?);
    }
    if let Some((left, right)) = expression.split_once(" << ") {
        return value(left)?.checked_shl(u32::try_from(value(right)?).ok()?);
    }
    if let Some((left, right)) = expression.split_once(" * ") {
        return value(left)?.checked_mul(value(right)?);
    }
    expression.replace('_', "").parse().ok()
}

/// The value of the constant `name` in a source file.
fn constant(code: &str, name: &str) -> Option<u64> {
    let declared = Regex::new(&format!(r"const {name}: \w+ = ([^;]+);")).unwrap();
    let expression = &declared.captures(code)?[1];
    let duration = Regex::new(r"^Duration::from_(secs|millis)\(([^)]+)\)$").unwrap();
    match duration.captures(expression) {
        Some(parts) => Some(value(&parts[2])? * if &parts[1] == "secs" { 1000 } else { 1 }),
        None => value(expression),
    }
}

/// The value of a limit as people write it.
fn limit(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let unit = match unit {
        "" | "bytes" | "ms" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "s" => 1000,
        "min" => 60_000,
        _ => return None,
    };
    Some(number.replace(',', "").parse::<u64>().ok()? * unit)
}

#[test]
fn the_limits_on_the_page_are_those_of_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/limits.md")).unwrap();
    let row = Regex::new(r"^\| (.+) \| (.+) \| (?:.+ )?\| `(src/[\w/]+\.rs)` `([A-Z_]+)` \|$").unwrap();
    let mut rows = 0;
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what")) {
        let cells = row.captures(line).unwrap_or_else(|| panic!("no constant is named in {line}"));
        let code = std::fs::read_to_string(root.join(&cells[3])).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (said, is) = (limit(&cells[2]), constant(&code, &cells[4]));
        assert!(said.is_some() && said == is, "{line}\nsays {said:?}, the code {is:?}");
        rows += 1;
    }
    assert!(rows > 50, "only {rows} rows were read");
}
