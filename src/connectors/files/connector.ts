import { access, constants, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import { type RawObservation, type RawUpsert, revisionOf } from "../../model/observation.ts";
import type { ObjectName } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Connector, MappedObject, ObjectSchema, SchemaProblem } from "../../ports/connector.ts";
import { keptForm } from "./form.ts";
import { takeFiles } from "./inbox.ts";
import type { FilesObject, FilesOptions } from "./options.ts";
import { openState, type State, type StoredRecord } from "./state.ts";
import { ioFailure, writeRecords } from "./write.ts";

const pollMsDefault = 10_000;
const pageMax = 500;

/**
 * A program that leaves its records as CSV or JSONL files in a folder, and takes Truce's changes from there. See docs/connectors/files.md.
 */
export async function createFilesConnector(options: FilesOptions): Promise<Connector> {
  const { system, clock, folder } = options;
  await mustBeKnown(folder);
  const state = await openState(join(folder, ".truce"));
  let last: Promise<unknown> = Promise.resolve();

  /** One thing at a time: a file is taken in one transaction. Failures of the disk are the outside world's. */
  const inTurn = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(run, run).catch((error: unknown) => Promise.reject(ioFailure(error, folder)));
    last = turn.catch(() => {});
    return turn;
  };

  const settingsOf = (object: ObjectName): FilesObject => {
    const settings = options.objects[object];
    if (settings !== undefined) return settings;
    const known = Object.keys(options.objects).join(", ");
    throw new SyncFailure({
      code: "SCHEMA",
      message: `${system} has no object ${object} in its config; it has ${known}`,
    });
  };

  const tell = (object: MappedObject, record: StoredRecord): RawUpsert => {
    const { key: keyColumn } = settingsOf(object.object);
    const fields = { ...record.fields, [keyColumn]: record.fields[keyColumn] ?? record.id };
    // A column that no file told is not known to be blank.
    const told = object.cells.flatMap(({ cell }) => (cell in fields ? [[cell, fields[cell] ?? null] as const] : []));
    return {
      kind: "upsert",
      ref: { system, object: object.object, id: record.id },
      revision: revisionOf(record.seq),
      observedAt: clock.now(),
      cells: Object.fromEntries(told),
      complete: told.length === object.cells.length,
      changedAt: null,
      author: null,
      ...(record.key === null ? {} : { createKey: record.key }),
    };
  };
  const observationOf = (object: MappedObject, record: StoredRecord): RawObservation => {
    if (!record.isDeleted) return tell(object, record);
    const ref = { system, object: object.object, id: record.id };
    return { kind: "delete", ref, revision: revisionOf(record.seq), observedAt: clock.now(), confirmed: true };
  };

  /** Rejects when a file could not be taken, after all others were: a person must look at it, and the next call goes on. */
  const takeIn = async (): Promise<void> => {
    const failed = await takeFiles(options, state);
    if (failed.length === 0) return;
    const list = failed.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
    throw new SyncFailure({ code: "SCHEMA", message: `moved to failed/, and nothing of it was taken: ${list}` });
  };

  return {
    system,
    label: "Files",
    guarantees: { conditionalWrite: false, uniqueCreate: true, history: false, deleteEvents: hasFull(options) },
    writeBatchMax: 500,

    feed: {
      kind: "poll",
      intervalMs: options.pollMs ?? pollMsDefault,
      start: () =>
        inTurn(async () => {
          await takeIn();
          return String(state.last());
        }),
      pull: ({ objects, cursor }) =>
        inTurn(async () => {
          await takeIn();
          const since = Number(cursor);
          const changed = objects
            .flatMap((object) => state.since(object.object, since, pageMax).map((record) => ({ object, record })))
            .toSorted((a, b) => a.record.seq - b.record.seq)
            .slice(0, pageMax);
          const next = changed.at(-1)?.record.seq ?? since;
          const observations = changed.map(({ object, record }) => observationOf(object, record));
          return { observations, cursor: String(next), caughtUp: changed.length === 0, lost: [] };
        }),
    },

    describe: async (names = Object.keys(options.objects)) =>
      names.map((name) => schemaOf(state, name, settingsOf(name))),

    check: (objects) =>
      inTurn(async () => {
        for (const part of ["in", "out", "done", "failed"]) {
          await mkdir(join(folder, part), { recursive: true });
          await access(join(folder, part), constants.W_OK);
        }
        return objects.flatMap((object) =>
          problemsOf(schemaOf(state, object.object, settingsOf(object.object)), object),
        );
      }),

    encode: (object, { type }, value) => {
      const { format = "csv" } = settingsOf(object);
      return keptForm(format, denormalizeValue(type, value, format === "csv" ? "string" : "json"));
    },

    read: (object, ids) =>
      inTurn(async () => {
        await takeIn();
        return ids.map((id) => {
          const record = state.get(object.object, id);
          if (record === undefined || record.isDeleted) return { id, kind: "missing" };
          return { id, kind: "found", observation: tell(object, record) };
        });
      }),

    scan: (object, cursor) =>
      inTurn(async () => {
        if (cursor === null) await takeIn();
        const records = state.page(object.object, cursor ?? "", pageMax);
        return {
          observations: records.map((record) => tell(object, record)),
          cursor: records.length < pageMax ? null : (records.at(-1)?.id ?? null),
          total: state.count(object.object),
        };
      }),

    write: (object, requests) =>
      inTurn(async () => {
        settingsOf(object.object);
        await takeIn();
        return writeRecords({ options, state, tell }, object, requests);
      }),

    close: () => inTurn(async () => state.close()),
  };
}

/** Files that were read tell of records that only the state knows: without it all of them would count as deleted. */
async function mustBeKnown(folder: string): Promise<void> {
  const isThere = await access(join(folder, ".truce", "state.db")).then(
    () => true,
    () => false,
  );
  const done = await readdir(join(folder, "done")).catch(() => []);
  if (isThere || done.length === 0) return;
  const message = `${folder} has files in done/, and what they told is gone with .truce: put that back, or move all files of done/ into in/ to have them read again`;
  throw new SyncFailure({ code: "SCHEMA", message });
}

function hasFull({ objects }: FilesOptions): boolean {
  return Object.values(objects).every(({ full }) => full !== undefined);
}

function schemaOf(state: State, object: ObjectName, { key, columns }: FilesObject): ObjectSchema {
  const names = [...new Set([key, ...(columns ?? state.columns(object))])];
  return {
    object,
    label: object,
    cells: names.map((cell) => ({
      cell,
      label: cell,
      nativeType: "column",
      type: { kind: "text" },
      readOnly: false,
      unique: cell === key,
    })),
  };
}

/** Without any file read and no columns named, nothing is known that a mapping could contradict. */
function problemsOf({ object, cells }: ObjectSchema, mapped: MappedObject): readonly SchemaProblem[] {
  if (cells.length === 1) return [];
  const names = cells.map(({ cell }) => cell);
  return mapped.cells
    .filter(({ cell }) => !names.includes(cell))
    .map(({ cell }) => ({
      object,
      cell,
      severity: "error",
      message: `no file had a column ${cell}; they had ${names.join(", ")}. If files will have it, name all under columns`,
    }));
}
