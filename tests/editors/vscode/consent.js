// Pilotlight is asked for something before it may send the project anywhere: it asks for consent. What the person answers is
// the argument of the scenario; the test in the extension host knows it by what comes of it.
const assert = require("node:assert");

const { confirmed, notification } = require("./person");

exports.run = async () => {
  const vscode = require("vscode");
  const { OLD, until, open, start, rename, choose, renamed } = require("./steps");
  const session = async () => (await vscode.commands.executeCommand("pilotlight.status", {})).sessions[0];
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

const answered = (answer) => ({
  [`answered "${answer}"`]: async ({ page, shot }) => {
    const question = await notification(page, "Allow Pilotlight to send files of");
    const button = question.getByRole("button", { name: answer, exact: true });
    if (!(await button.isVisible())) return false;
    await shot("question");
    await button.click();
    return true;
  },
});

const told = {
  "was told that nothing was sent": async ({ page, shot }) => {
    const message = await notification(page, "Nothing was sent. To allow it, choose the action again.");
    if (!(await message.isVisible())) return false;
    await shot("told");
    return true;
  },
};

exports.parts = (answer) => ({ ...answered(answer), ...(answer === "Allow" ? confirmed : told) });
