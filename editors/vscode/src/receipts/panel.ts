// The tab that shows the receipts, kept up to date while it is open.
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

import type { Sessions } from "../sessions.ts";
import { body, shell } from "./page.ts";
import type { Receipt } from "./receipt.ts";

export class ReceiptsPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private readonly listening: vscode.Disposable;
  /** The turns that are shown, so that only a new one is asked for. */
  private shown = "";

  constructor(private readonly extensionUri: vscode.Uri, private readonly sessions: Sessions) {
    this.listening = sessions.onDidChange(() => void this.update());
  }

  /** Shows the tab, the one there is if there is one. */
  show(turns: Receipt[]): void {
    if (this.panel === undefined) {
      this.panel = this.create();
      this.panel.webview.html = this.page(this.panel.webview, turns);
      this.panel.onDidDispose(() => (this.panel = undefined));
    } else {
      this.panel.reveal();
      this.post(turns);
    }
  }

  dispose(): void {
    this.listening.dispose();
    this.panel?.dispose();
  }

  private async update(): Promise<void> {
    const latest = JSON.stringify(this.sessions.all().map(({ turns, last }) => [turns, last?.turn, last?.outcome]));
    if (this.panel === undefined || this.sessions.server !== "running" || latest === this.shown) return;
    this.shown = latest;
    const receipts = await vscode.commands.executeCommand<{ turns: Receipt[] } | undefined>("pilotlight.receipts", {});
    if (receipts !== undefined) this.post(receipts.turns);
  }

  private post(turns: Receipt[]): void {
    void this.panel?.webview.postMessage({ body: body(turns) });
  }

  private create(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel("pilotlight.receipts", "Pilotlight Receipts", vscode.ViewColumn.Active, {
      enableScripts: true,
      enableFindWidget: true,
      retainContextWhenHidden: true,
      localResourceRoots: [vscode.Uri.joinPath(this.extensionUri, "media")],
    });
    panel.iconPath = vscode.Uri.joinPath(this.extensionUri, "media", "flame.svg");
    return panel;
  }

  private page(webview: vscode.Webview, turns: Receipt[]): string {
    const media = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(this.extensionUri, "media", name)).toString();
    const nonce = randomBytes(16).toString("base64");
    return shell({ csp: webview.cspSource, nonce, style: media("receipts.css"), script: media("receipts.js") }, body(turns));
  }
}
