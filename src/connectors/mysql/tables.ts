import type { Clock } from "../../ports/clock.ts";
import { createKnownTables, type KnownTables } from "../../ports/known-tables.ts";
import { qualified, readTables, type Table } from "./catalog.ts";
import type { Server, Session } from "./session.ts";
import { prepareKeys, usesKeys } from "./setup.ts";

export function createTables(options: {
  readonly session: Session;
  readonly server: () => Promise<Server>;
  readonly system: string;
  readonly database: string;
  readonly clock: Clock;
}): KnownTables<Table> {
  const { session, server, system, database, clock } = options;
  const nameOf = (object: string) => qualified(object, database);
  return createKnownTables<Table>({
    system,
    clock,
    nameOf,
    look: async ({ object, create }) => {
      const name = nameOf(object);
      const table = (await readTables(session, await server(), [name])).get(name) ?? null;
      // Without the right to make it, reads do without the table of create keys; creates say what is missing.
      if (create) await prepareKeys(session, database).catch(() => undefined);
      return { table, hasKeys: await usesKeys(session, database) };
    },
  });
}
