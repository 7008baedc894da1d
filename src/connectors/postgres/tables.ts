import type pg from "pg";
import type { Clock } from "../../ports/clock.ts";
import { createKnownTables, type KnownTables } from "../../ports/known-tables.ts";
import { qualified, readTables, type Table } from "./catalog.ts";
import { prepareSchema, usesOwnTables } from "./setup.ts";

export function createTables(pool: pg.Pool, system: string, clock: Clock): KnownTables<Table> {
  return createKnownTables<Table>({
    system,
    clock,
    nameOf: qualified,
    look: async ({ object, create }) => {
      const name = qualified(object);
      const table = (await readTables(pool, [name])).get(name) ?? null;
      // Without the right to make it, reads do without the table of create keys; creates say what is missing.
      if (create) await prepareSchema(pool).catch(() => undefined);
      return { table, hasKeys: await usesOwnTables(pool) };
    },
  });
}
