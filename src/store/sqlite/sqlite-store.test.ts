import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, expect, test } from "vitest";
import { storeContract } from "../../ports/store.contract.ts";
import type { Store } from "../../ports/store.ts";
import {
  sampleDue,
  sampleFields,
  sampleGolden,
  sampleItem,
  sampleLine,
  sampleUnit,
  t0,
} from "../../ports/testing/store-samples.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = mkdtempSync(join(tmpdir(), "truce-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const freshFile = () => join(folder, `${++files}`, "store.db");
const openStores: Store[] = [];
const opened = async (file: string) => {
  const store = await openSqliteStore(file);
  openStores.push(store);
  await store.migrate();
  return store;
};
afterEach(() => Promise.all(openStores.splice(0).map((store) => store.close())));

storeContract("sqlite", async () => {
  const file = freshFile();
  return { open: () => openSqliteStore(file), reopens: true, shares: false };
});

/** Another process that opens the store, does what `script` says with it, says "ready", and holds on. */
async function otherProcess(file: string, script: string) {
  const code = `
    import { openSqliteStore } from ${JSON.stringify(new URL("./sqlite-store.ts", import.meta.url).href)};
    import { sampleItem } from ${JSON.stringify(new URL("../../ports/testing/store-samples.ts", import.meta.url).href)};
    const store = await openSqliteStore(${JSON.stringify(file)});
    await store.migrate();
    ${script}
    console.log("ready");
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code]);
  const failed = once(child, "exit").then(async () => {
    throw new Error("The other process ended.");
  });
  failed.catch(() => undefined);
  await Promise.race([once(child.stdout, "data"), failed]);
  return child;
}

test("a second process is told which one holds the file, and gets it once that one is killed", async () => {
  const file = freshFile();
  const child = await otherProcess(file, `await store.receive([sampleItem("a", "1")], []);`);
  await expect(openSqliteStore(file)).rejects.toThrow(`in use by process ${child.pid}`);
  child.kill("SIGKILL");
  await once(child, "exit");
  const store = await opened(file);
  expect((await store.claim(10, t0, 1)).map((item) => item.id)).toEqual(["a"]);
});

test("what a killed process had claimed is free at once, and what it had received is there", async () => {
  const file = freshFile();
  const child = await otherProcess(
    file,
    `for (let i = 0; i < 50; i++) await store.receive([sampleItem("a" + i, "1")], []);
     await store.claim(10, ${t0}, 60_000);`,
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  const store = await opened(file);
  expect(await store.claim(100, t0, 60_000)).toHaveLength(50);
});

test("a store that a newer Truce made is refused in words", async () => {
  const file = freshFile();
  const store = await openSqliteStore(file);
  await store.migrate();
  await store.close();
  const db = new DatabaseSync(file);
  db.exec("insert into migration values (99, 'from the future', 0)");
  db.close();
  const older = await openSqliteStore(file);
  openStores.push(older);
  await expect(older.migrate()).rejects.toThrow("made by a newer Truce (store version 99");
});

test("opening prints nothing, and other experimental features still say so", () => {
  const open = `
    import { openSqliteStore } from ${JSON.stringify(new URL("./sqlite-store.ts", import.meta.url).href)};
    await (await openSqliteStore(${JSON.stringify(freshFile())})).close();`;
  const run = (code: string) =>
    spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", code], { encoding: "utf8" }).stderr;
  expect(run(open)).not.toContain("SQLite");
  expect(run(`${open}; process.emitWarning("of another kind", "ExperimentalWarning");`)).toContain("of another kind");
});

test("a commit that fails half-way leaves nothing behind", async () => {
  const file = freshFile();
  const store = await opened(file);
  const broken = {
    toJSON: () => {
      throw new Error("can't be written");
    },
  };
  const units = [
    sampleUnit({ golden: sampleGolden("g"), journal: [sampleLine("g")] }),
    sampleUnit({ golden: sampleGolden("h", { fields: { phone: broken as never } }) }),
  ];
  await expect(store.commit(units)).rejects.toThrow();
  expect(await store.goldens(null, null, 10)).toEqual([]);
  expect(await store.journal({ limit: 10 })).toEqual([]);
  expect((await store.commit(units.slice(0, 1)))[0]?.kind).toBe("committed");
});

test("of observations that come at the same moment each call is answered for its own, and one that fails keeps no other from being stored", async () => {
  const store = await opened(freshFile());
  const keyed = (id: string) => sampleItem(id, id, { dedupeKey: "event" });
  const unstorable = sampleItem("c", "3", { lane: Symbol("no lane") as never });
  const calls = [[keyed("a")], [keyed("b")], [unstorable], [sampleItem("d", "4"), sampleItem("e", "5")]];
  const [first, second, third, fourth] = await Promise.allSettled(calls.map((items) => store.receive(items, [])));
  expect(first).toMatchObject({ value: { stored: 1, repeated: 0 } });
  expect(second).toMatchObject({ value: { stored: 0, repeated: 1 } });
  expect(third?.status).toBe("rejected");
  expect(fourth).toMatchObject({ value: { stored: 2, repeated: 0 } });
  expect((await store.claim(9, t0, 1)).map((item) => item.id)).toEqual(["a", "d", "e"]);
});

test("the keys of events that were done days ago are forgotten, the others kept", async () => {
  const file = freshFile();
  const store = await openSqliteStore(file);
  await store.migrate();
  const keyed = (id: string) => sampleItem(id, id, { dedupeKey: id });
  await store.receive([keyed("old"), keyed("fresh"), keyed("waiting")], []);
  const done = (inboxId: string) => ({ inboxId, outcome: "applied" as const });
  await store.commit([sampleUnit({ done: [done("old"), done("fresh")] })]);
  await store.close();
  const db = new DatabaseSync(file);
  db.exec("update dedupe set done_at = done_at - 30 * 24 * 3600 * 1000 where key = 'old'");
  db.close();
  const again = await opened(file);
  await again.receive([], []);
  const repeated = {
    ...(await again.receive(
      ["old", "fresh", "waiting"].map((key) => sampleItem(`${key}-2`, key, { dedupeKey: key })),
      [],
    )),
  };
  expect(repeated).toEqual({ stored: 1, repeated: 2 });
});

test("a text that a golden record no longer has does not find it, one that came back does", async () => {
  const store = await opened(freshFile());
  const named = (version: number, name: string) =>
    sampleUnit({ golden: sampleGolden("g", { version, fields: sampleFields({ name }) }) });
  for (const [index, name] of ["ann", "bea", "ann"].entries()) await store.commit([named(index + 1, name)]);
  expect(await store.search("bea", 10)).toEqual([]);
  expect((await store.search("ann", 10)).map((golden) => golden.version)).toEqual([3]);
});

test("recovering twice keeps what is due as it is", async () => {
  const store = await opened(freshFile());
  await store.commit([
    sampleUnit({
      golden: sampleGolden("g"),
      due: [sampleDue("db", { dueAt: t0 + 99 }), sampleDue("crm", { dueAt: t0 })],
    }),
  ]);
  await store.recover(t0 + 5);
  await store.recover(t0 + 9);
  expect(await store.nextDueAt(["db"])).toBe(t0 + 5);
  await store.commit([sampleUnit({ golden: sampleGolden("g", { version: 2 }) })]);
  expect(await store.nextDueAt(["db", "crm"])).toBeNull();
});
