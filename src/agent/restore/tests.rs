//! Marks that stay, go or are misplaced, case by case; then random texts and random edits.

use proptest::prelude::*;

use super::*;

const GITHUB: &str = "ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R";
const OTHER: &str = "ghp_9z8Y7x6W5v4U3t2S1r0Q9p8O7n6M5l4K3j2I";

/// What becomes of `now` when the model changes what it sees of it.
fn changed(now: &str, change: impl Fn(&str) -> String) -> Result<String, Misplaced> {
    let hidden = secrets::hide(now);
    restore(&hidden, &change(hidden.text()))
}

#[test]
fn secrets_come_back_where_their_marks_stayed() {
    let now = format!("a = {GITHUB}\nb = 1\nc = {OTHER}\n");
    assert_eq!(changed(&now, str::to_owned), Ok(now.clone()));
    assert_eq!(changed(&now, |text| text.replace("b = 1", "b = 2")), Ok(now.replace("b = 1", "b = 2")));
    // On lines that change themselves, next to each other.
    let renamed = |text: &str| text.replace("a = ", "alpha = ").replace("c = ", "gamma = ").replace("b = 1\n", "");
    assert_eq!(changed(&now, renamed), Ok(renamed(&now)));
}

#[test]
fn a_secret_may_go_with_what_is_around_it() {
    let now = format!("a = {GITHUB}\nb = 1\nc = {OTHER}\n");
    assert_eq!(
        changed(&now, |text| text.replace("a = [secret:github-token]\n", "")),
        Ok(format!("b = 1\nc = {OTHER}\n"))
    );
    let from_env = |text: &str| text.replacen("[secret:github-token]", "env(\"TOKEN\")", 1);
    assert_eq!(changed(&now, from_env), Ok(format!("a = env(\"TOKEN\")\nb = 1\nc = {OTHER}\n")));
    // One of two side by side, told apart by its name.
    let beside = format!("a = {GITHUB}\nc = {OTHER}\n");
    let without_first = |text: &str| text.replace("a = [secret:github-token]\nc =", "c:");
    assert_eq!(changed(&beside, without_first), Ok(format!("c: {OTHER}\n")));
}

#[test]
fn a_mark_is_never_written_copied_or_moved() {
    let now = format!("a = {GITHUB}\nb = 1\nb = 2\nc = {OTHER}\n");
    let mark = "[secret:github-token]";
    for change in [
        |text: &str| text.replace("b = 1", "b = [secret:github-token]"),
        |text: &str| text.replace("b = 1", "b = [secret:jwt]"),
        |text: &str| text.replace("a = [secret:github-token]\n", "") + "a = [secret:github-token]\n",
        // Both change places, and are written otherwise so that the lines are new.
        |_: &str| "c: [secret:github-token]\na: [secret:github-token]\n".to_owned(),
    ] {
        let target = change(secrets::hide(&now).text());
        assert_eq!(changed(&now, change), Err(Misplaced::Written), "{target}");
    }
    assert_eq!(may_write(&format!("a = {mark}\n")), Err(Misplaced::Written));
    assert_eq!(may_write("a = [secret]\n"), Ok(()));
}

#[test]
fn which_of_several_secrets_goes_is_not_guessed() {
    let now = format!("[\n  {GITHUB},\n  {OTHER},\n]\n");
    let one_less = |text: &str| text.replacen("  [secret:github-token],\n", "", 1);
    assert_eq!(changed(&now, one_less), Err(Misplaced::Unclear));
    let replaced = |text: &str| text.replacen("  [secret:github-token],\n", "  x,\n", 1);
    assert_eq!(changed(&now, replaced), Err(Misplaced::Unclear));
    assert_eq!(changed(&now, |_| "[\n]\n".into()), Ok("[\n]\n".into()), "all of them can go");
}

#[test]
fn a_secret_stays_recognisable() {
    let now = "password = \"Tr0ub4dor&3\"\n";
    assert_eq!(changed(now, |text| text.replace("password", "label")), Err(Misplaced::Exposed));
    assert_eq!(
        changed(now, |text| text.replace("password", "db_password")),
        Ok(now.replace("password", "db_password"))
    );
}

#[test]
fn a_mark_that_the_user_typed_stands_for_itself() {
    let now = "// shown as [secret:github-token]\nfn a() {}\n";
    assert_eq!(changed(now, |text| text.replace("fn a", "fn b")), Ok(now.replace("fn a", "fn b")));
}

proptest! {
    /// Whatever is changed: what is restored reads as it was meant, and holds no secret that was not there, nor one more
    /// often than before.
    #[test]
    fn what_is_restored_reads_as_it_was_meant(
        lines in proptest::collection::vec(0..8_usize, 1..12),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0..10_usize), 0..5),
    ) {
        let line = |kind: usize, at: usize| match kind {
            0 | 1 => format!("token_{at} = ghp_{at:02}{}\n", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7".get(..34).unwrap()),
            2 => format!("  \"npm_{at:02}{}\",\n", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7"),
            3 => format!("password = \"pw{at}x9Y8z7\"\n"),
            kind => format!("line {kind}\n"),
        };
        let now: String = lines.iter().enumerate().map(|(at, kind)| line(*kind, at)).collect();
        let hidden = secrets::hide(&now);
        let mut target: Vec<String> = hidden.text().split_inclusive('\n').map(str::to_owned).collect();
        for (place, edit) in edits {
            let at = place.index(target.len().max(1));
            match edit {
                0 | 1 if at < target.len() => drop(target.remove(at)),
                2 if at < target.len() => target[at] = target[at].replace(" = ", ": "),
                3 if at < target.len() => target.insert(0, target[at].clone()),
                4 if at < target.len() => target.swap(0, at),
                _ => target.insert(at.min(target.len()), format!("new {edit}\n")),
            }
        }
        let target = target.concat();
        if let Ok(restored) = restore(&hidden, &target) {
            let again = secrets::hide(&restored);
            prop_assert_eq!(again.text(), target.as_str());
            for mark in again.marks() {
                let secret = again.behind(mark);
                prop_assert_eq!(now.matches(secret).count(), restored.matches(secret).count(), "{}", secret);
            }
        }
    }
}
