// The menu of the flame: what fits the moment, the most likely first.
import * as vscode from "vscode";

import { look } from "./flame.ts";
import type { Sessions } from "./sessions.ts";

export async function showMenu(sessions: Sessions): Promise<void> {
  const isUp = sessions.server === "running";
  const asks = sessions.all().some(({ state }) => state === "consent");
  const line = (label: string): vscode.QuickPickItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const entry = (label: string, command: string, description = "") => ({ label, command: `pilotlight.ui.${command}`, description });
  const entries: (vscode.QuickPickItem & { command?: string })[] = [
    ...(sessions.isBusy() ? [entry("$(stop-circle) Cancel the running turn", "cancel")] : []),
    ...(asks ? [entry("$(shield) Allow this workspace to be sent…", "allow", "asks first")] : []),
    ...(isUp ? [entry("$(edit) Edit…", "edit"), entry("$(comment) Ask…", "ask"), entry("$(check-all) Finish this change", "finish")] : []),
    line("session"),
    ...(isUp
      ? [
          entry("$(graph) Show receipts", "receipts", "what each turn sent and took"),
          entry("$(info) Show status", "status"),
          entry("$(flame) New session", "reset", "forget the conversation"),
        ]
      : []),
    entry("$(debug-restart) Restart the server", "restart"),
    entry("$(output) Show log", "showLog"),
    line("set up"),
    ...(isUp ? [entry("$(key) Set API key…", "setKey")] : []),
    entry("$(settings) Open settings", "openSettings"),
    entry("$(settings-gear) Open configuration file", "openConfiguration"),
  ];
  const title = look(sessions.server, sessions.current()).spoken;
  const choice = await vscode.window.showQuickPick(entries, { title, placeHolder: "What next?" });
  if (choice?.command !== undefined) await vscode.commands.executeCommand(choice.command);
}
