//! Languages: what they are called, which files are theirs, and how they write comments.
//!
//! One table for everything that must tell languages apart: the project brief, and comments that ask for something.
//! Identifiers are those of LSP and of the three editors; extensions and comment marks are the languages' own.

use super::path::RelPath;

/// A language, or a family of file formats.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// What people call it.
    pub name: &'static str,
    /// The `languageId`s that clients send for it.
    pub ids: &'static [&'static str],
    /// Extensions of its files, without the dot, and whole names of files that have none; lower case.
    pub files: &'static [&'static str],
    /// What begins a comment that ends with the line.
    pub line_comments: &'static [&'static str],
    /// What begins and ends a comment that may span lines.
    pub block_comments: &'static [(&'static str, &'static str)],
}

impl Language {
    /// The language of a document: by what the client says, or else by the name of its file.
    pub fn of(id: &str, path: Option<&RelPath>) -> Option<&'static Language> {
        LANGUAGES.iter().find(|language| language.ids.contains(&id)).or_else(|| Language::of_file(path?))
    }

    /// The language of a file, by its name.
    pub fn of_file(path: &RelPath) -> Option<&'static Language> {
        let name = path.file_name().to_lowercase();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        let has = |language: &&Language, wanted: &str| language.files.contains(&wanted);
        LANGUAGES
            .iter()
            .find(|language| has(language, &name))
            .or_else(|| LANGUAGES.iter().find(|language| extension.is_some_and(|extension| has(language, extension))))
    }
}

const SLASHES: &[&str] = &["//"];
const HASH: &[&str] = &["#"];
const DASHES: &[&str] = &["--"];
const SEMICOLON: &[&str] = &[";"];
const PERCENT: &[&str] = &["%"];
const C_BLOCK: &[(&str, &str)] = &[("/*", "*/")];
const XML_BLOCK: &[(&str, &str)] = &[("<!--", "-->")];
const ML_BLOCK: &[(&str, &str)] = &[("(*", "*)")];
const HASKELL_BLOCK: &[(&str, &str)] = &[("{-", "-}")];
const NONE: &[&str] = &[];
const NO_BLOCK: &[(&str, &str)] = &[];

const fn language(
    name: &'static str,
    ids: &'static [&'static str],
    files: &'static [&'static str],
    line_comments: &'static [&'static str],
    block_comments: &'static [(&'static str, &'static str)],
) -> Language {
    Language { name, ids, files, line_comments, block_comments }
}

/// All that are known.
const LANGUAGES: &[Language] = &[
    language("Ada", &["ada"], &["adb", "ads"], DASHES, NO_BLOCK),
    language("Assembly", &["asm", "assembly", "nasm", "gas"], &["asm", "s"], &[";", "#", "//"], C_BLOCK),
    language("Astro", &["astro"], &["astro"], SLASHES, &[("<!--", "-->"), ("/*", "*/")]),
    language("AWK", &["awk"], &["awk"], HASH, NO_BLOCK),
    language("Batch", &["bat"], &["bat", "cmd"], &["REM ", "rem ", "::"], NO_BLOCK),
    language("Bicep", &["bicep"], &["bicep"], SLASHES, C_BLOCK),
    language("C", &["c"], &["c", "h"], SLASHES, C_BLOCK),
    language("C#", &["csharp", "c-sharp"], &["cs", "csx"], SLASHES, C_BLOCK),
    language(
        "C++",
        &["cpp", "cuda-cpp", "objective-cpp"],
        &["cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp", "cu"],
        SLASHES,
        C_BLOCK,
    ),
    language("Clojure", &["clojure"], &["clj", "cljs", "cljc", "edn"], SEMICOLON, NO_BLOCK),
    language("CMake", &["cmake"], &["cmake", "cmakelists.txt"], HASH, &[("#[[", "]]")]),
    language("CoffeeScript", &["coffeescript"], &["coffee"], HASH, &[("###", "###")]),
    language("Common Lisp", &["lisp", "commonlisp", "common-lisp"], &["lisp", "lsp", "cl"], SEMICOLON, &[("#|", "|#")]),
    language("Crystal", &["crystal"], &["cr"], HASH, NO_BLOCK),
    language("CSS", &["css"], &["css"], NONE, C_BLOCK),
    language("D", &["d"], &["d"], SLASHES, &[("/*", "*/"), ("/+", "+/")]),
    language("Dart", &["dart"], &["dart"], SLASHES, C_BLOCK),
    language("Dhall", &["dhall"], &["dhall"], DASHES, HASKELL_BLOCK),
    language("Dockerfile", &["dockerfile"], &["dockerfile", "containerfile"], HASH, NO_BLOCK),
    language("Elixir", &["elixir", "eelixir"], &["ex", "exs"], HASH, NO_BLOCK),
    language("Elm", &["elm"], &["elm"], DASHES, HASKELL_BLOCK),
    language("Emacs Lisp", &["elisp", "emacs-lisp"], &["el"], SEMICOLON, NO_BLOCK),
    language("Erlang", &["erlang"], &["erl", "hrl"], PERCENT, NO_BLOCK),
    language("F#", &["fsharp"], &["fs", "fsi", "fsx"], SLASHES, ML_BLOCK),
    language("Fish", &["fish"], &["fish"], HASH, NO_BLOCK),
    language(
        "Fortran",
        &["fortran", "fortran-modern", "FortranFreeForm"],
        &["f", "f90", "f95", "f03", "f08"],
        &["!"],
        NO_BLOCK,
    ),
    language("GDScript", &["gdscript", "gdscript3"], &["gd"], HASH, NO_BLOCK),
    language("Git", &["git-commit", "gitcommit", "ignore", "gitignore"], &[".gitignore"], HASH, NO_BLOCK),
    language("Gleam", &["gleam"], &["gleam"], SLASHES, NO_BLOCK),
    language("GLSL", &["glsl"], &["glsl", "vert", "frag"], SLASHES, C_BLOCK),
    language("Go", &["go", "gomod", "go.mod"], &["go", "go.mod"], SLASHES, C_BLOCK),
    language("GraphQL", &["graphql"], &["graphql", "gql"], HASH, NO_BLOCK),
    language("Groovy", &["groovy"], &["groovy", "gradle", "jenkinsfile"], SLASHES, C_BLOCK),
    language("Haskell", &["haskell"], &["hs", "lhs"], DASHES, HASKELL_BLOCK),
    language("Haxe", &["haxe"], &["hx"], SLASHES, C_BLOCK),
    language("HLSL", &["hlsl"], &["hlsl"], SLASHES, C_BLOCK),
    language("HTML", &["html", "heex", "htmldjango"], &["html", "htm", "xhtml"], NONE, XML_BLOCK),
    language(
        "Templates",
        &["handlebars", "jinja", "twig"],
        &["hbs", "j2", "twig"],
        NONE,
        &[("{{!--", "--}}"), ("{#", "#}"), ("<!--", "-->")],
    ),
    language("INI", &["ini", "properties", "dosini"], &["ini", "cfg", "conf", "properties"], &[";", "#"], NO_BLOCK),
    language("Java", &["java"], &["java"], SLASHES, C_BLOCK),
    language("JavaScript", &["javascript", "javascriptreact", "jsx"], &["js", "jsx", "mjs", "cjs"], SLASHES, C_BLOCK),
    language("JSON", &["json", "jsonc", "json5"], &["json", "jsonc", "json5"], SLASHES, C_BLOCK),
    language("Julia", &["julia"], &["jl"], HASH, &[("#=", "=#")]),
    language("Just", &["just"], &["just", "justfile"], HASH, NO_BLOCK),
    language("Kotlin", &["kotlin"], &["kt", "kts"], SLASHES, C_BLOCK),
    language("LaTeX", &["latex", "tex", "bibtex", "plaintex"], &["tex", "sty", "cls", "bib"], PERCENT, NO_BLOCK),
    language("Lean", &["lean", "lean4"], &["lean"], DASHES, &[("/-", "-/")]),
    language("Less", &["less"], &["less"], SLASHES, C_BLOCK),
    language("Lua", &["lua", "luau"], &["lua", "luau"], DASHES, &[("--[[", "]]")]),
    language("Makefile", &["makefile", "make"], &["mk", "makefile", "gnumakefile"], HASH, NO_BLOCK),
    language("Markdown", &["markdown", "mdx"], &["md", "markdown", "mdx"], NONE, XML_BLOCK),
    language("MATLAB", &["matlab"], &["m"], PERCENT, &[("%{", "%}")]),
    language("Meson", &["meson"], &["meson.build"], HASH, NO_BLOCK),
    language("Nim", &["nim"], &["nim", "nims"], HASH, &[("#[", "]#")]),
    language("Nix", &["nix"], &["nix"], HASH, C_BLOCK),
    language("Nushell", &["nu", "nushell"], &["nu"], HASH, NO_BLOCK),
    language("Objective-C", &["objective-c", "objc"], &["mm"], SLASHES, C_BLOCK),
    language("OCaml", &["ocaml", "ocaml.interface", "reason"], &["ml", "mli"], NONE, ML_BLOCK),
    language("Odin", &["odin"], &["odin"], SLASHES, C_BLOCK),
    language("Pascal", &["pascal", "delphi"], &["pas", "dpr", "pp"], SLASHES, &[("{", "}"), ("(*", "*)")]),
    language("Perl", &["perl", "perl6", "raku"], &["pl", "pm", "raku"], HASH, NO_BLOCK),
    language("PHP", &["php"], &["php"], &["//", "#"], C_BLOCK),
    language("PowerShell", &["powershell"], &["ps1", "psm1", "psd1"], HASH, &[("<#", "#>")]),
    language("Prolog", &["prolog"], &["prolog"], PERCENT, C_BLOCK),
    language("Protocol Buffers", &["proto", "proto3", "protobuf"], &["proto"], SLASHES, C_BLOCK),
    language("PureScript", &["purescript"], &["purs"], DASHES, HASKELL_BLOCK),
    language("Python", &["python"], &["py", "pyi", "pyw"], HASH, NO_BLOCK),
    language("R", &["r"], &["r"], HASH, NO_BLOCK),
    language("Racket", &["racket"], &["rkt"], SEMICOLON, &[("#|", "|#")]),
    language("ReScript", &["rescript"], &["res", "resi"], SLASHES, C_BLOCK),
    language("Ruby", &["ruby", "erb"], &["rb", "rake", "gemspec", "gemfile", "rakefile"], HASH, NO_BLOCK),
    language("Rust", &["rust"], &["rs"], SLASHES, C_BLOCK),
    language("Sass", &["sass", "scss"], &["sass", "scss"], SLASHES, C_BLOCK),
    language("Scala", &["scala"], &["scala", "sbt", "sc"], SLASHES, C_BLOCK),
    language("Scheme", &["scheme"], &["scm", "ss"], SEMICOLON, &[("#|", "|#")]),
    language("Shell", &["shellscript", "sh", "bash", "zsh", "ksh"], &["sh", "bash", "zsh"], HASH, NO_BLOCK),
    language("Solidity", &["solidity"], &["sol"], SLASHES, C_BLOCK),
    language("SQL", &["sql", "mysql", "plsql"], &["sql"], DASHES, C_BLOCK),
    language("Starlark", &["starlark", "bazel"], &["bzl", "bazel", "star"], HASH, NO_BLOCK),
    language("Svelte", &["svelte"], &["svelte"], SLASHES, &[("<!--", "-->"), ("/*", "*/")]),
    language("Swift", &["swift"], &["swift"], SLASHES, C_BLOCK),
    language("SystemVerilog", &["verilog", "systemverilog"], &["v", "sv", "svh"], SLASHES, C_BLOCK),
    language("Tcl", &["tcl"], &["tcl"], HASH, NO_BLOCK),
    language("Terraform", &["terraform", "hcl", "tf", "tfvars"], &["tf", "tfvars", "hcl"], &["#", "//"], C_BLOCK),
    language("TOML", &["toml"], &["toml"], HASH, NO_BLOCK),
    language("TypeScript", &["typescript", "typescriptreact", "tsx"], &["ts", "tsx", "mts", "cts"], SLASHES, C_BLOCK),
    language("Typst", &["typst"], &["typ"], SLASHES, C_BLOCK),
    language("V", &["v", "vlang"], &["vsh"], SLASHES, C_BLOCK),
    language("VHDL", &["vhdl"], &["vhd", "vhdl"], DASHES, NO_BLOCK),
    language("Vim script", &["vim", "viml"], &["vim", "vimrc"], &["\""], NO_BLOCK),
    language("Visual Basic", &["vb"], &["vb"], &["'"], NO_BLOCK),
    language("Vue", &["vue"], &["vue"], SLASHES, &[("<!--", "-->"), ("/*", "*/")]),
    language("WGSL", &["wgsl"], &["wgsl"], SLASHES, C_BLOCK),
    language("XML", &["xml", "svg", "xsl"], &["xml", "svg", "xsd", "xsl"], NONE, XML_BLOCK),
    language("YAML", &["yaml", "dockercompose", "helm"], &["yml", "yaml"], HASH, NO_BLOCK),
    language("Zig", &["zig"], &["zig", "zon"], SLASHES, NO_BLOCK),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn name(id: &str, path: &str) -> Option<&'static str> {
        Language::of(id, RelPath::parse(path).ok().as_ref()).map(|language| language.name)
    }

    #[test]
    fn the_client_decides_and_the_name_helps_out() {
        assert_eq!(name("rust", "a.py"), Some("Rust"));
        assert_eq!(name("plaintext", "src/A.PY"), Some("Python"));
        assert_eq!(name("", "CMakeLists.txt"), Some("CMake"));
        assert_eq!(name("", "docker/Dockerfile"), Some("Dockerfile"));
        assert_eq!(name("", "notes"), None);
    }

    #[test]
    fn no_identifier_and_no_file_is_claimed_twice() {
        let (mut ids, mut files) = (BTreeSet::new(), BTreeSet::new());
        for language in LANGUAGES {
            assert!(language.ids.iter().all(|id| ids.insert(id)), "{}", language.name);
            assert!(language.files.iter().all(|file| files.insert(file)), "{}", language.name);
            assert!(!language.line_comments.is_empty() || !language.block_comments.is_empty(), "{}", language.name);
        }
    }
}
