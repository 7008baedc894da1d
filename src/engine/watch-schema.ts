import { type BrokenCell, pauseFields } from "../core/pause-fields.ts";
import type { GoldenRecord, Link } from "../model/golden.ts";
import { mappingOf, type Policy } from "../model/policy.ts";
import type { ObjectName, SystemId } from "../model/record.ts";
import { SyncFailure } from "../model/sync-error.ts";
import { laneBackfill } from "../ports/store.ts";
import { goldenUnit } from "./commit.ts";
import { connectorOf, type Deps, mappedObjects } from "./deps.ts";

/** Compares the mapping with what systems have while the engine runs. */
export type SchemaWatch = {
  /** The config without the fields that are paused. */
  policy(): Policy;
  /**
   * Asks one system. Resolves with the objects that have fields back, though it was an earlier process that had paused them; they are to be compared
   * in full, and then `settled`.
   */
  look(deps: Deps, system: SystemId): Promise<readonly ObjectName[]>;
  /** What is back has been caught up with. */
  settled(deps: Deps, system: SystemId): Promise<void>;
};

export function createSchemaWatch(whole: Policy): SchemaWatch {
  const broken = new Map<SystemId, readonly BrokenCell[]>();
  let policy = whole;
  return {
    policy: () => policy,
    async look(deps, system) {
      const found = await brokenCells(deps, whole, system);
      if (found === null) return [];
      const known = broken.get(system);
      const before = known ?? (await pausedCells(deps, system));
      const isNew = (one: BrokenCell) => !has(before, one);
      if (found.some(isNew)) await notePaused(deps, system, [...before, ...found.filter(isNew)]);
      broken.set(system, found);
      if (known === undefined ? found.length + before.length === 0 : sameCells(known, found)) return [];
      policy = pauseFields(whole, [...broken.values()].flat());
      for (const { object } of mappedObjects(whole, system)) tell(deps, whole, system, object, known ?? [], found);
      const back = before.filter((one) => !has(found, one)).map(({ object }) => object);
      return [...new Set(back)];
    },
    settled: (deps, system) => notePaused(deps, system, broken.get(system) ?? []),
  };
}

/** Where it is kept what is paused in a system, so that whoever finds it back catches up with it. */
function pausedCursorName(system: SystemId): string {
  return `paused/${system}`;
}

async function pausedCells({ store }: Deps, system: SystemId): Promise<readonly BrokenCell[]> {
  const value = await store.cursor(pausedCursorName(system));
  return value === null ? [] : (JSON.parse(value) as BrokenCell[]);
}

function notePaused({ store, clock }: Deps, system: SystemId, cells: readonly BrokenCell[]): Promise<void> {
  return store.setCursors([{ name: pausedCursorName(system), value: JSON.stringify(cells), at: clock.now() }]);
}

function has(all: readonly BrokenCell[], { object, cell }: BrokenCell): boolean {
  return all.some((one) => one.object === object && one.cell === cell);
}

/** `null`: the system could not be asked. */
async function brokenCells(deps: Deps, whole: Policy, system: SystemId): Promise<readonly BrokenCell[] | null> {
  try {
    const problems = await connectorOf(deps, system).check(mappedObjects(whole, system), { prepare: false });
    return problems.flatMap(({ object, cell, severity, message }) =>
      severity === "error" && cell !== null ? [{ system, object, cell, message }] : [],
    );
  } catch (error) {
    if (error instanceof SyncFailure) return null;
    throw error;
  }
}

function sameCells(a: readonly BrokenCell[], b: readonly BrokenCell[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function tell(
  deps: Deps,
  whole: Policy,
  system: SystemId,
  object: ObjectName,
  before: readonly BrokenCell[],
  found: readonly BrokenCell[],
): void {
  const [then, now] = [before, found].map((all) => all.filter((one) => one.object === object)) as [
    BrokenCell[],
    BrokenCell[],
  ];
  if (sameCells(then, now)) return;
  const mapping = mappingOf(pauseFields(whole, now), system, object)?.mapping;
  const problems = now.map(({ cell, message }) => ({ cell, message }));
  deps.tell({ kind: "paused-fields", system, object, fields: mapping?.paused ?? [], problems });
}

const pageSize = 500;

/**
 * Fields of an object are back: every golden record that is behind there is due again, what was refused meanwhile included. The rest is found by
 * the comparison that follows.
 */
export async function resumeFields(
  deps: Deps,
  system: SystemId,
  object: ObjectName,
  signal: AbortSignal,
): Promise<void> {
  const entity = mappingOf(deps.policy, system, object)?.entity;
  if (entity === undefined) return;
  let after: string | null = null;
  while (!signal.aborted) {
    const page: readonly GoldenRecord[] = await deps.store.goldens(entity.name, after, pageSize);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
    const isMeant = (link: Link) => link.system === system && link.object === object;
    const concerned = page.filter(({ links }) => links.some((link) => isMeant(link) && link.status !== "deleted"));
    await deps.store.commit(
      concerned.map((golden) => {
        const links = golden.links.map((link) => (isMeant(link) ? { ...link, refused: {} } : link));
        // One that is changed meanwhile is made due by that change.
        return { ...goldenUnit(deps, { ...golden, links }, laneBackfill, () => undefined), keys: null };
      }),
    );
  }
}
