// What is read from the lines of `pilotlight config`.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readConfiguration } from "../src/configuration.ts";

const printed = (given: Record<string, string>) => {
  const values = { base_url: '""', model: '"gpt-5.5"', api_key_env: '"OPENAI_API_KEY"', api_key_command: "[]", headers: "{}", ...given };
  const lines = Object.entries(values).map(([key, value]) => `provider.${key} = ${value}   # from default`);
  return `# user file: /home/me/.config/pilotlight/config.toml (not there)\n${lines.join("\n")}\n`;
};

test("without an endpoint a key would be for OpenAI, and none is missed", () => {
  assert.deepEqual(readConfiguration(printed({}), {}), {
    baseUrl: "https://api.openai.com/v1",
    origin: "https://api.openai.com",
    lacksKey: false,
  });
});

test("a remote endpoint lacks a key, unless a variable, a command or a header may hold one", () => {
  const remote = { base_url: '"https://models.example/v1"' };
  const lacks = (given: Record<string, string>, environment = {}) => readConfiguration(printed({ ...remote, ...given }), environment)?.lacksKey;
  assert.equal(lacks({}), true);
  assert.equal(lacks({}, { OPENAI_API_KEY: "sk" }), false);
  assert.equal(lacks({ api_key_env: '""' }, { OPENAI_API_KEY: "sk" }), true);
  assert.equal(lacks({ api_key_command: '["pass", "show"]' }), false);
  assert.equal(lacks({ headers: '{ "api-key" = "***" }' }), false);
});

test("an endpoint on this machine needs no key", () => {
  assert.equal(readConfiguration(printed({ base_url: '"http://127.0.0.1:8080/v1"' }), {})?.lacksKey, false);
});

test("what another program prints is no configuration", () => {
  assert.equal(readConfiguration("pilotlight 3.1, the oven's firmware", {}), undefined);
});
