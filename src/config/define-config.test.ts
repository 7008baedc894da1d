// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { expect, test } from "vitest";
import { defineConfig, env, secretFile } from "./define-config.ts";
import { resolveReference } from "./reference.ts";

test("env and secretFile stand for values that are put in later, alone or within a text", () => {
  const source = { env: { PASSWORD: "p" }, readFile: (path: string) => (path === "/run/token" ? "t\n" : null) };
  expect(resolveReference(`postgres://app:${env("PASSWORD")}@db/app`, source)).toBe("postgres://app:p@db/app");
  expect(resolveReference(secretFile("/run/token"), source)).toBe("t");
  expect(() => resolveReference(env("OTHER"), source)).toThrow("${OTHER} has no value");
});

test("the compiler refuses what the loader would", () => {
  const config = defineConfig({
    systems: { crm: { connector: "hubspot", token: env("TOKEN") } },
    entities: {
      contact: {
        fields: {
          email: "email",
          // @ts-expect-error: no such type
          phone: "phoone",
          // @ts-expect-error: no such rule
          city: { type: "text", rule: { prefers: ["crm"] } },
        },
        // @ts-expect-error: no such way
        deletes: "forget",
        systems: { crm: { object: "contacts", fields: { email: { cell: "email", direction: "both" } } } },
      },
    },
  });
  expect(Object.keys(config.entities)).toEqual(["contact"]);
});
