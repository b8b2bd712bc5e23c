// Answers each case with the text that the reference implementation of LSP documents makes of it.
//   node textdocument.mjs MODULE < cases > texts       one JSON value a line, in and out
// A case is {text, changes: [[change, …], …]}, one array a notification, counted in UTF-16; or {text, edits, encoding}.
import { createRequire } from "node:module";

const { TextDocument } = createRequire(import.meta.url)(process.argv[2]);
const document = (text) => TextDocument.create("file:///a", "plaintext", 1, text);

function updated({ text, changes }) {
  let current = document(text);
  let version = 1;
  for (const notification of changes) {
    version += 1;
    for (const change of notification) {
      const beyond = change.range !== undefined && change.range.end.line >= current.lineCount;
      current = TextDocument.update(current, [change], version);
      // Its table of lines is off after a change that names a line beyond the last, its text is not.
      if (beyond) current = document(current.getText());
    }
  }
  return current.getText();
}

const widths = {
  "utf-8": (character) => Buffer.byteLength(character),
  "utf-16": (character) => character.length,
  "utf-32": () => 1,
};

// The position in UTF-16 that another encoding means. One within a character, or beyond its line, is a mistake.
function inUtf16(lines, { line, character }, encoding) {
  let counted = 0;
  let units = 0;
  for (const one of lines[line]) {
    if (counted === character) break;
    counted += widths[encoding](one);
    units += one.length;
  }
  if (counted !== character) throw new Error(`${line}:${character} in ${encoding} is no place of the text`);
  return { line, character: units };
}

function edited({ text, edits, encoding }) {
  const lines = text.split(/\r\n|\r|\n/);
  const converted = edits.map(({ range, newText }) => ({
    range: { start: inUtf16(lines, range.start, encoding), end: inUtf16(lines, range.end, encoding) },
    newText,
  }));
  return TextDocument.applyEdits(document(text), converted);
}

// Split at line feeds only: a U+2028 within a case is not the end of it.
let pending = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) {
  const lines = (pending + chunk).split("\n");
  pending = lines.pop();
  for (const line of lines) {
    const one = JSON.parse(line);
    let text;
    try {
      text = one.edits === undefined ? updated(one) : edited(one);
    } catch (error) {
      text = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(text)}\n`);
  }
}
