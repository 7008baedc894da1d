import { configJsonSchema } from "../config/json-schema.ts";

/** `truce schema`: for the first line of a truce.yaml: `# yaml-language-server: $schema=...`. */
export function schemaCommand(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}
