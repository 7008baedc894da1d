import type { CellName } from "../../model/record.ts";
import type { SyncError } from "../../model/sync-error.ts";
import { type Effect, lostError } from "../../ports/lost-answer.ts";
import { at, type Json, objectOf, textOf } from "./json.ts";
import type { ErrorShape } from "./options.ts";

/** A refusal's words: the message, and what is said of single fields, by the tool's own name for them. */
export type Refusal = { readonly message: string; readonly fields: Readonly<Record<CellName, string>> };

const usualMessages = ["message", "error.message", "error", "detail", "title", "error_description", "reason", "msg"];
const usualFields = [
  "errors",
  "error.details.errors",
  "error.details",
  "error.errors",
  "error.fields",
  "fields",
  "data",
  "detail",
  "",
];
const usualNames = ["field", "target", "path", "source.pointer", "property", "param", "name", "loc"];
const usualTexts = ["message", "detail", "msg", "error", "title", "reason"];

/** The refusal in an answer's body, where the config says, or in the usual places. */
export function refusalOf(body: Json, shape: ErrorShape = {}): Refusal {
  const told = (shape.message === undefined ? usualMessages : [shape.message]).map((path) => textOf(at(body, path)));
  const fields = (shape.fields === undefined ? usualFields : [shape.fields])
    .map((path) => fieldsOf(at(body, path), shape))
    .find((found) => Object.keys(found).length > 0);
  const target = shape.fields === undefined ? textOf(at(body, "error.target")) : "";
  const message = told.find((text) => text !== "") ?? (typeof body === "string" ? body.slice(0, 200) : "");
  // OData names the one field that an error is about beside its message.
  return { message, fields: fields ?? (target === "" ? {} : { [target]: message }) };
}

function fieldsOf(said: Json, shape: ErrorShape): Record<CellName, string> {
  if (Array.isArray(said)) {
    const entries = said.flatMap((one): [string, string][] => {
      const name = nameOf((shape.name === undefined ? usualNames : [shape.name]).map((path) => at(one, path)));
      const text = (shape.text === undefined ? usualTexts : [shape.text]).map((path) => textOf(at(one, path)));
      return name === undefined ? [] : [[name, text.find((part) => part !== "") ?? "refused"]];
    });
    return Object.fromEntries(entries);
  }
  const entries = Object.entries(objectOf(said) ?? {}).flatMap(([name, text]): [string, string][] => {
    const words = wordsOf(text);
    return words === null ? [] : [[name, words]];
  });
  return Object.fromEntries(entries);
}

/** Names come as "email", as a JSON pointer, or as a list of steps. */
function nameOf(candidates: readonly Json[]): string | undefined {
  for (const one of candidates) {
    if (Array.isArray(one) && one.length > 0) return one.map(textOf).join(".");
    const text = textOf(one);
    if (text !== "") return text.replace(/^\//u, "").replaceAll("/", ".");
  }
  return undefined;
}

/** A text, a list of texts, or an object with one; of anything else nothing is known. */
function wordsOf(text: Json): string | null {
  if (Array.isArray(text) && text.length > 0 && text.every((one) => typeof one === "string")) return text.join(" ");
  if (typeof text === "string") return text;
  const inner = usualTexts.map((path) => at(text, path)).find((one) => typeof one === "string");
  return typeof inner === "string" ? inner : null;
}

/** The cells of a write that a refusal is about, whatever stands before their names in it: `data.attributes.email` is `email`. */
export function refusedCells({ fields }: Refusal, cells: readonly CellName[]): Record<CellName, string> {
  return Object.fromEntries(
    cells.flatMap((cell) => {
      const name = Object.keys(fields).find((one) => one === cell || one.endsWith(`.${cell}`));
      return name === undefined ? [] : [[cell, fields[name] ?? "refused"]];
    }),
  );
}

/** The SyncError for a refused call. 429 is judged by the client, which knows how long to be silent. */
export function refusedError(status: number, refusal: Refusal, effect: Effect, what: string): SyncError {
  const about = Object.entries(refusal.fields).map(([name, text]) => `${name}: ${text}`);
  const said = [refusal.message, ...about].filter((text) => text !== "").join("; ") || "no reason given";
  const message = `${what}: answered ${status}, ${said.slice(0, 500)}`;
  if (status === 401) return { code: "UNAUTHORIZED", message: `${message}; the credentials are wrong or were revoked` };
  if (status === 403) return { code: "UNAUTHORIZED", message: `${message}; the account may not do this` };
  if (status >= 500 || status === 408) return lostError(effect, message);
  if (status === 404 || status === 405 || status === 501) return { code: "SCHEMA", message };
  return { code: "REJECTED", message, cells: {} };
}
