// The language client: one for all folders, because the server's commands are registered globally.
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  CancellationToken,
  type ClientCapabilities,
  CloseAction,
  ErrorAction,
  type FeatureState,
  LanguageClient,
  RevealOutputChannelOn,
  type StaticFeature,
} from "vscode-languageclient/node";

import { isAnswer, showAnswer } from "./answer.ts";
import { previewTicked } from "./confirm.ts";
import type { Launch } from "./launch.ts";
import type { Prompts } from "./prompt.ts";

/** `ended` is called when the server has ended although nobody asked it to. */
export function createClient(launch: Launch, output: vscode.LogOutputChannel, prompts: Prompts, ended: () => void): LanguageClient {
  const client = new QuietClient(
    "pilotlight",
    "Pilotlight",
    // Not in the workspace's folder: nothing there may be picked up as a program or a configuration.
    { command: launch.program, args: launch.args, options: { cwd: homedir(), env: launch.env } },
    {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      initializationOptions: launch.initializationOptions,
      outputChannel: output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          ended();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: {
        executeCommand: async (command, args, next) => {
          const complete = await prompts.withWords(command, args);
          if (complete === undefined) return undefined;
          try {
            return await next(command, complete);
          } catch (error) {
            void vscode.window.showWarningMessage(error instanceof Error ? error.message : String(error));
            return undefined;
          }
        },
        window: { showDocument: (params, token, next) => (isAnswer(params) ? showAnswer(params) : next(params, token)) },
        workspace: { handleApplyEdit: (params, next) => next(previewTicked(params), CancellationToken.None) },
      },
    },
  );
  client.registerFeature(new PilotlightFeature());
  return client;
}

/** Whatever the library would put into a message of its own goes to the log: what a user is to know is said once, by us. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
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
