export type { TruceConfig } from "./config/config-schema.ts";
export { defineConfig, env, secretFile } from "./config/define-config.ts";
export type { RuleInput } from "./config/rule-schema.ts";
export type { CustomRule } from "./model/policy.ts";
export type { FieldValue, Money } from "./model/value.ts";
