//! What a workspace and an editor may change, and what they may not.

use serde_json::json;

use super::super::{Layer, Loaded, keys::KEYS, narrow, narrow_from_editor};
use super::{Fixture, SAMPLE, render};

const ACTION: &str = "[[action]]\nname = 'ours'\ntitle = 'Ours'\nprompt = 'Do it.'\n";

fn base() -> Loaded {
    let file = "[context]\nexclude = ['own/']\nmax_file_bytes = 1000\nmax_delta_bytes = 1000\n[edit]\nconfirm = 'auto'";
    Fixture::new().user_file(file).load()
}

/// The result with its new warnings, the workspace file's path as FILE.
fn narrowed(base: &Loaded, text: &str, consented: bool) -> (Loaded, Vec<String>) {
    let fixture = Fixture::new();
    let path = fixture.workspace(text);
    let narrowed = narrow(base, &path, consented);
    let warnings = narrowed.warnings[base.warnings.len()..].iter();
    let warnings = warnings.map(|warning| warning.to_string().replace(&path.display().to_string(), "FILE")).collect();
    (narrowed, warnings)
}

fn assert_nothing_taken(base: &Loaded, narrowed: &Loaded) {
    assert_eq!((&narrowed.config, &narrowed.provenance), (&base.config, &base.provenance));
}

#[test]
fn it_adds_excludes_and_lowers_limits() {
    let base = base();
    let text = "[context]\nexclude = ['own/', 'secret/']\nmax_file_bytes = 10\nmax_delta_bytes = 20\n\
                [edit]\nconfirm = 'always'";
    let (narrowed, warnings) = narrowed(&base, text, false);
    assert_eq!(warnings, [""; 0]);
    assert_eq!(narrowed.config.context.exclude, ["own/", "secret/"]);
    assert_eq!((narrowed.config.context.max_file_bytes, narrowed.config.context.max_delta_bytes), (10, 20));
    assert_eq!(narrowed.config.edit.confirm.to_string(), "always");
    assert!(matches!(narrowed.provenance.layers("context.exclude"), [Layer::UserFile(_), Layer::Workspace(_)]));
    for key in ["context.max_file_bytes", "context.max_delta_bytes", "edit.confirm"] {
        assert!(matches!(narrowed.provenance.layers(key), [Layer::Workspace(_)]), "{key}");
    }
    let line = render(&narrowed).lines().find(|line| line.starts_with("context.exclude")).unwrap().to_owned();
    assert!(line.contains(" # from user file ") && line.contains(" and workspace file "), "{line}");
}

#[test]
fn it_can_set_nothing_else() {
    let base = base();
    let allowed = ["context.exclude", "context.max_file_bytes", "context.max_delta_bytes", "edit.confirm", "action"];
    let values = ["'evil'", "1", "'1s'", "false", "['evil']", "{ evil = 'evil' }", "'https://evil.example'"];
    let mut tried = 0;
    for key in KEYS.iter().filter(|key| !allowed.contains(&key.path)) {
        for value in values {
            let (narrowed, warnings) = narrowed(&base, &format!("\n{} = {value}", key.path), true);
            assert_nothing_taken(&base, &narrowed);
            let reason = "a workspace may not set it; set it in the user file, the environment or on the command line";
            assert_eq!(warnings, [format!("FILE:2: {}: ignored: {reason}", key.path)]);
        }
        tried += 1;
    }
    assert_eq!(tried, 21, "all of [provider] and [session]");
}

#[test]
fn what_is_refused_does_not_keep_the_rest_from_counting() {
    let (narrowed, warnings) =
        narrowed(&base(), "[provider]\nbase_url = 'https://evil.example'\n[contxt]\n[context]\nexclude = ['x']", false);
    assert_eq!(narrowed.config.context.exclude, ["own/", "x"]);
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[1], "FILE:3: contxt: ignored: unknown key; the nearest valid key is context");
}

#[test]
fn limits_cannot_be_raised() {
    let base = base();
    let (equal, warnings) = narrowed(&base, "context.max_file_bytes = 1000", false);
    assert_eq!(warnings, [""; 0]);
    assert_nothing_taken(&base, &equal);
    let (raised, warnings) = narrowed(&base, "context.max_file_bytes = 1001\ncontext.max_delta_bytes = 9999", false);
    assert_nothing_taken(&base, &raised);
    let reason = "ignored: a workspace may only lower it, and";
    assert_eq!(
        warnings,
        [
            format!("FILE:1: context.max_file_bytes: {reason} 1001 is more than 1000"),
            format!("FILE:2: context.max_delta_bytes: {reason} 9999 is more than 1000"),
        ]
    );
}

#[test]
fn confirmation_can_only_be_tightened() {
    let words = ["never", "auto", "always"];
    for (user_rank, user) in words.iter().enumerate() {
        for (rank, asked) in words.iter().enumerate() {
            let base = Fixture::new().set(&format!("edit.confirm={user}")).load();
            let (narrowed, warnings) = narrowed(&base, &format!("edit.confirm = '{asked}'"), false);
            let expected = words[rank.max(user_rank)];
            assert_eq!(narrowed.config.edit.confirm.to_string(), expected, "{user} → {asked}");
            assert_eq!(warnings.len(), usize::from(rank < user_rank), "{user} → {asked}");
        }
    }
    let base = Fixture::new().set("edit.confirm=always").load();
    assert_eq!(
        narrowed(&base, "edit.confirm = 'never'", false).1,
        ["FILE:1: edit.confirm: ignored: a workspace may only tighten it, and \
         \"never\" asks less often than \"always\""]
    );
}

#[test]
fn excludes_cannot_be_taken_back() {
    let (narrowed, warnings) = narrowed(&base(), "context.exclude = ['!own/', '!.env', 'more/']", false);
    assert_eq!(narrowed.config.context.exclude, ["own/", "more/"]);
    assert_eq!(warnings[0], "FILE:1: context.exclude: ignored: the pattern \"!own/\" would include files again");
    assert_eq!(warnings.len(), 2);
}

#[test]
fn actions_need_consent() {
    let base = Fixture::new().user_file(SAMPLE).load();
    let (without, warnings) = narrowed(&base, ACTION, false);
    assert_nothing_taken(&base, &without);
    assert_eq!(
        warnings,
        [
            "FILE:1: action: ignored: a workspace's actions are offered once you have allowed it to be sent; run `pilotlight trust`"
        ]
    );

    let (with, warnings) = narrowed(&base, ACTION, true);
    assert_eq!(warnings, [""; 0]);
    let names: Vec<_> =
        with.config.actions.iter().map(|action| (action.name.as_str(), action.from_workspace)).collect();
    assert_eq!(names, [("modernise", false), ("ours", true)]);
    assert!(matches!(with.provenance.of("action.ours"), Layer::Workspace(_)));
    assert!(matches!(with.provenance.of("action.modernise"), Layer::UserFile(_)));
}

#[test]
fn an_action_cannot_take_the_place_of_the_users() {
    let base = Fixture::new().user_file(SAMPLE).load();
    let (narrowed, warnings) = narrowed(&base, &ACTION.replace("'ours'", "'modernise'"), true);
    assert_nothing_taken(&base, &narrowed);
    assert_eq!(
        warnings,
        ["FILE:1: action.modernise: ignored: you have an action of that name already; rename one of them"]
    );
}

#[test]
fn a_broken_file_is_ignored_as_a_whole() {
    let base = base();
    let cases = [
        (
            "[context]\nexclude = ['x']\nmax_file_bytes = 'many'",
            "FILE:3: context.max_file_bytes: expected a whole number, found text",
        ),
        (
            "[context]\nexclude = ['x']\nmax_file_bytes = 0",
            "FILE:3: context.max_file_bytes: 0 is out of range; use 1 to 8388608",
        ),
        (
            "context.exclude = ['x']\nedit = 1",
            "FILE:2: edit: expected a table, found a whole number; write [edit] above its keys",
        ),
    ];
    for (text, warning) in cases {
        let (narrowed, warnings) = narrowed(&base, text, true);
        assert_nothing_taken(&base, &narrowed);
        assert_eq!(warnings, [warning, "FILE: none of its settings are taken until this is corrected"]);
    }
    let (narrowed, warnings) = narrowed(&base, "[context]\nexclude = ['x']\nmax_file_bytes =", true);
    assert_nothing_taken(&base, &narrowed);
    assert!(warnings[0].starts_with("FILE:3: the whole file is ignored: not valid TOML: "), "{warnings:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_warning_and_a_missing_one_is_nothing() {
    let base = base();
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(narrow(&base, &directory.path().join("absent"), true), base);

    let path = directory.path().join("odd");
    let reason = || {
        let narrowed = narrow(&base, &path, true);
        assert_nothing_taken(&base, &narrowed);
        narrowed.warnings[0].reason.clone()
    };
    std::fs::create_dir(&path).unwrap();
    assert_eq!(reason(), "the whole file is ignored: it is not a regular file");
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(reason().starts_with("the whole file is ignored: it cannot be read: "));
    std::fs::write(&path, "#".repeat(300_000)).unwrap();
    assert_eq!(reason(), "the whole file is ignored: it is larger than 262144 bytes");
}

#[test]
fn earlier_warnings_are_kept() {
    let base = Fixture::new().env("OPENAI_API_KEY", "k").set("provider.base_url=https://models.example").load();
    let (narrowed, warnings) = narrowed(&base, "session.warm = false", false);
    assert_eq!((base.warnings.len(), warnings.len(), narrowed.warnings.len()), (1, 1, 2));
}

#[test]
fn editor_settings_follow_the_same_rules() {
    let base = base();
    let settings = json!({
        "context": { "exclude": ["x"], "max_file_bytes": 5, "max_delta_bytes": null },
        "edit": { "confirm": "never" },
        "provider": { "base_url": "https://evil.example", "api_key_command": ["evil"] },
        "session": { "warm": false },
        "action": [{ "name": "a", "title": "A", "prompt": "P" }],
    });
    for settings in [settings.clone(), json!({ "pilotlight": settings, "other": 1 })] {
        let narrowed = narrow_from_editor(&base, &settings);
        assert_eq!(narrowed.config.context.exclude, ["own/", "x"]);
        assert_eq!(narrowed.config.context.max_file_bytes, 5);
        assert_eq!(narrowed.provenance.of("context.max_file_bytes"), &Layer::Editor);
        assert_eq!(
            (&narrowed.config.provider, &narrowed.config.session),
            (&base.config.provider, &base.config.session)
        );
        assert_eq!(narrowed.config.edit, base.config.edit);
        assert_eq!(narrowed.config.actions, []);
        let mut keys: Vec<_> = narrowed.warnings.iter().map(|warning| warning.key.clone().unwrap()).collect();
        keys.sort();
        assert_eq!(keys, ["action", "edit.confirm", "provider.api_key_command", "provider.base_url", "session.warm"]);
        let text = narrowed.warnings.iter().find(|warning| warning.key.as_deref() == Some("session.warm")).unwrap();
        let reason = "a workspace may not set it; set it in the user file, the environment or on the command line";
        assert_eq!(text.to_string(), format!("editor settings: session.warm: ignored: {reason}"));
    }
}

#[test]
fn odd_editor_settings_change_nothing() {
    let base = base();
    for quiet in
        [json!(null), json!({}), json!([]), json!({ "server": { "path": "/x" }, "trace": { "server": "off" } })]
    {
        assert_eq!(narrow_from_editor(&base, &quiet), base, "{quiet}");
    }
    for loud in [json!(1), json!([1]), json!({ "context": [] }), json!({ "context": { "max_file_bytes": "5" } })] {
        let narrowed = narrow_from_editor(&base, &loud);
        assert_nothing_taken(&base, &narrowed);
        assert!(!narrowed.warnings.is_empty(), "{loud}");
    }
}

#[test]
fn narrowing_twice_is_narrowing_once() {
    let base = base();
    let settings = json!({ "context": { "exclude": ["x"], "max_file_bytes": 5 } });
    let once = narrow_from_editor(&base, &settings);
    assert_eq!(narrow_from_editor(&once, &settings), once);
}
