// Packages the extension.
//
//   node scripts/package.mjs [--out FILE] [--target TARGET --server PROGRAM]
//
// Without a target: for every platform, and the server is looked for on PATH. With one (linux-x64, darwin-arm64,
// win32-x64, …: the names `vsce package --target` knows): for that platform, with PROGRAM in it.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

const root = path.resolve(import.meta.dirname, "..");
const options = { out: { type: "string" }, target: { type: "string" }, server: { type: "string" } };
const { values: given } = parseArgs({ options });
if ((given.target === undefined) !== (given.server === undefined)) {
  console.error("package.mjs: give --target and --server together: a program runs on one platform only");
  process.exit(2);
}

const server = path.join(root, "server");
const readme = path.join(root, "out", "README.md");
rmSync(server, { recursive: true, force: true });
try {
  if (given.server !== undefined) {
    const program = path.join(server, given.target.startsWith("win32") ? "pilotlight.exe" : "pilotlight");
    mkdirSync(server);
    copyFileSync(path.resolve(given.server), program);
    chmodSync(program, 0o755);
  }
  // The pictures and the other documents stay in the repository: a package shows no relative links.
  const text = readFileSync(path.join(root, "README.md"), "utf8").replace(/^!\[.*\n+/gm, "").replace(/\[([^\]]+)\]\(\.\.[^)]*\)/g, "$1");
  mkdirSync(path.dirname(readme), { recursive: true });
  writeFileSync(readme, text);

  const vsce = path.join(root, "node_modules", "@vscode", "vsce", "vsce");
  const args = ["package", "--no-dependencies", "--allow-missing-repository", "--readme-path", "out/README.md"];
  if (given.target !== undefined) args.push("--target", given.target);
  if (given.out !== undefined) args.push("--out", path.resolve(given.out));
  execFileSync(process.execPath, [vsce, ...args], { cwd: root, stdio: "inherit" });
} finally {
  // A bundled server would be preferred to the one on PATH by whoever runs the extension from its sources.
  rmSync(server, { recursive: true, force: true });
}
