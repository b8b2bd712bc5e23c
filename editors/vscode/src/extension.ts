// Starts and stops the one language client, and wires the parts together. Decides nothing else.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { createClient } from "./client";
import { registerCommands } from "./commands";
import { MarkdownDocuments } from "./documents";
import { findServer, reportMissingServer } from "./server";
import { StatusItem } from "./status";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Pilotlight", { log: true });
  const status = new StatusItem();
  const documents = new MarkdownDocuments();

  const start = async (): Promise<void> => {
    const running = client;
    client = undefined;
    await running?.dispose();
    const server = await findServer(context.extensionPath);
    if (server.kind === "missing") {
      status.noServer();
      reportMissingServer(server.reason, context.extensionUri);
      return;
    }
    client = createClient(server.path, output, status);
    await client.start();
  };
  // One start at a time: a second one waits for the first, else two servers would register the same commands.
  let starting: Promise<void> = Promise.resolve();
  const restart = (): Promise<void> => {
    starting = starting.then(start).catch((error: unknown) => {
      status.noServer();
      output.error(`the server did not start: ${String(error)}`);
      void vscode.window.showErrorMessage(`Pilotlight's server did not start: ${String(error)}`);
    });
    return starting;
  };

  context.subscriptions.push(
    output,
    status,
    documents,
    ...registerCommands({ client: () => client, restart, showLog: () => output.show(), documents }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("pilotlight.server.path")) void restart();
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.dispose();
}
