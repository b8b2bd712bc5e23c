// Plays a scenario (a file in vscode/) in a real VS Code. ARGUMENT is the scenario's own.
//
//   node vscode_play.js CODE_SERVER PLAYWRIGHT CHROMIUM EXTENSION SCRATCH PILOTLIGHT SCENARIO [ARGUMENT]
//
// SCRATCH/project holds a copy of the sample beside this file; logs and screenshots (shot-*.png) are left in SCRATCH.
// Exit code 0 if the scenario passed and each of the person's parts was played.
const path = require("node:path");

const { Started, Workbench } = require("./vscode_workbench");

const [codeServer, playwright, chromium, extension, scratch, pilotlight, name, argument] = process.argv.slice(2);

async function main(started) {
  const scenario = require(path.join(__dirname, "vscode", `${name}.js`));
  const around = { codeServer, playwright, chromium, extension, scratch, pilotlight };
  const prepared = (await scenario.prepare?.(started, around)) ?? {};
  const settings = { "pilotlight.server.path": pilotlight, ...prepared.settings };
  const bench = await Workbench.start(started, { ...around, name, ...prepared, settings });
  const failures = await bench.play(path.join(__dirname, "vscode", `${name}.js`), {
    folder: path.join(scratch, "project"),
    extension: prepared.extension ?? extension,
    argument,
  });
  failures.push(...((await scenario.afterwards?.(around)) ?? []));
  for (const failure of failures) console.log(`FAIL  ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

const started = new Started();
const finish = async (code) => {
  await started.end();
  process.exit(code);
};
process.once("SIGTERM", () => finish(1));
main(started).then(finish, (error) => {
  console.error("FAIL ", error);
  return finish(1);
});
