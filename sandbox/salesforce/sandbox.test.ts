import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { remoteAdmin } from "../core/admin.ts";
import type { SalesforceAdmin } from "./admin.ts";
import { call, calmSandbox, query } from "./testing.ts";

test("a sandbox with a file goes on where it ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "truce-sandbox-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "org.json");
  const first = await calmSandbox({ file });
  first.admin.defineKeyField("Contact");
  first.admin.selectForCapture("Contact");
  first.admin.seed("Contact", [{ LastName: "A", Truce_ID__c: "g-1" }]);
  await first.close();
  const second = await calmSandbox({ file });
  onTestFinished(() => second.close());
  const made = await call(second, "POST", "/sobjects/Contact", { LastName: "B", Truce_ID__c: "g-1" });
  expect(made.body[0].errorCode).toBe("DUPLICATE_VALUE");
  expect((await query(second, "SELECT Id, LastName FROM Contact")).body.records).toHaveLength(1);
  const soql = encodeURIComponent("SELECT SelectedEntity FROM PlatformEventChannelMember");
  const { body } = await call(second, "GET", `/tooling/query?q=${soql}`);
  expect(body.records).toMatchObject([{ SelectedEntity: "ContactChangeEvent" }]);
});

test("another process works as a person, and reads the log of what was written", async () => {
  const sandbox = await calmSandbox();
  onTestFinished(() => sandbox.close());
  const admin = remoteAdmin<SalesforceAdmin>(sandbox.url);
  const [maria] = sandbox.people;
  const id = await admin.createAs(maria, "Lead", { LastName: "A", Company: "B" });
  await admin.edit(maria, "Lead", id, { Company: "C" });
  await expect(admin.edit(maria, "Lead", id, { Company: null })).rejects.toThrow(/Required fields are missing/u);
  expect(
    (await admin.audit())
      .filter(({ object }) => object === "Lead")
      .map(({ kind, before, after }) => [kind, before["Company"], after["Company"]]),
  ).toEqual([
    ["create", undefined, "B"],
    ["update", "B", "C"],
  ]);
});

test("what was deleted is queried from the recycle bin until it is emptied, and listed until the log forgets", async () => {
  let now = Date.UTC(2026, 0, 1);
  const sandbox = await calmSandbox({ clock: () => now });
  onTestFinished(() => sandbox.close());
  const { admin, people } = sandbox;
  const id = admin.createAs(people[0], "Account", { Name: "Acme" });
  admin.deleteAs(people[0], "Account", id);
  now += 60_000;
  const soql = "SELECT Id, IsDeleted FROM Account";
  expect((await query(sandbox, soql)).body.totalSize).toBe(0);
  expect((await query(sandbox, soql, true)).body.records).toMatchObject([{ Id: id, IsDeleted: true }]);
  admin.emptyBin("Account");
  expect((await query(sandbox, soql, true)).body.totalSize).toBe(0);
  const listed = () => {
    const times = new URLSearchParams({
      start: new Date(now - 120_000).toISOString(),
      end: new Date(now).toISOString(),
    });
    return call(sandbox, "GET", `/sobjects/Account/deleted?${times}`);
  };
  expect((await listed()).body.deletedRecords).toMatchObject([{ id }]);
  admin.purgeDeleteLog();
  const after = (await listed()).body;
  expect(after.deletedRecords).toEqual([]);
  expect(Date.parse(after.earliestDateAvailable.replace("+0000", "Z"))).toBe(now);
});
