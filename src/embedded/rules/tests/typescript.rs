//! TypeScript and JavaScript.

use super::check_finish;

#[test]
fn an_exported_function_is_renamed_through_imports() {
    check_finish(
        "//- /src/api.ts
export function fetchUser(id: number): User { return fetchUser(id - 1) }
//- /src/index.ts
export { fetchUser } from './api';
export * as api from './api';
//- /src/app.tsx
import React from 'react';
import { fetchUser, type User } from './api';
import * as api from \"./api\";
const handlers = { fetchUser, fetchUser2: fetchUser, other: { fetchUser: 1 } };
const re = /fetchUser\"/;
export const App = () => <div title=\"fetchUser\" onClick={() => fetchUser(1)}>Don't fetchUser {`${fetchUser(2)} fetchUser`}</div>;
function shadow(fetchUser: () => void) { fetchUser(); api.fetchUser(3); handlers.fetchUser(); }
//- /src/deep/more.js
const { fetchUser } = require('..');
module.exports = [fetchUser];
//- /src/unrelated.ts
import { fetchUser } from 'other-package';
fetchUser();
",
        &[("export function fetchUser(", "export function loadUser(")],
        "//- /src/api.ts
export function loadUser(id: number): User { return loadUser(id - 1) }
//- /src/index.ts
export { loadUser } from './api';
export * as api from './api';
//- /src/app.tsx
import React from 'react';
import { loadUser, type User } from './api';
import * as api from \"./api\";
const handlers = { fetchUser: loadUser, fetchUser2: loadUser, other: { fetchUser: 1 } };
const re = /fetchUser\"/;
export const App = () => <div title=\"fetchUser\" onClick={() => loadUser(1)}>Don't fetchUser {`${loadUser(2)} fetchUser`}</div>;
function shadow(fetchUser: () => void) { fetchUser(); api.loadUser(3); handlers.fetchUser(); }
//- /src/deep/more.js
const { loadUser } = require('..');
module.exports = [loadUser];
//- /src/unrelated.ts
import { fetchUser } from 'other-package';
fetchUser();
",
    );
}

#[test]
fn locals_parameters_and_patterns_stay_in_their_scope() {
    check_finish(
        "//- /a.js
function run(options, list) {
  const { name, size: count = 1 } = options;
  for (const item of list) { use(item, count); }
  const twice = count => count * 2;
  const inner = (a, { count }) => count + a;
  if (count) { let count = 3; use(count); }
  return { count, other: count, total: twice(count), [count]: options.count };
}
function other(count) { return count }
",
        &[("size: count = 1", "size: amount = 1")],
        "//- /a.js
function run(options, list) {
  const { name, size: amount = 1 } = options;
  for (const item of list) { use(item, amount); }
  const twice = count => count * 2;
  const inner = (a, { count }) => count + a;
  if (amount) { let count = 3; use(count); }
  return { count: amount, other: amount, total: twice(amount), [amount]: options.count };
}
function other(count) { return count }
",
    );
}

#[test]
fn classes_and_their_members() {
    let said = check_finish(
        "//- /shape.ts
export class Shape {
  private area = 0;
  static make(): Shape { return new Shape(); }
  measure(): number { return this.area; }
}
export class Circle extends Shape {
  override measure() { return super.measure() + 1; }
}
class Ruler { measure() {} }
//- /use.ts
import { Shape, Circle } from './shape';
export function f(shape: Shape, any: unknown) {
  const circle = new Circle();
  return shape.measure() + circle.measure() + any.measure() + Shape.make().area;
}
",
        &[("  measure(): number", "  size(): number"), ("export class Shape {", "export class Form {")],
        "//- /shape.ts
export class Form {
  private area = 0;
  static make(): Form { return new Form(); }
  size(): number { return this.area; }
}
export class Circle extends Form {
  override size() { return super.size() + 1; }
}
class Ruler { measure() {} }
//- /use.ts
import { Form, Circle } from './shape';
export function f(shape: Form, any: unknown) {
  const circle = new Circle();
  return shape.size() + circle.size() + any.measure() + Form.make().area;
}
",
    );
    assert!(said.contains("Left alone: use.ts:4: other types have a member of this name"), "{said}");
}

#[test]
fn interface_members_follow_declared_types() {
    let said = check_finish(
        "//- /a.ts
export interface Options { timeout?: number; retries: number }
const defaults: Options = { timeout: 1, retries: 2 };
const loose = { timeout: 1 };
function start({ timeout, retries }: Options, o: Options) {
  return timeout + o.timeout + defaults.timeout;
}
",
        &[("{ timeout?: number;", "{ deadline?: number;")],
        "//- /a.ts
export interface Options { deadline?: number; retries: number }
const defaults: Options = { deadline: 1, retries: 2 };
const loose = { timeout: 1 };
function start({ deadline: timeout, retries }: Options, o: Options) {
  return timeout + o.deadline + defaults.deadline;
}
",
    );
    assert!(said.contains("Left alone: a.ts:3: an object literal whose type cannot be told."), "{said}");
}

#[test]
fn commonjs_exports_follow() {
    check_finish(
        "//- /lib/parse.js
'use strict'
const limit = exports.limit = 3
const parse = (text) => text
class Parser {
  #state
  run () { return this.#state + parse(limit) }
}
module.exports = { parse, limit: 4 }
//- /index.js
const { parse } = require('./lib/parse.js')
const lib = require('./lib/parse')
class Other { #state = 1 }
module.exports = { parse: parse(lib.parse), again: lib.limit }
",
        &[("const parse =", "const read ="), ("  #state\n", "  #mode\n")],
        "//- /lib/parse.js
'use strict'
const limit = exports.limit = 3
const read = (text) => text
class Parser {
  #mode
  run () { return this.#mode + read(limit) }
}
module.exports = { read, limit: 4 }
//- /index.js
const { read } = require('./lib/parse.js')
const lib = require('./lib/parse')
class Other { #state = 1 }
module.exports = { parse: read(lib.read), again: lib.limit }
",
    );
}
