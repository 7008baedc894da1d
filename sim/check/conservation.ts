import type { Truth } from "./truth.ts";

const freshMs = 5_000;

/** I8 and I9: what was acknowledged was stored, and everything stored ended in exactly one way. */
export function checkConservation({ world }: Truth): string[] {
  const { ledger, acknowledged } = world;
  const broken: string[] = [];
  for (const event of acknowledged) {
    if (!ledger.events.has(event)) broken.push(`I8: ${event} was acknowledged and never stored`);
  }
  for (const { item, outcome } of ledger.items.values()) {
    // A sweep or slow scan of the engine's own may have come in just now.
    const isFresh = item.receivedAt > world.restedAt - freshMs;
    // Looks for what a record points to and nobody knows, once in a while.
    const isLook = item.observation.kind === "hint" && item.observation.child !== undefined;
    if (outcome === null && !isFresh && !isLook)
      broken.push(`I9: ${item.id} about ${item.observation.ref.id} is neither done nor dead`);
  }
  const dead = [...ledger.items.values()].filter((one) => one.outcome === "dead");
  const letters = new Set(ledger.deadLetters.map((letter) => letter.id));
  for (const { item } of dead) {
    if (!letters.has(item.id)) broken.push(`I9: ${item.id} is dead without a letter`);
  }
  return broken;
}

/** I19: what breaks Truce is set aside whole, and nothing else is. */
export function checkPoison({ world }: Truth): string[] {
  return world.ledger.deadLetters
    .filter((letter) => letter.kind === "observation" && !letter.reason.startsWith("poison of"))
    .map((letter) => `I19: ${letter.ref?.id} is dead, though nothing is wrong with it: ${letter.reason}`);
}
