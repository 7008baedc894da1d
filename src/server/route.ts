import type { z } from "zod";
import type { Access, Identity } from "./access/identity.ts";

/** One operation: who may call it, what it takes and what it answers. The same schemas validate and become the OpenAPI document. */
export type Route = {
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  /** Parameters of the path, then of the query (GET, DELETE) or of the JSON body (POST, PUT), in one object. */
  readonly input: z.ZodObject;
  /** `null`: 204, no content. */
  readonly answer: z.ZodType | null;
  /** Of an answer that is no JSON. */
  readonly content?: "text/csv" | "application/jsonl" | "text/event-stream";
  /** It changes nothing, though it is sent by POST for the size of what it takes: it is not audited. */
  readonly onlyLooks?: boolean;
  /** The answer holds a secret: it is not kept for a repeated request. */
  readonly secret?: boolean;
};

export type Routes = Readonly<Record<string, Route>>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
export type InputOf<R extends Route> = z.output<R["input"]>;
export type AnswerOf<R extends Route> = R extends { readonly content: string }
  ? AsyncIterable<string>
  : R["answer"] extends z.ZodType
    ? DeepReadonly<z.input<R["answer"]>>
    : null;

/** One request, validated and let in. */
export type Call<Input> = {
  readonly input: Input;
  readonly who: Identity;
  /** Where from, for throttling and the audit. */
  readonly address: string;
  readonly agent: string;
  /** The revision that an If-Match header names. */
  readonly ifMatch: number | null;
  setHeader(name: string, value: string): void;
  /** Signs the browser in, or with `null` out. */
  setSession(token: string | null): void;
};

export type Handlers<R extends Routes> = {
  readonly [K in keyof R]: (call: Call<InputOf<R[K]>>) => Promise<AnswerOf<R[K]>> | AnswerOf<R[K]>;
};
