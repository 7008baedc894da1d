import type { ObjectName } from "../model/record.ts";
import { SyncFailure } from "../model/sync-error.ts";
import type { Clock } from "./clock.ts";
import type { MappedObject } from "./connector.ts";

type Named = { readonly name: string };
type Shape = { readonly columns: readonly Named[]; readonly key: readonly Named[] };

/** A database table with what is mapped of it. */
export type MappedTable<Table extends Shape> = {
  readonly system: string;
  readonly object: MappedObject;
  readonly table: Table;
  /** Of the mapped cells, those that are there. */
  readonly columns: Table["columns"];
  /** Whether the table of create keys is there. */
  readonly hasKeys: boolean;
};

/** The mapped tables as a database's catalog has them; looked up anew from time to time, as tables are altered while we run. */
export type KnownTables<Table extends Shape> = {
  /** Rejects with SCHEMA when the table or a mapped column is not there. */
  of(object: MappedObject): Promise<MappedTable<Table>>;
  /** What is there of these objects: a table or column that went stops its own object or cell, not the feed. */
  present(objects: readonly MappedObject[]): Promise<readonly MappedTable<Table>[]>;
  /** A column as it was last looked up. */
  columnOf(object: ObjectName, cell: string): Table["columns"][number] | undefined;
  forget(): void;
};

/** A table as it was looked up; `null` when it is not there. What is mapped of it may be more or less from call to call. */
type Found<Table> = { readonly table: Table | null; readonly hasKeys: boolean };

const lookAgainMs = 60_000;

export function createKnownTables<Table extends Shape>(options: {
  readonly system: string;
  readonly clock: Clock;
  /** The table's full name, for messages. */
  readonly nameOf: (object: ObjectName) => string;
  readonly look: (object: MappedObject) => Promise<Found<Table>>;
}): KnownTables<Table> {
  const { system, clock, nameOf, look } = options;
  const found = new Map<ObjectName, { readonly at: number; readonly asked: Promise<Found<Table>> }>();
  const last = new Map<ObjectName, Table>();

  const ask = (object: MappedObject): Promise<Found<Table>> => {
    const known = found.get(object.object);
    if (known !== undefined && clock.now() - known.at < lookAgainMs) return known.asked;
    const asked = look(object).then((one) => {
      if (one.table !== null) last.set(object.object, one.table);
      return one;
    });
    asked.catch(() => found.delete(object.object));
    found.set(object.object, { at: clock.now(), asked });
    return asked;
  };
  const map = (object: MappedObject, { table, hasKeys }: Found<Table>) => {
    const name = nameOf(object.object);
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
