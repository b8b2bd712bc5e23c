//! Three turns on the Rust project of the test editor, as the fixtures in this folder answer them: a read, a search and a
//! patch; two calls at once and a patch; a search, a patch that is refused and one of two files. What is asked for and
//! what must be seen in the buffers afterwards stand here; what the model says stands in the fixtures.

use serde_json::{Value, json};

use crate::support::TestEditor;

/// One turn.
pub struct Turn {
    /// The file it is invoked on, and a text there that is selected.
    pub file: &'static str,
    /// See `file`.
    pub selected: &'static str,
    /// What is asked for.
    pub instruction: &'static str,
    /// How many answers of the model it takes.
    pub rounds: u64,
    /// How many calls of tools.
    pub tool_calls: u64,
    /// What the buffers say afterwards: file, and a text in it.
    pub written: &'static [(&'static str, &'static str)],
}

/// The three turns, in order.
pub const TURNS: [Turn; 3] = [
    Turn {
        file: "src/station.rs",
        selected: "LONGEST",
        instruction: "Turn one: the longest name of a city has 85 letters.",
        rounds: 4,
        tool_calls: 3,
        written: &[("src/station.rs", "LONGEST: usize = 85;")],
    },
    Turn {
        file: "src/report.rs",
        selected: "One city in one sentence",
        instruction: "Turn two: say in the comment what the sentence is about.",
        rounds: 3,
        tool_calls: 3,
        written: &[("src/report.rs", "/// The weather of one city in one sentence.\n")],
    },
    Turn {
        file: "src/main.rs",
        selected: "fetching",
        instruction: "Turn three: it asks rather than fetches, and once.",
        rounds: 4,
        tool_calls: 3,
        written: &[("src/main.rs", "\"asking {}\""), ("src/cache.rs", "\r\n/// Asks once.\r\npub fn cached")],
    },
];

impl Turn {
    /// Begins it in the editor; gives the turn's name.
    pub fn begin(&self, editor: &mut TestEditor) -> String {
        if !editor.is_open(self.file) {
            editor.open(self.file);
        }
        let range = editor.range(self.file, self.selected);
        let argument = json!({"uri": editor.uri(self.file), "range": range, "instruction": self.instruction});
        editor.begin("pilotlight.edit", argument)
    }

    /// Takes it to its end, which must be an edit that the buffers show; gives the receipt.
    pub fn take(&self, editor: &mut TestEditor) -> Value {
        let turn = self.begin(editor);
        let receipt = editor.expect_outcome(&turn, "applied");
        for (file, text) in self.written {
            let buffer = editor.text(file);
            assert!(buffer.contains(text), "no {text:?} in {file}:\n{buffer}");
        }
        let files = self.written.len();
        let counted = (&receipt["rounds"], &receipt["tool_calls"], &receipt["files_changed"]);
        assert_eq!(counted, (&json!(self.rounds), &json!(self.tool_calls), &json!(files)), "{receipt}");
        receipt
    }
}
