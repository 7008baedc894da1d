import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the built console lies, beside the built package or in a checkout's dist/; `null`: it is not built. */
export function consoleFolder(): string | null {
  const place = import.meta.url.endsWith(".ts") ? "../../dist/console/" : "../../console/";
  const folder = fileURLToPath(new URL(place, import.meta.url));
  return existsSync(`${folder}index.html`) ? folder : null;
}
