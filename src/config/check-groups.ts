import type { EntityMeaning } from "./meaning.ts";
import { errorAt, type Finding } from "./problem.ts";
import { ruleName } from "./rule-name.ts";
import { didYouMean } from "./words.ts";

/** Rules that make a new value out of both; a group is taken whole from one side. */
const productRules = ["union", "any-true", "all-true", "counter", "merge-text", "custom"];

/** Groups: members that are there, in one group each, decided by one rule. */
export function checkGroups({ entity, name: entityName, path, fieldsOf }: EntityMeaning): Finding[] {
  const groupOf = new Map<string, string>();
  const fields = fieldsOf(entityName);
  return Object.entries(entity.groups).flatMap(([group, members]) => {
    const at = [...path, "groups", group];
    const first = members[0];
    if (first === undefined || members.length < 2) {
      return [errorAt(at, `the group ${group} has fewer than two fields`, "Add the others, or remove the group.")];
    }
    const findings = members.flatMap((member, i): Finding[] => {
      const other = groupOf.get(member);
      groupOf.set(member, group);
      if (!fields.includes(member))
        return [errorAt([...at, i], `${entityName} has no field "${member}"`, didYouMean(member, fields))];
      if (other === group) return [errorAt([...at, i], `${member} is listed twice`, "Remove one of them.")];
      if (other !== undefined)
        return [errorAt([...at, i], `${member} is in the group ${other} too`, "A field is in one group at most.")];
      const rule = entity.fields[member]?.rule;
      if (i === 0 || rule === undefined || JSON.stringify(rule) === JSON.stringify(entity.fields[first]?.rule))
        return [];
      const remedy = `The group ${group} is decided by the rule of ${first}. Move it there, or take ${member} out.`;
      return [errorAt([...path, "fields", member, "rule"], `${member} has a rule of its own within a group`, remedy)];
    });
    const rule = ruleName(entity.fields[first]?.rule ?? entity.rule ?? "review");
    if (!productRules.includes(rule)) return findings;
    const message = `the rule ${rule} of ${first} can't decide about a group`;
    return [
      ...findings,
      errorAt(at, message, "A group is taken whole from one side: use prefer, newest, owner, keep or review."),
    ];
  });
}
