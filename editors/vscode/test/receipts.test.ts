// The receipts' figures, and the page made of them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, duration, receiptLine, ticks, totals } from "../src/receipts/figures.ts";
import { body, shell } from "../src/receipts/page.ts";
import type { Receipt } from "../src/receipts/receipt.ts";

const receipt = (given: Partial<Receipt>): Receipt => ({
  turn: "t1", action: "finish", transport: "websocket", lineage: "continued", rounds: 2, tool_calls: 3,
  bytes_sent: 1200, bytes_received: 800, bytes_full_resend: 48_000, input_tokens: 4000, cached_tokens: 3000, output_tokens: 120,
  ms_to_first_event: 40, ms_total: 900, ms_waiting: 880, ms_tools: 5, ms_own: 15, files_changed: 3, outcome: "applied",
  ...given,
});

test("figures have the unit in which people say them", () => {
  assert.deepEqual([0, 999, 1234, 3_400_000].map(bytes), ["0 B", "999 B", "1.2 kB", "3.4 MB"]);
  assert.deepEqual([1250, 1450, 999_949, 2_250_000].map(bytes), ["1.3 kB", "1.5 kB", "999.9 kB", "2.3 MB"]);
  assert.deepEqual([0.42, 38.4, 1240, 125_000].map(duration), ["0.4 ms", "38 ms", "1.24 s", "2 min 5 s"]);
  assert.equal(receiptLine(receipt({})), "finish applied, 3 files, 1.2 kB sent (full resend 48.0 kB), 900 ms");
});

test("totals are sums, and medians of the times", () => {
  const all = totals([receipt({ ms_own: 1 }), receipt({ ms_own: 3, bytes_sent: 800 }), receipt({ ms_own: 100, ms_to_first_event: 0 })]);
  assert.deepEqual([all.turns, all.sent, all.fullResend, all.timesLess], [3, 3200, 144_000, 45]);
  assert.deepEqual([all.medianOwn, all.medianFirstEvent], [3, 40]);
});

test("nothing is divided by nothing", () => {
  assert.equal(totals([]).timesLess, undefined);
  const page = body([receipt({ bytes_sent: 0, bytes_full_resend: 0, input_tokens: 0 })]);
  assert.doesNotMatch(page, /NaN|Infinity|undefined/);
});

test("a chart's lines are round, begin at nothing and reach the largest value", () => {
  for (const most of [1, 7, 999, 48_000, 1_234_567]) {
    const lines = ticks(most);
    assert.ok(lines[0] === 0 && (lines.at(-1) ?? 0) >= most && lines.length <= 6, `${most}: ${lines}`);
  }
});

test("the table has every turn, the newest first, and the chart the latest", () => {
  const turns = Array.from({ length: 40 }, (_, index) => receipt({ turn: `t${index}`, action: `action${index}` }));
  const page = body(turns);
  assert.equal(page.match(/<tr>/g)?.length, 41);
  assert.equal(page.match(/<title>/g)?.length, 30);
  assert.ok(page.indexOf("<td>action39") < page.indexOf("<td>action38"));
});

test("a name in a receipt is text, not markup", () => {
  const page = body([receipt({ action: "<img src=x onerror=alert(1)>", rebase_reason: '"&', lineage: "rebased" })]);
  assert.doesNotMatch(page, /<img/);
});

test("the page may load its own style and one script, and nothing else", () => {
  const page = shell({ csp: "https://own.example", nonce: "n0nce", style: "s.css", script: "s.js" }, body([]));
  assert.match(page, /default-src 'none'; style-src https:\/\/own\.example; script-src 'nonce-n0nce'"/);
  assert.doesNotMatch(page, / style="|<style|onclick/);
});
