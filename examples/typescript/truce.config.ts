import { type CustomRule, defineConfig, env } from "truce";

/** Of two spellings of a name, the one that is not all in capitals. */
const lessShouting: CustomRule = ({ golden, other }) => {
  const isShouted = (value: unknown) => typeof value === "string" && value === value.toUpperCase();
  if (isShouted(golden) === isShouted(other)) return undefined;
  return isShouted(golden) ? other : golden;
};

export default defineConfig({
  systems: {
    crm: { connector: "hubspot", token: env("HUBSPOT_TOKEN") },
    db: { connector: "postgres", url: `postgres://truce:${env("DB_PASSWORD")}@db.internal/app` },
  },
  entities: {
    contact: {
      fields: {
        email: { type: "email", rule: { newest: { prefer: ["crm", "db"] } } },
        firstName: { type: "name", rule: { custom: lessShouting } },
        lastName: { type: "name", rule: { custom: lessShouting } },
        phone: { type: "phone", country: "US" },
      },
      identity: ["email", ["phone", "lastName"]],
      systems: {
        crm: {
          object: "contacts",
          create: true,
          fields: { email: "email", firstName: "firstname", lastName: "lastname", phone: "phone" },
        },
        db: {
          object: "people",
          create: true,
          fields: { email: "email", firstName: "first_name", lastName: "last_name", phone: "phone" },
        },
      },
    },
  },
});
