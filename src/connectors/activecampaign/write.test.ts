import { expect, test } from "vitest";
import { update } from "../../ports/testing/requests.ts";
import { account, cell, connectTo, mapped } from "./testing.ts";

test("a refusal for an e-mail or a name that is taken says which record has it", async () => {
  const sandbox = await account({ speed: 1_000_000 });
  const { admin } = sandbox;
  const db = connectTo(sandbox);
  try {
    const contacts = mapped("contacts", cell("email"), cell("phone"));
    const [first, second] = ["first", "second"].map((name) =>
      admin.create("Zoe", "contacts", { email: `${name}@example.com` }),
    ) as [string, string];
    const toFirst = update(second, { email: "second@example.com" }, { email: "First@example.com" });
    expect(await db.write(contacts, [toFirst])).toMatchObject([
      { kind: "failed", error: { code: "REJECTED", cells: { email: expect.any(String) }, takenBy: first } },
    ]);
    const accounts = mapped("accounts", cell("name"));
    const [acme, other] = ["Acme", "Other"].map((name) => admin.create("Zoe", "accounts", { name })) as [
      string,
      string,
    ];
    expect(await db.write(accounts, [update(other, { name: "Other" }, { name: "Acme" })])).toMatchObject([
      { kind: "failed", error: { code: "REJECTED", takenBy: acme } },
    ]);
  } finally {
    await db.close();
    await sandbox.close();
  }
});
