import { loadYaml } from "../src/config/load-config.ts";
import type { Policy } from "../src/model/policy.ts";

/** The policy of the demo's config, with second tries as quick as its systems. Throws where the config is none. */
export function demoPolicy(yaml: string): Policy {
  const { config, problems } = loadYaml("truce.yaml", yaml, { env: {}, references: false });
  if (config === null) throw new Error(`The demo's config: ${problems.map(({ message }) => message).join("; ")}`);
  const { entities } = config.policy;
  return { entities, clockSkewMs: {}, retry: { attemptsMax: 50, delayMsBase: 200, delayMsMax: 5_000 } };
}
