import { newBlockClaims } from "../../ports/block-claims.ts";
import type { Store } from "../../ports/store.ts";
import { behind } from "./behind.ts";
import { claim } from "./claim.ts";
import { claimDue } from "./claim-due.ts";
import { commit } from "./commit.ts";
import { counts } from "./counts.ts";
import { cursor, setCursors } from "./cursors.ts";
import { openDatabase } from "./database.ts";
import { deadLetter, deadLetters } from "./dead-letters.ts";
import { document, documents, putDocuments } from "./documents.ts";
import { newFilings } from "./filings.ts";
import { forget } from "./forget.ts";
import { newGoldenCache } from "./golden-cache.ts";
import { goldens } from "./goldens.ts";
import { hold, holdGroups, holds } from "./holds.ts";
import { journal } from "./journal.ts";
import { newLeases } from "./leases.ts";
import { linkedIds } from "./linked-ids.ts";
import { load } from "./load.ts";
import { migrate } from "./migrate.ts";
import { nextDueAt } from "./next-due-at.ts";
import { nominations } from "./nominations.ts";
import { replaceLines } from "./put-journal.ts";
import { newReceiver } from "./receive.ts";
import { recover } from "./recover.ts";
import { search } from "./search.ts";
import { waiting } from "./waiting.ts";

/**
 * The embedded store: one file, held by this process alone. Every change is one durable transaction, synced to the disk before the
 * promise resolves; leases live in memory and end with the process. Rejects when another process holds the file, naming it.
 */
export async function openSqliteStore(file: string): Promise<Store> {
  const db = await openDatabase(file);
  const leases = newLeases();
  const cache = newGoldenCache();
  const claims = newBlockClaims();
  const filings = newFilings(db);
  return {
    exclusive: true,
    migrate: async () => migrate(db),
    recover: async (dueAt) => recover(db, leases, cache, dueAt),
    receive: newReceiver(db),
    claim: async (limit, now, leaseMs) => claim(db, leases, limit, now, leaseMs),
    load: async (query) => load(db, cache, query),
    nominate: async (records) => nominations(db, filings, claims, records),
    commit: async (units, cursors = []) => commit(db, leases, cache, filings, claims, units, cursors),
    claimDue: async (system, limit, now, leaseMs) => claimDue(db, leases, cache, system, limit, now, leaseMs),
    nextDueAt: async (systems) => nextDueAt(db, leases, systems),
    cursor: async (name) => cursor(db, name),
    setCursors: async (cursors) => db.transaction(() => setCursors(db, cursors)),
    hold: async (id) => hold(db, id),
    holds: async (filter) => holds(db, filter),
    holdGroups: async () => holdGroups(db),
    journal: async (filter) => journal(db, filter),
    replaceLines: async (lines) => db.transaction(() => replaceLines(db, lines)),
    forget: async (what, limit) => forget(db, what, limit),
    deadLetter: async (id) => deadLetter(db, id),
    deadLetters: async (filter) => deadLetters(db, filter),
    goldens: async (entity, after, limit) => goldens(db, entity, after, limit),
    search: async (text, limit, how) => search(db, text, limit, how),
    linkedIds: async (system, object, after, limit) => linkedIds(db, system, object, after, limit),
    behind: async (system, limit, entity) => behind(db, system, limit, entity),
    waiting: async (limit) => waiting(db, limit),
    counts: async () => counts(db),
    document: async (kind, key, now) => document(db, kind, key, now),
    documents: async (filter, now) => documents(db, filter, now),
    putDocuments: async (changes, now) => putDocuments(db, changes, now),
    close: async () => db.close(),
  };
}
