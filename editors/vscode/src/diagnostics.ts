// Tells the server what other extensions report on open documents, so that it sees what an edit broke and its tools can
// look. (With a code action VS Code sends them anyway.)
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

/** Language servers report in bursts while one types: wait for a pause. */
const PAUSE_MS = 200;

export class DiagnosticsFeed implements vscode.Disposable {
  private readonly listening: vscode.Disposable[] = [];
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  /** What was told last, by document. */
  private readonly told = new Map<string, string>();

  constructor(private readonly client: LanguageClient) {}

  /** To be called once the server runs. */
  begin(): void {
    this.listening.push(
      vscode.languages.onDidChangeDiagnostics(({ uris }) => uris.forEach((uri) => this.changed(uri))),
      vscode.workspace.onDidOpenTextDocument(({ uri }) => this.changed(uri)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.told.delete(uri.toString())),
    );
    for (const { uri } of vscode.workspace.textDocuments) this.changed(uri);
  }

  dispose(): void {
    vscode.Disposable.from(...this.listening).dispose();
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }

  private changed(uri: vscode.Uri): void {
    const name = uri.toString();
    clearTimeout(this.waiting.get(name));
    const tell = () => {
      this.waiting.delete(name);
      void this.tell(name);
    };
    this.waiting.set(name, setTimeout(tell, PAUSE_MS));
  }

  private async tell(name: string): Promise<void> {
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === name);
    if (document?.uri.scheme !== "file" || !this.client.isRunning()) return;
    const { version } = document;
    const diagnostics = await this.client.code2ProtocolConverter.asDiagnostics(vscode.languages.getDiagnostics(document.uri));
    const report = JSON.stringify(diagnostics);
    if (report === (this.told.get(name) ?? "[]")) return;
    this.told.set(name, report);
    const uri = this.client.code2ProtocolConverter.asUri(document.uri);
    await this.client.sendNotification("pilotlight/diagnostics", { uri, version, diagnostics });
  }
}
