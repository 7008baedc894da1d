import type { CellName } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { RawValue } from "../../model/value.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { wireCell } from "./cell.ts";
import type { Json } from "./json.ts";
import { textOf } from "./json.ts";
import { listAll } from "./list.ts";
import { type Bound, cellsIn, fieldIn, idIn, isDeleted, isNamedByKey, isOurs, revisionIn } from "./record.ts";
import { formsOf, queryOf } from "./template.ts";
import type { WriteDeps } from "./write.ts";

type Create = WriteRequest & { readonly kind: "create" };

/** A lookup answers with a few records; the whole list is gone through where there is no lookup. */
const lookupPagesMax = 5;
const listPagesMax = 10_000;

/**
 * The record that a create would make a second time: by its key (`byKey`, after an unknown outcome), then by its identity. `null`: there is
 * none. Rejects with REJECTED where that can't be found out: a blind second try could double the record.
 */
export async function findExisting(
  deps: WriteDeps,
  bound: Bound,
  request: Create,
  byKey: boolean,
): Promise<WriteResult | null> {
  const { shape, object } = bound;
  const mine = byKey ? await findByKey(deps, bound, request) : null;
  if (mine !== null) return mine;
  const identities = request.identity.flatMap((cell) => {
    const raw = request.patch[cell];
    const isKnown = raw !== undefined && raw !== null && raw !== "";
    return isKnown && (shape.lookup?.[cell] !== undefined || byKey) ? [{ cell, raw }] : [];
  });
  for (const { cell, raw } of identities) {
    const found = await findBy(deps, bound, cell, textOf(wireCell(shape.fields?.[cell], raw)), isAlike);
    if (found !== undefined) return { kind: "exists", id: idIn(shape, found, `looking for ${object.object}`) };
  }
  const isUnsure = byKey && !isNamedByKey(shape) && shape.key === undefined && identities.length === 0;
  if (!isUnsure) return null;
  const message = `an earlier create may have taken effect, and ${object.object} has neither a key nor a lookup by which to tell`;
  throw new SyncFailure({ code: "REJECTED", message, cells: {} });
}

async function findByKey(deps: WriteDeps, bound: Bound, { key }: Create): Promise<WriteResult | null> {
  const { shape } = bound;
  if (isNamedByKey(shape)) {
    const [held] = await deps.reader.look(bound, [key]);
    if (held instanceof SyncFailure) throw held;
    return held == null ? null : metAgain(deps, bound, held.record);
  }
  if (shape.key === undefined) return null;
  const found = await findBy(deps, bound, shape.key, key, (held, wanted) => held === wanted);
  return found === undefined ? null : metAgain(deps, bound, found);
}

function metAgain({ clock }: WriteDeps, bound: Bound, record: Json): WriteResult {
  const cells = cellsIn(bound, record);
  return {
    kind: "written",
    id: idIn(bound.shape, record, "looking for a key"),
    cells,
    complete: bound.object.cells.every(({ cell }) => Object.hasOwn(cells, cell)),
    revision: revisionIn(bound.shape, record),
    observedAt: clock.now(),
    covered: {},
    created: false,
  };
}

/** The first record by id that holds the value: should there be two, every process must pick the same. What the tool's filter lets through is compared anew. */
async function findBy(
  { client }: WriteDeps,
  bound: Bound,
  cell: CellName,
  text: string,
  isSame: (held: string, wanted: string) => boolean,
): Promise<Json | undefined> {
  const { shape, object } = bound;
  const template = shape.lookup?.[cell];
  const query = template === undefined ? {} : queryOf(template, formsOf(text));
  const what = `looking for ${object.object} by ${cell}`;
  const records = await listAll(client, { shape, query, what }, template === undefined ? listPagesMax : lookupPagesMax);
  const matching = records.filter(
    (record) =>
      isOurs(shape, record) && !isDeleted(shape, record) && isSame(heldText(fieldIn(shape, record, cell)), text),
  );
  return matching.toSorted((a, b) => (idIn(shape, a, what) < idIn(shape, b, what) ? -1 : 1))[0];
}

function heldText(held: Json): string {
  return textOf(held as RawValue);
}

/** Identity is compared as people write it. */
function isAlike(held: string, wanted: string): boolean {
  return held.trim().toLowerCase() === wanted.trim().toLowerCase();
}
