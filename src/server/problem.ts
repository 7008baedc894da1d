/** What a request can't be given, as RFC 9457 tells it. `extra` are further members of the document. */
export class Problem extends Error {
  readonly status: number;
  readonly extra: Readonly<Record<string, unknown>>;
  constructor(status: number, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.extra = extra;
  }
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  409: "Conflict",
  413: "Too large",
  415: "Unsupported media type",
  422: "Not acceptable as it is",
  428: "Say what you were shown",
  429: "Too many tries",
  503: "Not now",
};

export const problemType = "application/problem+json; charset=utf-8";

export function problemDocument({ status, message, extra }: Problem): Record<string, unknown> {
  return { type: "about:blank", title: titles[status] ?? "Error", status, detail: message, ...extra };
}
