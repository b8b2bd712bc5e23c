//! The gate: the built-in list, ignore files, excludes, and every spelling of a name.

use std::fs;

use super::*;

/// A directory tree with a policy for it.
struct Tree {
    temp: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { temp: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(path, text)| tree.write(path, text));
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.temp.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn policy(&self, below: &str, exclude: &[&str]) -> Policy {
        let rules = ContextRules { exclude: exclude.iter().map(|&p| p.to_owned()).collect(), ..Default::default() };
        Policy::new(&self.temp.path().canonicalize().unwrap().join(below), rules).unwrap()
    }
}

/// What the policy says about a path; a path that ends with `/` is a folder.
fn rule(policy: &Policy, path: &str) -> Option<String> {
    let checked = policy.check(&RelPath::parse(path).unwrap(), path.ends_with('/'));
    checked.err().map(|exclusion| exclusion.rule)
}

fn check(policy: &Policy, excluded: &[&str], shown: &[&str]) {
    for path in excluded {
        assert!(rule(policy, path).is_some(), "{path} is shown");
    }
    for path in shown {
        assert_eq!(rule(policy, path), None, "{path}");
    }
}

#[test]
fn the_built_in_list_holds_everywhere_in_every_spelling() {
    let excluded = [
        ".env",
        "a/.env",
        ".env.local",
        ".ENV",
        ".Env.Production",
        "x.pem",
        "X.PEM",
        "a/b/tls.key",
        "a.p12",
        "a.pfx",
        "a.jks",
        "a.keystore",
        "id_rsa",
        "ID_RSA",
        "id_rsa.pub",
        "ID_R\u{17f}A",
        "id_ecdsa",
        "id_ed25519.old",
        ".npmrc",
        ".netrc",
        ".pypirc",
        ".git-credentials",
        ".htpasswd",
        ".ssh/config",
        ".SSH/x",
        ".aws/credentials",
        ".gnupg/x",
        "home/.kube/config",
        ".docker/config.json",
        "a/.Docker/Config.JSON",
        ".git/config",
        ".git",
        ".hg/x",
        ".svn/x",
        "prod.tfstate",
        "prod.tfstate.backup",
        "credentials.json",
        "Credentials.json",
        "service-account.json",
        "service-account-prod.json",
        ".g\u{200c}it/config",
        "\u{212a}.\u{212a}ey",
        "secrets.pem/inside.txt",
        ".env.example.local",
    ];
    let shown = [
        ".env.example",
        ".env.sample",
        "a/.env.template",
        ".ENV.EXAMPLE",
        "env",
        "src/environment.rs",
        "pem.rs",
        "keys.rs",
        "my_id_rsa.rs",
        ".gitignore",
        ".github/x.yml",
        ".docker/other.json",
        "config.json",
        "ssh/x",
        "credentials.rs",
        "a.tfvars",
        "service-account.rs",
    ];
    check(&Tree::new(&[]).policy("", &[]), &excluded, &shown);
}

#[test]
fn nothing_lifts_the_built_in_list() {
    let tree = Tree::new(&[(".gitignore", "!.env\n"), (".pilotlightignore", "!.env\n")]);
    check(&tree.policy("", &["!.env"]), &[".env"], &[]);
}

#[test]
fn exclusions_name_the_rule_and_its_place() {
    let tree = Tree::new(&[
        (".gitignore", "\n# built\ntarget/\n"),
        ("a/.gitignore", "*.gen\n"),
        (".pilotlightignore", "/private\n"),
    ]);
    let policy = tree.policy("", &["*.sql", "Dump/"]);
    for (path, expected) in [
        ("a/.env.local", "`.env.*` (built in)"),
        ("target/x", "`target/` (line 3) of .gitignore"),
        ("a/b/x.gen", "`*.gen` (line 1) of a/.gitignore"),
        ("private", "`/private` (line 1) of .pilotlightignore"),
        ("dump/x", "`Dump/` (line 2) of context.exclude"),
    ] {
        assert_eq!(rule(&policy, path).as_deref(), Some(expected));
    }
    let exclusion = policy.check(&RelPath::parse(".env").unwrap(), false).unwrap_err();
    assert_eq!(exclusion.to_string(), "excluded by `.env` (built in)");
}

#[test]
fn gitignore_files_nest_and_negate_as_in_git() {
    let tree = Tree::new(&[
        (".gitignore", "*.log\n!keep.log\nbuild/\n/only-top\n"),
        ("sub/.gitignore", "!also.log\n*.tmp\n"),
        ("sub/deep/.gitignore", "keep.log\n"),
        ("build/.gitignore", "!*\n"),
    ]);
    check(
        &tree.policy("", &[]),
        &["a.log", "sub/a.log", "sub/deep/keep.log", "sub/x.tmp", "build/", "build/x", "a/build/x", "only-top"],
        &["keep.log", "sub/keep.log", "sub/also.log", "sub/deep/also.log", "x.tmp", "build", "sub/only-top"],
    );
}

#[test]
fn each_kind_of_list_excludes_on_its_own() {
    let tree = Tree::new(&[(".gitignore", "a.txt\n"), (".pilotlightignore", "!a.txt\nb.txt\n!c.txt\n")]);
    check(&tree.policy("", &["c.txt", "*.sql", "!schema.sql"]), &["a.txt", "b.txt", "c.txt", "x.sql"], &["schema.sql"]);
}

#[test]
fn names_and_patterns_are_compared_folded() {
    let tree = Tree::new(&[(".gitignore", "Geheim\u{301}.txt\n"), (".pilotlightignore", "STRASSE/\n")]);
    let policy = tree.policy("", &["caf\u{e9}.md"]);
    check(&policy, &["geheim\u{301}.TXT", "stra\u{df}e/x", "CAFE\u{301}.md"], &["geheim.txt", "cafe.md"]);
}

#[test]
fn ignore_files_above_count_up_to_the_repository() {
    let tree = Tree::new(&[
        (".gitignore", "*.outside\n"),
        ("repo/.git/HEAD", ""),
        ("repo/.gitignore", "*.log\n/packages/Web/dist\n/dist\npackages/\n"),
        ("repo/packages/.pilotlightignore", "*.secret\n"),
        ("repo/packages/Web/.gitignore", "!keep.log\n"),
    ]);
    let policy = tree.policy("repo/packages/Web", &[]);
    check(&policy, &["a.log", "src/a.log", "dist/x", "a.secret"], &["keep.log", "src/dist/x", "a.outside", "src/a.rs"]);
    assert_eq!(rule(&policy, "a.log").as_deref(), Some("`*.log` (line 1) of ../../.gitignore"));
    assert_eq!(rule(&policy, "a.secret").as_deref(), Some("`*.secret` (line 1) of ../.pilotlightignore"));
}

#[test]
fn without_a_repository_nothing_above_counts() {
    let tree = Tree::new(&[(".gitignore", "*.log\n"), ("folder/x", "")]);
    check(&tree.policy("folder", &[]), &[], &["a.log"]);
}

#[test]
fn changed_ignore_files_are_noticed() {
    let tree = Tree::new(&[(".gitignore", "a\n"), ("sub/x", "")]);
    let policy = tree.policy("", &[]);
    check(&policy, &["a"], &["b", "sub/c"]);
    tree.write(".gitignore", "b\nlonger\n");
    tree.write("sub/.gitignore", "c\n");
    check(&policy, &["b", "sub/c"], &["a"]);
    fs::remove_file(tree.temp.path().join("sub/.gitignore")).unwrap();
    check(&policy, &["b"], &["a", "sub/c"]);
}

#[test]
fn invalidating_reads_anew_what_looks_unchanged() {
    let tree = Tree::new(&[(".gitignore", "a\n")]);
    let path = tree.temp.path().join(".gitignore");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let policy = tree.policy("", &[]);
    check(&policy, &["a"], &["b"]);
    tree.write(".gitignore", "b\n");
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    check(&policy, &["a"], &["b"]);
    policy.invalidate();
    check(&policy, &["b"], &["a"]);
}

#[test]
fn a_pilotlightignore_that_cannot_be_read_hides_its_folder() {
    let tree = Tree::new(&[("a/.pilotlightignore", "fine\nx{y\n"), ("b/.gitignore", "x{y\nfine\n")]);
    let policy = tree.policy("", &[]);
    check(&policy, &["a/anything", "b/fine"], &["b/anything", "c"]);
    let rule = rule(&policy, "a/anything").unwrap();
    assert!(rule.starts_with("`x{y` (line 2) cannot be read: ") && rule.ends_with(" of a/.pilotlightignore"), "{rule}");
}

#[test]
fn what_stands_in_the_place_of_a_pilotlightignore_and_is_none_hides_its_folder() {
    let tree = Tree::new(&[("a/.pilotlightignore/list", "x\n"), ("b/.gitignore/list", "x\n")]);
    let policy = tree.policy("", &[]);
    check(&policy, &["a/anything"], &["b/anything", "c"]);
    fs::remove_dir_all(tree.temp.path().join("a/.pilotlightignore")).unwrap();
    check(&policy, &[], &["a/anything"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", tree.temp.path().join("a/.pilotlightignore")).unwrap();
        check(&policy, &["a/anything"], &["c"]);
    }
}

#[test]
fn a_wrong_pattern_of_the_user_is_named() {
    let rules = ContextRules { exclude: vec!["ok".into(), "x{y".into()], ..Default::default() };
    let error = Policy::new(Path::new("/nowhere"), rules).err().unwrap();
    assert_eq!(error.pattern, "x{y");
    assert!(error.to_string().starts_with("the pattern `x{y` cannot be read: "), "{error}");
}

#[test]
fn texts_are_judged_by_size_and_content() {
    let rules = ContextRules { max_file_bytes: 20_000, ..Default::default() };
    let policy = Policy::new(Path::new("/nowhere"), rules).unwrap();
    let text = |length: usize, nul: usize| {
        let mut text = vec![b'x'; length];
        text.get_mut(nul).into_iter().for_each(|byte| *byte = 0);
        text
    };
    for (bytes, shown) in [
        (text(0, 1), true),
        (text(20_000, 20_000), true),
        (text(20_001, 20_001), false),
        (text(9_000, 0), false),
        (text(9_000, 8_191), false),
        (text(9_000, 8_192), true),
        (b"\xff\xfea\0".to_vec(), false),
        ("日本".into(), true),
    ] {
        assert_eq!(policy.check_text(&bytes).is_ok(), shown, "{} bytes", bytes.len());
        if let Ok(text) = std::str::from_utf8(&bytes) {
            assert_eq!(policy.check_document(&Rope::from_str(text)).is_ok(), shown);
        }
    }
    let too_large = policy.check_text(&text(20_001, 20_001)).unwrap_err();
    assert_eq!(too_large.to_string(), "excluded by the limit of 20000 bytes (context.max_file_bytes): it has 20001");
}

#[test]
fn what_is_known_of_ignore_files_is_as_it_was_read_last() {
    let tree = Tree::new(&[("a/.gitignore", "*.log\n")]);
    let policy = tree.policy("", &["drafts/"]);
    let known = |path: &str| policy.check_known(&RelPath::parse(path).unwrap()).err().map(|exclusion| exclusion.rule);
    assert_eq!(known("a/x.log"), None, "nothing was read yet");
    assert!(known(".env").is_some() && known("drafts/x.md").is_some(), "names need no disk");
    assert!(rule(&policy, "a/x.log").is_some());
    assert_eq!(known("a/x.log"), rule(&policy, "a/x.log"));
    tree.write("a/.gitignore", "");
    assert!(known("a/x.log").is_some(), "nobody looked since");
    assert_eq!(rule(&policy, "a/x.log"), None);
    assert_eq!(known("a/x.log"), None);
    tree.write("a/.gitignore", "*.log\n");
    assert!(rule(&policy, "a/x.log").is_some());
    fs::remove_file(tree.temp.path().join("a/.gitignore")).unwrap();
    assert_eq!(rule(&policy, "a/x.log"), None);
    assert_eq!(known("a/x.log"), None, "a file that is gone says nothing");
}
