// The flame: every state is told apart by its text, and said to those who do not see it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { look, tooltip } from "../src/flame.ts";

const session = (state: string) => ({ root: "/home/me/shop_[1]", state, model: "gpt-5.5", transport: "websocket" });

test("the states look and sound different", () => {
  const looks = ["cold", "warming", "warm", "busy", "offline", "consent"].map((state) => look("running", session(state)));
  looks.push(look("starting", undefined), look("stopped", undefined));
  assert.equal(new Set(looks.map(({ text }) => text)).size, looks.length);
  assert.equal(new Set(looks.map(({ spoken }) => spoken)).size, looks.length);
  assert.ok(looks.every(({ text }) => text.includes("$(flame)")));
});

test("only what is up to the user stands out", () => {
  const warns = (state: string) => look("running", session(state)).warns;
  assert.ok(["offline", "consent"].every(warns) && !["cold", "warming", "warm", "busy", "rotating"].some(warns));
});

test("a state that a newer server knows is shown by its name", () => {
  assert.deepEqual(look("running", session("banked")), { text: "$(flame) banked", spoken: "Pilotlight: banked", warns: false });
});

test("why a session is offline is in the tooltip", () => {
  const offline = { ...session("offline"), reason: "the provider refused the API key" };
  assert.match(tooltip({ version: "1", sessions: [offline] }, "Pilotlight: offline", false), /refused the API key/);
});

test("the tooltip's Markdown is ours alone", () => {
  const hint = tooltip({ version: "1", sessions: [session("warm")] }, "Pilotlight: warm", true);
  assert.match(hint, /shop\\_\\\[1\\\]: warm/);
  assert.match(hint, /\[Cancel\]\(command:pilotlight\.ui\.cancel\)/);
});
