import { createRandom, type SeededRandom } from "../sandbox/core/random.ts";

/**
 * A stream of chance of its own for each thing that needs one, so that a change in one place of a world leaves the luck of the others
 * as it was: without that, shrinking would be a walk through unrelated worlds.
 */
export function chanceOf(seed: number, name: string): SeededRandom {
  return createRandom(hashText(name, seed ^ 0x9e3779b9));
}

/** FNV-1a, 32 bits. */
export function hashText(text: string, start = 0x811c9dc5): number {
  let hash = start >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
