const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const lengthAfterPrefix = 14;

/** Makes Airtable-shaped ids (`rec` + 14 letters and digits), the same ones for the same seed. */
export type IdMaker = { next(prefix: string): string; state(): number };

/**
 * @param seed any integer; a maker continued from `state()` goes on where the other stopped.
 * Source: mulberry32, two words of it an id, so that ids look random and their order tells nothing.
 */
export function makeIds(seed: number): IdMaker {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    next(prefix) {
      let id = prefix;
      while (id.length < prefix.length + lengthAfterPrefix) {
        let bits = word();
        for (let i = 0; i < 5 && id.length < prefix.length + lengthAfterPrefix; i++) {
          id += alphabet[bits % alphabet.length];
          bits = Math.floor(bits / alphabet.length);
        }
      }
      return id;
    },
    state: () => state,
  };
}
