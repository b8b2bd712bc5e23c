// One use of pilotlight from end to end: a rename is finished in every document, after the preview was read and confirmed.
const assert = require("node:assert");
const fs = require("node:fs");

exports.run = async () => {
  const vscode = require("vscode");
  const { OLD, NEW, open, start, rename, choose, renamed } = require("./steps");
  const definition = await open("price.rs");
  const editor = await vscode.window.showTextDocument(definition);
  await start();

  await rename(editor);
  await choose(editor, "Finish");
  await renamed();
  assert.ok(definition.getText().includes(`fn ${NEW}`) && !definition.getText().includes(OLD), "the definition is as typed");
  assert.ok(fs.readFileSync((await open("main.rs")).uri.fsPath, "utf8").includes(OLD), "nothing is saved unasked");
};

const { confirmed } = require("./person");

exports.parts = {
  "saw the flame in the status bar": async ({ page }) => page.locator(".statusbar-item:has(.codicon-flame)").first().isVisible(),
  ...confirmed,
};
