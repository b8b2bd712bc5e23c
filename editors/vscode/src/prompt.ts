// Asks for the words that a command needs and a code action cannot bring: an instruction or a question. What was asked
// before in this workspace is offered again.
import * as vscode from "vscode";

const ASKED: Record<string, { field: string; title: string; placeHolder: string }> = {
  "pilotlight.edit": { field: "instruction", title: "Edit", placeHolder: "What should change?" },
  "pilotlight.ask": { field: "question", title: "Ask about", placeHolder: "What do you want to know?" },
};
const REMEMBERED = 20;

interface Argument {
  uri?: string;
  range?: { start: { line: number }; end: { line: number } };
  [field: string]: unknown;
}

export class Prompts {
  constructor(private readonly memory: vscode.Memento) {}

  /** The arguments with the words the command needs, asked for if they are missing; undefined if the user gave none. */
  async withWords(command: string, args: unknown[]): Promise<unknown[] | undefined> {
    const asked = ASKED[command];
    if (asked === undefined) return args;
    const argument = (args[0] ?? {}) as Argument;
    const given = argument[asked.field];
    if (typeof given === "string" && given.trim() !== "") return args;

    const earlier = this.memory.get<string[]>(command, []);
    const words = await chooseOrType(`${asked.title} ${place(argument)}`, asked.placeHolder, earlier);
    if (words === undefined) return undefined;
    await this.memory.update(command, [words, ...earlier.filter((other) => other !== words)].slice(0, REMEMBERED));
    return [{ ...argument, [asked.field]: words }, ...args.slice(1)];
  }
}

/** Where the words will be taken to, for the title. */
function place({ uri, range }: Argument): string {
  const file = uri === undefined ? "" : vscode.workspace.asRelativePath(vscode.Uri.parse(uri), false);
  if (range === undefined) return file;
  const [first, last] = [range.start.line + 1, range.end.line + 1];
  return first === last ? `${file}, line ${first}` : `${file}, lines ${first}–${last}`;
}

/** An input with the earlier words below it; what is typed comes first, and Enter takes it. */
function chooseOrType(title: string, placeHolder: string, earlier: string[]): Promise<string | undefined> {
  const input = vscode.window.createQuickPick();
  Object.assign(input, { title: `Pilotlight: ${title}`, placeholder: placeHolder, ignoreFocusOut: true });
  const offer = () => {
    const typed = input.value.trim();
    const items: vscode.QuickPickItem[] = earlier.filter((words) => words !== typed).map((label) => ({ label }));
    input.items = typed === "" ? items : [{ label: typed, alwaysShow: true, description: "press Enter" }, ...items];
  };
  offer();
  return new Promise((resolve) => {
    input.onDidChangeValue(offer);
    input.onDidAccept(() => {
      const words = (input.activeItems[0]?.label ?? input.value).trim();
      if (words === "") return;
      resolve(words);
      input.hide();
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}
