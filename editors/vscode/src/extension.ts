// Makes the parts and wires them together. Decides nothing else.
import * as vscode from "vscode";

import { registerCommands } from "./commands.ts";
import { configurationFile } from "./configurationFile.ts";
import { ApiKeys } from "./keys.ts";
import { NEED_RESTART } from "./launch.ts";
import { Prompts } from "./prompt.ts";
import { ReceiptsPanel } from "./receipts/panel.ts";
import { Service } from "./service.ts";
import { Sessions } from "./sessions.ts";
import { StatusItem } from "./status.ts";
import { StatusDocument } from "./statusDocument.ts";

let service: Service | undefined;

export async function activate(extension: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Pilotlight", { log: true });
  const sessions = new Sessions();
  const keys = new ApiKeys(extension.secrets);
  const receipts = new ReceiptsPanel(extension.extensionUri, sessions);
  const statusDocument = new StatusDocument();
  const running = new Service({ extension, output, sessions, prompts: new Prompts(extension.workspaceState), keys });
  service = running;

  const restart = () => void running.restart();
  extension.subscriptions.push(
    ...[output, sessions, keys, receipts, statusDocument, running, new StatusItem(sessions)],
    ...registerCommands({ service: running, sessions, keys, receipts, statusDocument, output }),
    keys.onDidChange(restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (NEED_RESTART.some((name) => change.affectsConfiguration(name))) restart();
    }),
    vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      if (uri.scheme === "file" && uri.fsPath === configurationFile()) restart();
    }),
  );
  await running.restart();
}

export async function deactivate(): Promise<void> {
  await service?.stop();
}
