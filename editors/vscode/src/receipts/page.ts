// The receipts as a page: totals, a chart, a table. Pure, so that `npm test` can try it. All text goes through `escape`;
// the colours are the theme's; whatever the chart shows is in the table too, for those who do not see it.
import { bytes, duration, ticks, tokens, totals } from "./figures.ts";
import type { Receipt } from "./receipt.ts";

/** The latest turns are charted, all are in the table. */
const CHARTED = 30;

/** What never changes while the page is open; its body comes by message. */
export function shell(source: { csp: string; nonce: string; style: string; script: string }, body: string): string {
  const policy = `default-src 'none'; style-src ${source.csp}; script-src 'nonce-${source.nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${source.style}">
<title>Pilotlight Receipts</title>
</head>
<body>
<main>${body}</main>
<script nonce="${source.nonce}" src="${source.script}"></script>
</body>
</html>`;
}

export function body(turns: Receipt[]): string {
  if (turns.length === 0) return "<h1>Receipts</h1><p>No turn has ended yet. Each leaves a receipt here: what it sent, received and took.</p>";
  return `<h1>Receipts</h1>${summary(turns)}${chart(turns.slice(-CHARTED))}${table(turns)}`;
}

function summary(turns: Receipt[]): string {
  const all = totals(turns);
  const less = all.timesLess === undefined ? "" : `${all.timesLess.toFixed(1)} times less than a full resend of ${bytes(all.fullResend)}`;
  const cached = all.inputTokens === 0 ? "" : `${Math.round((100 * all.cachedTokens) / all.inputTokens)} % of the input from the cache`;
  const facts = [
    ["Turns", tokens(all.turns), `${bytes(all.received)} received`],
    ["Sent", bytes(all.sent), less],
    ["To the first event", duration(all.medianFirstEvent), "median"],
    ["Our own time", duration(all.medianOwn), "median of a turn"],
    ["Tokens", `${tokens(all.inputTokens)} in, ${tokens(all.outputTokens)} out`, [cached, all.estimated ? "estimated" : ""].filter(Boolean).join(", ")],
  ];
  const items = facts.map(([name, figure, note]) => `<div><dt>${name}</dt><dd><strong>${figure}</strong><small>${note}</small></dd></div>`);
  return `<dl class="totals">${items.join("")}</dl>`;
}

/** Two bars a turn: what was sent, before what a full resend would have taken. */
function chart(turns: Receipt[]): string {
  const [height, left, slot] = [160, 70, 26];
  const lines = ticks(Math.max(...turns.flatMap((turn) => [turn.bytes_sent, turn.bytes_full_resend])));
  const top = lines.at(-1) ?? 1;
  const width = left + turns.length * slot + 10;
  const y = (count: number) => 10 + height - (height * count) / top;
  const grid = lines.map((count) => `<line class="grid" x1="${left}" x2="${width}" y1="${y(count)}" y2="${y(count)}"/><text x="${left - 8}" y="${y(count) + 4}" text-anchor="end">${bytes(count)}</text>`);
  const bar = (kind: string, x: number, wide: number, count: number) =>
    `<rect class="${kind}" x="${x}" y="${y(count)}" width="${wide}" height="${(height * count) / top}"/>`;
  const groups = turns.map((turn, index) => {
    const x = left + index * slot + 4;
    const told = `${turn.action}: ${bytes(turn.bytes_sent)} sent, full resend ${bytes(turn.bytes_full_resend)}`;
    return `<g><title>${escape(told)}</title>${bar("resend", x, 18, turn.bytes_full_resend)}${bar("sent", x + 4, 10, turn.bytes_sent)}</g>`;
  });
  const shown = turns.length === 1 ? "the last turn" : `the last ${turns.length} turns`;
  return `<figure>
<figcaption>Bytes of ${shown}: <span class="key sent"></span>sent, <span class="key resend"></span>full resend</figcaption>
<svg role="img" aria-label="Bytes sent against a full resend, by turn. The table below has the figures." viewBox="0 0 ${width} ${height + 20}" width="${width}" height="${height + 20}">
${grid.join("")}${groups.join("")}
</svg>
</figure>`;
}

const COLUMNS: { name: string; of: (turn: Receipt) => string; isFigure: boolean }[] = [
  { name: "Turn", of: (turn) => turn.action, isFigure: false },
  { name: "Outcome", of: (turn) => outcome(turn), isFigure: false },
  { name: "Sent", of: (turn) => bytes(turn.bytes_sent), isFigure: true },
  { name: "Full resend", of: (turn) => bytes(turn.bytes_full_resend), isFigure: true },
  { name: "Received", of: (turn) => bytes(turn.bytes_received), isFigure: true },
  { name: "First event", of: (turn) => duration(turn.ms_to_first_event), isFigure: true },
  { name: "Waiting", of: (turn) => duration(turn.ms_waiting), isFigure: true },
  { name: "Own", of: (turn) => duration(turn.ms_own), isFigure: true },
  { name: "Total", of: (turn) => duration(turn.ms_total), isFigure: true },
  { name: "Rounds", of: (turn) => String(turn.rounds), isFigure: true },
  { name: "Tokens in", of: (turn) => tokens(turn.input_tokens), isFigure: true },
  { name: "Cached", of: (turn) => tokens(turn.cached_tokens), isFigure: true },
  { name: "Out", of: (turn) => tokens(turn.output_tokens), isFigure: true },
];

/** The newest turn first. */
function table(turns: Receipt[]): string {
  const head = COLUMNS.map(({ name, isFigure }) => `<th scope="col"${isFigure ? ' class="figure"' : ""}>${name}</th>`).join("");
  const rows = turns.toReversed().map((turn) => {
    const cells = COLUMNS.map(({ of, isFigure }) => `<td${isFigure ? ' class="figure"' : ""}>${escape(of(turn))}</td>`);
    return `<tr>${cells.join("")}</tr>`;
  });
  // A region that scrolls can be reached by the keyboard.
  return `<div class="scrolls" role="region" aria-label="All turns" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function outcome(turn: Receipt): string {
  const files = turn.files_changed === 0 ? "" : `, ${turn.files_changed} file${turn.files_changed === 1 ? "" : "s"}`;
  const resent = turn.lineage === "rebased" ? `, resent: ${turn.rebase_reason ?? "new context"}` : "";
  return `${turn.outcome}${files}${resent}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
