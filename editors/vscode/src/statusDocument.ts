// Read-only Markdown shown as a preview: the status. A virtual document, so that nothing asks to be saved and the server
// does not take it for the user's file.
import * as vscode from "vscode";

import type { Session, Status } from "./sessions.ts";

const SCHEME = "pilotlight";

export class StatusDocument implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private text = "";
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(): string {
    return this.text;
  }

  async show(status: Status): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: "/status.md" });
    this.text = describe(status);
    this.changed.fire(uri);
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
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
    ["Reason", session.reason],
    ["Model", session.model],
    ["Endpoint", session.endpoint],
    ["Transport", session.transport],
    ["Connections", session.connections],
    ["Turns", session.turns],
  ];
  const rows = facts.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => `| ${name} | ${value} |`);
  return `## ${session.root}\n\n| | |\n|---|---|\n${rows.join("\n")}\n`;
}
