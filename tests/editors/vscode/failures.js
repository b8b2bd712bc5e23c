// What can be wrong with the server, one after the other. Each time the user reads one message that says what, with a way on;
// once it is put right, the server starts by itself.
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");

const { marks, until } = require("./extension_host");

exports.prepare = (_started, { scratch, pilotlight }) => {
  fs.writeFileSync(path.join(scratch, "programs.json"), JSON.stringify({ pilotlight }));
  // Answers what is asked before a start, then ends at once.
  const ends = path.join(scratch, "ends");
  fs.writeFileSync(ends, '#!/bin/sh\n[ "$1" = config ] && echo \'provider.base_url = ""\' && exit\necho "out of gas" >&2\nexit 3\n', { mode: 0o755 });
  return { settings: { "pilotlight.server.path": "/nowhere/pilotlight" }, environment: { PATH: "/usr/bin:/bin" } };
};

exports.run = async () => {
  const vscode = require("vscode");
  const root = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const scratch = path.join(root, "..");
  const { wasSeen, look } = marks(scratch);
  const extension = vscode.extensions.getExtension("pilotlight.pilotlight");
  await extension.activate();
  const { pilotlight } = JSON.parse(fs.readFileSync(path.join(scratch, "programs.json"), "utf8"));
  const use = (program) => vscode.workspace.getConfiguration("pilotlight").update("server.path", program, vscode.ConfigurationTarget.Global);
  const isUp = () => vscode.commands.executeCommand("pilotlight.status", {}).then((status) => status?.version, () => false);
  const tab = (name) => () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => label === name);

  await until("a path that names nothing is told", () => wasSeen("nowhere"));
  await until("the message leads to the setting", tab("Settings"));
  await use("bin/pilotlight");
  await until("a relative path is told", () => wasSeen("relative"));
  await use("");
  await until("a program that is nowhere is told", () => wasSeen("missing"));

  await use(path.join(scratch, "ends"));
  await until("a server that ends at once is told", () => wasSeen("ends"));

  const file = path.join(scratch, "config", "pilotlight", "config.toml");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, "[provider]\nmodle = 'x'\n");
  await use(pilotlight);
  await until("a configuration that is wrong is told", () => wasSeen("configuration"));
  await until("the message leads to the file", () => vscode.window.activeTextEditor?.document.uri.fsPath === file);

  // Put right and saved, the server starts by itself.
  const { document } = vscode.window.activeTextEditor;
  const change = new vscode.WorkspaceEdit();
  change.replace(document.uri, new vscode.Range(0, 0, 3, 0), "[provider]\nmodel = 'x'\n");
  await vscode.workspace.applyEdit(change);
  await document.save();
  await until("with the file put right the server starts by itself", isUp);

  // It is killed, again and again: started anew each time, then given up with one message.
  for (let kills = 0; kills < 4; kills++) {
    const id = await until("a server runs", () => serverOf(pilotlight));
    await until("and answers", isUp);
    process.kill(id, "SIGKILL");
    await until("and is gone", () => serverOf(pilotlight) !== id);
  }
  await until("a server that keeps ending is told", () => wasSeen("again"));
  await until("a click on Restart starts it", isUp);

  // A remote endpoint without a key; nothing is sent to it before consent.
  await vscode.workspace.getConfiguration("pilotlight.provider").update("baseUrl", "https://models.example/v1", vscode.ConfigurationTarget.Global);
  await until("a key that is missing is told", () => wasSeen("key"));
  await until("the message leads to the input of the key", () => wasSeen("input"));
  look("the end");
  await until("no other message was shown", () => wasSeen("the end"));

  // A user without a configuration gets one to begin with, unsaved.
  fs.rmSync(file);
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await vscode.commands.executeCommand("pilotlight.ui.openConfiguration");
  await until("a first configuration is proposed", () => /# model = /.test(vscode.window.activeTextEditor?.document.getText() ?? ""));
  assert.equal(fs.existsSync(file), false, "nothing is written before it is saved");
  await vscode.commands.executeCommand("workbench.action.files.revert");
};

/** The id of the server that this extension host started. */
function serverOf(program) {
  return fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).find((id) => {
    try {
      const parent = Number(/^PPid:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${id}/status`, "utf8"))?.[1]);
      const [command, mode] = fs.readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0");
      return parent === process.pid && command === program && mode === "lsp";
    } catch {
      return false;
    }
  });
}

const MESSAGES = ".notifications-center .notification-list-item";

/**
 * Reads a message, sees that it is the only one, and takes one of the ways on it offers. In a test run VS Code shows no
 * message by itself: one has to open the list at the bell.
 */
const message = (name, expected, choice) => async (person) => {
  const bell = person.page.locator(".statusbar-item .codicon-bell-dot");
  if (await bell.isVisible()) await bell.click();
  const ours = person.page.locator(MESSAGES, { hasText: expected }).first();
  if (!(await ours.isVisible())) return false;
  assert.equal(await person.page.locator(MESSAGES).count(), 1, "there is one message");
  await ours.hover();
  await person.shot(`failure-${name}`);
  if (choice !== undefined) await ours.locator(".monaco-button", { hasText: choice }).click();
  else await ours.locator(".codicon-notifications-clear, .codicon-close").first().click();
  person.seen(name);
  return true;
};

exports.parts = {
  "read that the path names nothing": message("nowhere", "names no program that can be run: /nowhere/pilotlight", "Set Its Path"),
  "read that the path is relative": message("relative", "is not an absolute path: bin/pilotlight"),
  "read that there is no program": message("missing", "there is no pilotlight on PATH"),
  "read that the server ends at once": message("ends", /did not start: \S+ends ended before it was up/),
  "read what is wrong in the configuration": message("configuration", /config\.toml:2: provider\.modle: unknown key/, "Open Configuration File"),
  "read that it keeps ending": message("again", "ended by itself 4 times", "Restart"),
  "read that a key is missing": message("key", "Pilotlight has no API key for models.example.", "Set API Key…"),
  "was asked for the key of that host": async (person) => {
    const input = person.page.locator('.quick-input-widget input[type="password"]');
    if (!(await input.isVisible())) return false;
    await person.page.locator(".quick-input-title", { hasText: "API key for models.example" }).waitFor();
    await input.press("Escape");
    person.seen("input");
    return true;
  },
  "saw no other message": async (person) => {
    if (!person.isAskedToLookAt("the end")) return false;
    assert.equal(await person.page.locator(".statusbar-item .codicon-bell-dot").count(), 0);
    person.seen("the end");
    return true;
  },
};
