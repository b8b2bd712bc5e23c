//! What a lexer must not be fooled by.

use super::*;

/// Identifiers of the code, comments and strings left out.
fn names(path: &str, text: &str) -> Vec<String> {
    let source = Source::lex(path, text);
    for token in source.code.iter().chain(&source.comments) {
        assert_eq!(&text[token.start..token.end], token.text);
    }
    let idents = source.code.iter().filter(|token| token.kind == Kind::Ident);
    idents.map(|token| token.text.to_owned()).collect()
}

fn check(path: &str, text: &str, expected: &str) {
    assert_eq!(names(path, text).join(" "), expected);
}

#[test]
fn rust_literals_and_comments() {
    check("a.rs", r####"a /* x /* y */ z */ b // c"####, "a b");
    check("a.rs", r####"r"\" b r#"x"y"# c br##"x"#"## d b"\"e" f c"g" h"####, "b c d f h");
    check("a.rs", r"'a' b '\'' c '\u{1F600}' d 'life e: &'static f b'x' g '❤' h", "b c d e f g h");
    check("a.rs", "r#type x.0.1 1..n 1.max(2) 1e-5 0x1e+y 1_u8 'outer: 'r#a loop", "r#type x n max y loop");
    check("a.rs", "\"multi\nline\\\n\" a", "a");
    check("a.rs", "let größe = \"ä\"; größe", "let größe größe");
}

#[test]
fn python_strings_and_logical_lines() {
    check("a.py", "a = '''x\ny''' # c\nb = \"it's\" 'x' rb'\\'' c", "a b c");
    check("a.py", "f'{a!r:>{b}} {{c}} {d[\"e\"]} {f\"{g}\"} {h:%Y-%m} {i=}' j", "a b d g h i j");
    check("a.py", "f'''{a\n + b}''' F\"{x != y}\" c", "a b x y c");
    let source = Source::lex("a.py", "x = (1,\n  y)\nz = 1 + \\\n  w\n# c\n\n  v");
    let first: Vec<&str> = source.code.iter().filter(|token| token.first).map(|token| token.text).collect();
    assert_eq!(first, ["x", "z", "v"]);
}

#[test]
fn ecma_templates_and_regular_expressions() {
    check("a.ts", "a / b / c; x = /d\"[/]e/g.test(f) /* g */", "a b c x test f");
    check("a.ts", "`a ${b + `${c}` + {d: 1}} e` + f // g", "b c d f");
    check("a.ts", "if (a) /b'/.exec(c); (d) / e / 'f'", "if a exec c d e");
    check("a.ts", "return /a\"/; x = y++ / z / w; const o = {a: 1} / b", "return x y z w const o a b");
    check("a.ts", "#!/usr/bin/env node's\nthis.#x = '\\'' static#y", "this #x static #y");
    check("a.ts", "const f = <T,>(x: T) => x as Foo<Bar>;", "const f T x T x as Foo Bar");
}

#[test]
fn jsx_text_is_no_code() {
    check(
        "a.tsx",
        "const x = <A b=\"it's c\" {...d}>don't {e} <F.G/> <>{`h`} 'i</> & j</A>; k('l')",
        "const x A b d e F G A k",
    );
    check("a.tsx", "a < b && c > d; f = <T extends X>(y: T) => y", "a b c d f T extends X y T y");
    let text = "return cond ? <A/> : <B>{list.map(x => <C key={x}>it's</C>)}</B>;";
    check("a.jsx", text, "return cond A B list map x C key x C B");
}

#[test]
fn other_languages() {
    check("a.c", "a = 'x'; b = L\"w\"; c = 1'000'000; d // e \\\n", "a b c d");
    check("a.cpp", "R\"(a \" b)\" c u8R\"x(d)\" )x\" e", "c e");
    check("a.go", "a := `b\"\n` + 'c' + \"d\\\"\" // e", "a");
    check("a.java", "a = \"\"\"\n b \"c\" \"\"\"; d = 'e'; $f", "a d $f");
}

#[test]
fn anything_at_all_is_read_to_its_end() {
    let pieces =
        ["\"", "'", "`", "${", "{", "}", "r#\"", "/*", "*/", "//", "/", "<a>", "f'", "\\", "\n", "é", "'''", "=", "#"];
    let mut seed = 12345_u64;
    for _ in 0..2000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        for path in ["a.rs", "a.py", "a.tsx", "a.go", "a.cpp", "a.java", "a.cs"] {
            names(path, &text);
        }
    }
}
