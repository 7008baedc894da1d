import { z } from "zod";

const timeOfDaySchema = z.string().transform((text, context) => {
  const { hours, minutes } = /^(?<hours>[01]?\d|2[0-3]):(?<minutes>[0-5]\d)$/u.exec(text.trim())?.groups ?? {};
  if (hours !== undefined) return Number(hours) * 60 + Number(minutes);
  const params = { remedy: "Write hours and minutes: 22:00." };
  context.addIssue({ code: "custom", message: `"${text}" is no time of day`, params });
  return z.NEVER;
});

const zoneSchema = z.string().superRefine((text, context) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
  } catch {
    const params = { remedy: "Write one like Europe/Berlin or UTC." };
    context.addIssue({ code: "custom", message: `"${text}" is no time zone`, params });
  }
});

/** Hours of each day, in minutes of it; over midnight too. */
export const hoursSchema = z.strictObject({
  from: timeOfDaySchema,
  until: timeOfDaySchema,
  zone: zoneSchema.default("UTC"),
});
