import { expect, test } from "vitest";
import { birthDateOf, birthLevels, compareBirthDates } from "./birth-date.ts";
import { companyDomainOf, compareMailboxes, emailLevels, mailboxOf } from "./mailbox.ts";
import { compareOrganisations, organisationLevels, organisationOf } from "./organisation.ts";
import { personNameOf } from "./person-name.ts";
import { comparePhones, phoneKeyOf, phoneLevels } from "./phone-key.ts";
import { compareStreets, countryOf, streetLevels, streetOf } from "./place.ts";
import { codesIn, compareCodes, titleOf, titleSimilarity } from "./title.ts";

const dates = (a: string, b: string) => birthLevels[compareBirthDates(birthDateOf(a)!, birthDateOf(b)!)];
const mails = (a: string, b: string, name = "Ann Jensen") => {
  const owner = personNameOf({ full: name });
  return emailLevels[compareMailboxes(mailboxOf(a, owner)!, mailboxOf(b, owner)!)];
};
const phones = (a: string, countryA: string | null, b: string, countryB: string | null) =>
  phoneLevels[comparePhones(phoneKeyOf(a, countryA)!, phoneKeyOf(b, countryB)!)];
const streets = (a: string, b: string) => streetLevels[compareStreets(streetOf(a)!, streetOf(b)!)];
const companies = (a: string, b: string) =>
  organisationLevels[compareOrganisations(organisationOf(a)!, organisationOf(b)!)];

test("birth dates agree in any notation, and a slip of the keyboard is one", () => {
  expect(dates("1984-03-17", "17.03.1984")).toBe("same");
  expect(dates("19840317", "1984-03-71")).toBe("slip");
  expect(dates("1984-03-07", "1984-07-03")).toBe("slip");
  expect(dates("1984-03-17", "1984-11-02")).toBe("same year");
  expect(dates("1984-03-17", "1961-08-30")).toBe("different");
});

test("the first of January stands for the year alone", () => {
  expect(dates("1850-01-01", "1850-06-12")).toBe("year alone same");
});

test("a mailbox is one with and without tag, and at Gmail with and without dots", () => {
  expect(mails("a.jensen+news@acme.example", "A.Jensen@acme.example")).toBe("same mailbox");
  expect(mails("j.o.s@gmail.com", "jos@googlemail.com")).toBe("same mailbox");
  expect(mails("jo.smith@acme.example", "josmith@acme.example")).toBe("another mailbox at one company");
});

test("a role's and a family's mailbox are known for what they are", () => {
  expect(mails("info@acme.example", "INFO@acme.example")).toBe("same role mailbox");
  expect(mails("the.jensens.44@outlook.com", "the.jensens.44@outlook.com")).toBe("same family's mailbox");
  expect(mails("ann12345@gmail.com", "bob98765@gmail.com")).toBe("different");
});

test("a free-mail domain is no company, and on a platform the page is the company", () => {
  expect(companyDomainOf("https://www.acme.co.uk/en?x=1")).toBe("acme.co.uk");
  expect(companyDomainOf("gmail.com")).toBeNull();
  expect(companyDomainOf("https://www.facebook.com/acmebakery/")).toBe("facebook.com/acmebakery");
});

test("phones agree across notations, by country, and extensions tell desks apart", () => {
  expect(phones("020 7946 0018", "GB", "+44 20 7946 0018", null)).toBe("same");
  expect(phones("+1 206 555 0100 x201", null, "(206) 555-0100 ext. 377", "US")).toBe("same, other extension");
  expect(phones("06 39 98 00 12", "NL", "06 39 98 00 12", "FR")).not.toBe("same");
  expect(phoneKeyOf("n/a", null)).toBeNull();
});

test("streets agree whatever the street type is called and where the number stands", () => {
  expect(streets("14 Mill Road", "Mill Rd 14")).toBe("same");
  expect(streets("second ave 12", "12 2nd avenue")).toBe("same");
  expect(streets("14 Mill Road", "15 Oak Lane")).toBe("different");
  expect([countryOf("Deutschland"), countryOf("U.S.A."), countryOf("GB")]).toEqual(["de", "us", "gb"]);
});

test("companies agree without their legal form, by initials, and not by branch", () => {
  expect(companies("Müller & Söhne GmbH", "Mueller und Soehne Gesellschaft mit beschränkter Haftung")).toBe("same");
  expect(companies("IBT Corp", "International Business Traders Corp.")).toBe("initials");
  expect(companies("Northwind Traders, Inc.", "NORTHWIND")).toBe("one within the other");
  expect(companies("Acme Bakery", "Acme Garage")).toBe("a shared word");
});

test("model codes are found whatever their hyphens, and measures are none", () => {
  expect(codesIn("sony hes-v1000 500gb 1080p 32mm")).toEqual(["hesv1000"]);
  const level = (a: string, b: string) =>
    compareCodes({ title: titleOf(a)!, description: null }, { title: titleOf(b)!, description: null }, () => false);
  expect(level("Sony RM-VL600 remote", "Remote RMVL600B")).toBe(1);
  expect(level("Sony RMVL600", "Sony RMVZ320")).toBe(3);
});

test("a title's rare words weigh more, and a typing error is forgiven", () => {
  const counts = {
    documents: 1000,
    counts: new Map([
      ["database", 400],
      ["indexing", 3],
      ["hypercube", 2],
      ["queries", 300],
    ]),
  };
  const alike = (a: string, b: string) => titleSimilarity(titleOf(a)!, titleOf(b)!, counts);
  expect(alike("hypercube indexing", "hypercube indexing database")).toBeGreaterThan(
    alike("database queries", "database queries hypercube"),
  );
  expect(alike("hypercube indexing", "hypercube indexnig")).toBeGreaterThan(0.8);
});
