//! The ground of a hunt: a project with a canary in every place that no model may see, by whichever rule, and one in the
//! names of such places; around it, files that may be seen.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::canary::{Canaries, GUESS, Owner, Standing};
use crate::support::Project;

/// Longest file that may be shown.
pub const MAX_FILE_BYTES: usize = 3000;

/// Places that are excluded, each with one by the same rule at which nothing is.
pub const EXCLUDED: &[(&str, &str)] = &[
    // The built-in list, in several spellings.
    (".env", ".env.none"),
    (".env.local", ".env.other"),
    ("server.pem", "none.pem"),
    ("tls.key", "none.key"),
    ("a.p12", "none.p12"),
    ("a.pfx", "none.pfx"),
    ("a.jks", "none.jks"),
    ("a.keystore", "none.keystore"),
    ("id_rsa", "id_rsa_none"),
    ("id_ecdsa.pub", "id_ecdsa_none"),
    ("id_ed25519", "id_ed25519_none"),
    (".npmrc", "src/.npmrc"),
    (".netrc", "src/.netrc"),
    (".pypirc", "src/.pypirc"),
    (".git-credentials", "src/.git-credentials"),
    (".htpasswd", "src/.htpasswd"),
    (".ssh/config", ".ssh/none"),
    (".aws/credentials", ".aws/none"),
    (".gnupg/key.txt", ".gnupg/none"),
    (".kube/config", ".kube/none"),
    (".docker/config.json", "src/.docker/config.json"),
    (".git/config", ".git/none"),
    (".git/logs/HEAD", ".git/none/HEAD"),
    (".hg/hgrc", ".hg/none"),
    (".svn/entries", ".svn/none"),
    ("prod.tfstate", "none.tfstate"),
    ("prod.tfstate.backup", "none.tfstate.backup"),
    ("credentials.json", "src/credentials.json"),
    ("service-account-x.json", "service-account-none.json"),
    ("sub/.ENV", "sub/.Env.none"),
    ("sub/Server.PEM", "sub/None.PEM"),
    ("sub/ID_R\u{17f}A", "sub/ID_R\u{17f}A_none"),
    ("sub/tls.\u{212a}ey", "sub/none.\u{212a}ey"),
    ("sub/.e\u{200c}nv", "sub/.e\u{200c}nv.none"),
    ("sub/.SSH/Config", "sub/.SSH/None"),
    ("sub/.g\u{200d}it/x", "sub/.g\u{200d}it/none"),
    ("sub/x.TFSTATE", "sub/none.TFSTATE"),
    // `.gitignore`, here and in folders, with what negations do not take back.
    ("build/out.txt", "build/none.txt"),
    ("build/keep.log", "build/none/keep.log"),
    ("deep/build/x.txt", "deep/build/none.txt"),
    ("a.log", "none.log"),
    ("deep/B.LOG", "deep/NONE.LOG"),
    ("secret.txt", "secret-none.txt"),
    ("deep/SECRET.txt", "deep/SECRET-none.txt"),
    ("Cafe\u{301}.txt", "deep/Cafe\u{301}.txt"),
    ("top.txt", "top-none.txt"),
    ("vault/inside.txt", "vault/none.txt"),
    ("Vault/deep/inside.txt", "Vault/deep/none.txt"),
    ("sub/x.tmp", "sub/none.tmp"),
    ("sub/deep/y.tmp", "sub/deep/none.tmp"),
    ("sub/local/q.txt", "sub/local/none.txt"),
    // `.pilotlightignore`: no negation in the other kind of list lifts it, and a line that cannot be read hides everything.
    ("private/x.md", "private/none.md"),
    ("notes.draft", "none.draft"),
    ("locked/x.txt", "locked/none.txt"),
    // What the user excludes, and the workspace.
    ("finance/q.csv", "finance/none.csv"),
    ("x.ledger.txt", "none.ledger.txt"),
    ("hr/list.csv", "hr/none.csv"),
    // Through links, to what is excluded and out of the workspace.
    #[cfg(unix)]
    ("inner/config", "inner/none"),
    #[cfg(unix)]
    ("chain/config", "chain/none"),
    #[cfg(unix)]
    ("folder/there.txt", "folder/none.txt"),
    #[cfg(unix)]
    ("src/link.txt", "src/dangling.txt"),
    #[cfg(unix)]
    ("settings.txt", "src/dangling.txt"),
];

/// Names that hold a canary, where `{}` stands; a model is never told them.
pub const NAMED: &[&str] = &[
    ".env.{}",
    "{}.pem",
    "src/{}.key",
    "id_rsa_{}",
    ".ssh/{}",
    ".git/refs/{}",
    "{}.tfstate",
    "service-account-{}.json",
    "build/{}.txt",
    "vault/{}/x.txt",
    "deep/{}.log",
    "private/{}.md",
    "finance/{}.csv",
    "hr/{}.csv",
    "locked/{}.txt",
    "sub/{}.tmp",
];

/// Files whose names say nothing, and whose texts are none or too long.
const UNSHOWN: &[&str] = &["big.txt", "blob.bin", "latin.txt"];

/// New documents in excluded places, or below links to them.
pub const UNSAVED: &[&str] = &[
    ".env.unsaved",
    "vault/unsaved.txt",
    "unsaved.pem",
    "private/unsaved.md",
    #[cfg(unix)]
    "inner/unsaved.txt",
    #[cfg(unix)]
    "chain/unsaved.txt",
    #[cfg(unix)]
    "folder/unsaved.txt",
];

/// Files outside the workspace.
pub const OUTSIDE: &[&str] = &["beside.txt", "elsewhere/there.txt", "project-twin/x.txt"];

/// Files that may be seen, some because a negation takes them back.
pub const ALLOWED: &[&str] = &[
    "src/lib.rs",
    "src/main.rs",
    "README.md",
    "AGENTS.md",
    "docs/guide.md",
    "keep.log",
    "secret-sample.txt",
    "deep/top-2.txt",
    "sub/ok.tmp",
    "sub/deep/z.tmp",
    "sub/n.draft",
    ".env.example",
];

/// Files that a rule hides at times: the file, the list its rule stands in, and that list with it.
pub const TOGGLED: &[(Owner, &str, &str)] = &[
    (
        "notes/plan.txt",
        ".gitignore",
        concat!(
            "build/\nvault/\n*.log\n!keep.log\nsecret*\n!secret-sample.txt\n/top*.txt\nCaf\u{e9}.txt\n",
            "notes/\n"
        ),
    ),
    ("todo.md", ".pilotlightignore", "private/\n*.draft\n!build/\n!vault/\ntodo.*\n"),
    ("plans/next.txt", "plans/.pilotlightignore", "NEXT.txt\n"),
];

/// The lists while they hide none of these files.
const LISTS: &[(&str, &str)] = &[
    (".gitignore", "build/\nvault/\n*.log\n!keep.log\nsecret*\n!secret-sample.txt\n/top*.txt\nCaf\u{e9}.txt\n"),
    (".pilotlightignore", "private/\n*.draft\n!build/\n!vault/\n"),
    ("sub/.gitignore", "*.tmp\n!ok.tmp\nlocal/\n!private/\n"),
    ("sub/deep/.gitignore", "!z.tmp\n"),
    ("sub/.pilotlightignore", "!n.draft\n!*.tmp\n"),
    ("locked/.pilotlightignore", "fine.txt\na{b\n"),
    (".pilotlight.toml", "[context]\nexclude = [\"hr/\"]\n"),
];

/// The user's own settings about what may be seen.
pub const CONTEXT: &str = "[context]\nexclude = [\"finance/\", \"*.ledger.txt\"]\nmax_file_bytes = 3000\n";

/// A file that moves between these places, of which the second is excluded.
pub const MOVING: [&str; 2] = ["draft.md", "vault/draft.md"];

/// The project, and what is where.
pub struct Ground {
    /// The project.
    pub project: Project,
    /// Everything planted.
    pub canaries: Canaries,
    /// Paths with canaries in them, by their patterns; no model is told them.
    pub named: BTreeMap<&'static str, String>,
    /// Which of [`TOGGLED`] are hidden now.
    pub hidden: [bool; TOGGLED.len()],
    /// Whether the moving file is at its excluded place.
    pub moved: bool,
}

impl Ground {
    /// Plants everything.
    pub fn new() -> Ground {
        let (project, canaries) = (Project::new(""), Canaries::default());
        let mut ground =
            Ground { project, canaries, named: BTreeMap::new(), hidden: [false; TOGGLED.len()], moved: false };
        for (path, text) in LISTS {
            ground.project.write(path, text);
        }
        for path in ALLOWED {
            ground.project.write(path, &format!("{}\none of {path}\ntwo\nthree\n", secrets(&mut ground.canaries)));
        }
        for owner in TOGGLED.iter().map(|(owner, ..)| *owner).chain([MOVING[0]]) {
            let shown = ground.canaries.plant_in(owner, Standing::Shown);
            ground.project.write(owner, &format!("first\n{shown}\nlast\n"));
        }
        ground.plant_outside();
        ground.plant_links();
        let is_link = |path: &str| {
            ["inner/", "chain/", "folder/", "src/link.txt", "settings.txt"].iter().any(|link| path.starts_with(link))
        };
        for (path, _) in EXCLUDED.iter().filter(|(path, _)| !is_link(path)) {
            ground.fill(path);
        }
        for pattern in NAMED {
            let name = pattern.replace("{}", &ground.canaries.plant(&format!("the name {pattern}")));
            ground.fill(&name);
            ground.named.insert(pattern, name);
        }
        ground.plant_unshown();
        ground
    }

    /// Writes a text with a canary that names the place.
    pub fn fill(&mut self, path: &str) {
        let text = self.text(path);
        self.project.write(path, &text);
    }

    /// A text with a canary that names the place, on lines that a guess may stand before.
    pub fn text(&mut self, path: &str) -> String {
        let canary = self.canaries.plant(path);
        format!("{canary}\nkey = {canary}\n{GUESS}\n{}{canary}\n", "x".repeat(40))
    }

    fn plant_outside(&mut self) {
        let named = format!("elsewhere/{}.txt", self.canaries.plant("a name outside"));
        for path in OUTSIDE.iter().copied().chain([named.as_str()]) {
            let (text, file) = (self.text(path), self.project.outside(path));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }

    #[cfg(unix)]
    fn plant_links(&mut self) {
        let root = self.project.root();
        let named = format!("../elsewhere/{}.txt", self.canaries.plant("where a link leads"));
        fs::create_dir_all(root.join("src")).unwrap();
        for (target, link) in [
            ("../../beside.txt", "src/link.txt"),
            ("../../nothing-yet", "src/dangling.txt"),
            ("../elsewhere", "folder"),
            (".ssh", "inner"),
            ("inner", "chain"),
            (".env", "settings.txt"),
            (&named, "pointer"),
        ] {
            std::os::unix::fs::symlink(target, root.join(link)).unwrap();
        }
    }

    #[cfg(not(unix))]
    fn plant_links(&mut self) {}

    fn plant_unshown(&mut self) {
        let [big, blob, latin] = [0, 1, 2].map(|at| self.text(UNSHOWN[at]).into_bytes());
        let filler = "y".repeat(MAX_FILE_BYTES).into_bytes();
        let write = |name: &str, bytes: Vec<u8>| fs::write(self.project.root().join(name), bytes).unwrap();
        write(UNSHOWN[0], [big.clone(), filler, big].concat());
        write(UNSHOWN[1], [blob, vec![0, 1, 2]].concat());
        write(UNSHOWN[2], [latin, b"caf\xe9\n".to_vec()].concat());
    }

    /// Writes or takes away the rule that hides a file.
    pub fn toggle(&mut self, which: usize, hide: bool) {
        let (owner, list, hiding) = TOGGLED[which];
        if self.hidden[which] == hide {
            return;
        }
        self.hidden[which] = hide;
        let shown = LISTS.iter().find(|(path, _)| *path == list).map(|(_, text)| *text);
        if hide {
            self.project.write(list, hiding);
            self.canaries.hide(owner);
            return;
        }
        self.canaries.show(owner);
        match shown {
            Some(text) => self.project.write(list, text),
            None => fs::remove_file(self.project.root().join(list)).unwrap(),
        }
    }

    /// What stands in a file that comes and goes, when somebody types into it now.
    pub fn typed(&mut self, owner: Owner) -> String {
        let hidden = match TOGGLED.iter().position(|(known, ..)| *known == owner) {
            Some(at) => self.hidden[at],
            None => self.moved,
        };
        self.canaries.plant_in(owner, if hidden { Standing::Hidden } else { Standing::Shown })
    }
}

/// A file of the project, whether it can be opened.
pub fn is_text(root: &Path, path: &str) -> bool {
    fs::read_to_string(root.join(path)).is_ok()
}

/// Secrets by their shape, in a file that may be shown.
pub fn secrets(canaries: &mut Canaries) -> String {
    let mut one = |kind: &str| canaries.plant(&format!("a secret by its shape, {kind}"));
    format!(
        "const A: &str = \"ghp_{}A1b2C3d4E5f6G7h8I9j0\";\nAWS_ACCESS_KEY_ID=AKIA{}\nlet password = \"{}7T!9&2x\";\n\
         url = \"postgres://user:{}7@host/db\"\n-----BEGIN PRIVATE KEY-----\nMIIE{}vQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----",
        one("a token"),
        one("an access key").to_ascii_uppercase(),
        one("a password"),
        one("a password in a URL"),
        one("a private key"),
    )
}
