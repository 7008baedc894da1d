import { z } from "zod";
import { entitySchema } from "./entity-schema.ts";
import { nameSchema } from "./name-schema.ts";
import { settingsSchema } from "./settings-schema.ts";
import { systemSchema } from "./system-schema.ts";

/** The one schema of `truce.yaml` and `truce.config.ts`. */
export const configSchema = z.strictObject({
  systems: z.record(nameSchema, systemSchema).describe("The accounts and databases to keep right, each under a name."),
  entities: z.record(nameSchema, entitySchema).describe("What is kept right: contact, company, deal ..."),
  settings: settingsSchema.prefault({}).describe("Of Truce itself."),
});

/** The config as a user writes it. */
export type TruceConfig = z.input<typeof configSchema>;
/** The same with its defaults filled in and its short forms spelled out. */
export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedEntity = ParsedConfig["entities"][string];
export type ParsedField = ParsedEntity["fields"][string];
export type ParsedSystem = ParsedConfig["systems"][string];
