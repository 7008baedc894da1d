import { type DemoSystem, type Edit, type EntityName, references, type Story, type Values } from "./story.ts";

/** A record as a system holds it, read from the system itself: the fields that it has a place for. References are ids of that system. */
export type SystemRecord = {
  readonly system: DemoSystem;
  readonly entity: EntityName;
  readonly id: string;
  readonly values: Values;
};

/** One write that a system saw, from its own audit: by a person or by the sync. Only the fields that it named. */
export type SystemWrite = {
  readonly system: DemoSystem;
  readonly entity: EntityName;
  readonly id: string;
  readonly atMs: number;
  readonly kind: "create" | "update" | "delete";
  readonly by: "person" | "sync";
  readonly before: Values;
  readonly after: Values;
};

/** All that is known of a run, none of it from the sync's own counters. */
export type Evidence = {
  readonly story: Story;
  /** Records as seeded, with the number of the thing each is. */
  readonly seeded: readonly (SystemRecord & { readonly thing: number })[];
  readonly final: readonly SystemRecord[];
  readonly writes: readonly SystemWrite[];
  readonly kept: Kept;
};

/** What a hold or the journal keeps as one side of a conflict. */
export type Kept = {
  readonly values: readonly string[];
  /** That a record pointed to another, both by any record that they have somewhere. */
  readonly references: readonly { readonly from: RecordName; readonly field: string; readonly to: RecordName }[];
};

export type RecordName = Pick<SystemRecord, "system" | "entity" | "id">;

/** A sync that keeps nothing. */
export const nothingKept: Kept = { values: [], references: [] };

export type Findings = {
  /** Edits whose value is nowhere: not current, not replaced by someone who had it before them, not kept as a side of a conflict. */
  readonly lostEdits: number;
  /** Fields of records that held a value and are blank now, though nobody emptied them. */
  readonly blankedFields: number;
  /** Records of one thing in one system beyond those that were there before. */
  readonly duplicates: number;
  /** Writes that replaced a person's edit by an older value, without a trace, though nobody who had it before them had given it up. */
  readonly staleOverwrites: number;
  /** Fields written with the value that was there already, if in another spelling. */
  readonly echoWrites: number;
  /** Fields that are not the same everywhere a thing is known. */
  readonly diverged: number;
  /** The first few of each, for whoever wants to look. */
  readonly examples: Readonly<Record<string, readonly string[]>>;
};

/** Values that mean the same, spelled in one way: no case, white space or punctuation; phones by their last digits. */
export function plain(field: string, value: string | null | undefined): string {
  const text = (value ?? "").normalize("NFKD").toLowerCase();
  if (field === "phone")
    return text
      .replace(/\D/gu, "")
      .replace(/^(?:0049|49)?0*30/u, "")
      .slice(-9);
  if (field === "amount") return text === "" ? "" : String(Number(text));
  if (field === "domain")
    return text
      .replace(/^https?:\/\//u, "")
      .replace(/^www\./u, "")
      .replace(/\/$/u, "");
  return text.replace(/[^\p{L}\p{N}@]/gu, "");
}

/** A value as its field's type sees it: e-mail, phone and domain have one form, other text is itself apart from white space around and between words. */
function spelled(field: string, value: string | null | undefined): string {
  if (["email", "phone", "domain", "amount"].includes(field)) return plain(field, value);
  return (value ?? "").normalize("NFC").trim().replace(/\s+/gu, " ");
}

/**
 * Judges a run from what the systems hold and saw. Each edit of the story carries a value that nobody else writes, so that a value names
 * its writer. Shares no code with Truce.
 */
export function check(given: Evidence): Findings {
  const examples: Record<string, string[]> = {};
  const note = (kind: string, text: string) => {
    examples[kind] ??= [];
    if (examples[kind].length < 5) examples[kind].push(text);
  };
  const things = thingsOf(given);
  const evidence = told(given, things);
  return {
    lostEdits: countLost(evidence, things, note),
    blankedFields: countBlanked(evidence, note),
    duplicates: countDuplicates(evidence, things, note),
    staleOverwrites: countStale(evidence, things, note),
    echoWrites: countEchoes(evidence, note),
    diverged: countDiverged(evidence, things, note),
    examples,
  };
}

type Note = (kind: string, text: string) => void;
/** Which thing each record is. */
type Things = ReadonlyMap<string, number>;

const keyOf = ({ system, entity, id }: RecordName) => `${system}/${entity}/${id}`;
const identifying: Readonly<Record<EntityName, readonly string[]>> = {
  contact: ["email", "phone"],
  company: ["domain", "name", "phone"],
  deal: ["title"],
};

/** The same, with the number of the thing wherever a record points to another by its id there. */
function told(evidence: Evidence, things: Things): Evidence {
  const valuesOf = ({ system, entity }: Pick<RecordName, "system" | "entity">, values: Values): Values =>
    Object.fromEntries(
      Object.entries(values).map(([field, id]) => {
        const target = references[entity][field];
        if (target === undefined || id === null) return [field, id];
        return [field, String(things.get(keyOf({ system, entity: target, id })) ?? `unknown ${id}`)];
      }),
    );
  const recordOf = <Record_ extends SystemRecord>(record: Record_) => ({
    ...record,
    values: valuesOf(record, record.values),
  });
  return {
    ...evidence,
    seeded: evidence.seeded.map(recordOf),
    final: evidence.final.map(recordOf),
    writes: evidence.writes.map((write) => ({
      ...write,
      before: valuesOf(write, write.before),
      after: valuesOf(write, write.after),
    })),
  };
}

/** Whether a value of a field of a thing is kept somewhere. A value names its writer by itself, a reference only together with its thing. */
function memoryOf({ kept }: Evidence, things: Things) {
  const values = new Set(kept.values.map((value) => plain("", value)));
  const pairs = new Set(
    kept.references.map(({ from, field, to }) =>
      tagged(from.entity, things.get(keyOf(from)), field, String(things.get(keyOf(to)))),
    ),
  );
  return (entity: EntityName, thing: number | undefined, field: string, value: string | null) =>
    references[entity][field] === undefined
      ? values.has(plain("", value))
      : pairs.has(tagged(entity, thing, field, value));
}

/** Seeded records are known; one that the sync made is whom its e-mail, phone or domain names. */
function thingsOf({ story, seeded, final, writes }: Evidence): Things {
  const owners = new Map<string, number>();
  const claim = (entity: EntityName, thing: number, values: Values) => {
    for (const field of identifying[entity]) {
      const text = plain(field, values[field]);
      if (text !== "" && !owners.has(`${entity}/${field}/${text}`)) owners.set(`${entity}/${field}/${text}`, thing);
    }
  };
  for (const copy of story.copies) claim(copy.entity, copy.thing, copy.values);
  for (const edit of story.edits) claim(edit.entity, edit.thing, edit.values);
  const things = new Map(seeded.map((record) => [keyOf(record), record.thing]));
  const name = (record: RecordName, values: Values) => {
    if (things.has(keyOf(record))) return;
    for (const field of identifying[record.entity]) {
      const owner = owners.get(`${record.entity}/${field}/${plain(field, values[field])}`);
      if (owner !== undefined) return void things.set(keyOf(record), owner);
    }
  };
  for (const write of writes) if (write.kind === "create") name(write, write.after);
  for (const record of final) name(record, record.values);
  return things;
}

function countLost(evidence: Evidence, things: Things, note: Note): number {
  const { story, final } = evidence;
  const current = new Set<string>();
  for (const record of final)
    for (const [field, value] of Object.entries(record.values))
      current.add(tagged(record.entity, things.get(keyOf(record)), field, value));
  const replacedKnowingly = givenUpAt(evidence, things);
  const isKept = memoryOf(evidence, things);
  let lost = 0;
  for (const edit of story.edits) {
    for (const [field, value] of Object.entries(edit.values)) {
      const tag = tagged(edit.entity, edit.thing, field, value);
      if (current.has(tag) || replacedKnowingly.has(tag) || isKept(edit.entity, edit.thing, field, value)) continue;
      lost++;
      note("lostEdits", `${describe(edit)}: ${field} ${value}`);
    }
  }
  return lost;
}

function tagged(
  entity: EntityName,
  thing: number | undefined,
  field: string,
  value: string | null | undefined,
): string {
  return `${entity}/${thing}/${field}/${plain(field, value)}`;
}

function describe(edit: Edit): string {
  return `${edit.entity} ${edit.thing} in ${edit.system} at ${edit.atMs} ms`;
}

function countBlanked({ seeded, final, writes }: Evidence, note: Note): number {
  const held = new Set<string>();
  const emptied = new Set<string>();
  for (const record of seeded)
    for (const [field, value] of Object.entries(record.values))
      if (plain(field, value) !== "") held.add(`${keyOf(record)}/${field}`);
  for (const write of writes) {
    for (const [field, value] of Object.entries(write.after)) {
      if (plain(field, value) !== "") held.add(`${keyOf(write)}/${field}`);
      else if (write.by === "person") emptied.add(`${keyOf(write)}/${field}`);
    }
  }
  let blanked = 0;
  for (const record of final) {
    for (const [field, value] of Object.entries(record.values)) {
      const key = `${keyOf(record)}/${field}`;
      if (plain(field, value) !== "" || !held.has(key) || emptied.has(key)) continue;
      blanked++;
      note("blankedFields", key);
    }
  }
  return blanked;
}

function countDuplicates({ seeded, final }: Evidence, things: Things, note: Note): number {
  const before = Map.groupBy(seeded, (record) => `${record.system}/${record.entity}/${record.thing}`);
  const after = Map.groupBy(
    final.filter((record) => things.has(keyOf(record))),
    (record) => `${record.system}/${record.entity}/${things.get(keyOf(record))}`,
  );
  let duplicates = 0;
  for (const [key, records] of after) {
    const extra = records.length - Math.max(1, before.get(key)?.length ?? 0);
    if (extra <= 0) continue;
    duplicates += extra;
    note("duplicates", `${key}: ${records.map((record) => record.id).join(", ")}`);
  }
  // A record that nothing ties to a known thing can only have been made by mistake.
  const strangers = final.filter((record) => !things.has(keyOf(record)));
  for (const record of strangers) note("duplicates", `${keyOf(record)} belongs to nobody`);
  return duplicates + strangers.length;
}

/** When a person first replaced a value that they had before them, anywhere. */
function givenUpAt({ writes }: Evidence, things: Things): ReadonlyMap<string, number> {
  const at = new Map<string, number>();
  for (const write of writes) {
    if (write.by !== "person") continue;
    for (const [field, value] of Object.entries(write.before)) {
      const tag = tagged(write.entity, things.get(keyOf(write)), field, value);
      at.set(tag, Math.min(at.get(tag) ?? Number.POSITIVE_INFINITY, write.atMs));
    }
  }
  return at;
}

function countStale(evidence: Evidence, things: Things, note: Note): number {
  const { story, writes } = evidence;
  // A value is nobody else's; a reference may well be.
  const keyed = (entity: EntityName, thing: number | undefined, field: string, value: string | null) =>
    references[entity][field] === undefined ? `${field}/${plain(field, value)}` : tagged(entity, thing, field, value);
  const editedAt = new Map<string, number>();
  for (const { entity, thing, values, atMs } of story.edits)
    for (const [field, value] of Object.entries(values)) editedAt.set(keyed(entity, thing, field, value), atMs);
  const isKept = memoryOf(evidence, things);
  const givenUp = givenUpAt(evidence, things);
  let stale = 0;
  for (const write of writes) {
    if (write.by !== "sync" || write.kind !== "update") continue;
    const { entity } = write;
    const thing = things.get(keyOf(write));
    for (const [field, after] of Object.entries(write.after)) {
      const before = write.before[field] ?? null;
      const wasAt = editedAt.get(keyed(entity, thing, field, before));
      const isSame = plain(field, before) === plain(field, after);
      if (wasAt === undefined || isSame || isKept(entity, thing, field, before)) continue;
      if ((givenUp.get(tagged(entity, thing, field, before)) ?? Number.POSITIVE_INFINITY) <= write.atMs) continue;
      if ((editedAt.get(keyed(entity, thing, field, after)) ?? Number.NEGATIVE_INFINITY) >= wasAt) continue;
      stale++;
      note("staleOverwrites", `${keyOf(write)}/${field}: ${before} -> ${after}`);
    }
  }
  return stale;
}

function countEchoes({ writes }: Evidence, note: Note): number {
  let echoes = 0;
  for (const write of writes) {
    if (write.by !== "sync" || write.kind !== "update") continue;
    if (Object.keys(write.after).length === 0) echoes++;
    for (const [field, after] of Object.entries(write.after)) {
      if (!(field in write.before) || spelled(field, write.before[field]) !== spelled(field, after)) continue;
      echoes++;
      note("echoWrites", `${keyOf(write)}/${field}: ${write.before[field]} -> ${after}`);
    }
  }
  return echoes;
}

function countDiverged({ story, seeded, final }: Evidence, things: Things, note: Note): number {
  const twins = new Set(
    [...Map.groupBy(seeded, (record) => `${record.system}/${record.entity}/${record.thing}`).values()].flatMap((own) =>
      own.length > 1 ? [`${own[0]!.entity}/${own[0]!.thing}`] : [],
    ),
  );
  const groups = Map.groupBy(final, (record) => `${record.entity}/${things.get(keyOf(record))}`);
  let diverged = 0;
  for (const [key, records] of groups) {
    if (twins.has(key)) continue;
    const missing = story.systems.filter((system) => !records.some((record) => record.system === system));
    for (const system of missing) {
      diverged++;
      note("diverged", `${key} is not in ${system}`);
    }
    for (const field of new Set(records.flatMap(({ values }) => Object.keys(values)))) {
      const having = records.filter(({ values }) => field in values);
      if (new Set(having.map(({ values }) => spelled(field, values[field]))).size === 1) continue;
      diverged++;
      note(
        "diverged",
        `${key}/${field}: ${having.map(({ system, values }) => `${system} ${values[field]}`).join(" | ")}`,
      );
    }
  }
  return diverged;
}
