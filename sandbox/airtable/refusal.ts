/** An answer that refuses a request: HTTP status and Airtable's error body. Thrown by whatever found the fault. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: object, message: string) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** The object form, `{"error":{"type","message"}}`. Nothing of the request has been done when it is thrown. */
export function refuse(status: number, type: string, message: string): Refusal {
  return new Refusal(status, { error: { type, message } }, message);
}

/** The bare form, `{"error":"NOT_FOUND"}`. */
export function notFound(): Refusal {
  return new Refusal(404, { error: "NOT_FOUND" }, "NOT_FOUND");
}

/** What Airtable says alike for "does not exist" and "you may not". */
export function noSuchModel(): Refusal {
  return refuse(
    403,
    "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
    "Invalid permissions, or the requested model was not found. Check that both your user and your token have the required permissions, and that the model names and/or ids are correct.",
  );
}

/** A request whose shape is wrong. */
export function badRequest(
  message = "Invalid request: parameter validation failed. Check your request data.",
): Refusal {
  return refuse(422, "INVALID_REQUEST_UNKNOWN", message);
}

/** A value that the field's type does not take. */
export function badValue(fieldName: string): Refusal {
  return refuse(422, "INVALID_VALUE_FOR_COLUMN", `Field "${fieldName}" cannot accept the provided value`);
}

/** A value for a field that Airtable computes. */
export function computedField(fieldName: string): Refusal {
  return refuse(
    422,
    "INVALID_VALUE_FOR_COLUMN",
    `Field "${fieldName}" cannot accept a value because the field is computed`,
  );
}

/** A select option that does not exist, without `typecast`. */
export function badChoice(name: string): Refusal {
  return refuse(
    422,
    "INVALID_MULTIPLE_CHOICE_OPTIONS",
    `Insufficient permissions to create new select option ""${name}""`,
  );
}

/** A record id that the table does not have, in a batch. */
export function noSuchRow(id: string): Refusal {
  return refuse(422, "ROW_DOES_NOT_EXIST", `Record ID ${id} does not exist in this table`);
}
