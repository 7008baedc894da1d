import { expect, test } from "vitest";
import type { Fault } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import type { Connector, MappedObject, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { create, update } from "../../ports/testing/requests.ts";
import { account, cell, connectTo, mapped } from "./testing.ts";

const faults: readonly Fault[] = [
  { kind: "rate-limit", retryAfter: "missing", chance: 0.02 },
  { kind: "error-before", status: 503, chance: 0.05 },
  { kind: "error-after", status: 502, chance: 0.05 },
  { kind: "reset-after", chance: 0.05 },
  { kind: "truncated", chance: 0.05 },
  { kind: "wrong-length", chance: 0.02 },
  { kind: "html", chance: 0.05 },
];

const objects = [
  mapped("contacts", cell("email"), cell("NOTES"), cell("phone")),
  mapped("accounts", cell("name"), cell("NOTES"), cell("accountUrl")),
  mapped("deals", cell("title"), cell("NOTES"), cell("description"), cell("value"), cell("contact")),
] as const;
const edited = { contacts: "phone", accounts: "accountUrl", deals: "description" } as const;

/** Tries until each request is answered for good, as the engine does: a create of unknown outcome looks first. */
async function persist(db: Connector, object: MappedObject, requests: readonly WriteRequest[], afterTry: () => void) {
  const done = new Map<WriteRequest, WriteResult>();
  for (let tries = 0; done.size < requests.length; tries++) {
    if (tries > 300) throw new Error("this never ends");
    const open = requests.filter((request) => !done.has(request));
    const sent = open.map((one): WriteRequest => (one.kind === "create" ? { ...one, lookFirst: tries > 0 } : one));
    const results = await db.write(object, sent).catch(() => []);
    for (const [i, result] of results.entries()) if (result.kind !== "failed") done.set(open[i]!, result);
    afterTry();
  }
  return done;
}

for (const object of objects)
  test(`whatever fails, each key is one record of ${object.object}, and no edit is written over`, async () => {
    const sandbox = await account({ seed: 3, speed: 1_000_000 });
    const { admin } = sandbox;
    const name = object.object as keyof typeof edited;
    const text = edited[name];
    const keyTag = { contacts: "TRUCE_ID", accounts: "ACCT_TRUCE_ID", deals: "DEAL_TRUCE_ID" }[name];
    const someone = admin.create("Zoe", "contacts", { email: "somebody@example.com" });
    let aheadMs = 0;
    const pass = (ms: number) => {
      aheadMs += ms;
    };
    // Silences after a refusal are not waited for.
    const clock = { now: () => Date.now() + aheadMs, sleep: async (ms: number) => pass(ms) };
    const minute = () => pass(60_000);
    const db = connectTo(sandbox, { clock });
    await db.check([object], { prepare: true });
    admin.setFaults(faults);
    const own = (key: string) =>
      ({
        contacts: { email: `${key}@example.com` },
        accounts: { name: key },
        deals: { title: key, value: "10 USD", contact: someone },
      })[name];
    const keys = Array.from({ length: 15 }, (_, n) => `golden-${n}`);
    const made = await persist(
      db,
      object,
      keys.map((key) => create(key, { ...own(key), [text]: "1" })),
      minute,
    );
    const ids = [...made.values()].map((one) => (one.kind === "written" ? one.id : one.kind));
    const present = () => admin.records(name).filter((one) => one.id !== someone);
    expect(
      present()
        .map(({ cells }) => cells[keyTag])
        .sort(),
    ).toEqual([...keys].sort());
    expect([...ids].sort()).toEqual(
      present()
        .map(({ id }) => id)
        .sort(),
    );

    const random = createRandom(5);
    const theirs = new Set(ids.filter(() => random.chance(0.3)));
    for (const id of theirs) admin.edit("Zoe", name, id, { [text]: `zoe ${id}` });
    await persist(
      db,
      object,
      ids.map((id) => update(id, { [text]: "1" }, { [text]: `ours ${id}` })),
      minute,
    );
    for (const { id, cells } of present()) expect(cells[text]).toBe(theirs.has(id) ? `zoe ${id}` : `ours ${id}`);
    await sandbox.close();
  });
