import { expect, test } from "vitest";
import { check, nothingKept, type SystemRecord, type SystemWrite } from "./check.ts";
import type { Edit, Story } from "./story.ts";

const systems = ["crm", "db", "tool"];
const contact = { entity: "contact", thing: 1 } as const;
const start = { email: "ada@x.example", city: "Oslo" };
const seeded = systems.map((system) => ({ system, entity: "contact" as const, id: "9", thing: 1, values: start }));

function edit(atMs: number, system: string, city: string): Edit {
  return { ...contact, atMs, system, user: "someone", values: { city } };
}

function write(atMs: number, system: string, by: "person" | "sync", before: string, after: string): SystemWrite {
  const cells = { before: { city: before }, after: { city: after } };
  return { system, entity: "contact", id: "9", atMs, kind: "update", by, ...cells };
}

function staleIn(edits: readonly Edit[], writes: readonly SystemWrite[]): number {
  const copies = systems.map((system) => ({ ...contact, system, twin: false, values: start, ageDays: 1 }));
  const scale = { seed: 1, people: 1, companies: 0, deals: 0, scenarioThing: 1 };
  const story: Story = { ...scale, systems, entities: ["company", "contact"], copies, edits };
  const final: SystemRecord[] = seeded.map(({ thing: _, ...record }) => record);
  return check({ story, seeded, final, writes, kept: nothingKept }).staleOverwrites;
}

test("a newer edit that an older one replaces is a stale overwrite", () => {
  const edits = [edit(1, "crm", "Bergen 1"), edit(2, "db", "Porto 2")];
  const writes = [write(2, "db", "person", "Oslo", "Porto 2"), write(3, "db", "sync", "Porto 2", "Bergen 1")];
  expect(staleIn(edits, writes)).toBe(1);
});

test("it is none where somebody who had the newer one before them had replaced it by then", () => {
  const edits = [edit(1, "crm", "Bergen 1"), edit(2, "db", "Porto 2"), edit(3, "tool", "Lyon 3")];
  const known = [
    write(2, "db", "person", "Oslo", "Porto 2"),
    write(3, "tool", "sync", "Oslo", "Porto 2"),
    write(4, "tool", "person", "Porto 2", "Lyon 3"),
  ];
  expect(staleIn(edits, [...known, write(5, "db", "sync", "Porto 2", "Bergen 1")])).toBe(0);
  expect(staleIn(edits, [write(1, "db", "sync", "Porto 2", "Bergen 1"), ...known])).toBe(1);
});
