// API keys in VS Code's secret storage, each under the origin it was entered for: another endpoint is another secret, and
// changing the endpoint takes no key along. No key is ever logged or written to a setting.
import * as vscode from "vscode";

import { hostOf } from "./origin.ts";

export class ApiKeys implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly listening: vscode.Disposable;
  /** Fires in every window when a key was set or cleared. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly secrets: vscode.SecretStorage) {
    this.listening = secrets.onDidChange(({ key }) => {
      if (key.startsWith(nameOf(""))) this.changed.fire();
    });
  }

  async get(origin: string): Promise<string | undefined> {
    const key = await this.secrets.get(nameOf(origin));
    return key === undefined || key === "" ? undefined : key;
  }

  /** Asks for the key of an origin, naming it, and keeps it. */
  async ask(origin: string): Promise<void> {
    const key = await vscode.window.showInputBox({
      title: `Pilotlight: API key for ${hostOf(origin)}`,
      prompt: `Kept in VS Code's secret storage and sent to ${origin} only.`,
      placeHolder: "Paste the key",
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) => (/^[\x21-\x7e]*$/.test(text.trim()) ? undefined : "A key has no spaces and only ASCII characters."),
    });
    if (key === undefined || key.trim() === "") return;
    await this.secrets.store(nameOf(origin), key.trim());
    void vscode.window.showInformationMessage(`Pilotlight has a key for ${hostOf(origin)}.`);
  }

  async clear(origin: string): Promise<void> {
    const had = (await this.get(origin)) !== undefined;
    await this.secrets.delete(nameOf(origin));
    const outcome = had ? `has forgotten the key for ${hostOf(origin)}` : `keeps no key for ${hostOf(origin)}`;
    void vscode.window.showInformationMessage(`Pilotlight ${outcome}.`);
  }

  dispose(): void {
    this.listening.dispose();
    this.changed.dispose();
  }
}

function nameOf(origin: string): string {
  return `apiKey:${origin}`;
}
