// The user's own configuration file, opened to be edited. One that is not there is begun as an unsaved document, so that
// nothing is written before the user saves it.
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";

const BEGINNING = `# Pilotlight's own configuration: yours, for every editor. What is commented out is the default.
# \`pilotlight config\` shows what is in force and where it comes from.

[provider]
# base_url = "https://api.openai.com/v1"
# model = "gpt-5.5"
# api_key_env = "OPENAI_API_KEY"      # or: api_key_command = ["pass", "show", "openai"]
# transport = "auto"                  # auto, websocket or http
# reasoning_effort = "low"

[context]
# exclude = []                        # in the syntax of .gitignore, beside what is never sent

[edit]
# confirm = "auto"                    # auto, always or never
`;

/** Where the server looks for it, also where it would not start because of what is in it. */
export function configurationFile(): string {
  const { env, platform } = process;
  if (env["PILOTLIGHT_CONFIG"]) return env["PILOTLIGHT_CONFIG"];
  const isWindows = platform === "win32";
  const variables = isWindows ? ["XDG_CONFIG_HOME", "APPDATA"] : ["XDG_CONFIG_HOME"];
  const named = variables.map((name) => env[name] ?? "").find((folder) => path.isAbsolute(folder));
  return path.join(named ?? path.join(homedir(), isWindows ? "AppData/Roaming" : ".config"), "pilotlight", "config.toml");
}

export async function openConfigurationFile(): Promise<void> {
  const file = configurationFile();
  const uri = vscode.Uri.file(file);
  const isThere = await access(file).then(() => true, () => false);
  const document = await vscode.workspace.openTextDocument(isThere ? uri : uri.with({ scheme: "untitled" }));
  const editor = await vscode.window.showTextDocument(document);
  if (!isThere && document.getText() === "") {
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), BEGINNING));
  }
}
