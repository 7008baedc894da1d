import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineClock } from "../../clock/machine.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { RawValue } from "../../model/value.ts";
import type { MappedCell, MappedObject } from "../../ports/connector.ts";
import { createFilesConnector } from "./connector.ts";
import type { FilesObject, FilesOptions } from "./options.ts";
import { readRecords } from "./read-records.ts";

const columns = ["number", "name", "note", "email", "score", "active", "born", "tags"];

const types: Readonly<Record<string, FieldType>> = {
  score: { kind: "number" },
  active: { kind: "boolean" },
  born: { kind: "date" },
  tags: { kind: "set" },
};

export function cell(name: string): MappedCell {
  return { cell: name, field: name, type: types[name] ?? { kind: "text" }, direction: "both" };
}

export const object: MappedObject = {
  object: "people",
  create: true,
  cells: columns.filter((name) => name !== "number").map(cell),
};

/** A folder and a connector to it; `close` removes both. */
export async function openFolder(settings: Partial<FilesObject> = {}, options: Partial<FilesOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "truce-files-"));
  const open = () =>
    createFilesConnector({
      system: "erp",
      clock: machineClock,
      folder,
      settleMs: 0,
      objects: { people: { key: "number", full: "people-all*", columns, ...settings } },
      ...options,
    });
  const connector = await open();
  mkdirSync(join(folder, "in"), { recursive: true });
  return {
    folder,
    connector,
    open,
    /** As a careful program leaves a file: complete under its name. */
    drop(name: string, content: string | Buffer) {
      writeFileSync(join(folder, name), content);
      renameSync(join(folder, name), join(folder, "in", name));
    },
    names: (part: string) => readdirSync(join(folder, part)).toSorted(),
    text: (part: string, name: string) => readFileSync(join(folder, part, name), "utf8"),
    close: () => rmSync(folder, { recursive: true }),
  };
}

type Row = Readonly<Record<string, RawValue>>;

/** The program at the other end: a table of its own, changes left as files, and what Truce leaves taken in. */
export function programAt(place: Awaited<ReturnType<typeof openFolder>>, format: "csv" | "jsonl") {
  const table = new Map<string, Row>();
  const taken = new Set<string>();
  let count = 0;
  const csv = (value: RawValue | undefined) =>
    value === null || value === undefined ? "" : `"${String(value).replaceAll('"', '""')}"`;
  const leave = (name: string, rows: readonly Row[]) => {
    const lines =
      format === "jsonl"
        ? rows.map((row) => JSON.stringify(row))
        : [columns.join(";"), ...rows.map((row) => columns.map((column) => csv(row[column])).join(";"))];
    place.drop(`${name}-${String(++count).padStart(6, "0")}.${format}`, lines.map((line) => `${line}\r\n`).join(""));
  };
  const blanks = Object.fromEntries(columns.map((column) => [column, null]));
  const takeIn = async () => {
    for (const name of place.names(".").includes("out") ? place.names("out") : []) {
      if (taken.has(name)) continue;
      taken.add(name);
      for await (const { _change: change, ...row } of readRecords(join(place.folder, "out", name))) {
        const id = String(row["number"]);
        if (change === "delete") table.delete(id);
        else table.set(id, { ...blanks, ...table.get(id), ...row });
      }
    }
  };
  const put = (id: string, cells: Row) => {
    table.set(id, { ...blanks, ...table.get(id), ...cells, number: id });
    leave("people", [table.get(id)!]);
  };
  return {
    insert: async (cells: Row) => {
      await takeIn();
      const id = `P${++count}`;
      put(id, cells);
      return id;
    },
    update: async (id: string, cells: Row) => {
      await takeIn();
      put(id, cells);
    },
    delete: async (id: string) => {
      await takeIn();
      table.delete(id);
      leave("people-all", [...table.values()]);
    },
    read: async (id: string) => {
      await takeIn();
      return table.get(id) ?? null;
    },
    count: async () => {
      await takeIn();
      return table.size;
    },
  };
}
