/** Which of the habits of in-house and no-code tools the sandbox has. */
export type RestStyle = {
  readonly paging: "page" | "offset" | "cursor" | "link";
  /** Records and lists lie in `data`; a list tells its `meta.total`. */
  readonly envelope: boolean;
  /** How records are changed: replaced whole, or in part. */
  readonly write: "put" | "patch";
  /** etag: a write with If-Match must name the present version. */
  readonly version: "none" | "etag";
  /** soft: a deleted record stays, with `deletedAt`, and is listed on request. */
  readonly deletes: "hard" | "soft";
  /** Number of records that a page holds at most, whatever is asked for. */
  readonly pageMax: number;
  /** What a write answers: the record, or nothing. */
  readonly answers: "record" | "nothing";
};

export type StyleName = "page-put" | "cursor-patch-etag" | "offset-soft-delete" | "link-patch" | "couch";

/** The habits under each name; `couch` has an API of its own. */
export const styles: Readonly<Record<Exclude<StyleName, "couch">, RestStyle>> = {
  "page-put": {
    paging: "page",
    envelope: true,
    write: "put",
    version: "none",
    deletes: "hard",
    pageMax: 10,
    answers: "record",
  },
  "cursor-patch-etag": {
    paging: "cursor",
    envelope: true,
    write: "patch",
    version: "etag",
    deletes: "hard",
    pageMax: 10,
    answers: "record",
  },
  "offset-soft-delete": {
    paging: "offset",
    envelope: false,
    write: "patch",
    version: "none",
    deletes: "soft",
    pageMax: 10,
    answers: "record",
  },
  "link-patch": {
    paging: "link",
    envelope: false,
    write: "patch",
    version: "none",
    deletes: "hard",
    pageMax: 7,
    answers: "nothing",
  },
};
