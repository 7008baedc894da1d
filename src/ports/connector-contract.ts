import type { RawObservation, RawUpsert } from "../model/observation.ts";
import type { CellName, ObjectName, RecordId } from "../model/record.ts";
import { SyncFailure } from "../model/sync-error.ts";
import type { FieldValue, RawValue } from "../model/value.ts";
import type { Connector, MappedCell, MappedObject, WriteRequest, WriteResult } from "./connector.ts";
import { expect } from "./expect.ts";

/** What runs the tests: of vitest, node:test or any other that has these. */
export type TestRunner = {
  describe(name: string, tests: () => void): unknown;
  test(name: string, run: () => Promise<void>): unknown;
  beforeEach(run: () => Promise<void>): unknown;
  afterEach(run: () => Promise<void>): unknown;
};

type Cells = Readonly<Record<CellName, RawValue>>;

/** One connected object, empty, and a person who works in the system itself. */
export type ConnectorPlace = {
  readonly connector: Connector;
  /** Has all cells that are named below, mapped both ways. */
  readonly object: MappedObject;
  /** Two text cells that hold any text. */
  readonly text: CellName;
  readonly other: CellName;
  /** A cell that is unique in the system, with a value for each number; `null` where it has none. */
  readonly unique: { readonly cell: CellName; readonly value: (n: number) => RawValue } | null;
  /** An id of the system's form that no record has. */
  readonly missingId: RecordId;
  /** A cell that refuses this value. */
  readonly refused: { readonly cell: CellName; readonly value: RawValue };
  /** For each mapped type a cell and canonical values that it keeps as they are. */
  readonly values: readonly { readonly cell: CellName; readonly value: FieldValue }[];
  /** Cells that can't be mapped as these say: not there, not writable, of another type. */
  readonly unfit: readonly MappedCell[];
  readonly user: {
    insert(cells: Cells): Promise<RecordId>;
    update(id: RecordId, cells: Cells): Promise<void>;
    delete(id: RecordId): Promise<void>;
    /** The cells as the system holds them, `null` when the record is gone. */
    read(id: RecordId): Promise<Cells | null>;
    count(): Promise<number>;
  };
  /** What the feed learns late (a search index, a list of payloads) is there afterwards. */
  readonly settle?: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** What every connector must do. `setUp` makes an empty object, apart from all others. */
export function connectorContract(name: string, setUp: () => Promise<ConnectorPlace>, runner: TestRunner): void {
  const { describe, beforeEach, afterEach } = runner;
  describe(`connector contract: ${name}`, () => {
    let place: ConnectorPlace;
    beforeEach(async () => {
      place = await setUp();
      const problems = await place.connector.check([place.object], { prepare: true });
      expect(problems.filter((problem) => problem.severity === "error")).toEqual([]);
    });
    afterEach(async () => {
      await place.connector.close();
      await place.close();
    });
    const at = () => place;
    const test: Test = (title, run) => runner.test(title, run);
    readContract(at, test);
    feedContract(at, test);
    updateContract(at, test);
    createContract(at, test);
    deleteContract(at, test);
    batchContract(at, test);
    valueContract(at, test);
    checkContract(at, test);
  });
}

type Test = (title: string, run: () => Promise<void>) => unknown;
type At = () => ConnectorPlace;

const hostile = [
  'O\'Hara "the quote"',
  "back\\slash \\n and \\u0041",
  "'; DROP TABLE people; --",
  "__proto__",
  "emoji 👩‍👩‍👧‍👦 and שלום مرحبا",
  "line one\nline two\ttab",
  '{braces,"list"} [brackets] $1 %s $x',
  "null",
];

function update(id: RecordId, base: Cells, patch: Cells): WriteRequest {
  return { kind: "update", attemptId: `update ${id}`, id, base, patch, revision: null };
}

function create(
  key: string,
  patch: Cells,
  rest: { identity?: readonly string[]; lookFirst?: boolean } = {},
): WriteRequest {
  return { kind: "create", attemptId: `create ${key}`, key, patch, identity: [], lookFirst: false, ...rest };
}

function remove(id: RecordId, base: Cells): WriteRequest {
  return { kind: "delete", attemptId: `delete ${id}`, id, base, revision: null };
}

async function writeOne(place: ConnectorPlace, request: WriteRequest): Promise<WriteResult> {
  const [result] = await place.connector.write(place.object, [request]);
  if (result === undefined) throw new Error("The write gave no result.");
  return result;
}

async function scanAll(place: ConnectorPlace, from: string | null = null): Promise<RawUpsert[]> {
  const seen: RawUpsert[] = [];
  let cursor = from;
  do {
    const page = await place.connector.scan(place.object, cursor);
    seen.push(...page.observations);
    cursor = page.cursor;
  } while (cursor !== null);
  return seen;
}

async function readOne(place: ConnectorPlace, id: RecordId): Promise<RawUpsert | null> {
  const [result] = await place.connector.read(place.object, [id]);
  return result?.kind === "found" ? result.observation : null;
}

/** Hints are read, as the engine does. */
async function told(place: ConnectorPlace, observation: RawObservation): Promise<RawObservation> {
  return observation.kind === "hint" ? ((await readOne(place, observation.ref.id)) ?? observation) : observation;
}

/** Pulls until `isDone` of what came so far, or nothing more is waiting for a while. A system that can't be reached is asked again, as the engine does. */
async function pullUntil(place: ConnectorPlace, from: string, isDone: (seen: readonly RawObservation[]) => boolean) {
  const seen: RawObservation[] = [];
  const lost: ObjectName[] = [];
  let cursor = from;
  for (let idle = 0; idle < 50 && lost.length === 0 && !isDone(seen); ) {
    const { signal } = new AbortController();
    const request = { objects: [place.object], cursor, waitMs: 100, signal };
    const batch = await reached(place.connector.feed!.pull(request));
    for (const one of batch?.observations ?? []) seen.push(await told(place, one));
    lost.push(...(batch?.lost ?? []));
    cursor = batch?.cursor ?? cursor;
    idle = (batch?.observations.length ?? 0) > 0 ? 0 : idle + 1;
  }
  return { seen, lost, cursor };
}

/** `null` where the system can't be reached now: it may still be letting an earlier stream go. */
async function reached<Result>(call: Promise<Result>): Promise<Result | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof SyncFailure && error.error.code === "UNREACHABLE") return null;
    throw error;
  }
}

function lastOf(seen: readonly RawObservation[], id: RecordId, cell: CellName): RawValue | undefined {
  const said = seen.filter((one): one is RawUpsert => one.kind === "upsert" && one.ref.id === id && cell in one.cells);
  return said.at(-1)?.cells[cell];
}

function readContract(at: At, test: Test): void {
  test("a scan sees every record once, ends with null, and goes on from any of its places", async () => {
    const place = at();
    const ids: RecordId[] = [];
    for (let n = 0; n < 25; n++) ids.push(await place.user.insert({ [place.text]: `record ${n}` }));
    await place.settle?.();
    const seen = await scanAll(place);
    expect(seen.map((one) => one.ref.id).sort()).toEqual([...ids].sort());
    expect(new Set(seen.map((one) => one.cells[place.text])).size).toBe(25);
    expect(seen.every((one) => one.complete && typeof one.ref.id === "string")).toBe(true);
    const first = await place.connector.scan(place.object, null);
    const rest = first.cursor === null ? [] : await scanAll(place, first.cursor);
    expect([...first.observations, ...rest].map((one) => one.ref.id).sort()).toEqual([...ids].sort());
  });

  test("a scan of nothing is one empty page", async () => {
    const place = at();
    expect(await place.connector.scan(place.object, null)).toMatchObject({ observations: [], cursor: null });
  });

  test("a read answers in the order of the ids, with the record or that it is missing", async () => {
    const place = at();
    const a = await place.user.insert({ [place.text]: "a" });
    const b = await place.user.insert({ [place.text]: "b" });
    const results = await place.connector.read(place.object, [b, place.missingId, a]);
    expect(results.map(({ id, kind }) => [id, kind])).toEqual([
      [b, "found"],
      [place.missingId, "missing"],
      [a, "found"],
    ]);
    expect(results[0]).toMatchObject({ observation: { complete: true, cells: { [place.text]: "b" } } });
    expect(await place.connector.read(place.object, [])).toEqual([]);
  });
}

function feedContract(at: At, test: Test): void {
  test("what was pulled comes again until its place is pulled from", async () => {
    const place = at();
    if (place.connector.feed === null) return;
    const start = await place.connector.feed.start([place.object]);
    const id = await place.user.insert({ [place.text]: "made" });
    await place.settle?.();
    for (let time = 0; time < 2; time++) {
      const seen: RawObservation[] = [];
      for (let tries = 0; tries < 50 && !seen.some((one) => one.ref.id === id); tries++) {
        const { signal } = new AbortController();
        const request = { objects: [place.object], cursor: start, waitMs: 100, signal };
        seen.push(...(await place.connector.feed.pull(request)).observations);
      }
      expect(seen.map((one) => one.ref.id)).toContain(id);
    }
  });

  test("what users do after the start is pulled; from a place long left it comes again, or is known to be lost", async () => {
    const place = at();
    if (place.connector.feed === null) return;
    const old = await place.user.insert({ [place.text]: "old" });
    const start = await place.connector.feed.start([place.object]);
    await place.user.update(old, { [place.text]: "edited" });
    const made = await place.user.insert({ [place.text]: "made" });
    await place.settle?.();
    const hasBoth = (seen: readonly RawObservation[]) =>
      lastOf(seen, old, place.text) === "edited" && lastOf(seen, made, place.text) === "made";
    expect(hasBoth((await pullUntil(place, start, hasBoth)).seen)).toBe(true);
    const again = await pullUntil(place, start, hasBoth);
    expect(again.lost.includes(place.object.object) || hasBoth(again.seen)).toBe(true);
  });

  test("pulling on brings what came since", async () => {
    const place = at();
    if (place.connector.feed === null) return;
    const start = await place.connector.feed.start([place.object]);
    const id = await place.user.insert({ [place.text]: "one" });
    await place.settle?.();
    const first = await pullUntil(place, start, (seen) => lastOf(seen, id, place.text) === "one");
    await place.user.update(id, { [place.text]: "two" });
    await place.settle?.();
    const second = await pullUntil(place, first.cursor, (seen) => lastOf(seen, id, place.text) === "two");
    expect(lastOf(second.seen, id, place.text)).toBe("two");
  });

  test("a delete is told where the connector says so", async () => {
    const place = at();
    if (place.connector.feed === null) return;
    const id = await place.user.insert({ [place.text]: "short-lived" });
    await place.settle?.();
    const start = await place.connector.feed.start([place.object]);
    await place.user.delete(id);
    await place.settle?.();
    expect(await readOne(place, id)).toBeNull();
    if (!place.connector.guarantees.deleteEvents || place.connector.webhook !== undefined) return;
    const isGone = (seen: readonly RawObservation[]) => seen.some((one) => one.kind === "delete" && one.ref.id === id);
    expect(isGone((await pullUntil(place, start, isGone)).seen)).toBe(true);
  });

  test("a record's revisions grow with its versions", async () => {
    const place = at();
    if (place.connector.feed === null) return;
    const start = await place.connector.feed.start([place.object]);
    const id = await place.user.insert({ [place.text]: "0" });
    for (const text of ["1", "2", "3"]) await place.user.update(id, { [place.text]: text });
    // Its own write need not come back: the answer tells of it.
    const wrote = await writeOne(place, update(id, { [place.text]: "3" }, { [place.text]: "4" }));
    await place.user.update(id, { [place.text]: "5" });
    await place.settle?.();
    const { seen } = await pullUntil(place, start, (all) => lastOf(all, id, place.text) === "5");
    const told = seen.filter((one) => one.kind === "upsert");
    const known = [...(wrote.kind === "written" ? [wrote] : []), ...told].filter((one) => one.revision !== null);
    const byRevision = known.sort((a, b) => ((a.revision ?? "") < (b.revision ?? "") ? -1 : 1));
    expect(byRevision.at(-1)?.cells[place.text] ?? "5").toBe("5");
    const texts = byRevision.map((one) => Number(one.cells[place.text]));
    expect(texts).toEqual([...texts].sort());
  });
}

function updateContract(at: At, test: Test): void {
  test("an update writes its cells, tells what is held, and leaves the others", async () => {
    const place = at();
    const id = await place.user.insert({ [place.text]: "before", [place.other]: "kept" });
    const result = await writeOne(place, update(id, { [place.text]: "before" }, { [place.text]: "after" }));
    expect(result).toMatchObject({ kind: "written", id, cells: { [place.text]: "after" } });
    expect(await place.user.read(id)).toMatchObject({ [place.text]: "after", [place.other]: "kept" });
  });

  test("a cell that a user changed is not overwritten, and the record as it is comes back", async () => {
    const place = at();
    const id = await place.user.insert({ [place.text]: "before", [place.other]: "before" });
    await place.user.update(id, { [place.text]: "theirs" });
    const patch = { [place.text]: "ours", [place.other]: "ours" };
    const result = await writeOne(place, update(id, { [place.text]: "before", [place.other]: "before" }, patch));
    expect(result).toMatchObject({ kind: "changed", observation: { ref: { id }, cells: { [place.text]: "theirs" } } });
    expect(await place.user.read(id)).toMatchObject({ [place.text]: "theirs", [place.other]: "before" });
  });

  test("a user's edit of an unrelated cell survives", async () => {
    const place = at();
    const id = await place.user.insert({ [place.text]: "before", [place.other]: "before" });
    await place.user.update(id, { [place.other]: "theirs" });
    const result = await writeOne(place, update(id, { [place.text]: "before" }, { [place.text]: "ours" }));
    expect(result.kind).toBe("written");
    expect(await place.user.read(id)).toMatchObject({ [place.text]: "ours", [place.other]: "theirs" });
  });

  test("a cell that was never seen is written without an expectation", async () => {
    const place = at();
    const id = await place.user.insert({ [place.text]: "unseen" });
    expect(await writeOne(place, update(id, {}, { [place.text]: "ours" }))).toMatchObject({ kind: "written" });
    expect(await place.user.read(id)).toMatchObject({ [place.text]: "ours" });
  });

  test("null clears a cell, and an expected blank is an expectation", async () => {
    const place = at();
    const id = await place.user.insert({ [place.text]: "before" });
    expect(await writeOne(place, update(id, { [place.text]: "before" }, { [place.text]: null }))).toMatchObject({
      kind: "written",
      cells: { [place.text]: null },
    });
    expect((await readOne(place, id))?.cells[place.text]).toBeNull();
    await place.user.update(id, { [place.text]: "theirs" });
    expect(await writeOne(place, update(id, { [place.text]: null }, { [place.text]: "ours" }))).toMatchObject({
      kind: "changed",
    });
  });

  test("updates of one call may expect different cells", async () => {
    const place = at();
    const a = await place.user.insert({ [place.text]: "a", [place.other]: "x" });
    const b = await place.user.insert({ [place.text]: "b", [place.other]: "x" });
    const patch = { [place.text]: "ours", [place.other]: "ours" };
    const results = await place.connector.write(place.object, [
      update(a, { [place.text]: "a" }, patch),
      update(b, { [place.other]: "not this" }, { [place.other]: "ours", [place.text]: "ours" }),
    ]);
    expect(results.map((one) => one.kind)).toEqual(["written", "changed"]);
  });

  test("an update of a record that is not there says so", async () => {
    const place = at();
    expect(await writeOne(place, update(place.missingId, {}, { [place.text]: "x" }))).toEqual({ kind: "missing" });
  });
}

function createContract(at: At, test: Test): void {
  test("a create makes a record, which tells its key", async () => {
    const place = at();
    const result = await writeOne(place, create("g-1", { [place.text]: "Ada" }));
    expect(result).toMatchObject({ kind: "written", created: true, cells: { [place.text]: "Ada" } });
    const id = result.kind === "written" ? result.id : "";
    expect(await place.user.read(id)).toMatchObject({ [place.text]: "Ada" });
    expect((await readOne(place, id))?.createKey).toBe("g-1");
  });

  test("creates of one key make one record", async () => {
    const place = at();
    const first = await writeOne(place, create("g-1", { [place.text]: "Ada" }));
    await place.settle?.();
    const again = await writeOne(place, create("g-1", { [place.text]: "Ada" }, { lookFirst: true }));
    const third = await writeOne(place, create("g-1", { [place.text]: "Ada" }, { lookFirst: true }));
    const id = first.kind === "written" ? first.id : "none";
    for (const result of [again, third]) expect(result).toMatchObject({ kind: "written", id, created: false });
    expect(await place.user.count()).toBe(1);
  });

  test("an identity that another record has is not taken", async () => {
    const place = at();
    const { unique } = place;
    if (unique === null) return;
    const taken = await place.user.insert({ [unique.cell]: unique.value(1) });
    await place.settle?.();
    const patch = { [unique.cell]: unique.value(1), [place.text]: "ours" };
    const result = await writeOne(place, create("g-1", patch, { identity: [unique.cell] }));
    expect(result).toEqual({ kind: "exists", id: taken });
    expect(await place.user.count()).toBe(1);
  });
}

function deleteContract(at: At, test: Test): void {
  test("a delete is done once, and found done the second time", async () => {
    const place = at();
    const id = await place.user.insert({ [place.text]: "short-lived" });
    expect(await writeOne(place, remove(id, { [place.text]: "short-lived" }))).toMatchObject({ kind: "written" });
    expect(await place.user.read(id)).toBeNull();
    expect(await writeOne(place, remove(id, { [place.text]: "short-lived" }))).toMatchObject({ kind: "written" });
  });

  test("a record that a user changed is not deleted", async () => {
    const place = at();
    const id = await place.user.insert({ [place.text]: "before" });
    await place.user.update(id, { [place.text]: "theirs" });
    expect(await writeOne(place, remove(id, { [place.text]: "before" }))).toMatchObject({ kind: "changed" });
    expect(await place.user.read(id)).toMatchObject({ [place.text]: "theirs" });
  });
}

function batchContract(at: At, test: Test): void {
  test("one bad record does not stop the others", async () => {
    const place = at();
    const ids: RecordId[] = [];
    for (let n = 0; n < 5; n++) ids.push(await place.user.insert({ [place.text]: "before" }));
    const { refused, text } = place;
    const results = await place.connector.write(
      place.object,
      ids.map((id, n) =>
        update(id, { [text]: "before" }, { [text]: "after", ...(n === 2 ? { [refused.cell]: refused.value } : {}) }),
      ),
    );
    expect(results.map((one) => one.kind)).toEqual(["written", "written", "failed", "written", "written"]);
    expect(results[2]).toMatchObject({ error: { code: "REJECTED" } });
    expect(await place.user.read(ids[2]!)).toMatchObject({ [text]: "before" });
  });

  test("results come in the requests' order, also for more than one batch of different kinds", async () => {
    const place = at();
    const count = place.connector.writeBatchMax + 5;
    const requests = Array.from({ length: count }, (_, n) => create(`g-${n}`, { [place.text]: `record ${n}` }));
    const made = await place.connector.write(place.object, requests);
    expect(made.map((one) => (one.kind === "written" ? one.cells[place.text] : one.kind))).toEqual(
      requests.map((_, n) => `record ${n}`),
    );
    const ids = made.map((one) => (one.kind === "written" ? one.id : ""));
    const mixed = await place.connector.write(place.object, [
      remove(ids[0]!, { [place.text]: "record 0" }),
      create("g-new", { [place.text]: "new" }),
      update(ids[1]!, { [place.text]: "other" }, { [place.text]: "x" }),
      update(place.missingId, {}, { [place.text]: "x" }),
      update(ids[2]!, { [place.text]: "record 2" }, { [place.text]: "x" }),
    ]);
    expect(mixed.map((one) => one.kind)).toEqual(["written", "written", "changed", "missing", "written"]);
    expect(mixed[4]).toMatchObject({ id: ids[2] });
    expect(await place.connector.write(place.object, [])).toEqual([]);
  });
}

function valueContract(at: At, test: Test): void {
  test("every type reads back as it was encoded, and an update expects it so", async () => {
    const place = at();
    for (const { cell, value } of place.values) {
      const mapped = place.object.cells.find((one) => one.cell === cell)!;
      const raw = place.connector.encode(place.object.object, mapped, value);
      const made = await writeOne(
        place,
        create(`g-${cell}-${JSON.stringify(value)}`, { [place.text]: "x", [cell]: raw }),
      );
      const what = `${cell} = ${JSON.stringify(value)}`;
      expect(made.kind === "written" ? made.cells[cell] : made, what).toEqual(raw);
      const id = made.kind === "written" ? made.id : "";
      expect((await readOne(place, id))?.cells[cell], what).toEqual(raw);
      expect(await writeOne(place, update(id, { [cell]: raw }, { [cell]: raw })), what).toMatchObject({
        kind: "written",
      });
    }
  });

  test("hostile texts are only texts", async () => {
    const place = at();
    const ids: RecordId[] = [];
    for (const [n, text] of hostile.entries()) {
      const result = await writeOne(place, create(`g-${n}'"\\`, { [place.text]: text }));
      expect(result, text).toMatchObject({ kind: "written", cells: { [place.text]: text } });
      if (result.kind === "written") ids.push(result.id);
    }
    const read = await place.connector.read(place.object, ids);
    expect(read.map((one) => (one.kind === "found" ? one.observation.cells[place.text] : null))).toEqual(hostile);
    const again = ids.map((id, n) =>
      update(id, { [place.text]: hostile[n]! }, { [place.text]: hostile[(n + 1) % hostile.length]! }),
    );
    expect((await place.connector.write(place.object, again)).map((one) => one.kind)).toEqual(
      hostile.map(() => "written"),
    );
  });
}

function checkContract(at: At, test: Test): void {
  test("the check names each cell that can't be mapped so", async () => {
    const place = at();
    for (const cell of place.unfit) {
      const object = { ...place.object, cells: [...place.object.cells.filter((one) => one.cell !== cell.cell), cell] };
      const problems = await place.connector.check([object], { prepare: false });
      expect(problems, cell.cell).toContainMatch({ object: place.object.object, cell: cell.cell, severity: "error" });
    }
  });

  test("the object is described with its cells", async () => {
    const place = at();
    const [schema] = await place.connector.describe([place.object.object]);
    const cells = new Set(schema?.cells.map((one) => one.cell));
    for (const { cell } of place.object.cells) expect(cells, cell).toContain(cell);
  });
}
