import type { RawUpsert } from "../../model/observation.ts";
import type { CellName, RecordId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { RawValue } from "../../model/value.ts";
import { isAsExpected } from "../../ports/as-expected.ts";
import type { MappedObject, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { idOf } from "./inbox.ts";
import type { FilesObject, FilesOptions } from "./options.ts";
import { type OutRecord, writeOutFile } from "./out-file.ts";
import type { State, StoredRecord } from "./state.ts";

type Judged =
  | { readonly out: OutRecord & { readonly record: Omit<StoredRecord, "seq"> } }
  | { readonly result: WriteResult };

export type WriteDeps = {
  readonly options: FilesOptions;
  readonly state: State;
  readonly tell: (object: MappedObject, record: StoredRecord) => RawUpsert;
};

/**
 * One file for all requests of a call. It is in place before the state is: a crash between them writes the same records once more, which changes
 * nothing for whoever takes them.
 */
export async function writeRecords(
  deps: WriteDeps,
  object: MappedObject,
  requests: readonly WriteRequest[],
): Promise<readonly WriteResult[]> {
  const { options, state } = deps;
  const settings = options.objects[object.object]!;
  const judged = requests.map((request) => judge(deps, object, settings, request));
  const outs = judged.flatMap((one) => ("out" in one ? [one.out] : []));
  if (outs.length > 0) {
    const columns = [...new Set([...(settings.columns ?? []), ...outs.flatMap(({ fields }) => Object.keys(fields))])];
    await writeOutFile(
      options.folder,
      nameOf(object.object, options.clock.now(), state.last()),
      settings,
      columns,
      outs,
    );
  }
  state.begin();
  try {
    const results = judged.map((one): WriteResult => {
      if ("result" in one) return one.result;
      const stored = state.put(object.object, one.out.record);
      return writtenAs(deps, object, stored, one.out.change === "create");
    });
    state.commit();
    return results;
  } catch (error) {
    state.rollback();
    throw error;
  }
}

/** Sorts by time; no two are alike, as the state moves on between them. */
function nameOf(object: string, now: number, seq: number): string {
  return `${object}-${new Date(now).toISOString().replaceAll(/[-:.]/gu, "")}-${seq}`;
}

function judge(deps: WriteDeps, object: MappedObject, settings: FilesObject, request: WriteRequest): Judged {
  if (request.kind === "create") return judgeCreate(deps, object, settings, request);
  const { state, tell, options } = deps;
  const present = state.get(object.object, request.id);
  if (present === undefined || present.isDeleted) {
    const isDone = request.kind === "delete";
    return { result: isDone ? gone(request.id, options.clock.now()) : { kind: "missing" } };
  }
  const seen = tell(object, present);
  if (!isAsExpected(seen.cells, request)) return { result: { kind: "changed", observation: seen } };
  if (request.kind === "delete") {
    const fields = { [settings.key]: present.id };
    return { out: { change: "delete", fields, record: { ...present, isDeleted: true } } };
  }
  const refusal = refusalOf(settings, request.patch, present.id);
  if (refusal !== null) return { result: refusal };
  const fields = { ...present.fields, ...request.patch, [settings.key]: present.fields[settings.key] ?? present.id };
  return { out: { change: "update", fields, record: { ...present, fields } } };
}

function judgeCreate(
  deps: WriteDeps,
  object: MappedObject,
  settings: FilesObject,
  request: WriteRequest & { readonly kind: "create" },
): Judged {
  const { state } = deps;
  const mine = state.byKey(object.object, request.key);
  if (mine !== undefined) return { result: writtenAs(deps, object, mine, false) };
  // Where no field of ours is the key column, Truce names the record.
  const id = idOf(request.patch[settings.key]) ?? request.key;
  const refusal = refusalOf(settings, request.patch, id);
  if (refusal !== null) return { result: refusal };
  if (state.get(object.object, id)?.isDeleted === false) return { result: { kind: "exists", id } };
  // The file has all columns, so what is not written is blank from now on.
  const blanks = Object.fromEntries(object.cells.map(({ cell }) => [cell, null]));
  const fields = { ...blanks, ...request.patch, [settings.key]: id };
  return { out: { change: "create", fields, record: { id, isDeleted: false, key: request.key, fields } } };
}

/** What no file can say: another key for a record, and in CSV a structure. */
function refusalOf(
  { key, format = "csv" }: FilesObject,
  patch: Readonly<Record<CellName, RawValue>>,
  id: RecordId,
): WriteResult | null {
  const wrong = Object.entries(patch).flatMap(([cell, raw]): [CellName, string][] => {
    if (cell === key && idOf(raw) !== id) return [[cell, "is the record's name, which can't be changed"]];
    return format === "csv" && typeof raw === "object" && raw !== null
      ? [[cell, "is a structure, which CSV can't hold"]]
      : [];
  });
  if (wrong.length === 0) return null;
  const message = wrong.map(([cell, text]) => `${cell} ${text}`).join("; ");
  return { kind: "failed", error: { code: "REJECTED", message, cells: Object.fromEntries(wrong) } };
}

function writtenAs(
  { tell, options }: WriteDeps,
  object: MappedObject,
  record: StoredRecord,
  created: boolean,
): WriteResult {
  const { cells, complete, revision } = tell(object, record);
  return {
    kind: "written",
    id: record.id,
    cells,
    complete,
    revision,
    observedAt: options.clock.now(),
    covered: {},
    created,
  };
}

function gone(id: RecordId, observedAt: number): WriteResult {
  return { kind: "written", id, cells: {}, complete: false, revision: null, observedAt, covered: {}, created: false };
}

/** A folder that can't be written is a failure of the outside world. */
export function ioFailure(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (!(error instanceof Error) || typeof code !== "string" || error instanceof SyncFailure) return error;
  return new SyncFailure({ code: "UNREACHABLE", message: `the folder ${folder} can't be used: ${error.message}` });
}
