import type { SandboxAnswer } from "../core/serve.ts";

/** A call that is refused, with the vendor's answer. */
export class Refusal extends Error {
  readonly answer: SandboxAnswer;
  constructor(status: number, body: object) {
    super(JSON.stringify(body));
    this.answer = { status, body };
  }
}

/** 422, in the form of JSON:API. */
export function invalid(title: string, code: string, attribute: string): Refusal {
  return new Refusal(422, {
    errors: [{ title, detail: "", code, source: { pointer: `/data/attributes/${attribute}` } }],
  });
}

/** 404. The words differ by resource, and for a contact also by call. */
export function notFound(resource: string, id: string, isDelete = false): Refusal {
  const name = resource === "contact" && !isDelete ? "Subscriber" : resource;
  return new Refusal(404, { message: `No ${isDelete ? "result" : "Result"} found for ${name} with id ${id}` });
}

export function forbidden(): Refusal {
  return new Refusal(403, { message: "You do not have permission to perform this action" });
}
