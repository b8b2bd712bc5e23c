// An answer is a Markdown file of the server's, rewritten while it comes in. VS Code's own preview shows it beside the code,
// rendered and up to date, and the cursor stays in the code; the next answer takes its place.
import * as vscode from "vscode";
import type { ShowDocumentParams, ShowDocumentResult } from "vscode-languageclient/node";

const BESIDE: vscode.TextDocumentShowOptions = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true };

export function isAnswer({ uri }: ShowDocumentParams): boolean {
  return /\/pilotlight\/answers\/answer-[^/]+\.md$/.test(uri);
}

export async function showAnswer({ uri }: ShowDocumentParams): Promise<ShowDocumentResult> {
  try {
    await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.parse(uri), "vscode.markdown.preview.editor", BESIDE);
    return { success: true };
  } catch {
    return { success: false };
  }
}
