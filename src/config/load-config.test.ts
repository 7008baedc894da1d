// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pathText, problemText } from "./problem.ts";
import { folderWith, load as loadFile, soundEnv, soundYaml } from "./testing.ts";

async function load(
  name: string,
  text: string,
  env: Record<string, string> = soundEnv,
  files: Record<string, string> = {},
) {
  const folder = folderWith({ [name]: text, ...files }, onTestFinished);
  const { config, problems } = await loadFile(join(folder, name), { env, references: true });
  const lines = problems.map((one) => problemText({ ...one, file: name }));
  return { config, problems, lines };
}

test("a sound YAML config compiles to a policy, and secrets stay references", async () => {
  const { config, lines } = await load("truce.yaml", soundYaml);
  expect(lines).toEqual([]);
  expect(config?.systems["crm"]).toMatchObject({ connector: "hubspot", token: "${HUBSPOT_TOKEN}" });
  expect(config?.policy.clockSkewMs).toEqual({ crm: 5_000, db: 2_000, base: 2_000 });
  expect(config?.settings).toMatchObject({ dataFolder: ".truce", store: null, sweepEveryMs: 6 * 3_600_000 });
  const contact = config?.policy.entities["contact"];
  expect(contact?.fields["firstName"]).toEqual({
    name: "firstName",
    type: { kind: "name" },
    rule: { kind: "newest", tie: { kind: "review" } },
    clears: "hold",
    group: null,
  });
  expect(contact?.fields["stage"]?.rule).toEqual({ kind: "forward-only", stages: ["lead", "customer"] });
  expect(contact?.identity).toEqual([{ fields: ["email"] }, { fields: ["phone", "lastName"] }]);
  expect(contact?.settleMs).toBe(3_000);
  expect(contact?.mappings[2]).toEqual({
    system: "base",
    object: "People",
    create: false,
    fields: {
      email: { cell: "Email", direction: "both" },
      firstName: { cell: "First Name", direction: "read" },
      tags: { cell: "Tags", direction: "both" },
    },
  });
});

test("every member of a group carries the rule of its first field, as a system may lack that one", async () => {
  const { config } = await load("truce.yaml", soundYaml);
  const { street, city } = config?.policy.entities["contact"]?.fields ?? {};
  expect(city).toMatchObject({ group: "address", rule: street?.rule });
});

test("ten mistakes in a YAML file are ten errors, each with its place, in one go", async () => {
  const { config, lines } = await load("truce.yaml", tenMistakesYaml, { DATABASE_URL: "postgres://localhost/app" });
  expect(config).toBeNull();
  expect(lines).toEqual([
    'truce.yaml:2:30 error: systems.crm.tokn: there is no setting "tokn" here. Did you mean "token"?',
    'truce.yaml:3:51 error: systems.base.token: a secret stands here in plain text. Put it into the environment or into .env, and write ${BASE_TOKEN} in its place (in TypeScript: env("BASE_TOKEN")).',
    'truce.yaml:8:22 error: entities.contact.fields.email.type: type can\'t be "emial". Did you mean "email"?',
    'truce.yaml:9:50 error: entities.contact.fields.phone.rule.prefer[1]: there is no system "cmr". Did you mean "crm"?',
    "truce.yaml:10:37 error: entities.contact.fields.lastName.rule: the rule max can't decide about a field of type name. max is for number, money, date or datetime.",
    'truce.yaml:11:85 error: entities.contact.fields.stage.rule.forwardOnly[1]: the stage "custommer" is not among the options. Did you mean "customer"?',
    'truce.yaml:12:31 error: entities.contact.identity[1][1]: contact has no field "lastname". Did you mean "lastName"?',
    'truce.yaml:13:13 error: entities.contact.settle: "3 sec" is no duration. Write a number with its unit: 500ms, 2s, 5m, 1h or 1d.',
    'truce.yaml:17:47 error: entities.contact.systems.crm.fields.phon: contact has no field "phon". Did you mean "phone"?',
    "truce.yaml:22:3 error: the key listen is here twice. Remove one of them.",
  ]);
});

const tenMistakesYaml = `\
systems:
  crm: { connector: hubspot, tokn: \${DATABASE_URL} }
  base: { connector: airtable, base: appX, token: patSECRET.value }
  db: { connector: postgres, url: \${DATABASE_URL} }
entities:
  contact:
    fields:
      email: { type: emial }
      phone: { type: phone, rule: { prefer: [db, cmr] } }
      lastName: { type: name, rule: max }
      stage: { type: choice, options: [lead, customer], rule: { forwardOnly: [lead, custommer] } }
    identity: [email, [phone, lastname]]
    settle: 3 sec
    systems:
      crm:
        object: contacts
        fields: { email: email, phone: phone, phon: mobilephone, lastName: lastname, stage: stage }
      db: { object: people, fields: { email: email, phone: phone, lastName: last_name, stage: stage } }
      base: { object: People, fields: { email: Email } }
settings:
  listen: 127.0.0.1:4400
  listen: 127.0.0.1:4401
`;

test("ten mistakes in a TypeScript file are ten errors, each with its place, in one go", async () => {
  const { config, lines } = await load("truce.config.ts", tenMistakesCode, {});
  expect(config).toBeNull();
  expect(lines).toEqual([
    'truce.config.ts:3:40 error: entities.contact.fields.email.clears: clears can\'t be "holds". Did you mean "hold"?',
    "truce.config.ts:6:58 error: systems.crm.token: the environment variable HUBSPOT_TOKEN is not set. Set it, or add a line HUBSPOT_TOKEN=... to the file .env.",
    'truce.config.ts:7:43 error: systems.db.capture: capture can\'t be "replicaton". Did you mean "replication"?',
    'truce.config.ts:7:62 error: systems.db.url: the address holds a password in plain text. Put it into the environment or into .env, and write ${DB_URL} in its place (in TypeScript: env("DB_URL")).',
    'truce.config.ts:13:50 error: entities.contact.fields.seen.rule.newest: newest can\'t be "any-tru". Did you mean "any-true"?',
    'truce.config.ts:15:46 error: entities.contact.fields.tags.rule.owner: there is no system "billing". There is crm and db.',
    "truce.config.ts:17:47 error: entities.contact.groups.two[0]: seen is in the group one too. A field is in one group at most.",
    'truce.config.ts:18:26 error: entities.contact.identity[1]: contact has no field "sen". Did you mean "seen"?',
    'truce.config.ts:20:100 error: entities.contact.systems.crm.fields.tags: tags and email are both written to "email". Give one of them direction "read", or another cell.',
    'truce.config.ts:21:107 error: entities.contact.systems.db.creat: there is no setting "creat" here. Did you mean "create"?',
  ]);
});

const tenMistakesCode = `\
import { defineConfig, env } from "truce";

const email = { type: "email", clears: "holds" } as const;
export default defineConfig({
  systems: {
    crm: { connector: "hubspot", clockSkew: "1s", token: env("HUBSPOT_TOKEN") },
    db: { connector: "postgres", capture: "replicaton", url: "postgres://app:hunter2@localhost/app" },
  },
  entities: {
    contact: {
      fields: {
        email,
        seen: { type: "boolean", rule: { newest: "any-tru" } }, // a comment, { with braces
        points: "number",
        tags: { type: "text", rule: { owner: "billing" } },
      },
      groups: { one: ["email", "seen"], two: ["seen", "points"] },
      identity: ["tags", ["sen"]],
      systems: {
        crm: { object: "contacts", fields: { email: "email", seen: "seen", points: "points", tags: "email" } },
        db: { object: "people", fields: { email: "email", seen: "seen", points: "points", tags: "tags" }, creat: true },
      },
    },
  },
});
`;

test("tabs are told, and the rest is looked at as if they were spaces", async () => {
  const { lines } = await load("truce.yaml", soundYaml.replace("    capture: triggers", "\t\tcapture: trigger"));
  expect(lines).toEqual([
    "truce.yaml:6:1 error: a tab indents this line. YAML is indented by spaces: replace each tab by two.",
    'truce.yaml:6:12 error: systems.db.capture: capture can\'t be "trigger". Did you mean "triggers"?',
  ]);
});

test("after a syntax error nothing else is guessed at", async () => {
  const { config, lines } = await load("truce.yaml", soundYaml.replace("[street, city]", "[street, city"));
  expect(config).toBeNull();
  expect(lines).toHaveLength(2);
  expect(lines[0]).toBe(
    "truce.yaml:20:38 error: flow sequence in block collection must be sufficiently indented and end with a ].",
  );
});

test("an alias counts as what it stands for, and a fault in it is told where it is written", async () => {
  const yaml = soundYaml
    .replace("{ prefer: [db, crm], otherwise: keep }", "&ours { prefer: [db, crm], otherwise: longst }")
    .replace("rule: { prefer: [crm] }", "rule: *ours");
  const { lines } = await load("truce.yaml", yaml);
  expect(lines).toEqual([
    'truce.yaml:15:86 error: entities.contact.fields.phone.rule.otherwise: otherwise can\'t be "longst". Did you mean "longest"?',
    'truce.yaml:15:86 error: entities.contact.fields.street.rule.otherwise: otherwise can\'t be "longst". Did you mean "longest"?',
  ]);
});

test("a file that holds no config is told so", async () => {
  const words = await load("truce.yaml", "just words");
  expect(words.lines).toEqual(["truce.yaml:1:1 error: a mapping belongs here, not text."]);
  const empty = await load("truce.yaml", "");
  expect(empty.lines).toEqual([
    "truce.yaml:1:1 error: systems is missing. Add systems.",
    "truce.yaml:1:1 error: entities is missing. Add entities.",
  ]);
});

test("the .env file beside the config gives values, and the environment goes before it", async () => {
  const dotenv = "AIRTABLE_TOKEN=from-file\nHUBSPOT_TOKEN=from-file\n";
  const { AIRTABLE_TOKEN: _, ...rest } = soundEnv;
  const { config, lines } = await load("truce.yaml", soundYaml, rest, { ".env": dotenv });
  expect(lines).toEqual([]);
  expect(config?.source.env).toMatchObject({ AIRTABLE_TOKEN: "from-file", HUBSPOT_TOKEN: soundEnv.HUBSPOT_TOKEN });
});

test("a secret may lie in a file, named relative to the config", async () => {
  const yaml = soundYaml.replace("${AIRTABLE_TOKEN}", "${file:secrets.txt}");
  expect((await load("truce.yaml", yaml, soundEnv, { "secrets.txt": "pat\n" })).lines).toEqual([]);
  expect((await load("truce.yaml", yaml)).lines).toEqual([
    "truce.yaml:7:39 error: systems.base.token: the file secrets.txt can't be read, or is empty. Check its path and its access rights.",
  ]);
});

test("a custom rule in TypeScript reaches the policy", async () => {
  const code = `
    import { defineConfig, env } from "truce";
    const systems = ["crm", "db"] as const;
    export default defineConfig({
      systems: { crm: { connector: "hubspot", token: env("HUBSPOT_TOKEN") }, db: { connector: "postgres", url: "postgres://localhost/app" } },
      entities: {
        contact: {
          fields: { email: { type: "email", rule: { custom: ({ golden }) => golden } } },
          identity: ["email"],
          systems: Object.fromEntries(systems.map((one) => [one, { object: "people", fields: { email: "email" } }])),
        },
      },
    });`;
  const { config, lines } = await load("truce.config.ts", code);
  expect(lines).toEqual([]);
  expect(config?.policy.entities["contact"]?.fields["email"]?.rule).toMatchObject({
    kind: "custom",
    name: "custom contact.email",
  });
});

test("a TypeScript file that can't be run is told with the place", async () => {
  const problem = async (code: string) => (await load("truce.config.ts", code)).lines.join("\n");
  expect(await problem("export default {\n  systems: {,\n};\n")).toMatch(
    /^truce\.config\.ts:2:13 error: the file can't be read as TypeScript: Unexpected token/u,
  );
  expect(await problem('const a = 1;\n  throw new Error("no luck");\nexport default a;\n')).toBe(
    "truce.config.ts:2:9 error: the file can't be run: no luck.",
  );
  expect(await problem('import x from "not-there";\nexport default x;\n')).toMatch(
    /^truce\.config\.ts:1:16 error: .*not-there.* Install what it imports, beside the config\.$/u,
  );
  expect(await problem("enum A { B }\nexport default A;\n")).toMatch(/^truce\.config\.ts:1:1 error: .* Enums, .*/u);
  expect(await problem("export const config = {};\n")).toBe(
    "truce.config.ts:1:1 error: the file exports no config. Write: export default defineConfig({ ... }).",
  );
});

test("a path is written as in code", () => {
  expect(pathText(["entities", "contact", "identity", 1, 0])).toBe("entities.contact.identity[1][0]");
});
