import { z } from "zod";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const pattern = /^(?<amount>\d+(?:\.\d+)?)\s?(?<unit>ms|s|m|h|d)$/u;

/** "500ms", "2s", "5m", "1h", "1d" in milliseconds; `null` for anything else. */
export function parseDuration(text: string): number | null {
  const { amount, unit } = pattern.exec(text.trim())?.groups ?? {};
  return amount === undefined ? null : Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
}

/** A duration in the config; becomes milliseconds. */
export const durationSchema = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  const params = { remedy: "Write a number with its unit: 500ms, 2s, 5m, 1h or 1d." };
  context.addIssue({ code: "custom", message: `"${text}" is no duration`, params });
  return z.NEVER;
});
