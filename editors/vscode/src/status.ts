// The flame in the status bar: what the session is doing, as the server's notification `pilotlight/status` tells it.
import * as vscode from "vscode";
import { State } from "vscode-languageclient/node";

export interface Session {
  root: string;
  state: string;
  transport?: string | null;
  endpoint?: string | null;
  model?: string | null;
  turns?: number;
  connections?: number;
}

/** What the command `pilotlight.status` returns and the notification of that name carries. */
export interface Status {
  version: string;
  provider?: string;
  sessions?: Session[];
}

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("pilotlight", vscode.StatusBarAlignment.Right, 100);
  private readonly onEditorChange: vscode.Disposable;
  private latest: Status | undefined;

  constructor() {
    this.item.name = "Pilotlight";
    this.item.command = "pilotlight.ui.menu";
    this.onEditorChange = vscode.window.onDidChangeActiveTextEditor(() => this.render());
    this.set("$(flame) …", "Pilotlight is starting", undefined);
    this.item.show();
  }

  show(latest: Status): void {
    this.latest = latest;
    this.render();
  }

  clientState(state: State): void {
    if (state === State.Running) {
      this.set("$(flame)", "Pilotlight is running", undefined);
    } else if (state === State.Stopped) {
      this.noServer();
    }
  }

  noServer(): void {
    this.latest = undefined;
    this.set("$(flame) off", "Pilotlight's server is not running", "statusBarItem.warningBackground");
  }

  dispose(): void {
    this.onEditorChange.dispose();
    this.item.dispose();
  }

  /** Shows the session of the file one is looking at; where there are several, the tooltip has them all. */
  private render(): void {
    if (this.latest === undefined) return;
    const sessions = this.latest.sessions ?? [];
    const session = sessionOf(sessions, vscode.window.activeTextEditor?.document.uri.fsPath) ?? sessions[0];
    const state = session?.state ?? "cold";
    const warning = state === "offline" || state === "consent" ? "statusBarItem.warningBackground" : undefined;
    this.set(label(state), tooltip(this.latest, sessions), warning);
  }

  private set(text: string, hint: string, background: string | undefined): void {
    this.item.text = text;
    this.item.tooltip = hint;
    this.item.backgroundColor = background === undefined ? undefined : new vscode.ThemeColor(background);
  }
}

/** The session whose root is nearest above the file. */
function sessionOf(sessions: Session[], file: string | undefined): Session | undefined {
  if (file === undefined) return undefined;
  return sessions
    .filter(({ root }) => file === root || file.startsWith(root.endsWith("/") ? root : `${root}/`) || file.startsWith(`${root}\\`))
    .sort((one, other) => other.root.length - one.root.length)[0];
}

function label(state: string): string {
  switch (state) {
    case "warm":
      return "$(flame)";
    case "busy":
      return "$(flame) $(sync~spin)";
    case "connecting":
    case "warming":
      return `$(loading~spin) ${state}`;
    default:
      return `$(flame) ${state}`;
  }
}

function tooltip(status: Status, sessions: Session[]): string {
  const lines = sessions.map((session) => {
    const where = [session.model, session.transport].filter((part) => part).join(" · ");
    return `${session.root}: ${session.state}${where === "" ? "" : ` (${where})`}`;
  });
  return [`Pilotlight ${status.version}`, ...lines].join("\n");
}
