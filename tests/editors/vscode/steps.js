// What the scenarios inside VS Code's extension host share: a rename that is begun, and waiting for what comes of it.
const path = require("node:path");
const vscode = require("vscode");

const { until } = require("./extension_host");

const OLD = "total_price";
const NEW = "order_total";

/** One of the sample's documents. */
function open(name) {
  return vscode.workspace.openTextDocument(path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, "src", name));
}

/** The extension, once its server answers. */
async function start() {
  await vscode.extensions.getExtension("pilotlight.pilotlight").activate();
  await until("server answers", async () => {
    const status = await vscode.commands.executeCommand("pilotlight.status", {});
    return status?.version;
  });
}

/** Renames the function where it is defined, and nowhere else; leaves the cursor there. */
async function rename(editor) {
  const { document } = editor;
  const at = document.positionAt(document.getText().indexOf(`fn ${OLD}`) + "fn ".length);
  await editor.edit((edit) => edit.replace(new vscode.Range(at, at.translate(0, OLD.length)), NEW));
  editor.selection = new vscode.Selection(at, at);
}

/** Takes the code action at the cursor whose title begins so, once it is offered. */
async function choose(editor, beginning) {
  const action = await until(`${beginning} is offered`, async () => {
    const all = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", editor.document.uri, editor.selection);
    return all.find((action) => action.title.startsWith(beginning));
  });
  return vscode.commands.executeCommand(action.command.command, ...action.command.arguments);
}

/** Waits until every other use has its new name. */
async function renamed() {
  for (const name of ["main.rs", "report.rs"]) {
    const document = await open(name);
    await until(`use renamed in ${name}`, () => document.getText().includes(NEW) && !document.getText().includes(OLD));
  }
}

module.exports = { OLD, NEW, until, open, start, rename, choose, renamed };
