import { afterEach, expect, test } from "vitest";
import type { ActiveCampaignSandbox } from "../../../sandbox/activecampaign/sandbox.ts";
import { account, cell, connectTo, mapped } from "./testing.ts";

let sandbox: ActiveCampaignSandbox;
afterEach(() => sandbox.close());

const contacts = mapped("contacts", cell("email"));

test("the field for the create key is made by preparing, once, in each object", async () => {
  sandbox = await account();
  const accounts = mapped("accounts", cell("name"));
  const deals = mapped("deals", cell("title"), cell("value"), cell("contact"), cell("stage"));
  const db = connectTo(sandbox);
  const missing = await db.check([contacts, accounts, deals], { prepare: false });
  expect(missing.map(({ object, severity }) => [object, severity])).toEqual([
    ["contacts", "error"],
    ["accounts", "error"],
    ["deals", "error"],
  ]);
  expect(await db.check([contacts, accounts, deals], { prepare: true })).toEqual([]);
  expect(await connectTo(sandbox).check([contacts, accounts, deals], { prepare: true })).toEqual([]);
  const fields = (await db.describe()).flatMap(({ cells }) => cells.filter((one) => one.label === "Truce ID"));
  expect(fields.map(({ cell: tag }) => tag)).toEqual(["TRUCE_ID", "ACCT_TRUCE_ID", "DEAL_TRUCE_ID"]);
});

test("what the vendor asks of a new record is told before one is made", async () => {
  sandbox = await account();
  const db = connectTo(sandbox);
  const objects = [
    mapped("contacts", cell("firstName")),
    mapped("accounts", cell("accountUrl")),
    mapped("deals", cell("title"), cell("value")),
    mapped("companies", cell("name")),
  ];
  const problems = await db.check(objects, { prepare: true });
  expect(problems.map(({ object, severity, message }) => `${object} ${severity}: ${message}`)).toEqual([
    "contacts error: no contacts can be made without email: map it, or set create: false",
    "accounts error: no accounts can be made without name: map it, or set create: false",
    "deals error: no deal can be made without a contact or an account: map one, or set create: false",
    "deals warning: new deals begin in the first stage that the account has, as no stage is mapped",
    "companies error: there is no object companies; there are contacts, accounts, deals",
  ]);
  expect(
    await db.check(
      objects.slice(0, 3).map((one) => ({ ...one, create: false })),
      { prepare: false },
    ),
  ).toEqual([]);
});

test("an option that the account does not have is named", async () => {
  sandbox = await account();
  const object = mapped("contacts", cell("email"), cell("GRADE", { kind: "choice", options: ["A", "C"] }));
  expect(await connectTo(sandbox).check([object], { prepare: true })).toMatchObject([
    { cell: "GRADE", severity: "error", message: "GRADE lacks the options C; add them in ActiveCampaign" },
  ]);
});

test("a wrong key is told as such, after some tries: good ones are refused now and then", async () => {
  sandbox = await account();
  await expect(connectTo(sandbox, { token: "wrong" }).check([contacts], { prepare: false })).rejects.toMatchObject({
    error: { code: "UNAUTHORIZED", message: expect.stringContaining("the API key is wrong") },
  });
});
