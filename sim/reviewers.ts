import type { SeededRandom } from "../sandbox/core/random.ts";
import { decideHold } from "../src/engine/review.ts";
import type { Choice, Hold } from "../src/model/hold.ts";
import type { FieldValue } from "../src/model/value.ts";
import type { Process, Processes } from "./processes.ts";
import { type Action, stages } from "./scenario.ts";
import type { World } from "./world.ts";

/** A reviewer, or two at once, decide an open hold; the answer is noted when it comes. */
export async function review(world: World, processes: Processes, action: Action & { kind: "decide" }, number: number) {
  const open = [...(await world.ledger.storeOf("people").holds({ status: "open", limit: 100 }))];
  const hold = open[Math.floor(action.pick * open.length)];
  if (hold === undefined) return;
  const choice = choiceFor(world, hold, action.choice, number);
  const revision = action.how === "stale" ? hold.revision - 1 : hold.revision;
  const decide = async (process: Process | undefined, by: string, one: Choice) => {
    if (process === undefined) return;
    world.trace.note(
      world.clock.now(),
      "decide",
      () => `${by} decides ${hold.kind} ${hold.id}#${revision}: ${JSON.stringify(one)}`,
    );
    const answer = await decideHold(process.deps, { holdId: hold.id, revision, by, choice: one }).catch(() => null);
    if (answer === null) return;
    world.trace.note(world.clock.now(), answer.kind, () => `${by} is answered ${answer.kind}`);
    world.marks.add(`review/${action.how}/${answer.kind}`);
    world.decisions.push({ holdId: hold.id, revision, by, answer: answer.kind });
    if (answer.kind === "done") world.marks.add(`choice/${hold.kind}/${one.kind}`);
    if (answer.kind === "done" && action.how === "stale")
      world.failures.push(`I14: ${hold.id} was decided on revision ${revision} when it had ${hold.revision}`);
    if (answer.kind === "invalid" && !isMerge(hold, one))
      world.failures.push(`a fitting choice was refused: ${answer.reason}`);
  };
  await Promise.all([
    decide(processes.anyAlive(number), `anna${number}`, choice),
    action.how === "twice"
      ? decide(processes.anyAlive(number + 1), `ben${number}`, choiceFor(world, hold, 1 - action.choice, number))
      : undefined,
  ]);
}

/** Decides everything that is open, until nothing is. */
export async function decideAllHolds(world: World, processes: Processes, chance: SeededRandom): Promise<boolean> {
  const open = await world.ledger.storeOf("people").holds({ status: "open", limit: 100 });
  for (const [n, hold] of open.entries()) {
    const process = processes.anyAlive(n);
    if (process === undefined) return false;
    const choice = choiceFor(world, hold, chance.fraction(), 1_000 + world.decisions.length);
    const by = `carl${world.decisions.length}`;
    world.trace.note(
      world.clock.now(),
      "decide",
      () => `${by} decides ${hold.kind} ${hold.id}: ${JSON.stringify(choice)}`,
    );
    const answer = await decideHold(process.deps, { holdId: hold.id, revision: hold.revision, by, choice });
    world.decisions.push({ holdId: hold.id, revision: hold.revision, by, answer: answer.kind });
    if (answer.kind === "done") world.marks.add(`choice/${hold.kind}/${choice.kind}`);
    if (answer.kind === "invalid" && !isMerge(hold, choice))
      world.failures.push(`a fitting choice was refused: ${answer.reason}`);
  }
  return open.length === 0;
}

/** Two golden records can't be made one while something is written, or one of them is deleted. */
function isMerge({ goldenId }: Hold, { kind }: Choice): boolean {
  return goldenId !== null && kind === "link";
}

function choiceFor({ scenario }: World, hold: Hold, fraction: number, number: number): Choice {
  const pick = <T>(items: readonly T[]) => items[Math.floor(fraction * items.length)]!;
  switch (hold.kind) {
    case "conflict":
    case "clear":
      // A reference is not made up.
      if (fraction < 0.75) return { kind: "take", candidate: Math.floor((fraction / 0.75) * hold.candidates.length) };
      if (hold.fields.includes("boss")) return { kind: "take", candidate: 0 };
      return {
        kind: "set",
        values: Object.fromEntries(hold.fields.map((field) => [field, decidedValue(scenario, field, number)])),
      };
    case "delete":
      return pick([{ kind: "delete" }, { kind: "restore" }, { kind: "leave" }]);
    case "duplicate":
      if (hold.matches.length === 0) return { kind: "leave" };
      return pick([{ kind: "link", goldenId: pick(hold.matches) }, { kind: "new" }, { kind: "leave" }]);
    case "incomplete":
      return pick([{ kind: "new" }, { kind: "leave" }]);
    case "refused":
    case "missing":
      return { kind: "leave" };
  }
}

function decidedValue(scenario: World["scenario"], field: string, number: number): FieldValue {
  const type = scenario.fields.find((one) => one.name === field)!.type;
  switch (type.kind) {
    case "email":
      return `decided${number}@people.org`;
    case "number":
      return String(5_000 + number);
    case "set":
      return [`decided${number}`];
    case "boolean":
      return number % 2 === 0;
    case "choice":
      return stages[number % stages.length]!;
    default:
      return `decided ${number}`;
  }
}
