// Runs inside VS Code's extension host, with the real API: one use of pilotlight through the extension as it is built.
// Started by vscode_drive.js, which plays the parts of the person in front of the screen.
const assert = require("node:assert");
const fs = require("node:fs");
const vscode = require("vscode");
const { OLD, NEW, until, open, start, rename, choose, renamed } = require("./vscode_steps.js");

exports.run = async () => {
  const definition = await open("price.rs");
  const editor = await vscode.window.showTextDocument(definition);
  await start();

  await rename(editor);
  await choose(editor, "Finish");
  await renamed();
  assert.ok(definition.getText().includes(`fn ${NEW}`) && !definition.getText().includes(OLD), "the definition is as typed");
  assert.ok(fs.readFileSync((await open("main.rs")).uri.fsPath, "utf8").includes(OLD), "nothing is saved unasked");

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
