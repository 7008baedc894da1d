import { parse } from "yaml";

type Written = {
  readonly systems: Readonly<Record<string, object>>;
  readonly entities: Readonly<Record<string, object>>;
};

/** The demo's config for the binary: the same rules and mappings, with addresses and all else that is the campaign's as references to its environment. */
export function companyConfig(demoConfig: string): string {
  const { systems, entities } = parse(demoConfig) as Written;
  const { crm, marketing, ...others } = systems;
  const settings = {
    dataFolder: "${DATA_FOLDER}",
    listen: "${LISTEN}",
    publicUrl: "${PUBLIC_URL}",
    sweepEvery: "never",
    retry: { attempts: 50, delay: "200ms", delayMax: "2s" },
  };
  const own = {
    crm: { ...crm, url: "${CRM_URL}", webhookSecrets: ["${CRM_SECRET}"], pollEvery: "1s" },
    ...others,
    marketing: { ...marketing, url: "${MARKETING_URL}", pollEvery: "1s" },
  };
  // JSON is YAML.
  return JSON.stringify({ systems: own, entities, settings }, null, 2);
}
