// What the server's sessions are doing, as the notification `pilotlight/status` tells it, and who is to know: the status
// bar, the receipts, and the context keys that menus, keybindings and the walkthrough go by.
import * as vscode from "vscode";

import type { Receipt } from "./receipts/receipt.ts";

export interface Session {
  root: string;
  /** `cold connecting warming warm busy rotating offline consent`. */
  state: string;
  transport?: string | null;
  endpoint?: string | null;
  model?: string | null;
  turns?: number;
  connections?: number;
  last?: Receipt | null;
  /** Why it is offline. */
  reason?: string;
}

/** What the command `pilotlight.status` returns and the notification of that name carries. */
export interface Status {
  version: string;
  provider?: string;
  sessions?: Session[];
}

export type ServerState = "starting" | "running" | "stopped";

export class Sessions implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  server: ServerState = "starting";
  latest: Status | undefined;

  show(latest: Status): void {
    this.latest = latest;
    this.tell();
  }

  starting(): void {
    this.become("starting");
  }

  running(): void {
    this.server = "running";
    this.tell();
  }

  stopped(): void {
    this.become("stopped");
  }

  all(): Session[] {
    return this.latest?.sessions ?? [];
  }

  isBusy(): boolean {
    return this.all().some(({ state }) => state === "busy");
  }

  /** The session of the file one is looking at, else the first. */
  current(): Session | undefined {
    return sessionOf(this.all(), vscode.window.activeTextEditor?.document.uri.fsPath) ?? this.all()[0];
  }

  dispose(): void {
    this.changed.dispose();
  }

  private become(server: ServerState): void {
    this.server = server;
    this.latest = undefined;
    this.tell();
  }

  private tell(): void {
    const isLit = this.all().some(({ state }) => state === "warm" || state === "busy");
    const keys = { running: this.server === "running", busy: this.isBusy(), lit: isLit, asks: this.all().some(({ state }) => state === "consent") };
    for (const [key, value] of Object.entries(keys)) {
      void vscode.commands.executeCommand("setContext", `pilotlight.${key}`, value);
    }
    this.changed.fire();
  }
}

/** The session whose root is nearest above the file. */
function sessionOf(sessions: Session[], file: string | undefined): Session | undefined {
  if (file === undefined) return undefined;
  return sessions
    .filter(({ root }) => file === root || file.startsWith(root.endsWith("/") ? root : `${root}/`) || file.startsWith(`${root}\\`))
    .sort((one, other) => other.root.length - one.root.length)[0];
}
