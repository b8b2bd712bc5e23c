//! Properties that hold for any texts, over all of the edit core.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Lines that repeat often, so that places are ambiguous and diffs have choices.
fn repetitive_line() -> impl Strategy<Value = String> {
    let lines = ["", "}", "{", "a", "b", "    a", "    b", "\ta", "a ", "fn a() {", "x = “1”", "x = \"1\""];
    select(lines.to_vec()).prop_map(str::to_owned)
}

/// Lines of characters that are hard on offsets.
fn difficult_line() -> impl Strategy<Value = String> {
    let parts = [
        "é",
        "ț",
        "❤️",
        "漢字",
        "👩\u{200d}💻",
        "\u{2028}",
        "\u{a0}",
        "e\u{301}",
        "\u{301}",
        " ",
        "\t",
        "a",
        "foo_1",
        "(",
        ",",
        "“",
    ];
    vec(select(parts.to_vec()), 0..8).prop_map(|parts| parts.concat())
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![3 => repetitive_line(), 1 => difficult_line()]
}

fn join(lines: &[String], final_newline: bool) -> String {
    let mut text = lines.join("\n");
    if final_newline && !lines.is_empty() {
        text.push('\n');
    }
    text
}

/// A text as the model sees it.
fn model_text() -> impl Strategy<Value = String> {
    (vec(line(), 0..24), any::<bool>()).prop_map(|(lines, newline)| join(&lines, newline))
}

/// A text as documents may be: any mix of line ends, with or without a byte order mark.
fn raw_text() -> impl Strategy<Value = String> {
    let ended = (line(), select(&["\n", "\r\n", "\r\n", "\r"][..])).prop_map(|(line, end)| line + end);
    let bom = prop_oneof![4 => Just(""), 1 => Just("\u{feff}")];
    (bom, vec(ended, 0..16), prop_oneof![Just(String::new()), line()])
        .prop_map(|(bom, lines, last)| format!("{bom}{}{last}", lines.concat()))
}

/// One change of a list of lines: where (as a share of its length), how many go, what comes.
type LineEdit = (prop::sample::Index, usize, Vec<String>);

fn line_edits() -> impl Strategy<Value = Vec<LineEdit>> {
    vec((any::<prop::sample::Index>(), 0..3usize, vec(line(), 0..3)), 0..4)
}

fn edited(lines: &[String], edits: &[LineEdit]) -> Vec<String> {
    let mut lines = lines.to_vec();
    for (at, removed, added) in edits {
        let start = at.index(lines.len() + 1);
        let end = (start + removed).min(lines.len());
        lines.splice(start..end, added.iter().cloned());
    }
    lines
}

/// A text and two more that come from it by a few edits.
fn three_texts() -> impl Strategy<Value = (String, String, String)> {
    (vec(line(), 0..20), line_edits(), line_edits(), any::<[bool; 3]>()).prop_map(|(base, a, b, newlines)| {
        let (a, b) = (edited(&base, &a), edited(&base, &b));
        (join(&base, newlines[0]), join(&a, newlines[1]), join(&b, newlines[2]))
    })
}

/// The hunks that turn `old` into `new`, with up to `context` lines around each change.
fn hunks_between(old: &str, new: &str, context: usize) -> Vec<Hunk> {
    let old_lines: Vec<&str> = old.split_terminator('\n').collect();
    let new_lines: Vec<&str> = new.split_terminator('\n').collect();
    let own = |lines: &[&str], mark: fn(String) -> HunkLine| -> Vec<HunkLine> {
        lines.iter().map(|line| mark((*line).to_owned())).collect()
    };
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut previous_end = 0;
    for change in line_diff::line_hunks(old, new) {
        let gap = &old_lines[previous_end..change.old.lines.start];
        let split = hunks.is_empty() || gap.len() > 2 * context;
        if split {
            if let Some(last) = hunks.last_mut() {
                last.lines.extend(own(&gap[..context], HunkLine::Context));
            }
            hunks.push(Hunk::default());
        }
        let leading = if split { &gap[gap.len().saturating_sub(context)..] } else { gap };
        if let Some(hunk) = hunks.last_mut() {
            hunk.lines.extend(own(leading, HunkLine::Context));
            hunk.lines.extend(own(&old_lines[change.old.lines.clone()], HunkLine::Remove));
            hunk.lines.extend(own(&new_lines[change.new.lines.clone()], HunkLine::Add));
        }
        previous_end = change.old.lines.end;
    }
    if let Some(last) = hunks.last_mut() {
        let rest = &old_lines[previous_end..];
        last.lines.extend(own(&rest[..rest.len().min(context)], HunkLine::Context));
        last.end_of_file = rest.len() <= context;
    }
    hunks
}

/// Two texts that both end with a line end, as V4A writes them.
fn whole_line_texts() -> impl Strategy<Value = (String, String)> {
    (vec(line(), 0..30), line_edits()).prop_map(|(base, edits)| (join(&base, true), join(&edited(&base, &edits), true)))
}

/// How a model's copy of the old lines may differ from the file.
#[derive(Clone, Copy, Debug)]
enum Noise {
    DeeperBy(usize),
    TabsForSpaces,
    TrailingBlanks,
    NoBreakSpaces,
    SmartQuotes,
    LineHeader(usize),
    UnknownAnchor,
    EndOfFile,
}

fn noise() -> impl Strategy<Value = Noise> {
    prop_oneof![
        (1..9usize).prop_map(Noise::DeeperBy),
        Just(Noise::TabsForSpaces),
        Just(Noise::TrailingBlanks),
        Just(Noise::NoBreakSpaces),
        Just(Noise::SmartQuotes),
        (0..40usize).prop_map(Noise::LineHeader),
        Just(Noise::UnknownAnchor),
        Just(Noise::EndOfFile),
    ]
}

fn add_noise(hunk: &mut Hunk, noise: Noise) {
    match noise {
        Noise::LineHeader(line) => hunk.anchors.push(format!("-{line},3 +{line},3 @@ fn a() {{")),
        Noise::UnknownAnchor => hunk.anchors.push("no such line".into()),
        Noise::EndOfFile => hunk.end_of_file = true,
        // Where no line shows it, an indentation is not noise but what the model wants.
        Noise::DeeperBy(_) if hunk.old_lines().all(|line| line.trim().is_empty()) => {}
        Noise::TabsForSpaces if !hunk.old_lines().any(|line| line.starts_with("    ")) || has_tabs(hunk) => {}
        _ => hunk.lines.iter_mut().for_each(|line| line_noise(line, noise)),
    }
}

fn has_tabs(hunk: &Hunk) -> bool {
    hunk.lines.iter().any(|line| match line {
        HunkLine::Context(text) | HunkLine::Remove(text) | HunkLine::Add(text) => text.contains('\t'),
    })
}

fn line_noise(line: &mut HunkLine, noise: Noise) {
    let (text, is_old) = match line {
        HunkLine::Context(text) | HunkLine::Remove(text) => (text, true),
        HunkLine::Add(text) => (text, false),
    };
    *text = match noise {
        Noise::DeeperBy(by) if !text.trim().is_empty() => " ".repeat(by) + text,
        Noise::TabsForSpaces => text.replace("    ", "\t"),
        // What is added is what the model wants, so only its copy of the file is noisy.
        Noise::TrailingBlanks if is_old => text.clone() + "  ",
        Noise::NoBreakSpaces if is_old => text.replace(' ', "\u{a0}"),
        Noise::SmartQuotes if is_old => text.replace('"', "”"),
        _ => return,
    };
}

/// Whether the lines of each hunk stand in the text only once, in any form that could be taken for them.
fn each_is_unique(text: &str, hunks: &[Hunk]) -> bool {
    let lines: Vec<_> = text.split_terminator('\n').map(canonical::canonical).collect();
    hunks.iter().all(|hunk| {
        let old: Vec<_> = hunk.old_lines().map(canonical::canonical).collect();
        !old.is_empty() && lines.windows(old.len()).filter(|window| *window == old).count() <= 1
    })
}

fn path() -> impl Strategy<Value = String> {
    "[a-zé][a-z0-9 ./_-]{0,12}[a-z]"
}

fn hunk() -> impl Strategy<Value = Hunk> {
    let line = (0..3u8, "[^\r\n]{0,12}").prop_map(|(kind, text)| match kind {
        0 => HunkLine::Context(text),
        1 => HunkLine::Remove(text),
        _ => HunkLine::Add(text),
    });
    let anchor = "[a-z@(*+-][a-z (]{0,8}[a-z(]";
    (vec(anchor, 0..3), vec(line, 1..6), any::<bool>()).prop_map(|(anchors, lines, end_of_file)| Hunk {
        anchors,
        lines,
        end_of_file,
        no_final_newline: false,
    })
}

fn file_patch() -> impl Strategy<Value = FilePatch> {
    let text = vec("[^\r\n]{0,12}\n", 0..4).prop_map(|lines| lines.concat());
    let update = (path(), proptest::option::of(path()), vec(hunk(), 0..4));
    prop_oneof![
        (path(), text).prop_map(|(path, text)| FilePatch::Add { path, text }),
        path().prop_map(|path| FilePatch::Delete { path }),
        update.prop_map(|(path, move_to, hunks)| FilePatch::Update { path, move_to, hunks }),
    ]
}

/// Patches that mean something: every path once, every update with a change.
fn patches() -> impl Strategy<Value = Vec<FilePatch>> {
    vec(file_patch(), 1..5).prop_filter("paths are distinct and updates change something", |patches| {
        let mut paths = Vec::new();
        for patch in patches {
            paths.push(patch.path());
            if let FilePatch::Update { move_to, hunks, .. } = patch {
                paths.extend(move_to.as_deref());
                if hunks.is_empty() && move_to.is_none() {
                    return false;
                }
            }
        }
        let number = paths.len();
        paths.sort_unstable();
        paths.dedup();
        paths.len() == number
    })
}

/// Lines that look like a patch, so that the parser gets further than the first one.
fn almost_a_patch() -> impl Strategy<Value = String> {
    let lines = [
        "*** Begin Patch",
        "*** End Patch",
        "*** Add File: a",
        "*** Update File: b",
        "*** Delete File: c",
        "*** Move to: d",
        "*** End of File",
        "@@",
        "@@ x",
        "@@ -1,2 +1,2 @@",
        " a",
        "-a",
        "+a",
        "",
        "```",
        "apply_patch <<'EOF'",
        "EOF",
        "*** ",
        "é",
    ];
    let ended = (select(lines.to_vec()), select(&["\n", "\r\n", "\r"][..]));
    let body = vec(ended.prop_map(|(line, end)| format!("{line}{end}")), 0..14);
    body.prop_map(|lines| format!("*** Begin Patch\n{}*** End Patch", lines.concat()))
}

proptest! {
    #[test]
    fn minimal_changes_lead_to_the_target((old, new) in prop_oneof![
        (raw_text(), raw_text()),
        three_texts().prop_map(|(a, b, _)| (a, b)),
        three_texts().prop_map(|(a, b, _)| (a.replace('\n', "\r\n"), b.replace('\n', "\r\n"))),
    ]) {
        let changes = minimal_changes(&old, &new);
        prop_assert_eq!(apply_changes(&old, &changes), Some(new));
        for pair in changes.windows(2) {
            prop_assert!(pair[0].range.end < pair[1].range.start, "{:?} touches {:?}", pair[0], pair[1]);
        }
        for change in &changes {
            prop_assert!(!(change.range.is_empty() && change.text.is_empty()));
            for at in [change.range.start, change.range.end] {
                prop_assert!(!(old[..at].ends_with('\r') && old[at..].starts_with('\n')), "{:?} splits a line end", change);
                // Nothing is written upon a line end or a tab.
                let is_free = old[..at].chars().next_back().is_none_or(char::is_control);
                prop_assert!(is_free || !old[at..].starts_with('\u{301}'), "{:?} splits a character", change);
            }
        }
    }

    #[test]
    fn a_merge_with_one_changed_side_is_that_side((base, changed, _) in three_texts()) {
        prop_assert_eq!(merge(&base, &base, &changed), Merged::Clean(changed.clone()));
        prop_assert_eq!(merge(&base, &changed, &base), Merged::Clean(changed.clone()));
        prop_assert_eq!(merge(&base, &changed, &changed), Merged::Clean(changed));
    }

    #[test]
    fn changes_of_different_parts_merge(
        (top, new_top, _) in three_texts(), (bottom, new_bottom, _) in three_texts(), newline in any::<bool>(),
    ) {
        // A line that is nowhere else parts them, whatever the diff makes of the rest.
        let text = |top: &str, bottom: &str| format!("{top}\n=== middle ===\n{bottom}{}", if newline { "\n" } else { "" });
        let base = text(&top, &bottom);
        let merged = merge(&base, &text(&new_top, &bottom), &text(&top, &new_bottom));
        prop_assert_eq!(merged, Merged::Clean(text(&new_top, &new_bottom)));
    }

    #[test]
    fn a_merge_conflicts_for_both_sides_alike((base, a, b) in three_texts()) {
        match (merge(&base, &a, &b), merge(&base, &b, &a)) {
            (Merged::Clean(one), Merged::Clean(other)) => prop_assert_eq!(one, other),
            (Merged::Conflict(one), Merged::Conflict(other)) => {
                let turned: Vec<Conflict> = other
                    .into_iter()
                    .map(|c| Conflict { base: c.base, theirs: c.ours, ours: c.theirs })
                    .collect();
                prop_assert_eq!(one, turned);
            }
            (one, other) => prop_assert!(false, "{:?} but {:?}", one, other),
        }
    }

    #[test]
    fn a_clean_merge_keeps_every_line_the_user_typed((base, theirs, ours) in three_texts(), at in any::<prop::sample::Index>()) {
        let mut lines: Vec<&str> = ours.split('\n').collect();
        lines.insert(at.index(lines.len()), "typed by the user");
        if let Merged::Clean(merged) = merge(&base, &theirs, &lines.join("\n")) {
            prop_assert!(merged.split('\n').any(|line| line == "typed by the user"), "{:?}", merged);
        }
    }

    #[test]
    fn line_ends_survive_the_model(raw in raw_text()) {
        let model = to_model(&raw);
        prop_assert!(!model.contains('\r'));
        prop_assert_eq!(from_model(&raw, &model), raw);
    }

    #[test]
    fn what_the_model_wants_is_what_the_document_says(raw in raw_text(), edits in line_edits(), newline in any::<bool>()) {
        let model = to_model(&raw);
        let lines: Vec<String> = model.split_terminator('\n').map(str::to_owned).collect();
        let target = join(&edited(&lines, &edits), newline);
        // A byte order mark in front of the target would be taken for the document's.
        prop_assume!(!target.starts_with('\u{feff}'));
        let result = from_model(&raw, &target);
        prop_assert_eq!(to_model(&result), target);
        prop_assert_eq!(result.starts_with('\u{feff}'), raw.starts_with('\u{feff}'));
        let lone = |text: &str| text.matches('\r').count() - text.matches("\r\n").count();
        prop_assert!(lone(&result) <= lone(&raw));
    }

    #[test]
    fn a_patch_is_read_as_it_was_written(patches in patches()) {
        let text = patch::render(&patches);
        prop_assert_eq!(patch::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?, patches);
    }

    #[test]
    fn any_text_is_a_patch_or_an_error(bytes in vec(any::<u8>(), 0..200), almost in almost_a_patch()) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), almost] {
            match patch::parse(&text) {
                Ok(patches) => prop_assert_eq!(patch::parse(&patch::render(&patches)), Ok(patches)),
                Err(error) => prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1, "{}", error),
            }
        }
    }

    #[test]
    fn hunks_give_the_new_text_or_are_refused_as_ambiguous((old, new) in whole_line_texts()) {
        match apply_hunks(&old, &hunks_between(&old, &new, 3)) {
            Ok(changed) => prop_assert_eq!(changed, new),
            Err(rejection) => prop_assert_eq!(rejection.reason, Reason::Ambiguous, "{}", rejection),
        }
    }

    #[test]
    fn hunks_without_context_never_give_a_third_text((old, new) in whole_line_texts()) {
        if let Ok(changed) = apply_hunks(&old, &hunks_between(&old, &new, 0)) {
            prop_assert_eq!(changed, new);
        }
    }

    #[test]
    fn noisy_hunks_give_the_new_text_or_are_refused(
        (old, new) in whole_line_texts(), noise in noise(), which in any::<prop::sample::Index>(),
    ) {
        let mut hunks = hunks_between(&old, &new, 3);
        if hunks.is_empty() {
            return Ok(());
        }
        let noisy = which.index(hunks.len());
        add_noise(&mut hunks[noisy], noise);
        // Where other lines look the same but for the noise, the noisy hunk may literally describe those. And where the
        // noise is a character that is wanted, too, nobody can tell the two.
        let noisy_character = match noise {
            Noise::NoBreakSpaces => '\u{a0}',
            Noise::SmartQuotes => '”',
            _ => '\0',
        };
        let is_wanted = |line: &HunkLine| matches!(line, HunkLine::Add(text) if text.contains(noisy_character));
        if !each_is_unique(&old, &hunks) || hunks[noisy].lines.iter().any(is_wanted) {
            return Ok(());
        }
        match apply_hunks(&old, &hunks) {
            Ok(changed) => prop_assert_eq!(changed, new),
            Err(rejection) => prop_assert_eq!(rejection.hunk, noisy + 1, "{}", rejection),
        }
    }

    #[test]
    fn hunks_with_a_context_line_too_few_or_too_many_are_harmless(
        edits in line_edits(), which in any::<prop::sample::Index>(), repeat in any::<bool>(),
    ) {
        // All lines differ, or the hunk might literally describe another place.
        let lines: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
        let (old, new) = (join(&lines, true), join(&edited(&lines, &edits), true));
        let mut hunks = hunks_between(&old, &new, 3);
        if hunks.is_empty() {
            return Ok(());
        }
        let hunk = which.get_mut(&mut hunks);
        // The context next to an added line says where that line goes, so without it the hunk means something else.
        let beside = |at: usize| &hunk.lines[at.saturating_sub(1)..(at + 2).min(hunk.lines.len())];
        let is_loose = |&at: &usize| {
            let adds = |line: &HunkLine| matches!(line, HunkLine::Add(_));
            matches!(hunk.lines[at], HunkLine::Context(_)) && !beside(at).iter().any(adds)
        };
        let loose: Vec<usize> = (0..hunk.lines.len()).filter(is_loose).collect();
        if loose.is_empty() {
            return Ok(());
        }
        let at = *which.get(&loose);
        if repeat { hunk.lines.insert(at, hunk.lines[at].clone()) } else { drop(hunk.lines.remove(at)) }
        if let Ok(changed) = apply_hunks(&old, &hunks) {
            prop_assert_eq!(changed, new);
        }
    }

    #[test]
    fn any_hunks_are_applied_or_refused(text in model_text(), hunks in vec(hunk(), 0..5)) {
        if let Err(rejection) = apply_hunks(&text, &hunks) {
            prop_assert!(rejection.hunk >= 1 && rejection.hunk <= hunks.len());
            prop_assert!(!rejection.applicable.contains(&rejection.hunk));
            prop_assert!(rejection.candidates.len() <= 3);
            prop_assert!(rejection.to_string().starts_with("Hunk "));
        }
    }
}
