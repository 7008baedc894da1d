import { readFileSync } from "node:fs";

/** The version in package.json, which lies two folders up in the sources and three in the package. */
export function version(): string {
  for (const path of ["../../package.json", "../../../package.json"]) {
    const text = readIfThere(new URL(path, import.meta.url));
    if (text !== null) return (JSON.parse(text) as { readonly version: string }).version;
  }
  return "unknown";
}

function readIfThere(url: URL): string | null {
  try {
    return readFileSync(url, "utf8");
  } catch {
    return null;
  }
}
