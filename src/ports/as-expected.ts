import type { CellName } from "../model/record.ts";
import { type RawValue, sameRaw } from "../model/value.ts";
import type { WriteRequest } from "./connector.ts";

/**
 * Whether a record still holds what an update or delete was decided on (I3). A cell that already holds what is to be written needs no
 * protection, nor one that the system does not tell.
 */
export function isAsExpected(
  cells: Readonly<Record<CellName, RawValue>>,
  request: WriteRequest & { readonly kind: "update" | "delete" },
): boolean {
  const wanted = request.kind === "update" ? request.patch : {};
  return Object.entries(request.base).every(([cell, raw]) => {
    const held = cells[cell];
    return held === undefined || sameRaw(held, raw) || (cell in wanted && sameRaw(held, wanted[cell]));
  });
}

/**
 * The cells of a patch that the record does not hold already, as part of it may after an earlier write whose answer was lost. What is there is not
 * written again (I5).
 */
export function differingCells(
  held: Readonly<Record<CellName, RawValue>>,
  patch: Readonly<Record<CellName, RawValue>>,
): Readonly<Record<CellName, RawValue>> {
  return Object.fromEntries(
    Object.entries(patch).filter(([cell, raw]) => !(Object.hasOwn(held, cell) && sameRaw(held[cell], raw))),
  );
}
