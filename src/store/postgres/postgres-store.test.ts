import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { freshDatabase } from "../../../test/servers/postgres.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import { storeContract } from "../../ports/store.contract.ts";
import type { Store } from "../../ports/store.ts";
import {
  sampleDue,
  sampleGolden,
  sampleHold,
  sampleItem,
  sampleLine,
  sampleLink,
  sampleRef,
  sampleUnit,
  t0,
} from "../../ports/testing/store-samples.ts";
import { openPostgresStore } from "./postgres-store.ts";

storeContract("postgres", async () => {
  const url = await freshDatabase();
  return { open: () => openPostgresStore(url), reopens: true, shares: true };
});

const cleanUps: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function opened(url: string): Promise<Store> {
  const store = await openPostgresStore(url);
  cleanUps.push(() => store.close());
  return store;
}

async function administrator(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  cleanUps.push(() => client.end());
  return client;
}

const failureOf = async (doing: Promise<unknown>) => {
  const error = await doing.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof SyncFailure ? error.error.code : error;
};

/** Stands between the store and its database. Once `cutAt` is set, the connection that sends it is cut: before or after it is passed on. */
async function cuttingProxy(url: string) {
  const { port, hostname } = new URL(url);
  const proxy = { url: "", cutAt: null as { readonly text: string; readonly passOn: boolean } | null };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connectSocket(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    let isCutting = false;
    client.on("data", (chunk) => {
      const isHere = proxy.cutAt !== null && chunk.includes(proxy.cutAt.text);
      if (isHere && proxy.cutAt?.passOn === false) return cut();
      isCutting ||= isHere;
      upstream.write(chunk);
    });
    // The answer to what was passed on says that it took effect; it is not passed back.
    upstream.on("data", (chunk) => (isCutting ? cut() : client.write(chunk)));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const through = new URL(url);
  through.port = `${(server.address() as AddressInfo).port}`;
  proxy.url = through.href;
  return proxy;
}

describe("a connection that is lost", () => {
  const unit = (version: number) =>
    sampleUnit({
      golden: sampleGolden("g", { version }),
      journal: [sampleLine("g", { version })],
      done: [{ inboxId: "a", outcome: "applied" }],
    });

  async function prepared() {
    const url = await freshDatabase();
    const store = await opened(url);
    await store.migrate();
    await store.receive([sampleItem("a", "1")], []);
    const proxy = await cuttingProxy(url);
    return { store, proxy, cutStore: await opened(proxy.url) };
  }

  test("after the commit was sent has an unknown outcome; deciding again from fresh state does nothing twice", async () => {
    const { store, proxy, cutStore } = await prepared();
    proxy.cutAt = { text: "commit\0", passOn: true };
    expect(await failureOf(cutStore.commit([unit(1)]))).toBe("UNKNOWN_OUTCOME");
    proxy.cutAt = null;
    await expect.poll(async () => (await store.goldens(null, null, 9)).length).toBe(1);
    expect((await cutStore.commit([unit(1)]))[0]?.kind).toBe("stale");
    expect((await cutStore.commit([unit(2)]))[0]?.kind).toBe("committed");
    expect((await store.counts(t0)).outcomes.applied).toBe(1);
    expect(await store.journal({ limit: 9 })).toHaveLength(2);
  });

  test("before the commit arrived leaves nothing behind, and is no surer", async () => {
    const { store, proxy, cutStore } = await prepared();
    proxy.cutAt = { text: "commit\0", passOn: false };
    expect(await failureOf(cutStore.commit([unit(1)]))).toBe("UNKNOWN_OUTCOME");
    proxy.cutAt = null;
    expect((await cutStore.commit([unit(1)]))[0]?.kind).toBe("committed");
    expect(await store.journal({ limit: 9 })).toHaveLength(1);
  });

  test("in the midst of the transaction surely did nothing", async () => {
    const { store, proxy, cutStore } = await prepared();
    proxy.cutAt = { text: "for update", passOn: true };
    expect(await failureOf(cutStore.commit([unit(1)]))).toBe("UNREACHABLE");
    expect(await store.goldens(null, null, 9)).toEqual([]);
  });

  test("while receiving has an unknown outcome; receiving the same again stores nothing twice", async () => {
    const { store, proxy, cutStore } = await prepared();
    proxy.cutAt = { text: "truce.dedupe", passOn: true };
    const items = [sampleItem("b", "2"), sampleItem("c", "3", { dedupeKey: "k" })];
    expect(await failureOf(cutStore.receive(items, []))).toBe("UNKNOWN_OUTCOME");
    proxy.cutAt = null;
    await expect.poll(async () => (await store.counts(t0)).inbox).toBe(3);
    expect(await cutStore.receive(items, [])).toEqual({ stored: 0, repeated: 2 });
  });

  test("while it was idle is replaced", async () => {
    const url = await freshDatabase();
    const store = await opened(url);
    await store.migrate();
    const admin = await administrator(url);
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'truce'");
    await expect.poll(() => failureOf(store.cursor("feed"))).toBeNull();
  });

  test("by a server that is not there is unreachable", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    const store = await opened(`postgres://truce@127.0.0.1:${port}/truce`);
    expect(await failureOf(store.claim(1, t0, 1))).toBe("UNREACHABLE");
    expect(await failureOf(store.receive([sampleItem("a", "1")], []))).toBe("UNREACHABLE");
  });
});

test("a database that a newer Truce made is refused in words", async () => {
  const url = await freshDatabase();
  const store = await opened(url);
  await store.migrate();
  await (await administrator(url)).query("insert into truce.migration (version, name) values (99, 'from the future')");
  await expect((await opened(url)).migrate()).rejects.toThrow("made by a newer Truce (store version 99");
});

test("a user who may not create schemas can use one that was made before", async () => {
  const url = await freshDatabase();
  const admin = await administrator(url);
  const role = `plain_${new URL(url).pathname.slice(1)}`;
  await admin.query(`create role ${role} login password 'plain'`);
  await admin.query(`create schema truce authorization ${role}`);
  const plain = new URL(url);
  plain.username = role;
  plain.password = "plain";
  const store = await opened(plain.href);
  await store.migrate();
  await store.migrate();
  expect(await store.cursor("feed")).toBeNull();
});

test("keys and ids that are too long for an index are kept apart", async () => {
  const store = await opened(await freshDatabase());
  await store.migrate();
  // Random, as what repeats itself is compressed, and fits.
  const noise = Array.from({ length: 9_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * i * 7919) % 20_000))).join(
    "",
  );
  const long = (last: string) => noise + last;
  const unit = (id: string, last: string) =>
    sampleUnit({
      golden: sampleGolden(id, { links: [sampleLink(long(last))] }),
      keys: [long(last)],
      holds: [sampleHold(long(last), { ref: sampleRef(long(last)) })],
      pins: [{ ref: sampleRef(long(last)), goldenId: id }],
    });
  await store.receive([sampleItem("a", long("1"), { dedupeKey: long("k") })], []);
  expect(await store.receive([sampleItem("b", long("1"), { dedupeKey: long("k") })], [])).toMatchObject({
    repeated: 1,
  });
  expect((await store.claim(9, t0, 1))[0]?.observation.ref.id).toBe(long("1"));
  const results = await store.commit([unit("g1", "1"), unit("g2", "2"), unit("g3", "1")]);
  expect(results.map((result) => result.kind)).toEqual(["committed", "committed", "stale"]);
  const loaded = await store.load({ records: [sampleRef(long("2"))], keys: [long("1"), long("3")], ids: [] });
  expect(Object.fromEntries(loaded.byKey)).toEqual({ [long("1")]: "g1" });
  expect([...loaded.byRecord.values()]).toEqual(["g2"]);
  expect(loaded.holds.size + loaded.pins.size).toBe(2);
  const linked = await store.linkedIds("crm", "contacts", null, 9);
  expect(linked.map((link) => link.id).sort()).toEqual([long("1"), long("2")]);
});

test("times need not be whole milliseconds", async () => {
  const store = await opened(await freshDatabase());
  await store.migrate();
  await store.commit([sampleUnit({ golden: sampleGolden("g"), due: [sampleDue("crm", { dueAt: t0 + 0.25 })] })]);
  expect(await store.nextDueAt(["crm"])).toBe(t0 + 0.25);
});

test("many workers that commit the same golden records in other orders all come to an end", async () => {
  const url = await freshDatabase();
  const stores = await Promise.all([1, 2, 3, 4].map(() => opened(url)));
  await stores[0]?.migrate();
  const ids = ["a", "b", "c", "d", "e", "f"];
  const rounds = 8;
  const work = async (store: Store, worker: number) => {
    const order = worker % 2 === 0 ? ids : ids.toReversed();
    let committed = 0;
    for (let left = new Map(ids.map((id) => [id, rounds])); left.size > 0; ) {
      const { goldens } = await store.load({ records: [], keys: [], ids });
      const units = order
        .filter((id) => left.has(id))
        .map((id) =>
          sampleUnit({
            golden: sampleGolden(id, { version: (goldens.get(id)?.version ?? 0) + 1, links: [sampleLink(id)] }),
            keys: [`key ${id}`],
            due: [sampleDue("crm")],
          }),
        );
      for (const [i, result] of (await store.commit(units)).entries()) {
        const id = units[i]?.golden?.id ?? "";
        if (result.kind === "stale") continue;
        committed++;
        const more = (left.get(id) ?? 0) - 1;
        if (more === 0) left.delete(id);
        else left = new Map(left).set(id, more);
      }
    }
    return committed;
  };
  const committed = await Promise.all(stores.map(work));
  expect(committed).toEqual(stores.map(() => ids.length * rounds));
  const goldens = await stores[0]?.goldens(null, null, 9);
  expect(goldens?.map((golden) => golden.version)).toEqual(ids.map(() => stores.length * rounds));
});
