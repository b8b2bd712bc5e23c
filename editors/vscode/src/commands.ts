// The palette's commands. They are named pilotlight.ui.*, because the client registers the server's own pilotlight.*
// globally; those at a place go through them, and so through the same prompt.
import * as vscode from "vscode";

import { openConfigurationFile } from "./configurationFile.ts";
import type { ApiKeys } from "./keys.ts";
import { showMenu } from "./menu.ts";
import type { ReceiptsPanel } from "./receipts/panel.ts";
import type { Receipt } from "./receipts/receipt.ts";
import type { Service } from "./service.ts";
import type { Sessions, Status } from "./sessions.ts";
import { openSettings } from "./settings.ts";
import type { StatusDocument } from "./statusDocument.ts";

export interface Surroundings {
  service: Service;
  sessions: Sessions;
  keys: ApiKeys;
  receipts: ReceiptsPanel;
  statusDocument: StatusDocument;
  output: vscode.LogOutputChannel;
}

export function registerCommands(around: Surroundings): vscode.Disposable[] {
  const { service, sessions, keys, output } = around;
  const commands: Record<string, () => unknown> = {
    edit: () => atSelection(service, "pilotlight.edit"),
    ask: () => atSelection(service, "pilotlight.ask"),
    finish: () => atSelection(service, "pilotlight.finish"),
    fix: () => fix(service),
    implement: () => atSelection(service, "pilotlight.implement"),
    document: () => atSelection(service, "pilotlight.document"),
    test: () => atSelection(service, "pilotlight.test"),
    simplify: () => atSelection(service, "pilotlight.simplify"),
    cancel: () => execute(service, "pilotlight.cancel"),
    status: () => showStatus(around),
    receipts: () => showReceipts(around),
    reset: () => execute(service, "pilotlight.reset"),
    allow: () => allow(service, sessions),
    setKey: () => forOrigin(service, (origin) => keys.ask(origin)),
    clearKey: () => forOrigin(service, (origin) => keys.clear(origin)),
    openSettings: () => openSettings(),
    openConfiguration: () => openConfigurationFile(),
    restart: () => service.restart(),
    showLog: () => output.show(),
    menu: () => showMenu(sessions),
  };
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`pilotlight.ui.${name}`, run));
}

/** Runs one of the server's commands, if there is a server to run it. */
async function execute<Result>(service: Service, command: string, argument: object = {}): Promise<Result | undefined> {
  return (await isUp(service)) ? vscode.commands.executeCommand<Result>(command, argument) : undefined;
}

/** Whether the server runs; says so if it does not. */
async function isUp(service: Service): Promise<boolean> {
  if (await service.isUp()) return true;
  const restart = "Restart the Server";
  void vscode.window.showWarningMessage("Pilotlight's server is not running.", restart).then((choice) => {
    if (choice === restart) return service.restart();
    return undefined;
  });
  return false;
}

function editor(): vscode.TextEditor | undefined {
  const active = vscode.window.activeTextEditor;
  if (active === undefined) void vscode.window.showInformationMessage("Pilotlight: open a file first.");
  return active;
}

async function atSelection(service: Service, command: string): Promise<void> {
  const active = editor();
  if (active === undefined) return;
  const range = service.client?.code2ProtocolConverter.asRange(active.selection);
  await execute(service, command, { uri: active.document.uri.toString(), range });
}

/** Fixes what any extension reports in the selection; where that is empty, on the cursor's line. */
async function fix(service: Service): Promise<void> {
  const active = editor();
  if (active === undefined) return;
  const { document, selection } = active;
  const range = selection.isEmpty ? document.lineAt(selection.active).range : new vscode.Range(selection.start, selection.end);
  const problems = vscode.languages.getDiagnostics(document.uri).filter((problem) => problem.range.intersection(range));
  if (problems.length === 0) {
    void vscode.window.showInformationMessage("Pilotlight: no problems are reported here.");
    return;
  }
  const converter = service.client?.code2ProtocolConverter;
  await execute(service, "pilotlight.fix", {
    uri: document.uri.toString(),
    range: converter?.asRange(range),
    diagnostics: await converter?.asDiagnostics(problems),
  });
}

async function showStatus({ service, statusDocument }: Surroundings): Promise<void> {
  const status = await execute<Status>(service, "pilotlight.status");
  if (status) await statusDocument.show(status);
}

async function showReceipts({ service, receipts }: Surroundings): Promise<void> {
  const answer = await execute<{ turns: Receipt[] }>(service, "pilotlight.receipts");
  if (answer) receipts.show(answer.turns);
}

/** Consent without a turn that asks for it. The question names what is sent and where to. */
async function allow(service: Service, sessions: Sessions): Promise<void> {
  const session = sessions.all().find(({ state }) => state === "consent");
  if (session === undefined) return;
  const yes = "Allow";
  const choice = await vscode.window.showWarningMessage(
    `Allow Pilotlight to send files of ${session.root} to ${session.endpoint ?? "its endpoint"}?`,
    { modal: true, detail: "They are sent as you work. Ignored files never are, and secrets that can be recognised are hidden." },
    yes,
  );
  if (choice === yes) await execute(service, "pilotlight.trust", { root: session.root });
}

/** Which endpoint is configured, and so whose key this is, is known once a server has said it. */
async function forOrigin(service: Service, run: (origin: string) => Promise<void>): Promise<void> {
  if ((await isUp(service)) && service.launch !== undefined) await run(service.launch.configuration.origin);
}
