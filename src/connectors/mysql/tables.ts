import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MappedObject } from "../../ports/connector.ts";
import { type Column, qualified, readTables, type Table } from "./catalog.ts";
import type { MappedTable } from "./rows.ts";
import type { Server, Session } from "./session.ts";
import { prepareKeys, usesKeys } from "./setup.ts";

/** The mapped tables as the catalog has them; looked up anew from time to time, as tables are altered while we run. */
export type Tables = {
  /** Rejects with SCHEMA when the table or a mapped column is not there. */
  of(object: MappedObject): Promise<MappedTable>;
  /** What is there of these objects: a table or column that went stops its own object or cell, not the feed. */
  present(objects: readonly MappedObject[]): Promise<readonly MappedTable[]>;
  /** A column as it was last looked up. */
  columnOf(object: string, cell: string): Column | undefined;
  forget(): void;
};

const lookAgainMs = 60_000;

/** A table as it was looked up; `null` when it is not there. What is mapped of it may be more or less from call to call. */
type Found = { readonly table: Table | null; readonly hasKeys: boolean };

export function createTables(options: {
  readonly session: Session;
  readonly server: () => Promise<Server>;
  readonly system: string;
  readonly database: string;
  readonly clock: Clock;
}): Tables {
  const { session, server, system, database, clock } = options;
  const found = new Map<string, { readonly at: number; readonly asked: Promise<Found> }>();
  const last = new Map<string, Table>();

  const look = async ({ object, create }: MappedObject): Promise<Found> => {
    const name = qualified(object, database);
    const table = (await readTables(session, await server(), [name])).get(name) ?? null;
    if (table !== null) last.set(object, table);
    // Without the right to make it, reads do without the table of create keys; creates say what is missing.
    if (create) await prepareKeys(session, database).catch(() => undefined);
    return { table, hasKeys: await usesKeys(session, database) };
  };
  const ask = (object: MappedObject): Promise<Found> => {
    const known = found.get(object.object);
    if (known !== undefined && clock.now() - known.at < lookAgainMs) return known.asked;
    const asked = look(object);
    asked.catch(() => found.delete(object.object));
    found.set(object.object, { at: clock.now(), asked });
    return asked;
  };
  const map = (
    object: MappedObject,
    { table, hasKeys }: Found,
  ): { readonly mapped: MappedTable | null; readonly problem: string | null } => {
    const name = qualified(object.object, database);
    if (table === null) return { mapped: null, problem: `there is no table ${name}, or this user may not see it` };
    if (table.key.length === 0)
      return { mapped: null, problem: `table ${name} has no primary key; Truce names rows by it` };
    const columns = object.cells.flatMap(({ cell }) => table.columns.find((one) => one.name === cell) ?? []);
    const gone = object.cells.filter(({ cell }) => !columns.some((one) => one.name === cell)).map(({ cell }) => cell);
    return {
      mapped: { system, object, table, columns, hasKeys },
      problem: gone.length === 0 ? null : `table ${name} has no column ${gone.join(", ")}`,
    };
  };

  return {
    async of(object) {
      const { mapped, problem } = map(object, await ask(object));
      if (mapped === null || problem !== null)
        throw new SyncFailure({ code: "SCHEMA", message: problem ?? `no table ${object.object}` });
      return mapped;
    },
    async present(objects) {
      const all = await Promise.all(objects.map(async (object) => map(object, await ask(object))));
      return all.flatMap(({ mapped }) => mapped ?? []);
    },
    columnOf: (object, cell) => last.get(object)?.columns.find(({ name }) => name === cell),
    forget: () => found.clear(),
  };
}
