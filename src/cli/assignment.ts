import { CliError, exitUsage } from "./exit.ts";

/** `field=value` options as a map; nothing after "=" is a blank. */
export function assignments(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new CliError(`--set takes field=value, not "${text}".`, exitUsage);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
