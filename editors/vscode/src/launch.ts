// What the server is started with: the user's settings as its command line, their key in its environment, and what a
// workspace may narrow as its options. The key is in no argument, setting or log.
import { execFile } from "node:child_process";
import { homedir } from "node:os";
import * as vscode from "vscode";

import { type Configuration, readConfiguration } from "./configuration.ts";
import type { ApiKeys } from "./keys.ts";

/** The variable that carries a key kept by VS Code. */
const KEY_VARIABLE = "PILOTLIGHT_VSCODE_API_KEY";
/** A program that has said nothing by then is not ours. */
const ANSWERS_WITHIN_MS = 10_000;

/** Settings for the user alone (machine-scoped), with the key of the server's configuration that each sets. */
const FOR_THE_USER = {
  "provider.baseUrl": "provider.base_url",
  "provider.model": "provider.model",
  "provider.transport": "provider.transport",
};

/** Settings that a workspace may have too, since the server lets them only narrow. */
const NARROWING = {
  "context.exclude": ["context", "exclude"],
  "context.maxFileBytes": ["context", "max_file_bytes"],
  "context.maxDeltaBytes": ["context", "max_delta_bytes"],
  "edit.confirm": ["edit", "confirm"],
} as const;

/** The settings that only a new server takes. */
export const NEED_RESTART = ["server.path", ...Object.keys(FOR_THE_USER), ...Object.keys(NARROWING)].map((name) => `pilotlight.${name}`);

export interface Launch {
  program: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  initializationOptions: Record<string, Record<string, unknown>>;
  configuration: Configuration;
}

/** A program that cannot serve, with what it says about that. */
export class CannotStart extends Error {}

export async function prepare(program: string, keys: ApiKeys): Promise<Launch> {
  const settings = userSettings();
  const printed = await ask(program, ["config", ...settings]);
  const configuration = readConfiguration(printed, process.env);
  if (configuration === undefined) throw new CannotStart(`${program} does not answer like pilotlight`);

  const key = await keys.get(configuration.origin);
  // With a key goes the address it was entered for, so that no change of a file can lead it elsewhere.
  const bound = key === undefined ? [] : [...set("provider.base_url", configuration.baseUrl), ...set("provider.api_key_env", KEY_VARIABLE)];
  return {
    program,
    args: ["lsp", ...settings, ...bound],
    env: key === undefined ? process.env : { ...process.env, [KEY_VARIABLE]: key },
    initializationOptions: narrowingSettings(),
    configuration: { ...configuration, lacksKey: configuration.lacksKey && key === undefined },
  };
}

function userSettings(): string[] {
  const settings = vscode.workspace.getConfiguration("pilotlight");
  return Object.entries(FOR_THE_USER).flatMap(([name, key]) => {
    const value = settings.get<string>(name, "").trim();
    return value === "" ? [] : set(key, value);
  });
}

/** A JSON text is a TOML text: nothing in a value can be taken for more than a value. */
function set(key: string, value: string): string[] {
  return ["--set", `${key}=${JSON.stringify(value)}`];
}

function narrowingSettings(): Record<string, Record<string, unknown>> {
  const settings = vscode.workspace.getConfiguration("pilotlight");
  const options: Record<string, Record<string, unknown>> = {};
  for (const [name, [section, key]] of Object.entries(NARROWING)) {
    const value = settings.get<unknown>(name);
    if (value === undefined || value === null || value === "") continue;
    options[section] = { ...options[section], [key]: value };
  }
  return options;
}

/** Runs the program for what it prints; what it complains of is the reason why it cannot start. */
function ask(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: homedir(), timeout: ANSWERS_WITHIN_MS, windowsHide: true }, (error, printed, complaint) => {
      if (error === null) {
        resolve(printed);
        return;
      }
      const said = complaint.trim().replace(/^pilotlight: /, "").split("\n").slice(0, 3).join(" ");
      const silent = error.killed ? `${program} did not answer` : `${program} cannot be run (${error.code ?? error.message})`;
      reject(new CannotStart(said === "" ? silent : said));
    });
  });
}
