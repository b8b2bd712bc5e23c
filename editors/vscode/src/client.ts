// The language client: one for all folders, because the server's commands are registered globally.
import { homedir } from "node:os";
import type * as vscode from "vscode";
import {
  CancellationToken,
  type ClientCapabilities,
  type FeatureState,
  LanguageClient,
  type StaticFeature,
} from "vscode-languageclient/node";

import { previewTicked } from "./confirm";
import { withWords } from "./prompt";
import type { Status, StatusItem } from "./status";

export function createClient(program: string, output: vscode.LogOutputChannel, status: StatusItem): LanguageClient {
  const client = new LanguageClient(
    "pilotlight",
    "Pilotlight",
    // Not in the workspace's folder: nothing there may be picked up as a program or a configuration.
    { command: program, args: ["lsp"], options: { cwd: homedir() } },
    {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: output,
      middleware: {
        executeCommand: async (command, args, next) => {
          const complete = await withWords(command, args);
          return complete === undefined ? undefined : next(command, complete);
        },
        workspace: { handleApplyEdit: (params, next) => next(previewTicked(params), CancellationToken.None) },
      },
    },
  );
  client.registerFeature(new PilotlightFeature());
  client.onNotification("pilotlight/status", (latest: Status) => status.show(latest));
  client.onDidChangeState(({ newState }) => status.clientState(newState));
  return client;
}

/** Tells the server what this extension adds to LSP: prompts for words that are missing, and a place for its status. */
class PilotlightFeature implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const experimental = (capabilities.experimental ?? {}) as Record<string, unknown>;
    capabilities.experimental = { ...experimental, pilotlight: { prompt: true, status: true } };
  }

  initialize(): void {}

  getState(): FeatureState {
    return { kind: "static" };
  }

  clear(): void {}
}
