// The palette's commands and the status bar's menu. They are named pilotlight.ui.*, because the client registers the
// server's own pilotlight.* globally; those at a place go through them, and so through the same prompt.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { MarkdownDocuments } from "./documents";
import type { Session, Status } from "./status";

export interface Surroundings {
  client(): LanguageClient | undefined;
  restart(): Promise<void>;
  showLog(): void;
  documents: MarkdownDocuments;
}

export function registerCommands(around: Surroundings): vscode.Disposable[] {
  const commands: Record<string, () => unknown> = {
    "pilotlight.ui.edit": () => atSelection(around, "pilotlight.edit"),
    "pilotlight.ui.ask": () => atSelection(around, "pilotlight.ask"),
    "pilotlight.ui.finish": () => finish(around),
    "pilotlight.ui.fix": () => fix(around),
    "pilotlight.ui.implement": () => atSelection(around, "pilotlight.implement"),
    "pilotlight.ui.cancel": () => execute(around, "pilotlight.cancel", {}),
    "pilotlight.ui.status": () => showStatus(around),
    "pilotlight.ui.receipts": () => showReceipts(around),
    "pilotlight.ui.reset": () => execute(around, "pilotlight.reset", {}),
    "pilotlight.ui.restart": () => around.restart(),
    "pilotlight.ui.menu": () => showMenu(around),
  };
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run));
}

/** Runs one of the server's commands, if there is a server to run it. */
async function execute<Result>(around: Surroundings, command: string, argument: object): Promise<Result | undefined> {
  if (!around.client()?.isRunning()) {
    const restart = "Restart the Server";
    const choice = await vscode.window.showWarningMessage("Pilotlight's server is not running.", restart);
    if (choice === restart) await around.restart();
    return undefined;
  }
  return vscode.commands.executeCommand<Result>(command, argument);
}

function editor(): vscode.TextEditor | undefined {
  const active = vscode.window.activeTextEditor;
  if (active === undefined) void vscode.window.showInformationMessage("Pilotlight: open a file first.");
  return active;
}

async function atSelection(around: Surroundings, command: string): Promise<void> {
  const active = editor();
  const converter = around.client()?.code2ProtocolConverter;
  if (active === undefined) return;
  await execute(around, command, {
    uri: active.document.uri.toString(),
    range: converter?.asRange(active.selection),
  });
}

async function finish(around: Surroundings): Promise<void> {
  const active = editor();
  if (active !== undefined) await execute(around, "pilotlight.finish", { uri: active.document.uri.toString() });
}

/** Fixes what any extension reports in the selection; where that is empty, on the cursor's line. */
async function fix(around: Surroundings): Promise<void> {
  const active = editor();
  if (active === undefined) return;
  const { document, selection } = active;
  const range = selection.isEmpty ? document.lineAt(selection.active).range : new vscode.Range(selection.start, selection.end);
  const problems = vscode.languages.getDiagnostics(document.uri).filter((problem) => problem.range.intersection(range));
  if (problems.length === 0) {
    void vscode.window.showInformationMessage("Pilotlight: no problems are reported here.");
    return;
  }
  const converter = around.client()?.code2ProtocolConverter;
  await execute(around, "pilotlight.fix", {
    uri: document.uri.toString(),
    range: converter?.asRange(range),
    diagnostics: await converter?.asDiagnostics(problems),
  });
}

async function showStatus(around: Surroundings): Promise<void> {
  const status = await execute<Status>(around, "pilotlight.status", {});
  if (status) await around.documents.show("status", describe(status));
}

async function showReceipts(around: Surroundings): Promise<void> {
  const receipts = await execute<{ markdown: string }>(around, "pilotlight.receipts", {});
  if (receipts) await around.documents.show("receipts", receipts.markdown);
}

async function showMenu(around: Surroundings): Promise<void> {
  const entries: (vscode.QuickPickItem & { run: () => unknown })[] = [
    { label: "$(info) Show status", run: () => showStatus(around) },
    { label: "$(list-unordered) Show receipts", description: "what each turn cost", run: () => showReceipts(around) },
    { label: "$(stop-circle) Cancel the running turn", run: () => execute(around, "pilotlight.cancel", {}) },
    { label: "$(flame) New session", description: "forget the conversation", run: () => execute(around, "pilotlight.reset", {}) },
    { label: "$(debug-restart) Restart the server", run: () => around.restart() },
    { label: "$(output) Show log", run: () => around.showLog() },
  ];
  const choice = await vscode.window.showQuickPick(entries, { title: "Pilotlight" });
  await choice?.run();
}

function describe(status: Status): string {
  const sessions = status.sessions ?? [];
  const header = `# Pilotlight ${status.version}\n\n`;
  if (sessions.length === 0) return `${header}No session yet: one is opened for each workspace folder.\n`;
  return header + sessions.map(describeSession).join("\n");
}

function describeSession(session: Session): string {
  const facts: [string, unknown][] = [
    ["State", session.state],
    ["Model", session.model],
    ["Endpoint", session.endpoint],
    ["Transport", session.transport],
    ["Connections", session.connections],
    ["Turns", session.turns],
  ];
  const rows = facts.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => `| ${name} | ${value} |`);
  return `## ${session.root}\n\n| | |\n|---|---|\n${rows.join("\n")}\n`;
}
