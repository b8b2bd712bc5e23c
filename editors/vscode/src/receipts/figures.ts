// The figures of receipts, for people: units, sums, a scale. Pure, so that `npm test` can try it.
import type { Receipt } from "./receipt.ts";

/** `812 B`, `1.2 kB`, `3.4 MB`: a half is rounded up, as the server does it. */
export function bytes(count: number): string {
  const tenths = (unit: number) => (Math.round((count * 10) / unit) / 10).toFixed(1);
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${tenths(1000)} kB` : `${tenths(1_000_000)} MB`;
}

/** `0.4 ms`, `38 ms`, `1.24 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1,234`: the same in every locale, as the units are. */
export function tokens(count: number): string {
  return count.toLocaleString("en-US");
}

export function receiptLine(receipt: Receipt): string {
  const files = receipt.files_changed === 0 ? [] : [`${receipt.files_changed} file${receipt.files_changed === 1 ? "" : "s"}`];
  const sent = `${bytes(receipt.bytes_sent)} sent (full resend ${bytes(receipt.bytes_full_resend)})`;
  return [`${receipt.action} ${receipt.outcome}`, ...files, sent, duration(receipt.ms_total)].join(", ");
}

export interface Totals {
  turns: number;
  sent: number;
  fullResend: number;
  /** How many times less was sent; undefined where nothing was. */
  timesLess: number | undefined;
  received: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  /** Our own share of the time, per turn; the middle one. */
  medianOwn: number;
  medianFirstEvent: number;
  estimated: boolean;
}

export function totals(turns: Receipt[]): Totals {
  const sum = (of: (receipt: Receipt) => number) => turns.reduce((total, receipt) => total + of(receipt), 0);
  const sent = sum((receipt) => receipt.bytes_sent);
  const fullResend = sum((receipt) => receipt.bytes_full_resend);
  return {
    turns: turns.length,
    sent,
    fullResend,
    timesLess: sent === 0 ? undefined : fullResend / sent,
    received: sum((receipt) => receipt.bytes_received),
    inputTokens: sum((receipt) => receipt.input_tokens),
    cachedTokens: sum((receipt) => receipt.cached_tokens),
    outputTokens: sum((receipt) => receipt.output_tokens),
    medianOwn: median(turns.map((receipt) => receipt.ms_own)),
    // A turn that ended before its first request has no first event.
    medianFirstEvent: median(turns.map((receipt) => receipt.ms_to_first_event).filter((ms) => ms > 0)),
    estimated: turns.some((receipt) => receipt.estimated === true),
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? 0) + (high ?? 0)) / 2;
}

/** Round values from 0 up to at least `most`, at most five of them, for the lines behind a chart. */
export function ticks(most: number): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const count = Math.ceil(most / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
