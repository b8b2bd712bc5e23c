//! A terminal with an editor in it: keys go in, the screen is read. What is waited for is waited for on the screen, never
//! for a fixed time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Scratch;

/// A guard against hangs, not a measure.
const LIMIT: Duration = Duration::from_secs(30);
const LOOKS_EVERY: Duration = Duration::from_millis(50);

/// Pages are read and written whole, and tests run beside each other.
static PAGES: Mutex<()> = Mutex::new(());

/// A tmux of its own with one window; ended when it is dropped, with whatever runs in it.
pub struct Terminal {
    tmux: PathBuf,
    socket: PathBuf,
}

impl Terminal {
    /// Starts a command in a terminal of so many columns and lines, where `Scratch::command` would run it.
    pub fn start(tmux: &Path, scratch: &Scratch, command: &Command, (columns, lines): (u16, u16)) -> Terminal {
        let terminal = Terminal { tmux: tmux.to_owned(), socket: scratch.path().join("tmux.sock") };
        let size = [columns.to_string(), lines.to_string()];
        let mut start = terminal.tmux(["new-session", "-d", "-x", &size[0], "-y", &size[1], "-c"]);
        start.arg(scratch.project()).args(["env", "-i", "TERM=xterm-256color"]);
        for (variable, value) in command.get_envs() {
            let mut assignment = variable.to_owned();
            assignment.push("=");
            assignment.push(value.unwrap_or_default());
            start.arg(assignment);
        }
        start.arg(command.get_program()).args(command.get_args());
        assert!(start.status().expect("tmux starts").success(), "{start:?}");
        terminal
    }

    /// Presses keys, as tmux names them; what is no name is typed as it is.
    pub fn keys<const N: usize>(&self, keys: [&str; N]) {
        let mut send = self.tmux(["send-keys", "--"]);
        assert!(send.args(keys).status().expect("tmux runs").success());
    }

    /// Waits until the screen is as it should be, and returns it.
    pub fn wait(&self, what: &str, right: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if right(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < LIMIT, "waited for {what}; the screen shows\n{screen}");
            sleep(LOOKS_EVERY);
        }
    }

    /// Waits until the screen shows a text.
    pub fn shows(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    fn screen(&self) -> String {
        let output = self.tmux(["capture-pane", "-p"]).output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn tmux<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut tmux = Command::new(&self.tmux);
        tmux.env_remove("TMUX").arg("-S").arg(&self.socket).args(["-f", "/dev/null"]).args(arguments);
        tmux
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(["kill-server"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Holds a screen against its recording in `docs/pictures`, and that against the page that shows it; with
/// `PILOTLIGHT_UPDATE_PICTURES=1` writes both anew. On the page, the recording stands in the code block behind the comment
/// `<!-- NAME -->`.
pub fn picture(name: &str, screen: &str, page: &Path) {
    let _one_at_a_time = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let screen = plain(screen);
    let file = Path::new(super::ROOT).join("docs/pictures").join(name);
    let told = fs::read_to_string(page).expect("the page");
    let head = format!("<!-- {name} -->\n````text\n");
    let (before, rest) = told.split_once(&head).unwrap_or_else(|| panic!("{} has no {name}", page.display()));
    let (shown, after) = rest.split_once("````").expect("the end of the block");
    if std::env::var_os("PILOTLIGHT_UPDATE_PICTURES").is_some_and(|set| set == "1") {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for pictures");
        fs::write(&file, &screen).expect("a recording");
        fs::write(page, format!("{before}{head}{screen}````{after}")).expect("a page");
        return;
    }
    let again = "run the test with PILOTLIGHT_UPDATE_PICTURES=1";
    assert_eq!(screen, fs::read_to_string(&file).unwrap_or_default(), "{name} is not what is on the screen: {again}");
    assert_eq!(shown, screen, "{} does not show {name}: {again}", page.display());
}

/// A screen without what differs from run to run or is not seen: times, and blanks at the ends.
fn plain(screen: &str) -> String {
    let mut text: String = screen.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    while text.ends_with("\n\n") {
        text.pop();
    }
    text
}
