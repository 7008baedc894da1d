import { z } from "zod";
import type { Deps } from "../../engine/deps.ts";
import { decideHold, type Reviewed } from "../../engine/review.ts";
import { undoDecision } from "../../engine/undo.ts";
import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { Choice, Hold, HoldKind } from "../../model/hold.ts";
import { labelOf } from "../label.ts";
import { type Veil, veilFor } from "../mask.ts";
import { Problem } from "../problem.ts";
import type { Call, Handlers, Routes } from "../route.ts";
import { ruleChoices } from "../rule-choices.ts";
import { staleText } from "../stale-text.ts";
import { survivorOf } from "../survivor.ts";
import { fieldValue, fieldValues, instant, interval, pageFrom, pageOf, paging, recordRef, source } from "./shapes.ts";

const tag = "Holds";
/** One that the model adds must be told here, or it does not compile. */
const kind = z.enum({
  conflict: "conflict",
  clear: "clear",
  delete: "delete",
  duplicate: "duplicate",
  incomplete: "incomplete",
  refused: "refused",
  missing: "missing",
} satisfies { readonly [Kind in HoldKind]: Kind });
const status = z.enum(["open", "closed"]);

const match = z
  .object({
    id: z.string(),
    label: z.string(),
    fields: fieldValues,
    systems: z.array(recordRef),
    probability: z.number().nullable().describe("That it is the same, where it was scored: 0 to 1."),
    evidence: z
      .array(z.object({ about: z.string(), finding: z.string(), weight: z.number() }))
      .describe("What speaks for it (weight above 0) and against it, in natural log odds."),
  })
  .describe("A golden record that it may be the same as.");

const hold = z.object({
  id: z.string(),
  kind,
  entity: z.string(),
  label: z.string().describe("What people call the record."),
  goldenId: z.string().nullable(),
  ref: recordRef.nullable(),
  url: z.string().nullable().describe("Where people look at that record in the system itself."),
  fields: z.array(z.string()),
  base: fieldValues,
  candidates: z.array(z.object({ values: fieldValues, source, at: interval })),
  matches: z.array(match),
  reason: z.string(),
  openedAt: instant,
  updatedAt: instant,
  revision: z.number().int().describe("Say it when you decide: a hold that has changed since is not decided."),
  status,
  closed: z.object({ at: instant, by: z.string(), choice: z.string() }).nullable(),
  assignee: z.string().nullable(),
});

const ruleChoice = z.object({
  rule: z.string(),
  isConfigured: z.boolean(),
  candidate: z.number().int().nullable(),
  values: fieldValues.nullable(),
});

const detailed = hold.extend({
  rules: z.array(ruleChoice).describe("What each rule that fits would choose."),
  history: z
    .array(z.object({ at: instant, field: z.string(), value: fieldValue, source }))
    .describe("Earlier values of the held fields, newest first."),
  survivors: z
    .array(
      z.object({
        goldenId: z.string(),
        fields: z.array(
          z.object({
            name: z.string(),
            value: fieldValue,
            from: z.enum(["record", "match", "both", "rule"]).describe("Whose value it is; rule: a product of both."),
            isHeld: z.boolean().describe("No rule decides: both values would wait for a person."),
          }),
        ),
      }),
    )
    .describe("Of a duplicate: what would be agreed on with each of its matches, were they the same."),
});

const choice: z.ZodType<Choice, Choice> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("take"), candidate: z.number().int().min(0) }),
  z.object({ kind: z.literal("set"), values: fieldValues }),
  z.object({ kind: z.literal("link"), goldenId: z.string() }),
  z.object({ kind: z.literal("new") }),
  z.object({ kind: z.literal("delete") }),
  z.object({ kind: z.literal("restore") }),
  z.object({ kind: z.literal("leave") }),
]);

const decisionsMax = 200;

export const holdRoutes = {
  listHoldGroups: {
    tag,
    summary: "Open holds, counted by kind, entity and fields",
    access: "read",
    input: z.object({}),
    answer: z.object({
      items: z.array(z.object({ kind, entity: z.string(), fields: z.array(z.string()), count: z.number().int() })),
    }),
  },
  listHolds: {
    tag,
    summary: "Holds in order of opening",
    access: "read",
    input: z.object({
      ...paging,
      status: status.default("open"),
      kind: kind.optional(),
      entity: z.string().optional(),
      fields: z.string().optional().describe("Exactly these fields, with commas between."),
      assignee: z.string().optional().describe("Only those assigned to this user."),
    }),
    answer: pageOf(hold),
  },
  getHold: {
    tag,
    summary: "A hold with its sides, what each rule would choose, and earlier values",
    access: "read",
    input: z.object({ hold: z.string() }),
    answer: detailed,
  },
  decideHold: {
    tag,
    summary: "Decide a hold; 409 with the hold as it is now when it has changed since the revision shown",
    access: "review",
    input: z.object({
      hold: z.string(),
      revision: z.number().int().optional().describe("The one shown; an If-Match header says it as well."),
      choice,
    }),
    answer: hold,
  },
  undoDecision: {
    tag,
    summary:
      "Take a decision back: the hold is open again, fields have the values they had, what was joined is apart; 422 with the reason when it has been carried out for good",
    access: "review",
    input: z.object({ hold: z.string() }),
    answer: hold,
  },
  assignHold: {
    tag,
    summary: "Say who shall decide",
    access: "review",
    input: z.object({ hold: z.string(), assignee: z.string().nullable() }),
    answer: hold,
  },
  decideHolds: {
    tag,
    summary: `Decide up to ${decisionsMax} holds, each by itself`,
    access: "review",
    input: z.object({
      decisions: z
        .array(z.object({ hold: z.string(), revision: z.number().int(), choice }))
        .min(1)
        .max(decisionsMax),
    }),
    answer: z.object({
      items: z.array(
        z.object({
          hold: z.string(),
          result: z.enum(["done", "stale", "invalid", "unknown"]),
          detail: z.string().nullable(),
        }),
      ),
    }),
  },
} as const satisfies Routes;

const historyMax = 20;
const assignmentsMax = 5_000;

export function holdHandlers(deps: Deps): Handlers<typeof holdRoutes> {
  const { store, clock, policy } = deps;

  async function goldensOf(holds: readonly Hold[]): Promise<ReadonlyMap<GoldenId, GoldenRecord>> {
    const ids = holds.flatMap(({ goldenId, matches }) => (goldenId === null ? matches : [goldenId, ...matches]));
    return ids.length === 0 ? new Map() : (await store.load({ records: [], keys: [], ids })).goldens;
  }

  async function assigneeOf(id: string): Promise<string | null> {
    const document = await store.document("assignment", id, clock.now());
    return document === null ? null : (document.value as { readonly to: string }).to;
  }

  /** Of the holds that are assigned at all, which are few: one look, however long the list. */
  async function assigneesNow(): Promise<ReadonlyMap<string, string>> {
    const documents = await store.documents({ kind: "assignment", limit: assignmentsMax }, clock.now());
    return new Map(documents.map(({ key, value }) => [key, (value as { readonly to: string }).to]));
  }

  function shown(one: Hold, goldens: ReadonlyMap<GoldenId, GoldenRecord>, assignee: string | null, veil: Veil) {
    const entity = policy.entities[one.entity];
    const golden = goldens.get(one.goldenId ?? "");
    const values = golden === undefined ? (one.candidates[0]?.values ?? {}) : valuesOf(golden);
    return {
      ...one,
      label: labelOf(entity, values, one.goldenId ?? one.ref?.id ?? one.id, veil),
      base: veil.values(entity, one.base),
      candidates: one.candidates.map((candidate) => ({ ...candidate, values: veil.values(entity, candidate.values) })),
      matches: one.matches.flatMap((id) => {
        const found = goldens.get(id);
        return found === undefined ? [] : [matchOf(found, one, veil)];
      }),
      reason: one.kind === "refused" ? veil.words(one.reason) : one.reason,
      assignee,
      url:
        one.ref === null
          ? null
          : (deps.connectors.get(one.ref.system)?.recordUrl?.(one.ref.object, one.ref.id) ?? null),
    };
  }

  function matchOf(golden: GoldenRecord, { scores = [] }: Hold, veil: Veil) {
    const entity = policy.entities[golden.entity];
    const values = valuesOf(golden);
    const score = scores.find(({ goldenId }) => goldenId === golden.id);
    return {
      id: golden.id,
      probability: score?.probability ?? null,
      evidence: (score?.evidence ?? []).map((one) => ({ ...one, finding: veil.words(one.finding) })),
      label: labelOf(entity, values, golden.id, veil),
      fields: veil.values(entity, values),
      systems: golden.links.flatMap(({ system, object, id }) => (id === null ? [] : [{ system, object, id }])),
    };
  }

  async function survivorsOf(one: Hold, veil: Veil) {
    if (one.kind !== "duplicate" || one.status !== "open") return [];
    const goldens = await goldensOf([one]);
    const entity = policy.entities[one.entity];
    return one.matches.flatMap((id) => {
      const match = goldens.get(id);
      const own = goldens.get(one.goldenId ?? "") ?? null;
      const made = match === undefined ? null : survivorOf(one, own, match, policy, clock.now());
      if (made === null) return [];
      const fields = made.fields.map((field) => ({
        ...field,
        value: veil.value(entity?.fields[field.name]?.type, field.value),
      }));
      return [{ goldenId: made.goldenId, fields }];
    });
  }

  async function found(id: string): Promise<Hold> {
    const one = await store.hold(id);
    if (one === null) throw new Problem(404, "There is no such hold.");
    return one;
  }

  async function shownOne(one: Hold, { who }: Call<unknown>) {
    return shown(one, await goldensOf([one]), await assigneeOf(one.id), veilFor(who));
  }

  async function answer(reviewed: Reviewed, call: Call<unknown>, revision: number | null = null) {
    switch (reviewed.kind) {
      case "done":
        call.setHeader("etag", etagOf(reviewed.hold));
        return shownOne(reviewed.hold, call);
      case "unknown":
        throw new Problem(404, "There is no such hold.");
      case "invalid":
        throw new Problem(422, reviewed.reason);
      case "stale":
        throw new Problem(
          409,
          staleText(reviewed.hold, revision, policy.entities[reviewed.hold.entity], veilFor(call.who)),
          {
            hold: await shownOne(reviewed.hold, call),
          },
        );
    }
  }

  /** Holds assigned to one user, in order of their ids. */
  async function assigned(to: string, after: string | undefined, limit: number) {
    const filter = { kind: `assigned/${to}`, limit, ...(after === undefined ? {} : { after }) };
    const keys = (await store.documents(filter, clock.now())).map(({ key }) => key);
    const holds = keys.length === 0 ? [] : await store.holds({ ids: keys, status: "open", limit });
    // Those that are decided by now are nobody's any more.
    const gone = keys.filter((key) => !holds.some(({ id }) => id === key));
    const changes = gone.flatMap((key) => [
      { kind: `assigned/${to}`, key, value: null, expiresAt: null },
      { kind: "assignment", key, value: null, expiresAt: null },
    ]);
    if (changes.length > 0) await store.putDocuments(changes, clock.now());
    return { holds, keys };
  }

  return {
    listHoldGroups: async () => ({ items: await store.holdGroups() }),
    async listHolds(call) {
      const { after, limit, assignee, fields, ...filter } = call.input;
      const veil = veilFor(call.who);
      if (assignee !== undefined) {
        const { holds, keys } = await assigned(assignee, after, limit);
        const goldens = await goldensOf(holds);
        const next = keys.length === limit ? (keys.at(-1) ?? null) : null;
        return { items: holds.map((one) => shown(one, goldens, assignee, veil)), next };
      }
      const holds = await store.holds({
        ...(filter.kind === undefined ? {} : { kind: filter.kind }),
        ...(filter.entity === undefined ? {} : { entity: filter.entity }),
        ...(fields === undefined ? {} : { fields: fields === "" ? [] : fields.split(",") }),
        ...(after === undefined ? {} : { after }),
        status: filter.status,
        limit: limit + 1,
      });
      const { items, next } = pageFrom(holds, limit, ({ id }) => id);
      const goldens = await goldensOf(items);
      const assignees = await assigneesNow();
      return { items: items.map((one) => shown(one, goldens, assignees.get(one.id) ?? null, veil)), next };
    },
    async getHold(call) {
      const one = await found(call.input.hold);
      const veil = veilFor(call.who);
      const entity = policy.entities[one.entity];
      call.setHeader("etag", etagOf(one));
      const rules = entity === undefined ? [] : ruleChoices(one, entity);
      const lines =
        one.goldenId === null || one.fields.length === 0
          ? []
          : await store.journal({ goldenId: one.goldenId, kind: "set", newestFirst: true, limit: 200 });
      return {
        ...(await shownOne(one, call)),
        survivors: await survivorsOf(one, veil),
        rules: rules.map((rule) => ({
          ...rule,
          values: rule.values === null ? null : veil.values(entity, rule.values),
        })),
        history: lines
          .filter(({ field }) => field !== null && one.fields.includes(field))
          .slice(0, historyMax)
          .map(({ at, field, to, source: from }) => ({
            at,
            field: field ?? "",
            value: veil.value(entity?.fields[field ?? ""]?.type, to),
            source: from,
          })),
      };
    },
    async decideHold(call) {
      const { hold: holdId, choice: chosen } = call.input;
      const revision = call.input.revision ?? call.ifMatch;
      if (revision === null)
        throw new Problem(428, "Say which revision of the hold you were shown: revision, or If-Match.");
      const reviewed = await decideHold(deps, { holdId, revision, by: call.who.name ?? "", choice: chosen });
      return answer(reviewed, call, revision);
    },
    async undoDecision(call) {
      return answer(await undoDecision(deps, call.input.hold, call.who.name ?? ""), call);
    },
    async assignHold(call) {
      const { hold: id, assignee } = call.input;
      const one = await found(id);
      const before = await assigneeOf(id);
      const gone = { value: null, expiresAt: null };
      await store.putDocuments(
        [
          ...(before === null || before === assignee ? [] : [{ kind: `assigned/${before}`, key: id, ...gone }]),
          ...(assignee === null
            ? [{ kind: "assignment", key: id, ...gone }]
            : [
                { kind: "assignment", key: id, value: { to: assignee }, expiresAt: null },
                { kind: `assigned/${assignee}`, key: id, value: {}, expiresAt: null },
              ]),
        ],
        clock.now(),
      );
      return shownOne(one, call);
    },
    async decideHolds({ input, who }) {
      const items = [];
      for (const { hold: holdId, revision, choice: chosen } of input.decisions) {
        const reviewed = await decideHold(deps, { holdId, revision, by: who.name ?? "", choice: chosen });
        const detail =
          reviewed.kind === "invalid"
            ? reviewed.reason
            : reviewed.kind === "stale"
              ? staleText(reviewed.hold, revision, policy.entities[reviewed.hold.entity], veilFor(who))
              : null;
        items.push({ hold: holdId, result: reviewed.kind, detail });
      }
      return { items };
    },
  };
}

function valuesOf(golden: GoldenRecord) {
  return Object.fromEntries(Object.entries(golden.fields).map(([field, { value }]) => [field, value]));
}

function etagOf({ revision }: Hold): string {
  return `"${revision}"`;
}
