//! Rust.

use super::check_finish;

#[test]
fn the_argument_of_a_removed_parameter_goes_in_every_layout() {
    let said = check_finish(
        "//- /src/lib.rs
pub mod a;
pub fn draw<T>(shape: T, times: u8, label: &str) -> u8 { 1 }
struct Other;
impl Other { fn draw(&self, a: u8, b: u8, c: u8) {} }
//- /src/a.rs
use crate::draw;
fn f(other: &crate::Other) -> u8 {
    let point = draw(
        Point { x: 1, y: 2 },
        times(1, 2),
        \"(, )\",
    );
    let nested = draw(draw(1, 2, \"a\"), draw(3, 4, \"b\"), \"c\");
    let generic = draw::<Vec<(u8, u8)>>(Vec::<(u8, u8)>::new(), 1, \"x\");
    let closure = draw(|a: u8, b: u8| a + b, 7, \"y\");
    other.draw(1, 2, 3);
    assert_eq!(crate::draw(1, 2, \"z\"), 1);
    point
}
",
        &[("shape: T, times: u8, label: &str", "shape: T, label: &str")],
        "//- /src/a.rs
use crate::draw;
fn f(other: &crate::Other) -> u8 {
    let point = draw(
        Point { x: 1, y: 2 },
        \"(, )\",
    );
    let nested = draw(draw(1, \"a\"), \"c\");
    let generic = draw::<Vec<(u8, u8)>>(Vec::<(u8, u8)>::new(), \"x\");
    let closure = draw(|a: u8, b: u8| a + b, \"y\");
    other.draw(1, 2, 3);
    assert_eq!(crate::draw(1, \"z\"), 1);
    point
}
",
    );
    assert!(said.contains("7 calls in 1 file changed with them"), "{said}");
    assert!(
        said.contains("An argument that called something went with its parameter: src/a.rs:3, src/a.rs:8."),
        "{said}"
    );
}

#[test]
fn arguments_follow_parameters_that_change_places_also_inside_each_other() {
    check_finish(
        "//- /src/lib.rs
pub fn put(key: &str, value: u8, deep: bool) -> u8 { put(\"r\", value, deep) }
fn f() -> u8 {
    put(
        \"a, b\",
        put(\"in\", 1, true), // the inner one
        false,
    ) + put(\"x\", if 1 < 2 { 3 } else { 4 }, 5 > 6)
}
fn g() -> u8 { put(\"n\", put(\"m\", 1, true), false) }
",
        &[("key: &str, value: u8, deep: bool", "deep: bool, key: &str, value: u8")],
        "//- /src/lib.rs
pub fn put(deep: bool, key: &str, value: u8) -> u8 { put(deep, \"r\", value) }
fn f() -> u8 {
    put(
        \"a, b\",
        put(true, \"in\", 1), // the inner one
        false,
    ) + put(5 > 6, \"x\", if 1 < 2 { 3 } else { 4 })
}
fn g() -> u8 { put(false, \"n\", put(true, \"m\", 1)) }
",
    );
}

#[test]
fn what_is_added_is_passed_only_where_it_is_at_hand() {
    let said = check_finish(
        "//- /src/lib.rs
fn walk(node: &Node) -> u8 {
    if node.leaf { 1 } else { walk(&node.left) + walk(&node.right) }
}
fn same(node: &Node, depth: usize) -> u8 { walk(node) }
fn typed(node: &Node) -> u8 { let depth: usize = 3; walk(node) }
fn other_type(node: &Node, depth: u8) -> u8 { walk(node) }
fn untyped(node: &Node) -> u8 { let depth = 3; walk(node) }
fn hidden(node: &Node, depth: usize) -> u8 { let depth = \"x\"; walk(node) }
fn none(node: &Node) -> u8 { walk(node) }
",
        &[("fn walk(node: &Node)", "fn walk(node: &Node, depth: usize)")],
        "//- /src/lib.rs
fn walk(node: &Node, depth: usize) -> u8 {
    if node.leaf { 1 } else { walk(&node.left, depth) + walk(&node.right, depth) }
}
fn same(node: &Node, depth: usize) -> u8 { walk(node, depth) }
fn typed(node: &Node) -> u8 { let depth: usize = 3; walk(node, depth) }
fn other_type(node: &Node, depth: u8) -> u8 { walk(node) }
fn untyped(node: &Node) -> u8 { let depth = 3; walk(node) }
fn hidden(node: &Node, depth: usize) -> u8 { let depth = \"x\"; walk(node) }
fn none(node: &Node) -> u8 { walk(node) }
",
    );
    assert!(
        said.contains("only you or a model can say: src/lib.rs:6, src/lib.rs:7, src/lib.rs:8, src/lib.rs:9."),
        "{said}"
    );
}

#[test]
fn a_value_that_would_be_moved_is_not_passed() {
    let said = check_finish(
        "//- /src/lib.rs
fn send(to: &str) {}
fn f(name: String) { send(\"a\"); println!(\"{name}\"); }
",
        &[("fn send(to: &str)", "fn send(to: &str, name: String)")],
        "//- /src/lib.rs
fn send(to: &str, name: String) {}
fn f(name: String) { send(\"a\"); println!(\"{name}\"); }
",
    );
    assert!(said.contains("What to pass for `name` only you or a model can say: src/lib.rs:2."), "{said}");
}

#[test]
fn methods_traits_and_their_implementations_follow() {
    let said = check_finish(
        "//- /src/lib.rs
pub trait Paint { fn paint(&self, x: i32, y: i32); fn twice(&self) { self.paint(1, 2); Self::paint(self, 3, 4) } }
pub struct Pen;
pub struct Brush;
pub struct Tool;
impl Paint for Pen { fn paint(&self, x: i32, y: i32) { let _ = x; } }
impl Paint for Brush { fn paint(&self, left: i32, top: i32) { drop(top) } }
impl Tool { fn paint(&self, a: i32, b: i32) {} }
fn f(pen: &Pen, tool: &Tool, any: &dyn Paint) {
    pen.paint(5, 6);
    tool.paint(7, 8);
    any.paint(9, 10);
    <Pen as Paint>::paint(pen, 11, 12);
    let points = [(1, 2)].iter().map(|p| Paint::paint(pen, p.0, p.1));
}
",
        &[("fn paint(&self, x: i32, y: i32);", "fn paint(&self, x: i32);")],
        "//- /src/lib.rs
pub trait Paint { fn paint(&self, x: i32); fn twice(&self) { self.paint(1); Self::paint(self, 3) } }
pub struct Pen;
pub struct Brush;
pub struct Tool;
impl Paint for Pen { fn paint(&self, x: i32) { let _ = x; } }
impl Paint for Brush { fn paint(&self, left: i32, top: i32) { drop(top) } }
impl Tool { fn paint(&self, a: i32, b: i32) {} }
fn f(pen: &Pen, tool: &Tool, any: &dyn Paint) {
    pen.paint(5);
    tool.paint(7, 8);
    any.paint(9);
    <Pen as Paint>::paint(pen, 11);
    let points = [(1, 2)].iter().map(|p| Paint::paint(pen, p.0));
}
",
    );
    assert!(said.contains("6 calls and 1 declaration in 1 file"), "{said}");
    assert!(said.contains("Left alone: src/lib.rs:6: its body uses a parameter that goes."), "{said}");
}

#[test]
fn macros_values_and_comments_between_arguments_are_left_alone() {
    let said = check_finish(
        "//- /src/lib.rs
fn add(a: u8, b: u8) -> u8 { a }
macro_rules! sum { ($x:expr) => { add($x, 1) }; }
fn f(list: &[u8]) -> u8 {
    let pass: fn(u8, u8) -> u8 = add;
    custom!(add(1, 2));
    add(
        1, // the first
        2,
    ) + add(3 /* three */, 4)
}
use crate::add as plus;
",
        &[("a: u8, b: u8) -> u8 { a }", "a: u8) -> u8 { a }")],
        "//- /src/lib.rs
fn add(a: u8) -> u8 { a }
macro_rules! sum { ($x:expr) => { add($x, 1) }; }
fn f(list: &[u8]) -> u8 {
    let pass: fn(u8, u8) -> u8 = add;
    custom!(add(1, 2));
    add(
        1, // the first
        2,
    ) + add(3 /* three */)
}
use crate::add as plus;
",
    );
    for left in [
        "src/lib.rs:2, src/lib.rs:5: a macro decides what becomes of it",
        "src/lib.rs:4: it is passed on as a value",
        "src/lib.rs:6: comments stand between its arguments",
    ] {
        assert!(said.contains(left), "{left}\n{said}");
    }
}

#[test]
fn a_rename_and_a_new_signature_come_together() {
    check_finish(
        "//- /src/lib.rs
pub fn fetch(url: &str, retries: u8) -> u8 { fetch(url, retries) }
fn f() -> u8 { fetch(\"a\", fetch(\"b\", 1)) }
",
        &[("pub fn fetch(url: &str, retries: u8)", "pub fn load(retries: u8, url: &str)")],
        "//- /src/lib.rs
pub fn load(retries: u8, url: &str) -> u8 { load(retries, url) }
fn f() -> u8 { load(load(1, \"b\"), \"a\") }
",
    );
}

#[test]
fn calls_the_user_has_changed_already_are_not_changed_again() {
    check_finish(
        "//- /src/lib.rs
fn put(key: &str, value: u8) {}
fn f() {
    put(\"a\", 1);
    put(\"b\", 2);
}
",
        &[("key: &str, value: u8", "value: u8, key: &str"), ("put(\"b\", 2)", "put(2, \"b\")")],
        "//- /src/lib.rs
fn put(value: u8, key: &str) {}
fn f() {
    put(1, \"a\");
    put(2, \"b\");
}
",
    );
}

#[test]
fn a_parameter_on_a_line_of_its_own_can_come_and_go() {
    check_finish(
        "//- /src/lib.rs
fn open(
    path: &str,
    mode: u8,
) -> u8 {
    mode
}
fn f(limit: usize) {
    open(\"a\", 1);
    open(
        \"b\",
        2,
    );
}
",
        &[("    mode: u8,\n) -> u8 {\n    mode", "    mode: u8,\n    limit: usize,\n) -> u8 {\n    mode")],
        "//- /src/lib.rs
fn open(
    path: &str,
    mode: u8,
    limit: usize,
) -> u8 {
    mode
}
fn f(limit: usize) {
    open(\"a\", 1, limit);
    open(
        \"b\",
        2,
        limit,
    );
}
",
    );
}

#[test]
fn another_type_is_for_the_compiler_to_judge() {
    let said = check_finish(
        "//- /src/lib.rs
fn wait(seconds: u8) {}
fn f() { wait(1); }
",
        &[("seconds: u8", "seconds: u64")],
        "",
    );
    assert!(said.contains("`seconds` has another type now; whether what is passed still fits is for you or a compiler to say: src/lib.rs:2."), "{said}");
}

#[test]
fn line_ends_of_windows_stay() {
    let mut editor = super::super::editor::Editor::new(
        "//- /src/lib.rs\r\nfn put(a: u8, b: u8) {}\r\nfn f() {\r\n    put(\r\n        1,\r\n        2,\r\n    );\r\n}\r\n",
    );
    let (_, text) = editor.files.pop_first().expect("a file");
    editor.files.insert("src/lib.rs".into(), text);
    editor.changes();
    editor.type_over("a: u8, b: u8", "b: u8");
    editor.finish();
    assert_eq!(editor.files["src/lib.rs"], "fn put(b: u8) {}\r\nfn f() {\r\n    put(\r\n        2,\r\n    );\r\n}\r\n");
}

#[test]
fn implementations_may_call_their_parameters_otherwise_or_nothing() {
    check_finish(
        "//- /src/lib.rs
pub trait Make<I> { fn make(input: I, kind: Kind) -> Self; }
impl<I> Make<I> for () { fn make(_: I, _: Kind) -> Self {} }
impl<I> Make<I> for (I, Kind) { fn make(text: I, _kind: Kind) -> Self { (text, Kind::A) } }
",
        &[("fn make(input: I, kind: Kind) -> Self;", "fn make(kind: Kind, input: I) -> Self;")],
        "//- /src/lib.rs
pub trait Make<I> { fn make(kind: Kind, input: I) -> Self; }
impl<I> Make<I> for () { fn make(_: Kind, _: I) -> Self {} }
impl<I> Make<I> for (I, Kind) { fn make(_kind: Kind, text: I) -> Self { (text, Kind::A) } }
",
    );
}
