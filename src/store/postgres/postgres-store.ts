import type { Store } from "../../ports/store.ts";
import { behind } from "./behind.ts";
import { nominations } from "./blocks.ts";
import { claim } from "./claim.ts";
import { claimDue } from "./claim-due.ts";
import { commit } from "./commit.ts";
import { counts } from "./counts.ts";
import { cursor } from "./cursor.ts";
import { openDatabase, type PostgresOptions } from "./database.ts";
import { deadLetter, deadLetters } from "./dead-letters.ts";
import { document, documents, putDocuments } from "./documents.ts";
import { forget } from "./forget.ts";
import { goldens } from "./goldens.ts";
import { hold, holdGroups, holds } from "./holds.ts";
import { journal, replaceLines } from "./journal.ts";
import { linkedIds } from "./linked-ids.ts";
import { load } from "./load.ts";
import { migrate } from "./migrate.ts";
import { nextDueAt } from "./next-due-at.ts";
import { receive, setCursors } from "./receive.ts";
import { recover } from "./recover.ts";
import { search } from "./search.ts";
import { waiting } from "./waiting.ts";

/**
 * The store for many worker processes: a PostgreSQL (14 or newer), in a schema of its own, `truce`. Connects at its first use.
 *
 * What can't be done rejects with a SyncFailure: UNREACHABLE when surely nothing was done, UNKNOWN_OUTCOME when the connection was lost during
 * a commit. Callers then decide again from fresh state, which is safe: a golden record's version, and the ids and dedupe keys of inbox items,
 * keep what was committed after all from being done twice.
 */
export async function openPostgresStore(url: string, options: PostgresOptions = {}): Promise<Store> {
  const db = openDatabase(url, options);
  return {
    exclusive: false,
    migrate: () => migrate(db),
    recover: (dueAt) => recover(db, dueAt),
    receive: (items, cursors) => receive(db, items, cursors),
    claim: (limit, now, leaseMs) => claim(db, limit, now, leaseMs),
    load: (query) => load(db, query),
    nominate: (records) => nominations(db, records),
    commit: (units, cursors = []) => commit(db, units, cursors),
    claimDue: (system, limit, now, leaseMs) => claimDue(db, system, limit, now, leaseMs),
    nextDueAt: (systems) => nextDueAt(db, systems),
    cursor: (name) => cursor(db, name),
    setCursors: (cursors) => setCursors(db, cursors),
    hold: (id) => hold(db, id),
    holds: (filter) => holds(db, filter),
    holdGroups: () => holdGroups(db),
    journal: (filter) => journal(db, filter),
    replaceLines: (lines) => replaceLines(db, lines),
    forget: (what, limit) => forget(db, what, limit),
    deadLetter: (id) => deadLetter(db, id),
    deadLetters: (filter) => deadLetters(db, filter),
    goldens: (entity, after, limit) => goldens(db, entity, after, limit),
    search: (text, limit, how) => search(db, text, limit, how),
    linkedIds: (system, object, after, limit) => linkedIds(db, system, object, after, limit),
    behind: (system, limit, entity) => behind(db, system, limit, entity),
    waiting: (limit) => waiting(db, limit),
    counts: () => counts(db),
    document: (kind, key, now) => document(db, kind, key, now),
    documents: (filter, now) => documents(db, filter, now),
    putDocuments: (changes, now) => putDocuments(db, changes, now),
    close: () => db.close(),
  };
}
