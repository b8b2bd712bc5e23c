// The life of the server: found, started, fed, started again when it ends by itself, given up with one message.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { createClient } from "./client.ts";
import { DiagnosticsFeed } from "./diagnostics.ts";
import type { ApiKeys } from "./keys.ts";
import { CannotStart, type Launch, prepare } from "./launch.ts";
import { hostOf } from "./origin.ts";
import type { Prompts } from "./prompt.ts";
import { findServer, reportMissingServer } from "./server.ts";
import type { Sessions, Status } from "./sessions.ts";

/** A server that ends by itself is started again this often within the time, then the user decides. */
const RESTARTS = 3;
const WITHIN_MS = 3 * 60_000;
const STOPS_WITHIN_MS = 2_000;

export interface Parts {
  extension: vscode.ExtensionContext;
  output: vscode.LogOutputChannel;
  sessions: Sessions;
  prompts: Prompts;
  keys: ApiKeys;
}

export class Service implements vscode.Disposable {
  private running: { client: LanguageClient; launch: Launch; feed: DiagnosticsFeed } | undefined;
  /** One start at a time: a second one waits for the first, else two servers would register the same commands. */
  private starting: Promise<void> = Promise.resolve();
  private ends: number[] = [];
  private saidKeyIsMissing = new Set<string>();

  constructor(private readonly parts: Parts) {}

  get client(): LanguageClient | undefined {
    return this.running?.client;
  }

  get launch(): Launch | undefined {
    return this.running?.launch;
  }

  /** Starts the server, in place of the one that runs. */
  restart(): Promise<void> {
    this.starting = this.starting.then(() => this.start()).catch((error: unknown) => this.report(error));
    return this.starting;
  }

  /** Whether the server runs, once a start that is under way has come to its end. */
  async isUp(): Promise<boolean> {
    await this.starting;
    return this.client?.isRunning() ?? false;
  }

  async stop(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    running?.feed.dispose();
    // A client that never came up refuses to be disposed of, and has nothing to be disposed of.
    await running?.client.dispose(STOPS_WITHIN_MS).catch((error: unknown) => this.parts.output.debug(String(error)));
  }

  dispose(): void {
    void this.stop();
  }

  private async start(): Promise<void> {
    const { extension, output, sessions, prompts, keys } = this.parts;
    await this.stop();
    sessions.starting();
    const server = await findServer(extension.extensionPath);
    if (server.kind === "missing") {
      sessions.stopped();
      reportMissingServer(server.reason, extension.extension.id);
      return;
    }
    const launch = await prepare(server.path, keys);
    let up = false;
    const client = createClient(launch, output, prompts, () => {
      if (up) this.endedByItself(client);
    });
    client.onNotification("pilotlight/status", (latest: Status) => sessions.show(latest));
    this.running = { client, launch, feed: new DiagnosticsFeed(client) };
    await client.start().catch((error: unknown) => {
      output.error(String(error));
      throw new CannotStart(`${launch.program} ended before it was up. The log has what it said.`);
    });
    up = true;
    this.running.feed.begin();
    sessions.running();
    this.sayIfKeyIsMissing(launch);
  }

  private endedByItself(client: LanguageClient): void {
    if (this.client !== client) return;
    const now = Date.now();
    this.ends = [...this.ends.filter((end) => now - end < WITHIN_MS), now];
    if (this.ends.length <= RESTARTS) {
      this.parts.output.warn("the server ended by itself and is started again");
      void this.restart();
      return;
    }
    this.ends = [];
    this.parts.sessions.stopped();
    this.offer(`Pilotlight's server ended by itself ${RESTARTS + 1} times within ${WITHIN_MS / 60_000} minutes.`);
  }

  private report(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.parts.sessions.stopped();
    this.parts.output.error(`the server did not start: ${reason}`);
    this.offer(`Pilotlight's server did not start: ${reason}`);
  }

  private offer(message: string): void {
    const [restart, log, file] = ["Restart", "Show Log", "Open Configuration File"];
    void vscode.window.showErrorMessage(message, restart, log, file).then((choice) => {
      if (choice === restart) return this.restart();
      if (choice === log) return this.parts.output.show();
      if (choice === file) return vscode.commands.executeCommand("pilotlight.ui.openConfiguration");
      return undefined;
    });
  }

  /** Once for each endpoint: without a key every turn would fail. */
  private sayIfKeyIsMissing({ configuration: { lacksKey, origin } }: Launch): void {
    if (!lacksKey || this.saidKeyIsMissing.has(origin)) return;
    this.saidKeyIsMissing.add(origin);
    const setKey = "Set API Key…";
    void vscode.window.showWarningMessage(`Pilotlight has no API key for ${hostOf(origin)}.`, setKey).then((choice) => {
      if (choice === setKey) void vscode.commands.executeCommand("pilotlight.ui.setKey");
    });
  }
}
