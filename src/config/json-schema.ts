import { z } from "zod";
import { configSchema } from "./config-schema.ts";

/** The JSON Schema of truce.yaml, for editors. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // A function can't stand in YAML.
      delete jsonSchema.properties?.["custom"];
    },
  });
  return { ...schema, title: "Truce config", description: "truce.yaml: see docs/config.md" };
}
