// The flame in the status bar: the session of the file one is looking at; where there are several, the tooltip has them all.
import * as vscode from "vscode";

import { look, tooltip } from "./flame.ts";
import type { Sessions } from "./sessions.ts";

const LINKS = ["cancel", "receipts", "reset", "showLog"].map((name) => `pilotlight.ui.${name}`);

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("pilotlight", vscode.StatusBarAlignment.Right, 100);
  private readonly listening: vscode.Disposable[];

  constructor(private readonly sessions: Sessions) {
    this.item.name = "Pilotlight";
    this.item.command = "pilotlight.ui.menu";
    const render = () => this.render();
    this.listening = [sessions.onDidChange(render), vscode.window.onDidChangeActiveTextEditor(render)];
    this.render();
    this.item.show();
  }

  dispose(): void {
    vscode.Disposable.from(...this.listening, this.item).dispose();
  }

  private render(): void {
    const { text, spoken, warns } = look(this.sessions.server, this.sessions.current());
    const hint = new vscode.MarkdownString(tooltip(this.sessions.latest, spoken, this.sessions.isBusy()), true);
    hint.isTrusted = { enabledCommands: LINKS };
    this.item.text = text;
    this.item.tooltip = hint;
    this.item.accessibilityInformation = { label: spoken, role: "button" };
    this.item.backgroundColor = warns ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }
}
