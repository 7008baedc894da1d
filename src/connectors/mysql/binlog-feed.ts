import type { Pool } from "mysql2";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch } from "../../ports/connector.ts";
import { type CaptureFeed, type Followed, following, unfollowed } from "./capture.ts";
import { failureOf, isLostPlace } from "./errors.ts";
import { isReached } from "./gtid.ts";
import { gtidAt, isBefore, type LogEnd, type LogPlace, readLogEnd } from "./log-place.ts";
import { type LogStream, openLogStream } from "./log-stream.ts";
import type { Piece, Statement, Within } from "./pieces.ts";
import { type FollowedTable, observationsOf, tableOf } from "./row-observations.ts";
import type { MappedTable } from "./rows.ts";
import { type Address, rowsOf, type Server } from "./session.ts";
import { keysTable, prepareKeys } from "./setup.ts";

/** A place in the log of one server's history. `epoch`: see `revisionAt`. */
type Place = LogEnd & {
  readonly server: string;
  readonly epoch: number;
  /** Part of the next transaction that was taken before. */
  readonly within?: Within;
  readonly tables: Followed;
};

type Position = { readonly end: LogEnd; readonly within: Within | null };

/** Row changes a pull brings at most; more if they are of one piece. */
const pullMax = 1_000;

/** Changes by the binary log, read as a replica reads it. */
export function createBinlogFeed(options: {
  readonly pool: Pool;
  readonly address: Address;
  readonly server: Server;
  readonly clock: Clock;
  readonly mappedTables: () => Promise<readonly MappedTable[]>;
  /** Looks tables up anew: one of them was altered. */
  readonly alteredTables: () => Promise<readonly MappedTable[]>;
}): CaptureFeed {
  const { pool, address, server, clock, mappedTables, alteredTables } = options;
  const { database } = address;
  let stream: LogStream | null = null;
  let tables: readonly FollowedTable[] = [];
  let position: Position | null = null;
  let epoch: number | null = null;
  let identity = "";

  const isWanted = (schema: string, name: string) =>
    (name === keysTable && schema === database) || tableOf(tables, { schema, name }) !== undefined;
  const close = () => {
    stream?.close();
    stream = null;
  };
  const openAt = async (from: LogEnd, skip: Within | null, byGtid: boolean): Promise<void> => {
    close();
    stream = await openLogStream({ address, server, from, byGtid, skip, isWanted });
    position = { end: from, within: skip };
  };

  /** The tables as they are now; those that look otherwise than before are sure only from the log's present end on. */
  const lookUp = async (found: readonly MappedTable[], known: Followed): Promise<readonly string[]> => {
    const layouts = new Map([...known, ...following(tables)]);
    const altered = found.filter(({ object, table }) => {
      const before = layouts.get(object.object);
      return before !== undefined && before !== table.layout;
    });
    const sureFrom = altered.length === 0 ? null : await readLogEnd(pool, server);
    tables = found.map((mapped) => {
      const before = tables.find((one) => one.object.object === mapped.object.object)?.sureFrom ?? null;
      return { ...mapped, sureFrom: altered.includes(mapped) ? sureFrom : before };
    });
    return altered.map((one) => one.object.object);
  };

  /** A log that is gone, or another history: everything must be read again. */
  const startOver = async (): Promise<ChangeBatch> => {
    close();
    const found = await mappedTables();
    tables = found.map((mapped) => ({ ...mapped, sureFrom: null }));
    return { observations: [], cursor: await here(), caughtUp: false, lost: found.map((one) => one.object.object) };
  };

  const here = async (): Promise<string> => {
    epoch = clock.now();
    identity = await identify();
    return placeAt({ end: await readLogEnd(pool, server), within: null });
  };

  /** Which server it is. MariaDB has no identifier of its own: there, GTIDs tell whether a place is one of its log's. */
  const identify = async (): Promise<string> => {
    const sql = server.isMariaDb ? "select concat(@@hostname, ':', @@port) as id" : "select @@server_uuid as id";
    const [[row] = []] = await rowsOf(pool, sql);
    return row?.["id"] ?? "";
  };

  function placeAt({ end, within }: Position, followed: Followed = following(tables)): string {
    const place: Place = {
      ...end,
      server: identity,
      epoch: epoch ?? 0,
      tables: followed,
      ...(within === null ? {} : { within }),
    };
    return JSON.stringify(place);
  }

  /** How the place is found on this server; `null`: not at all. */
  async function findWay(place: Place): Promise<"file" | "gtid" | null> {
    if (server.isMariaDb) {
      // The same transactions before the same place: the same log.
      const own = await gtidAt(pool, place);
      if (own !== null && sameGtids(own, place.gtid)) return "file";
      if (place.gtid === "" || place.within !== undefined) return null;
      const [[row] = []] = await rowsOf(pool, "select @@global.gtid_binlog_pos as own");
      return isReached(place.gtid, row?.["own"] ?? "") ? "gtid" : null;
    }
    if (place.server === identity && (await isWithin(place))) return "file";
    if (place.gtid === "" || place.within !== undefined) return null;
    const [[row] = []] = await rowsOf(pool, "select @@gtid_mode as mode");
    return row?.["mode"] === "ON" && (await isWithin(place)) ? "gtid" : null;
  }

  /** MySQL: whether this server has done all that is before the place. It has not when it was restored, or the log began anew. */
  async function isWithin({ gtid }: Place): Promise<boolean> {
    if (gtid === "") return true;
    const [[row] = []] = await rowsOf(pool, `select gtid_subset('${gtid}', @@global.gtid_executed) as own`);
    return row?.["own"] === "1";
  }

  /** Opens the log where the place says; `false` where that is not to be found. */
  async function reopen(place: Place): Promise<boolean> {
    identity = await identify();
    const way = await findWay(place);
    if (way === null) return false;
    // Another server's log has other numbers.
    epoch = way === "gtid" ? clock.now() : place.epoch;
    const end = { file: place.file, position: place.position, gtid: place.gtid };
    // Its file is told as soon as the log is open; before, nothing of it is handed over.
    await openAt(way === "gtid" ? { ...end, file: "", position: 4 } : end, place.within ?? null, way === "gtid");
    return true;
  }

  async function collect(open: LogStream, at: Position, waitMs: number, signal: AbortSignal): Promise<ChangeBatch> {
    const target = await readLogEnd(pool, server);
    await open.wait(waitMs, target, signal);
    let taken = open.take(pullMax);
    const caughtUp = taken.length === 0 && !isBefore(open.received(), target);
    if (caughtUp) {
      // Nothing more as of now: news is waited for.
      await open.wait(waitMs, null, signal);
      taken = open.take(pullMax);
    }
    const broken = open.failure();
    if (broken !== null && taken.length === 0) throw broken;
    const observedAt = clock.now();
    const lost = new Set<string>();
    const told = taken.map((piece) => observationsOf(piece, tables, { epoch: epoch ?? 0, observedAt }));
    for (const one of told) for (const object of one.lost) lost.add(object);
    for (const object of await judge(taken.flatMap((piece) => piece.statements))) lost.add(object);
    if (lost.size > 0) for (const object of await lookUp(await alteredTables(), [])) lost.add(object);
    position = after(at, taken, open.received());
    return {
      observations: told.flatMap((one) => one.observations),
      cursor: placeAt(position),
      caughtUp: caughtUp && taken.length === 0,
      lost: [...lost],
    };
  }

  /** Statements that are in the log as text: of tables that were altered, truncated, or whose rows were changed without logging each. */
  async function judge(statements: readonly Statement[]): Promise<readonly string[]> {
    const about = tables.filter(({ table }) => statements.some((one) => mayBeAbout(one, table)));
    if (about.length === 0) return [];
    const altered = await lookUp(await alteredTables(), []);
    const emptied = about.filter(({ table }) =>
      statements.some((one) => mayBeAbout(one, table) && !harmless.test(one.sql)),
    );
    return [...altered, ...emptied.map((one) => one.object.object)];
  }

  return {
    order: () => (epoch === null || !server.isMariaDb ? null : { epoch }),
    stamp: () => (epoch === null ? null : { epoch }),
    async start() {
      try {
        tables = (await mappedTables()).map((mapped) => ({ ...mapped, sureFrom: null }));
        if (tables.some((one) => one.object.create)) await prepareKeys(pool, database);
        return await here();
      } catch (error) {
        throw failureOf(error);
      }
    },
    async pull({ cursor, waitMs, signal }) {
      try {
        const place = placeOf(cursor);
        const found = await mappedTables();
        const isOpen = stream !== null && stream.failure() === null;
        const altered = await lookUp(found, isOpen ? [] : (place?.tables ?? []));
        if (place === null) return await startOver();
        if (!isOpen || position === null || !isAt(position, place))
          if (!(await reopen(place))) return await startOver();
        const at = position as unknown as Position;
        const fresh = unfollowed(tables, place.tables).map((one) => one.object.object);
        if (fresh.length > 0 || altered.length > 0) {
          const lost = [...new Set([...fresh, ...altered])];
          return { observations: [], cursor: placeAt(at), caughtUp: false, lost };
        }
        return await collect(stream as unknown as LogStream, at, waitMs, signal);
      } catch (error) {
        close();
        if (isLostPlace(error)) return await startOver();
        throw failureOf(error);
      }
    },
    close: async () => close(),
  };
}

/** What changes no rows, or only in a way that the table's layout shows. Everything else that names a table may have changed any of its rows. */
const harmless =
  /^\s*(?:(?:create|drop|alter)\s+(?:or\s+replace\s+)?(?:unique\s+|fulltext\s+|definer\s*=\s*\S+\s+|sql\s+security\s+\w+\s+|algorithm\s*=\s*\w+\s+)*(?:index|trigger|view|procedure|function|event|user|role)\b|alter\s+table\b(?!.*\b(?:partition|rename)\b)|analyze\b|optimize\b|savepoint\b|grant\b|revoke\b)/isu;

/** The table is named in it. */
function mayBeAbout({ schema, sql }: Statement, table: { readonly schema: string; readonly name: string }): boolean {
  return hasWord(sql, table.name) && (schema === table.schema || hasWord(sql, table.schema));
}

function hasWord(text: string, word: string): boolean {
  const isPart = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
  const [all, one] = [text.toLowerCase(), word.toLowerCase()];
  for (let at = all.indexOf(one); at !== -1; at = all.indexOf(one, at + 1))
    if (!isPart(all[at - 1]) && !isPart(all[at + one.length])) return true;
  return false;
}

/** A place that this way of capture did not make is none. */
function placeOf(cursor: string): Place | null {
  const place = JSON.parse(cursor) as Partial<Place>;
  if (place.file === undefined || place.position === undefined || place.epoch === undefined) return null;
  const { file, position, gtid = "", server = "", epoch, within, tables = [] } = place;
  return { file, position, gtid, server, epoch, tables, ...(within === undefined ? {} : { within }) };
}

function sameGtids(a: string, b: string): boolean {
  const sorted = (set: string) => set.split(",").sort().join(",");
  return sorted(a) === sorted(b);
}

function isAt({ end, within }: Position, place: Place): boolean {
  const samePart = within?.position === place.within?.position && within?.changes === place.within?.changes;
  return samePlace(end, place) && end.gtid === place.gtid && samePart;
}

function samePlace(a: LogPlace, b: LogPlace): boolean {
  return a.file === b.file && a.position === b.position;
}

/** The position after these pieces. Only a whole transaction moves it in the log; with nothing in hand it goes on with the log. */
function after(at: Position, taken: readonly Piece[], received: LogEnd): Position {
  const last = taken.at(-1);
  if (last === undefined) return at.within === null ? { end: received, within: null } : at;
  const end = taken.findLast((piece) => piece.end !== null)?.end ?? at.end;
  return { end, within: last.end === null ? { ...last.place, changes: last.first + last.changes.length } : null };
}
