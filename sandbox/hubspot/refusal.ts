import type { SandboxAnswer } from "../core/serve.ts";

/** Why one property value was not taken. */
export type ValueProblem = { readonly name: string; readonly code: string; readonly message: string };

/** One entry of `errors`; in a 207 it stands for a row, elsewhere it details the refusal. */
export type ErrorItem = {
  readonly status?: "error";
  readonly category?: string;
  readonly subCategory?: string;
  readonly message: string;
  readonly code?: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
};

type Body = {
  readonly message: string;
  readonly category?: string;
  readonly subCategory?: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
  readonly errors?: readonly ErrorItem[];
};

/** An answer that refuses a request, in HubSpot's error body. Thrown by whatever found the fault; nothing has been done. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Body;

  constructor(status: number, body: Body) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

export function badRequest(message: string, more: Omit<Body, "message"> = {}): Refusal {
  return new Refusal(400, { message, category: "VALIDATION_ERROR", ...more });
}

export function notFound(id: string): Refusal {
  return new Refusal(404, {
    message: "resource not found",
    category: "OBJECT_NOT_FOUND",
    context: { id: [id] },
  });
}

/** The recorded form: the message repeats the problems as JSON, `errors` lists them. */
export function invalidValues(problems: readonly ValueProblem[]): Refusal {
  const told = problems.map(({ name, code, message }) => ({ isValid: false, message, error: code, name }));
  return badRequest(`Property values were not valid: ${JSON.stringify(told)}`, {
    errors: problems.map(({ name, code, message }) => ({ message, code, context: { propertyName: [name] } })),
  });
}

/** `existingId` is left out in the whole-batch form, as recorded. */
export function alreadyExists(singular: string, existingId: string | null): Refusal {
  const name = singular[0]!.toUpperCase() + singular.slice(1);
  const message = existingId === null ? `${name} already exists` : `${name} already exists. Existing ID: ${existingId}`;
  return new Refusal(409, { message, category: "CONFLICT" });
}

export function answerRefusal(refusal: Refusal, correlationId: string): SandboxAnswer {
  const { message, ...rest } = refusal.body;
  return { status: refusal.status, body: { status: "error", message, correlationId, ...rest } };
}
