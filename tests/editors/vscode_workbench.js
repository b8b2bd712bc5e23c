// A real VS Code for tests: the server inside code-server, its workbench in Chromium, the extension unpacked or installed.
// A scenario is one file with two halves. `run` is a test inside VS Code's extension host, with the real API; meanwhile
// `parts` do with the mouse and the keyboard what only a person can, each once, whenever its occasion is on the screen.
// Everything VS Code writes goes below the scratch folder. Never reaches beyond this machine.
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");

const { marks } = require("./vscode/extension_host");

const TIMEOUT_MS = 90_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends all that was started, newest first, whatever happened. */
class Started {
  #endings = [];

  add(end) {
    this.#endings.unshift(end);
  }

  async end() {
    for (const end of this.#endings.splice(0)) await Promise.resolve(end()).catch(() => {});
  }
}

/** A program whose output matters and that dies with its whole process group. */
function start(started, program, args, options = {}) {
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "inherit"], ...options });
  started.add(async () => {
    try { process.kill(-child.pid); } catch { /* it has ended by itself */ }
  });
  return child;
}

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

class Workbench {
  /**
   * Starts a VS Code server and a browser. `settings` are the machine's. `withTrust`: folders have to be trusted.
   * `environment` is what the extension host sees beside this process's own.
   */
  static async start(started, { codeServer, playwright, chromium, scratch, name, settings = {}, withTrust = false, extensions, environment = {} }) {
    const bench = new Workbench();
    bench.scratch = scratch;
    bench.data = path.join(scratch, `vscode-${name}`);
    bench.settingsFile = path.join(bench.data, "data", "Machine", "settings.json");
    fs.mkdirSync(path.dirname(bench.settingsFile), { recursive: true });
    bench.settings = { ...JSON.parse(fs.readFileSync(path.join(__dirname, "vscode_settings.json"), "utf8")) };
    bench.configure(settings);

    // code-server's own command line drops the workbench's `payload`, so the VS Code server in it is started directly.
    // The smoke-test flag makes the workbench report the test's exit code.
    bench.port = await freePort();
    const log = fs.openSync(path.join(scratch, `server-${name}.log`), "w");
    start(started, process.execPath, [
      path.join(codeServer, "lib/vscode/out/server-main.js"),
      ...["--host", "127.0.0.1", "--port", String(bench.port), "--server-data-dir", bench.data],
      ...["--without-connection-token", "--accept-server-license-terms", "--enable-smoke-test-driver"],
      ...["--disable-telemetry", "--disable-experiments"],
      ...(withTrust ? [] : ["--disable-workspace-trust"]),
      ...(extensions === undefined ? [] : ["--extensions-dir", extensions]),
    ], { stdio: ["ignore", log, log], env: { ...process.env, ...environment } });
    await bench.#answering();

    bench.browser = await require(playwright).chromium.launch({
      executablePath: chromium,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
        // The workbench looks for extensions in a gallery: nothing here leaves the machine.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    });
    started.add(() => bench.browser.close());
    return bench;
  }

  async #answering() {
    for (let tries = 0; tries < 300; tries++) {
      const response = await fetch(`http://127.0.0.1:${this.port}/version`).catch(() => undefined);
      if (response?.ok) return;
      await sleep(100);
    }
    throw new Error("the VS Code server did not start; see its log");
  }

  /** Changes settings of the machine, as a person does in the settings file. */
  configure(settings) {
    Object.assign(this.settings, settings);
    fs.writeFileSync(this.settingsFile, JSON.stringify(this.settings));
  }

  /** Opens a window on a folder and plays a scenario in it. Returns the names of what went wrong. */
  async play(file, { folder, extension, argument }) {
    const scenario = require(file);
    const page = await this.browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
    page.setDefaultTimeout(3_000);
    const failures = [];
    let exitCode;
    const log = fs.createWriteStream(path.join(this.scratch, `${path.basename(file, ".js")}.log`));
    await page.exposeFunction("codeAutomationLog", (_type, args) => {
      const line = args.join(" ");
      log.write(`${line}\n`);
      if (/^(pass|Error|AssertionError|FAIL)/.test(line)) console.log(line);
    });
    await page.exposeFunction("codeAutomationExit", (code) => { exitCode = code; });

    const remote = (file) => `vscode-remote://127.0.0.1:${this.port}${file}`;
    const payload = [
      ["extensionDevelopmentPath", remote(extension)],
      ["extensionTestsPath", remote(file)],
    ];
    const query = new URLSearchParams({ folder, payload: JSON.stringify(payload) });
    await page.goto(`http://127.0.0.1:${this.port}/?${query}`, { timeout: TIMEOUT_MS });

    const person = this.#person(page);
    const waiting = new Map(Object.entries(typeof scenario.parts === "function" ? scenario.parts(argument) : scenario.parts));
    for (const end = Date.now() + TIMEOUT_MS; exitCode === undefined && Date.now() < end; await sleep(50)) {
      for (const [name, part] of waiting) {
        if (await part(person).catch((error) => this.#note(log, name, error))) {
          console.log(`pass  ${name}`);
          waiting.delete(name);
        }
      }
    }
    await person.shot(`${path.basename(file, ".js")}-end`).catch(() => {});
    if (exitCode !== 0) failures.push(exitCode === undefined ? `no end after ${TIMEOUT_MS / 1000} s` : `the test in the extension host ended with ${exitCode}`);
    failures.push(...[...waiting.keys()].map((name) => `never ${name}`));
    await page.close();
    log.end();
    return failures;
  }

  #person(page) {
    const shot = (name, options) => page.screenshot({ path: path.join(this.scratch, `shot-${name}.png`), ...options });
    // A picture of the READMEs: taken anew where that is asked for.
    const picture = async (name, clip) => {
      const taken = await shot(name, { clip });
      const pictures = process.env.PILOTLIGHT_UPDATE_PICTURES;
      if (pictures) fs.writeFileSync(path.join(pictures, `vscode-${name}.png`), taken);
    };
    return { page, bench: this, shot, picture, ...marks(this.scratch) };
  }

  #note(log, part, error) {
    log.write(`${part}: ${error.message.split("\n")[0]}\n`);
    return false;
  }
}

module.exports = { Started, Workbench, start, sleep };
