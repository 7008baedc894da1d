import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectName } from "../../model/record.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import { TableError } from "../../tables/read-table.ts";
import { keptForm } from "./form.ts";
import type { FilesObject, FilesOptions } from "./options.ts";
import { readRecords } from "./read-records.ts";
import type { Fields, State } from "./state.ts";

const settleMsDefault = 5_000;
/** A statement of all records that leaves out more than these is taken for a file that was cut short: at least 20, else half of them. */
const missingMax = (known: number) => Math.max(20, Math.floor(known / 2));

/** A file that could not be taken, and why. */
export type FailedFile = { readonly name: string; readonly reason: string };

type Candidate = {
  readonly name: string;
  readonly object: ObjectName;
  readonly isFull: boolean;
  readonly size: number;
  readonly mtimeMs: number;
};

/**
 * Takes in what lies in the folder, oldest first. A file is taken whole or not at all: what can't be goes to `failed`, with the reason in a file
 * beside it. One that is still being written (it changed a moment ago, or while it was read) waits for the next time.
 */
export async function takeFiles(options: FilesOptions, state: State): Promise<readonly FailedFile[]> {
  const failed: FailedFile[] = [];
  for (const candidate of await settledFiles(options)) {
    try {
      if (await takeFile(options, state, candidate)) await move(options.folder, candidate.name, "done");
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      const reason = error.message.replace(`${join(options.folder, "in")}/`, "");
      const name = await move(options.folder, candidate.name, "failed");
      await writeFile(
        join(options.folder, "failed", `${name}.reason.txt`),
        `${reason}\nNothing of the file was taken. Correct it, and put it into in/ again.\n`,
      );
      failed.push({ name, reason });
    }
  }
  return failed;
}

/** Files that some object claims and that nobody has touched for a while. */
async function settledFiles({
  folder,
  objects,
  clock,
  settleMs = settleMsDefault,
}: FilesOptions): Promise<Candidate[]> {
  const inbox = join(folder, "in");
  await mkdir(inbox, { recursive: true });
  const found: Candidate[] = [];
  for (const name of await readdir(inbox)) {
    const claim = claimOf(objects, name);
    if (claim === null) continue;
    const info = await stat(join(inbox, name)).catch(() => null);
    if (info?.isFile() !== true) continue;
    const { size, mtimeMs } = info;
    if (clock.now() - Math.floor(mtimeMs) >= settleMs) found.push({ name, ...claim, size, mtimeMs });
  }
  return found.toSorted((a, b) => a.mtimeMs - b.mtimeMs || (a.name < b.name ? -1 : 1));
}

/** Whose file it is, by its name. Hidden and temporary files are nobody's. */
function claimOf(
  objects: FilesOptions["objects"],
  name: string,
): { readonly object: ObjectName; readonly isFull: boolean } | null {
  if (!/\.(?:csv|tsv|txt|jsonl|ndjson)$/iu.test(name) || name.startsWith(".") || name.startsWith("~")) return null;
  const patterns = Object.entries(objects).flatMap(([object, { files = `${object}*`, full }]) => [
    { object, pattern: files, isFull: false },
    ...(full === undefined ? [] : [{ object, pattern: full, isFull: true }]),
  ]);
  // The longest pattern means the file most: customers-all-* before customers-*.
  const fitting = patterns
    .filter(({ pattern }) => fits(pattern, name))
    .toSorted((a, b) => b.pattern.length - a.pattern.length);
  return fitting[0] ?? null;
}

function fits(pattern: string, name: string): boolean {
  const text = pattern
    .replaceAll(/[\\^$+.()|[\]{}]/gu, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${text}$`, "iu").test(name);
}

/** False where the file is still being written. Throws TableError where it can't be taken. */
async function takeFile(
  { folder, objects, clock }: FilesOptions,
  state: State,
  candidate: Candidate,
): Promise<boolean> {
  const { name, object, isFull, size, mtimeMs } = candidate;
  const file = join(folder, "in", name);
  // The same content left again later is a statement of its own; only a crash before the move shows the very same file twice.
  const hash = await hashOf(file, JSON.stringify([name, mtimeMs, size]));
  const settings = objects[object]!;
  state.begin();
  try {
    const isTaken = state.isTaken(hash);
    if (!isTaken) await applyRecords(state, object, settings, file, isFull);
    const now = await stat(file);
    if (now.size !== size || now.mtimeMs !== mtimeMs) {
      state.rollback();
      return false;
    }
    if (!isTaken) state.take(hash, name, clock.now());
    state.commit();
    return true;
  } catch (error) {
    state.rollback();
    throw error;
  }
}

async function applyRecords(
  state: State,
  object: ObjectName,
  settings: FilesObject,
  file: string,
  isFull: boolean,
): Promise<void> {
  const known = state.count(object);
  let number = 0;
  state.clearSeen();
  for await (const fields of readRecords(file)) {
    number++;
    const id = idOf(fields[settings.key]);
    if (id === null) throw new TableError(`record ${number} has nothing under ${settings.key}, by which it is known`);
    state.see(id);
    applyRecord(state, object, settings, id, fields);
  }
  if (isFull) deleteUnseen(state, object, known, number);
}

function applyRecord(
  state: State,
  object: ObjectName,
  { format = "csv" }: FilesObject,
  id: string,
  fields: Fields,
): void {
  const told = Object.entries(fields).map(([name, value]) => [name, keptForm(format, value)] as const);
  const present = state.get(object, id);
  const before = present?.isDeleted === false ? present.fields : {};
  if (present?.isDeleted === false && told.every(([name, value]) => sameRaw(before[name] ?? null, value))) return;
  const key = present?.isDeleted === false ? present.key : null;
  state.put(object, { id, isDeleted: false, key, fields: { ...before, ...Object.fromEntries(told) } });
}

function deleteUnseen(state: State, object: ObjectName, known: number, told: number): void {
  const gone = state.unseen(object);
  if (gone.length > missingMax(known)) {
    throw new TableError(
      `it states that of ${known} records only ${told} are left, which is taken for a file that was cut short; delete in smaller steps`,
    );
  }
  for (const record of gone) state.put(object, { ...record, isDeleted: true });
}

export function idOf(value: RawValue | undefined): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

async function hashOf(file: string, salt: string): Promise<string> {
  const hash = createHash("sha256").update(salt);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Out of the way, under a name of its own. */
async function move(folder: string, name: string, to: "done" | "failed"): Promise<string> {
  await mkdir(join(folder, to), { recursive: true });
  let target = name;
  for (let n = 2; await isThere(join(folder, to, target)); n++) target = name.replace(/(\.[^.]+)$/u, `.${n}$1`);
  await rename(join(folder, "in", name), join(folder, to, target));
  return target;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
