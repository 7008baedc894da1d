import { createHubSpotSandbox, type HubSpotSandbox, type HubSpotSandboxOptions } from "./sandbox.ts";

/** A sandbox without limits or index lag that a test could meet by accident. */
export function calmSandbox(options: HubSpotSandboxOptions = {}): Promise<HubSpotSandbox> {
  return createHubSpotSandbox({ speed: 1000, indexLagMsMax: 0, ...options });
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field; what is not there fails the test.
export type AnyJson = any;

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, AnyJson> };

/** One call; a body that is a string is sent as it is. */
export async function call(
  sandbox: Pick<HubSpotSandbox, "url" | "token">,
  method: string,
  path: string,
  body?: unknown,
  token = sandbox.token,
): Promise<Answer> {
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}
