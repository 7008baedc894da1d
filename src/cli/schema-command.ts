import { Command } from "commander";
import { configJsonSchema } from "../config/json-schema.ts";
import { print } from "./output.ts";

/** `truce schema`: for editors, which then complete and check truce.yaml. */
export function schemaCommand(): Command {
  return new Command("schema").action(() => print(JSON.stringify(configJsonSchema(), null, 2)));
}
