import { type Bout, boutOf, fightIn, partiesOf, quarantine } from "../core/fights.ts";
import { goldenUnit } from "../engine/commit.ts";
import type { Deps } from "../engine/deps.ts";
import { StoreFailure } from "../engine/store-failure.ts";
import type { FieldName, GoldenId } from "../model/golden.ts";
import { type RecordRef, recordKey } from "../model/record.ts";
import { SyncFailure } from "../model/sync-error.ts";
import { laneDecision } from "../ports/store.ts";
import type { JournalLine } from "./scan-journal.ts";

const everyMs = 10_000;
const pageSize = 1_000;
/** More than this at a time is a backlog: what is being fought over comes by again. */
const pagesMax = 20;
/** Fields that are watched at once; the ones that changed longest ago are forgotten first. */
const fieldsMax = 50_000;
/** Of each field. */
const boutsMax = 20;

/** Reads the journal as it grows, and finds fields that bounce between values. */
export type FightWatch = {
  /** One look. Returns the fields that were set apart. */
  look(): Promise<readonly Fight[]>;
};

export type Fight = {
  readonly goldenId: GoldenId;
  readonly field: FieldName;
  readonly parties: string;
  readonly records: readonly RecordRef[];
  readonly holdId: string;
};

/** Sets apart what is fought over, and that alone, until `signal` aborts. */
export async function watchFights(deps: Deps, signal: AbortSignal): Promise<void> {
  const watch = createFightWatch(deps);
  while (!signal.aborted) {
    try {
      await watch.look();
    } catch (error) {
      if (!(error instanceof SyncFailure) && !(error instanceof StoreFailure)) throw error;
    }
    await deps.clock.sleep(everyMs, signal);
  }
}

export function createFightWatch(deps: Deps): FightWatch {
  const fields = new Map<string, { readonly goldenId: GoldenId; readonly field: FieldName; bouts: Bout[] }>();
  let place: number | null = null;

  const note = (line: JournalLine): string | null => {
    const bout = line.field === null ? null : boutOf(line);
    if (bout === null || line.field === null) return null;
    const { goldenId, field } = line;
    const key = `${goldenId}/${field}`;
    const known = fields.get(key) ?? { goldenId, field, bouts: [] };
    known.bouts = [...known.bouts, bout].slice(-boutsMax);
    // Set anew, so that the map is in order of the last change.
    fields.delete(key);
    fields.set(key, known);
    for (const oldest of fields.keys()) {
      if (fields.size <= fieldsMax) break;
      fields.delete(oldest);
    }
    return key;
  };

  return {
    async look() {
      place ??= (await deps.store.journal({ newestFirst: true, limit: 1 }))[0]?.sequence ?? 0;
      const touched = new Set<string>();
      for (let page = 0; page < pagesMax; page++) {
        const lines: readonly JournalLine[] = await deps.store.journal({ after: place, limit: pageSize });
        place = lines.at(-1)?.sequence ?? place;
        for (const line of lines) {
          const key = note(line);
          if (key !== null) touched.add(key);
        }
        if (lines.length < pageSize) break;
      }
      const fights: Fight[] = [];
      for (const key of touched) {
        const known = fields.get(key);
        const bouts = known === undefined ? null : fightIn(known.bouts, deps.clock.now());
        if (known === undefined || bouts === null) continue;
        fields.delete(key);
        const fight = await setApart(deps, known.goldenId, known.field, bouts);
        if (fight !== null) fights.push(fight);
      }
      return fights;
    },
  };
}

const racesMax = 8;

async function setApart(
  deps: Deps,
  goldenId: GoldenId,
  field: FieldName,
  bouts: readonly Bout[],
): Promise<Fight | null> {
  for (let race = 0; race < racesMax; race++) {
    const { goldens } = await deps.store.load({ records: [], keys: [], ids: [goldenId] });
    const golden = goldens.get(goldenId);
    const entity = golden === undefined ? undefined : deps.policy.entities[golden.entity];
    if (golden === undefined || entity === undefined) return null;
    const context = { policy: deps.policy, entity, now: deps.clock.now(), cause: `fight/${goldenId}/${field}` };
    const done = quarantine(golden, field, bouts, context);
    if (done === null) return null;
    const unit = goldenUnit(deps, done.golden, laneDecision, () => undefined);
    const [result] = await deps.store.commit([{ ...unit, keys: null, holds: [done.hold], journal: done.journal }]);
    if (result?.kind !== "committed") continue;
    const fight = { goldenId, field, parties: partiesOf(bouts), records: recordsIn(bouts), holdId: done.hold.id };
    const now = deps.clock.now();
    const change = { kind: fightKind, key: done.hold.id, value: fight, expiresAt: now + fightKeptMs };
    await deps.store.putDocuments([change], now);
    return fight;
  }
  return null;
}

const fightKind = "fight";
const fightKeptMs = 30 * 24 * 60 * 60_000;
const fightsMax = 100;

/** Fights whose field is still held. */
export async function openFights({ store, clock }: Pick<Deps, "store" | "clock">): Promise<readonly Fight[]> {
  const documents = await store.documents({ kind: fightKind, limit: fightsMax }, clock.now());
  const open: Fight[] = [];
  for (const { key, value } of documents) {
    if ((await store.hold(key))?.status === "open") open.push(value as Fight);
    else await store.putDocuments([{ kind: fightKind, key, value: null, expiresAt: null }], clock.now());
  }
  return open;
}

function recordsIn(bouts: readonly Bout[]): RecordRef[] {
  const refs = bouts.flatMap(({ source }) => (source.kind === "record" ? [source.ref] : []));
  return [...new Map(refs.map((ref) => [recordKey(ref), ref])).values()];
}
