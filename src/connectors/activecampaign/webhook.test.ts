import { expect, test } from "vitest";
import { judgeWebhook } from "./webhook.ts";

function told(body: string | Readonly<Record<string, string>>, key = "s3cret") {
  const text = typeof body === "string" ? body : new URLSearchParams(body).toString();
  const url = `https://truce.example/webhooks/marketing?key=${key}`;
  const result = judgeWebhook("marketing", "s3cret", {
    method: "POST",
    url,
    headers: {},
    body: Buffer.from(text),
    receivedAt: 5,
  });
  if (result.kind === "refused") return result.status;
  return result.events.map(({ observation: { kind, ref } }) => `${kind} ${ref.object} ${ref.id}`);
}

test.each([
  ["subscribe", { "contact[id]": "7", "contact[email]": "ada@example.org", "contact[fields][lang]": "en", list: "1" }],
  ["unsubscribe", { "contact[id]": "7", "unsubscribe[reason]": "" }],
  ["update", { "contact[id]": "7", "updated_fields[]": "phone" }],
  ["contact_tag_added", { "contact[id]": "7", tag: "vip", "contact[tags]": "vip, new" }],
  ["contact_tag_removed", { "contact[id]": "7", tag: "vip" }],
  ["subscriber_note", { "contact[id]": "7", note: "id=9" }],
  ["bounce", { "contact[id]": "7", "bounce[code]": "5" }],
])("%s is about a contact", (type, fields) => {
  expect(told({ type, date_time: "2026-01-01T10:00:00-06:00", initiated_from: "admin", ...fields })).toEqual([
    "hint contacts 7",
  ]);
});

test("a deal's event tells of its contact and account as well, and is about the deal", () => {
  const fields = { "deal[id]": "3", "deal[contactid]": "7", "contact[id]": "7", "deal[value_raw]": "10.5" };
  expect(told({ type: "deal_update", ...fields })).toEqual(["hint deals 3"]);
  expect(told({ type: "deal_stage_add", ...fields })).toEqual(["hint deals 3"]);
  expect(told({ type: "account_update", "account[id]": "4", "contact[id]": "7" })).toEqual(["hint accounts 4"]);
  expect(told({ type: "account_contact_add", "contact[id]": "7", "account[id]": "4" })).toEqual(["hint contacts 7"]);
});

test("events about other things only wake the feed, and so do those without an id that could be one", () => {
  expect(told({ type: "list_add", "list[id]": "1" })).toEqual([]);
  expect(told({ type: "deal_add", "deal[id]": "" })).toEqual([]);
  expect(told({ type: "update", "contact[id]": "7 or 1=1" })).toEqual([]);
});

test("the same as JSON is understood too", () => {
  expect(told(JSON.stringify({ type: "update", contact: { id: 7, fields: { lang: "en" } } }))).toEqual([
    "hint contacts 7",
  ]);
  expect(told(JSON.stringify({ type: "deal_update", deal: { id: "3" }, contact: { id: "7" } }))).toEqual([
    "hint deals 3",
  ]);
});

test("what is no event, or does not hold the secret, is refused", () => {
  for (const body of ["", "{", "{}", "null", "x=1", "%E0%A4%A"]) expect(told(body), body).toBe(400);
  expect(told({ type: "update", "contact[id]": "7" }, "guess")).toBe(401);
});
