import anyAscii from "any-ascii";

/** A name as its words, in lower case: "firstName", "first_name" and "First Name" are all "first name". */
export function plainName(name: string): string {
  return name
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/gu, " ")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .toLowerCase();
}

/** The same without the spaces between words: "firstname" is "First Name" too. */
export function tightName(name: string): string {
  return plainName(name).replaceAll(" ", "");
}

/** An object's name in the singular, without the schema before it: "public.people_accounts" is "people account". */
export function objectName(name: string): string {
  const plain = plainName(name.replace(/^.*\./u, ""));
  if (plain === "people") return "person";
  if (/(?:ss|us|is)$/u.test(plain)) return plain;
  return plain
    .replace(/ies$/u, "y")
    .replace(/(?<=[^s])s$/u, "")
    .replace(/(?<=ss|x|ch|sh)e$/u, "");
}

/** A name as the config wants one: "First Name" is "firstName". */
export function fieldName(name: string): string {
  const ascii = plainName(anyAscii(name)).replaceAll(/[^a-z0-9 ]/gu, "");
  const [first = "", ...rest] = ascii.split(" ").filter(Boolean);
  const joined = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^[a-z]/u.test(joined) ? joined : `field${joined}`;
}
