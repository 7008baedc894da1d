import type { SandboxAnswer } from "../core/serve.ts";

/** One complaint, as in Salesforce's error arrays. */
export type Complaint = {
  readonly errorCode: string;
  readonly message: string;
  readonly fields?: readonly string[];
  /** DUPLICATES_DETECTED only. Salesforce's own spelling. */
  readonly duplicateResult?: object;
};

/** An answer that refuses a request. Thrown by whatever found the fault; nothing has been done. */
export class Refusal extends Error {
  readonly status: number;
  readonly complaints: readonly Complaint[];

  constructor(status: number, complaints: readonly Complaint[]) {
    super(complaints.map(({ errorCode, message }) => `${errorCode}: ${message}`).join("; "));
    this.status = status;
    this.complaints = complaints;
  }
}

export function refuse(errorCode: string, message: string, fields?: readonly string[]): Refusal {
  return new Refusal(400, [{ errorCode, message, ...(fields === undefined ? {} : { fields }) }]);
}

export function notFound(message = "The requested resource does not exist"): Refusal {
  return new Refusal(404, [{ errorCode: "NOT_FOUND", message }]);
}

export function answerRefusal({ status, complaints }: Refusal): SandboxAnswer {
  return { status, body: complaints.map(({ message, errorCode, ...rest }) => ({ message, errorCode, ...rest })) };
}

/** A row's complaints, as collections word them: `statusCode` instead of `errorCode`. */
export function rowErrors({ complaints }: Refusal): readonly object[] {
  return complaints.map(({ errorCode, message, fields = [], ...rest }) => ({
    statusCode: errorCode,
    message,
    fields,
    ...rest,
  }));
}
