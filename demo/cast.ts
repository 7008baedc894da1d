import type { Role } from "./story.ts";

const everything = { company: [], contact: [], deal: [] } as const;
const common = { twins: "any", lacks: everything, dealsNeedSomebody: false } as const;

/** Who is who in the company. The vendor behind each role is `openWorld`'s. */
const roles = {
  crm: {
    ...common,
    name: "crm",
    share: 0.7,
    users: ["Rosa (sales)", "Tariq (sales)", "Ingrid (support)"],
    // HubSpot takes an e-mail once.
    twins: "without-email",
  },
  db: { ...common, name: "db", share: 0.8, users: ["billing app", "web shop"] },
  marketing: { ...common, name: "marketing", share: 0.6, users: ["Noor (marketing)", "signup form"] },
  sales: { ...common, name: "sales", share: 0.5, users: ["Maria (field sales)"] },
  campaigns: {
    ...common,
    name: "campaigns",
    share: 0.5,
    users: ["Lars (campaigns)", "newsletter form"],
    // ActiveCampaign makes no contact without an e-mail, and none with one that is taken; accounts have little more than a name.
    twins: "none",
    lacks: { company: ["phone", "city", "industry"], contact: ["company"], deal: [] },
    dealsNeedSomebody: true,
  },
  shop: { ...common, name: "shop", share: 0.5, users: ["order desk", "customer account"] },
  tool: { ...common, name: "tool", share: 0.4, users: ["Zoe (operations)"] },
} as const satisfies Readonly<Record<string, Role>>;

export type RoleName = keyof typeof roles;

/** HubSpot, PostgreSQL and Airtable. */
export const threeSystems: readonly RoleName[] = ["crm", "db", "marketing"];
/** With Salesforce, ActiveCampaign, MariaDB (`hasMariaDb`) and a REST tool. */
export function allSystems(hasMariaDb: boolean): readonly RoleName[] {
  return ["crm", "db", "marketing", "sales", "campaigns", ...(hasMariaDb ? (["shop"] as const) : []), "tool"];
}

export function castOf(names: readonly RoleName[]): readonly Role[] {
  return names.map((name) => roles[name]);
}
