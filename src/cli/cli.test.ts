// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConvergenceReport } from "../control/convergence.ts";
import type { Plan } from "../engine/plan.ts";
import type { Hold } from "../model/hold.ts";
import type { Status } from "./desk.ts";
import { type Company, openCompany } from "./testing/company.ts";

type Swept = { readonly sweeps: readonly object[]; readonly convergence: ConvergenceReport };

let company: Company;

beforeAll(async () => {
  company = await openCompany(30);
});

afterAll(async () => {
  await company?.close();
});

const truce = (...args: readonly string[]) => company.truce(...args);

async function json<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr, code } = await truce(...args, "--json");
  if (code !== 0) throw new Error(`truce ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

test("what is called wrongly is told in words, with exit code 2", async () => {
  expect(await truce("chek")).toMatchObject({ code: 2, stdout: "" });
  expect((await truce("holds", "decide", "x")).stderr).toContain("Say one way to decide it");
  expect((await truce("run", "--once", "--ask-first")).stderr).toContain("use one of them");
  expect((await truce("run", "--once", "--timeout", "soon")).stderr).toBe(
    'truce: --timeout takes a duration like 90s or 10m, not "soon".\n',
  );
});

test("a file that is not there is named in words", async () => {
  expect(await truce("dedupe", "nowhere.csv")).toMatchObject({
    code: 1,
    stderr: "truce: There is no file nowhere.csv.\n",
  });
});

test("check warns of what the next start makes in the systems, at its place in the config, and --prepare makes it", async () => {
  const before = await truce("check");
  expect(before.code).toBe(0);
  expect(before.stdout).toMatch(
    /truce\.yaml:26:17 warning {2}entities\.contact\.systems\.marketing\.object\n.*no text field Truce ID/u,
  );
  expect(before.stdout).not.toContain("\u001b[");
  const after = await truce("check", "--prepare");
  expect(after).toMatchObject({ code: 0, stderr: "" });
  expect(after.stdout).toContain("All is well.");
  expect(after.stdout).not.toContain("Truce ID");
});

test("a system that can't be reached is a problem of check, and the others are checked all the same", async () => {
  const other = join(company.folder, "down.yaml");
  const yaml =
    "systems:\n  a: { connector: postgres, url: postgres://127.0.0.1:1/x }\n  db: { connector: postgres, url: ${DATABASE_URL} }\n";
  const entity =
    "{ fields: { email: email }, identity: [email], systems: { a: { object: people, fields: { email: email } }, db: { object: people, fields: { email: email } } } }";
  writeFileSync(other, `${yaml}entities:\n  contact: ${entity}\n`);
  const { code, stdout } = await truce("check", "--config", "down.yaml");
  expect(code).toBe(3);
  expect(stdout).toContain("✗ a (PostgreSQL): not reached");
  expect(stdout).toContain("✓ db (PostgreSQL): reached");
});

test("plan shows what a run would do and writes nothing", async () => {
  const writesBefore = (await company.world.writes()).length;
  const plan = await json<Plan>("plan");
  expect(plan.goldens).toEqual({ contact: 30 });
  expect(plan.objects.every(({ create, update }) => create > 0 && update > 0)).toBe(true);
  expect(await company.world.writes()).toHaveLength(writesBefore);
  const { stdout } = await truce("plan", "--samples", "1");
  expect(stdout).toMatch(/update {2}\S+ {2}\w+: \(blank\) → .+ {2}from (?:crm|db|marketing)/u);
  expect(stdout).toContain("2 conflict on contact jobTitle: review does not decide");
});

test("run --once brings everything together, and the next has nothing left to do", async () => {
  const first = await truce("run", "--once");
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout).toMatch(/written \d+ crm, \d+ db, \d+ marketing/u);
  const second = await json<{ written: object; held: number; behind: number }>("run", "--once");
  expect(second).toMatchObject({ written: {}, held: 2, behind: 0 });
  expect((await truce("run", "--once", "--fail-on-holds")).code).toBe(4);
});

test("status tells golden records, links and holds", async () => {
  const { counts, runningSince, loaded } = await json<Status>("status");
  expect(runningSince).toBeNull();
  expect(loaded).toBe(true);
  expect(counts).toMatchObject({
    goldens: { contact: 30 },
    links: { crm: 30, db: 30, marketing: 30 },
    holds: { conflict: 2 },
  });
  expect((await truce("status")).stdout).toMatch(/^db +30 +0$/mu);
});

test("a hold is shown with both sides, and decided by the end of its id", async () => {
  const [hold] = await json<Hold[]>("holds");
  const short = hold!.id.slice(-8);
  const shown = (await truce("holds", "show", short)).stdout;
  for (const { values } of hold!.candidates) expect(shown).toContain(String(values["jobTitle"]));
  expect(shown).toContain(`truce holds decide ${short} --revision ${hold!.revision} --take 1`);
  expect((await truce("holds", "decide", short, "--take", "0", "--revision", "999")).stderr).toContain(
    "has changed since revision 999",
  );
  expect(await truce("holds", "decide", short, "--take", "1", "--by", "Ada")).toMatchObject({ code: 0 });
  expect((await truce("holds", "decide", hold!.id, "--take", "1")).stderr).toContain("It is decided already");
  const history = (await truce("history", hold!.goldenId!, "--field", "jobTitle")).stdout;
  expect(history).toMatch(/decided by a person +Ada/u);
});

test("while truce runs, other commands reach its store, and a stop lets it finish", async () => {
  const service = company.start("run");
  await service.says("truce runs.");
  expect((await json<Status>("status")).runningSince).not.toBeNull();
  const [hold] = await json<Hold[]>("holds", "list");
  expect(await truce("holds", "decide", hold!.id.slice(-8), "--set", "jobTitle=Chief of Tests")).toMatchObject({
    code: 0,
    stdout: "Decided.\n",
  });
  const reports = await json<{ system: string; drifted: number }[]>("sweep");
  expect(reports.map(({ system }) => system)).toEqual(["crm", "db", "marketing"]);
  expect((await truce("history", "chief of tests")).stdout).toMatch(/wrote jobTitle +crm/u);
  expect((await truce("run", "--once")).stderr).toContain("store.db is in use by");
  service.stop();
  expect(await service.ended).toMatchObject({ code: 0 });
  expect((await json<Status>("status")).runningSince).toBeNull();
});

test("a truce that was killed leaves nothing in the way", async () => {
  const service = company.start("run");
  await service.says("truce runs.");
  service.stop("SIGKILL");
  await service.ended;
  expect((await json<Status>("status")).runningSince).toBeNull();
  const again = company.start("run");
  await again.says("truce runs.");
  expect((await json<Status>("status")).runningSince).not.toBeNull();
  again.stop();
  expect(await again.ended).toMatchObject({ code: 0 });
});

test("a sweep finds what changed meanwhile and heals it", async () => {
  const contact = company.world.seeded.find(({ system, entity }) => system === "marketing" && entity === "contact")!;
  await company.world.system("marketing").edit("Noor", "contact", contact.id, { city: "Reykjavik" });
  const { sweeps, convergence } = await json<Swept>("sweep", "marketing", "--report");
  expect(sweeps).toMatchObject([{ system: "marketing", object: "People", scanned: 30 }]);
  expect(convergence.isConverged).toBe(true);
  const people = convergence.objects.find(({ system }) => system === "marketing");
  expect(people?.fields["city"]).toEqual({ agrees: 30 });
  expect((await truce("history", "Reykjavik")).stdout).toMatch(/wrote city +db/u);
});

test("a service's log names the fields that change, their values only where asked to, and never a secret", async () => {
  const contact = company.world.seeded.find(({ system, entity }) => system === "marketing" && entity === "contact")!;
  await truce("run", "--once");
  const logOf = async (city: string, ...args: readonly string[]) => {
    const service = company.start("run", ...args);
    await service.prints("truce runs.");
    await company.world.system("marketing").edit("Noor", "contact", contact.id, { city });
    await service.prints('"field":"city"');
    service.stop();
    return (await service.ended).stdout;
  };
  const named = await logOf("Nuuk", "--log-level", "debug");
  const valued = await logOf("Windhoek", "--log-values");
  expect(named).not.toContain("Nuuk");
  expect(valued).toContain("Windhoek");
  for (const secret of Object.values(company.env)) expect(named + valued).not.toContain(secret);
});

test("a faulty config starts nothing: all its errors, exit code 3", async () => {
  writeFileSync(join(company.folder, "faulty.yaml"), "systems: {}\nentitees: {}\n");
  const { code, stderr, stdout } = await truce("run", "-c", "faulty.yaml");
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain(
    'faulty.yaml:2:1 error  entitees\n    there is no setting "entitees" here. Did you mean "entities"?',
  );
});

test("init without a terminal reads the systems and writes a config that they pass", async () => {
  const { crm, marketing } = company;
  const systems = [
    "--system",
    "crm=hubspot",
    "db=postgres",
    `base=airtable:${marketing.baseId}`,
    "--url",
    `crm=${crm.url}`,
    `base=${marketing.url}`,
  ];
  expect((await truce("init", ...systems)).stderr).toBe(
    "truce: There is truce.yaml already. --force writes over it.\n",
  );
  const made = await truce(
    "init",
    ...systems,
    "--output",
    "made.yaml",
    "--force",
    "--country",
    "DE",
    "--create",
    "crm",
  );
  expect(made).toMatchObject({ code: 0, stderr: "" });
  expect(made.stdout).toContain("contact: 7 fields in crm contacts, db public.people, base People");
  expect(await truce("check", "--config", "made.yaml", "--prepare")).toMatchObject({ code: 0 });
  const { objects } = await json<Plan>("plan", "--config", "made.yaml");
  expect(objects.find(({ object }) => object === "contacts")?.linked).toBeGreaterThan(10);
});

test("store move takes everything to PostgreSQL, and truce goes on from there", async () => {
  const before = await json<Status>("status");
  expect((await truce("store", "move")).stderr).toContain("Name the PostgreSQL to move to");
  const url = await company.createDatabase("state");
  const moved = await company.truceWith({ TRUCE_DATABASE_URL: url }, "store", "move");
  expect(moved).toMatchObject({ code: 0 });
  expect(moved.stdout).toMatch(/^golden +30$/mu);
  const after = await company.truceWith({ TRUCE_DATABASE_URL: url }, "status", "--json");
  expect(JSON.parse(after.stdout)).toEqual(before);
  const again = await company.truceWith({ TRUCE_DATABASE_URL: url }, "run", "--once", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ written: {}, behind: 0 });
});

test("a sandbox says how it is reached, answers, and ends when it is told to", async () => {
  const sandbox = company.start("sandbox", "airtable", "--json");
  const { url, variables } = JSON.parse(await sandbox.prints("\n")) as {
    url: string;
    variables: Record<string, string>;
  };
  const answer = await fetch(`${url}/v0/meta/whoami`, {
    headers: { authorization: `Bearer ${variables["AIRTABLE_TOKEN"]}` },
  });
  expect(answer.status).toBe(200);
  sandbox.stop("SIGINT");
  expect(await sandbox.ended).toMatchObject({ code: 0 });
  expect(await truce("sandbox", "oracle")).toMatchObject({ code: 2 });
});

test("users are made on the command line too, where nobody could open a first link", async () => {
  const { stdout, code } = await truce("users", "add", "ann", "--role", "admin");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ann chooses a password here, once, within a week: http:\/\/\S+\/welcome#[\w-]{43}\n$/u);
  expect((await truce("users")).stdout).toMatch(/ann +admin/u);
  expect((await truce("users", "add", "bob", "--role", "boss")).stderr).toContain("--role is one of viewer, reviewer");
});
