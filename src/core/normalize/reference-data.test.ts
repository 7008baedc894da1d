import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import type { FieldValue } from "../../model/value.ts";
import { isFreeMailDomain, isRoleMailbox } from "./email-parts.ts";
import { freeMailDomains } from "./free-mail-domains.ts";
import { normalizeValue } from "./normalize-value.ts";
import { splitPersonName } from "./person-name.ts";
import { roleMailboxNames } from "./role-mailbox-names.ts";

// Public reference data beside the checkout; it is test data and not part of the project.
const folder = resolve(import.meta.dirname, "../../../../shared/data/matching/normalisation");
const present = existsSync(folder);

type Row = Readonly<Record<string, string>>;

function rowsOf(file: string): Row[] {
  return parse(readFileSync(resolve(folder, file)), { columns: true });
}

describe.skipIf(!present)(present ? "reference data" : "reference data: skipped, ../shared is not here", () => {
  test("phone numbers of 123 countries in 13 notations: at least 98 % come out as E.164 with their extension", () => {
    const rows = rowsOf("phone-formats.csv");
    const wrong = rows.filter((row) => {
      const phone = normalizeValue({ kind: "phone", country: row["country"]! }, row["raw"]!);
      const extension = row["expected_extension"] === "" ? "" : `;ext=${row["expected_extension"]}`;
      return !phone.ok || phone.value !== `${row["expected_e164"]}${extension}`;
    });
    expect(1 - wrong.length / rows.length, JSON.stringify(wrong.slice(0, 5))).toBeGreaterThanOrEqual(0.98);
  });

  test("no address that isemail calls valid is refused", () => {
    const valid = emailRows().filter(({ category }) => category === "ISEMAIL_VALID_CATEGORY");
    expect(valid.length).toBeGreaterThan(10);
    expect(valid.filter(({ value }) => value === undefined)).toEqual([]);
  });

  test("of those that isemail calls wrong, only white space at the ends passes, because it is trimmed", () => {
    const passing = emailRows().filter(
      ({ category, value }) => !lenient.has(category) && value !== undefined && value !== null,
    );
    expect(new Set(passing.map(({ value }) => value))).toEqual(new Set(["test@iana.org"]));
    for (const { address } of passing) expect(address.trim()).toBe("test@iana.org");
  });

  test("most of our role mailboxes and free-mail domains are on the public lists too", () => {
    const roles = new Set(rowsOf("role-mailboxes.csv").map((row) => row["local_part"]!.trim().replace(/[._-]/g, "")));
    const free = new Set(rowsOf("free-mail-domains.csv").map((row) => row["domain"]!.trim()));
    expect(shareOf([...roleMailboxNames], (name) => roles.has(name))).toBeGreaterThan(0.75);
    expect(shareOf([...freeMailDomains], (domain) => free.has(domain))).toBeGreaterThan(0.85);
  });

  test("the most common role mailboxes and free-mail domains of the public lists are on ours", () => {
    const common = [
      "abuse",
      "admin",
      "billing",
      "contact",
      "help",
      "hr",
      "info",
      "jobs",
      "noreply",
      "office",
      "postmaster",
      "sales",
    ];
    const providers = [
      "gmail.com",
      "yahoo.com",
      "hotmail.com",
      "outlook.com",
      "icloud.com",
      "gmx.de",
      "web.de",
      "qq.com",
      "mail.ru",
    ];
    expect(common.filter((local) => !isRoleMailbox(`${local}@contoso.example`))).toEqual([]);
    expect(providers.filter((domain) => !isFreeMailDomain(domain))).toEqual([]);
  });

  test("a name that is split is split right in 95 of 100 cases, and at least 85 of 100 are split", () => {
    const names = nameRows();
    const split = names.filter(({ parts }) => parts !== null);
    expect(shareOf(names, ({ parts }) => parts !== null)).toBeGreaterThan(0.85);
    expect(
      shareOf(split, ({ parts, given, family }) => parts?.given === given && parts.family === family),
    ).toBeGreaterThan(0.95);
  });
});

/** Categories in which an address may well be right: isemail asked the DNS of 2010. */
const lenient = new Set(["ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"]);

/** `value` is `undefined` where the address is refused. Control characters are written as their U+2400 pictures. */
function emailRows(): { address: string; category: string; value: FieldValue | undefined }[] {
  return rowsOf("email-validity.csv").map((row) => {
    const address = row["address"]!.replace(/[\u2400-\u241f]/g, (char) =>
      String.fromCharCode(char.charCodeAt(0) - 0x2400),
    );
    const email = normalizeValue({ kind: "email" }, address);
    return { address, category: row["category"]!, value: email.ok ? email.value : undefined };
  });
}

/** Single persons with a given and a family name. */
function nameRows() {
  return rowsOf("name-parses.csv").flatMap((row) => {
    const words = JSON.parse(row["parts"]!) as { t: string; l: string }[];
    const pick = (labels: readonly string[]) =>
      words
        .filter((word) => labels.includes(word.l))
        .map((word) => word.t.replace(/,$/, ""))
        .join(" ");
    const [given, family] = [
      pick(["GivenName", "FirstInitial", "MiddleName", "MiddleInitial"]),
      pick(["Surname", "LastInitial"]),
    ];
    const several = words.some((word) => ["And", "Nickname", "AKA", "ProxyFor"].includes(word.l));
    if (row["kind"] !== "person" || several || given === "" || family === "") return [];
    return [{ given, family, parts: splitPersonName(row["raw"]!.trim().replace(/\s+/g, " ")) }];
  });
}

function shareOf<T>(all: readonly T[], which: (one: T) => boolean): number {
  return all.filter(which).length / all.length;
}
