// Asks for the words that a command needs and a code action cannot bring: an instruction or a question.
import * as vscode from "vscode";

const ASKED: Record<string, { field: string; title: string; placeHolder: string }> = {
  "pilotlight.edit": { field: "instruction", title: "Edit as told", placeHolder: "What should change?" },
  "pilotlight.ask": { field: "question", title: "Ask", placeHolder: "What do you want to know?" },
};

/** The arguments with the words the command needs, asked for if they are missing; undefined if the user gave none. */
export async function withWords(command: string, args: unknown[]): Promise<unknown[] | undefined> {
  const asked = ASKED[command];
  if (asked === undefined) return args;
  const argument = (args[0] ?? {}) as Record<string, unknown>;
  const given = argument[asked.field];
  if (typeof given === "string" && given.trim() !== "") return args;
  const words = await vscode.window.showInputBox({
    title: `Pilotlight: ${asked.title}`,
    placeHolder: asked.placeHolder,
    ignoreFocusOut: true,
  });
  if (words === undefined || words.trim() === "") return undefined;
  return [{ ...argument, [asked.field]: words }, ...args.slice(1)];
}
