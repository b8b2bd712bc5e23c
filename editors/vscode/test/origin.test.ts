// A key belongs to an origin: what counts as the same one, and what does not.
import assert from "node:assert/strict";
import { test } from "node:test";

import { hostOf, isLoopback, originOf } from "../src/origin.ts";

test("the schemes of WebSocket and HTTP, the path and the default port make no other origin", () => {
  for (const url of ["https://api.example.com/v1", "wss://API.example.com:443/other/", " https://api.example.com "]) {
    assert.equal(originOf(url), "https://api.example.com");
  }
});

test("another port, host or encryption is another origin", () => {
  const origins = ["https://a.example", "https://a.example:8443", "https://b.example", "http://a.example"].map(originOf);
  assert.equal(new Set(origins).size, 4);
});

test("what is no address of a server has no origin", () => {
  for (const text of ["", "api.example.com", "file:///etc/passwd", "https://", "javascript:alert(1)"]) {
    assert.equal(originOf(text), undefined);
  }
});

test("this machine is known by its names", () => {
  assert.ok(["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9"].every(isLoopback));
  assert.ok(!["https://localhost.example.com", "https://api.openai.com", "http://128.0.0.1"].some(isLoopback));
});

test("the user is told the host with its port", () => {
  assert.equal(hostOf("https://a.example:8443"), "a.example:8443");
});
