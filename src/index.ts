export type { TruceConfig } from "./config/config-schema.ts";
export { defineConfig, env, secretFile } from "./config/define-config.ts";
export type { RuleInput } from "./config/rule-schema.ts";
export { type ConnectorParts, type DefinedConnector, defineConnector } from "./connectors/custom/define-connector.ts";
export { type Observed, observed } from "./connectors/custom/observed.ts";
export type { Find, RecordWrites } from "./connectors/custom/record-writes.ts";
export { scanFeed } from "./connectors/custom/scan-feed.ts";
export {
  type RawDelete,
  type RawHint,
  type RawMerge,
  type RawObservation,
  type RawUpsert,
  revisionOf,
} from "./model/observation.ts";
export type { CustomRule } from "./model/policy.ts";
export { type SyncError, SyncFailure } from "./model/sync-error.ts";
export { type FieldValue, type Money, type RawValue, sameRaw } from "./model/value.ts";
export { isAsExpected } from "./ports/as-expected.ts";
export type * from "./ports/connector.ts";
export type { ConnectorContext, CustomConnector, CustomSystem } from "./ports/custom-connector.ts";
