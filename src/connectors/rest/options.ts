import type { CellName, ObjectName, SystemId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";

/** What connects Truce to a tool with a JSON HTTP API. Everything here is data; durations are in ms. */
export type RestOptions = {
  readonly system: SystemId;
  readonly clock: Clock;
  /** Where the API begins, without a slash at the end. All requests go to this host, and to the host of `auth.tokenUrl`. */
  readonly url: string;
  readonly auth?: RestAuth | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly rateLimit?: { readonly requests: number; readonly per: number } | undefined;
  /** Requests under way at once. Default 4. */
  readonly parallel?: number | undefined;
  /** Longest wait for an answer. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Lets requests reach link-local and cloud metadata addresses. Default false. */
  readonly linkLocal?: boolean | undefined;
  readonly errors?: ErrorShape | undefined;
  readonly webhook?: WebhookShape | undefined;
  /** How often changes are asked for. Default 60 s. */
  readonly pollMs?: number | undefined;
  /** What objects have in common; an object's own settings go before it, one by one. */
  readonly defaults?: ObjectSettings | undefined;
  readonly objects: Readonly<Record<ObjectName, ObjectSettings>>;
};

export type RestAuth =
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "basic"; readonly user: string; readonly password: string }
  | { readonly type: "header"; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly type: "oauth";
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope?: string | undefined;
      /** Where the client's credentials go. Default: the body. */
      readonly credentials?: "body" | "basic" | undefined;
    }
  | {
      readonly type: "login";
      /** After the API's address, or with the host of it. */
      readonly path: string;
      readonly body: Readonly<Record<string, string>>;
      /** Path of the token in the answer. Default "token". */
      readonly token?: string | undefined;
      /** The header that carries it. Default: "authorization". */
      readonly header?: string | undefined;
      /** What stands before it there. Default: "Bearer " in `authorization`, nothing elsewhere. */
      readonly prefix?: string | undefined;
      /** How long a token is used before a new one is asked for; it is renewed on a 401 as well. Default: until a 401. */
      readonly lasts?: number | undefined;
    };

/** Where a refusal says what is wrong. Without it the usual places are looked into. */
export type ErrorShape = {
  /** Path of the message. */
  readonly message?: string | undefined;
  /** Path of what is said of single fields: a mapping from field to text, or a list. */
  readonly fields?: string | undefined;
  /** In a list: paths of the field's name and of the text in an entry. */
  readonly name?: string | undefined;
  readonly text?: string | undefined;
};

/** What the config says of an object. Without a path it is the object's name. */
export type ObjectSettings = Omit<ObjectShape, "path"> & { readonly path?: string | undefined };

export type Scalar = string | number | boolean | null;

/** How one kind of record is listed, read and written. Paths name a place in JSON: `data.items`, `0`, `a.b`. */
export type ObjectShape = {
  /** Of the collection, after the API's address. */
  readonly path: string;
  /** Of one record. Default: the collection's, then the id. */
  readonly itemPath?: string | undefined;
  /** Path of the id in a record. Default "id". */
  readonly id?: string | undefined;
  /** Where in a record its fields sit, if not at the top: `attributes`. */
  readonly fieldsAt?: string | undefined;
  /** Fields by name, if they shall not be learned from samples. */
  readonly fields?: Readonly<Record<CellName, FieldShape>> | undefined;
  /** What a field that a record leaves out means. Default unknown: it was not mentioned. */
  readonly absent?: "unknown" | "blank" | undefined;
  /** Path of the moment of the last change: ISO 8601, or seconds or ms since 1970. */
  readonly modifiedAt?: string | undefined;
  readonly version?: VersionShape | undefined;
  /** A record with this field is deleted: with this value in it, or with anything but false in it. */
  readonly deleted?: { readonly field: CellName; readonly value?: Scalar | undefined } | undefined;
  /** The path holds other things too: only records with these values are of this object. Set on create. */
  readonly only?: Readonly<Record<CellName, Scalar>> | undefined;
  /** The text field that keeps Truce's create key. */
  readonly key?: CellName | undefined;
  /** The tool refuses a second record with the same key. Default false. */
  readonly keyUnique?: boolean | undefined;
  /** By field: the query that finds records by its value: `email={value}`, `where={"email":{json}}`. */
  readonly lookup?: Readonly<Record<CellName, string>> | undefined;
  readonly list?: ListShape | undefined;
  readonly read?: ReadShape | undefined;
  readonly changes?: ChangesShape | undefined;
  readonly create?: CreateShape | undefined;
  readonly update?: UpdateShape | undefined;
  readonly delete?: DeleteShape | undefined;
};

export type FieldShape = {
  readonly type: "text" | "number" | "boolean" | "date" | "datetime" | "list" | "email" | "phone" | "url";
  readonly readOnly?: boolean | undefined;
  readonly unique?: boolean | undefined;
  /** The form on the wire, where it isn't the usual one: numbers as text, moments as seconds or ms since 1970, ids as numbers. */
  readonly as?: "text" | "number" | "seconds" | "milliseconds" | undefined;
  readonly link?: LinkShape | undefined;
};

/** A reference that is no bare id but an object around one: `{ "type": "companies", "id": "7" }`. */
export type LinkShape = {
  /** Path of the id in it. */
  readonly id: string;
  /** What stands beside the id in one that is written, by path. */
  readonly also?: Readonly<Record<string, Scalar>> | undefined;
  /** What is written: such an object (default), or the id alone. */
  readonly sends?: "link" | "id" | undefined;
};

/** `etag`: the ETag header, sent back as If-Match. Else a field of the record that is sent back in one of three places. */
export type VersionShape =
  | "etag"
  | {
      /** Path in a record. */
      readonly field: string;
      readonly in: "body" | "query" | "header";
      /** Of the query parameter or header; of the field in the body, if it has another name there. */
      readonly name?: string | undefined;
    };

export type Query = Readonly<Record<string, string | number | boolean>>;

export type ListShape = {
  /** Default: the object's. */
  readonly path?: string | undefined;
  /** Path of the list in an answer. Default: the answer is the list. */
  readonly items?: string | undefined;
  /** Path of the record in an item of the list, if it is not the item: `doc`. */
  readonly record?: string | undefined;
  readonly query?: Query | undefined;
  /** Path of the number of all records. */
  readonly total?: string | undefined;
  /** Path of a value that tells whether there is more: false, 0 or nothing ends the list. */
  readonly more?: string | undefined;
  /** Default: one answer holds all. */
  readonly paging?: Paging | undefined;
};

type PageSize = { readonly sizeParam?: string | undefined; readonly size?: number | undefined };

export type Paging =
  /** Page numbers. `first`: of the first page; default 1. */
  | ({ readonly type: "page"; readonly param?: string | undefined; readonly first?: number | undefined } & PageSize)
  /** How many records are passed over. `first`: what stands for none, 1 where records are counted from 1; default 0. */
  | ({ readonly type: "offset"; readonly param?: string | undefined; readonly first?: number | undefined } & PageSize)
  /** A token in the answer at `next` leads to the next page; nothing there ends the list. */
  | ({ readonly type: "cursor"; readonly param: string; readonly next: string } & PageSize)
  /** The Link header's rel="next". */
  | ({ readonly type: "link" } & PageSize)
  /** The next page's address in the answer. */
  | ({ readonly type: "next"; readonly next: string } & PageSize)
  /** The last record's id leads on: `value` with {id} or {json}; `query` is sent from the second page on. */
  | ({
      readonly type: "after";
      readonly param: string;
      readonly value?: string | undefined;
      readonly query?: Query | undefined;
    } & PageSize);

export type ReadShape = {
  /** Path of the record in the answer. Default: the answer is the record. */
  readonly record?: string | undefined;
  /** Query that answers several records as a list: `ids={ids}` (comma-separated), `keys={json}` (a JSON list). */
  readonly many?: string | undefined;
  /** Most ids in one such request. Default 50. */
  readonly max?: number | undefined;
  readonly query?: Query | undefined;
};

export type ChangesShape =
  /** The list takes a moment: `updated_since={since}`. */
  | {
      readonly type: "since";
      readonly query: Readonly<Record<string, string>>;
      /** Default iso. */
      readonly format?: "iso" | "date" | "seconds" | "milliseconds" | undefined;
      /** How far back each question looks again, for what was stored late. Default 1 min. */
      readonly overlap?: number | undefined;
    }
  /** A feed with a token of its own, like CouchDB's _changes. */
  | {
      readonly type: "token";
      readonly path: string;
      readonly query?: Query | undefined;
      readonly param: string;
      /** Path of the next token in the answer. */
      readonly next: string;
      /** The token that means now: `now`. Without one the feed begins at its beginning. */
      readonly start?: string | undefined;
      /** Path of the list in an answer; of id, record and the mark of a deletion in its items. */
      readonly items?: string | undefined;
      readonly id: string;
      readonly record?: string | undefined;
      readonly deleted?: string | undefined;
      /** Path of a value that tells whether there is more. Default: there is, unless the list is empty. */
      readonly more?: string | undefined;
    }
  /** Everything is listed each time, and compared. */
  | { readonly type: "list" }
  /** Nothing is asked: webhooks and sweeps alone. */
  | { readonly type: "none" };

type WriteShape = {
  /** Path of the place in the body where the fields go. Default: the top. */
  readonly body?: string | undefined;
  /** Put into the body as well, by path; {id} stands for the record's id. */
  readonly also?: Readonly<Record<string, Scalar>> | undefined;
  readonly query?: Query | undefined;
  /** Path of the record in the answer. Default: as in a read. An answer without a record is fine: it is read back. */
  readonly answer?: string | undefined;
};

export type CreateShape = WriteShape & {
  readonly method?: "POST" | "PUT" | undefined;
  /** Default: the collection's. With {key} in it Truce names the record: `/contacts/{key}` with PUT. */
  readonly path?: string | undefined;
  /** Path of the new id in the answer, where that holds no record. */
  readonly id?: string | undefined;
};

export type UpdateShape = WriteShape & {
  readonly method?: "PATCH" | "PUT" | "POST" | undefined;
  readonly path?: string | undefined;
  /** What goes into the body: the whole record as it shall be, or what changes of it. Default: record with PUT, else changes. */
  readonly sends?: "record" | "changes" | undefined;
  /** How a field is emptied: null (default), left out (of a whole record), or an empty text. */
  readonly clear?: "null" | "omit" | "empty" | undefined;
};

export type DeleteShape = {
  /** Default: DELETE. `mark`: the field under `deleted` is set. */
  readonly method?: "DELETE" | "POST" | "mark" | undefined;
  readonly path?: string | undefined;
  /** {version} stands for the version that was seen. */
  readonly query?: Query | undefined;
};

export type WebhookShape = {
  readonly verify: VerifyShape;
  /** Path of the list of events in the body. Default: the body is one event. */
  readonly events?: string | undefined;
  /** Path of an event's own id, by which repeats are known. Standard Webhooks have it in a header. */
  readonly eventId?: string | undefined;
  /** Path of the record's id in an event. */
  readonly id: string;
  /** Which object it is about. Default: the only one. */
  readonly object?: { readonly at: string; readonly is: Readonly<Record<string, ObjectName>> } | undefined;
  /** Path of the record in an event; without it the record is read. */
  readonly record?: string | undefined;
  /** Whether the record holds all fields or some. Default full. */
  readonly carries?: "full" | "partial" | undefined;
  /** Events about deletions, which may show the record as it was: `{ at: type, is: [contact.deleted] }`. The record is asked for then. */
  readonly deleted?: { readonly at: string; readonly is: readonly string[] } | undefined;
};

export type VerifyShape =
  /** https://www.standardwebhooks.com; secrets as `whsec_…`. */
  | { readonly type: "standard"; readonly secrets: readonly string[]; readonly tolerance?: number | undefined }
  | {
      readonly type: "hmac";
      readonly secrets: readonly string[];
      /** The header with the signature. */
      readonly header: string;
      /** What stands before it, `sha256=`; or, in a header of several parts like `t=1,v1=ab`, the part's name with =. */
      readonly prefix?: string | undefined;
      readonly algorithm?: "sha256" | "sha512" | "sha1" | undefined;
      readonly encoding?: "hex" | "base64" | undefined;
      /** What is signed: {body}, {timestamp}. Default {body}. */
      readonly signed?: string | undefined;
      /** The header with the moment in seconds, or `NAME part` for a part of a header. */
      readonly timestamp?: string | undefined;
      /** How old a signed request may be. Default 5 min; only with `timestamp`. */
      readonly tolerance?: number | undefined;
    }
  /** The last part of the webhook's address: /webhooks/SYSTEM/SECRET. */
  | { readonly type: "path"; readonly secrets: readonly string[] };
