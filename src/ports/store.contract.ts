import { afterEach, describe, expect, test } from "vitest";
import { blockSizeMax } from "../core/match/nominate.ts";
import type { GoldenRecord } from "../model/golden.ts";
import { recordKey } from "../model/record.ts";
import {
  type CommitUnit,
  type DeadLetter,
  type InboxItem,
  laneBackfill,
  laneDecision,
  laneLive,
  lookPrefix,
  type Store,
} from "./store.ts";
import {
  sampleDue,
  sampleFields,
  sampleGolden,
  sampleHold,
  sampleItem,
  sampleLine,
  sampleLink,
  sampleRef,
  sampleUnit,
  t0,
} from "./testing/store-samples.ts";

/** Where one store's data lives. */
export type StorePlace = {
  readonly open: () => Promise<Store>;
  /** What is stored outlives `close`: opening again finds it. */
  readonly reopens: boolean;
  /** Several may be open on the same data at once. */
  readonly shares: boolean;
};

const minute = 60_000;

/** What every store must do. `place` makes an empty one, apart from all others. */
export function storeContract(name: string, place: () => Promise<StorePlace>): void {
  describe(`store contract: ${name}`, () => {
    const open: Store[] = [];
    const opened = async (at: StorePlace) => {
      const store = await at.open();
      open.push(store);
      await store.migrate();
      return store;
    };
    const fresh = async () => opened(await place());
    afterEach(async () => {
      await Promise.all(open.splice(0).map((store) => store.close()));
    });

    inboxContract(fresh);
    commitContract(fresh);
    dispatchContract(fresh);
    loadContract(fresh);
    blocksContract(fresh);
    listContract(fresh);
    documentContract(fresh);
    textContract(fresh);
    reopenContract(place, opened, open);
    workersContract(place, opened);
  });
}

type Fresh = () => Promise<Store>;

const idsOf = (items: readonly { readonly id: string }[]) => items.map((item) => item.id);
const claimIds = async (store: Store, limit: number, now: number) => idsOf(await store.claim(limit, now, minute));
const commitOne = async (store: Store, unit: Partial<CommitUnit>) =>
  (await store.commit([sampleUnit(unit)]))[0]?.kind ?? "no answer";
const loadById = async (store: Store, id: string) =>
  (await store.load({ records: [], keys: [], ids: [id] })).goldens.get(id) ?? null;

function inboxContract(fresh: Fresh): void {
  describe("inbox", () => {
    test("an observation comes out as it went in, and is leased to who claimed it", async () => {
      const store = await fresh();
      const item = sampleItem("a", "1");
      expect(await store.receive([item], [])).toEqual({ stored: 1, repeated: 0 });
      expect(await store.claim(10, t0, minute)).toEqual([item]);
      expect(await store.claim(10, t0 + minute - 1, minute)).toEqual([]);
    });

    test("a lease that ran out frees the observation for another worker", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a", "1")], []);
      await store.claim(10, t0, minute);
      expect(await claimIds(store, 10, t0 + minute)).toEqual(["a"]);
    });

    test("equal dedupe keys are one event, within a batch, across batches, and after it is done", async () => {
      const store = await fresh();
      const keyed = (id: string) => sampleItem(id, id, { dedupeKey: "event-1" });
      expect(await store.receive([keyed("a"), keyed("b")], [])).toEqual({ stored: 1, repeated: 1 });
      expect(await store.receive([keyed("c")], [])).toEqual({ stored: 0, repeated: 1 });
      await store.claim(10, t0, minute);
      await commitOne(store, { done: [{ inboxId: "a", outcome: "applied" }] });
      expect(await store.receive([keyed("d")], [])).toEqual({ stored: 0, repeated: 1 });
      expect(await claimIds(store, 10, t0 + minute)).toEqual([]);
    });

    test("observations without a dedupe key are never equal, but one with the same id is stored once", async () => {
      const store = await fresh();
      expect(await store.receive([sampleItem("a", "1"), sampleItem("b", "1")], [])).toEqual({ stored: 2, repeated: 0 });
      expect(await store.receive([sampleItem("a", "1"), sampleItem("c", "1")], [])).toEqual({ stored: 1, repeated: 1 });
      expect(await claimIds(store, 10, t0)).toEqual(["a", "b", "c"]);
    });

    test("an observation may be decided without ever having been in the inbox: it ends with its unit, or goes there", async () => {
      const store = await fresh();
      const [one, two, three] = [sampleItem("a", "1"), sampleItem("b", "2"), sampleItem("c", "3")];
      const unit = (item: InboxItem, version: number) =>
        sampleUnit({
          golden: sampleGolden(item.id, { version }),
          fresh: [item],
          done: [{ inboxId: item.id, outcome: "applied" }],
        });
      const cursor = (value: string) => [{ name: "feed", value, at: t0 }];
      // The second expects a version that is not there.
      const results = await store.commit([unit(one, 1), unit(two, 5)], cursor("x"));
      expect(results).toEqual([{ kind: "committed" }, { kind: "stale" }]);
      expect(await store.cursor("feed")).toBe("x");
      expect((await store.counts(t0)).outcomes).toMatchObject({ applied: 1 });
      const { queued } = await store.load({
        ...{ records: [], keys: [], ids: [] },
        queued: [one, two, three].map((item) => item.observation.ref),
      });
      expect([...queued]).toEqual([recordKey(two.observation.ref)]);
      expect(await store.claim(10, t0, minute)).toEqual([two]);
      // Claimed it is still there; done it is not.
      const asked = { records: [], keys: [], ids: [], queued: [two.observation.ref] };
      expect((await store.load(asked)).queued.size).toBe(1);
      await commitOne(store, { done: [{ inboxId: "b", outcome: "applied" }] });
      expect((await store.load(asked)).queued.size).toBe(0);
      expect(await store.commit([], cursor("y"))).toEqual([]);
      expect(await store.cursor("feed")).toBe("y");
    });

    test("cursors are stored with the observations, and the last word counts", async () => {
      const store = await fresh();
      expect(await store.cursor("feed/crm")).toBeNull();
      await store.receive([sampleItem("a", "1")], [{ name: "feed/crm", value: "17", at: t0 }]);
      expect(await store.cursor("feed/crm")).toBe("17");
      await store.setCursors([
        { name: "feed/crm", value: "18", at: t0 },
        { name: "feed/crm", value: "19", at: t0 },
        { name: "feed/db", value: "x", at: t0 },
      ]);
      expect([await store.cursor("feed/crm"), await store.cursor("feed/db")]).toEqual(["19", "x"]);
    });

    test("nothing to store is fine", async () => {
      const store = await fresh();
      expect(await store.receive([], [])).toEqual({ stored: 0, repeated: 0 });
      await store.setCursors([]);
      expect(await store.commit([])).toEqual([]);
      expect(await store.claim(10, t0, minute)).toEqual([]);
    });

    test("lanes go first, then order of arrival; a batch is handed over in order of arrival", async () => {
      const store = await fresh();
      const inLane = (id: string, lane: InboxItem["lane"]) => sampleItem(id, id, { lane });
      await store.receive([inLane("b1", laneBackfill), inLane("b2", laneBackfill), inLane("d1", laneDecision)], []);
      await store.receive([inLane("l1", laneLive), inLane("l2", laneLive)], []);
      expect(await claimIds(store, 4, t0)).toEqual(["b1", "d1", "l1", "l2"]);
      expect(await claimIds(store, 4, t0)).toEqual(["b2"]);
    });

    test("while one observation of a record is leased, its later ones wait, and others go by", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a1", "1"), sampleItem("a2", "1"), sampleItem("b1", "2")], []);
      expect(await claimIds(store, 1, t0)).toEqual(["a1"]);
      expect(await claimIds(store, 10, t0)).toEqual(["b1"]);
      await commitOne(store, { done: [{ inboxId: "a1", outcome: "applied" }] });
      expect(await claimIds(store, 10, t0)).toEqual(["a2"]);
    });

    test("a record stays leased until all its leased observations are done", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a1", "1"), sampleItem("a2", "1")], []);
      expect(await claimIds(store, 10, t0)).toEqual(["a1", "a2"]);
      await store.receive([sampleItem("a3", "1")], []);
      await commitOne(store, { done: [{ inboxId: "a1", outcome: "applied" }] });
      expect(await claimIds(store, 10, t0)).toEqual([]);
      await commitOne(store, { done: [{ inboxId: "a2", outcome: "applied" }] });
      expect(await claimIds(store, 10, t0)).toEqual(["a3"]);
    });

    test("an observation that is not due waits", async () => {
      const store = await fresh();
      await store.receive([sampleItem("later", "1", { dueAt: t0 + 10 }), sampleItem("now", "2")], []);
      expect(await claimIds(store, 10, t0)).toEqual(["now"]);
      expect(await claimIds(store, 10, t0 + 10)).toEqual(["later"]);
    });

    test("a postponed observation comes back when it said, in its old place, with one more try", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a", "1"), sampleItem("b", "2")], []);
      await store.claim(1, t0, minute);
      await commitOne(store, { postponed: [{ inboxId: "a", dueAt: t0 + 50 }] });
      expect(await claimIds(store, 10, t0 + 49)).toEqual(["b"]);
      await commitOne(store, { postponed: [{ inboxId: "b", dueAt: t0 + 40 }] });
      const back = await store.claim(10, t0 + 50, minute);
      expect(back.map(({ id, tries, dueAt }) => ({ id, tries, dueAt }))).toEqual([
        { id: "a", tries: 1, dueAt: t0 + 50 },
        { id: "b", tries: 1, dueAt: t0 + 40 },
      ]);
    });

    test("waking a record makes what waits about it due at once, in the same commit too", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a", "1"), sampleItem("b", "2"), sampleItem("c", "3")], []);
      await store.claim(10, t0, minute);
      const later = (inboxId: string) => ({ inboxId, dueAt: t0 + minute });
      await commitOne(store, { postponed: [later("a"), later("b"), later("c")], wake: [sampleRef("1")] });
      await commitOne(store, { wake: [sampleRef("2")] });
      expect(await claimIds(store, 10, t0)).toEqual(["a", "b"]);
    });

    test("waking does not take a lease away", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a", "1")], []);
      await store.claim(10, t0, minute);
      await commitOne(store, { wake: [sampleRef("1")] });
      expect(await claimIds(store, 10, t0)).toEqual([]);
    });

    test("every observation ends in one outcome, counted once even if two workers ended it", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a", "1"), sampleItem("b", "2"), sampleItem("c", "3")], []);
      await commitOne(store, {
        done: [
          { inboxId: "a", outcome: "applied" },
          { inboxId: "b", outcome: "dead" },
        ],
      });
      await commitOne(store, { done: [{ inboxId: "a", outcome: "no-op" }] });
      const { outcomes, inbox } = await store.counts(t0);
      expect(outcomes).toEqual({ applied: 1, "no-op": 0, superseded: 0, held: 0, dead: 1 });
      expect(inbox).toBe(1);
    });

    test("a commit takes new observations in", async () => {
      const store = await fresh();
      await commitOne(store, { inbox: [sampleItem("hint", "1", { dedupeKey: "h" })] });
      await commitOne(store, { inbox: [sampleItem("again", "1", { dedupeKey: "h" })] });
      expect(await claimIds(store, 10, t0)).toEqual(["hint"]);
    });
  });
}

function commitContract(fresh: Fresh): void {
  const linked = (id: string, record: string, also: Partial<GoldenRecord> = {}) =>
    sampleGolden(id, { links: [sampleLink(record)], ...also });

  describe("commit", () => {
    test("a golden record grows one version at a time; an older one is stale", async () => {
      const store = await fresh();
      expect(await commitOne(store, { golden: sampleGolden("g", { version: 1 }) })).toBe("committed");
      expect(await commitOne(store, { golden: sampleGolden("g", { version: 1 }) })).toBe("stale");
      const second = sampleGolden("g", { version: 2, fields: sampleFields({ phone: "2" }) });
      expect(await commitOne(store, { golden: second })).toBe("committed");
      expect(await commitOne(store, { golden: sampleGolden("g", { version: 2 }) })).toBe("stale");
      expect(await commitOne(store, { golden: sampleGolden("g", { version: 4 }) })).toBe("stale");
      expect(await loadById(store, "g")).toEqual(second);
    });

    test("a golden record that is not there can't be changed", async () => {
      const store = await fresh();
      expect(await commitOne(store, { golden: sampleGolden("g", { version: 3 }) })).toBe("stale");
      expect(await loadById(store, "g")).toBeNull();
    });

    test("of two decisions on one revision of a held record's hold, one is committed", async () => {
      const store = await fresh();
      const hold = sampleHold("h", { kind: "incomplete", ref: sampleRef("1") });
      await commitOne(store, { holds: [hold] });
      const closed = (by: string) => ({
        ...hold,
        status: "closed" as const,
        revision: 2,
        closed: { at: t0, by, choice: "leave" },
      });
      const first = await store.commit([sampleUnit({ holds: [closed("anna")] })]);
      const second = await store.commit([sampleUnit({ holds: [closed("ben")] })]);
      expect([first, second].map(([result]) => result?.kind)).toEqual(["committed", "stale"]);
      expect((await store.hold("h"))?.closed?.by).toBe("anna");
    });

    test("units of one group are committed together or not at all, and may hand a record over", async () => {
      const store = await fresh();
      const [a, b] = [sampleGolden("a", { links: [sampleLink("1")] }), sampleGolden("b", { links: [sampleLink("2")] })];
      await store.commit([sampleUnit({ golden: a }), sampleUnit({ golden: b })]);
      const moved = [
        { ...a, version: 2, links: [sampleLink("1"), sampleLink("2")] },
        { ...b, version: 2, links: [] },
      ];
      const stale = await store.commit([
        sampleUnit({ golden: { ...a, version: 2 }, group: "g" }),
        sampleUnit({ golden: { ...b, version: 7 }, group: "g" }),
      ]);
      expect(stale.map((result) => result.kind)).toEqual(["stale", "stale"]);
      const done = await store.commit(moved.map((golden) => sampleUnit({ golden, group: "g" })));
      expect(done.map((result) => result.kind)).toEqual(["committed", "committed"]);
      const { byRecord } = await store.load({ records: [sampleRef("2")], keys: [], ids: [] });
      expect([...byRecord.values()]).toEqual(["a"]);
    });

    test("a first place does not move one that is there", async () => {
      const store = await fresh();
      await store.setCursors([{ name: "feed", value: "1", at: t0, isFirst: true }]);
      await store.setCursors([{ name: "feed", value: "2", at: t0, isFirst: true }]);
      expect(await store.cursor("feed")).toBe("1");
      await store.setCursors([{ name: "feed", value: "3", at: t0 }]);
      expect(await store.cursor("feed")).toBe("3");
    });

    test("a stale unit has no effect, its observations are due at once, and the others of its commit go on", async () => {
      const store = await fresh();
      await store.receive([sampleItem("a", "1"), sampleItem("b", "2"), sampleItem("c", "3")], []);
      await store.claim(10, t0, minute);
      await commitOne(store, { golden: sampleGolden("g") });
      const results = await store.commit([
        sampleUnit({
          golden: sampleGolden("g", { fields: sampleFields({ phone: "9" }) }),
          keys: ["k"],
          due: [sampleDue("db")],
          journal: [sampleLine("g")],
          holds: [sampleHold("h", { goldenId: "g" })],
          pins: [{ ref: sampleRef("1"), goldenId: "g" }],
          deadLetters: [letter("d")],
          inbox: [sampleItem("x", "9")],
          done: [{ inboxId: "a", outcome: "applied" }],
          postponed: [{ inboxId: "c", dueAt: t0 + minute }],
        }),
        sampleUnit({ golden: sampleGolden("h"), done: [{ inboxId: "b", outcome: "applied" }] }),
      ]);
      expect(results).toEqual([{ kind: "stale" }, { kind: "committed" }]);
      expect(await loadById(store, "g")).toEqual(sampleGolden("g"));
      expect(await store.journal({ limit: 10 })).toEqual([]);
      expect(await store.hold("h")).toBeNull();
      expect(await store.deadLetters({ limit: 10 })).toEqual([]);
      const loaded = await store.load({ records: [sampleRef("1")], keys: ["k"], ids: [] });
      expect([loaded.pins.size, loaded.byKey.size]).toEqual([0, 0]);
      expect((await store.counts(t0)).outcomes.applied).toBe(1);
      const again = await store.claim(10, t0, minute);
      expect(again.map(({ id, tries }) => [id, tries])).toEqual([
        ["a", 0],
        ["c", 0],
      ]);
    });

    test("two that want to be the golden record of one identity key collide instead of becoming two", async () => {
      const store = await fresh();
      expect(await commitOne(store, { golden: sampleGolden("g1"), keys: ["mail", "phone"] })).toBe("committed");
      expect(await commitOne(store, { golden: sampleGolden("g2"), keys: ["mail"] })).toBe("stale");
      const results = await store.commit([
        sampleUnit({ golden: sampleGolden("g3"), keys: ["new"] }),
        sampleUnit({ golden: sampleGolden("g4"), keys: ["new", "newer"] }),
        sampleUnit({ golden: sampleGolden("g5"), keys: ["newest"] }),
      ]);
      expect(results.map((result) => result.kind)).toEqual(["committed", "stale", "committed"]);
      const { byKey } = await store.load({ records: [], keys: ["mail", "new", "newer", "newest"], ids: [] });
      expect([...byKey].sort()).toEqual([
        ["mail", "g1"],
        ["new", "g3"],
        ["newest", "g5"],
      ]);
    });

    test("a shared key stays where it is, and goes to who wants it next once it is given up", async () => {
      const store = await fresh();
      await commitOne(store, { golden: sampleGolden("g1"), keys: ["mail"] });
      const second = { golden: sampleGolden("g2"), keys: ["mail", "phone"], sharedKeys: ["mail"] };
      expect(await commitOne(store, second)).toBe("committed");
      const ownerOf = async (key: string) => (await store.load({ records: [], keys: [key], ids: [] })).byKey.get(key);
      expect([await ownerOf("mail"), await ownerOf("phone")]).toEqual(["g1", "g2"]);
      await commitOne(store, { golden: sampleGolden("g1", { version: 2 }), keys: [] });
      expect(await ownerOf("mail")).toBeUndefined();
      await commitOne(store, { golden: sampleGolden("g2", { version: 2 }), keys: ["mail", "phone"] });
      expect(await ownerOf("mail")).toBe("g2");
    });

    test("what one unit gives up, another of the same commit gets where it shares it, in either order", async () => {
      const store = await fresh();
      await store.commit([
        sampleUnit({ golden: sampleGolden("g1"), keys: ["a"] }),
        sampleUnit({ golden: sampleGolden("g2"), keys: ["b"] }),
      ]);
      const results = await store.commit([
        sampleUnit({ golden: sampleGolden("g1", { version: 2 }), keys: ["b"], sharedKeys: ["b"] }),
        sampleUnit({ golden: sampleGolden("g2", { version: 2 }), keys: ["a"], sharedKeys: ["a"] }),
      ]);
      expect(results.map((result) => result.kind)).toEqual(["committed", "committed"]);
      const { byKey } = await store.load({ records: [], keys: ["a", "b"], ids: [] });
      expect(Object.fromEntries(byKey)).toEqual({ a: "g2", b: "g1" });
    });

    test("without a word on keys they stay as they are", async () => {
      const store = await fresh();
      await commitOne(store, { golden: sampleGolden("g"), keys: ["mail"] });
      await commitOne(store, { golden: sampleGolden("g", { version: 2 }), keys: null });
      expect((await store.load({ records: [], keys: ["mail"], ids: [] })).byKey.get("mail")).toBe("g");
    });

    test("a record belongs to one golden record, under its aliases too", async () => {
      const store = await fresh();
      const first = sampleGolden("g1", { links: [sampleLink("1", { aliases: ["1-old"] }), sampleLink(null)] });
      expect(await commitOne(store, { golden: first })).toBe("committed");
      expect(await commitOne(store, { golden: linked("g2", "1") })).toBe("stale");
      expect(await commitOne(store, { golden: linked("g2", "1-old") })).toBe("stale");
      expect(await commitOne(store, { golden: linked("g2", "2") })).toBe("committed");
      await commitOne(store, { golden: linked("g1", "1", { version: 2 }) });
      expect(await commitOne(store, { golden: linked("g3", "1-old") })).toBe("committed");
      const records = ["1", "1-old", "2"].map((id) => sampleRef(id));
      const { byRecord } = await store.load({ records, keys: [], ids: [] });
      expect(records.map((ref) => byRecord.get(recordKey(ref)))).toEqual(["g1", "g3", "g2"]);
    });

    test("of two units for one golden record, the second is stale", async () => {
      const store = await fresh();
      const results = await store.commit([
        sampleUnit({ golden: sampleGolden("g", { version: 1 }) }),
        sampleUnit({ golden: sampleGolden("g", { version: 2 }) }),
      ]);
      expect(results.map((result) => result.kind)).toEqual(["committed", "stale"]);
      expect((await loadById(store, "g"))?.version).toBe(1);
    });

    test("a whole batch commits at once", async () => {
      const store = await fresh();
      const units = Array.from({ length: 300 }, (_, i) =>
        sampleUnit({ golden: linked(`g${i}`, `${i}`), keys: [`k${i}`], journal: [sampleLine(`g${i}`)] }),
      );
      expect(new Set((await store.commit(units)).map((result) => result.kind))).toEqual(new Set(["committed"]));
      expect((await store.counts(t0)).goldens).toEqual({ contact: 300 });
    });
  });
}

const letter = (id: string, also: Partial<DeadLetter> = {}): DeadLetter => ({
  id,
  kind: "observation",
  ref: sampleRef("1"),
  goldenId: null,
  payload: { what: ["it", 1, null] },
  code: "BUG",
  reason: "poison",
  tries: 3,
  at: t0,
  closed: null,
  ...also,
});

function dispatchContract(fresh: Fresh): void {
  const dueIds = async (store: Store, system: string, limit: number, now: number) =>
    idsOf(await store.claimDue(system, limit, now, minute));

  describe("due links", () => {
    test("golden records come by lane, then by time; each is leased", async () => {
      const store = await fresh();
      const dueAt = (id: string, at: number, lane: 0 | 1 | 2) =>
        sampleUnit({ golden: sampleGolden(id), due: [sampleDue("db", { dueAt: at, lane })] });
      await store.commit([
        dueAt("late", t0 + 5, laneLive),
        dueAt("backfill", t0 - 9, laneBackfill),
        dueAt("early", t0, laneLive),
        dueAt("future", t0 + 99, laneLive),
      ]);
      expect(await dueIds(store, "crm", 10, t0 + 5)).toEqual([]);
      expect(await dueIds(store, "db", 1, t0 + 5)).toEqual(["early"]);
      expect(await dueIds(store, "db", 10, t0 + 5)).toEqual(["late", "backfill"]);
      expect(await dueIds(store, "db", 10, t0 + 5)).toEqual([]);
      expect(await dueIds(store, "db", 10, t0 + 5 + minute)).toEqual(["early", "late", "future", "backfill"]);
    });

    test("a golden record with several due links to one system comes once, with all of itself", async () => {
      const store = await fresh();
      const golden = sampleGolden("g", { links: [sampleLink("1"), sampleLink("2", { object: "leads" })] });
      const due = [
        sampleDue("crm", { dueAt: t0 + 7, lane: laneLive }),
        sampleDue("crm", { object: "leads", lane: laneBackfill }),
      ];
      await commitOne(store, { golden, due });
      expect(await store.nextDueAt(["crm"])).toBe(t0);
      expect(await store.claimDue("crm", 10, t0, minute)).toEqual([golden]);
      expect(await store.claimDue("crm", 10, t0 + 7, minute)).toEqual([]);
    });

    test("a commit replaces what was due, and ends the leases", async () => {
      const store = await fresh();
      await commitOne(store, { golden: sampleGolden("g"), due: [sampleDue("db"), sampleDue("crm")] });
      await store.claimDue("db", 10, t0, minute);
      await commitOne(store, { golden: sampleGolden("g", { version: 2 }), due: [sampleDue("db")] });
      expect(await dueIds(store, "db", 10, t0)).toEqual(["g"]);
      expect(await dueIds(store, "crm", 10, t0)).toEqual([]);
    });

    test("the next time anything can be claimed: inbox items and the due links of the systems asked for, leases counted", async () => {
      const store = await fresh();
      expect(await store.nextDueAt(["db", "crm"])).toBeNull();
      await commitOne(store, { golden: sampleGolden("g"), due: [sampleDue("db", { dueAt: t0 + 100 })] });
      expect(await store.nextDueAt([])).toBeNull();
      expect(await store.nextDueAt(["crm"])).toBeNull();
      expect(await store.nextDueAt(["crm", "db"])).toBe(t0 + 100);
      await store.receive([sampleItem("a", "1", { dueAt: t0 + 20 }), sampleItem("b", "1", { dueAt: t0 + 30 })], []);
      expect(await store.nextDueAt(["db"])).toBe(t0 + 20);
      await store.claim(1, t0 + 20, minute);
      expect(await store.nextDueAt([])).toBe(t0 + 20 + minute);
      expect(await store.nextDueAt(["db"])).toBe(t0 + 100);
      await store.claimDue("db", 1, t0 + 100, minute);
      expect(await store.nextDueAt(["db"])).toBe(t0 + 20 + minute);
    });

    test("after a process is gone what is due later is due soon, and one that held the store alone has claimed nothing any more", async () => {
      const store = await fresh();
      await commitOne(store, { golden: sampleGolden("g"), due: [sampleDue("db", { dueAt: t0 + minute })] });
      await store.receive([sampleItem("a", "1")], []);
      await store.claim(10, t0, minute);
      await store.recover(t0 + 5);
      expect(await claimIds(store, 10, t0)).toEqual(store.exclusive ? ["a"] : []);
      expect(await dueIds(store, "db", 10, t0 + 4)).toEqual([]);
      expect(await dueIds(store, "db", 10, t0 + 5)).toEqual(["g"]);
      await store.recover(t0 + 9);
      if (store.exclusive) expect(await dueIds(store, "db", 10, t0 + 5)).toEqual(["g"]);
    });

    test("what was made due sooner is over once a commit says that nothing is due any more", async () => {
      const store = await fresh();
      await commitOne(store, { golden: sampleGolden("g"), due: [sampleDue("db", { dueAt: t0 + minute })] });
      await store.recover(t0 + 5);
      await commitOne(store, { golden: sampleGolden("g", { version: 2 }) });
      expect(await store.nextDueAt(["db"])).toBeNull();
    });
  });
}

function loadContract(fresh: Fresh): void {
  describe("load", () => {
    test("finds golden records by record, alias, key, pin, a hold's matches and id; what is unknown is left out", async () => {
      const store = await fresh();
      const goldens = {
        byRecord: sampleGolden("r", { links: [sampleLink("1", { aliases: ["1-old"] })] }),
        byKey: sampleGolden("k"),
        pinned: sampleGolden("p"),
        match: sampleGolden("m"),
        byId: sampleGolden("i"),
      };
      const duplicate = sampleHold("h", { kind: "duplicate", ref: sampleRef("9"), matches: ["m", "gone"] });
      await store.commit([
        sampleUnit({ golden: goldens.byRecord }),
        sampleUnit({ golden: goldens.byKey, keys: ["mail"] }),
        sampleUnit({ golden: goldens.pinned }),
        sampleUnit({ golden: goldens.match }),
        sampleUnit({ golden: goldens.byId }),
        sampleUnit({ golden: sampleGolden("other"), keys: ["other"] }),
        sampleUnit({
          holds: [duplicate],
          pins: [
            { ref: sampleRef("7"), goldenId: "p" },
            { ref: sampleRef("8"), goldenId: "new" },
          ],
        }),
      ]);
      const records = ["1", "1-old", "7", "8", "9", "none"].map((id) => sampleRef(id));
      const loaded = await store.load({ records, keys: ["mail", "nobody"], ids: ["i", "nobody"] });
      expect([...loaded.goldens.values()].map((golden) => golden.id).sort()).toEqual(["i", "k", "m", "p", "r"]);
      expect(loaded.goldens.get("r")).toEqual(goldens.byRecord);
      expect(Object.fromEntries(loaded.byRecord)).toEqual({ "crm/contacts/1": "r", "crm/contacts/1-old": "r" });
      expect(Object.fromEntries(loaded.byKey)).toEqual({ mail: "k" });
      expect(Object.fromEntries(loaded.pins)).toEqual({ "crm/contacts/7": "p", "crm/contacts/8": "new" });
      expect(Object.fromEntries(loaded.holds)).toEqual({ "crm/contacts/9": duplicate });
    });

    test("an empty question has an empty answer", async () => {
      const store = await fresh();
      const loaded = await store.load({ records: [], keys: [], ids: [] });
      expect(Object.values(loaded).map((part) => part.size)).toEqual([0, 0, 0, 0, 0, 0]);
    });

    test("a hold on a record is gone from load once it is closed, unless the record was left as it is; one on a golden record never was there", async () => {
      const store = await fresh();
      const hold = sampleHold("h", { kind: "incomplete", ref: sampleRef("1") });
      const onGolden = sampleHold("g-h", { kind: "delete", goldenId: "g", ref: sampleRef("2") });
      await commitOne(store, { holds: [hold, onGolden] });
      const held = async () =>
        idsOf([...(await store.load({ records: [sampleRef("1"), sampleRef("2")], keys: [], ids: [] })).holds.values()]);
      expect(await held()).toEqual(["h"]);
      const closed = { at: t0, by: "ann", choice: "leave" };
      await commitOne(store, { holds: [{ ...hold, status: "closed", revision: 2, closed }] });
      expect(await held()).toEqual(["h"]);
      const ended = { ...closed, choice: "leave, until the record was deleted" };
      await commitOne(store, { holds: [{ ...hold, status: "closed", revision: 3, closed: ended }] });
      expect(await held()).toEqual([]);
    });

    test("a pin can change", async () => {
      const store = await fresh();
      await commitOne(store, { pins: [{ ref: sampleRef("1"), goldenId: "new" }] });
      await commitOne(store, { pins: [{ ref: sampleRef("1"), goldenId: "g" }] });
      const loaded = await store.load({ records: [sampleRef("1")], keys: [], ids: [] });
      expect(Object.fromEntries(loaded.pins)).toEqual({ "crm/contacts/1": "g" });
    });
  });
}

function listContract(fresh: Fresh): void {
  describe("lists", () => {
    test("holds come in order of opening, by kind, entity and status, page by page", async () => {
      const store = await fresh();
      const holds = [
        sampleHold("z"),
        sampleHold("y", { kind: "clear" }),
        sampleHold("x", { entity: "company" }),
        sampleHold("w"),
      ];
      await commitOne(store, { holds });
      const closed = sampleHold("y", { kind: "clear", status: "closed", revision: 2 });
      await commitOne(store, { holds: [closed] });
      const list = async (filter: Omit<Parameters<Store["holds"]>[0], "limit">, limit = 10) =>
        idsOf(await store.holds({ ...filter, limit }));
      expect(await list({})).toEqual(["z", "y", "x", "w"]);
      expect(await list({ status: "open" })).toEqual(["z", "x", "w"]);
      expect(await list({ status: "closed" })).toEqual(["y"]);
      expect(await list({ kind: "conflict" })).toEqual(["z", "x", "w"]);
      expect(await list({ entity: "company", status: "open" })).toEqual(["x"]);
      expect(await list({}, 2)).toEqual(["z", "y"]);
      expect(await list({ after: "y" }, 2)).toEqual(["x", "w"]);
      expect(await list({ after: "w" })).toEqual([]);
      expect(await store.hold("y")).toEqual(closed);
      expect(await store.hold("nobody")).toBeNull();
    });

    test("holds are found by their fields and ids, and open ones are counted by kind, entity and fields", async () => {
      const store = await fresh();
      await commitOne(store, {
        holds: [
          sampleHold("a", { fields: ["phone"] }),
          sampleHold("b", { fields: ["street", "city"] }),
          sampleHold("c", { fields: ["phone"] }),
          sampleHold("d", { kind: "delete", fields: [] }),
          sampleHold("e", { fields: ["phone"], status: "closed" }),
        ],
      });
      expect(idsOf(await store.holds({ fields: ["phone"], status: "open", limit: 9 }))).toEqual(["a", "c"]);
      expect(idsOf(await store.holds({ fields: ["street", "city"], limit: 9 }))).toEqual(["b"]);
      expect(idsOf(await store.holds({ fields: [], limit: 9 }))).toEqual(["d"]);
      expect(idsOf(await store.holds({ ids: ["d", "a", "nobody"], limit: 9 }))).toEqual(["a", "d"]);
      expect(await store.holdGroups()).toEqual([
        { kind: "conflict", entity: "contact", fields: ["phone"], count: 2 },
        { kind: "conflict", entity: "contact", fields: ["street", "city"], count: 1 },
        { kind: "delete", entity: "contact", fields: [], count: 1 },
      ]);
    });

    test("a line of the journal comes back whole: what a record said, and both sides of a conflict", async () => {
      const store = await fresh();
      const side = { changedAt: { from: t0, until: t0 + 1 }, source: { kind: "rule" as const, rule: "max" } };
      const line = sampleLine("g", { said: { phone: "1" }, sides: { golden: side, other: side } });
      await store.commit([sampleUnit({ golden: sampleGolden("g"), journal: [line] })]);
      expect(await store.journal({ limit: 9 })).toMatchObject([line]);
    });

    test("the journal is read back from its end, page by page", async () => {
      const store = await fresh();
      const journal = ["g1", "g2", "g1", "g1"].map((id, i) => sampleLine(id, { at: t0 + i }));
      await commitOne(store, { journal });
      const list = async (filter: Omit<Parameters<Store["journal"]>[0], "limit">, limit = 10) =>
        (await store.journal({ ...filter, limit, newestFirst: true })).map((line) => line.at - t0);
      const lines = await store.journal({ limit: 10 });
      expect(await list({})).toEqual([3, 2, 1, 0]);
      expect(await list({ goldenId: "g1" }, 2)).toEqual([3, 2]);
      expect(await list({ goldenId: "g1", before: lines[2]?.sequence ?? 0 })).toEqual([0]);
      expect(await list({ before: lines[3]?.sequence ?? 0, after: lines[0]?.sequence ?? 0 })).toEqual([2, 1]);
    });

    test("search finds what begins with a text", async () => {
      const store = await fresh();
      const golden = (id: string, name: string) => sampleGolden(id, { fields: sampleFields({ name }) });
      for (const [id, name] of [
        ["g1", "Rosa Klein"],
        ["g2", "rosalie"],
        ["g3", "Ana Rosa"],
      ] as const)
        await commitOne(store, { golden: golden(id, name) });
      const found = async (text: string, limit = 9) => idsOf(await store.search(text, limit, "start"));
      expect(await found("ROSA")).toEqual(["g1", "g2"]);
      expect(await found("rosa k")).toEqual(["g1"]);
      expect(await found("rosa", 1)).toHaveLength(1);
      expect(await found("%")).toEqual([]);
      await commitOne(store, { golden: { ...golden("g1", "Ute"), version: 2 } });
      expect(await found("rosa")).toEqual(["g2"]);
    });

    test("the journal is append-only, and is read by golden record, field, kind, record, time and place", async () => {
      const store = await fresh();
      await commitOne(store, { journal: [sampleLine("g1"), sampleLine("g2", { at: t0 + 1, field: "name" })] });
      await commitOne(store, {
        journal: [
          sampleLine("g1", { at: t0 + 2, kind: "created", field: null, ref: null }),
          sampleLine("g1", { at: t0 + 3, kind: "kept", ref: sampleRef("5"), other: { amount: "1", currency: "EUR" } }),
        ],
      });
      const list = async (filter: Omit<Parameters<Store["journal"]>[0], "limit">, limit = 10) =>
        (await store.journal({ ...filter, limit })).map((line) => line.at - t0);
      expect(await list({})).toEqual([0, 1, 2, 3]);
      expect(await list({ goldenId: "g1" })).toEqual([0, 2, 3]);
      expect(await list({ goldenId: "g1", kind: "kept" })).toEqual([3]);
      expect(await list({ field: "name" })).toEqual([1]);
      expect(await list({ ref: sampleRef("5") })).toEqual([3]);
      expect(await list({ since: t0 + 1, until: t0 + 3 })).toEqual([1, 2]);
      expect(await list({}, 2)).toEqual([0, 1]);
      const lines = await store.journal({ limit: 10 });
      expect(lines[3]).toEqual({
        ...sampleLine("g1", {
          at: t0 + 3,
          kind: "kept",
          ref: sampleRef("5"),
          other: { amount: "1", currency: "EUR" },
        }),
        sequence: lines[3]?.sequence,
      });
      expect(await list({ after: lines[1]?.sequence ?? 0 })).toEqual([2, 3]);
      const sequences = lines.map((line) => line.sequence);
      expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    });

    test("a line of the journal can be replaced by what erasure leaves of it, in its place", async () => {
      const store = await fresh();
      await commitOne(store, { golden: sampleGolden("g"), journal: [sampleLine("g"), sampleLine("g", { to: "3" })] });
      const [first, second] = await store.journal({ limit: 9 });
      const left = { ...first!, from: null, to: null, why: "erased", erased: "digest" };
      await store.replaceLines([left]);
      await store.replaceLines([]);
      expect(await store.journal({ limit: 9 })).toEqual([left, second]);
      expect(await store.journal({ goldenId: "g", limit: 9 })).toEqual([left, second]);
    });

    test("dead letters wait whole, in order", async () => {
      const store = await fresh();
      await commitOne(store, { deadLetters: [letter("b"), letter("a")] });
      await commitOne(store, { deadLetters: [{ ...letter("b"), tries: 4 }] });
      expect(await store.deadLetters({ limit: 10 })).toEqual([{ ...letter("b"), tries: 4 }, letter("a")]);
      expect(idsOf(await store.deadLetters({ limit: 1 }))).toEqual(["b"]);
      expect((await store.counts(t0)).deadLetters).toBe(2);
      expect(await store.deadLetter("a")).toEqual(letter("a"));
      expect(await store.deadLetter("c")).toBeNull();
    });

    test("dead letters are listed by kind and system, page by page, and end once", async () => {
      const store = await fresh();
      const write = letter("c", { kind: "write", ref: sampleRef("1", "desk") });
      await commitOne(store, { deadLetters: [letter("b"), letter("a"), write] });
      expect(idsOf(await store.deadLetters({ kind: "observation", after: "b", limit: 9 }))).toEqual(["a"]);
      expect(idsOf(await store.deadLetters({ system: "desk", limit: 9 }))).toEqual(["c"]);
      const ended = (by: string) => ({ how: "discarded" as const, at: t0, by, reason: "no use" });
      await commitOne(store, {
        closedLetters: [
          { id: "a", closed: ended("ann") },
          { id: "z", closed: ended("ann") },
        ],
      });
      await commitOne(store, { closedLetters: [{ id: "a", closed: ended("bob") }] });
      expect(await store.deadLetters({ status: "closed", limit: 9 })).toEqual([letter("a", { closed: ended("ann") })]);
      expect(idsOf(await store.deadLetters({ status: "open", limit: 9 }))).toEqual(["b", "c"]);
      expect((await store.counts(t0)).deadLetters).toBe(2);
      // It failed once more.
      await commitOne(store, { deadLetters: [letter("a", { tries: 4 })] });
      expect(idsOf(await store.deadLetters({ status: "open", limit: 9 }))).toEqual(["b", "a", "c"]);
    });

    test("golden records come in id order, of one type or all, page by page", async () => {
      const store = await fresh();
      const units = ["c", "a", "d", "b"].map((id) =>
        sampleUnit({ golden: sampleGolden(id, { entity: id === "a" ? "company" : "contact" }) }),
      );
      await store.commit(units);
      const list = async (entity: string | null, after: string | null, limit: number) =>
        idsOf(await store.goldens(entity, after, limit));
      expect(await list(null, null, 10)).toEqual(["a", "b", "c", "d"]);
      expect(await list("contact", null, 2)).toEqual(["b", "c"]);
      expect(await list("contact", "c", 2)).toEqual(["d"]);
      expect(await list("deal", null, 2)).toEqual([]);
    });

    test("search finds a whole text in any field or set, an id, or a record's id, case ignored", async () => {
      const store = await fresh();
      const fields = sampleFields({ name: "Ada Lovelace", tags: ["VIP", "math"], note: "Ada" });
      await commitOne(store, { golden: sampleGolden("g1", { fields, links: [sampleLink("Rec7")] }) });
      await commitOne(store, { golden: sampleGolden("g2", { fields: sampleFields({ name: "ADA", pay: null }) }) });
      const find = async (text: string) => idsOf(await store.search(text, 10));
      expect(await find("ada lovelace")).toEqual(["g1"]);
      expect(await find(" ada ")).toEqual(["g1", "g2"]);
      expect(await find("lovelace")).toEqual([]);
      expect(await find("vip")).toEqual(["g1"]);
      expect(await find("Rec7")).toEqual(["g1"]);
      expect(await find("g2")).toEqual(["g2"]);
      expect(await find("")).toEqual([]);
      expect(await find("%")).toEqual([]);
      expect(idsOf(await store.search("ada", 1))).toEqual(["g1"]);
      const renamed = sampleFields({ name: "Countess" });
      await commitOne(store, { golden: sampleGolden("g2", { version: 2, fields: renamed }) });
      expect(await find("ada")).toEqual(["g1"]);
      expect(await find("COUNTESS")).toEqual(["g2"]);
    });

    test("linked ids of an object come in id order, without aliases, wanted and deleted links", async () => {
      const store = await fresh();
      const links = [
        sampleLink("2", { aliases: ["2-old"] }),
        sampleLink(null, { object: "leads" }),
        sampleLink("9", { status: "deleted" }),
      ];
      await store.commit([
        sampleUnit({ golden: sampleGolden("g1", { links }) }),
        sampleUnit({ golden: sampleGolden("g2", { links: [sampleLink("3"), sampleLink("1")] }) }),
        sampleUnit({ golden: sampleGolden("g3", { links: [sampleLink("1", { system: "db" })] }) }),
      ]);
      const all = [
        { id: "1", goldenId: "g2" },
        { id: "2", goldenId: "g1" },
        { id: "3", goldenId: "g2" },
      ];
      expect(await store.linkedIds("crm", "contacts", null, 10)).toEqual(all);
      expect(await store.linkedIds("crm", "contacts", "1", 1)).toEqual([all[1]]);
      const gone = links.map((link) => (link.id === "2" ? { ...link, status: "deleted" as const } : link));
      await commitOne(store, { golden: sampleGolden("g1", { version: 2, links: gone }) });
      expect(await store.linkedIds("crm", "contacts", null, 10)).toEqual([all[0], all[2]]);
    });

    test("what is behind is told by system, the longest first", async () => {
      const store = await fresh();
      const late = (id: string, record: string, behindSince: number | null, system = "crm") =>
        commitOne(store, { golden: sampleGolden(id, { links: [sampleLink(record, { system, behindSince })] }) });
      await late("a", "1", t0 + 5);
      await late("b", "2", t0);
      await late("c", "3", null);
      await late("d", "4", t0 - 5, "desk");
      expect(idsOf(await store.behind("crm", 9))).toEqual(["b", "a"]);
      expect(idsOf(await store.behind("crm", 1))).toEqual(["b"]);
      expect(await store.behind("db", 9)).toEqual([]);
      expect(idsOf(await store.behind("crm", 9, "contact"))).toEqual(["b", "a"]);
      expect(await store.behind("crm", 9, "company")).toEqual([]);
    });

    test("what is let go of goes, the oldest first and so many at a time; what is open or newer stays", async () => {
      const store = await fresh();
      const journal = ["a", "b", "c"].map((phone) => sampleLine("g", { to: phone }));
      await store.commit([sampleUnit({ golden: sampleGolden("g"), journal })]);
      const lines = await store.journal({ limit: 9 });
      const closed = { how: "discarded", at: t0, by: "ann", reason: "" } as const;
      const letters = [letter("old", { closed }), letter("open"), letter("new", { closed: { ...closed, at: t0 + 9 } })];
      await store.commit([sampleUnit({ deadLetters: letters })]);
      const what = { linesTo: lines[1]!.sequence, attemptsBefore: t0 + 5, lettersBefore: t0 + 5 };
      expect(await store.forget(what, 1)).toBe(2);
      expect(await store.journal({ limit: 9 })).toEqual(lines.slice(1));
      expect(await store.forget(what, 9)).toBe(1);
      expect(await store.forget(what, 9)).toBe(0);
      expect(await store.journal({ limit: 9 })).toEqual(lines.slice(2));
      expect(await store.journal({ goldenId: "g", limit: 9 })).toEqual(lines.slice(2));
      expect((await store.deadLetters({ limit: 9 })).map(({ id }) => id)).toEqual(["open", "new"]);
      await commitOne(store, { golden: sampleGolden("g", { version: 2 }), journal: [sampleLine("g", { to: "d" })] });
      expect((await store.journal({ goldenId: "g", limit: 9 })).map(({ to }) => to)).toEqual(["c", "d"]);
    });

    test("the observation that has waited longest is told by object, among those that came first", async () => {
      const store = await fresh();
      const lead = { kind: "hint", ref: sampleRef("3", "crm", "leads"), revision: null, observedAt: t0 } as const;
      const items = [
        sampleItem("1", "1", { receivedAt: t0 }),
        sampleItem("2", "2", { receivedAt: t0 + 1 }),
        sampleItem("3", "3", { receivedAt: t0 + 2, observation: lead }),
      ];
      for (const item of items) await store.receive([item], []);
      const contacts = { system: "crm", object: "contacts", since: t0 };
      expect(await store.waiting(9)).toEqual([contacts, { system: "crm", object: "leads", since: t0 + 2 }]);
      expect(await store.waiting(2)).toEqual([contacts]);
    });

    test("counts tell what there is, waits and is behind", async () => {
      const store = await fresh();
      expect(await store.counts(t0)).toEqual({
        goldens: {},
        inbox: 0,
        inboxOldestAt: null,
        outcomes: { applied: 0, "no-op": 0, superseded: 0, held: 0, dead: 0 },
        holds: {},
        deadLetters: 0,
        behind: {},
        links: {},
      });
      const look = sampleItem(`${lookPrefix}1`, "9", { receivedAt: t0 - 5, dueAt: t0 + 9 });
      await store.receive(
        [look, sampleItem("a", "1", { receivedAt: t0 - 3, dueAt: t0 + 9 }), sampleItem("b", "2")],
        [],
      );
      const behind = [
        sampleLink("1", { behindSince: t0 - 7 }),
        sampleLink("2", { object: "leads", behindSince: t0 - 8, dead: "refused" }),
        sampleLink(null, { system: "db", behindSince: t0 }),
      ];
      await store.commit([
        sampleUnit({ golden: sampleGolden("g1", { links: behind }), due: [sampleDue("db")] }),
        sampleUnit({
          golden: sampleGolden("g2", { entity: "company", links: [sampleLink("3"), sampleLink("4")] }),
          holds: [sampleHold("h1"), sampleHold("h2", { kind: "delete" }), sampleHold("h3", { status: "closed" })],
        }),
      ]);
      const counts = await store.counts(t0);
      expect(counts).toMatchObject({ goldens: { contact: 1, company: 1 }, inbox: 2, inboxOldestAt: t0 - 3 });
      expect(counts.holds).toEqual({ conflict: 1, delete: 1 });
      expect(counts.links).toEqual({ crm: 4 });
      expect(counts.behind).toEqual({ crm: { count: 2, oldestAt: t0 - 8 }, db: { count: 1, oldestAt: t0 } });
      const caughtUp = [sampleLink("1"), sampleLink("3", { system: "db" })];
      await commitOne(store, { golden: sampleGolden("g1", { version: 2, links: caughtUp }) });
      const after = await store.counts(t0);
      expect([after.links, after.behind]).toEqual([{ crm: 3, db: 1 }, {}]);
      await commitOne(store, { done: [{ inboxId: look.id, outcome: "no-op" }] });
      expect((await store.counts(t0)).inbox).toBe(2);
    });
  });
}

function documentContract(fresh: Fresh): void {
  describe("documents", () => {
    const put = { kind: "user", value: { role: "viewer" }, expiresAt: null };

    test("are put, changed and taken away by kind and key, and come in order of their keys", async () => {
      const store = await fresh();
      expect(await store.document("user", "ann", t0)).toBeNull();
      await store.putDocuments(
        [
          { ...put, key: "bob" },
          { ...put, key: "ann" },
          { ...put, kind: "token", key: "t" },
        ],
        t0,
      );
      await store.putDocuments([{ ...put, key: "ann", value: ["anything"] }], t0);
      const ann = { kind: "user", key: "ann", value: ["anything"], revision: 2, expiresAt: null };
      expect(await store.document("user", "ann", t0)).toEqual(ann);
      const keys = async (filter: Omit<Parameters<Store["documents"]>[0], "kind" | "limit">, limit = 9) =>
        (await store.documents({ kind: "user", ...filter, limit }, t0)).map((one) => one.key);
      expect(await keys({})).toEqual(["ann", "bob"]);
      expect(await keys({}, 1)).toEqual(["ann"]);
      expect(await keys({ after: "ann" })).toEqual(["bob"]);
      expect(await keys({ newestFirst: true })).toEqual(["bob", "ann"]);
      expect(await keys({ newestFirst: true, after: "bob" })).toEqual(["ann"]);
      await store.putDocuments([{ ...put, key: "ann", value: null }], t0);
      expect(await keys({})).toEqual(["bob"]);
    });

    test("change together or not at all, as expected or not at all", async () => {
      const store = await fresh();
      expect(await store.putDocuments([{ ...put, key: "a", expected: 0 }], t0)).toBe(true);
      expect(await store.putDocuments([{ ...put, key: "a", expected: 0 }], t0)).toBe(false);
      const both = (expected: number) => [
        { ...put, key: "b" },
        { ...put, key: "a", value: "new", expected },
      ];
      expect(await store.putDocuments(both(2), t0)).toBe(false);
      expect(await store.document("user", "b", t0)).toBeNull();
      expect(await store.putDocuments(both(1), t0)).toBe(true);
      expect(await store.document("user", "a", t0)).toMatchObject({ value: "new", revision: 2 });
    });

    test("are gone when their time is over, and may then be made anew", async () => {
      const store = await fresh();
      await store.putDocuments([{ ...put, key: "a", expiresAt: t0 + 10 }], t0);
      expect(await store.document("user", "a", t0 + 9)).toMatchObject({ expiresAt: t0 + 10 });
      expect(await store.document("user", "a", t0 + 10)).toBeNull();
      expect(await store.documents({ kind: "user", limit: 9 }, t0 + 10)).toEqual([]);
      expect(await store.putDocuments([{ ...put, key: "a", expected: 0 }], t0 + 10)).toBe(true);
      expect(await store.document("user", "a", t0 + 10)).toMatchObject({ revision: 1, expiresAt: null });
    });
  });
}

/** Texts that databases choke on: NUL, halves of surrogate pairs, escapes of escapes, quotes, names that objects have. */
const hostileTexts = [
  "nul\u0000inside",
  "\u0000",
  "half \ud83d",
  "\udc00 half",
  "😀 é e\u0301 İ ı",
  "\u0010",
  "\u00100000",
  "back\\slash \\u0000",
  "'; drop table golden; --",
  '"{},\\',
  "{a,b}",
  "null",
  "__proto__",
  "constructor",
  "line\nbreak\ttab\u001b[31m",
];

function textContract(fresh: Fresh): void {
  describe("hostile text", () => {
    test("comes back as it was, as value, cell name and id", async () => {
      const store = await fresh();
      const cells = Object.fromEntries(hostileTexts.map((text) => [text, { [text]: [text, null] }]));
      const items = hostileTexts.map((text, i) =>
        sampleItem(`id ${text}`, text, {
          dedupeKey: `key ${text}`,
          observation: {
            kind: "upsert",
            ref: sampleRef(text),
            revision: text,
            observedAt: t0 + i,
            cells,
            complete: true,
            changedAt: null,
            author: text,
          },
        }),
      );
      await store.receive(
        items,
        hostileTexts.map((text) => ({ name: text, value: text, at: t0 })),
      );
      expect(await store.claim(100, t0, minute)).toEqual(items);
      for (const text of hostileTexts) expect(await store.cursor(text)).toBe(text);
      const postponed = items.map((item) => ({ inboxId: item.id, dueAt: t0 + minute }));
      await commitOne(store, { postponed });
      await commitOne(store, { wake: [sampleRef("\u0000")] });
      expect(await claimIds(store, 100, t0)).toEqual(["id \u0000"]);
      expect(await store.receive([sampleItem("again", "1", { dedupeKey: "key \u0000" })], [])).toEqual({
        stored: 0,
        repeated: 1,
      });
    });

    test("keeps golden records, keys, holds, pins, journal lines and dead letters apart", async () => {
      const store = await fresh();
      const goldens = hostileTexts.map((text) =>
        sampleGolden(text, {
          entity: text,
          fields: sampleFields({ [text]: text, set: [text] }),
          links: [sampleLink(text, { system: text, object: text, shadow: { [text]: text }, behindSince: t0 })],
        }),
      );
      const units = goldens.map((golden) =>
        sampleUnit({
          golden,
          keys: [golden.id],
          due: [sampleDue(golden.id)],
          journal: [sampleLine(golden.id, { field: golden.id, why: golden.id, ref: sampleRef(golden.id) })],
          holds: [sampleHold(golden.id, { ref: sampleRef(golden.id), entity: golden.id, reason: golden.id })],
          pins: [{ ref: sampleRef(golden.id), goldenId: golden.id }],
          deadLetters: [{ ...letter(golden.id), payload: { [golden.id]: golden.id }, reason: golden.id }],
        }),
      );
      expect(new Set((await store.commit(units)).map((result) => result.kind))).toEqual(new Set(["committed"]));
      const records = hostileTexts.map((text) => sampleRef(text, text, text));
      const loaded = await store.load({ records, keys: hostileTexts, ids: hostileTexts });
      expect([...loaded.goldens.values()]).toHaveLength(goldens.length);
      for (const golden of goldens) {
        expect(loaded.goldens.get(golden.id)).toEqual(golden);
        expect(loaded.byKey.get(golden.id)).toBe(golden.id);
        expect(loaded.byRecord.get(`${golden.id}/${golden.id}/${golden.id}`)).toBe(golden.id);
        expect(await store.claimDue(golden.id, 10, t0, minute)).toEqual([golden]);
        expect((await store.journal({ goldenId: golden.id, field: golden.id, limit: 9 }))[0]).toMatchObject({
          ref: sampleRef(golden.id),
          why: golden.id,
        });
        expect(idsOf(await store.holds({ entity: golden.id, limit: 9 }))).toEqual([golden.id]);
        expect(await store.goldens(golden.id, null, 9)).toEqual([golden]);
        expect(await store.linkedIds(golden.id, golden.id, null, 9)).toEqual([{ id: golden.id, goldenId: golden.id }]);
      }
      const held = await store.load({ records: hostileTexts.map((text) => sampleRef(text)), keys: [], ids: [] });
      expect([held.holds.size, held.pins.size]).toEqual([goldens.length, goldens.length]);
      expect(await store.deadLetters({ limit: 99 })).toHaveLength(goldens.length);
      const counts = await store.counts(t0);
      for (const part of [counts.goldens, counts.behind, counts.links]) {
        expect(Object.keys(part).sort()).toEqual([...hostileTexts].sort());
      }
    });

    test("is searched for without harm", async () => {
      const store = await fresh();
      for (const text of hostileTexts) expect(await store.search(text, 9)).toEqual([]);
    });
  });
}

function reopenContract(
  place: () => Promise<StorePlace>,
  opened: (at: StorePlace) => Promise<Store>,
  open: Store[],
): void {
  test("what was stored is there after closing and opening again", async ({ skip }) => {
    const at = await place();
    if (!at.reopens) return skip("nothing is kept");
    const store = await opened(at);
    const golden = sampleGolden("g", { links: [sampleLink("1", { behindSince: t0 })] });
    const item = sampleItem("a", "1", { dedupeKey: "k" });
    await store.receive([item, sampleItem("b", "2", { dedupeKey: "done" })], [{ name: "feed", value: "5", at: t0 }]);
    await commitOne(store, {
      golden,
      keys: ["mail"],
      due: [sampleDue("crm")],
      journal: [sampleLine("g")],
      holds: [sampleHold("h")],
      done: [{ inboxId: "b", outcome: "applied" }],
      deadLetters: [letter("d")],
    });
    const before = await store.counts(t0);
    open.splice(open.indexOf(store), 1);
    await store.putDocuments([{ kind: "user", key: "ann", value: { role: "admin" }, expiresAt: null }], t0);
    await store.close();
    const again = await opened(at);
    expect(await again.counts(t0)).toEqual(before);
    expect(await again.cursor("feed")).toBe("5");
    expect(await again.receive([sampleItem("c", "2", { dedupeKey: "done" })], [])).toEqual({ stored: 0, repeated: 1 });
    expect(await again.claim(10, t0, minute)).toEqual([item]);
    expect((await again.load({ records: [], keys: ["mail"], ids: [] })).goldens.get("g")).toEqual(golden);
    expect(await again.claimDue("crm", 10, t0, minute)).toEqual([golden]);
    expect(await again.holds({ limit: 10 })).toEqual([sampleHold("h")]);
    expect((await again.journal({ limit: 10 })).map((line) => line.goldenId)).toEqual(["g"]);
    expect(await again.deadLetters({ limit: 10 })).toEqual([letter("d")]);
    expect(await again.document("user", "ann", t0)).toMatchObject({ value: { role: "admin" } });
  });
}

function blocksContract(fresh: Fresh): void {
  describe("blocking keys", () => {
    const filed = (id: string, keys: readonly number[] | null, version = 1) =>
      sampleUnit({ golden: sampleGolden(id, { version }), filing: keys && { keys, says: `${id}.${version}` } });
    const made = (id: string, keys: readonly number[], mark: number) =>
      sampleUnit({ golden: sampleGolden(id), filing: { keys, says: id }, guard: { keys, mark } });
    const look = (store: Store, keys: readonly number[]) => store.nominate([{ keys, among: 1_000 }]);
    const found = async (store: Store, keys: readonly number[]) => {
      const { nominees, says, sizes } = await look(store, keys);
      const ids = nominees[0]?.map(({ id }) => id);
      expect([...says.keys()].sort()).toEqual([...(ids ?? [])].sort());
      return { ids, sizes: Object.fromEntries(sizes) };
    };
    const large = 2 ** 47 - 1;

    test("golden records are found by the keys they are filed under, until they are filed elsewhere", async () => {
      const store = await fresh();
      expect(await found(store, [1, 2])).toEqual({ ids: [], sizes: {} });
      await store.commit([filed("g1", [1, large]), filed("g2", [1, 3])]);
      expect(await found(store, [1, 2, large])).toEqual({ ids: ["g1", "g2"], sizes: { 1: 2, [large]: 1 } });
      await store.commit([filed("g1", null, 2), filed("g2", [4, 3], 2)]);
      expect(await found(store, [1])).toEqual({ ids: ["g1"], sizes: { 1: 1 } });
      expect(await found(store, [3, 4])).toEqual({ ids: ["g2"], sizes: { 3: 1, 4: 1 } });
      await store.commit([filed("g1", [], 3)]);
      expect(await found(store, [1, large])).toEqual({ ids: [], sizes: {} });
    });

    test("each record is told whom its own keys single out, the rarer keys first", async () => {
      const store = await fresh();
      await store.commit([filed("g1", [1, 2]), filed("g2", [1, 3]), filed("g3", [1, 2, 3]), filed("g4", [5])]);
      const { nominees } = await store.nominate([
        { keys: [1, 2], among: 1_000 },
        { keys: [], among: 1_000 },
        { keys: [3, 5, 9], among: 1_000 },
      ]);
      expect(nominees.map((some) => some.map(({ id }) => id))).toEqual([["g1", "g3", "g2"], [], ["g4", "g2", "g3"]]);
      expect(nominees[0]?.map(({ weight }) => weight)).toEqual([
        expect.closeTo(Math.log(1_000 / 3) + Math.log(1_000 / 2), 9),
        expect.closeTo(Math.log(1_000 / 3) + Math.log(1_000 / 2), 9),
        expect.closeTo(Math.log(1_000 / 3), 9),
      ]);
    });

    test("what a golden record's records say is told as it was filed last, and no more once it is filed nowhere", async () => {
      const store = await fresh();
      const says = async () => [...(await look(store, [1])).says];
      const filedAs = (text: string, keys: readonly number[], version: number) =>
        sampleUnit({ golden: sampleGolden("g1", { version }), filing: { keys, says: text } });
      await store.commit([filedAs("a\nb\u0000c\ud800", [1], 1)]);
      expect(await says()).toEqual([["g1", "a\nb\u0000c\ud800"]]);
      await store.commit([filedAs("d", [1], 2)]);
      await store.commit([filed("g1", null, 3)]);
      expect(await says()).toEqual([["g1", "d"]]);
      await store.commit([filedAs("", [], 4)]);
      expect(await says()).toEqual([]);
      await store.commit([filedAs("e", [1], 5)]);
      expect(await says()).toEqual([["g1", "e"]]);
    });

    test("of those who share as much, so many are told as are compared; a key that too many share tells of none", async () => {
      const store = await fresh();
      const name = (i: number) => `g${String(i).padStart(2, "0")}`;
      await store.commit(
        Array.from({ length: blockSizeMax + 1 }, (_, i) =>
          filed(name(i), i < 4 ? [7, 8] : i < blockSizeMax ? [7] : [9]),
        ),
      );
      expect(await found(store, [7])).toEqual({ ids: [], sizes: { 7: blockSizeMax } });
      expect(await found(store, [7, 8])).toEqual({
        ids: [0, 1, 2, 3].map(name),
        sizes: { 7: blockSizeMax, 8: 4 },
      });
      await store.commit([filed("more", [7])]);
      expect((await found(store, [7, 9])).ids).toEqual([name(blockSizeMax)]);
      expect((await look(store, [7])).sizes.get(7)).toBeGreaterThan(blockSizeMax);
    });

    test("who is made in the belief that nobody like it is known is stale when somebody was filed meanwhile", async () => {
      const store = await fresh();
      await store.commit([filed("g1", [1])]);
      const { mark } = await look(store, [1, 2, 3]);
      const results = await store.commit([made("g2", [1, 2], mark), made("g3", [2, 3], mark)]);
      expect(results.map((result) => result.kind)).toEqual(["committed", "committed"]);
      const late = await store.commit([made("g4", [3], mark), made("g5", [4], mark)]);
      expect(late.map((result) => result.kind)).toEqual(["stale", "committed"]);
      expect(await loadById(store, "g4")).toBeNull();
      const again = await look(store, [3]);
      expect(await store.commit([made("g4", [3], again.mark)])).toEqual([{ kind: "committed" }]);
    });

    test("being filed under a new key counts, being left where one is does not", async () => {
      const store = await fresh();
      await store.commit([filed("g1", [1])]);
      const { mark } = await look(store, [1, 2]);
      await store.commit([filed("g1", [1], 2)]);
      expect(await store.commit([made("g2", [1], mark)])).toEqual([{ kind: "committed" }]);
      await store.commit([filed("g1", [1, 2], 3)]);
      expect(await store.commit([made("g3", [2], mark)])).toEqual([{ kind: "stale" }]);
    });
  });
}

function workersContract(place: () => Promise<StorePlace>, opened: (at: StorePlace) => Promise<Store>): void {
  describe("several workers", () => {
    const workers = async (count: number) => {
      const at = await place();
      if (!at.shares) return null;
      return Promise.all(Array.from({ length: count }, () => opened(at)));
    };
    const one = "one process at a time";

    test("of several who make one person at once, one does, whoever comes first", async ({ skip }) => {
      const stores = await workers(4);
      if (stores === null) return skip(one);
      for (let round = 0; round < 10; round++) {
        const key = 100 + round;
        const marks = await Promise.all(
          stores.map(async (store) => (await store.nominate([{ keys: [key], among: 1_000 }])).mark),
        );
        const results = await Promise.all(
          stores.map((store, i) =>
            store.commit([
              sampleUnit({
                golden: sampleGolden(`g${round}.${i}`),
                filing: { keys: [key], says: "it" },
                guard: { keys: [key], mark: marks[i] ?? 0 },
              }),
            ]),
          ),
        );
        expect(results.flat().filter((result) => result.kind === "committed")).toHaveLength(1);
      }
    });

    test("all may start at once", async ({ skip }) => {
      const stores = await workers(4);
      if (stores === null) return skip(one);
      expect(await Promise.all(stores.map((store) => store.cursor("feed")))).toEqual([null, null, null, null]);
    });

    test("no observation goes to two, and no record's observations go to two at once", async ({ skip }) => {
      const stores = await workers(4);
      if (stores === null) return skip(one);
      const [first] = stores as [Store, ...Store[]];
      const items = Array.from({ length: 240 }, (_, i) => sampleItem(`i${i}`, `r${i % 40}`));
      await first.receive(items, []);
      const done: string[] = [];
      const busy = new Set<string>();
      const work = async (store: Store) => {
        for (;;) {
          const batch = await store.claim(7, t0, minute);
          const records = new Set(batch.map((item) => recordKey(item.observation.ref)));
          for (const record of records) {
            expect(busy.has(record), `${record} is leased to two`).toBe(false);
            busy.add(record);
          }
          if (batch.length === 0 && done.length === items.length) return;
          // Given back before the commit that frees them, so that nobody is accused too late.
          for (const record of records) busy.delete(record);
          const outcome = "applied" as const;
          await store.commit([sampleUnit({ done: batch.map((item) => ({ inboxId: item.id, outcome })) })]);
          done.push(...idsOf(batch));
        }
      };
      await Promise.all(stores.map(work));
      expect([...done].sort()).toEqual(idsOf(items).sort());
      for (let record = 0; record < 40; record++) {
        const order = done.map((id) => Number(id.slice(1))).filter((i) => i % 40 === record);
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
      expect((await first.counts(t0)).outcomes.applied).toBe(items.length);
    });

    test("of several commits on one version, one wins, and what lost is whole elsewhere", async ({ skip }) => {
      const stores = await workers(4);
      if (stores === null) return skip(one);
      const [first] = stores as [Store, ...Store[]];
      for (let version = 1; version <= 10; version++) {
        const results = await Promise.all(
          stores.map((store, i) =>
            store.commit([
              sampleUnit({ golden: sampleGolden(`own-${i}`, { version }) }),
              sampleUnit({ golden: sampleGolden("shared", { version }), journal: [sampleLine("shared")] }),
            ]),
          ),
        );
        expect(results.map((result) => result[0]?.kind)).toEqual(stores.map(() => "committed"));
        expect(results.filter((result) => result[1]?.kind === "committed")).toHaveLength(1);
      }
      expect(await first.journal({ limit: 99 })).toHaveLength(10);
    });

    test("several at once that create one person get one golden record, in whatever order they name the keys", async ({
      skip,
    }) => {
      const stores = await workers(4);
      if (stores === null) return skip(one);
      const [first] = stores as [Store, ...Store[]];
      for (let round = 0; round < 10; round++) {
        const keys = [`mail-${round}`, `phone-${round}`];
        const results = await Promise.all(
          stores.map((store, i) =>
            store.commit([
              sampleUnit({ golden: sampleGolden(`own-${round}-${i}`), keys: [`own-${round}-${i}`] }),
              sampleUnit({ golden: sampleGolden(`new-${round}-${i}`), keys: i % 2 === 0 ? keys : keys.toReversed() }),
              sampleUnit({
                golden: sampleGolden(`rec-${round}-${i}`, { links: [sampleLink(`${round}`)] }),
                keys: null,
              }),
            ]),
          ),
        );
        for (const [unit, winners] of [4, 1, 1].entries()) {
          expect(results.filter((result) => result[unit]?.kind === "committed")).toHaveLength(winners);
        }
        const { byKey } = await first.load({ records: [], keys, ids: [] });
        expect(new Set(byKey.values()).size).toBe(1);
      }
    });

    test("one event that several receive is stored once", async ({ skip }) => {
      const stores = await workers(4);
      if (stores === null) return skip(one);
      const events = Array.from({ length: 50 }, (_, i) => `event-${i}`);
      const results = await Promise.all(
        stores.map((store, worker) =>
          store.receive(
            (worker % 2 === 0 ? events : events.toReversed()).map((dedupeKey) =>
              sampleItem(`${worker}-${dedupeKey}`, dedupeKey, { dedupeKey }),
            ),
            [],
          ),
        ),
      );
      expect(results.reduce((sum, result) => sum + result.stored, 0)).toBe(50);
      expect((await stores[0]?.counts(t0))?.inbox).toBe(50);
    });

    test("no due link is leased to two", async ({ skip }) => {
      const stores = await workers(4);
      if (stores === null) return skip(one);
      const [first] = stores as [Store, ...Store[]];
      const ids = Array.from({ length: 60 }, (_, i) => `g${String(i).padStart(2, "0")}`);
      await first.commit(ids.map((id) => sampleUnit({ golden: sampleGolden(id), due: [sampleDue("db")] })));
      const claimed: string[] = [];
      await Promise.all(
        stores.map(async (store) => {
          while (claimed.length < ids.length) claimed.push(...idsOf(await store.claimDue("db", 7, t0, minute)));
        }),
      );
      expect([...claimed].sort()).toEqual(ids);
    });
  });
}
