import type { z } from "zod";
import type { Api } from "./api.ts";
import { apiPath, type OperationName, operations } from "./operations.ts";

/** What an operation takes: parameters of path, query and body in one object. */
export type Input<Name extends OperationName> = z.input<Api[Name]["input"]>;
/** What it answers. */
export type Answer<Name extends OperationName> = Api[Name]["answer"] extends z.ZodType
  ? z.output<Api[Name]["answer"]>
  : null;

export type Client = {
  readonly [Name in OperationName]: (input: Input<Name>, options?: CallOptions) => Promise<Answer<Name>>;
};

export type CallOptions = {
  readonly signal?: AbortSignal;
  /** Of a change: sent twice with one key, it is made once. */
  readonly idempotencyKey?: string;
};

export type ClientOptions = {
  /** Where Truce is: "https://truce.example.com". In a page of the console: "". */
  readonly url: string;
  /** An API token. In the console the session's cookie does. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
};

/** What the server would not do, as it told it (RFC 9457). */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;
  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    super(typeof problem["detail"] === "string" ? problem["detail"] : `The server answered ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

/** A typed client of the HTTP API: one function per operation. Rejects with `ApiError`, or with what `fetch` rejects with. */
export function createClient({ url, token, fetch: send = fetch }: ClientOptions): Client {
  const call = async (name: OperationName, input: Readonly<Record<string, unknown>>, options: CallOptions) => {
    const [method, template] = operations[name];
    const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
    const path = template.replaceAll(/\{(\w+)\}/gu, (_, parameter: string) => {
      const value = String(rest.get(parameter) ?? "");
      rest.delete(parameter);
      return encodeURIComponent(value);
    });
    const isBody = method === "POST" || method === "PUT";
    const query = new URLSearchParams([...rest].map(([key, value]): [string, string] => [key, String(value)]));
    const answer = await send(`${url}${apiPath}${path}${isBody || rest.size === 0 ? "" : `?${query}`}`, {
      method,
      headers: {
        ...(isBody ? { "content-type": "application/json" } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(options.idempotencyKey === undefined ? {} : { "idempotency-key": options.idempotencyKey }),
      },
      ...(isBody ? { body: JSON.stringify(Object.fromEntries(rest)) } : {}),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return read(answer);
  };
  const names = Object.keys(operations) as OperationName[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      (input: Record<string, unknown>, options: CallOptions = {}) => call(name, input, options),
    ]),
  ) as unknown as Client;
}

async function read(answer: Response): Promise<unknown> {
  const text = await answer.text();
  const isJson = /\bjson\b/u.test(answer.headers.get("content-type") ?? "");
  if (!answer.ok) throw new ApiError(answer.status, isJson ? JSON.parse(text) : {});
  if (answer.status === 204) return null;
  return isJson ? JSON.parse(text) : text;
}
