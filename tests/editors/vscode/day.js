// A day's work: a problem that the built-in TypeScript server reports is fixed by our code action and undone with one
// undo; questions are asked through the input box; what there is to see is looked at.
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");

const { marks, until } = require("./extension_host");

const QUESTION = "What does this function do?";

exports.run = async () => {
  const vscode = require("vscode");
  const root = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const { look, wasSeen } = marks(path.join(root, ".."));
  const status = () => vscode.commands.executeCommand("pilotlight.status", {});
  const receipts = async () => (await vscode.commands.executeCommand("pilotlight.receipts", {})).turns;
  await vscode.extensions.getExtension("pilotlight.pilotlight").activate();
  await until("warm", async () => (await status()).sessions[0]?.state === "warm");

  // Beside another language server: its problem, our fix, one undo.
  const file = path.join(root, "cart.ts");
  const before = "const counter = ['apples ✓', 'pears'];\nexport const first = countr[0];\n";
  fs.writeFileSync(file, before);
  const document = await vscode.workspace.openTextDocument(file);
  const editor = await vscode.window.showTextDocument(document);
  const problem = await until("a problem is reported by TypeScript", () =>
    vscode.languages.getDiagnostics(document.uri).find(({ source, message }) => source === "ts" && /Did you mean/.test(message)));
  editor.selection = new vscode.Selection(problem.range.start, problem.range.start);
  const actions = (place = editor.selection) => vscode.commands.executeCommand("vscode.executeCodeActionProvider", document.uri, place);
  await until("our fix is offered beside TypeScript's own", async () => {
    const quickFixes = (await actions()).filter(({ kind }) => kind?.value.startsWith("quickfix"));
    const ours = quickFixes.filter(({ command }) => command?.command === "pilotlight.fix");
    return ours.length === 1 && quickFixes.length > 1;
  });
  look("fix");
  const after = before.replace("countr[", "counter[");
  await until("the buffer is fixed", () => document.getText() === after);

  // What another extension reports on our edit reaches the server without a code action, and is offered to be fixed.
  const linter = vscode.languages.createDiagnosticCollection("linter");
  linter.set(document.uri, [new vscode.Diagnostic(problem.range, "this is worse than before")]);
  await until("what the edit broke is offered to be fixed, elsewhere too", async () => {
    return (await actions(new vscode.Range(0, 0, 0, 0))).some(({ title }) => title.startsWith("Fix what this broke: 1 error in cart.ts"));
  });
  linter.dispose();

  await vscode.commands.executeCommand("undo");
  assert.equal(document.getText(), before, "one undo takes the edit back");
  await vscode.commands.executeCommand("redo");
  await until("TypeScript is content", () => vscode.languages.getDiagnostics(document.uri).length === 0);

  // Words are asked for; what was asked before is offered again.
  const answered = (count) => async () => (await receipts()).filter(({ action, outcome }) => action === "ask" && outcome === "answered").length === count;
  await vscode.commands.executeCommand("pilotlight.ui.ask");
  await until("the question is answered", answered(1));
  await until("the answer was seen", () => wasSeen("answer"));
  await vscode.commands.executeCommand("pilotlight.ui.ask");
  await until("the question of before is answered again", answered(2));
  assert.equal(vscode.window.activeTextEditor?.document, document, "the cursor stays in the code");

  await vscode.commands.executeCommand("workbench.action.closeEditorsInOtherGroups");
  look("context-menu");
  await until("the context menu was seen", () => wasSeen("context-menu"));
  await vscode.commands.executeCommand("pilotlight.ui.menu");
  await until("the session menu opened the receipts", () =>
    vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => label === "Pilotlight Receipts"));
  await until("the receipts were seen", () => wasSeen("receipts"));

  // A turn that ends while they are open is on them, without a word.
  await vscode.commands.executeCommand("pilotlight.ask", { uri: document.uri.toString(), question: "And now?" });
  await until("the new receipt was seen", () => wasSeen("new-receipt"));

  await vscode.commands.executeCommand("workbench.action.closeEditorsInOtherGroups");

  // A change of several files is asked about; what is declined leaves everything as it was.
  const definition = await vscode.workspace.openTextDocument(path.join(root, "src", "price.rs"));
  const definer = await vscode.window.showTextDocument(definition);
  const at = definition.positionAt(definition.getText().indexOf("total_price"));
  await definer.edit((edit) => edit.replace(new vscode.Range(at, at.translate(0, "total_price".length)), "order_total"));
  await vscode.commands.executeCommand("pilotlight.ui.finish");
  await until("what was declined is refused", async () => (await receipts()).at(-1)?.outcome === "refused");
  const uses = await vscode.workspace.openTextDocument(path.join(root, "src", "main.rs"));
  assert.ok(uses.getText().includes("total_price") && !uses.isDirty, "nothing is changed");
  look("flame");
  await until("the flame was seen", () => wasSeen("flame"));

  // No key of VS Code's own is taken.
  const keybindings = await vscode.workspace.openTextDocument(vscode.Uri.parse("vscode://defaultsettings/keybindings.json"));
  const { keybindings: ours } = vscode.extensions.getExtension("pilotlight.pilotlight").packageJSON.contributes;
  const taken = [...keybindings.getText().matchAll(/"key":\s*"([^"]+)"[^}]*?"command":\s*"([^"]+)"/g)].filter(([, , command]) => !command.startsWith("pilotlight"));
  assert.ok(taken.length > 500, "the default keybindings are read");
  for (const { key } of ours) {
    const clash = taken.find(([, other]) => other === key || other === key.split(" ")[0]);
    assert.equal(clash, undefined, `${key} is taken by ${clash?.[2]}`);
  }
  console.log("pass  no keybinding is taken");

  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await vscode.commands.executeCommand("workbench.action.closeSidebar");
  await vscode.commands.executeCommand("workbench.action.openWalkthrough", "pilotlight.pilotlight#start");
  await until("the walkthrough was seen", () => wasSeen("walkthrough"));
};


/** The frame of a webview that shows something. */
const frameWith = async (page, selector, hasText) => {
  for (const frame of page.frames()) {
    if (!(await frame.locator(selector, { hasText }).count().catch(() => 0))) continue;
    // A webview is made out of sight, then shown.
    if (await (await frame.frameElement()).isVisible()) return frame;
  }
  return undefined;
};
const receiptsFrame = (page) => frameWith(page, "h1", "Receipts");

const QUICK_INPUT = ".quick-input-widget";

exports.parts = {
  "took our fix from the menu of code actions": async (person) => {
    if (!person.isAskedToLookAt("fix")) return false;
    const menu = person.page.locator(".action-widget");
    if (!(await menu.isVisible())) await person.page.keyboard.press("Control+.");
    const fix = menu.locator(".monaco-list-row", { hasText: /^Fix: / });
    await fix.waitFor();
    await person.picture("actions", { x: 352, y: 30, width: 640, height: 300 });
    await fix.click();
    return true;
  },
  "read the preview, and declined it": async ({ page, picture }) => {
    const discard = page.locator(".bulk-edit-panel .monaco-button", { hasText: "Discard" });
    if (!(await discard.isVisible())) return false;
    await page.locator(".bulk-edit-panel .monaco-list-row", { hasText: "report.rs" }).waitFor();
    await picture("preview", { x: 352, y: 30, width: 924, height: 740 });
    await discard.click();
    return true;
  },
  "read what the flame says": async (person) => {
    if (!person.isAskedToLookAt("flame")) return false;
    await person.page.locator(".statusbar-item:has(.codicon-flame)").hover();
    const hover = person.page.locator(".monaco-hover", { hasText: "Last turn: finish refused" });
    await hover.locator("a", { hasText: "Receipts" }).waitFor();
    assert.ok(await person.page.locator('.statusbar-item [aria-label^="Pilotlight: warm"]').count(), "a screen reader says its state");
    await person.shot("flame");
    person.seen("flame");
    return true;
  },
  "typed a question, with the place in the title": async ({ page, shot }) => {
    const input = page.locator(`${QUICK_INPUT} input[placeholder="What do you want to know?"]`);
    if (!(await input.isVisible())) return false;
    await page.locator(`${QUICK_INPUT} .quick-input-title`, { hasText: "Ask about cart.ts, line 2" }).waitFor({ timeout: 1000 });
    await input.pressSequentially("What does this function do?");
    await shot("prompt");
    await input.press("Enter");
    return true;
  },
  "saw the answer beside the code": async (person) => {
    const preview = await frameWith(person.page, "p", "embedded agent");
    if (!preview) return false;
    await person.shot("answer");
    // The server rewrites the file while an answer comes in: what is shown follows.
    const answers = path.join(person.bench.scratch, "state/pilotlight/answers");
    for (const name of fs.readdirSync(answers)) fs.appendFileSync(path.join(answers, name), "\n\nAnd more of it.\n");
    await preview.locator("p", { hasText: "And more of it." }).waitFor({ timeout: 10_000 });
    person.seen("answer");
    return true;
  },
  "chose the question of before": async ({ page, shot }) => {
    const row = page.locator(`${QUICK_INPUT} .quick-input-list-row`, { hasText: QUESTION });
    if (!(await row.isVisible()) || (await page.locator(`${QUICK_INPUT} input`).inputValue()) !== "") return false;
    await shot("history");
    await row.click();
    return true;
  },
  "saw the context menu": async (person) => {
    const { page, shot } = person;
    if (!person.isAskedToLookAt("context-menu")) return false;
    const line = await page.locator(".view-line", { hasText: "first" }).first().boundingBox();
    await page.mouse.click(line.x + 60, line.y + 8, { button: "right" });
    const item = page.locator(".monaco-menu .action-item", { hasText: /^Pilotlight$/ });
    await item.hover({ timeout: 2000 });
    await page.locator(".monaco-menu .action-item", { hasText: "Finish This Change" }).last().waitFor({ timeout: 2000 });
    await shot("context-menu");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    person.seen("context-menu");
    return true;
  },
  "opened the receipts from the session menu": async ({ page, picture }) => {
    const row = page.locator(`${QUICK_INPUT} .quick-input-list-row`, { hasText: "Show receipts" });
    if (!(await row.isVisible())) return false;
    await picture("menu", { x: 340, y: 30, width: 602, height: 316 });
    await row.click();
    return true;
  },
  "saw the receipts": async (person) => {
    const frame = await receiptsFrame(person.page);
    if (!frame || (await frame.locator("tbody tr").count()) !== 3) return false;
    await frame.locator("svg rect.sent").first().waitFor({ state: "attached" });
    await person.picture("receipts", { x: 352, y: 30, width: 924, height: 640 });
    person.seen("receipts");
    return true;
  },
  "saw a new receipt arrive": async (person) => {
    const frame = await receiptsFrame(person.page);
    if (!frame || (await frame.locator("tbody tr").count()) !== 4) return false;
    person.seen("new-receipt");
    return true;
  },
  "saw the walkthrough": async (person) => {
    const step = person.page.locator(".getting-started-step", { hasText: "Finish a change" }).first();
    if (!(await step.isVisible())) return false;
    await step.click();
    if (!(await frameWith(person.page, "h2", "Finish this change"))) return false;
    await person.shot("walkthrough");
    person.seen("walkthrough");
    return true;
  },
};
