import fc from "fast-check";

/**
 * Seed and length of all fuzzing: `FUZZ_SEED` replays a run, `FUZZ_RUNS=20000` makes it long. Each test's failure names the seed, and so does this
 * line, for one that hangs.
 */
const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(process.env["FUZZ_RUNS"] ?? 60);
process.stderr.write(`fuzzing with FUZZ_SEED=${seed} FUZZ_RUNS=${runs}\n`);

/** How fast-check runs a property: `share` of the runs, for slow ones. */
export function fuzzing(share = 1): { readonly seed: number; readonly numRuns: number } {
  return { seed, numRuns: Math.max(1, Math.round(runs * share)) };
}

/** Long enough for a long run. */
export const fuzzMs = 30_000 + runs * 200;

/** Texts that have broken somebody before. */
const known = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00x",
  "caf\u00e9",
  "cafe\u0301",
  "\u0130stanbul \u0131",
  "\u202eevil\u202c",
  "\u05e9\u05dc\u05d5\u05dd",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "\ufeffbom",
  "\u2028\u2029",
  "line\r\nbreak\n",
  "tab\tbed",
  "'; drop table truce.golden; --",
  `" or ""="`,
  "$1 $$ ${TOKEN} {{x}} %s %00",
  "<script>alert(1)</script>",
  "=cmd|' /C calc'!A0",
  "+1-2",
  "@SUM(1)",
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "9007199254740993",
  "-0",
  "1e400",
  "NaN",
  "null",
  "undefined",
  "[object Object]",
  "2026-02-30",
  "\u001b[31mred",
  "x".repeat(5_000),
];

export const nastyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...known) },
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
);

/** Values as JSON has them, with keys that objects of JavaScript have anyway. */
export const nastyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    nastyText,
    fc.constantFrom(null, true, false, 0, -0, 1, 2 ** 53 + 2, 1e308, -1, 0.1, [], {}),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(nastyText, tie("value"), { maxKeys: 4 }),
  ),
})).value;

/** What is no JSON, or JSON that nobody writes. */
const oddText: fc.Arbitrary<string> = fc.constantFrom(
  "",
  "{",
  "]",
  "nul",
  "{}{}",
  '{"a":1,"a":2}',
  '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
  '{"id":9007199254740993,"objectId":12345678901234567890}',
  `${"[".repeat(100)}${"]".repeat(100)}`,
  `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  "\u0000",
  "<!doctype html><html><body>Maintenance</body></html>",
  '{"a":"\\ud800"}',
  "[1e999]",
  '"'.repeat(3),
);

/** The bytes of a body: JSON of values made from `like` by changing parts of it, JSON of anything, no JSON, no text. */
export function nastyBody(like: unknown): fc.Arbitrary<Buffer> {
  return fc.oneof(
    { weight: 4, arbitrary: changed(like).map((value) => Buffer.from(JSON.stringify(value) ?? "")) },
    nastyValue.map((value) => Buffer.from(JSON.stringify(value) ?? "")),
    oddText.map((text) => Buffer.from(text)),
    { weight: 2, arbitrary: cut(JSON.stringify(like)) },
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  );
}

/** The text, ended early or with bytes that are no UTF-8 in its midst. */
function cut(text: string): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(text);
  return fc.tuple(fc.nat(bytes.length), fc.boolean()).map(([at, isCut]) => {
    if (isCut) return bytes.subarray(0, at);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff, 0xc0, 0x80]), bytes.subarray(at)]);
  });
}

/** The value with some parts replaced, left out, or made lists. */
function changed(like: unknown): fc.Arbitrary<unknown> {
  const others = fc.oneof(nastyValue, fc.constant(undefined));
  if (Array.isArray(like))
    return fc.oneof(
      { weight: 6, arbitrary: fc.tuple(...like.map(changed)) },
      others,
      fc.constant([...like, ...like]),
      fc.constant([]),
    );
  if (typeof like === "object" && like !== null) {
    const parts = Object.entries(like).map(([name, value]) => changed(value).map((one) => [name, one] as const));
    return fc.oneof({ weight: 6, arbitrary: fc.tuple(...parts).map((entries) => Object.fromEntries(entries)) }, others);
  }
  return fc.oneof({ weight: 4, arbitrary: fc.constant(like) }, others);
}
