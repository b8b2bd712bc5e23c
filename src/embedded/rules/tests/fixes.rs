//! Diagnostics that say how.

use super::check_fix;

#[test]
fn unused_imports_go() {
    check_fix(
        "//- /a.rs
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, Read, Write};
use std::rc::{
    Rc,
    Weak,
};
fn main() {}
",
        "a.rs",
        "1:33-1:40 warning [rustc unused_imports]: unused import: `HashSet`
2:5-2:13 warning [rustc unused_imports]: unused import: `std::fmt`
  help: remove the whole `use` item
3:21-3:25 warning [rustc unused_imports]: unused imports: `Read` and `Write`
3:27-3:32 warning [rustc unused_imports]: unused imports: `Read` and `Write`
5:5-5:7 warning [rustc unused_imports]: unused import: `Rc`",
        "//- /a.rs
use std::collections::HashMap;
use std::io::{self};
use std::rc::{
    Weak,
};
fn main() {}
",
    );
}

#[test]
fn unused_imports_of_python_typescript_and_go_go() {
    check_fix(
        "//- /a.py
import os
import sys, json
from typing import (
    Any,
    List,
)
",
        "a.py",
        "1:8-1:10 warning [Ruff F401]: `os` imported but unused
  help: Remove unused import: `os`
2:13-2:17 warning [Ruff F401]: `json` imported but unused
4:5-4:8 warning [Pyflakes F401]: 'typing.Any' imported but unused",
        "//- /a.py
import sys
from typing import (
    List,
)
",
    );
    check_fix(
        "//- /a.ts
import React, { useState, useEffect as effect } from 'react';
import { a } from './a';
import * as b from './b';
",
        "a.ts",
        "1:17-1:25 hint [ts 6133]: 'useState' is declared but its value is never read.
2:1-2:25 hint [ts 6133]: 'a' is declared but its value is never read.
3:1-3:26 hint [ts 6133]: 'b' is declared but its value is never read.",
        "//- /a.ts
import React, { useEffect as effect } from 'react';
",
    );
    check_fix(
        "//- /a.go
package a

import (
	\"fmt\"
	\"os\"
)
",
        "a.go",
        "4:2-4:7 error [compiler UnusedImport]: \"fmt\" imported and not used",
        "//- /a.go
package a

import (
	\"os\"
)
",
    );
}

#[test]
fn misspelt_names_are_put_right() {
    check_fix(
        "//- /a.rs
fn f(s: S) -> usize { let length = 3; s.feild + lenght }
",
        "a.rs",
        "1:49-1:55 error [rustc E0425]: cannot find value `lenght` in this scope
  help: a local variable with a similar name exists: `length`
1:41-1:46 error [rustc E0609]: no field `feild` on type `S`
  related a.rs:1:41: a field with a similar name exists: `field`",
        "//- /a.rs
fn f(s: S) -> usize { let length = 3; s.field + length }
",
    );
    check_fix(
        "//- /a.ts
const é = colour.lenght;
",
        "a.ts",
        "1:18-1:24 error [ts 2551]: Property 'lenght' does not exist on type 'string'. Did you mean 'length'?",
        "//- /a.ts
const é = colour.length;
",
    );
    check_fix(
        "//- /a.c
int main() { return countr; }
",
        "a.c",
        "1:21-1:27 error [clang undeclared_var_use_suggest]: Use of undeclared identifier 'countr'; did you mean 'counter'?",
        "//- /a.c
int main() { return counter; }
",
    );
}

#[test]
fn unused_variables_are_marked() {
    check_fix(
        "//- /a.rs
fn f(p: P) { let unused = 1; let P { x } = p; }
",
        "a.rs",
        "1:18-1:24 warning [rustc unused_variables]: unused variable: `unused`
  help: if this is intentional, prefix it with an underscore: `_unused`
1:38-1:39 warning [rustc unused_variables]: unused variable: `x`
  help: try ignoring the field: `x: _`",
        "//- /a.rs
fn f(p: P) { let _unused = 1; let P { x: _ } = p; }
",
    );
    check_fix(
        "//- /a.py
def f():
    a = g()
    b = 1
    try:
        pass
    except E as e:
        pass
",
        "a.py",
        "2:5-2:6 warning [Ruff F841]: Local variable `a` is assigned to but never used
3:5-3:6 warning [Ruff F841]: Local variable `b` is assigned to but never used
6:17-6:18 warning [Ruff F841]: Local variable `e` is assigned to but never used",
        "//- /a.py
def f():
    g()
    try:
        pass
    except E:
        pass
",
    );
}

#[test]
fn semicolons_are_put_where_they_are_missing() {
    check_fix(
        "//- /a.c
int main() {
    int x = 1
    return x;
}
",
        "a.c",
        "2:13-2:14 error [clang expected_semi_declaration]: Expected ';' at end of declaration after x",
        "//- /a.c
int main() {
    int x = 1;
    return x;
}
",
    );
    check_fix(
        "//- /a.rs
fn f() {
    let x = 1
    let y = 2;
}
",
        "a.rs",
        "3:5-3:8 error [rustc]: expected `;`, found keyword `let`
  related a.rs:2:14: add `;` here",
        "//- /a.rs
fn f() {
    let x = 1;
    let y = 2;
}
",
    );
    check_fix(
        "//- /a.ts\nfoo() bar();\n",
        "a.ts",
        "1:7-1:10 error [ts 1005]: ';' expected.",
        "//- /a.ts\nfoo(); bar();\n",
    );
}

#[test]
fn mut_comes_and_goes() {
    check_fix(
        "//- /a.rs
fn f(list: Vec<u8>) {
    let x = 1;
    let mut y = 2;
    list.push(x);
    x = 2;
}
",
        "a.rs",
        "4:5-4:9 error [rustc E0596]: cannot borrow `list` as mutable, as it is not declared as mutable
  help: consider changing this to be mutable: `mut `
5:5-5:10 error [rustc E0384]: cannot assign twice to immutable variable `x`
3:9-3:14 warning [rustc unused_mut]: variable does not need to be mutable
  help: remove this `mut`",
        "//- /a.rs
fn f(mut list: Vec<u8>) {
    let mut x = 1;
    let y = 2;
    list.push(x);
    x = 2;
}
",
    );
}

#[test]
fn suggestions_are_taken_where_they_visibly_fit() {
    check_fix(
        "//- /a.rs
//! Docs.
#![allow(dead_code)]

use std::fmt;
fn f(m: HashMap<u8, u8>, s: &str) { let n: String = \"a\"; g(s.to_string().as_str()); }
",
        "a.rs",
        "5:9-5:16 error [rustc E0425]: cannot find type `HashMap` in this scope
  help: consider importing this struct: `use std::collections::HashMap;`
5:53-5:56 error [rustc E0308]: mismatched types
  help: try using a conversion method: `.to_string()`
5:60-5:82 warning [clippy unnecessary_to_owned]: unnecessary use of `to_string`
  help: use: `s`",
        "//- /a.rs
//! Docs.
#![allow(dead_code)]

use std::collections::HashMap;
use std::fmt;
fn f(m: HashMap<u8, u8>, s: &str) { let n: String = \"a\".to_string(); g(s); }
",
    );
}

#[test]
fn stale_and_unclear_diagnostics_are_named_and_left() {
    let before = "//- /a.rs
fn f() { let renamed = 1; }
";
    let said = check_fix(
        before,
        "a.rs",
        "1:14-1:20 warning [rustc unused_variables]: unused variable: `unused`
1:99-1:100 error [rustc E0425]: cannot find value `x` in this scope
1:1-1:3 error [rustc E0308]: mismatched types",
        before,
    );
    assert!(
        said.contains("The text at a.rs:1 does not fit its diagnostic any more; nothing was done there."),
        "{said}"
    );
    assert!(said.contains("What is reported at a.rs:1 does not say how to fix it."), "{said}");
}
