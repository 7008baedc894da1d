import { cellsOf, cellTypeOf } from "../core/mapping/cells-of.ts";
import { normalizeValue } from "../core/normalize/normalize-value.ts";
import type { FieldType } from "../model/field-type.ts";
import type { EntityType, FieldName } from "../model/golden.ts";
import type { HoldKind } from "../model/hold.ts";
import type { Policy } from "../model/policy.ts";
import type { CellName, ObjectName, RecordRef, SystemId } from "../model/record.ts";
import type { SyncError } from "../model/sync-error.ts";
import type { Instant } from "../model/time.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { Connector, MappedCell, MappedObject } from "../ports/connector.ts";
import type { Outcome, Store } from "../ports/store.ts";

/** What the engine tells about its work, for progress, logs and metrics. No field values. */
export type EngineEvent =
  | {
      readonly kind: "received";
      readonly system: SystemId;
      readonly count: number;
      readonly from: "feed" | "scan" | "webhook" | "sweep";
    }
  | {
      readonly kind: "scanned";
      readonly system: SystemId;
      readonly object: ObjectName;
      readonly count: number;
      readonly total: number | null;
      readonly done: boolean;
    }
  | {
      readonly kind: "decided";
      readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
      readonly conflicts: readonly ConflictCount[];
      /** Holds that were opened. */
      readonly opened: Readonly<Partial<Record<HoldKind, number>>>;
      readonly tookMs: number;
    }
  | {
      readonly kind: "written";
      readonly system: SystemId;
      readonly object: ObjectName;
      readonly results: Readonly<Record<string, number>>;
      readonly tookMs: number;
      /** Writes among them that had failed before. */
      readonly retries: number;
      readonly arrivals: readonly Arrival[];
    }
  | {
      readonly kind: "swept";
      readonly system: SystemId;
      readonly object: ObjectName;
      readonly scanned: number;
      readonly drifted: number;
      readonly missing: number;
    }
  | {
      readonly kind: "trouble";
      readonly system: SystemId;
      readonly doing: string;
      /** The SyncError's; STORE for Truce's own store. */
      readonly code: SyncError["code"] | "STORE";
      readonly message: string;
      readonly retryInMs: number;
    }
  /** The system fails so often that it is left alone for a while, or it is back (`forMs: 0`). */
  | { readonly kind: "breaker"; readonly system: SystemId; readonly forMs: number; readonly reason: string }
  | { readonly kind: "recovered"; readonly system: SystemId; readonly doing: string }
  | { readonly kind: "poisoned"; readonly ref: RecordRef; readonly message: string }
  | { readonly kind: "feed-lost"; readonly system: SystemId; readonly object: ObjectName }
  /** What is paused now in an object, and why; nothing: all is well again. */
  | {
      readonly kind: "paused-fields";
      readonly system: SystemId;
      readonly object: ObjectName;
      readonly fields: readonly FieldName[];
      readonly problems: readonly { readonly cell: CellName; readonly message: string }[];
    }
  | {
      readonly kind: "many-missing";
      readonly system: SystemId;
      readonly object: ObjectName;
      readonly missing: number;
      readonly known: number;
    };

/** Fields on which systems disagreed, by who decides. */
export type ConflictCount = {
  readonly entity: EntityType;
  readonly decider: "rule" | "person";
  readonly count: number;
};

/** A record that was written, after how long of being behind, and where its news had come from; `null`: a person's word, or a rule's. */
export type Arrival = { readonly entity: EntityType; readonly from: SystemId | null; readonly ms: number };

/** Everything the engine needs from outside; the simulation hands in its own of each. */
export type Deps = {
  readonly store: Store;
  readonly connectors: ReadonlyMap<SystemId, Connector>;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly random: Random;
  /** When this engine started. */
  readonly startedAt: Instant;
  /** Whether all records of an object are known, so that one that is missing may be made. Left out: always. */
  readonly mayCreate?: (system: SystemId, object: ObjectName) => boolean;
  /** Where several processes share the store. */
  readonly crew?: Crew;
  readonly tell: (event: EngineEvent) => void;
};

/** Which of the processes at work on a store this one is, and since when which others are certainly gone. */
export type Crew = { readonly self: string; readonly gone: ReadonlyMap<string, Instant> };

/** An observation that waits for a receipt looks again after this long, each time twice as long, should nobody wake it. */
export const waitMsMin = 2_000;
export const waitMsMax = 30_000;
/** How long a claimed inbox item or due link belongs to its worker. Two workers on one item are harmless: one commit wins. */
export const leaseMs = 10_000;
/** A write whose receipt has not come after this long is taken for lost. Longer than any connector's own time-out. */
export const writeLeaseMs = 120_000;
/** A request of a process that died may still be on its way; after this long it has landed or never will. */
export const landedMs = 5_000;

export function connectorOf(deps: Pick<Deps, "connectors">, system: SystemId): Connector {
  const connector = deps.connectors.get(system);
  if (connector === undefined) throw new Error(`No connector for system ${system}.`);
  return connector;
}

const known = new WeakMap<Policy, Map<SystemId, readonly MappedObject[]>>();

/** The objects of a system that the policy maps, with their cells. Asked with every batch, so worked out once. */
export function mappedObjects(policy: Policy, system: SystemId): readonly MappedObject[] {
  const ofPolicy = known.get(policy) ?? new Map<SystemId, readonly MappedObject[]>();
  known.set(policy, ofPolicy);
  const objects = ofPolicy.get(system) ?? mapObjects(policy, system);
  ofPolicy.set(system, objects);
  return objects;
}

function mapObjects(policy: Policy, system: SystemId): MappedObject[] {
  const objects: MappedObject[] = [];
  for (const entity of Object.values(policy.entities)) {
    for (const mapping of entity.mappings.filter((one) => one.system === system)) {
      const cells = new Map<string, MappedCell>();
      for (const [field, one] of Object.entries(mapping.fields)) {
        const fieldType = entity.fields[field]?.type;
        if (fieldType === undefined) continue;
        const type = cellTypeOf(one, fieldType);
        for (const cell of cellsOf(one)) {
          const known = cells.get(cell);
          const direction = known === undefined || known.direction === one.direction ? one.direction : "both";
          const target = targetOf(policy, system, type);
          cells.set(cell, known === undefined ? { cell, field, type, direction, ...target } : { ...known, direction });
        }
      }
      for (const [cell, value] of Object.entries(mapping.constants ?? {})) {
        const type = constantType(value);
        if (!cells.has(cell)) cells.set(cell, { cell, field: cell, type, direction: "write" });
      }
      objects.push({ object: mapping.object, cells: [...cells.values()], create: mapping.create });
    }
  }
  return objects;
}

/** A text may be one of a picklist's options as well, or a day or moment, which fields for these alone take. */
function constantType(value: string | boolean | number): FieldType {
  if (typeof value === "string") {
    const kind = /^\d{4}-\d\d-\d\d$/u.test(value) ? "date" : /^\d{4}-\d\d-\d\dT/u.test(value) ? "datetime" : null;
    if (kind !== null && normalizeValue({ kind }, value).ok) return { kind };
    return { kind: "choice", options: [value] };
  }
  return { kind: typeof value === "boolean" ? "boolean" : "number" };
}

function targetOf(policy: Policy, system: SystemId, type: FieldType): { readonly target?: ObjectName } {
  if (type.kind !== "reference") return {};
  const mapping = policy.entities[type.to]?.mappings.find((one) => one.system === system);
  return mapping === undefined ? {} : { target: mapping.object };
}

export function mappedObject(policy: Policy, system: SystemId, object: ObjectName): MappedObject {
  const found = mappedObjects(policy, system).find((one) => one.object === object);
  if (found === undefined) throw new Error(`The config does not map ${object} of ${system}.`);
  return found;
}
