import { type DestinationStream, pino, stdTimeFunctions } from "pino";
import { withoutValues } from "../core/without-values.ts";

export type LogLevel = "error" | "warn" | "info" | "debug" | "silent";

/** Structured logs. */
export type Log = {
  /** `fields`: ids, names of fields, counts; no values. */
  write(level: Exclude<LogLevel, "silent">, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What a system or database said, as far as it may be logged. */
  said(text: string): string;
  isEnabled(level: Exclude<LogLevel, "silent">): boolean;
  /** Field values may be logged, at the level debug. */
  readonly hasValues: boolean;
};

export type LogOptions = {
  readonly level: LogLevel;
  /** Switches the logging of field values on. */
  readonly values: boolean;
  /** Never written, wherever they come from. May grow. */
  readonly secrets: readonly string[];
};

/** One line of JSON each, by pino: level, time, msg, and the fields. */
export function createLog({ level, values, secrets }: LogOptions, stream: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => hideSecrets(line, secrets) },
    },
    stream,
  );
  return {
    write: (at, message, fields = {}) => logger[at](fields, message),
    said: (text) => (values ? text : withoutValues(text)),
    isEnabled: (at) => logger.isLevelEnabled(at),
    hasValues: values,
  };
}

/** The text without these secrets, as they are and as JSON has them. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (hidden, secret) =>
      hidden.replaceAll(secret, "[secret]").replaceAll(JSON.stringify(secret).slice(1, -1), "[secret]"),
    text,
  );
}
