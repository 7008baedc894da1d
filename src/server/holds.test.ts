import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, contested, openTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
let [rosa, tom] = [] as unknown as [Browser, Browser];

beforeAll(async () => {
  server = await openTestServer();
  rosa = await server.signedIn("reviewer", "rosa");
  tom = await server.signedIn("reviewer", "tom");
});
afterAll(() => server.close());

const take = (candidate: number) => ({ kind: "take" as const, candidate });

test("a conflict is shown with its base, both sides, what each rule would choose, and what the field was before", async () => {
  const id = await contested(server, "shown");
  const hold = await rosa.client.getHold({ hold: id });
  expect(hold).toMatchObject({
    kind: "conflict",
    label: "Name shown",
    fields: ["phone"],
    base: { phone: "100" },
    status: "open",
  });
  expect(hold.candidates.map(({ values, source }) => [values["phone"], source])).toEqual([
    ["200", { kind: "record", ref: { system: "crm", object: "contacts", id: "shown" }, author: null }],
    ["300", { kind: "record", ref: { system: "db", object: "contacts", id: "shown" }, author: null }],
  ]);
  const chosen = hold.rules.map(({ rule, isConfigured, candidate }) => [rule, isConfigured, candidate]);
  expect(chosen).toEqual([
    ["review", true, null],
    ["newest", false, 1],
    ["prefer crm", false, 0],
    ["prefer db", false, 1],
    ["longest", false, null],
    ["merge-text", false, null],
    ["keep", false, 0],
  ]);
  expect(hold.history.map(({ value }) => value)).toEqual(["200", "100"]);
});

test("a decision is carried out for the revision shown; of two people one wins, and the other is told who was quicker", async () => {
  const id = await contested(server, "raced");
  const decided = await rosa.client.decideHold({ hold: id, revision: 1, choice: take(1) });
  expect(decided).toMatchObject({ status: "closed", closed: { by: "rosa", choice: "took candidate 1" } });
  const late = await tom.client.decideHold({ hold: id, revision: 1, choice: take(0) }).catch((error: unknown) => error);
  expect(late).toMatchObject({
    status: 409,
    message: "Decided already: 300, by rosa.",
    problem: { hold: { id, revision: 2, status: "closed" } },
  });
  const record = await rosa.client.getRecord({ record: decided.goldenId ?? "" });
  expect(record.fields.find(({ name }) => name === "phone")).toMatchObject({ value: "300", source: { name: "rosa" } });
});

test("a hold that got another side since is not decided, and comes back as it is now", async () => {
  const id = await contested(server, "grown");
  await server.says("desk", "grown", { email: "grown@example.org", name: "Name grown", phone: "400" });
  const late = await rosa.client
    .decideHold({ hold: id, revision: 1, choice: take(1) })
    .catch((error: unknown) => error);
  expect(late).toMatchObject({
    status: 409,
    message: "The hold has changed since you were shown it: desk now says 400.",
  });
  const { hold } = (late as { problem: { hold: { candidates: { values: { phone: string } }[] } } }).problem;
  expect(hold.candidates.map(({ values }) => values.phone)).toEqual(["200", "300", "400"]);
});

test("the revision may be said by If-Match, with the ETag that was shown, but must be said", async () => {
  const id = await contested(server, "tagged");
  const url = `${server.url}/api/v1/holds/${encodeURIComponent(id)}`;
  const etag = (await rosa.fetch(url)).headers.get("etag") ?? "";
  expect(etag).toBe('"1"');
  const decide = (headers: Record<string, string>) =>
    rosa.fetch(`${url}/decision`, {
      method: "POST",
      body: JSON.stringify({ choice: take(0) }),
      headers: { "content-type": "application/json", ...headers },
    });
  expect((await decide({})).status).toBe(428);
  expect((await decide({ "if-match": '"7"' })).status).toBe(409);
  const done = await decide({ "if-match": etag });
  expect([done.status, done.headers.get("etag")]).toEqual([200, '"2"']);
});

test("a decision that does not fit says what would", async () => {
  const id = await contested(server, "unfit");
  const wrong = await rosa.client
    .decideHold({ hold: id, revision: 1, choice: { kind: "new" } })
    .catch((error: unknown) => error);
  expect(wrong).toMatchObject({ status: 422, message: "A conflict is decided by take or set." });
  const unknown = rosa.client.decideHold({ hold: "nobody", revision: 1, choice: take(0) });
  await expect(unknown).rejects.toMatchObject({ status: 404 });
});

test("a change that is sent twice with one key is made once", async () => {
  const id = await contested(server, "twice");
  const send = () => rosa.client.decideHold({ hold: id, revision: 1, choice: take(0) }, { idempotencyKey: "k1" });
  const [first, second] = [await send(), await send()];
  expect(second).toEqual(first);
  const kept = JSON.stringify(await server.deps.store.documents({ kind: "idempotency", limit: 9 }, 0));
  expect(kept).not.toContain("twice@example.org");
  expect(kept).not.toContain("Name twice");
  const other = rosa.client.decideHold({ hold: id, revision: 2, choice: take(0) }, { idempotencyKey: "k1" });
  await expect(other).rejects.toMatchObject({ status: 422 });
  // Keys are one's own.
  const toms = tom.client.decideHold({ hold: id, revision: 1, choice: take(0) }, { idempotencyKey: "k1" });
  await expect(toms).rejects.toMatchObject({ status: 409 });
});

test("many are decided at once, each by itself", async () => {
  const ids = [await contested(server, "bulk1"), await contested(server, "bulk2")];
  const decisions = [
    ...ids.map((hold) => ({ hold, revision: 1, choice: take(0) })),
    { hold: ids[0] ?? "", revision: 1, choice: take(1) },
    { hold: "nobody", revision: 1, choice: take(1) },
  ];
  const { items } = await rosa.client.decideHolds({ decisions });
  expect(items.map(({ result }) => result)).toEqual(["done", "done", "stale", "unknown"]);
});

test("an undone decision is open again with all sides, and the field is what it was", async () => {
  const id = await contested(server, "undone");
  const { goldenId } = await rosa.client.decideHold({ hold: id, revision: 1, choice: take(1) });
  const phone = async () =>
    (await rosa.client.getRecord({ record: goldenId ?? "" })).fields.find(({ name }) => name === "phone");
  expect(await phone()).toMatchObject({ value: "300", hold: null });
  const open = await tom.client.undoDecision({ hold: id });
  expect(open).toMatchObject({ status: "open", revision: 3, closed: null });
  expect(await phone()).toMatchObject({ value: "200", hold: id, source: { kind: "person", name: "tom" } });
  await rosa.client.decideHold({ hold: id, revision: 3, choice: take(1) });
  expect(await phone()).toMatchObject({ value: "300", hold: null });
});

test("a decision is not undone once the field has changed again", async () => {
  const id = await contested(server, "later");
  await rosa.client.decideHold({ hold: id, revision: 1, choice: take(1) });
  const cells = { email: "later@example.org", name: "Name later" };
  await server.says("db", "later", { ...cells, phone: "500" });
  await expect(rosa.client.undoDecision({ hold: id })).rejects.toMatchObject({ status: 409 });
});

test("holds are listed by group, in pages, and by whom they are assigned to", async () => {
  const ids = [await contested(server, "page1", "note"), await contested(server, "page2", "note")];
  const groups = (await rosa.client.listHoldGroups({})).items;
  expect(groups).toContainEqual({ kind: "conflict", entity: "contact", fields: ["note"], count: 2 });
  const first = await rosa.client.listHolds({ fields: "note", limit: 1 });
  const second = await rosa.client.listHolds({ fields: "note", limit: 1, after: first.next ?? "" });
  expect([first.items[0]?.id, second.items[0]?.id, second.next]).toEqual([...ids, null]);
  await rosa.client.assignHold({ hold: ids[1] ?? "", assignee: "tom" });
  expect((await tom.client.listHolds({ assignee: "tom" })).items.map(({ id }) => id)).toEqual([ids[1]]);
  await rosa.client.assignHold({ hold: ids[1] ?? "", assignee: "rosa" });
  expect((await tom.client.listHolds({ assignee: "tom" })).items).toEqual([]);
  expect((await rosa.client.getHold({ hold: ids[1] ?? "" })).assignee).toBe("rosa");
  const named = (await tom.client.listHolds({ fields: "note" })).items.map(({ assignee }) => assignee);
  expect(named).toEqual([null, "rosa"]);
  await server.signedIn("viewer", "vera");
  expect((await rosa.client.listReviewers({})).items.map(({ name }) => name)).toEqual(["rosa", "tom"]);
});

test("a duplicate says what would be agreed on if it were the same, before anything is merged", async () => {
  await server.says("crm", "pair1", { email: "pair@example.org", name: "Pia Pair", phone: "1", note: null });
  await server.says("crm", "pair2", { email: "pair@example.org", name: "Pia Pair", phone: "2", note: "VIP" });
  const [listed] = (await rosa.client.listHolds({ kind: "duplicate" })).items;
  const hold = await rosa.client.getHold({ hold: listed?.id ?? "" });
  expect(hold.url).toBe("https://crm.example/pair2");
  const [survivor] = hold.survivors;
  expect(survivor?.goldenId).toBe(hold.matches[0]?.id);
  const told = survivor?.fields.map(({ name, value, from, isHeld }) => [name, value, from, isHeld]);
  expect(told).toEqual([
    ["email", "pair@example.org", "both", false],
    ["name", "Pia Pair", "both", false],
    ["phone", "1", "match", true],
    ["note", "VIP", "record", false],
  ]);
  const record = await rosa.client.getRecord({ record: survivor?.goldenId ?? "" });
  expect(record.fields.find(({ name }) => name === "note")).toBeUndefined();
});

/** A record of crm that may be the same as another one there. */
async function duplicate(name: string) {
  const cells = { email: `${name}@example.org`, name: `Name ${name}` };
  await server.says("crm", `${name}1`, { ...cells, phone: "1" });
  await server.says("crm", `${name}2`, { ...cells, phone: "2" });
  const hold = (await rosa.client.listHolds({ kind: "duplicate", limit: 200 })).items.find(
    ({ ref }) => ref?.id === `${name}2`,
  );
  if (hold === undefined) throw new Error("There is no hold.");
  return { id: hold.id, revision: hold.revision, match: hold.matches[0]?.id ?? "" };
}

const recordsOf = async (name: string) =>
  (await rosa.client.searchRecords({ query: `${name}@example.org` })).items
    .filter(({ isDeleted }) => !isDeleted)
    .map(({ systems }) => systems.map(({ id }) => id).sort());

test("a record that was joined by a decision is apart again when that is undone, and can be joined again", async () => {
  const { id, revision, match } = await duplicate("join");
  const same = { kind: "link" as const, goldenId: match };
  await rosa.client.decideHold({ hold: id, revision, choice: same });
  await server.work();
  expect(await recordsOf("join")).toEqual([["join1", "join2"]]);
  const open = await tom.client.undoDecision({ hold: id });
  expect(open).toMatchObject({ status: "open", closed: null, matches: [{ id: match }] });
  expect((await recordsOf("join")).sort()).toEqual([["join1"], ["join2"]]);
  // Nothing is made anywhere until the question is answered.
  const { goldens } = await server.deps.store.load({ records: [], keys: [], ids: [open.goldenId ?? ""] });
  const wanted = goldens.get(open.goldenId ?? "")?.links.filter(({ status }) => status === "wanted") ?? [];
  expect(wanted.map(({ waitsFor }) => waitsFor)).toEqual(wanted.map(() => id));
  expect(wanted.length).toBeGreaterThan(0);
  await rosa.client.decideHold({ hold: id, revision: open.revision, choice: same });
  expect(await recordsOf("join")).toEqual([["join1", "join2"]]);
});

test("a record of its own is asked about again when that is undone, and makes its records once it is one", async () => {
  const { id, revision, match } = await duplicate("own");
  await rosa.client.decideHold({ hold: id, revision, choice: { kind: "new" } });
  await server.work();
  expect((await recordsOf("own")).sort()).toEqual([["own1"], ["own2"]]);
  const open = await tom.client.undoDecision({ hold: id });
  const linksOf = async () =>
    (await server.deps.store.load({ records: [], keys: [], ids: [open.goldenId ?? ""] })).goldens.get(
      open.goldenId ?? "",
    )?.links;
  expect((await linksOf())?.some(({ waitsFor }) => waitsFor === id)).toBe(true);
  await rosa.client.decideHold({ hold: id, revision: open.revision, choice: { kind: "new" } });
  expect((await linksOf())?.some(({ waitsFor }) => waitsFor === id)).toBe(false);
  expect(match).not.toBe(open.goldenId);
});

test("what was left as it is is asked about again when that is undone", async () => {
  const { id, revision } = await duplicate("left");
  await rosa.client.decideHold({ hold: id, revision, choice: { kind: "leave" } });
  expect(await tom.client.undoDecision({ hold: id })).toMatchObject({ status: "open", goldenId: null });
  await expect(tom.client.undoDecision({ hold: id })).rejects.toMatchObject({ status: 409 });
});
