import { z } from "zod";
import type { CustomRule } from "../model/policy.ts";

/** Rules that need nothing but their name. */
export const plainRules = [
  "review",
  "keep",
  "newest",
  "longest",
  "max",
  "min",
  "union",
  "any-true",
  "all-true",
  "counter",
  "forward-only",
  "merge-text",
] as const;

/** How a true conflict on a field is resolved. See docs/config.md, "Rules". */
export type RuleInput =
  | (typeof plainRules)[number]
  | { readonly owner: string }
  | { readonly prefer: readonly string[]; readonly otherwise?: RuleInput | undefined }
  | { readonly newest: RuleInput }
  | { readonly mergeText: RuleInput }
  | { readonly forwardOnly: readonly string[] }
  | { readonly custom: CustomRule };

/** A rule as the schema sees it: the ways of writing one, not yet told apart. */
export type RuleParts = {
  readonly owner?: string | undefined;
  readonly prefer?: readonly string[] | undefined;
  readonly otherwise?: RuleNode | undefined;
  readonly newest?: RuleNode | undefined;
  readonly mergeText?: RuleNode | undefined;
  readonly forwardOnly?: readonly string[] | undefined;
  readonly custom?: CustomRule | undefined;
};
export type RuleNode = (typeof plainRules)[number] | RuleParts;

const customSchema = z
  .custom<CustomRule>((value) => typeof value === "function", {
    error: "a custom rule is a function",
    params: { remedy: "Write it in truce.config.ts; a YAML file can't hold one." },
  })
  .describe("A pure function of both sides; truce.config.ts only.");

const partsSchema = z
  .strictObject({
    owner: z.string().describe("This system is the source of truth: edits elsewhere are put back.").optional(),
    prefer: z.array(z.string()).min(1).describe("The first of these systems wins a conflict.").optional(),
    otherwise: z
      .lazy(() => ruleNode)
      .describe("With prefer: the rule between systems that are not listed. Default: review.")
      .optional(),
    newest: z
      .lazy(() => ruleNode)
      .describe("The surely newer change wins; where clocks can't tell, this rule.")
      .optional(),
    mergeText: z
      .lazy(() => ruleNode)
      .describe("Both texts are merged; where they overlap, this rule.")
      .optional(),
    forwardOnly: z.array(z.string()).describe("Stages in order: the later one wins, nothing moves back.").optional(),
    custom: customSchema.optional(),
  })
  .superRefine((parts, context) => {
    const kinds = Object.keys(parts).filter((key) => key !== "otherwise");
    const remedy = "Name one of owner, prefer, newest, mergeText, forwardOnly, custom.";
    if (kinds.length === 0) context.addIssue({ code: "custom", message: "no rule is named here", params: { remedy } });
    if (kinds.length > 1) {
      context.addIssue({ code: "custom", message: `${kinds.join(" and ")} are two rules`, params: { remedy } });
    }
    if ("otherwise" in parts && kinds.length === 1 && kinds[0] !== "prefer") {
      const params = { remedy: `Write ${kinds[0]} alone, or prefer with otherwise.` };
      context.addIssue({ code: "custom", path: ["otherwise"], message: "otherwise belongs to prefer", params });
    }
  });

const ruleNode: z.ZodType<RuleNode, RuleInput> = z
  .union([z.enum(plainRules), partsSchema as unknown as z.ZodType<RuleParts, RuleInput>])
  .meta({ id: "rule", description: "How a true conflict is resolved. Default: review, a person decides." });

/** A rule as the config writes it. */
export const ruleSchema = ruleNode;
