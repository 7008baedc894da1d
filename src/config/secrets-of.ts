import type { LoadedConfig } from "./load-config.ts";
import { referencedValues } from "./reference.ts";

/** Shorter ones are words that stand in other texts too. */
const secretMin = 6;

/** Everything that the config is given by reference, and the passwords in addresses among it: what must be in no log. */
export function secretsOf({ systems, settings, source }: LoadedConfig): string[] {
  const { listen: _, publicUrl: __, dataFolder: ___, ...others } = settings;
  const texts = textsIn([systems, others]);
  const values = texts.flatMap((text) => referencedValues(text, source));
  const all = [...values, source.env["TRUCE_DATABASE_URL"] ?? ""];
  const secrets = new Set([...all, ...all.flatMap(passwordsIn)]);
  // A whole address goes before the password in it.
  return [...secrets].filter(({ length }) => length >= secretMin).sort((a, b) => b.length - a.length);
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function passwordsIn(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { password } = new URL(text);
  return [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
