// Opens the settings where ours are: a remote machine keeps its own.
import * as vscode from "vscode";

export async function openSettings(query = "@ext:pilotlight.pilotlight"): Promise<void> {
  const where = vscode.env.remoteName === undefined ? "workbench.action.openSettings" : "workbench.action.openRemoteSettings";
  await vscode.commands.executeCommand(where, { query });
}
