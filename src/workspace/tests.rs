//! One folder: reading, containment, listing and searching on real trees.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A workspace on disk with an editor that has documents open.
struct Fixture {
    temp: tempfile::TempDir,
    documents: Arc<Documents>,
}

impl Fixture {
    fn new(files: &[(&str, &str)]) -> Self {
        let fixture =
            Self { temp: tempfile::tempdir().unwrap(), documents: Arc::new(Documents::new(PositionEncoding::Utf16)) };
        fs::create_dir(fixture.root()).unwrap();
        files.iter().for_each(|(path, text)| fixture.write(path, text.as_bytes()));
        fixture
    }

    fn root(&self) -> PathBuf {
        self.temp.path().join("root")
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn open(&self, path: &str, text: &str) {
        let applied = self.documents.open(&path_to_uri(&self.root().join(path)), "text", 1, text);
        assert_eq!(applied, Applied::Done);
    }

    fn desync(&self, path: &str) {
        let uri = path_to_uri(&self.root().join(path));
        self.documents.change(&uri, 0, vec![]);
    }

    fn workspace(&self) -> Workspace {
        self.workspace_with(ContextRules::default())
    }

    fn workspace_with(&self, rules: ContextRules) -> Workspace {
        Workspace::new(&self.root(), self.documents.clone(), rules).unwrap()
    }

    #[cfg(unix)]
    fn link(&self, target: &str, path: &str) {
        std::os::unix::fs::symlink(target, self.root().join(path)).unwrap();
    }
}

fn rel(path: &str) -> RelPath {
    RelPath::parse(path).unwrap()
}

fn read(workspace: &Workspace, path: &str) -> Result<String, ReadError> {
    workspace.read(&rel(path)).map(|text| text.to_string())
}

fn never() -> bool {
    false
}

fn list(workspace: &Workspace, glob: Option<&str>) -> Vec<String> {
    let listing = workspace.files(glob, 100, &Overlay::new(), &never).unwrap();
    assert!(!listing.truncated);
    listing.paths.iter().map(RelPath::to_string).collect()
}

/// The hits of a search as `path:line:text`.
fn found(workspace: &Workspace, pattern: &str, overlay: &Overlay) -> Vec<String> {
    let query = Query { pattern: pattern.into(), glob: None, max_results: 100 };
    let hits = workspace.search(&query, overlay, &never).unwrap();
    assert_eq!((hits.truncated, hits.total), (false, Some(hits.hits.len())));
    hits.hits.iter().map(|hit| format!("{}:{}:{}", hit.path, hit.line, hit.text)).collect()
}

#[test]
fn everything_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Workspace>();
    shared::<Snapshot>();
    shared::<Consents>();
}

#[test]
fn open_documents_come_before_the_disk() {
    let fixture = Fixture::new(&[("a.txt", "disk\r\n"), ("b.txt", "\u{feff}b\r\n")]);
    let workspace = fixture.workspace();
    fixture.open("a.txt", "buffer\r\n");
    fixture.open("new/c.txt", "unsaved");
    assert_eq!(read(&workspace, "a.txt"), Ok("buffer\n".into()));
    assert_eq!(workspace.read_raw(&rel("a.txt")), Ok("buffer\r\n".into()));
    assert_eq!(read(&workspace, "b.txt"), Ok("b\n".into()));
    assert_eq!(workspace.read_raw(&rel("b.txt")), Ok("\u{feff}b\r\n".into()));
    assert_eq!(read(&workspace, "new/c.txt"), Ok("unsaved".into()));
    assert_eq!(read(&workspace, "d.txt"), Err(ReadError::NotFound));
    assert_eq!(read(&workspace, "a.txt/d"), Err(ReadError::NotFound));
}

#[test]
fn a_desynced_document_hides_the_file_on_disk() {
    let fixture = Fixture::new(&[("a.txt", "disk")]);
    fixture.open("a.txt", "buffer");
    fixture.desync("a.txt");
    assert_eq!(read(&fixture.workspace(), "a.txt"), Err(ReadError::Desynced));
}

#[test]
fn what_is_not_to_be_read_is_refused() {
    let fixture = Fixture::new(&[(".env", "KEY=1"), ("long.txt", "12345"), ("folder/x", "")]);
    fixture.write("binary", b"a\0b");
    fixture.write("latin", b"caf\xe9");
    fixture.open("open.pem", "KEY");
    fixture.open("open.txt", "123456");
    fixture.open("zero.txt", "a\0b");
    let workspace = fixture.workspace_with(ContextRules { max_file_bytes: 4, ..Default::default() });
    for path in [".env", "open.pem"] {
        assert!(matches!(read(&workspace, path), Err(ReadError::Excluded(_))), "{path}");
        assert!(matches!(workspace.read_raw(&rel(path)), Err(ReadError::Excluded(_))), "{path}");
        assert!(matches!(workspace.check(&rel(path)), Err(ReadError::Excluded(_))), "{path}");
    }
    assert_eq!(read(&workspace, "binary"), Err(ReadError::NotText));
    assert_eq!(read(&workspace, "latin"), Err(ReadError::NotText));
    assert_eq!(read(&workspace, "zero.txt"), Err(ReadError::NotText));
    assert_eq!(read(&workspace, "long.txt"), Err(ReadError::TooLarge { bytes: 5, limit: 4 }));
    assert_eq!(read(&workspace, "open.txt"), Err(ReadError::TooLarge { bytes: 6, limit: 4 }));
    assert_eq!(read(&workspace, "folder"), Err(ReadError::Directory));
}

#[test]
fn errors_read_as_clauses() {
    let exclusion = Exclusion { rule: "`.env` (built in)".into() };
    for (error, text) in [
        (ReadError::Excluded(exclusion), "it is excluded by `.env` (built in)"),
        (
            ReadError::TooLarge { bytes: 5, limit: 4 },
            "it has 5 bytes, more than the 4 that context.max_file_bytes allows",
        ),
        (ReadError::Io(io::ErrorKind::PermissionDenied), "permission denied"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[cfg(unix)]
#[test]
fn links_lead_neither_out_nor_to_excluded_files() {
    let fixture = Fixture::new(&[("real.txt", "text"), (".env", "KEY=1"), ("folder/x.txt", "x")]);
    fs::write(fixture.temp.path().join("outside.txt"), "outside").unwrap();
    fixture.link("real.txt", "good");
    fixture.link("folder", "good-folder");
    fixture.link(".env", "config.txt");
    fixture.link("../outside.txt", "out.txt");
    fixture.link("..", "up");
    fixture.link("../nothing-yet", "dangling");
    fixture.link("loop", "loop");
    let workspace = fixture.workspace();
    assert_eq!(read(&workspace, "good"), Ok("text".into()));
    assert_eq!(read(&workspace, "good-folder/x.txt"), Ok("x".into()));
    assert!(matches!(read(&workspace, "config.txt"), Err(ReadError::Excluded(_))));
    for path in ["out.txt", "up/outside.txt", "up/new.txt", "dangling", "dangling/x"] {
        assert_eq!(read(&workspace, path), Err(ReadError::Outside), "{path}");
        assert_eq!(workspace.contained(&rel(path)), Err(ReadError::Outside), "{path}");
    }
    assert!(read(&workspace, "loop").is_err());
    assert_eq!(workspace.contained(&rel("brand/new/file.txt")), Ok(()));
    assert_eq!(workspace.contained(&rel("good-folder/new.txt")), Ok(()));
    assert_eq!(list(&workspace, None), ["folder/x.txt", "real.txt"], "links are not followed");
    let overlay = Overlay::from([(rel("up/made.txt"), Some(ModelText::from_lf("outside")))]);
    assert_eq!(found(&workspace, "outside", &overlay), [""; 0]);
}

#[cfg(unix)]
#[test]
fn an_open_document_behind_a_link_is_judged_by_where_it_leads() {
    let fixture = Fixture::new(&[("real.txt", "disk"), (".env", "KEY=1")]);
    fs::write(fixture.temp.path().join("outside.txt"), "outside").unwrap();
    fixture.link("real.txt", "alias.txt");
    fixture.link(".env", "config.txt");
    fixture.link("../outside.txt", "out.txt");
    fixture.open("real.txt", "buffer");
    fixture.open("config.txt", "KEY=2");
    fixture.open("out.txt", "outside");
    let workspace = fixture.workspace();
    assert_eq!(read(&workspace, "alias.txt"), Ok("buffer".into()));
    assert!(matches!(read(&workspace, "config.txt"), Err(ReadError::Excluded(_))));
    assert_eq!(read(&workspace, "out.txt"), Err(ReadError::Outside));
    assert_eq!(found(&workspace, "KEY|outside", &Overlay::new()), [""; 0]);
    fixture.open("alias.txt", "buffer of the alias");
    assert_eq!(read(&workspace, "alias.txt"), Ok("buffer of the alias".into()));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_opened() {
    let fixture = Fixture::new(&[("a.txt", "a")]);
    let made = std::process::Command::new("mkfifo").arg(fixture.root().join("pipe")).status().unwrap();
    assert!(made.success());
    let made = std::process::Command::new("mkfifo").arg(fixture.root().join(".gitignore")).status().unwrap();
    assert!(made.success());
    let workspace = fixture.workspace();
    assert_eq!(read(&workspace, "pipe"), Err(ReadError::NotRegular));
    assert_eq!(list(&workspace, None), ["a.txt"]);
    assert_eq!(found(&workspace, "a", &Overlay::new()), ["a.txt:1:a"]);
}

#[cfg(unix)]
#[test]
fn both_spellings_of_the_root_are_known() {
    let fixture = Fixture::new(&[("real/a b.txt", "disk"), ("real/c.txt", "c")]);
    fixture.link("real", "link");
    let (real, link) = (fixture.root().canonicalize().unwrap().join("real"), fixture.root().join("link"));
    let workspace = Workspace::new(&link, fixture.documents.clone(), ContextRules::default()).unwrap();
    assert_eq!((workspace.root(), workspace.name()), (real.as_path(), "link"));
    for root in [&real, &link] {
        assert_eq!(workspace.rel(&root.join("a b.txt")), Some(rel("a b.txt")));
    }
    assert_eq!(workspace.rel(&fixture.root().join("other")), None);
    assert_eq!(workspace.abs(&rel("c.txt")), link.join("c.txt"));
    assert_eq!(workspace.uri(&rel("c.txt")), path_to_uri(&link.join("c.txt")));
    let own_spelling = format!("{}/a%20%62.txt", path_to_uri(&real));
    fixture.documents.open(&own_spelling, "text", 1, "buffer");
    assert_eq!(workspace.uri(&rel("a b.txt")), own_spelling);
    assert_eq!(workspace.rel_of_uri(&own_spelling), Some(rel("a b.txt")));
    assert_eq!(read(&workspace, "a b.txt"), Ok("buffer".into()));
}

#[test]
fn a_workspace_is_a_folder() {
    let fixture = Fixture::new(&[("file", "")]);
    for path in ["file", "nothing"] {
        let path = fixture.root().join(path);
        let error = Workspace::new(&path, fixture.documents.clone(), ContextRules::default()).err().unwrap();
        assert!(
            error.to_string().starts_with(&format!("the workspace {} cannot be opened: ", path.display())),
            "{error}"
        );
    }
    let rules = ContextRules { exclude: vec!["{".into()], ..Default::default() };
    let error = Workspace::new(&fixture.root(), fixture.documents.clone(), rules).err().unwrap();
    assert!(error.to_string().starts_with("context.exclude: the pattern `{` cannot be read: "), "{error}");
}

#[test]
fn existence_is_of_anything_anywhere() {
    let fixture = Fixture::new(&[("a.txt", ""), (".env", ""), ("folder/x", "")]);
    fixture.open("unsaved.txt", "");
    let workspace = fixture.workspace();
    for (path, exists) in
        [("a.txt", true), (".env", true), ("folder", true), ("unsaved.txt", true), ("b.txt", false), ("a.txt/b", false)]
    {
        assert_eq!(workspace.exists(&rel(path)), exists, "{path}");
    }
}

#[test]
fn listings_are_sorted_and_hold_what_may_be_shown() {
    let fixture = Fixture::new(&[
        ("b/c.rs", ""),
        ("b.rs", ""),
        ("b-1/x.rs", ""),
        ("a.rs", ""),
        ("target/out.rs", ""),
        (".gitignore", "target/\n*.log\n"),
        ("x.log", ""),
        (".env", ""),
        (".git/config", ""),
        ("z/deep/er/f.txt", ""),
    ]);
    fixture.open("b/new.rs", "");
    fixture.open("b/c.rs", "");
    fixture.open("secret.pem", "");
    fixture.open("unsaved.log", "");
    let workspace = fixture.workspace();
    let all = [".gitignore", "a.rs", "b-1/x.rs", "b.rs", "b/c.rs", "b/new.rs", "z/deep/er/f.txt"];
    assert_eq!(list(&workspace, None), all);
    assert_eq!(list(&workspace, Some("*.rs")), ["a.rs", "b-1/x.rs", "b.rs", "b/c.rs", "b/new.rs"]);
    assert_eq!(list(&workspace, Some("b/*")), ["b/c.rs", "b/new.rs"]);
    assert_eq!(list(&workspace, Some("nothing")), [""; 0]);
    assert!(workspace.files(Some("{"), 1, &Overlay::new(), &never).is_err());
    for limit in 0..=all.len() {
        let listing = workspace.files(None, limit, &Overlay::new(), &never).unwrap();
        let paths: Vec<&str> = listing.paths.iter().map(RelPath::as_str).collect();
        assert_eq!((paths.as_slice(), listing.truncated), (&all[..limit], limit < all.len()));
    }
}

#[test]
fn listings_follow_the_turns_working_copy() {
    let fixture = Fixture::new(&[("a.rs", ""), ("b.rs", "")]);
    fixture.open("c.rs", "");
    let text = || Some(ModelText::from_lf("x"));
    let overlay = Overlay::from([
        (rel("a.rs"), None),
        (rel("c.rs"), None),
        (rel("aa.rs"), text()),
        (rel("b.rs"), text()),
        (rel(".env"), text()),
    ]);
    let listing = fixture.workspace().files(None, 10, &overlay, &never).unwrap();
    assert_eq!(listing.paths, [rel("aa.rs"), rel("b.rs")]);
}

#[test]
fn a_walk_ends_when_cancelled() {
    let files: Vec<(String, &str)> = (0..50).map(|n| (format!("{n:02}.txt"), "needle")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let workspace = Fixture::new(&files);
    let workspace = workspace.workspace();
    let asked = AtomicUsize::new(0);
    let after_ten = || asked.fetch_add(1, Ordering::Relaxed) >= 10;
    let listing = workspace.files(None, 100, &Overlay::new(), &after_ten).unwrap();
    assert!(listing.truncated && listing.paths.len() == 10, "{}", listing.paths.len());
    asked.store(0, Ordering::Relaxed);
    let query = Query { pattern: "needle".into(), glob: None, max_results: 100 };
    let hits = workspace.search(&query, &Overlay::new(), &after_ten).unwrap();
    assert!(hits.truncated && hits.total.is_none() && hits.hits.len() == 10, "{}", hits.hits.len());
}

#[test]
fn searches_see_what_the_model_sees() {
    let fixture = Fixture::new(&[
        ("a.txt", "one\r\nneedle here\r\n"),
        ("b.txt", "needle on disk\n"),
        ("c.txt", "needle to be deleted\n"),
        ("d.txt", "nothing\n"),
        (".env", "needle=secret\n"),
        ("target/x.txt", "needle\n"),
        (".gitignore", "target\n"),
        ("e.txt", "needle, but desynced"),
    ]);
    fixture.write("binary", b"needle\0");
    fixture.open("b.txt", "buffer\nand a needle");
    fixture.open("unsaved.txt", "needle\n");
    fixture.open("secret.pem", "needle\n");
    fixture.open("e.txt", "needle");
    fixture.desync("e.txt");
    let workspace = fixture.workspace();
    let overlay = Overlay::from([
        (rel("c.txt"), None),
        (rel("d.txt"), Some(ModelText::from_lf("now a needle\n"))),
        (rel("made.txt"), Some(ModelText::from_lf("needle"))),
        (rel(".env"), Some(ModelText::from_lf("needle"))),
    ]);
    assert_eq!(
        found(&workspace, "needle( here)?$", &overlay),
        [
            "a.txt:2:needle here",
            "b.txt:2:and a needle",
            "d.txt:1:now a needle",
            "made.txt:1:needle",
            "unsaved.txt:1:needle"
        ]
    );
    let query = Query { pattern: "needle".into(), glob: Some("[de].txt".into()), max_results: 9 };
    assert_eq!(workspace.search(&query, &Overlay::new(), &never).unwrap().unread, [rel("e.txt")]);
}

#[test]
fn searches_are_cut_to_what_was_asked_for() {
    let long = format!("{}end", "𝄞".repeat(300));
    let fixture = Fixture::new(&[("a.txt", "x\nx\nx\n"), ("b.txt", "x"), ("c.txt", &long)]);
    let workspace = fixture.workspace();
    for (max_results, expected, total) in [(2, 2, None), (3, 3, None), (4, 4, Some(4)), (5, 4, Some(4)), (0, 0, None)] {
        let query = Query { pattern: "x".into(), glob: None, max_results };
        let hits = workspace.search(&query, &Overlay::new(), &never).unwrap();
        assert_eq!((hits.hits.len(), hits.truncated, hits.total), (expected, total.is_none(), total), "{max_results}");
    }
    let query = Query { pattern: "end$".into(), glob: Some("c.txt".into()), max_results: 1 };
    let hits = workspace.search(&query, &Overlay::new(), &never).unwrap();
    assert_eq!((hits.hits[0].text.as_str(), hits.hits[0].cut), ("𝄞".repeat(300).as_str(), true));
}

#[test]
fn bad_patterns_are_explained_in_a_line() {
    let workspace = Fixture::new(&[]);
    let workspace = workspace.workspace();
    for (pattern, reason) in [("fn (", "unclosed group"), ("", "it is empty"), ("a{1000}{1000}", "size limit")] {
        let query = Query { pattern: pattern.into(), glob: None, max_results: 1 };
        let error = workspace.search(&query, &Overlay::new(), &never).unwrap_err();
        assert_eq!(error.pattern, pattern);
        assert!(error.reason.contains(reason) && !error.reason.contains('\n'), "{error}");
    }
    let query = Query { pattern: "a\\nb".into(), glob: None, max_results: 1 };
    assert!(workspace.search(&query, &Overlay::new(), &never).is_err(), "lines are searched one by one");
}
