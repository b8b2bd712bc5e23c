//! Rust: free items and locals.

use super::{check_edit, check_finish};

#[test]
fn a_function_is_renamed_across_files() {
    let said = check_finish(
        "//- /src/lib.rs
mod net;
pub use net::fetch;
/// Calls [`fetch`] and `fetch()`, does not fetch.
pub fn twice() -> u8 {
    fetch(1) + net::fetch(2) + crate::net::fetch(3)
}
//- /src/net.rs
pub fn fetch(n: u8) -> u8 { n }
//- /src/other.rs
use crate::net::{self, fetch};
struct Cache { fetch: u8 }
impl Cache {
    fn fetch(&self) -> u8 { self.fetch }
}
fn all(cache: &Cache, list: Vec<u8>) -> u8 {
    let prefetch = \"fetch\";
    list.into_iter().map(fetch).sum::<u8>() + cache.fetch() + Cache { fetch: 1 }.fetch
}
fn hidden(fetch: u8) -> u8 { fetch + net::fetch(1) }
",
        &[("pub fn fetch(", "pub fn load(")],
        "//- /src/lib.rs
mod net;
pub use net::load;
/// Calls [`fetch`] and `fetch()`, does not fetch.
pub fn twice() -> u8 {
    load(1) + net::load(2) + crate::net::load(3)
}
//- /src/net.rs
pub fn load(n: u8) -> u8 { n }
//- /src/other.rs
use crate::net::{self, load};
struct Cache { fetch: u8 }
impl Cache {
    fn fetch(&self) -> u8 { self.fetch }
}
fn all(cache: &Cache, list: Vec<u8>) -> u8 {
    let prefetch = \"fetch\";
    list.into_iter().map(load).sum::<u8>() + cache.fetch() + Cache { fetch: 1 }.fetch
}
fn hidden(fetch: u8) -> u8 { fetch + net::load(1) }
",
    );
    assert_eq!(said, "Pilotlight's embedded agent: renamed the function `fetch` to `load`: 7 uses in 2 files.");
}

#[test]
fn doc_comments_follow_a_name_that_is_unique() {
    check_finish(
        "//- /src/lib.rs
/// Unlike [`fetch_all`], see also `fetch_all()` and fetch_all in prose.
///
/// ```
/// let all = krate::fetch_all();
/// ```
fn other() {}
fn fetch_all() {}
",
        &[("fn fetch_all()", "fn load_all()")],
        "//- /src/lib.rs
/// Unlike [`load_all`], see also `load_all()` and fetch_all in prose.
///
/// ```
/// let all = krate::load_all();
/// ```
fn other() {}
fn load_all() {}
",
    );
}

#[test]
fn locals_stay_in_their_scope() {
    check_finish(
        "//- /src/lib.rs
struct S { count: u8 }
fn count() -> u8 { 0 }
fn f(xs: &[u8]) -> S {
    let count = count();
    println!(\"{count} {count:?} {:>count$} {} {{count}}\", 1, count);
    let s = S { count };
    {
        let count = count + 1;
        drop(count);
    }
    let next = |x: u8| x + count;
    match xs { [count, ..] => drop(count), _ => drop(next(count)) }
    s
}
fn g(count: u8) -> u8 { count }
",
        &[("let count = count();", "let total = count();")],
        "//- /src/lib.rs
struct S { count: u8 }
fn count() -> u8 { 0 }
fn f(xs: &[u8]) -> S {
    let total = count();
    println!(\"{total} {total:?} {:>total$} {} {{count}}\", 1, total);
    let s = S { count: total };
    {
        let count = total + 1;
        drop(count);
    }
    let next = |x: u8| x + total;
    match xs { [count, ..] => drop(count), _ => drop(next(total)) }
    s
}
fn g(count: u8) -> u8 { count }
",
    );
}

#[test]
fn a_parameter_takes_its_documentation_along() {
    check_finish(
        "//- /src/lib.rs
/// Adds `amount` to `other`.
#[inline]
pub fn add(amount: u8, other: u8) -> u8 {
    // `amount` first
    let inner = move || amount;
    fn nested(amount: u8) -> u8 { amount }
    nested(inner()) + other
}
/// `amount` of another.
fn next(amount: u8) {}
",
        &[("add(amount: u8", "add(delta: u8")],
        "//- /src/lib.rs
/// Adds `delta` to `other`.
#[inline]
pub fn add(delta: u8, other: u8) -> u8 {
    // `delta` first
    let inner = move || delta;
    fn nested(amount: u8) -> u8 { amount }
    nested(inner()) + other
}
/// `amount` of another.
fn next(amount: u8) {}
",
    );
}

#[test]
fn a_new_name_that_is_taken_is_not_captured() {
    let said = check_finish(
        "//- /src/lib.rs
fn f(a: u8) -> u8 {
    let old = a;
    let sum = { let b = 2; old + b };
    sum + old
}
",
        &[("let old = a;", "let b = a;")],
        "//- /src/lib.rs
fn f(a: u8) -> u8 {
    let b = a;
    let sum = { let b = 2; old + b };
    sum + b
}
",
    );
    assert!(said.contains("Left alone: src/lib.rs:3: the new name means another variable here."), "{said}");
}

#[test]
fn a_type_is_renamed_wherever_it_stands_as_one() {
    check_finish(
        "//- /src/lib.rs
pub mod shape;
use shape::Shape;
use std::fmt::Debug;
enum Kind { Shape(Shape), Other }
impl From<Shape> for Kind {
    fn from(shape: Shape) -> Kind { Kind::Shape(shape) }
}
fn make<T: Debug>(list: &[Shape]) -> Option<Box<Shape>> {
    let made: Vec<Shape> = vec![Shape { sides: 3 }, Shape::square(), <Shape as Default>::default()];
    match made[0] { Shape { sides } => None }
}
//- /src/shape.rs
#[derive(Default)]
pub struct Shape { pub sides: u8 }
impl Shape {
    pub fn square() -> Self { Shape { sides: 4 } }
}
//- /src/other.rs
use std::marker::Shape;
fn f(s: Shape) {}
",
        &[("pub struct Shape", "pub struct Figure")],
        "//- /src/lib.rs
pub mod shape;
use shape::Figure;
use std::fmt::Debug;
enum Kind { Shape(Figure), Other }
impl From<Figure> for Kind {
    fn from(shape: Figure) -> Kind { Kind::Shape(shape) }
}
fn make<T: Debug>(list: &[Figure]) -> Option<Box<Figure>> {
    let made: Vec<Figure> = vec![Figure { sides: 3 }, Figure::square(), <Figure as Default>::default()];
    match made[0] { Figure { sides } => None }
}
//- /src/shape.rs
#[derive(Default)]
pub struct Figure { pub sides: u8 }
impl Figure {
    pub fn square() -> Self { Figure { sides: 4 } }
}
//- /src/other.rs
use std::marker::Shape;
fn f(s: Shape) {}
",
    );
}

#[test]
fn modules_tell_namesakes_apart() {
    check_finish(
        "//- /src/lib.rs
mod a;
mod b;
use a::run;
fn main() { run(); a::run(); b::run(); }
//- /src/a.rs
pub fn run() {}
//- /src/b.rs
pub fn run() { super::a::run(); self::run(); }
mod inner { use super::*; fn f() { run(); } }
",
        &[("pub fn run() {}", "pub fn start() {}")],
        "//- /src/lib.rs
mod a;
mod b;
use a::start;
fn main() { start(); a::start(); b::run(); }
//- /src/a.rs
pub fn start() {}
//- /src/b.rs
pub fn run() { super::a::start(); self::run(); }
mod inner { use super::*; fn f() { run(); } }
",
    );
}

#[test]
fn constants_attributes_and_macros_follow() {
    check_finish(
        "//- /src/lib.rs
const LIMIT: usize = 3;
fn default_size() -> u8 { 1 }
#[derive(serde::Deserialize)]
struct S {
    #[serde(default = \"default_size\", rename = \"default_size\")]
    size: [u8; LIMIT],
}
macro_rules! limit { ($LIMIT:expr) => { LIMIT + $LIMIT } }
fn f(n: usize) -> bool {
    println!(\"{LIMIT}\");
    matches!(n, LIMIT) && limit!(LIMIT) == n
}
",
        &[("const LIMIT:", "const BOUND:"), ("fn default_size()", "fn standard_size()")],
        "//- /src/lib.rs
const BOUND: usize = 3;
fn standard_size() -> u8 { 1 }
#[derive(serde::Deserialize)]
struct S {
    #[serde(default = \"standard_size\", rename = \"default_size\")]
    size: [u8; BOUND],
}
macro_rules! limit { ($LIMIT:expr) => { BOUND + $LIMIT } }
fn f(n: usize) -> bool {
    println!(\"{BOUND}\");
    matches!(n, BOUND) && limit!(BOUND) == n
}
",
    );
}

#[test]
fn type_parameters_stay_in_their_item() {
    check_finish(
        "//- /src/lib.rs
struct Pair<T>(T, T);
impl<T: Clone> Pair<T> where T: Copy {
    fn first<U>(&self, other: U) -> T { self.0 }
}
",
        &[("impl<T: Clone>", "impl<Item: Clone>")],
        "//- /src/lib.rs
struct Pair<T>(T, T);
impl<Item: Clone> Pair<Item> where Item: Copy {
    fn first<U>(&self, other: U) -> Item { self.0 }
}
",
    );
}

#[test]
fn a_taken_name_is_refused() {
    let said = check_finish(
        "//- /src/lib.rs
fn one() {}
fn two() { one(); }
",
        &[("fn one()", "fn two()")],
        "//- /src/lib.rs
fn two() {}
fn two() { one(); }
",
    );
    assert!(said.contains("`two` is already defined in the same module (src/lib.rs)"), "{said}");
}

#[test]
fn a_changed_signature_names_its_callers() {
    let said = check_finish(
        "//- /src/lib.rs
fn send(to: &str) { println!(\"{to}\") }
fn a() { send(\"x\"); }
//- /src/b.rs
fn b() {

    crate::send(\"y\");
}
",
        &[("fn send(to: &str)", "fn send(target: &str, times: u8)")],
        "//- /src/lib.rs
fn send(target: &str, times: u8) { println!(\"{target}\") }
fn a() { send(\"x\"); }
",
    );
    assert!(
        said.contains("`send` (src/lib.rs:1) changed. What to pass for `times` only you or a model can say: src/b.rs:3, src/lib.rs:2."),
        "{said}"
    );
}

#[test]
fn words_ask_for_a_rename_too() {
    check_edit(
        "//- /src/lib.rs
/// A fetch.
pub fn fetch() { fetch(); }
//- /src/a.rs
use crate::fetch as get;
fn f() { crate::fetch(); get(); }
",
        "Please rename the function `fetch` to `load` everywhere.",
        "//- /src/lib.rs
/// A fetch.
pub fn load() { load(); }
//- /src/a.rs
use crate::load as get;
fn f() { crate::load(); get(); }
",
    );
}

#[test]
fn words_that_could_mean_two_things_are_asked_about() {
    let before = "//- /src/a.rs
pub struct A;
impl A { pub fn run(&self) {} }
//- /src/b.rs
pub struct B;
impl B { pub fn run(&self) {} }
";
    let said = check_edit(before, "rename run to start", before);
    assert!(
        said.contains("several definitions of `run`") && said.contains("src/a.rs:2 (method), src/b.rs:2 (method)"),
        "{said}"
    );
    check_edit(
        before,
        "rename B::run to start",
        "//- /src/a.rs
pub struct A;
impl A { pub fn run(&self) {} }
//- /src/b.rs
pub struct B;
impl B { pub fn start(&self) {} }
",
    );
}

#[test]
fn a_local_is_not_the_module_of_its_name() {
    check_finish(
        "//- /src/lib.rs
mod ast;
fn f(ast: &ast::Ast) -> bool {
    let done = move |ast: u8| { match ast { 0 => g, _ => h } }(1);
    if let ast::Ast::Leaf { ref value, .. } = *ast { return value == &ast::zero(); }
    ast.check(&mut |mut one, two| one + two) && done
}
",
        &[("fn f(ast:", "fn f(tree:")],
        "//- /src/lib.rs
mod ast;
fn f(tree: &ast::Ast) -> bool {
    let done = move |ast: u8| { match ast { 0 => g, _ => h } }(1);
    if let ast::Ast::Leaf { ref value, .. } = *tree { return value == &ast::zero(); }
    tree.check(&mut |mut one, two| one + two) && done
}
",
    );
}

#[test]
fn names_from_elsewhere_are_not_ours() {
    check_finish(
        "//- /src/lib.rs
mod log;
pub use crate::log::Result;
fn f() -> Result<()> { idna::decode(); log::decode(); std::log::decode() }
//- /src/log.rs
pub type Result<T> = std::result::Result<T, String>;
pub fn decode() -> Result<()> { Ok(()) }
//- /src/other.rs
fn g() -> Result<(), ()> { Ok(()) }
",
        &[("pub type Result<T>", "pub type Outcome<T>"), ("pub fn decode()", "pub fn read()")],
        "//- /src/lib.rs
mod log;
pub use crate::log::Outcome;
fn f() -> Outcome<()> { idna::decode(); log::read(); std::log::decode() }
//- /src/log.rs
pub type Outcome<T> = std::result::Result<T, String>;
pub fn read() -> Outcome<()> { Ok(()) }
//- /src/other.rs
fn g() -> Result<(), ()> { Ok(()) }
",
    );
}

#[test]
fn constants_are_seen_in_their_block() {
    check_finish(
        "//- /src/lib.rs
fn f(n: u8) -> u8 {
    match n {
        0 => { const MASK: u8 = 1; n & MASK }
        _ => { const MASK: u8 = 2; n & MASK }
    }
}
",
        &[("const MASK: u8 = 2", "const BITS: u8 = 2")],
        "//- /src/lib.rs
fn f(n: u8) -> u8 {
    match n {
        0 => { const MASK: u8 = 1; n & MASK }
        _ => { const BITS: u8 = 2; n & BITS }
    }
}
",
    );
}

#[test]
fn macros_are_seen_where_they_are_defined() {
    check_finish(
        "//- /src/lib.rs
fn f() {
    macro_rules! assert { ($x:expr) => { $x } }
    assert!(1);
}
fn g() { assert!(true); log::assert!(1); }
",
        &[("macro_rules! assert", "macro_rules! sure")],
        "//- /src/lib.rs
fn f() {
    macro_rules! sure { ($x:expr) => { $x } }
    sure!(1);
}
fn g() { assert!(true); log::assert!(1); }
",
    );
}

#[test]
fn bindings_of_some_configurations_are_one_with_what_they_hide() {
    check_finish(
        "//- /src/lib.rs
fn f(sink: &mut dyn Sink) {
    #[cfg(feature = \"debug\")]
    let mut sink = Debug::new(sink);
    sink.put(1);
    let sink = 3;
    drop(sink);
}
",
        &[("fn f(sink:", "fn f(out:")],
        "//- /src/lib.rs
fn f(out: &mut dyn Sink) {
    #[cfg(feature = \"debug\")]
    let mut out = Debug::new(out);
    out.put(1);
    let sink = 3;
    drop(sink);
}
",
    );
}
