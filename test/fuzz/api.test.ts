import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiPath, type OperationName, operations } from "../../src/server/operations.ts";
import { type Browser, openTestServer, type TestServer } from "../../src/server/testing.ts";
import { fuzzing, fuzzMs, nastyBody, nastyText, nastyValue } from "./nasty.ts";

/** One that never ends, and those that would end the session which asks. */
const leftOut: readonly OperationName[] = ["streamEvents", "signOut", "changePassword", "removeUser", "revokeSession"];

/** Names that operations know, so that some requests get further than the first check. */
const like = {
  kind: "conflict",
  values: {},
  ids: ["x"],
  id: "x",
  name: "Ann",
  role: "viewer",
  revision: 1,
  field: "email",
  fields: ["email"],
  reason: "because",
  take: 0,
  limit: 10,
  after: "",
  text: "entities: {}",
  yaml: "entities: {}",
  system: "crm",
  object: "contacts",
  decision: { kind: "take", candidate: 0 },
  filter: {},
};

let server: TestServer;
let admin: Browser;
const bugs: unknown[] = [];
beforeAll(async () => {
  server = await openTestServer({ log: { answered: () => undefined, bug: (error) => void bugs.push(error) } });
  admin = await server.signedIn("admin");
  await server.says("crm", "1", { email: "ada@example.org", name: "Ada", phone: "1" });
});
afterAll(() => server.close());

const names = (Object.keys(operations) as OperationName[]).filter((name) => !leftOut.includes(name));
const parameters = fc.dictionary(fc.constantFrom(...Object.keys(like), "q", "since", "until", "status"), nastyText, {
  maxKeys: 3,
});

for (const name of names) {
  const [method, template] = operations[name];
  test(
    `${name} answers whatever it is asked, and never with a bug`,
    async () => {
      await fc.assert(
        fc.asyncProperty(nastyText, parameters, nastyBody(like), async (part, query, body) => {
          const path = template.replaceAll(/\{\w+\}/gu, () => encodeURIComponent(part.toWellFormed()) || "x");
          const asked = new URLSearchParams(
            Object.entries(query).map(([key, value]): [string, string] => [key, value.toWellFormed()]),
          );
          const response = await admin.fetch(`${server.url}${apiPath}${path}?${asked}`, {
            method,
            ...(method === "POST" || method === "PUT"
              ? { headers: { "content-type": "application/json" }, body: new Uint8Array(body) }
              : {}),
          });
          const text = await response.text();
          expect({ status: response.status, text, bugs: bugs.splice(0) }).toSatisfy(
            ({ status, bugs: found }) => status < 500 && found.length === 0,
          );
          if (response.status >= 400) expect(JSON.parse(text)).toMatchObject({ status: response.status });
        }),
        fuzzing(0.25),
      );
    },
    fuzzMs,
  );
}

test(
  "what a system says of a text is answered as it was said, or refused, by field, with a reason",
  async () => {
    let id = 100;
    await fc.assert(
      fc.asyncProperty(nastyText, nastyValue, async (note, score) => {
        const email = `fuzz.${++id}@example.org`;
        await server.says("crm", String(id), { email, note, score: typeof score === "number" ? score : String(note) });
        const { goldens } = await server.deps.store.load({
          records: [{ system: "crm", object: "contacts", id: String(id) }],
          keys: [],
          ids: [],
        });
        const [golden] = goldens.values();
        expect(golden?.links[0]?.cells["note"]).toBe(note);
        expect(golden?.fields["email"]?.value).toBe(email);
      }),
      fuzzing(),
    );
  },
  fuzzMs,
);
