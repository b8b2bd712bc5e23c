// Starts a real VS Code (the server inside code-server, the workbench in Chromium) on a scratch project with the unpacked
// extension, runs a scenario inside its extension host, and meanwhile does with the mouse and the keyboard what only a
// person can: confirms the refactoring preview, types into the input box, answers a question, looks at the status bar.
//
//   node vscode_drive.js CODE_SERVER PLAYWRIGHT CHROMIUM EXTENSION SCRATCH PILOTLIGHT SCENARIO [ANSWER]
//
// SCENARIO is `smoke` or `consent` (vscode_smoke.js, vscode_consent.js); ANSWER is what is answered in the latter.
// SCRATCH/project holds a copy of the sample beside this file; everything VS Code writes goes under SCRATCH, with the
// screenshots (shot-*.png), server.log and workbench.log. Exit code 0 if the test passed and each of the person's parts was played.
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");

const [codeServer, playwright, chromiumPath, extension, scratch, pilotlight, scenario, answer] = process.argv.slice(2);
const TIMEOUT_MS = 120_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (line) => console.log(line);

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

// code-server's own command line drops the workbench's `payload`, so the VS Code server in it is started directly. The
// smoke-test flag makes the workbench report the test's exit code.
function startServer(port, data) {
  const log = fs.openSync(path.join(scratch, "server.log"), "w");
  return spawn(
    process.execPath,
    [
      path.join(codeServer, "lib/vscode/out/server-main.js"),
      ...["--host", "127.0.0.1", "--port", String(port), "--server-data-dir", data],
      ...["--without-connection-token", "--accept-server-license-terms", "--enable-smoke-test-driver"],
      ...["--disable-telemetry", "--disable-workspace-trust", "--disable-experiments"],
    ],
    { detached: true, stdio: ["ignore", log, log] },
  );
}

async function answering(port) {
  for (let tries = 0; tries < 300; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/version`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error("the VS Code server did not start; see server.log");
}

const sawTheFlame = {
  "saw the flame in the status bar": async (page) => page.locator(".statusbar-item:has(.codicon-flame)").first().isVisible(),
};

const confirmed = {
  "confirmed the change of several files": async (page) => {
    const apply = page
      .locator(".bulk-edit-panel .monaco-button, .notifications-toasts .monaco-button")
      .getByText("Apply", { exact: false })
      .first();
    if (!(await apply.isVisible())) return false;
    await page.screenshot({ path: path.join(scratch, "shot-confirm.png") });
    await apply.click();
    return true;
  },
};

const typed = {
  "typed a question": async (page) => {
    const input = page.locator('.quick-input-widget input[placeholder="What do you want to know?"]');
    if (!(await input.isVisible())) return false;
    await input.fill("What does this function do?");
    await page.screenshot({ path: path.join(scratch, "shot-prompt.png") });
    await input.press("Enter");
    return true;
  },
};

// With the smoke-test flag notifications do not come up by themselves; they wait behind the bell.
const notification = async (page, text) => {
  const center = page.locator(".notifications-center");
  if (!(await center.isVisible())) await page.locator('[id="status.notifications"]').click();
  return center.locator(".notification-list-item").filter({ hasText: text });
};

const answered = {
  [`answered "${answer}"`]: async (page) => {
    const question = await notification(page, "Allow Pilotlight to send files of");
    const button = question.getByRole("button", { name: answer, exact: true });
    if (!(await button.isVisible())) return false;
    await page.screenshot({ path: path.join(scratch, "shot-question.png") });
    await button.click();
    return true;
  },
};

const told = {
  "was told that nothing was sent": async (page) => {
    const message = await notification(page, "Nothing was sent. To allow it, choose the action again.");
    if (!(await message.isVisible())) return false;
    await page.screenshot({ path: path.join(scratch, "shot-told.png") });
    return true;
  },
};

// What a person does, each part once, whenever the workbench shows the occasion for it.
const PARTS = {
  smoke: { ...sawTheFlame, ...confirmed, ...typed },
  consent: { ...answered, ...(answer === "Allow" ? confirmed : told) },
}[scenario];

async function main() {
  const data = fs.mkdtempSync(path.join(scratch, "vscode-"));
  fs.mkdirSync(path.join(data, "data", "Machine"), { recursive: true });
  const settings = JSON.parse(fs.readFileSync(path.join(__dirname, "vscode_settings.json"), "utf8"));
  settings["pilotlight.server.path"] = pilotlight;
  fs.writeFileSync(path.join(data, "data", "Machine", "settings.json"), JSON.stringify(settings));

  const port = await freePort();
  const server = startServer(port, data);
  const endServer = () => {
    try { process.kill(-server.pid); } catch { /* it has ended by itself */ }
  };
  process.once("SIGTERM", () => {
    endServer();
    process.exit(1);
  });
  let browser;
  try {
    await answering(port);
    browser = await require(playwright).chromium.launch({
      executablePath: chromiumPath,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
        // The workbench looks for extensions in a gallery: nothing here leaves the machine.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    let exitCode;
    const workbenchLog = fs.createWriteStream(path.join(scratch, "workbench.log"));
    await page.exposeFunction("codeAutomationLog", (_type, args) => {
      const line = args.join(" ");
      workbenchLog.write(`${line}\n`);
      if (/^(pass|Error)/.test(line)) say(line);
    });
    await page.exposeFunction("codeAutomationExit", (code) => { exitCode = code; });
    const remote = (file) => `vscode-remote://127.0.0.1:${port}${file}`;
    const payload = [
      ["extensionDevelopmentPath", remote(extension)],
      ["extensionTestsPath", remote(path.join(__dirname, `vscode_${scenario}.js`))],
    ];
    const query = new URLSearchParams({ folder: path.join(scratch, "project"), payload: JSON.stringify(payload) });
    await page.goto(`http://127.0.0.1:${port}/?${query}`);

    const waiting = new Map(Object.entries(PARTS));
    for (const end = Date.now() + TIMEOUT_MS; exitCode === undefined && Date.now() < end; await sleep(100)) {
      for (const [name, play] of waiting) {
        if (await play(page).catch(() => false)) {
          say(`pass  ${name}`);
          waiting.delete(name);
        }
      }
    }
    await page.screenshot({ path: path.join(scratch, "shot-end.png") }).catch(() => {});
    if (exitCode === undefined) say(`FAIL  no end after ${TIMEOUT_MS / 1000} s; see shot-end.png`);
    for (const name of waiting.keys()) say(`FAIL  never ${name}`);
    return exitCode === 0 && waiting.size === 0 ? 0 : 1;
  } finally {
    await browser?.close().catch(() => {});
    endServer();
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error("FAIL ", error);
    process.exit(1);
  },
);
