// OpenAI's client for Node against `pilotlight agent`: node openai_client.mjs talk|fail BASE_URL, with the client's folder of
// modules in MODULES. The same conversation as in openai_client.py, as far as this client offers it, and the same output:
// a JSON object a line with the name of its step; the test judges it.

import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.MODULES, "any.js"));
const OpenAI = require("openai");
const { ResponsesWS } = require("openai/resources/responses/ws");

const MODEL = "embedded";
const ENDS = ["response.completed", "response.incomplete", "response.failed"];
const TOOLS = [
  {
    type: "function",
    name: "search",
    strict: false,
    parameters: { type: "object", properties: { pattern: { type: "string" } }, required: ["pattern"] },
  },
  { type: "custom", name: "apply_patch", format: { type: "text" } },
];
const FILE = '<file path="a.rs" bytes="14">\nfn fetch() {}\n\n</file>';
const RENAME = 'Request: edit\n\nDo it.\n<instruction bytes="20">\nrename fetch to load\n</instruction>';

const tell = (step, seen) => console.log(JSON.stringify({ step, ...seen }));
const user = (...contents) => contents.map((content) => ({ role: "user", content }));

// A connection and one reading of its events.
const connect = (client) => {
  const socket = new ResponsesWS(client);
  return { socket, events: socket.stream() };
};

// The types of all events up to the end of a response, and the last event; or the error in its place.
const answer = async ({ events }) => {
  const kinds = [];
  for (;;) {
    const { value: event } = await events.next();
    if (event.type === "error") return { kinds, error: event.error };
    if (event.type === "close") throw new Error(`closed with ${event.code} after ${kinds}`);
    if (event.type !== "message") continue;
    kinds.push(event.message.type);
    if (ENDS.includes(event.message.type)) return { kinds, event: event.message, response: event.message.response };
  }
};

// An error frame, as the client hands it on in an error of its own.
const refused = ({ constructor, error: { status, error } }) => {
  const { code, type, param } = error;
  return { kind: constructor.name, status, code, type, param };
};

// An answer of HTTP that is an error.
const refusal = ({ constructor, status, code, type }) => ({ kind: constructor.name, status, code, type });

// A warm-up, then turns that each go on from the one before.
const chain = async (connection) => {
  const ask = (more) => {
    connection.socket.send({ type: "response.create", model: MODEL, store: false, tools: TOOLS, ...more });
    return answer(connection);
  };
  const warm = await ask({ generate: false, input: [{ role: "developer", content: "Be brief." }] });
  tell("warm-up", { kinds: warm.kinds, status: warm.response.status, output: warm.response.output.length });

  const first = await ask({ previous_response_id: warm.response.id, input: user("Good morning.") });
  const follows = first.response.previous_response_id === warm.response.id;
  tell("text", { status: first.response.status, follows, text: first.response.output[0].content[0].text });

  const second = await ask({ previous_response_id: first.response.id, input: user(FILE, RENAME) });
  const call = second.response.output.at(-1);
  tell("call", { status: second.response.status, kind: call.type, name: call.name, arguments: JSON.parse(call.arguments) });

  const found = { type: "function_call_output", call_id: call.call_id, output: "1 match in 1 file\na.rs:1:fn fetch() {}" };
  const third = await ask({ previous_response_id: second.response.id, input: [found] });
  const { type: kind, name, call_id, input } = third.response.output.at(-1);
  tell("patch", { kinds: third.kinds, status: third.response.status, kind, name, input });

  const done = { type: "custom_tool_call_output", call_id, output: "Done: a.rs" };
  const fourth = await ask({ previous_response_id: third.response.id, input: [done] });
  const followed = fourth.response.previous_response_id === third.response.id;
  tell("output", { status: fourth.response.status, follows: followed, text: fourth.response.output[0].content[0].text });

  const orphan = { type: "function_call_output", call_id: "call_unknown", output: "" };
  const unknown = await ask({ previous_response_id: fourth.response.id, input: [orphan] });
  tell("unknown call", { message: unknown.error.message, ...refused(unknown.error) });
  // The refused request was to go on from the fourth response, so that is gone.
  tell("evicted", refused((await ask({ previous_response_id: fourth.response.id, input: user("And now?") })).error));
  tell("not found", refused((await ask({ previous_response_id: "resp_unknown", input: user("And now?") })).error));
  tell("anew", { status: (await ask({ input: user("And now?") })).response.status });
};

// Two lanes at once: the events of each carry its name.
const lanes = async ({ socket, events }) => {
  for (const stream_id of ["left", "right"]) {
    socket.send({ type: "response.create", model: MODEL, store: false, stream_id, input: "One." });
  }
  const statuses = {};
  while (Object.keys(statuses).length < 2) {
    const { value: event } = await events.next();
    if (event.type === "message" && ENDS.includes(event.message.type)) {
      statuses[event.message.stream_id] = event.message.response.status;
    }
  }
  tell("lanes", { statuses });
};

// The same by HTTP, as a stream of events.
const stream = async (client) => {
  const kinds = [];
  let last;
  for await (last of await client.responses.create({ model: MODEL, store: false, tools: TOOLS, input: RENAME, stream: true })) {
    kinds.push(last.type);
  }
  tell("stream", { kinds, status: last.response.status, name: last.response.output.at(-1).name });
  const asked = client.responses.create({ model: MODEL, store: false, previous_response_id: "resp_unknown", input: "Hello." });
  tell("not found by HTTP", refusal(await asked.catch((error) => error)));
};

const talk = async (client) => {
  for (const converse of [chain, lanes]) {
    const connection = connect(client);
    await converse(connection);
    connection.socket.close();
  }
  await stream(client);
};

const fail = async (client) => {
  const connection = connect(client);
  connection.socket.send({ type: "response.create", model: MODEL, store: false, input: "Hello." });
  tell("websocket", refused((await answer(connection)).error));
  connection.socket.close();
  const asked = client.responses.create({ model: MODEL, store: false, input: "Hello.", stream: true });
  tell("http", refusal(await asked.catch((error) => error)));
};

const [mode, baseURL] = process.argv.slice(2);
await { talk, fail }[mode](new OpenAI({ apiKey: "unused", baseURL, maxRetries: 0, timeout: 20_000 }));
