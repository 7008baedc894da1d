import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import { isObject, type JsonObject } from "./body.ts";
import { Refusal, refuse } from "./refusal.ts";

const partsMax = 25;

/** Headers that a part takes from the whole; naming them in a part is an error. */
const inherited = ["accept", "authorization", "content-type"];

/**
 * `POST /composite`: up to 25 calls one after another, each with its own headers, that may refer to earlier ones as `@{ref.id}`. Answers 200
 * whatever became of them.
 */
export function answerComposite(
  request: SandboxRequest,
  body: JsonObject,
  answerPart: (part: SandboxRequest) => SandboxAnswer,
): SandboxAnswer {
  const parts = body["compositeRequest"];
  if (!Array.isArray(parts) || parts.length === 0) {
    throw refuse("JSON_PARSER_ERROR", "compositeRequest is required to hold subrequests");
  }
  if (parts.length > partsMax) {
    throw refuse("LIMIT_EXCEEDED", `The limit of ${partsMax} subrequests in a composite request is exceeded`);
  }
  if (body["allOrNone"] === true) throw refuse("FUNCTIONALITY_NOT_ENABLED", "allOrNone is not emulated");
  const answers = new Map<string, { readonly status: number; readonly body: unknown }>();
  const compositeResponse = parts.map((part) => {
    if (!isObject(part)) throw refuse("JSON_PARSER_ERROR", "A subrequest was expected");
    const referenceId = String(part["referenceId"] ?? "");
    if (!/^[A-Za-z]\w*$/u.test(referenceId) || answers.has(referenceId)) {
      throw refuse("JSON_PARSER_ERROR", `Invalid reference id: ${referenceId}`);
    }
    const answer = answerOne(request, part, answers, answerPart);
    answers.set(referenceId, { status: answer.status, body: answer.body });
    return { body: answer.body, httpHeaders: answer.headers ?? {}, httpStatusCode: answer.status, referenceId };
  });
  return { status: 200, body: { compositeResponse } };
}

function answerOne(
  request: SandboxRequest,
  part: JsonObject,
  answers: ReadonlyMap<string, { readonly status: number; readonly body: unknown }>,
  answerPart: (part: SandboxRequest) => SandboxAnswer,
): SandboxAnswer {
  const { method, url, body = null, httpHeaders = {} } = part;
  if (typeof method !== "string" || typeof url !== "string" || !isObject(httpHeaders)) {
    throw refuse("JSON_PARSER_ERROR", "A subrequest needs method, url and referenceId");
  }
  const named = Object.keys(httpHeaders).filter((name) => inherited.includes(name.toLowerCase()));
  if (named.length > 0) throw refuse("INVALID_HEADER", `${named.join(", ")} can't be given in a subrequest`);
  const resolve = (text: string) =>
    text.replaceAll(/@\{(\w+)\.([\w.[\]]+)\}/gu, (_, ref: string, path: string) => refersTo(answers, ref, path));
  const own = Object.entries(httpHeaders).map(([name, value]) => [name.toLowerCase(), String(value)]);
  try {
    const target = new URL(resolve(url), "http://127.0.0.1");
    return answerPart({
      method,
      path: target.pathname,
      query: target.searchParams,
      // A part hears its own headers, not those of the whole but for a few.
      headers: { ...partHeaders(request.headers), ...Object.fromEntries(own) },
      body: Buffer.from(body === null ? "" : resolve(JSON.stringify(body))),
    });
  } catch (error) {
    if (error instanceof Refusal && error.complaints[0]?.errorCode === "PROCESSING_HALTED") {
      return { status: 400, body: error.complaints };
    }
    throw error;
  }
}

function partHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ["authorization", "sforce-call-options", "sforce-auto-assign", "sforce-duplicate-rule-header"];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.includes(name)));
}

function refersTo(
  answers: ReadonlyMap<string, { readonly status: number; readonly body: unknown }>,
  ref: string,
  path: string,
): string {
  const answer = answers.get(ref);
  let value: unknown = answer !== undefined && answer.status < 300 ? answer.body : undefined;
  for (const step of path.split(/[.[\]]+/u).filter((one) => one !== "")) {
    value = (value as Record<string, unknown> | null | undefined)?.[step];
  }
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw refuse("PROCESSING_HALTED", `Invalid reference specified. No value for ${ref}.${path} found`);
}
