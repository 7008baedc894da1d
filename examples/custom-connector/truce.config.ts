import { defineConfig, env } from "truce";
import { rolodex } from "./rolodex-connector.ts";

export default defineConfig({
  systems: {
    cards: rolodex({ url: env("ROLODEX_URL"), token: env("ROLODEX_TOKEN") }),
    db: { connector: "postgres", url: env("DATABASE_URL") },
  },
  entities: {
    contact: {
      rule: { newest: "review" },
      fields: { email: "email", name: "name", note: "text" },
      identity: ["email"],
      systems: {
        cards: { object: "cards", create: true, fields: { email: "email", name: "name", note: "note" } },
        db: { object: "public.people", create: true, fields: { email: "email", name: "full_name", note: "note" } },
      },
    },
  },
});
