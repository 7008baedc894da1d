import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadYaml } from "../../src/config/load-config.ts";
import { soundEnv, soundYaml } from "../../src/config/testing.ts";
import { readTable, TableError } from "../../src/tables/read-table.ts";
import { fuzzing, fuzzMs, nastyText } from "./nasty.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "truce-fuzz-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A text with a part replaced by another, by a part of itself, or left out. */
function edited(text: string): fc.Arbitrary<string> {
  const place = fc.nat(text.length);
  const pieces = fc.oneof(
    nastyText,
    fc.constantFrom("&a *a", "<<: *x", "? [a]: b", "!!js/function x", "- ".repeat(500), "{".repeat(200), "\t", "---\n"),
    fc.tuple(place, place).map(([from, to]) => text.slice(from, to)),
  );
  return fc
    .array(fc.tuple(place, fc.nat(30), pieces), { minLength: 1, maxLength: 4 })
    .map((edits) =>
      edits.reduce((last, [at, length, piece]) => last.slice(0, at) + piece + last.slice(at + length), text),
    );
}

test(
  "a config with anything in it is loaded, or refused in words that name a place",
  () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: edited(soundYaml) }, nastyText), (text) => {
        const { config, problems } = loadYaml("truce.yaml", text, { env: soundEnv, references: true });
        const errors = problems.filter(({ severity }) => severity === "error");
        expect(config !== null || errors.length > 0).toBe(true);
        for (const { message } of problems) expect(message).not.toBe("");
        expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
      }),
      fuzzing(3),
    );
  },
  fuzzMs,
);

test("aliases that multiply are refused before they fill the memory", () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `  l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(", ")}]`,
  );
  const { config } = loadYaml("truce.yaml", `entities:\n  l0: &l0 [x]\n${levels.join("\n")}\n`, {
    env: {},
    references: false,
  });
  expect(config).toBeNull();
});

test(
  "a table's cells are read as they were written, by the rules of CSV",
  async () => {
    const cell = nastyText.map((text) =>
      text.toWellFormed().replaceAll("\ufeff", "").replaceAll("\u0000", "").replaceAll("\r", ""),
    );
    const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 });
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const file = join(folder, "table.csv");
        const lines = [["first", "second", "third"], ...given].map((row) => row.map(quoted).join(","));
        writeFileSync(file, `${lines.join("\r\n")}\r\n`);
        const table = await readTable(file);
        expect(table.columns).toEqual(["first", "second", "third"]);
        const read: (readonly string[])[] = [];
        for await (const row of table.rows) read.push(row);
        expect(read).toEqual(given);
      }),
      fuzzing(),
    );
  },
  fuzzMs,
);

test(
  "bytes that are no table are read as one, or refused in words",
  async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      edited('id;name;note\r\n1;"Ada ""the first""";x\r\n2;Bob;"two\nlines"\r\n').map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (given) => {
        const file = join(folder, "odd.csv");
        writeFileSync(file, given);
        try {
          for await (const row of (await readTable(file)).rows) expect(row.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(TableError);
          expect((error as TableError).message).not.toBe("");
        }
      }),
      fuzzing(3),
    );
  },
  fuzzMs,
);
