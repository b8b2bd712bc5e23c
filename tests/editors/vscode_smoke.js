// Runs inside VS Code's extension host, with the real API: one use of pilotlight through the extension as it is built.
// Started by vscode_drive.js, which plays the parts of the person in front of the screen.
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const OLD = "total_price";
const NEW = "order_total";

/** Waits until `check` answers something true, and returns that. */
async function until(name, check, ms = 30_000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const answer = await check();
    if (answer) {
      console.log(`pass  ${name}`);
      return answer;
    }
  }
  throw new Error(`FAIL  ${name}`);
}

exports.run = async () => {
  const source = path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, "src");
  const open = (name) => vscode.workspace.openTextDocument(path.join(source, name));
  const definition = await open("price.rs");
  const editor = await vscode.window.showTextDocument(definition);
  await vscode.extensions.getExtension("pilotlight.pilotlight").activate();
  await until("server answers", async () => {
    const status = await vscode.commands.executeCommand("pilotlight.status", {});
    return status?.version;
  });

  // Rename the function where it is defined, and nowhere else.
  const at = definition.positionAt(definition.getText().indexOf(`fn ${OLD}`) + "fn ".length);
  const name = new vscode.Range(at, at.translate(0, OLD.length));
  await editor.edit((edit) => edit.replace(name, NEW));
  editor.selection = new vscode.Selection(at, at);

  const actions = (beginning) => async () => {
    const all = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", definition.uri, editor.selection);
    return all.find((action) => action.title.startsWith(beginning));
  };
  const finish = await until("the code action is offered", actions("Finish"));
  await vscode.commands.executeCommand(finish.command.command, ...finish.command.arguments);
  for (const name of ["main.rs", "report.rs"]) {
    const document = await open(name);
    await until(`use renamed in ${name}`, () => document.getText().includes(NEW) && !document.getText().includes(OLD));
  }
  assert.ok(definition.getText().includes(`fn ${NEW}`) && !definition.getText().includes(OLD), "the definition is as typed");
  assert.ok(fs.readFileSync(path.join(source, "main.rs"), "utf8").includes(OLD), "nothing is saved unasked");

  // A command without its words: the input box asks for them, and only then does the turn start.
  const asked = await vscode.commands.executeCommand("pilotlight.ask", {
    uri: definition.uri.toString(),
    range: { start: { line: 1, character: 0 }, end: { line: 2, character: 0 } },
  });
  assert.ok(asked?.turn, "the question started a turn");
  console.log("pass  the question started a turn");

  await vscode.commands.executeCommand("pilotlight.ui.receipts");
  const preview = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs).some((tab) => /receipts/i.test(tab.label));
  await until("receipts in a tab", preview);
};
