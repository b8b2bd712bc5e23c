// A provider of one's own: named in the settings, its key asked for and kept by VS Code, bound to its origin, and handed to
// the server in a way that shows nowhere. A slow turn is cancelled where its progress is shown.
const assert = require("node:assert");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const { marks, until } = require("./extension_host");

const KEY = "key-of-the-scenario-8f3a1c";

/** A slow agent that wants the key, and another endpoint that would take any. */
exports.prepare = async (started, { pilotlight, scratch }) => {
  const { start } = require("../vscode_workbench");
  const agent = start(started, pilotlight, ["agent", "--fault", "slow,delay=1000"], { env: { ...process.env, PILOTLIGHT_AGENT_TOKEN: KEY } });
  const line = await new Promise((resolve) => agent.stdout.once("data", (data) => resolve(String(data))));
  const endpoint = /ws:\/\/\S+(?=\/responses)/.exec(line)[0];

  const stranger = http.createServer((_request, response) => response.writeHead(401).end());
  const note = ({ headers }, socket) => {
    fs.appendFileSync(path.join(scratch, "stranger.log"), `${JSON.stringify(headers)}\n`);
    socket?.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
  };
  stranger.on("request", (request) => note(request)).on("upgrade", note);
  await new Promise((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  started.add(async () => stranger.close());
  const other = `http://127.0.0.1:${stranger.address().port}/v1`;
  fs.writeFileSync(path.join(scratch, "endpoints.json"), JSON.stringify({ endpoint, other }));
  return { settings: { "pilotlight.provider.baseUrl": endpoint, "pilotlight.provider.model": "of-the-settings" } };
};

exports.run = async () => {
  const vscode = require("vscode");
  const root = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const scratch = path.join(root, "..");
  const { look } = marks(scratch);
  // While the server is started anew it has no commands.
  const status = () => vscode.commands.executeCommand("pilotlight.status", {}).then((answer) => answer, () => undefined);
  const session = async () => (await status())?.sessions[0];
  await vscode.extensions.getExtension("pilotlight.pilotlight").activate();

  // Without its key the endpoint refuses; with it, given through the input box, the session is warm.
  await until("the endpoint and the model of the settings are in force", async () => (await session())?.model === "of-the-settings");
  assert.notEqual((await session()).state, "warm");
  await vscode.commands.executeCommand("pilotlight.ui.setKey");
  await until("with its key the session is warm", async () => (await session())?.state === "warm");

  // Nobody who lists processes sees it.
  const commands = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((id) => {
    try { return fs.readFileSync(`/proc/${id}/cmdline`, "utf8"); } catch { return ""; }
  });
  assert.ok(commands.some((command) => command.includes("provider.api_key_env")), "a server runs with a key");
  assert.ok(!commands.some((command) => command.includes(KEY)), "no command line has the key");

  // A slow turn shows that it works, and is cancelled by its progress in the status bar.
  const document = await vscode.workspace.openTextDocument(path.join(root, "src", "price.rs"));
  await vscode.window.showTextDocument(document);
  const turn = () => vscode.commands.executeCommand("pilotlight.ask", { uri: document.uri.toString(), question: "Why?" });
  const last = async () => (await vscode.commands.executeCommand("pilotlight.receipts", {})).turns.at(-1);
  await turn();
  await until("the session works", async () => (await session()).state === "busy");
  look("progress");
  await until("the turn is cancelled", async () => (await last())?.outcome === "cancelled");
  const { turn: first } = await last();

  // The command does the same.
  await turn();
  await until("the session works again", async () => (await session()).state === "busy");
  await vscode.commands.executeCommand("pilotlight.ui.cancel");
  await until("the turn is cancelled by the command", async () => (await last()).turn !== first && (await last()).outcome === "cancelled");

  // Another endpoint gets no key; back at the first one, the key is still there.
  const { endpoint, other } = JSON.parse(fs.readFileSync(path.join(scratch, "endpoints.json"), "utf8"));
  const settings = () => vscode.workspace.getConfiguration("pilotlight.provider");
  await settings().update("baseUrl", other, vscode.ConfigurationTarget.Global);
  const asked = () => fs.existsSync(path.join(scratch, "stranger.log")) && fs.readFileSync(path.join(scratch, "stranger.log"), "utf8");
  await until("the other endpoint is asked", asked);
  assert.doesNotMatch(asked(), /authorization/i, "the other endpoint is given no key");
  await settings().update("baseUrl", endpoint, vscode.ConfigurationTarget.Global);
  await until("the first endpoint has its key again", async () => (await session())?.state === "warm");

  // A workspace cannot choose the endpoint.
  const folder = path.join(root, ".vscode");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "settings.json"), JSON.stringify({ "pilotlight.provider.baseUrl": other, "pilotlight.edit.confirm": "always" }));
  await until("the workspace may tighten", () => vscode.workspace.getConfiguration("pilotlight").get("edit.confirm") === "always");
  assert.equal(settings().get("baseUrl"), endpoint, "the workspace's endpoint is not taken");

  await vscode.commands.executeCommand("pilotlight.ui.clearKey");
  await until("without its key the session is not warm", async () => !["warm", undefined].includes((await session())?.state));
};

exports.parts = {
  "gave the key, after reading whose it is": async ({ page, shot }) => {
    const input = page.locator('.quick-input-widget input[type="password"]');
    if (!(await input.isVisible())) return false;
    await page.locator(".quick-input-title", { hasText: /API key for 127\.0\.0\.1:\d+/ }).waitFor();
    await shot("key");
    await input.fill(KEY);
    await input.press("Enter");
    return true;
  },
  "saw the flame work, and the progress": async (person) => {
    if (!person.isAskedToLookAt("progress")) return false;
    const item = person.page.locator(".statusbar-item", { hasText: "Pilotlight: ask" });
    if (!(await item.isVisible())) return false;
    await person.shot("progress");
    await item.click();
    await person.page.locator(".notification-toast, .notifications-center").first().waitFor();
    await person.shot("progress-cancel");
    await person.page.locator(".monaco-button", { hasText: "Cancel" }).first().click();
    return true;
  },
};

/** What VS Code wrote holds no key: neither its logs nor its settings. */
exports.afterwards = ({ scratch }) => {
  const files = fs.readdirSync(scratch, { recursive: true }).map((name) => path.join(scratch, name)).filter((file) => fs.lstatSync(file).isFile());
  return files.filter((file) => fs.readFileSync(file).includes(KEY)).map((file) => `the key is in ${file}`);
};
