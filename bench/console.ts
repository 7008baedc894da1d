import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import type { Store } from "../src/ports/store.ts";
import {
  sampleFields,
  sampleGolden,
  sampleHold,
  sampleLine,
  sampleLink,
  sampleRef,
  sampleUnit,
} from "../src/ports/testing/store-samples.ts";
import { goodPassword, type newBrowser, openTestServer } from "../src/server/testing.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { launch, openPage, signIn, skipReason } from "../test/console/browser.ts";

/**
 * How long what the console asks for takes with many golden records, each with an open hold and three lines in the journal, and how the page
 * itself does in Chromium: bytes, paints, jumps, and how long it takes to answer keys. One JSON line a store.
 *
 *   npm run bench -- console [sqlite] [postgres]     TRUCE_DATABASE_URL names an empty database for the last
 */
const records = 100_000;
const batch = 1_000;
const repeats = 40;
const interactions = 30;
const root = join(import.meta.dirname, "..");
const consoleFolder = join(root, "dist", "console");

/** First and largest paint, how far things jumped, and how long the page was busy beyond 50 ms at a time. */
const vitals = `new Promise((resolve) => {
  const found = { firstContentfulPaintMs: 0, largestContentfulPaintMs: 0, layoutShift: 0, blockedMs: 0 };
  const watch = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
  watch("paint", (entry) => { if (entry.name === "first-contentful-paint") found.firstContentfulPaintMs = Math.round(entry.startTime); });
  watch("largest-contentful-paint", (entry) => { found.largestContentfulPaintMs = Math.round(entry.startTime); });
  watch("layout-shift", (entry) => { if (!entry.hadRecentInput) found.layoutShift += entry.value; });
  watch("longtask", (entry) => { found.blockedMs += Math.round(Math.max(0, entry.duration - 50)); });
  setTimeout(() => resolve({ ...found, layoutShift: Math.round(found.layoutShift * 1000) / 1000 }), 1000);
})`;

const key = (name: string) => () =>
  `window.dispatchEvent(new KeyboardEvent("keydown", { key: "${name}", bubbles: true }))`;

/** Types into the search box and sends it off. */
const searchStep = (n: number) => `(() => {
  const box = document.querySelector(".topbar input");
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(box, "person${7_000}${n}");
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.form.requestSubmit();
})()`;

execFileSync(process.execPath, [join(root, "scripts", "build-console.ts")]);
for (const name of process.argv.length > 2 ? process.argv.slice(2) : ["sqlite"]) {
  const folder = await mkdtemp(join(tmpdir(), "truce-bench-"));
  const store =
    name === "sqlite" ? await openSqliteStore(join(folder, "store.db")) : await openPostgresStore(databaseUrl());
  await store.migrate();
  await fill(store);
  const server = await openTestServer({ consoleFolder }, store);
  const { client } = await server.signedIn("admin", "bench");
  const hold = (await client.listHolds({ limit: 1 })).items[0];
  const record = hold?.goldenId ?? "";
  const deep = await placeAfter(client, 20);
  const p50And99: Record<string, readonly [number, number]> = {};
  const calls = {
    getOverview: () => client.getOverview({}),
    listHoldGroups: () => client.listHoldGroups({}),
    listHolds: () => client.listHolds({ limit: 100 }),
    "listHolds, deep": () => client.listHolds({ limit: 100, after: deep }),
    "listHolds, one group": () => client.listHolds({ limit: 100, kind: "conflict", entity: "contact", fields: "city" }),
    getHold: () => client.getHold({ hold: hold?.id ?? "" }),
    "search, whole": () => client.searchRecords({ query: "person77777@example.org" }),
    "search, beginning": () => client.searchRecords({ query: "person7777" }),
    "search, a slip": () => client.searchRecords({ query: "Persom 77777" }),
    "search, nothing": () => client.searchRecords({ query: "zzzzz" }),
    getRecord: () => client.getRecord({ record }),
    listRecordJournal: () => client.listRecordJournal({ record }),
    listJournal: () => client.listJournal({ limit: 100 }),
    "listJournal, rare": () => client.listJournal({ limit: 100, kind: "merged" }),
  };
  for (const [call, ask] of Object.entries(calls)) p50And99[call] = await timed(ask);
  const page = skipReason === null ? await measurePage(server.url) : null;
  console.log(JSON.stringify({ bench: "console", store: name, records, p50And99Ms: p50And99, page }));
  await server.close();
  await store.close();
  await rm(folder, { recursive: true });
}

function databaseUrl(): string {
  const url = process.env["TRUCE_DATABASE_URL"];
  if (url === undefined) throw new Error("TRUCE_DATABASE_URL must name an empty database.");
  return url;
}

async function fill(store: Store): Promise<void> {
  for (let first = 0; first < records; first += batch) {
    const units = Array.from({ length: batch }, (_, i) => {
      const n = first + i;
      const id = `0192f3a4-1111-7000-9000-${String(n).padStart(12, "0")}`;
      const field = n % 20 === 0 ? "city" : "phone";
      const source = { kind: "record" as const, ref: sampleRef(`${n}`), author: "ann" };
      const side = (value: string) => ({ values: { [field]: value }, source, at: { from: 1, until: 2 }, cause: "o" });
      const hold = sampleHold(`${id}.${field}`, {
        goldenId: id,
        fields: [field],
        base: { [field]: "1" },
        candidates: [side("2"), side("3")],
      });
      const fields = sampleFields({
        email: `person${n}@example.org`,
        name: `Person ${n}`,
        phone: `+1202555${n}`,
        city: "Rome",
      });
      const links = ["crm", "db", "desk"].map((system) => sampleLink(`${n}`, { system }));
      const golden = sampleGolden(id, { fields, links, holds: [hold] });
      const journal = ["email", "name", "phone"].map((one) => sampleLine(id, { field: one, ref: sampleRef(`${n}`) }));
      return sampleUnit({ golden, keys: [`email ${n}`], holds: [hold], journal });
    });
    await store.commit(units);
  }
}

async function placeAfter(client: ReturnType<typeof newBrowser>["client"], pages: number): Promise<string> {
  let after = "";
  for (let i = 0; i < pages; i++)
    after = (await client.listHolds({ limit: 200, ...(after === "" ? {} : { after }) })).next ?? "";
  return after;
}

async function timed(ask: () => Promise<unknown>): Promise<readonly [number, number]> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const from = performance.now();
    await ask();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round((times[Math.floor(share * (times.length - 1))] ?? 0) * 10) / 10;
  return [at(0.5), at(0.99)];
}

/** What Lighthouse would ask of the first load, and how long the page takes to answer a hand: all measured in the page. */
async function measurePage(url: string) {
  const browser = await launch();
  const { page } = await openPage(browser);
  let script = 0;
  let transferred = 0;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    transferred += encodedDataLength;
  });
  page.on("response", async (answer) => {
    const path = new URL(answer.url()).pathname;
    if (path.endsWith(".js")) script += gzipSync(await readFile(join(consoleFolder, path))).length;
  });
  await signIn(page, url, "bench", goodPassword);
  await page.locator(".status-line").waitFor();
  const first = { scriptGzipBytes: script, transferredBytes: transferred };
  await page.goto(`${url}/review`);
  await page.locator(".review-detail h2").waitFor();
  const load = await page.evaluate<unknown>(vitals);
  const next = await timesOf(page, "location.search", key("j"));
  const decide = await timesOf(page, 'document.querySelector(".review-detail h2")?.textContent', key("1"));
  const rows = await page.locator(".hold-row").count();
  await page.goto(`${url}/records`);
  await page.locator(".record-row").first().waitFor();
  const search = await timesOf(page, 'document.querySelector(".page-head .badge")?.textContent', searchStep);
  await browser.close();
  const files = (await readdir(join(consoleFolder, "assets"))).filter((file) => file.endsWith(".js"));
  const sizes = await Promise.all(
    files.map(async (file) => gzipSync(await readFile(join(consoleFolder, "assets", file))).length),
  );
  return {
    firstPage: first,
    allScriptGzipBytes: sizes.reduce((sum, size) => sum + size, 0),
    load,
    interactionMs: { nextHold: next, decideHold: decide, search },
    rowsInDocument: rows,
  };
}

/** From an act to the frame in which what `looked` says has changed. */
async function timesOf(page: Page, looked: string, act: (n: number) => string) {
  const times: number[] = [];
  for (let n = 0; n < interactions; n++) {
    const took = await page.evaluate<number>(`new Promise((resolve) => {
      const before = ${looked};
      const start = performance.now();
      ${act(n)};
      const look = () => (${looked} === before ? requestAnimationFrame(look) : resolve(performance.now() - start));
      requestAnimationFrame(look);
    })`);
    times.push(took);
  }
  times.sort((a, b) => a - b);
  return { p50: Math.round(times[interactions / 2] ?? 0), max: Math.round(times.at(-1) ?? 0) };
}
