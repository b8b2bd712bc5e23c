// Runs inside VS Code's extension host: asks pilotlight for something before it may send the project anywhere. The answer to
// its question is given by vscode_drive.js, and known here by what comes of it.
const assert = require("node:assert");
const vscode = require("vscode");
const { OLD, until, open, start, rename, choose, renamed } = require("./vscode_steps.js");

async function session() {
  const status = await vscode.commands.executeCommand("pilotlight.status", {});
  return status.sessions[0];
}

exports.run = async () => {
  const editor = await vscode.window.showTextDocument(await open("price.rs"));
  await start();
  await until("the session waits for consent", async () => (await session())?.state === "consent");
  await rename(editor);
  await choose(editor, "Finish");
  const { last } = await until("the question was answered", async () => {
    const now = await session();
    return (now.last || now.state !== "consent") && now;
  });
  if (last?.outcome !== "refused") return renamed();
  assert.equal((await session()).connections, 0, "nothing was dialled");
  assert.ok((await open("main.rs")).getText().includes(OLD), "nothing was changed");
  // The message stays long enough to be read.
  await new Promise((resolve) => setTimeout(resolve, 2000));
};
