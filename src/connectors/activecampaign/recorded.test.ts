import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { machineClock } from "../../clock/machine.ts";
import type { RawUpsert } from "../../model/observation.ts";
import type { Connector } from "../../ports/connector.ts";
import { createActiveCampaignConnector } from "./connector.ts";
import { cell, mapped } from "./testing.ts";

const folder = join(import.meta.dirname, "../../../../shared/specs/fixtures/activecampaign");
const isHere = existsSync(folder);
if (!isHere) process.stderr.write("recorded.test.ts: ../shared is not here, so recorded answers are not read\n");

type Exchange = { readonly method: string; readonly path: string; readonly response: Record<string, unknown> };

/** Recorded answers to GET, by the path after `/3`. */
function recordings(): Map<string, Record<string, unknown>> {
  const exchanges = readdirSync(folder).flatMap(
    (file) => (JSON.parse(readFileSync(join(folder, file), "utf8")) as { exchanges: Exchange[] }).exchanges,
  );
  return new Map(
    exchanges
      .filter(({ method }) => method === "GET")
      .map(({ path, response }) => [path.replace(/^\/3\//u, ""), response]),
  );
}

const contacts = mapped(
  "contacts",
  cell("email"),
  cell("firstName"),
  cell("lastName"),
  cell("PREFERRED_LANGUAGE"),
  cell("list:master-contact-list"),
);
const accounts = mapped("accounts", cell("name"), cell("accountUrl"), cell("owner"));
const deals = mapped(
  "deals",
  cell("title"),
  cell("value", { kind: "money" }),
  cell("status"),
  cell("contact"),
  cell("account"),
);

describe.skipIf(!isHere)("recorded answers of the real service", () => {
  let connector: Connector;
  let close: () => void;

  beforeAll(async () => {
    const known = recordings();
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const path = url.pathname.replace("/api/3/", "");
      const isFirst = ["0", null].includes(url.searchParams.get("offset") ?? url.searchParams.get("id_greater"));
      const answer = known.get(path);
      const empty = Object.fromEntries([[path, []]]);
      response.setHeader("content-type", "application/json");
      if (answer === undefined && path.includes("/")) response.statusCode = 404;
      response.end(JSON.stringify(answer !== undefined && isFirst ? answer : empty));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    connector = createActiveCampaignConnector({
      system: "marketing",
      url,
      token: "x",
      clock: machineClock,
      requestsPerSecond: 1_000,
    });
    close = () => server.close();
  });
  afterAll(() => close());

  const all = async (object: typeof accounts): Promise<RawUpsert[]> => {
    const seen: RawUpsert[] = [];
    for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
      const page = await connector.scan(object, cursor);
      seen.push(...page.observations);
      cursor = page.cursor;
    }
    return seen;
  };

  test("a contact with its list and without custom values", async () => {
    const [found] = await connector.read(contacts, ["1"]);
    expect(found).toMatchObject({
      kind: "found",
      observation: {
        ref: { system: "marketing", object: "contacts", id: "1" },
        complete: true,
        cells: {
          email: expect.stringContaining("@"),
          lastName: null,
          PREFERRED_LANGUAGE: null,
          "list:master-contact-list": "active",
        },
        // Not the field that is named after UTC and holds other digits.
        changedAt: {
          from: Date.parse("2026-05-28T03:05:54-05:00"),
          until: Date.parse("2026-05-28T05:07:18-05:00") + 999,
        },
      },
    });
  });

  test("accounts, each complete, a missing address blank", async () => {
    const seen = await all(accounts);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.every((one) => one.complete && typeof one.cells["name"] === "string")).toBe(true);
    expect(seen.some((one) => one.cells["accountUrl"] === null)).toBe(true);
    expect(new Set(seen.map((one) => one.ref.id)).size).toBe(seen.length);
  });

  test("deals in cents, and those beyond the plan, which leave cells out", async () => {
    const seen = await all(deals);
    const whole = seen.filter((one) => one.complete);
    const disabled = seen.filter((one) => !one.complete);
    expect(whole[0]?.cells).toMatchObject({ value: "100 USD", status: "open", contact: "1", account: null });
    expect(disabled.length).toBeGreaterThan(0);
    for (const { cells } of disabled) expect(Object.keys(cells).sort()).toEqual(["status", "title"]);
  });

  test("custom fields with their options, and lists", async () => {
    const [schema] = await connector.describe(["contacts"]);
    const cells = new Map(schema?.cells.map((one) => [one.cell, one]));
    const language = cells.get("PREFERRED_LANGUAGE");
    expect(language).toMatchObject({ label: "Preferred Language", nativeType: "dropdown", type: { kind: "choice" } });
    expect(language?.type.kind === "choice" ? language.type.options : []).toContain("fr-CA");
    expect(cells.has("list:master-contact-list")).toBe(true);
  });
});
