//! Rust: methods, fields, variants.

use super::check_finish;

#[test]
fn a_method_is_renamed_where_its_type_is_known() {
    let said = check_finish(
        "//- /src/lib.rs
pub struct Store { items: Vec<u8> }
pub struct Cache { store: Box<Store> }
impl Store {
    pub fn open() -> Self { Store { items: vec![] } }
    pub fn len(&self) -> usize { self.items.len() }
    fn twice(&self) -> usize { self.len() * 2 + Self::len(self) + Store::len(self) }
}
fn f(store: &Store, cache: Cache, list: &[Store], names: Vec<String>) -> usize {
    let own = Store::open();
    let mut sum = store.len() + cache.store.len() + own.len() + list[0].len();
    for store in list { sum += store.len(); }
    if let Some(first) = list.first() { sum += first.len(); }
    sum + list.len() + names.len() + unknown().len()
}
",
        &[("pub fn len(", "pub fn size(")],
        "//- /src/lib.rs
pub struct Store { items: Vec<u8> }
pub struct Cache { store: Box<Store> }
impl Store {
    pub fn open() -> Self { Store { items: vec![] } }
    pub fn size(&self) -> usize { self.items.len() }
    fn twice(&self) -> usize { self.size() * 2 + Self::size(self) + Store::size(self) }
}
fn f(store: &Store, cache: Cache, list: &[Store], names: Vec<String>) -> usize {
    let own = Store::open();
    let mut sum = store.size() + cache.store.size() + own.size() + list[0].size();
    for store in list { sum += store.size(); }
    if let Some(first) = list.first() { sum += first.size(); }
    sum + list.len() + names.len() + unknown().len()
}
",
    );
    assert!(said.contains("Left alone: src/lib.rs:13: the standard library has a method of this name"), "{said}");
}

#[test]
fn a_trait_method_is_renamed_with_its_implementations() {
    check_finish(
        "//- /src/lib.rs
pub trait Draw { fn draw(&self); fn again(&self) { self.draw() } }
//- /src/shapes.rs
use crate::Draw;
struct Circle;
impl Draw for Circle { fn draw(&self) {} }
struct Gun;
impl Gun { fn draw(&self) {} }
fn f<T: Draw>(t: T, d: &dyn Draw, gun: Gun) {
    t.draw(); d.draw(); gun.draw(); T::draw(&t); Draw::draw(&t); Circle.again();
}
",
        &[("trait Draw { fn draw(", "trait Draw { fn paint(")],
        "//- /src/lib.rs
pub trait Draw { fn paint(&self); fn again(&self) { self.paint() } }
//- /src/shapes.rs
use crate::Draw;
struct Circle;
impl Draw for Circle { fn paint(&self) {} }
struct Gun;
impl Gun { fn draw(&self) {} }
fn f<T: Draw>(t: T, d: &dyn Draw, gun: Gun) {
    t.paint(); d.paint(); gun.draw(); T::paint(&t); Draw::paint(&t); Circle.again();
}
",
    );
}

#[test]
fn a_method_of_a_foreign_trait_keeps_its_name() {
    let said = check_finish(
        "//- /src/lib.rs
use std::fmt;
struct S;
impl fmt::Display for S {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { Ok(()) }
}
",
        &[("fn fmt(", "fn format(")],
        "//- /src/lib.rs
use std::fmt;
struct S;
impl fmt::Display for S {
    fn format(&self, f: &mut fmt::Formatter) -> fmt::Result { Ok(()) }
}
",
    );
    assert!(said.contains("belongs to the trait `Display`, which is not defined in this workspace"), "{said}");
}

#[test]
fn a_field_is_renamed_in_literals_patterns_and_accesses() {
    check_finish(
        "//- /src/lib.rs
#[derive(Debug, thiserror::Error)]
#[error(\"at {line}: {}\", .line)]
pub struct At { pub line: usize, column: usize }
struct Other { line: u8 }
fn f(at: &mut At, other: Other) -> usize {
    let line = 3;
    let made = At { line, column: 1 };
    let At { line, .. } = made;
    let At { ref column, line: same } = *at;
    at.line += line + other.line as usize;
    let again = At { line: 4, ..made };
    at.line() + Other { line: 1 }.line as usize
}
impl At { fn line(&self) -> usize { self.line } }
",
        &[("pub line: usize", "pub row: usize")],
        "//- /src/lib.rs
#[derive(Debug, thiserror::Error)]
#[error(\"at {row}: {}\", .row)]
pub struct At { pub row: usize, column: usize }
struct Other { line: u8 }
fn f(at: &mut At, other: Other) -> usize {
    let line = 3;
    let made = At { row: line, column: 1 };
    let At { row: line, .. } = made;
    let At { ref column, row: same } = *at;
    at.row += line + other.line as usize;
    let again = At { row: 4, ..made };
    at.line() + Other { line: 1 }.line as usize
}
impl At { fn line(&self) -> usize { self.row } }
",
    );
}

#[test]
fn a_variant_is_renamed_behind_its_enum_and_where_it_is_imported() {
    check_finish(
        "//- /src/lib.rs
pub enum Level { Low, High(u8) }
enum Pitch { Low }
use Level::*;
impl Level {
    fn is_low(&self) -> bool { matches!(self, Self::Low) }
}
fn f(level: Level, pitch: Pitch) -> bool {
    match level { Low => true, Level::High(_) => matches!(pitch, Pitch::Low) }
}
//- /src/other.rs
use crate::Level as L;
fn g() -> L { L::Low }
",
        &[("Level { Low,", "Level { Lowest,")],
        "//- /src/lib.rs
pub enum Level { Lowest, High(u8) }
enum Pitch { Low }
use Level::*;
impl Level {
    fn is_low(&self) -> bool { matches!(self, Self::Lowest) }
}
fn f(level: Level, pitch: Pitch) -> bool {
    match level { Lowest => true, Level::High(_) => matches!(pitch, Pitch::Low) }
}
//- /src/other.rs
use crate::Level as L;
fn g() -> L { L::Lowest }
",
    );
}

#[test]
fn types_of_one_name_keep_their_members_apart() {
    check_finish(
        "//- /src/lib.rs
pub mod a;
pub mod b;
fn f(x: &a::Writer, y: &b::Writer) { x.emit(); y.emit(); a::Writer::emit(x); b::Writer::emit(y); }
//- /src/a.rs
pub struct Writer;
impl Writer { pub fn emit(&self) {} }
//- /src/b.rs
pub struct Writer;
impl Writer { pub fn emit(&self) { self.emit() } }
",
        &[("pub fn emit(&self) {}", "pub fn put(&self) {}")],
        "//- /src/lib.rs
pub mod a;
pub mod b;
fn f(x: &a::Writer, y: &b::Writer) { x.put(); y.emit(); a::Writer::put(x); b::Writer::emit(y); }
//- /src/a.rs
pub struct Writer;
impl Writer { pub fn put(&self) {} }
//- /src/b.rs
pub struct Writer;
impl Writer { pub fn emit(&self) { self.emit() } }
",
    );
}

#[test]
fn variants_with_values_and_payloads_of_their_own_name() {
    check_finish(
        "//- /src/lib.rs
pub enum Mask { Low = 1 << 0, High = 1 << 8 }
fn f(mask: Mask) -> Mask {
    use Mask::*;
    struct High;
    match mask { Low => Mask::High, _ => Self::High }
}
",
        &[("High = 1 << 8", "Top = 1 << 8")],
        "//- /src/lib.rs
pub enum Mask { Low = 1 << 0, Top = 1 << 8 }
fn f(mask: Mask) -> Mask {
    use Mask::*;
    struct High;
    match mask { Low => Mask::Top, _ => Self::High }
}
",
    );
}

#[test]
fn closures_know_what_they_are_given() {
    check_finish(
        "//- /src/lib.rs
struct Job; struct Task;
impl Job { fn start(&self) -> bool { true } }
impl Task { fn start(&self) -> bool { true } }
struct Queue(Vec<Job>, Option<Task>);
fn f(queue: &Queue, tasks: Vec<Task>) -> bool {
    queue.0.iter().any(|job| job.start()) && tasks.iter().all(|task| task.start())
        && queue.1.as_ref().is_some_and(|task| task.start())
}
",
        &[("impl Job { fn start(", "impl Job { fn run(")],
        "//- /src/lib.rs
struct Job; struct Task;
impl Job { fn run(&self) -> bool { true } }
impl Task { fn start(&self) -> bool { true } }
struct Queue(Vec<Job>, Option<Task>);
fn f(queue: &Queue, tasks: Vec<Task>) -> bool {
    queue.0.iter().any(|job| job.run()) && tasks.iter().all(|task| task.start())
        && queue.1.as_ref().is_some_and(|task| task.start())
}
",
    );
}

#[test]
fn types_from_elsewhere_have_members_of_their_own() {
    check_finish(
        "//- /src/lib.rs
pub struct Reply { code: u16 }
fn f(theirs: httparse::Response, ours: Reply, unknown: impl Fn() -> u16) -> u16 {
    theirs.code + theirs.inner.code + ours.code + unknown().code
}
",
        &[("{ code: u16 }", "{ status: u16 }")],
        "//- /src/lib.rs
pub struct Reply { status: u16 }
fn f(theirs: httparse::Response, ours: Reply, unknown: impl Fn() -> u16) -> u16 {
    theirs.code + theirs.inner.code + ours.status + unknown().status
}
",
    );
}

#[test]
fn literals_of_self_and_mutable_borrows() {
    check_finish(
        "//- /src/lib.rs
struct Span { end: usize }
impl std::ops::Add for Span {
    type Output = Self;
    fn add(self, mut end: usize) -> Self::Output {
        let borrowed = Borrowed { end: &mut end, other: 1 };
        Self::Output { end: self.end + end }
    }
}
fn f(list: &[u8]) { list.iter().map(#[inline] |end| end + 1); }
",
        &[("struct Span { end:", "struct Span { stop:")],
        "//- /src/lib.rs
struct Span { stop: usize }
impl std::ops::Add for Span {
    type Output = Self;
    fn add(self, mut end: usize) -> Self::Output {
        let borrowed = Borrowed { end: &mut end, other: 1 };
        Self::Output { stop: self.stop + end }
    }
}
fn f(list: &[u8]) { list.iter().map(#[inline] |end| end + 1); }
",
    );
}
