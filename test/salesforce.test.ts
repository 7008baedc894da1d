import { afterAll, beforeAll, expect, test } from "vitest";
import { createRandom } from "../sandbox/core/random.ts";
import { createSalesforceSandbox, type SalesforceSandbox } from "../sandbox/salesforce/sandbox.ts";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { checkConfig } from "../src/config/check-config.ts";
import { compileConfig } from "../src/config/compile-config.ts";
import { readYaml } from "../src/config/yaml-source.ts";
import { createSalesforceConnector } from "../src/connectors/salesforce/connector.ts";
import { type Deps, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { Connector } from "../src/ports/connector.ts";
import type { Store } from "../src/ports/store.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";

/** Two orgs of one company, one streamed and one polled, with accounts, contacts and opportunities that point to accounts, and the roles of contacts in them. */
const yaml = `\
systems:
  emea: { connector: salesforce, url: "https://emea.example", clientId: a, clientSecret: "\${A}" }
  amer: { connector: salesforce, url: "https://amer.example", clientId: a, clientSecret: "\${A}" }
entities:
  contact:
    rule: { prefer: [emea, amer] }
    fields: { email: email, lastName: name, title: text, department: text, account: { type: reference, to: account } }
    identity: [email]
    systems:
      emea: { object: Contact, create: true, fields: &contact { email: Email, lastName: LastName, title: Title, department: Department, account: AccountId } }
      amer: { object: Contact, create: true, fields: *contact }
  opportunity:
    rule: { prefer: [emea, amer] }
    fields:
      name: text
      stage: text
      close: date
      amount: { type: money, currency: EUR }
      account: { type: reference, to: account }
    identity: [name]
    systems:
      emea: { object: Opportunity, create: true, fields: &deal { name: Name, stage: StageName, close: CloseDate, amount: Amount, account: AccountId } }
      amer: { object: Opportunity, create: true, fields: *deal }
  role:
    rule: { prefer: [emea, amer] }
    deletes: propagate
    fields:
      deal: { type: reference, to: opportunity }
      person: { type: reference, to: contact }
      role: text
    identity: [[deal, person]]
    required: [deal, person]
    systems:
      emea: { object: OpportunityContactRole, create: true, fields: &role { deal: OpportunityId, person: ContactId, role: Role } }
      amer: { object: OpportunityContactRole, create: true, fields: *role }
  account:
    rule: { prefer: [emea, amer] }
    fields: { name: text, parent: { type: reference, to: account } }
    identity: [name]
    systems:
      emea: { object: Account, create: true, fields: &account { name: Name, parent: ParentId } }
      amer: { object: Account, create: true, fields: *account }
`;

const count = 40;
let emea: SalesforceSandbox;
let amer: SalesforceSandbox;
let connectors: ReadonlyMap<string, Connector>;
let store: Store;
let running: Running;

beforeAll(async () => {
  [emea, amer] = [
    await createSalesforceSandbox({ speed: 1000, seed: 1 }),
    await createSalesforceSandbox({ speed: 1000, seed: 2 }),
  ];
  for (const { admin } of [emea, amer])
    for (const object of ["Account", "Contact", "Opportunity", "OpportunityContactRole"]) admin.defineKeyField(object);
  emea.admin.selectForCapture("Account", "Contact", "Opportunity");
  // So that no id means the same in both.
  amer.admin.seed("Account", [{ Name: "Only in amer" }]);
  amer.admin.seed("Contact", [{ LastName: "Only in amer", Email: "amer@example.com" }]);
  const accounts = emea.admin.seed(
    "Account",
    rows((n) => ({ Name: `Account ${n}` })),
  );
  for (const [n, id] of accounts.entries()) {
    if (n % 4 === 3) emea.admin.edit(emea.people[0], "Account", id, { ParentId: accounts[n - 1]! });
  }
  const contacts = emea.admin.seed(
    "Contact",
    rows((n) => ({ LastName: `P ${n}`, Email: `p${n}@example.com`, AccountId: accounts[n]! })),
  );
  const deals = emea.admin.seed(
    "Opportunity",
    rows((n) => ({
      Name: `Deal ${n}`,
      StageName: "Prospecting",
      CloseDate: "2026-12-31",
      Amount: n,
      AccountId: accounts[n]!,
    })),
  );
  // Each deal has two people, and each of them two deals.
  emea.admin.seed(
    "OpportunityContactRole",
    [0, 1].flatMap((step) =>
      rows((n) => ({
        OpportunityId: deals[n]!,
        ContactId: contacts[(n + step) % count]!,
        Role: step === 0 ? "Evaluator" : "Influencer",
      })),
    ),
  );
  const { config, findings } = checkConfig(readYaml(yaml).data, null);
  if (config === null) throw new Error(JSON.stringify(findings));
  const { policy } = compileConfig(config);
  store = createMemoryStore();
  const orgs = [
    ["emea", emea],
    ["amer", amer],
  ] as const;
  connectors = new Map(
    orgs.map(([system, { url, pubsub, app }]) => {
      const { clientId, clientSecret } = app;
      const auth = { kind: "client-credentials", clientId, clientSecret } as const;
      const capture = system === "emea" ? "auto" : "poll";
      return [
        system,
        createSalesforceConnector({
          system,
          url,
          pubsub,
          auth,
          capture,
          clock: machineClock,
          pollMs: 200,
          timeoutMs: 2_000,
        }),
      ];
    }),
  );
  const deps: Deps = {
    ...{ store, connectors, policy, clock: machineClock, random: machineRandom },
    startedAt: machineClock.now(),
    tell: () => undefined,
  };
  for (const [system, connector] of connectors) {
    const problems = await connector.check(mappedObjects(policy, system), { prepare: false });
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  }
  running = run(deps, { workBatchMax: 200, sweepEveryMs: null, schemaEveryMs: null });
});

afterAll(async () => {
  await running?.stop();
  for (const connector of connectors?.values() ?? []) await connector.close();
  await emea?.close();
  await amer?.close();
});

function rows(make: (n: number) => Readonly<Record<string, string | number>>) {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** What an org holds, with names where it has ids of its own. */
function holdings({ admin }: SalesforceSandbox): string[] {
  const names = new Map(admin.records("Account").map(({ Id, Name }) => [Id, String(Name)]));
  const nameOf = (id: unknown) => names.get(String(id)) ?? "-";
  return [
    ...admin.records("Account").map(({ Name, ParentId }) => `${Name} < ${nameOf(ParentId)}`),
    ...admin
      .records("Contact")
      .map((one) =>
        [one["Email"], one["LastName"], one["Title"], one["Department"], nameOf(one["AccountId"])].join(" "),
      ),
    ...admin
      .records("Opportunity")
      .map((one) => `${one["Name"]} ${one["StageName"]} ${one["Amount"]} ${nameOf(one["AccountId"])}`),
    ...rolesIn(admin),
  ].sort();
}

/** Who has which role in which deal. */
function rolesIn(admin: SalesforceSandbox["admin"]): string[] {
  const find = (object: string, id: unknown) => admin.records(object).find((one) => one.Id === id);
  return admin
    .records("OpportunityContactRole")
    .map(
      (one) =>
        `${find("Opportunity", one["OpportunityId"])?.["Name"]}: ${find("Contact", one["ContactId"])?.["Email"]} ${one["Role"]}`,
    );
}

test("accounts, contacts and opportunities arrive in the other org, each pointing to what it points to there", {
  timeout: 60_000,
}, async () => {
  await running.quiet();
  expect(holdings(amer)).toEqual(holdings(emea));
  expect(holdings(emea)).toHaveLength(5 * count + 2);
  expect(await store.holds({ status: "open", limit: 10 })).toEqual([]);
});

test("a role that is given, changed and taken away in one org is so in the other", { timeout: 60_000 }, async () => {
  const roleIn = ({ admin }: SalesforceSandbox, text: string) => {
    const at = rolesIn(admin).indexOf(text);
    return at === -1 ? undefined : admin.records("OpportunityContactRole")[at]?.Id;
  };
  const { admin, people } = amer;
  admin.edit(people[0], "OpportunityContactRole", roleIn(amer, "Deal 3: p3@example.com Evaluator")!, {
    Role: "Decision Maker",
  });
  emea.admin.deleteAs(emea.people[0], "OpportunityContactRole", roleIn(emea, "Deal 5: p6@example.com Influencer")!);
  const idOf = (object: string, field: string, value: string) =>
    admin.records(object).find((one) => one[field] === value)!.Id;
  admin.createAs(people[0], "OpportunityContactRole", {
    OpportunityId: idOf("Opportunity", "Name", "Deal 7"),
    ContactId: idOf("Contact", "Email", "p30@example.com"),
    Role: "Economic Buyer",
  });
  await expect
    .poll(() => rolesIn(emea.admin).sort(), { timeout: 30_000 })
    .toContain("Deal 7: p30@example.com Economic Buyer");
  await expect.poll(() => rolesIn(amer.admin).sort(), { timeout: 30_000 }).toEqual(rolesIn(emea.admin).sort());
  expect(rolesIn(emea.admin)).toContain("Deal 3: p3@example.com Decision Maker");
  expect(rolesIn(amer.admin)).toHaveLength(2 * count);
});

test("people edit in both orgs while answers are lost and streams break: no edit is lost", {
  timeout: 120_000,
}, async () => {
  const random = createRandom(5);
  for (const { admin } of [emea, amer]) {
    admin.setFaults([
      { kind: "error-after", status: 502, chance: 0.05, match: { path: "/composite" } },
      { kind: "error-before", status: 503, chance: 0.03 },
      { kind: "reset-after", chance: 0.03 },
      { kind: "truncated", chance: 0.03 },
      { kind: "latency", ms: 30, chance: 0.5 },
    ]);
  }
  for (let edit = 0; edit < 150; edit++) {
    const { admin, people } = random.chance(0.5) ? emea : amer;
    const email = `p${random.below(count)}@example.com`;
    const { Id } = admin.records("Contact").find((one) => one["Email"] === email)!;
    admin.edit(people[0], "Contact", Id, { [random.chance(0.5) ? "Title" : "Department"]: `v${edit}` });
    if (random.chance(0.03)) emea.admin.dropStreams();
    if (random.chance(0.02)) emea.admin.expireSessions();
    await machineClock.sleep(random.below(40));
  }
  for (const { admin } of [emea, amer]) admin.setFaults([]);
  await running.quiet();
  expect(holdings(amer)).toEqual(holdings(emea));
  expect(lostEdits()).toEqual([]);
});

/**
 * Edits that a person made last in a field of an org, whose value is nowhere at the end although nobody who knew it replaced it: the other org's last
 * edit won without its maker having had this value.
 */
function lostEdits(): string[] {
  return emea.admin.records("Contact").flatMap((record) => {
    const email = String(record["Email"]);
    const other = amer.admin.records("Contact").find((one) => one["Email"] === email)!;
    return ["Title", "Department"].flatMap((field) => {
      const preferred = lastEdit(emea, record.Id, field);
      const edit = lastEdit(amer, other.Id, field);
      const final = record[field];
      if (preferred === undefined || final === preferred.after[field]) return [];
      const wasSeen = amer.admin
        .audit()
        .some(
          (one) =>
            one.id === other.Id &&
            one.source === "api" &&
            one.after[field] === preferred.after[field] &&
            one.seq < (edit?.seq ?? 0),
        );
      return final === edit?.after[field] && wasSeen
        ? []
        : [`${email} ${field}: ${String(preferred.after[field])} gave way to ${String(final)}`];
    });
  });
}

function lastEdit({ admin }: SalesforceSandbox, id: string, field: string) {
  return admin
    .audit()
    .findLast((one) => one.id === id && one.source.startsWith("user:") && Object.hasOwn(one.after, field));
}

test("a merge in one org is a merge: the survivor goes on, and nothing is deleted elsewhere", {
  timeout: 60_000,
}, async () => {
  const [master, loser] = ["p1@example.com", "p2@example.com"].map(
    (email) => emea.admin.records("Contact").find((one) => one["Email"] === email)!.Id,
  );
  emea.admin.mergeAs(emea.people[0], "Contact", master!, [loser!], { Title: "Merged" });
  await running.quiet();
  expect(amer.admin.records("Contact")).toHaveLength(count + 1);
  emea.admin.edit(emea.people[0], "Contact", master!, { Department: "After the merge" });
  await running.quiet();
  const survivor = amer.admin.records("Contact").find((one) => one["Email"] === "p1@example.com");
  expect(survivor).toMatchObject({ Title: "Merged", Department: "After the merge" });
});
