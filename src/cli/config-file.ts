import { isCode, type LoadedConfig, type LoadOptions, loadYaml, readText } from "../config/load-config.ts";
import type { ConfigFile } from "../server/config-file.ts";

/** A config's file, as the console reads it and tries changes of it. */
export function configFileOf({ name, file }: Pick<LoadedConfig, "name" | "file">, options: LoadOptions): ConfigFile {
  return {
    name,
    read: () => readText(file),
    check: isCode(file) ? null : (text) => loadYaml(file, text, options),
  };
}
