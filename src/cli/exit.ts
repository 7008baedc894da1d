/** Something went wrong. */
export const exitError = 1;
/** The command was called wrongly. */
export const exitUsage = 2;
/** The config or a system does not fit; nothing was started. */
export const exitProblems = 3;
/** `run --once` ended with work left, or with holds when it was told to fail on them. */
export const exitUnfinished = 4;
/** Stopped by Ctrl-C before the end; as shells have it. */
export const exitInterrupted = 130;

/** A failure that is told in words, without a stack. */
export class CliError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = exitError) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}
