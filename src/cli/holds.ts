import { machineClock, machineRandom } from "../clock/machine.ts";
import type { Deps } from "../engine/deps.ts";
import { decideHold } from "../engine/review.ts";
import type { Choice, Hold } from "../model/hold.ts";
import type { FieldValue } from "../model/value.ts";
import { CliError } from "./exit.ts";
import { print, printJson, table, timeText, valueText } from "./output.ts";
import { type CommonOptions, openConfiguredStore, readConfig } from "./session.ts";

export type HoldsOptions = CommonOptions & { readonly kind?: string; readonly limit?: string };

async function withStore<T>(options: CommonOptions, work: (deps: Deps) => Promise<T>): Promise<T> {
  const config = await readConfig(options, false);
  const store = await openConfiguredStore(config);
  try {
    return await work({
      store,
      connectors: new Map(),
      policy: config.policy,
      clock: machineClock,
      random: machineRandom,
      startedAt: Date.now(),
      tell: () => undefined,
    });
  } finally {
    await store.close();
  }
}

/** `truce holds`: what waits for a person. */
export function listHolds(options: HoldsOptions): Promise<void> {
  return withStore(options, async ({ store }) => {
    const holds = await store.holds({
      status: "open",
      limit: Number(options.limit ?? "50"),
      ...(options.kind === undefined ? {} : { kind: options.kind as Hold["kind"] }),
    });
    if (options.json === true) return printJson(holds);
    if (holds.length === 0) return print("Nothing is held.");
    print(
      table([
        ["id", "kind", "entity", "fields", "since", "reason"],
        ...holds.map((hold) => [
          hold.id,
          hold.kind,
          hold.entity,
          hold.fields.join(", "),
          timeText(hold.openedAt),
          hold.reason,
        ]),
      ]),
    );
  });
}

/** `truce holds show ID` */
export function showHold(id: string, options: CommonOptions): Promise<void> {
  return withStore(options, async ({ store }) => {
    const hold = await store.hold(id);
    if (hold === null) throw new CliError(`There is no hold ${id}. \`truce holds\` lists them.`);
    if (options.json === true) return printJson(hold);
    print(
      `${hold.kind} on ${hold.entity}${hold.goldenId === null ? "" : ` ${hold.goldenId}`}${hold.ref === null ? "" : `, record ${hold.ref.id} of ${hold.ref.system}`}`,
    );
    print(`${hold.reason}. Since ${timeText(hold.openedAt)}, revision ${hold.revision}, ${hold.status}.`);
    for (const [field, value] of Object.entries(hold.base)) print(`  before  ${field}: ${valueText(value)}`);
    hold.candidates.forEach((candidate, n) => {
      const source =
        candidate.source.kind === "record"
          ? `${candidate.source.ref.system}${candidate.source.author === null ? "" : `, ${candidate.source.author}`}`
          : candidate.source.kind === "person"
            ? candidate.source.name
            : candidate.source.rule;
      for (const [field, value] of Object.entries(candidate.values))
        print(`  ${n}       ${field}: ${valueText(value)}   (${source}, ${timeText(candidate.at.until)})`);
    });
    for (const match of hold.matches) print(`  may be the same as ${match}`);
    print(`\nDecide it: truce holds decide '${hold.id}' --revision ${hold.revision} ${waysOf(hold)}`);
  });
}

function waysOf({ kind, matches }: Hold): string {
  if (kind === "conflict" || kind === "clear") return "--take N | --set FIELD=VALUE";
  if (kind === "delete") return "--delete | --restore | --leave";
  if (kind === "duplicate") return `--link ${matches[0] ?? "GOLDEN"} | --new | --leave`;
  return "--new | --leave";
}

export type DecideOptions = CommonOptions & {
  readonly revision?: string;
  readonly by?: string;
  readonly take?: string;
  readonly set?: readonly string[];
  readonly link?: string;
  readonly new?: boolean;
  readonly delete?: boolean;
  readonly restore?: boolean;
  readonly leave?: boolean;
};

/** `truce holds decide ID`: carries a person's decision out; a hold that changed since it was shown is refused. */
export function decideCommand(id: string, options: DecideOptions): Promise<void> {
  return withStore(options, async (deps) => {
    const hold = await deps.store.hold(id);
    if (hold === null) throw new CliError(`There is no hold ${id}. \`truce holds\` lists them.`);
    const revision = options.revision === undefined ? hold.revision : Number(options.revision);
    const by = options.by ?? process.env["USER"] ?? "cli";
    const reviewed = await decideHold(deps, { holdId: id, revision, by, choice: choiceOf(options) });
    if (reviewed.kind === "stale")
      throw new CliError(
        `The hold has changed since revision ${revision}; it is at ${reviewed.hold.revision} now and ${reviewed.hold.status}. Look again: truce holds show '${id}'`,
      );
    if (reviewed.kind === "invalid") throw new CliError(reviewed.reason);
    if (reviewed.kind === "unknown") throw new CliError(`There is no hold ${id}.`);
    if (options.json === true) return printJson(reviewed.hold);
    print("Decided. The next run carries it out.");
  });
}

function choiceOf(options: DecideOptions): Choice {
  const choices: Choice[] = [];
  if (options.take !== undefined) choices.push({ kind: "take", candidate: Number(options.take) });
  if (options.set !== undefined) choices.push({ kind: "set", values: Object.fromEntries(options.set.map(assignment)) });
  if (options.link !== undefined) choices.push({ kind: "link", goldenId: options.link });
  for (const kind of ["new", "delete", "restore", "leave"] as const) if (options[kind] === true) choices.push({ kind });
  const [choice, ...more] = choices;
  if (choice === undefined || more.length > 0)
    throw new CliError("Say one way to decide it: --take, --set, --link, --new, --delete, --restore or --leave.", 2);
  return choice;
}

function assignment(text: string): [string, FieldValue] {
  const at = text.indexOf("=");
  if (at <= 0) throw new CliError(`--set takes FIELD=VALUE, not "${text}".`, 2);
  return [text.slice(0, at), text.slice(at + 1)];
}
