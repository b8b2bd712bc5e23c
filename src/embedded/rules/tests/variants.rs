//! New variants and moved code: the places that may have to follow are named, nothing is edited.

use super::check_finish;

/// Makes a change that must lead to no patch and gives what was said.
fn said(before: &str, edit: (&str, &str)) -> String {
    let others = before.replace(edit.0, edit.1);
    check_finish(before, &[edit], &others)
}

#[test]
fn rust_matches_are_named() {
    let said = said(
        "//- /src/lib.rs
pub enum Shape { Dot, Line(u8), #[default] Square { side: u8 } }
//- /src/a.rs
use crate::Shape;
fn f(shape: Shape, n: u8) -> u8 {
    let Line = 1;
    match n { 1 => g(Shape::Dot), _ => 2 };
    match shape {
        Shape::Dot | Shape::Line(_) => 1,
        _ => { match n { 0 => Shape::Dot, _ => Shape::Line(1) }; 3 }
    }
}
",
        ("Dot, Line(u8),", "Dot, Line(u8), Circle { radius: u8 },"),
    );
    assert!(
        said.starts_with(
            "Pilotlight's embedded agent: you added the variant `Circle` to `Shape`; these places tell its other \
             variants apart and may need a case: src/a.rs:5. "
        ),
        "{said}"
    );
    assert!(said.contains("provider.base_url"), "{said}");
}

#[test]
fn switches_are_named_in_typescript_java_and_c() {
    let typescript = said(
        "//- /a.ts
export enum Kind { One = 'one', Two = 'two' }
function f(kind: Kind) {
  switch (kind) {
    case Kind.One: return 1
    default: return 2
  }
}
",
        ("Two = 'two' }", "Two = 'two', Three = 'three' }"),
    );
    assert!(
        typescript.contains("`Three` to `Kind`") && typescript.contains("may need a case: a.ts:3."),
        "{typescript}"
    );
    let java = said(
        "//- /Kind.java
enum Kind { ONE(1), TWO(2); final int n; Kind(int n) { this.n = n; } }
//- /Use.java
class Use {
    int f(Kind kind) {
        return switch (kind) { case ONE -> 1; case TWO -> 2; };
    }
}
",
        ("TWO(2); final", "TWO(2), THREE(3); final"),
    );
    assert!(java.contains("`THREE` to `Kind`") && java.contains("may need a case: Use.java:3."), "{java}");
    let c = said(
        "//- /kind.h
enum kind { KIND_ONE, KIND_TWO };
//- /use.c
#include \"kind.h\"
int f(enum kind kind) {
    switch (kind) {
    case KIND_ONE:
        return 1;
    }
    return KIND_TWO;
}
",
        ("KIND_TWO };", "KIND_TWO, KIND_THREE };"),
    );
    assert!(c.contains("`KIND_THREE` to `kind`") && c.contains("may need a case: use.c:3."), "{c}");
}

#[test]
fn python_matches_are_named() {
    let said = said(
        "//- /m.py
class Kind(enum.Enum):
    ONE = 1
    TWO = 2

def f(kind):
    match kind:
        case Kind.ONE:
            return 1
        case _:
            return 2
",
        ("    TWO = 2\n", "    TWO = 2\n    THREE = 3\n"),
    );
    assert!(said.contains("`THREE` to `Kind`") && said.contains("may need a case: m.py:7."), "{said}");
}

#[test]
fn moved_functions_are_named_with_what_mentions_them() {
    let before = "//- /src/lib.rs
pub mod a;
pub mod b;
use crate::a::area;
fn f() -> u8 { area(1, 2) }
//- /src/a.rs
pub fn area(w: u8, h: u8) -> u8 {
    w * h
}
pub fn other() {}
//- /src/b.rs
fn c() {}
";
    let function = "pub fn area(w: u8, h: u8) -> u8 {\n    w * h\n}\n";
    let said = check_finish(
        before,
        &[(function, ""), ("fn c() {}\n", &format!("fn c() {{}}\n{function}"))],
        "//- /src/lib.rs
pub mod a;
pub mod b;
use crate::a::area;
fn f() -> u8 { area(1, 2) }
",
    );
    assert!(
        said.contains(
            "you moved `area` from src/a.rs to src/b.rs; these places mention it and may have to reach it there: \
             src/lib.rs:3, src/lib.rs:4. A model would do that: set provider.base_url"
        ),
        "{said}"
    );
}
