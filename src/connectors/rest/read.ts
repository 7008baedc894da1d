import type { RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReadResult, ScanPage } from "../../ports/connector.ts";
import { type Client, RefusedCall } from "./client.ts";
import { at, type Json, objectOf } from "./json.ts";
import { listPage, type Place } from "./list.ts";
import type { ObjectShape } from "./options.ts";
import { type Bound, idIn, isDeleted, isOurs, upsertOf } from "./record.ts";
import { pathOf, queryOf } from "./template.ts";

/** A record as the tool answered it, with the ETag that it came with. */
export type Held = { readonly record: Json; readonly etag: string | null; readonly observedAt: Instant };

export type Reader = {
  read(bound: Bound, ids: readonly RecordId[]): Promise<readonly ReadResult[]>;
  scan(bound: Bound, cursor: string | null): Promise<ScanPage>;
  /** Each record on its own, as a write needs it; `null` where it is not there, by a tool that answers its list at the same time. */
  look(bound: Bound, ids: readonly RecordId[]): Promise<readonly (Held | null | SyncFailure)[]>;
  /** As many as the tool answers at once; those that are left out are not known to be gone. */
  glance(bound: Bound, ids: readonly RecordId[]): Promise<ReadonlyMap<RecordId, Held>>;
};

const manyMaxDefault = 50;
/** So long an answered list vouches for "not found". */
const vouchedMs = 5_000;

export function createReader(system: SystemId, client: Client, clock: Clock): Reader {
  const vouched = new Map<string, Instant>();

  /** A whole tool that answers 404, as while it is deployed or moved, must not count as one whose records are gone. */
  const vouch = async ({ object, shape }: Bound): Promise<void> => {
    const last = vouched.get(object.object);
    const now = clock.now();
    if (last !== undefined && now >= last && now - last < vouchedMs) return;
    await listPage(client, { shape, place: null, what: `asking whether ${object.object} is there at all` });
    vouched.set(object.object, now);
  };

  const readOne = async (bound: Bound, id: RecordId): Promise<Held | null> => {
    const { object, shape } = bound;
    const observedAt = clock.now();
    const what = `reading ${object.object} ${id}`;
    const answer = await orMissing(
      client.call({ method: "GET", path: itemPath(shape, id), query: shape.read?.query, effect: "read", what }),
    );
    if (answer === null) return null;
    const record = recordIn(shape, answer.body, what);
    const answered = idIn(shape, record, what);
    if (answered !== id) {
      throw new SyncFailure({
        code: "SCHEMA",
        message: `${what}: the answer is record ${answered}; correct itemPath, id or read.record`,
      });
    }
    if (!isOurs(shape, record) || isDeleted(shape, record)) return null;
    return { record, etag: answer.headers["etag"] ?? null, observedAt };
  };

  const readSingly = async (
    bound: Bound,
    ids: readonly RecordId[],
  ): Promise<readonly (Held | null | SyncFailure)[]> => {
    const answers = await Promise.all(ids.map((id) => orFailure(readOne(bound, id))));
    if (answers.includes(null)) await vouch(bound);
    return answers;
  };

  /** By the query for many; what that leaves out is asked for by itself, so that one short answer deletes nothing. */
  const readMany = async (bound: Bound, ids: readonly RecordId[], many: string): Promise<Map<RecordId, Held>> => {
    const { object, shape } = bound;
    const found = new Map<RecordId, Held>();
    const size = shape.read?.max ?? manyMaxDefault;
    for (let start = 0; start < ids.length; start += size) {
      const asked = ids.slice(start, start + size);
      const observedAt = clock.now();
      const what = `reading ${asked.length} of ${object.object}`;
      const query = queryOf(many, { ids: asked.join(","), json: JSON.stringify(asked) });
      const page = await listPage(client, {
        shape: { ...shape, list: { ...shape.list, paging: undefined, total: undefined } },
        place: null,
        query,
        what,
      });
      for (const record of page.records) {
        if (objectOf(record) === undefined || !isOurs(shape, record) || isDeleted(shape, record)) continue;
        found.set(idIn(shape, record, what), { record, etag: null, observedAt });
      }
    }
    return found;
  };

  return {
    async read(bound, ids) {
      const { many } = bound.shape.read ?? {};
      const found = many === undefined ? new Map<RecordId, Held>() : await readMany(bound, ids, many);
      const left = ids.filter((id) => !found.has(id));
      const answers = await readSingly(bound, left);
      left.forEach((id, i) => {
        const answer = answers[i];
        if (answer instanceof SyncFailure) throw answer;
        if (answer != null) found.set(id, answer);
      });
      return ids.map((id): ReadResult => {
        const held = found.get(id);
        if (held === undefined) return { id, kind: "missing" };
        return {
          id,
          kind: "found",
          observation: upsertOf(system, bound, held.record, held.observedAt, `reading ${id}`),
        };
      });
    },

    async scan(bound, cursor) {
      const { object, shape } = bound;
      const observedAt = clock.now();
      const what = `listing ${object.object}`;
      const place = cursor === null ? null : (JSON.parse(cursor) as Place);
      const { records, next, total } = await listPage(client, { shape, place, lane: 2, what });
      const present = records.filter((record) => isOurs(shape, record) && !isDeleted(shape, record));
      return {
        observations: present.map((record) => upsertOf(system, bound, record, observedAt, what)),
        cursor: next === null ? null : JSON.stringify(next),
        total,
      };
    },

    look: readSingly,

    glance: (bound, ids) => {
      const { many } = bound.shape.read ?? {};
      return many === undefined || ids.length === 0 ? Promise.resolve(new Map()) : readMany(bound, ids, many);
    },
  };
}

export function itemPath(shape: ObjectShape, id: RecordId): string {
  return pathOf(shape.itemPath ?? `${shape.path.replace(/\/$/u, "")}/{id}`, { id });
}

/** The record in an answer. Throws SCHEMA where there is none. */
function recordIn(shape: ObjectShape, body: Json, what: string): Json {
  const path = shape.read?.record ?? "";
  const record = at(body, path);
  if (objectOf(record) !== undefined) return record;
  const keys = Object.keys(objectOf(body) ?? {}).join(", ");
  const where = path === "" ? "the answer is no record" : `the answer has no record at "${path}"`;
  throw new SyncFailure({ code: "SCHEMA", message: `${what}: ${where}${keys === "" ? "" : `; it has ${keys}`}` });
}

/** `null` for 404 and 410. */
async function orMissing<Result>(call: Promise<Result>): Promise<Result | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RefusedCall && (error.status === 404 || error.status === 410)) return null;
    throw error;
  }
}

async function orFailure<Result>(call: Promise<Result>): Promise<Result | SyncFailure> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof SyncFailure) return error;
    throw error;
  }
}
