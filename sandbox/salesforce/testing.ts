import { createSalesforceSandbox, type SalesforceSandbox, type SalesforceSandboxOptions } from "./sandbox.ts";

/** A sandbox without limits that a test could meet by accident. */
export function calmSandbox(options: SalesforceSandboxOptions = {}): Promise<SalesforceSandbox> {
  return createSalesforceSandbox({ speed: 1000, ...options });
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field; what is not there fails the test.
export type AnyJson = any;

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: AnyJson };

/** One call below `/services/data/v66.0`, or of a whole path that begins with `/services`. */
export async function call(
  sandbox: Pick<SalesforceSandbox, "url" | "token">,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const whole = path.startsWith("/services") ? path : `/services/data/v66.0${path}`;
  const response = await fetch(sandbox.url + whole, {
    method,
    headers: { authorization: `Bearer ${sandbox.token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}

/** `400 MALFORMED_QUERY: ...` */
export function refusal({ status, body }: Answer): string {
  return `${status} ${body[0].errorCode}: ${body[0].message}`;
}

export function query(sandbox: SalesforceSandbox, soql: string, all = false): Promise<Answer> {
  return call(sandbox, "GET", `/${all ? "queryAll" : "query"}?q=${encodeURIComponent(soql)}`);
}
