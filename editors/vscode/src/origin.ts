// Origins: a key belongs to one, and is handed over for no other. Pure, so that `npm test` can try it.

/** Where a key belongs when neither a setting nor the configuration names an endpoint. */
export const OPENAI = "https://api.openai.com/v1";

/** `https://HOST[:PORT]`, as the server spells it; ws and wss mean the same as http and https. Undefined if it is no URL. */
export function originOf(baseUrl: string): string | undefined {
  const asHttp = baseUrl.trim().replace(/^ws(s?):\/\//i, "http$1://");
  if (!/^https?:\/\//i.test(asHttp) || !URL.canParse(asHttp)) return undefined;
  return new URL(asHttp).origin;
}

/** Whether an origin is this machine: nothing is asked of those, neither a key nor consent. */
export function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** The host with its port, for people. */
export function hostOf(origin: string): string {
  return new URL(origin).host;
}
