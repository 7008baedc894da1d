import { afterEach, beforeEach, expect, test } from "vitest";
import { type Setting, setUp } from "./testing.ts";

let setting: Setting;
beforeEach(async () => {
  setting = await setUp();
});
afterEach(() => setting.sandbox.close());

test("a record's page is known by the account's number, once HubSpot has told it", async () => {
  const { connector, sandbox } = setting;
  expect(connector.recordUrl?.("contacts", "7")).toBeNull();
  const at = (object: string, id: string) => expect.poll(() => connector.recordUrl?.(object, id));
  await at("contacts", "7").toBe(`https://app.hubspot.com/contacts/${sandbox.portalId}/record/0-1/7`);
  await at("companies", "a/b").toBe(`https://app.hubspot.com/contacts/${sandbox.portalId}/record/0-2/a%2Fb`);
});

test("an account that does not say leaves records without a page", async () => {
  const { connector } = setting;
  expect(connector.recordUrl?.("no such object", "7")).toBeNull();
  await expect.poll(() => connector.recordUrl?.("contacts", "7")).not.toBeNull();
  expect(connector.recordUrl?.("no such object", "7")).toBeNull();
});
