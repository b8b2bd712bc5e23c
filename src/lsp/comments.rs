//! Comments that ask for something: `AI!`, `AI?`, TODOs and stubs, by each language's comment syntax.

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A comment that begins or ends with `AI!`: do what it says.
    Do(String),
    /// The same with `AI?`: answer it.
    Answer(String),
    /// A TODO comment.
    Todo(String),
    /// Code that stands for code not written yet.
    Stub,
}

/// What `line` asks for in a document of this language, if anything.
pub fn wish(line: &str, language: &str) -> Option<Wish> {
    if let Some(comment) = comment(line, language) {
        if let Some(text) = marked(comment, "AI!") {
            return Some(Wish::Do(text));
        }
        if let Some(text) = marked(comment, "AI?") {
            return Some(Wish::Answer(text));
        }
        let word = comment.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if matches!(word, "TODO" | "FIXME") {
            return Some(Wish::Todo(comment.to_owned()));
        }
    }
    is_stub(line).then_some(Wish::Stub)
}

/// A comment's text without its marker, when it begins or ends with `mark`.
fn marked(comment: &str, mark: &str) -> Option<String> {
    let rest = comment.strip_prefix(mark).or_else(|| comment.strip_suffix(mark))?;
    Some(rest.trim_matches(|c: char| c.is_whitespace() || c == ':').to_owned())
}

/// The text of the comment on a line, closing marks trimmed.
fn comment<'a>(line: &'a str, language: &str) -> Option<&'a str> {
    let start = openers(language).iter().filter_map(|opener| Some((line.find(opener)?, opener.len()))).min()?;
    let text = line[start.0 + start.1..].trim_start_matches(['/', '*', '!', '-', '#', ';', '%']);
    let text = text.trim().trim_end_matches("*/").trim_end_matches("-->").trim_end_matches("--}}");
    Some(text.trim())
}

/// What opens a comment.
fn openers(language: &str) -> &'static [&'static str] {
    match language {
        "python" | "ruby" | "shellscript" | "sh" | "bash" | "zsh" | "fish" | "yaml" | "toml" | "perl" | "r"
        | "julia" | "elixir" | "make" | "makefile" | "dockerfile" | "cmake" | "nix" | "powershell" | "nim" | "tcl" => {
            &["#"]
        }
        "lua" | "haskell" | "elm" | "ada" | "vhdl" | "purescript" => &["--"],
        "sql" => &["--", "/*"],
        "html" | "xml" | "markdown" | "svg" => &["<!--"],
        "vue" | "svelte" | "astro" => &["<!--", "//", "/*"],
        "css" => &["/*"],
        "lisp" | "commonlisp" | "scheme" | "clojure" | "racket" | "elisp" | "asm" => &[";"],
        "latex" | "tex" | "bibtex" | "erlang" | "matlab" | "prolog" => &["%"],
        "vim" | "viml" => &["\""],
        "fortran" | "fortran-modern" => &["!"],
        "php" => &["//", "#", "/*"],
        "terraform" | "hcl" | "tf" => &["#", "//", "/*"],
        "ocaml" | "fsharp" | "pascal" => &["(*", "//"],
        _ => &["//", "/*"],
    }
}

fn is_stub(line: &str) -> bool {
    let stubs = ["todo!(", "unimplemented!(", "raise NotImplementedError", "throw new UnsupportedOperationException"];
    stubs.iter().any(|stub| line.contains(stub))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_in_their_own_syntax() {
        for (line, language, expected) in [
            ("    // AI! use a HashMap", "rust", Some(Wish::Do("use a HashMap".into()))),
            ("x = 1  # cache this AI!", "python", Some(Wish::Do("cache this".into()))),
            ("-- AI? why twice", "lua", Some(Wish::Answer("why twice".into()))),
            ("<!-- AI: no mark -->", "html", None),
            ("<!-- shorten AI! -->", "html", Some(Wish::Do("shorten".into()))),
            ("/* TODO(me): later */", "c", Some(Wish::Todo("TODO(me): later".into()))),
            ("let todos = 1; // todos", "rust", None),
            ("    todo!()", "rust", Some(Wish::Stub)),
            ("let s = 1;", "rust", None),
            ("# AI! heading", "rust", None),
        ] {
            assert_eq!(wish(line, language), expected, "{line}");
        }
    }
}
