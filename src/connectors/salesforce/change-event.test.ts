import { expect, test } from "vitest";
import { changeEventOf, tellEvent } from "./change-event.ts";
import type { Client } from "./client.ts";
import type { BoundObject } from "./schema.ts";

const deps = { system: "sales", client: { ownTime: (at: number) => at } as Client };
const id = "003bm000016htgPAAQ";

/** An object with these fields mapped, as far as reading an event needs them. */
function boundTo(object: string, names: readonly string[], rest: Partial<BoundObject> = {}): BoundObject {
  const cells = names.map((name) => ({
    cell: { cell: name, field: name, type: { kind: "text" }, direction: "both" },
    field: { name, type: "string", calculated: false },
  }));
  const mapped = { object, create: false, cells: cells.map(({ cell }) => cell) };
  return {
    mapped,
    cells,
    keyField: null,
    hasMerges: false,
    sobject: { name: object },
    ...rest,
  } as unknown as BoundObject;
}

function told(header: object, fields: object, bound: BoundObject) {
  const ChangeEventHeader = { entityName: "Contact", recordIds: [id], commitTimestamp: 1778192987000, ...header };
  const event = changeEventOf({ ChangeEventHeader, ...fields });
  if (event === undefined) return "no event";
  const { observations, isLost } = tellEvent(deps, bound, event, 5);
  return isLost
    ? "lost"
    : observations.map((one) => (one.kind === "upsert" ? { ...one.cells } : `${one.kind} ${one.ref.id}`));
}

test("parts of compounds go by their names in REST, those of custom fields too", () => {
  const bound = boundTo("Contact", ["LastName", "MailingCity", "Site__City__s", "Spot__Latitude__s"]);
  const changedFields = ["Name.LastName", "MailingAddress.City", "Site__c.City", "Spot__c.Latitude"];
  const fields = {
    Name: { LastName: "Lovelace" },
    MailingAddress: { City: "London" },
    Site__c: { City: "Bath" },
    Spot__c: { Latitude: 51.5 },
  };
  expect(told({ changeType: "UPDATE", changedFields }, fields, bound)).toEqual([
    { LastName: "Lovelace", MailingCity: "London", Site__City__s: "Bath", Spot__Latitude__s: 51.5 },
  ]);
});

test("a compound that is named as a whole stands for its parts; an address that is blank, for all of them", () => {
  const bound = boundTo("Contact", ["FirstName", "LastName", "MailingCity", "MailingStreet"]);
  const fields = { Name: { FirstName: "Ada", LastName: "King" }, MailingAddress: null };
  const header = { changeType: "UPDATE", changedFields: ["Name", "MailingAddress"], nulledFields: ["MailingAddress"] };
  expect(told(header, fields, bound)).toEqual([
    { FirstName: "Ada", LastName: "King", MailingCity: null, MailingStreet: null },
  ]);
});

test("null is a blank only where the event says so: Avro has it for every field that did not change", () => {
  const bound = boundTo("Contact", ["LastName", "Phone", "Title"]);
  const fields = { LastName: "King", Phone: null, Title: null };
  const header = { changeType: "UPDATE", changedFields: ["LastName", "Phone"], nulledFields: ["Phone"] };
  expect(told(header, fields, bound)).toEqual([{ LastName: "King", Phone: null }]);
  // Changed, and null, but not said to be blank: it is read.
  expect(told({ ...header, nulledFields: [] }, fields, bound)).toEqual([{ LastName: "King" }, `hint ${id}`]);
});

test("a long text that comes as a difference is read", () => {
  const header = { changeType: "UPDATE", changedFields: ["Title"], diffFields: ["Description"] };
  const fields = { Title: "CTO", Description: "--- a\n+++ b\n" };
  expect(told(header, fields, boundTo("Contact", ["Title", "Description"]))).toEqual([{ Title: "CTO" }, `hint ${id}`]);
});

test("one event may be about several records", () => {
  const other = "003bm000016htgQAAQ";
  const header = { changeType: "UPDATE", recordIds: [id, other.slice(0, 15)], changedFields: ["Title"] };
  expect(told(header, { Title: "CTO" }, boundTo("Contact", ["Title"]))).toEqual([{ Title: "CTO" }, { Title: "CTO" }]);
});

test.each(["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "UNDELETE", "SOMETHING_NEW"])(
  "%s tells no values: the record is read",
  (changeType) => {
    expect(told({ changeType }, {}, boundTo("Contact", ["Title"]))).toEqual([`hint ${id}`]);
  },
);

test.each([{ recordIds: ["000000000000000AAA"] }, { recordIds: [] }, { recordIds: ["000*"] }])(
  "an overflow needs a full comparison, whatever ids it names (%j)",
  (header) => {
    expect(told({ changeType: "GAP_OVERFLOW", ...header }, {}, boundTo("Contact", ["Title"]))).toBe("lost");
  },
);

test("a delete speaks for itself, unless it may be a merge's loser", () => {
  expect(told({ changeType: "DELETE" }, {}, boundTo("Contact", ["Title"]))).toEqual([`delete ${id}`]);
  expect(told({ changeType: "DELETE" }, {}, boundTo("Contact", ["Title"], { hasMerges: true }))).toEqual([
    `hint ${id}`,
  ]);
});

test("what is no event is none", () => {
  const bound = boundTo("Contact", ["Title"]);
  expect(told({ changeType: "" }, {}, bound)).toBe("no event");
  expect(told({ changeType: "UPDATE", commitTimestamp: "soon" }, {}, bound)).toBe("no event");
  expect(changeEventOf({})).toBeUndefined();
  expect(changeEventOf({ ChangeEventHeader: "x" })).toBeUndefined();
});
