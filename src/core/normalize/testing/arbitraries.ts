import fc from "fast-check";
import type { FieldType } from "../../../model/field-type.ts";
import type { FieldValue, RawValue } from "../../../model/value.ts";
import { normalizeValue } from "../normalize-value.ts";

/** A type together with one of its canonical values, `null` among them. */
export type TypedValue = { readonly type: FieldType; readonly value: FieldValue };

/** Every kind of field type, with and without what it may name. */
export function fieldTypes(): fc.Arbitrary<FieldType> {
  return fc.oneof(
    fc.constantFrom<FieldType>(...plainKinds.map((kind) => ({ kind }))),
    fc.constantFrom<FieldType>({ kind: "number" }, { kind: "number", decimals: 0 }, { kind: "number", decimals: 2 }),
    fc.constantFrom<FieldType>({ kind: "phone" }, { kind: "phone", country: "DE" }, { kind: "phone", country: "US" }),
    fc.constantFrom<FieldType>({ kind: "money" }, { kind: "money", currency: "EUR" }),
    fc.constantFrom<FieldType>(
      { kind: "choice" },
      { kind: "choice", options },
      { kind: "set" },
      { kind: "set", options },
    ),
    fc.constant<FieldType>({ kind: "reference", to: "company" }),
  );
}

const plainKinds = ["text", "name", "address", "email", "url", "domain", "date", "datetime", "boolean"] as const;
const options = ["Lead", "customer", "In Review", "Straße", "R&D"] as const;

/** Any type with any canonical value of it. */
export function typedValues(): fc.Arbitrary<TypedValue> {
  return fieldTypes().chain((type) => valuesOf(type).map((value) => ({ type, value })));
}

/** Canonical values of a type; about one in ten is `null`. */
export function valuesOf(type: FieldType): fc.Arbitrary<FieldValue> {
  return fc.option(spellingsOf(type), { freq: 9 }).map((raw) => canonical(type, raw));
}

/** Throws where a spelling is refused: then the generator, or the normalizer, is wrong. */
function canonical(type: FieldType, raw: RawValue): FieldValue {
  const normalized = normalizeValue(type, raw);
  if (!normalized.ok) throw new Error(`${type.kind} refused ${JSON.stringify(raw)}: ${normalized.reason}`);
  return normalized.value;
}

/** Ways that systems write values of a type, all of which normalize. */
export function spellingsOf(type: FieldType): fc.Arbitrary<RawValue> {
  switch (type.kind) {
    case "text":
    case "name":
    case "address":
      return cleanStrings();
    case "email":
      return emails();
    case "phone":
      return phones();
    case "url":
      return urls();
    case "domain":
      // "a/b@c.de" might as well be a path on a host called "a".
      return fc.oneof(
        hosts(),
        urls(),
        emails().filter((email) => !/[/?#]/.test(email)),
      );
    case "date":
      return dates();
    case "datetime":
      return datetimes();
    case "number":
      return numbers();
    case "money":
      return fc.record({ amount: numbers(), currency: fc.constantFrom("EUR", "usd", "JPY") });
    case "boolean":
      return fc.oneof(fc.boolean(), fc.constantFrom<RawValue>("true", "FALSE", "yes", "No", "t", "f", 0, 1));
    case "choice":
      return type.options === undefined ? cleanStrings() : anyCase(type.options);
    case "set":
      return sets(type.options === undefined ? cleanStrings() : anyCase(type.options));
    case "reference":
      return fc.oneof(fc.uuid(), fc.maxSafeInteger(), fc.stringMatching(/^[A-Za-z0-9]{15,18}$/));
  }
}

/** Valid Unicode without NUL: white space of all kinds, combining marks, right-to-left, emoji. */
function cleanStrings(): fc.Arbitrary<string> {
  const unit = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(..."aZ é1,. ") },
    {
      weight: 1,
      arbitrary: fc.constantFrom("\r\n", "\r", "\n", "\t", "\u00a0", "e\u0301", "\u200d", "\u2028", "İ", "ß", "ﬁ", "K"),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
  );
  return fc.array(unit, { maxLength: 20 }).map((units) => units.join("").toWellFormed().replaceAll("\0", ""));
}

/** Strings made to break parsers: lone surrogates, NUL, control characters, and pieces of every kind's own syntax. */
export function hostileStrings(): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    fc.constantFrom(
      "@",
      ".",
      "..",
      "www.",
      "http://",
      "https://",
      "mailto:",
      "tel:",
      "xn--",
      "//",
      "#",
      "?",
      "[::1]",
      "%00",
    ),
    fc.constantFrom(
      "+",
      "(0)",
      "00",
      "ext. 1",
      ";ext=",
      "0x7f",
      "1e999",
      "-0",
      "NaN",
      ";",
      ",",
      "2025-02-30",
      "T24:00Z",
    ),
    fc.constantFrom(
      "0",
      "1",
      "49",
      "30",
      "9".repeat(30),
      "a",
      "b".repeat(70),
      " ",
      "\n",
      "EUR",
      "__proto__",
      "constructor",
    ),
  );
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
}

/** Any JSON, hostile strings and hostile keys included. */
export function hostileRaw(): fc.Arbitrary<RawValue> {
  const json = fc.jsonValue({ depthSize: "small" }) as fc.Arbitrary<RawValue>;
  const keyed = fc.record({ amount: json, currency: json }, { requiredKeys: [] });
  return fc.oneof(
    hostileStrings(),
    json,
    keyed,
    fc.array(fc.oneof(hostileStrings(), json), { maxLength: 4 }),
    fc.double(),
  );
}

function anyCase(texts: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...texts, ...texts.map((text) => ` ${text.toLowerCase()} `));
}

function sets(members: fc.Arbitrary<string>): fc.Arbitrary<RawValue> {
  const list = fc.array(
    members.map((text) => text.replaceAll(";", "")),
    { maxLength: 6 },
  );
  return fc.oneof(
    list,
    list.map((texts) => texts.join(";")),
    list.map((texts) => `;${texts.join("; ")};`),
  );
}

function hosts(): fc.Arbitrary<string> {
  const label = fc.oneof(fc.stringMatching(/^[A-Za-z0-9]{1,12}$/), fc.constantFrom("müller-bau", "www", "a-b", "日本"));
  const suffix = fc.constantFrom("de", "COM", "co.uk", "example", "xn--p1ai");
  return fc.tuple(label, suffix).map(([name, tld]) => `${name}.${tld}`);
}

function emails(): fc.Arbitrary<string> {
  const local = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9!#$%&'*/=?^_`{|}~-]{1,10}(\.[A-Z]{1,4})?(\+[a-z]{1,4})?$/),
    fc.constantFrom("jörg", "e\u0301va", "İsmail"),
  );
  return fc
    .tuple(local, hosts(), fc.constantFrom("", " ", "mailto:"))
    .map(([name, host, lead]) => `${lead}${name}@${host}`);
}

function phones(): fc.Arbitrary<string> {
  const number = fc.constantFrom(
    "+49 30 23125",
    "+49 (0)176-1234",
    "0044 20 7946",
    "+1 (206) 555",
    "+39 06 698",
    "+81-3-1234",
    "+5411 4321",
  );
  const tail = fc.constantFrom("", " ext. 12", ";ext=007", " x9", " #55");
  return fc.tuple(number, fc.integer({ min: 0, max: 9999 }), tail).map(([head, digits, ext]) => {
    return `${head} ${String(digits).padStart(4, "0")}${ext}`;
  });
}

function urls(): fc.Arbitrary<string> {
  const scheme = fc.constantFrom("", "http://", "HTTPS://", "//");
  const port = fc.constantFrom("", ":80", ":443", ":8080");
  const rest = fc.constantFrom("", "/", "/a/../B c", "?q=ü&x=%2f", "/#", "/x?y#Frag-ment", "//a//");
  return fc.tuple(scheme, hosts(), port, rest).map((parts) => parts.join(""));
}

const moments = () =>
  fc.date({ min: new Date("0001-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true });

function dates(): fc.Arbitrary<RawValue> {
  return moments().chain((moment) => {
    const day = moment.toISOString().slice(0, 10);
    const ms = Date.parse(`${day}T00:00:00Z`);
    return fc.constantFrom<RawValue>(
      day,
      `${day}T00:00:00.000Z`,
      `${day} 00:00:00+00`,
      day.replaceAll("-", "/"),
      ms,
      String(ms),
    );
  });
}

function datetimes(): fc.Arbitrary<RawValue> {
  return moments().chain((moment) => {
    const iso = moment.toISOString();
    const local = iso.slice(0, -1);
    return fc.constantFrom<RawValue>(
      iso,
      `${local}+02:00`,
      `${local.replace("T", " ")}456-0330`,
      `${local.slice(0, 16)}Z`,
    );
  });
}

function numbers(): fc.Arbitrary<RawValue> {
  const digits = fc.tuple(fc.maxSafeInteger(), fc.bigInt({ min: 0n, max: 10n ** 30n }));
  return fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.constantFrom<RawValue>("-0", "+00.50", ".5", "5.", "1e3", "2.5E-7", 0.1, 1e21, 5e-324),
    digits.map(([whole, fraction]) => `${whole}.${fraction}`),
  );
}
