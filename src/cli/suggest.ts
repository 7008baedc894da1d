import type { Suggestion } from "../core/suggest.ts";
import { atDesk } from "./open-desk.ts";
import { color, counted, print, printJson } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { quoted } from "./short-id.ts";

const contradictionsShown = 5;

/** `truce suggest`: rules that people's decisions so far follow, each tried on all of them. */
export function suggestCommand(options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const suggestions = await desk.suggestRules();
    if (options.json === true) return printJson(suggestions);
    if (suggestions.length === 0)
      return print("No rule to suggest: on each field there are fewer than 20 decisions, or they follow none.");
    for (const suggestion of suggestions) show(suggestion);
  });
}

function show({ entity, field, rule, decisions, agreed, atLeast, atMost, settles, contradicts }: Suggestion): void {
  const share = (part: number) => `${(100 * part).toFixed(0)} %`;
  print(
    `${color.bold(`${entity} ${field}`)}: ${rule} is what people took in ${agreed} of ${counted(decisions, "decision")} (${share(atLeast)} to ${share(atMost)}).`,
  );
  print(`  Make it the rule?  entities.${entity}.fields.${field}.rule: ${rule}`);
  print(`  It would settle ${counted(settles, "open hold")}.`);
  if (contradicts.length === 0) return print("  It contradicts no decision.\n");
  print(`  It would have decided ${decisions - agreed} otherwise:`);
  for (const id of contradicts.slice(0, contradictionsShown)) print(color.dim(`    truce holds show ${quoted(id)}`));
  print();
}
