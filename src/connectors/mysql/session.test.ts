import { expect, test } from "vitest";
import { parseAddress } from "./session.ts";

test("an address has its parts, with what is escaped in them, and how TLS is checked", () => {
  expect(parseAddress("mysql://us%40er:p%2Fw@db.example/shop%20one")).toEqual({
    host: "db.example",
    port: 3306,
    user: "us@er",
    password: "p/w",
    database: "shop one",
  });
  const address = "mariadb://a:b@[::1]:3307/x?ssl-mode=";
  expect(parseAddress(`${address}VERIFY_IDENTITY`)).toMatchObject({
    host: "::1",
    port: 3307,
    ssl: { rejectUnauthorized: true, verifyIdentity: true },
  });
  expect(parseAddress(`${address}verify-ca`).ssl).toEqual({ rejectUnauthorized: true, verifyIdentity: false });
  expect(parseAddress(`${address}required`).ssl).toEqual({ rejectUnauthorized: false, verifyIdentity: false });
  expect(parseAddress(`${address}disabled`)).not.toHaveProperty("ssl");
});

test("an address that is none says what is missing, without its password", () => {
  for (const [url, words] of [
    ["postgres://a:secret@b/c", "begins with mysql://"],
    ["mysql://a:secret@b", "names no database"],
    ["nonsense", "is no URL"],
    ["mysql://a:secret@b/c?ssl-mode=maybe", "MAYBE is none of DISABLED, REQUIRED"],
  ] as const) {
    const attempt = () => parseAddress(url);
    expect(attempt).toThrow(words);
    expect(attempt).not.toThrow("secret");
  }
});
