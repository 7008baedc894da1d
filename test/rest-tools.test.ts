import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Fault } from "../sandbox/core/fault.ts";
import { createRestSandbox, type RestSandbox } from "../sandbox/rest/sandbox.ts";
import type { FieldKind } from "../sandbox/rest/world.ts";
import { startCms } from "./servers/cms.ts";

/** The REST tools of the three examples, kept equal by one Truce: what docs/connectors/rest.md shows is what runs here. */
const root = join(import.meta.dirname, "..");
const names = { people: "rest-in-house", cms: "rest-headless-cms", app: "rest-couchdb" } as const;
const run = promisify(execFile);

type Config = {
  readonly systems: Readonly<Record<string, object>>;
  readonly entities: { readonly contact: { readonly systems: Readonly<Record<string, object>> } };
};

const fields: Readonly<Record<string, FieldKind>> = { email: "email", name: "text", phone: "text", truceId: "text" };
const secret = `whsec_${Buffer.from("a shared secret").toString("base64")}`;

let people: RestSandbox;
let couch: RestSandbox;
let cms: Awaited<ReturnType<typeof startCms>>;
let folder: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  people = await createRestSandbox({
    style: "cursor-patch-etag",
    objects: { contacts: { fields, unique: ["email", "truceId"] } },
  });
  couch = await createRestSandbox({ style: "couch", objects: { people: { fields: { ...fields, type: "text" } } } });
  cms = await startCms();
  folder = mkdtempSync(join(tmpdir(), "truce-rest-"));
  env = {
    PEOPLE_URL: people.url,
    PEOPLE_TOKEN: people.token,
    PEOPLE_WEBHOOK_SECRET: secret,
    CMS_URL: cms.url,
    CMS_TOKEN: "cms-token",
    COUCHDB_URL: couch.url,
    COUCHDB_PASSWORD: couch.token,
  };
  writeFileSync(join(folder, "truce.yaml"), stringify(together()));
});

afterAll(async () => {
  await Promise.all([people?.close(), couch?.close(), cms?.close()]);
  rmSync(folder, { recursive: true });
});

/** One config with the REST tool of each example, as it is written there. */
function together(): object {
  const parts = Object.entries(names).map(([system, example]) => {
    const config = parse(exampleText(example)) as Config;
    return { system, config };
  });
  const { entities } = parts[0]!.config;
  return {
    systems: Object.fromEntries(parts.map(({ system, config }) => [system, config.systems[system]])),
    entities: {
      contact: {
        ...entities.contact,
        rule: { prefer: ["people", "cms", "app"] },
        systems: Object.fromEntries(
          parts.map(({ system, config }) => [system, config.entities.contact.systems[system]]),
        ),
      },
    },
  };
}

function exampleText(example: string): string {
  return readFileSync(join(root, "examples", example, "truce.yaml"), "utf8");
}

function truce(...args: readonly string[]): Promise<string> {
  return truceIn(folder, ...args);
}

async function truceIn(cwd: string, ...args: readonly string[]): Promise<string> {
  const options = { cwd, env: { ...process.env, ...env, TRUCE_DATABASE_URL: "" } };
  const { stdout } = await run(process.execPath, [join(root, "src/main.ts"), ...args], options).catch(
    (error: unknown) => {
      const { stdout: said = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
      throw new Error(`truce ${args.join(" ")}: ${said}${stderr}`);
    },
  );
  return stdout;
}

/** What each tool holds, by e-mail. */
function held(): readonly Readonly<Record<string, unknown>>[] {
  const byEmail = (all: readonly Readonly<Record<string, unknown>>[]) =>
    Object.fromEntries(all.map(({ email, name, phone }) => [email, `${name} ${phone ?? "-"}`]));
  return [
    byEmail(people.admin.records("contacts").map((one) => one.fields)),
    byEmail(cms.entries()),
    byEmail(
      couch.admin
        .records("people")
        .filter((one) => one.fields["type"] === "contact")
        .map((one) => one.fields),
    ),
  ];
}

test("each example of the guide is the file in examples/, word for word", () => {
  const guide = readFileSync(join(root, "docs/connectors/rest.md"), "utf8");
  const blocks = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```$/gmu)].map(([, text]) => text);
  for (const example of Object.values(names)) {
    const text = exampleText(example).replace(/^# yaml-language-server.*\n/u, "");
    expect(blocks, example).toContain(text);
  }
});

test("check finds nothing wrong, and a run makes all tools agree; the next one writes nothing", {
  timeout: 60_000,
}, async () => {
  for (let n = 0; n < 12; n++) people.admin.create("contacts", { email: `p${n}@example.org`, name: `Person ${n}` });
  cms.create({ email: "p1@example.org", name: "Person 1", phone: "+49301234567" });
  cms.create({ email: "cms@example.org", name: "Only CMS", phone: null });
  couch.admin.create("people", { type: "contact", email: "app@example.org", name: "Only App" });
  couch.admin.create("people", { type: "text", name: "no contact" });
  await truce("check");
  await truce("run", "--once");
  const [inPeople, inCms, inApp] = held();
  expect(Object.keys(inPeople!)).toHaveLength(14);
  expect(inPeople).toMatchObject({ "p1@example.org": "Person 1 +49301234567", "app@example.org": "Only App -" });
  expect(inCms).toEqual(inPeople);
  expect(inApp).toEqual(inPeople);

  const written = () =>
    [people.admin, couch.admin].map((admin) => admin.audit().filter((one) => one.source === "api").length);
  const before = written();
  await truce("run", "--once");
  expect(written()).toEqual(before);
});

test("edits and blanks travel from each tool to the others", { timeout: 60_000 }, async () => {
  const idOf = (email: string) => people.admin.records("contacts").find((one) => one.fields["email"] === email)!.id;
  people.admin.edit("contacts", idOf("p2@example.org"), { name: "Edited in the service" });
  const doc = couch.admin.records("people").find((one) => one.fields["email"] === "p3@example.org")!;
  couch.admin.edit("people", doc.id, { name: "Edited in the app", phone: "+4930999" });
  await truce("run", "--once");
  const [inPeople, inCms, inApp] = held();
  expect(inPeople).toMatchObject({
    "p2@example.org": "Edited in the service -",
    "p3@example.org": "Edited in the app +4930999",
  });
  expect(inCms).toEqual(inPeople);
  expect(inApp).toEqual(inPeople);
});

test("while calls fail, hang and are done without an answer, nothing is lost or made twice", {
  timeout: 180_000,
}, async () => {
  const faults: readonly Fault[] = [
    { kind: "error-after", status: 502, chance: 0.1 },
    { kind: "error-before", status: 503, chance: 0.05 },
    { kind: "reset-after", chance: 0.05 },
    { kind: "truncated", chance: 0.05 },
    { kind: "html", chance: 0.03 },
    { kind: "rate-limit", retryAfter: "missing", chance: 0.02 },
  ];
  for (const admin of [people.admin, couch.admin]) admin.setFaults(faults);
  for (let n = 0; n < 10; n++) people.admin.create("contacts", { email: `storm${n}@example.org`, name: `Storm ${n}` });
  for (let n = 0; n < 5; n++)
    couch.admin.create("people", { type: "contact", email: `app${n}@example.org`, name: `App ${n}` });
  await truce("run", "--once", "--timeout", "6s").catch(() => "what is left is for the next run");
  for (const { id, fields: one } of couch.admin.records("people"))
    if (String(one["email"]).startsWith("storm")) couch.admin.edit("people", id, { phone: "+4930111222" });
  await truce("run", "--once", "--timeout", "6s").catch(() => "what is left is for the next run");
  for (const admin of [people.admin, couch.admin]) admin.setFaults([]);
  await truce("run", "--once");
  const [inPeople, inCms, inApp] = held();
  expect(inCms).toEqual(inPeople);
  expect(inApp).toEqual(inPeople);
  const emails = people.admin.records("contacts").map((one) => one.fields["email"]);
  expect(emails.filter((email) => /^(?:storm|app)\d/u.test(String(email)))).toHaveLength(15);
  expect(new Set(emails).size).toBe(emails.length);
  expect(couch.admin.records("people").filter((one) => one.fields["type"] === "contact")).toHaveLength(emails.length);
  expect(cms.entries()).toHaveLength(emails.length);
});

test("init asks tools what they are like, and writes a config in which check finds nothing wrong", async () => {
  const other = mkdtempSync(join(tmpdir(), "truce-rest-init-"));
  const systems = [`people=rest:${people.url}/contacts`, `cms=rest:${cms.url}/api/contacts`];
  await truceIn(other, "init", ...systems.flatMap((one) => ["--system", one]), "--country", "DE");
  const written = parse(readFileSync(join(other, "truce.yaml"), "utf8")) as Config;
  expect(written.systems["people"]).toMatchObject({ objects: { contacts: { list: { paging: { type: "cursor" } } } } });
  expect(await truceIn(other, "check")).toContain("people (REST at 127.0.0.1");
  rmSync(other, { recursive: true });
});

test("the sandbox of an in-house service prints a config with which check finds nothing wrong", {
  timeout: 60_000,
}, async () => {
  const other = mkdtempSync(join(tmpdir(), "truce-rest-sandbox-"));
  const sandbox = spawn(process.execPath, [join(root, "src/main.ts"), "sandbox", "rest"]);
  try {
    let said = "";
    sandbox.stdout.on("data", (chunk: Buffer) => {
      said += String(chunk);
    });
    await expect.poll(() => said, { timeout: 30_000 }).toContain("POST /_sandbox/FUNCTION");
    const system = said.slice(said.indexOf("    connector:"), said.indexOf("\nIn .env"));
    const fields = "{ email: email, name: name }";
    const entity = `{ fields: ${fields}, identity: [email], systems: { tool: { object: contacts, fields: ${fields} } } }`;
    writeFileSync(join(other, "truce.yaml"), `systems:\n  tool:\n${system}\nentities:\n  contact: ${entity}\n`);
    writeFileSync(join(other, ".env"), /REST_TOKEN=\S+/u.exec(said)?.[0] ?? "");
    expect(await truceIn(other, "check")).toContain("✓ tool (REST at 127.0.0.1");
  } finally {
    sandbox.kill("SIGTERM");
    await once(sandbox, "exit");
    rmSync(other, { recursive: true });
  }
});

test("a running Truce hears of a change by the service's signed webhook long before it would ask", {
  timeout: 60_000,
}, async () => {
  const config = together() as { systems: { people: object } };
  Object.assign(config.systems.people, { pollEvery: "1h" });
  writeFileSync(
    join(folder, "truce.yaml"),
    stringify({ ...config, settings: { listen: "127.0.0.1:0", sweepEvery: "never" } }),
  );
  const options = { cwd: folder, env: { ...process.env, ...env, TRUCE_DATABASE_URL: "" } };
  const service = spawn(process.execPath, [join(root, "src/main.ts"), "run"], options);
  let said = "";
  for (const stream of [service.stdout, service.stderr]) stream.on("data", (chunk: Buffer) => (said += String(chunk)));
  try {
    await expect.poll(() => /Webhooks: (\S+)\/webhooks\/SYSTEM/u.exec(said)?.[1], { timeout: 30_000 }).toBeTruthy();
    const address = `${/Webhooks: (\S+)\/webhooks\/SYSTEM/u.exec(said)?.[1]}/webhooks/people`;
    expect((await fetch(address, { method: "POST", body: "{}" })).status).toBe(401);
    people.admin.setHook(address, secret);
    people.admin.create("contacts", { email: "hook@example.org", name: "Told at once" });
    await expect.poll(() => held()[1]!["hook@example.org"], { timeout: 20_000 }).toBe("Told at once -");
    expect(held()[2]).toHaveProperty("hook@example.org");
  } finally {
    people.admin.setHook(null);
    service.kill("SIGTERM");
    await once(service, "exit");
  }
});
