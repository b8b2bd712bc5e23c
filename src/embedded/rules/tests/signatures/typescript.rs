//! TypeScript and JavaScript.

use super::check_finish;

#[test]
fn calls_follow_through_imports_and_layouts() {
    let said = check_finish(
        "//- /src/api.ts
export function load<T>(id: number, kind: Map<string, number>, deep = false): T { return load(id, kind) }
//- /src/app.tsx
import { load } from './api';
import * as api from './api';
export function f(items: number[], o: Other) {
  const one = load<Map<string, number>>(1, new Map<string, number>(), true);
  const two = load(a < b, c > d, ...items);
  api.load(
    1, // number
    new Map(),
  );
  items.map(load);
  items.forEach((item, index) => load(item, new Map([['a,b', 1]])));
  o.load(1, 2);
  load(`${load(3, m)}, (`, m);
  return <p onClick={() => load(4, m, false)}>load(1, 2)</p>;
}
",
        &[("id: number, kind: Map<string, number>, deep", "id: number, deep")],
        "//- /src/api.ts
export function load<T>(id: number, deep = false): T { return load(id) }
//- /src/app.tsx
import { load } from './api';
import * as api from './api';
export function f(items: number[], o: Other) {
  const one = load<Map<string, number>>(1, true);
  const two = load(a < b, c > d, ...items);
  api.load(
    1, // number
    new Map(),
  );
  items.map(load);
  items.forEach((item, index) => load(item));
  o.load(1, 2);
  load(`${load(3)}, (`);
  return <p onClick={() => load(4, false)}>load(1, 2)</p>;
}
",
    );
    for left in [
        "src/app.tsx:5: it passes a list whose length is not known here",
        "src/app.tsx:6: comments stand between its arguments",
        "src/app.tsx:10: it is passed on as a value",
    ] {
        assert!(said.contains(left), "{left}\n{said}");
    }
}

#[test]
fn arrow_functions_have_names_too() {
    check_finish(
        "//- /lib.js
const area = (width, height) => width * height
const twice = function (a, b) { return a + b }
module.exports = { area, twice }
//- /use.js
const { area } = require('./lib')
const lib = require('./lib.js')
console.log(area(1, 2), lib.twice(3, 4), lib.area(5, 6))
",
        &[("(width, height) =>", "(height, width) =>"), ("function (a, b)", "function (a)")],
        "//- /use.js
const { area } = require('./lib')
const lib = require('./lib.js')
console.log(area(2, 1), lib.twice(3), lib.area(6, 5))
",
    );
}

#[test]
fn classes_interfaces_and_constructors() {
    let said = check_finish(
        "//- /shape.ts
export interface Drawable { draw(x: number, y: number): void }
export class Shape implements Drawable {
  constructor(private name: string, readonly sides: number) {}
  draw(x: number, y: number) { this.draw(y, x) }
}
export class Square extends Shape {
  constructor() { super('square', 4) }
  draw(x: number, y: number) { super.draw(x, y); log(y) }
}
class Stamp { draw(x: number, y: number) {} }
//- /use.ts
import { Shape, Square, type Drawable } from './shape';
export function f(shape: Shape, stamp: Stamp, any: Drawable) {
  shape.draw(1, 2); stamp.draw(3, 4); any.draw(5, 6);
  return new Shape('a', 3);
}
",
        &[
            ("{ draw(x: number, y: number): void }", "{ draw(x: number): void }"),
            (
                "constructor(private name: string, readonly sides: number)",
                "constructor(readonly sides: number, private name: string)",
            ),
        ],
        "//- /shape.ts
export interface Drawable { draw(x: number): void }
export class Shape implements Drawable {
  constructor(readonly sides: number, private name: string) {}
  draw(x: number, y: number) { this.draw(y) }
}
export class Square extends Shape {
  constructor() { super(4, 'square') }
  draw(x: number, y: number) { super.draw(x); log(y) }
}
class Stamp { draw(x: number, y: number) {} }
//- /use.ts
import { Shape, Square, type Drawable } from './shape';
export function f(shape: Shape, stamp: Stamp, any: Drawable) {
  shape.draw(1); stamp.draw(3, 4); any.draw(5);
  return new Shape(3, 'a');
}
",
    );
    assert!(said.contains("Left alone: shape.ts:4, shape.ts:8: its body uses a parameter that goes."), "{said}");
}

#[test]
fn optional_parameters_in_between_are_not_guessed() {
    let said = check_finish(
        "//- /a.ts
function send(to: string, text: string) {}
send('a', 'b')
send('c')
",
        &[("to: string, text: string", "to: string, times = 1, text?: string")],
        "//- /a.ts
function send(to: string, times = 1, text?: string) {}
send('a', 'b')
send('c')
",
    );
    assert!(said.contains("Left alone: a.ts:2: an argument before others was left out or added in between."), "{said}");
}

#[test]
fn a_caller_passes_its_own_variable_of_the_name_and_type() {
    let said = check_finish(
        "//- /a.ts
export function save(user: User): void { if (user.next) save(user.next) }
function typed(user: User, token: string) { save(user) }
function other(user: User, token: number) { save(user) }
function local(user: User) { const token: string = 'x'; save(user) }
function later(user: User) { save(user); const token: string = 'x' }
",
        &[("save(user: User): void", "save(user: User, token: string): void")],
        "//- /a.ts
export function save(user: User, token: string): void { if (user.next) save(user.next, token) }
function typed(user: User, token: string) { save(user, token) }
function other(user: User, token: number) { save(user) }
function local(user: User) { const token: string = 'x'; save(user, token) }
function later(user: User) { save(user); const token: string = 'x' }
",
    );
    assert!(said.contains("only you or a model can say: a.ts:3, a.ts:5."), "{said}");
}

#[test]
fn overloads_are_left_to_the_user() {
    let said = check_finish(
        "//- /a.ts
function at(x: number): void
function at(x: number, y: number): void
function at(x: number, y = 0) {}
at(1, 2)
",
        &[("function at(x: number, y: number): void", "function at(y: number, x: number): void")],
        "",
    );
    assert!(said.contains("several functions of its name stand beside it"), "{said}");
}
