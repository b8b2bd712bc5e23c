// The packaged extension, with its server in it, installed in a VS Code that has neither a setting nor a `pilotlight` on
// PATH, and a folder that is not trusted: nothing is started for that. Once it is trusted, the server starts by itself.
const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const { marks, until } = require("./extension_host");

exports.prepare = (_started, { codeServer, extension, pilotlight, scratch }) => {
  const file = path.join(scratch, "pilotlight.vsix");
  const target = `${process.platform}-${process.arch}`;
  const node = (...args) => execFileSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  node(path.join(extension, "scripts/package.mjs"), "--out", file, "--target", target, "--server", pilotlight);
  const extensions = path.join(scratch, "extensions");
  const server = path.join(codeServer, "lib/vscode/out/server-main.js");
  node(server, "--install-extension", file, "--extensions-dir", extensions, "--accept-server-license-terms");
  const trust = { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" };
  const settings = { ...trust, "pilotlight.server.path": "" };
  // A test needs some extension that is under development. One is enabled whether the folder is trusted or not: not ours, then.
  const other = path.join(scratch, "other");
  fs.mkdirSync(other);
  fs.writeFileSync(path.join(other, "package.json"), '{ "name": "other", "publisher": "tests", "version": "0.0.1", "engines": { "vscode": "*" } }');
  return { extension: other, withTrust: true, extensions, settings, environment: { PATH: "/usr/bin:/bin" } };
};

exports.run = async () => {
  const vscode = require("vscode");
  const root = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const { look } = marks(path.join(root, ".."));
  const ours = () => vscode.extensions.getExtension("pilotlight.pilotlight");
  const running = () => fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((id) => {
    try { return fs.readlinkSync(`/proc/${id}/exe`); } catch { return ""; }
  }).filter((program) => program.startsWith(path.join(root, "..", "extensions")));

  assert.equal(vscode.workspace.isTrusted, false, "the folder is not trusted yet");
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(path.join(root, "src", "price.rs")));
  assert.equal(ours(), undefined, "the extension is not there");
  assert.deepEqual(running(), [], "no server was started");

  look("restricted");
  await until("the folder is trusted", () => vscode.workspace.isTrusted);
  await until("the session is warm without more ado", async () => {
    const status = await vscode.commands.executeCommand("pilotlight.status", {}).then((answer) => answer, () => undefined);
    return status?.sessions.find((session) => session.root === root && session.state === "warm");
  });
  const { extensionPath } = ours();
  assert.deepEqual(running(), [path.join(extensionPath, "server", "pilotlight")], "the bundled server is the one that runs");
  const shipped = fs.readdirSync(extensionPath, { recursive: true }).map(String);
  assert.ok(!shipped.some((name) => /^(src|test|node_modules|scripts)\b/.test(name)), "sources stay where they are");
};

exports.parts = {
  "saw no flame in Restricted Mode, and trusted the folder": async (person) => {
    const { page } = person;
    if (!person.isAskedToLookAt("restricted")) return false;
    assert.equal(await page.locator(".statusbar-item .codicon-flame").count(), 0);
    await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).click();
    await page.locator(".monaco-button", { hasText: /^Trust$/ }).first().click();
    return true;
  },
};
