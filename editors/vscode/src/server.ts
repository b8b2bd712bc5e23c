// Finds the server's program. Never takes one from the workspace: the setting is machine-scoped, and only absolute
// directories of PATH are searched.
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";

import { openSettings } from "./settings.ts";

const PROGRAM = process.platform === "win32" ? "pilotlight.exe" : "pilotlight";

export type Server = { kind: "found"; path: string } | { kind: "missing"; reason: string };

/** The setting if there is one, else the program bundled with the extension, else the first on PATH. */
export async function findServer(extensionPath: string): Promise<Server> {
  const configured = vscode.workspace.getConfiguration("pilotlight").get<string>("server.path", "").trim();
  if (configured !== "") {
    const wanted = configured.startsWith("~/") ? path.join(homedir(), configured.slice(2)) : configured;
    if (!path.isAbsolute(wanted)) {
      return { kind: "missing", reason: `the setting pilotlight.server.path is not an absolute path: ${configured}` };
    }
    return (await isProgram(wanted))
      ? { kind: "found", path: wanted }
      : { kind: "missing", reason: `the setting pilotlight.server.path names no program that can be run: ${wanted}` };
  }
  const directories = (process.env["PATH"] ?? "").split(path.delimiter).filter((entry) => path.isAbsolute(entry));
  for (const directory of [path.join(extensionPath, "server"), ...directories]) {
    const candidate = path.join(directory, PROGRAM);
    if (await isProgram(candidate)) return { kind: "found", path: candidate };
  }
  return { kind: "missing", reason: `there is no ${PROGRAM} on PATH` };
}

/** Says that the server is missing, with a way on. */
export function reportMissingServer(reason: string, extensionId: string): void {
  const setPath = "Set Its Path";
  const readme = "How to Install";
  void vscode.window
    .showErrorMessage(`Pilotlight cannot start its server: ${reason}.`, setPath, readme)
    .then((choice) => {
      if (choice === setPath) {
        return openSettings("pilotlight.server.path");
      }
      if (choice === readme) {
        return vscode.commands.executeCommand("extension.open", extensionId);
      }
      return undefined;
    });
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
