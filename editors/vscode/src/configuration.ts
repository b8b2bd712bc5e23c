// What the server says is in force, as `pilotlight config` prints it. Pure, so that `npm test` can try it.
import { OPENAI, isLoopback, originOf } from "./origin.ts";

export interface Configuration {
  /** The base URL that a key would be sent to. */
  baseUrl: string;
  origin: string;
  /** A remote endpoint is configured, and nothing that could identify the user to it. */
  lacksKey: boolean;
}

/** Reads the lines `key = value   # from layer`; undefined if these are none. */
export function readConfiguration(printed: string, environment: NodeJS.ProcessEnv): Configuration | undefined {
  const named = valueOf(printed, "provider.base_url");
  if (typeof named !== "string") return undefined;
  // Without an endpoint the embedded agent answers; a key would be for OpenAI.
  const baseUrl = named === "" ? OPENAI : named;
  const origin = originOf(baseUrl);
  if (origin === undefined) return undefined;

  const variable = valueOf(printed, "provider.api_key_env");
  const hasKey = typeof variable === "string" && Boolean(environment[variable]);
  const hasCommand = !/^provider\.api_key_command = \[\]/m.test(printed);
  const hasHeaders = !/^provider\.headers = \{\}/m.test(printed);
  return {
    baseUrl,
    origin,
    lacksKey: named !== "" && !isLoopback(origin) && !hasKey && !hasCommand && !hasHeaders,
  };
}

function valueOf(printed: string, key: string): unknown {
  const line = printed.split("\n").find((candidate) => candidate.startsWith(`${key} = `));
  const text = line?.slice(key.length + " = ".length).match(/^"(?:[^"\\]|\\.)*"/)?.[0];
  return text === undefined ? undefined : JSON.parse(text);
}
