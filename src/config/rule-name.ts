import type { RuleNode } from "./rule-schema.ts";

/** The rule's name as the journal has it, whichever way the config writes it. */
export function ruleName(rule: RuleNode): string {
  if (typeof rule === "string") return rule;
  if (rule.owner !== undefined) return "owner";
  if (rule.prefer !== undefined) return "prefer";
  if (rule.newest !== undefined) return "newest";
  if (rule.mergeText !== undefined) return "merge-text";
  return rule.forwardOnly !== undefined ? "forward-only" : "custom";
}
