import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MappedObject } from "../../ports/connector.ts";
import { type Column, qualified, readTables } from "./catalog.ts";
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

type Found = { readonly mapped: MappedTable | null; readonly problem: string | null };

export function createTables(options: {
  readonly session: Session;
  readonly server: () => Promise<Server>;
  readonly system: string;
  readonly database: string;
  readonly clock: Clock;
}): Tables {
  const { session, server, system, database, clock } = options;
  const found = new Map<string, { readonly at: number; readonly asked: Promise<Found> }>();
  const last = new Map<string, MappedTable>();

  const look = async (object: MappedObject): Promise<Found> => {
    const name = qualified(object.object, database);
    const table = (await readTables(session, await server(), [name])).get(name);
    if (table === undefined) return { mapped: null, problem: `there is no table ${name}, or this user may not see it` };
    if (table.key.length === 0)
      return { mapped: null, problem: `table ${name} has no primary key; Truce names rows by it` };
    const columns = object.cells.flatMap(({ cell }) => table.columns.find((one) => one.name === cell) ?? []);
    // Without the right to make it, reads do without the table of create keys; creates say what is missing.
    if (object.create) await prepareKeys(session, database).catch(() => undefined);
    const mapped = { system, object, table, columns, hasKeys: await usesKeys(session, database) };
    last.set(object.object, mapped);
    const gone = object.cells.filter(({ cell }) => !columns.some((one) => one.name === cell)).map(({ cell }) => cell);
    return { mapped, problem: gone.length === 0 ? null : `table ${name} has no column ${gone.join(", ")}` };
  };
  const ask = (object: MappedObject): Promise<Found> => {
    const known = found.get(object.object);
    if (known !== undefined && clock.now() - known.at < lookAgainMs) return known.asked;
    const asked = look(object);
    asked.catch(() => found.delete(object.object));
    found.set(object.object, { at: clock.now(), asked });
    return asked;
  };

  return {
    async of(object) {
      const { mapped, problem } = await ask(object);
      if (mapped === null || problem !== null)
        throw new SyncFailure({ code: "SCHEMA", message: problem ?? `no table ${object.object}` });
      return mapped;
    },
    async present(objects) {
      const all = await Promise.all(objects.map(ask));
      return all.flatMap(({ mapped }) => mapped ?? []);
    },
    columnOf: (object, cell) => last.get(object)?.columns.find((column) => column.name === cell),
    forget: () => found.clear(),
  };
}
