import { expect, test } from "vitest";
import type { Role } from "../../../model/match-role.ts";
import { type EntityKind, recogniseColumns } from "./columns.ts";

function rolesOf(table: Record<string, string[]>, kind: EntityKind | null = null, map: [string, Role][] = []) {
  const names = Object.keys(table);
  return recogniseColumns(names, (i) => table[names[i]!]!, kind, new Map(map)).map((column) => column.role);
}

test("columns are known by their names, in several languages and spellings", () => {
  expect(rolesOf({ "E-Mail": [], Vorname: [], Nachname: [], PLZ: [], Ort: [], "Date of Birth": [] })).toEqual([
    "email",
    "given",
    "family",
    "postcode",
    "city",
    "birth-date",
  ]);
});

test("names of columns in other scripts are read, and names that say little are told by what is beside them", () => {
  expect(rolesOf({ имя: [], фамилия: [], телефон: [], город: [] })).toEqual(["given", "family", "phone", "city"]);
  expect(rolesOf({ 姓名: [], 电话: [], 城市: [] })).toEqual(["full-name", "phone", "city"]);
  expect(rolesOf({ 番号: [], 姓: [], 名: [], メールアドレス: [], 電話番号: [], 住所: [], 生年月日: [] })).toEqual([
    "id",
    "family",
    "given",
    "email",
    "phone",
    "street",
    "birth-date",
  ]);
  expect(rolesOf({ nom: ["Durand SARL"], ville: [] })).toEqual(["organisation", "city"]);
  expect(rolesOf({ nom: ["Durand"], prénom: ["Marie"] })).toEqual(["family", "given"]);
});

test("columns without a telling name are known by their values", () => {
  const table = {
    c1: ["ann@acme.example", "bob@acme.example"],
    c2: ["+49 30 1234567", "(206) 555-0100"],
    c3: ["https://acme.example"],
    c4: ["Anna", "Peter", "James"],
  };
  expect(rolesOf(table)).toEqual(["email", "phone", "website", "given"]);
});

test("numbers of rows tell nothing; a word beside a given name is the surname", () => {
  const table = {
    c1: ["7", "8", "9"],
    c2: ["Anna", "Peter", "James"],
    c3: ["Zwingli", "Okwuosa", "Bartholdy"],
    c4: ["Rome", "Rome", "Bern"],
  };
  expect(rolesOf(table)).toEqual(["ignore", "given", "family", "text"]);
  expect(rolesOf({ Nr: ["x17", "b2"], Vorname: ["Anna"], Ort: ["Bern"] })).toEqual(["id", "given", "city"]);
});

test("a column called name is a person's or a company's by what stands in it, unless the kind is said", () => {
  expect(rolesOf({ name: ["Anna Keller", "Peter Novak"] })).toEqual(["full-name"]);
  expect(rolesOf({ name: ["Acme Ltd", "Northwind Traders Inc"] })).toEqual(["organisation"]);
  expect(rolesOf({ name: ["Anna Keller", "Peter Novak"] }, "company")).toEqual(["organisation"]);
  expect(rolesOf({ name: ["Zebulon Quack"], company: ["Acme"] })[0]).toBe("full-name");
  expect(rolesOf({ name: ["Sony TV 40"], price: ["12.00"] })).toEqual(["title", "price"]);
});

test("beside a person's name a title is no publication's", () => {
  expect(rolesOf({ first_name: ["Ann"], title: ["Dr"] })).toEqual(["given", "text"]);
});

test("what the caller says goes before what is recognised", () => {
  expect(rolesOf({ name: ["x"], mail2: ["y"] }, null, [["mail2", "ignore"]])).toEqual(["organisation", "ignore"]);
});
