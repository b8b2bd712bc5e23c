// How a session looks in the status bar: by shape and word, never by colour alone. Pure, so that `npm test` can try it.
import { receiptLine } from "./receipts/figures.ts";
import type { Session, ServerState, Status } from "./sessions.ts";

export interface Look {
  text: string;
  /** For screen readers, which do not read icons. */
  spoken: string;
  /** Something is up to the user. */
  warns: boolean;
}

export function look(server: ServerState, session: Session | undefined): Look {
  if (server === "stopped") return { text: "$(flame) off", spoken: "Pilotlight: the server is not running", warns: true };
  if (server === "starting") return { text: "$(flame) …", spoken: "Pilotlight: the server is starting", warns: false };
  const state = session?.state ?? "cold";
  const shown = LOOKS[state] ?? { text: `$(flame) ${state}`, spoken: state };
  return { text: shown.text, spoken: `Pilotlight: ${shown.spoken}`, warns: state === "offline" || state === "consent" };
}

const LOOKS: Record<string, { text: string; spoken: string }> = {
  cold: { text: "$(flame) cold", spoken: "cold, no connection yet" },
  connecting: { text: "$(flame) warming", spoken: "connecting" },
  warming: { text: "$(flame) warming", spoken: "warming" },
  warm: { text: "$(flame)", spoken: "warm" },
  // A connection is being replaced behind the scenes: still lit.
  rotating: { text: "$(flame)", spoken: "warm" },
  busy: { text: "$(flame) $(sync~spin)", spoken: "working" },
  offline: { text: "$(flame) offline", spoken: "offline" },
  consent: { text: "$(flame) consent?", spoken: "waiting for your consent to send this workspace" },
};

/** Markdown: each session with its model, transport and last receipt, and what one may want to do. */
export function tooltip(status: Status | undefined, spoken: string, isBusy: boolean): string {
  const sessions = (status?.sessions ?? []).map(describe);
  const links = [
    ...(isBusy ? ["[Cancel](command:pilotlight.ui.cancel)"] : []),
    "[Receipts](command:pilotlight.ui.receipts)",
    "[New session](command:pilotlight.ui.reset)",
    "[Log](command:pilotlight.ui.showLog)",
  ];
  return [`**${escape(spoken)}**`, ...sessions, links.join(" · ")].join("\n\n");
}

function describe(session: Session): string {
  const how = [session.model, session.endpoint, session.transport].filter((part) => part).map((part) => escape(String(part)));
  const folder = session.root.split(/[\\/]/).filter((part) => part !== "").at(-1) ?? session.root;
  const lines = [`$(folder) ${escape(folder)}: ${session.state}`];
  if (how.length > 0) lines.push(how.join(" · "));
  if (session.reason) lines.push(escape(session.reason));
  if (session.last) lines.push(`Last turn: ${escape(receiptLine(session.last))}`);
  return lines.join("  \n");
}

function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>$]/g, "\\$&");
}
