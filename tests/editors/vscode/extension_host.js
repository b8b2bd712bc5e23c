// For the scenarios' halves in the extension host.
const fs = require("node:fs");
const path = require("node:path");

/** Waits until `check` answers something true, and returns that. */
exports.until = async (name, check, ms = 20_000) => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const answer = await check();
    if (answer) {
      console.log(`pass  ${name}`);
      return answer;
    }
  }
  throw new Error(`FAIL  ${name}`);
};

/** How the two halves of a scenario wait for each other: by files in the scratch folder. */
exports.marks = (scratch) => ({
  /** Asks the person to look at something, or to do something. */
  look: (what) => fs.writeFileSync(path.join(scratch, `look-${what}`), ""),
  isAskedToLookAt: (what) => fs.existsSync(path.join(scratch, `look-${what}`)),
  /** The person has. */
  seen: (what) => fs.writeFileSync(path.join(scratch, `seen-${what}`), ""),
  wasSeen: (what) => fs.existsSync(path.join(scratch, `seen-${what}`)),
});
