import { normalizeValue } from "../src/core/normalize/normalize-value.ts";
import type { FieldType } from "../src/model/field-type.ts";
import type { RawValue } from "../src/model/value.ts";
import { perCoreSecond } from "./measure/per-core-second.ts";

/**
 * Values brought into their canonical form a second of one core, by type. No value comes twice, so nothing is gained by remembering one. The baseline
 * of the same run is the least that can be done with a text: white space trimmed, Unicode composed. One JSON line.
 *
 *   npm run bench -- normalize
 */
const cases: Readonly<Record<string, readonly [FieldType, (n: number) => RawValue]>> = {
  text: [{ kind: "text" }, (n) => ` Senior buyer ${n} `],
  name: [{ kind: "name" }, (n) => `Ana  María de la Cruz ${n}`],
  email: [{ kind: "email" }, (n) => ` Ana.Cruz+${n}@Example.ORG`],
  phone: [{ kind: "phone", country: "DE" }, (n) => `(030) 12${String(n % 1_000_000).padStart(6, "0")}`],
  address: [{ kind: "address" }, (n) => `${n} Main  Street,\nSpringfield`],
  url: [{ kind: "url" }, (n) => `HTTPS://Example.org:443/a/../b?x=${n}`],
  domain: [{ kind: "domain" }, (n) => `WWW.Shop${n}.example.co.uk`],
  date: [{ kind: "date" }, (n) => `2026-01-${String((n % 28) + 1).padStart(2, "0")}`],
  datetime: [{ kind: "datetime" }, (n) => `2026-01-31T10:00:00.${String(n % 1_000).padStart(3, "0")}+02:00`],
  money: [{ kind: "money", currency: "EUR" }, (n) => `${n}.50`],
  number: [{ kind: "number" }, (n) => `00${n}.500`],
  choice: [{ kind: "choice", options: ["lead", "customer"] }, (n) => (n % 2 === 0 ? "lead" : " customer ")],
  set: [{ kind: "set" }, (n) => [`tag ${n}`, "b", "a", "b"]],
  boolean: [{ kind: "boolean" }, (n) => (n % 2 === 0 ? "yes" : "false")],
};
const valuesPerS: Record<string, number> = {};
for (const [name, [type, make]] of Object.entries(cases)) {
  const one = normalizeValue(type, make(1));
  if (!one.ok) throw new Error(`The ${name} of the benchmark is refused: ${one.reason}.`);
  valuesPerS[name] = perCoreSecond((n) => normalizeValue(type, make(n)));
}
const textsPerS = perCoreSecond((n) => ` Senior buyer ${n} `.trim().normalize("NFC"));
console.log(JSON.stringify({ name: "normalize", valuesPerS, baseline: { textsPerS } }));
