import { z } from "zod";
import { editRules } from "../../config/edit-rules.ts";
import { pathText } from "../../config/problem.ts";
import { unifiedDiff } from "../../config/unified-diff.ts";
import { type FieldTallies, type ReplayReport, replayRules } from "../../control/replay.ts";
import { suggestRules } from "../../control/suggest.ts";
import type { Deps } from "../../engine/deps.ts";
import type { Policy } from "../../model/policy.ts";
import type { ConfigFile } from "../config-file.ts";
import { labelsOf } from "../label.ts";
import { type Veil, veilFor } from "../mask.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { ruleText } from "./config.ts";
import { fieldValue } from "./shapes.ts";

const tag = "Config";
const count = z.number().int();

const effect = z.object({
  entity: z.string(),
  field: z.string(),
  before: z.string().describe("The rule in words, as it decides now."),
  after: z.string(),
  open: z
    .object({ settles: count, leaves: count, unknown: count })
    .describe("Conflicts that are held now. `unknown`: what the rule would do can't be said."),
  people: z
    .object({ agrees: count, contradicts: count, asks: count, unknown: count })
    .describe("What people decided. `asks`: the rule would leave it to them again."),
  rules: z.object({ same: count, other: count, asks: count, unknown: count }).describe("What rules decided."),
});

const sample = z.object({
  goldenId: z.string().nullable(),
  label: z.string(),
  entity: z.string(),
  field: z.string(),
  decided: fieldValue.describe("As it was decided; null where it is held now."),
  by: z.enum(["rule", "person", "nobody"]),
  value: fieldValue.describe("What the changed rule would make of it."),
});

export const configChangeRoutes = {
  getConfigText: {
    tag,
    summary: "The config file's text. Secrets stand nowhere in it, only the names of what holds them",
    access: "operate",
    input: z.object({}),
    answer: z.object({ file: z.string(), text: z.string() }),
  },
  previewConfig: {
    tag,
    summary: "What a changed config would say and do, as a diff of the file; nothing is changed",
    access: "review",
    onlyLooks: true,
    input: z.object({
      rules: z
        .array(z.object({ entity: z.string(), field: z.string(), rule: z.string().max(1_000) }))
        .max(200)
        .optional()
        .describe("Rules as the config writes them, on one line: `{ prefer: [crm, db] }`."),
      text: z
        .string()
        .max(500_000)
        .optional()
        .describe("Or the whole file as it shall be; needs the permission `operate`."),
      days: z.coerce.number<number>().int().min(1).max(366).default(30).describe("How far back decisions are tried."),
    }),
    answer: z.object({
      problems: z.array(
        z.object({
          severity: z.enum(["error", "warning"]),
          line: count,
          column: count,
          path: z.string(),
          message: z.string(),
          remedy: z.string().nullable(),
        }),
      ),
      diff: z.string().describe("For `patch` or `git apply`; empty: nothing would change."),
      text: z.string().nullable().describe("The whole file as it would be, for those who may operate."),
      effects: z.array(effect).nullable().describe("By field whose rule changes; null while there are errors."),
      samples: z.array(sample),
    }),
  },
  suggestRules: {
    tag,
    summary: "Rules that people's decisions so far follow, each tried on all of them",
    access: "read",
    input: z.object({}),
    answer: z.object({
      items: z.array(
        z.object({
          entity: z.string(),
          field: z.string(),
          rule: z.string().describe("As the config writes it."),
          decisions: count,
          agreed: count,
          atLeast: z.number().describe("With 95 % certainty people follow it in this share of cases or more."),
          settles: count.describe("Open holds that it would settle."),
          contradicts: z.array(z.string()).describe("Holds that it would have decided otherwise."),
        }),
      ),
    }),
  },
} as const satisfies Routes;

const dayMs = 24 * 3_600_000;

export function configChangeHandlers(deps: Deps, file: ConfigFile | null): Handlers<typeof configChangeRoutes> {
  const { store, policy, clock } = deps;

  function fileThere(): ConfigFile {
    if (file === null) throw new Problem(404, "This Truce has no config file.");
    return file;
  }

  return {
    getConfigText: () => ({ file: fileThere().name, text: fileThere().read() }),
    async previewConfig({ input, who }) {
      const { name, read, check } = fileThere();
      if (check === null)
        throw new Problem(422, `${name} is a program: change it there, and try it with truce check and truce replay.`);
      const mayOperate = who.permissions.has("operate");
      if (input.text !== undefined && !mayOperate) throw new Problem(403, "This needs the permission operate.");
      const before = read();
      const text = input.text ?? edited(before, input.rules ?? []);
      const { config, problems } = check(text);
      const shown = problems.map(({ file: _, path, ...problem }) => ({ ...problem, path: pathText(path) }));
      const answer = { problems: shown, diff: unifiedDiff(name, before, text), text: mayOperate ? text : null };
      if (config === null) return { ...answer, effects: null, samples: [] };
      const changed = changedRules(policy, config.policy);
      if (changed.length === 0) return { ...answer, effects: [], samples: [] };
      const report = await replayRules(store, config.policy, clock.now() - input.days * dayMs);
      return {
        ...answer,
        effects: changed.map(([entity, field]) => effectOf(report, policy, config.policy, entity, field)),
        samples: await samplesOf(deps, report, changed, veilFor(who)),
      };
    },
    suggestRules: async () => ({ items: await suggestRules(deps) }),
  };
}

function edited(text: string, rules: Parameters<typeof editRules>[1]): string {
  const done = editRules(text, rules);
  if (done.kind === "invalid") throw new Problem(422, done.reason);
  return done.text;
}

type Place = readonly [entity: string, field: string];

/** Fields that both configs have, with another rule than now. */
function changedRules(now: Policy, then: Policy): Place[] {
  return Object.values(then.entities).flatMap(({ name, fields }) =>
    Object.values(fields).flatMap((field): Place[] => {
      const before = now.entities[name]?.fields[field.name];
      return before === undefined || JSON.stringify(before.rule) === JSON.stringify(field.rule)
        ? []
        : [[name, field.name]];
    }),
  );
}

function effectOf({ open, byPerson, byRule }: ReplayReport, now: Policy, then: Policy, entity: string, field: string) {
  const words = (policy: Policy) => {
    const rule = policy.entities[entity]?.fields[field]?.rule;
    return rule === undefined ? "" : ruleText(rule);
  };
  const [waiting, people, rules] = [open, byPerson, byRule].map((tallies) => tallyIn(tallies, `${entity}.${field}`));
  return {
    entity,
    field,
    before: words(now),
    after: words(then),
    open: { settles: waiting?.other ?? 0, leaves: waiting?.undecided ?? 0, unknown: waiting?.blind ?? 0 },
    people: {
      agrees: people?.same ?? 0,
      contradicts: people?.other ?? 0,
      asks: people?.undecided ?? 0,
      unknown: people?.blind ?? 0,
    },
    rules: {
      same: rules?.same ?? 0,
      other: rules?.other ?? 0,
      asks: rules?.undecided ?? 0,
      unknown: rules?.blind ?? 0,
    },
  };
}

function tallyIn(tallies: FieldTallies, key: string): FieldTallies[string] | undefined {
  return tallies[key];
}

async function samplesOf(deps: Deps, { samples, openSamples }: ReplayReport, changed: readonly Place[], veil: Veil) {
  const isMeant = ({ entity, field }: { readonly entity: string; readonly field: string }) =>
    changed.some(([name, one]) => name === entity && one === field);
  const all = [...openSamples.map((one) => ({ ...one, decided: null, by: "nobody" as const })), ...samples].filter(
    isMeant,
  );
  const labels = await labelsOf(
    deps,
    all.flatMap(({ goldenId }) => goldenId ?? []),
    veil,
  );
  return all.map(({ goldenId, entity, field, decided, by, value }) => {
    const type = deps.policy.entities[entity]?.fields[field]?.type;
    const label = labels.get(goldenId ?? "") ?? entity;
    return { goldenId, label, entity, field, by, decided: veil.value(type, decided), value: veil.value(type, value) };
  });
}
