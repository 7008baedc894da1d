import { Command, CommanderError } from "commander";
import { CliError, exitError, exitUsage } from "./exit.ts";
import { remark, remarkColor } from "./output.ts";
import { version } from "./version.ts";

type Entry = { readonly name: string; readonly summary: string; readonly load: () => Promise<Command> };

/** Every command with its file, which is loaded only when it is called. */
const entries: readonly Entry[] = [
  entry("init", "Connect systems, propose a mapping, write the config", async () =>
    (await import("./init-command.ts")).initCommand(),
  ),
  entry("check", "Check the config and every system it names", async () =>
    (await import("./check-command.ts")).checkCommand(),
  ),
  entry("plan", "Dry run: read everything, write nothing, show what a run would do", async () =>
    (await import("./plan-command.ts")).planCommand(),
  ),
  entry("run", "Sync, as a service or once", async () => (await import("./run-command.ts")).runCommand()),
  entry("status", "What is linked, behind, held or dead", async () =>
    (await import("./status-command.ts")).statusCommand(),
  ),
  entry("holds", "List, show and decide what waits for a person", async () =>
    (await import("./holds-command.ts")).holdsCommand(),
  ),
  entry("history", "Who set which field of a record when, and why", async () =>
    (await import("./history-command.ts")).historyCommand(),
  ),
  entry("sweep", "Compare systems in full and heal drift", async () =>
    (await import("./sweep-command.ts")).sweepCommand(),
  ),
  entry("store", "Move Truce's own state to PostgreSQL", async () =>
    (await import("./store-command.ts")).storeCommand(),
  ),
  entry("sandbox", "Emulated HubSpot and Airtable to try things on", async () =>
    (await import("./sandbox-command.ts")).sandboxCommand(),
  ),
  entry("demo", "A small company's mess in three systems, kept right while it changes", async () =>
    (await import("./demo-command.ts")).demoCommand(),
  ),
  entry("schema", "Print the JSON Schema of truce.yaml", async () =>
    (await import("./schema-command.ts")).schemaCommand(),
  ),
];

function entry(name: string, summary: string, load: () => Promise<Command>): Entry {
  return { name, summary, load };
}

/** Runs one command line, without the program's own name. Resolves to the exit code; see docs/cli.md. */
export async function runCli(args: readonly string[]): Promise<number> {
  // A reader like `head` that has seen enough is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : exitError));
  try {
    const program = await createProgram(args);
    if (args.length === 0) {
      program.outputHelp();
      return exitUsage;
    }
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return tellFailure(error, args.includes("--debug"));
  }
}

/** The program with the called command loaded and the others as names. */
async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("truce")
    .description("Keeps the same people, companies and deals right in every system that holds a copy of them.")
    .version(version(), "--version")
    .option("-c, --config <file>", "config file (default: truce.config.ts or truce.yaml in this folder)")
    .option("--json", "results as JSON on standard output")
    .option("--no-color", "no colours; NO_COLOR does the same")
    .option("--debug", "show where an error came from")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const { name, summary, load } of entries) {
    const command = args.includes(name) ? await load() : new Command(name);
    program.addCommand(inherit(command.summary(summary).description(command.description() || summary)));
  }
  return program;
}

/** Commander hands these on only to commands it makes itself. */
function inherit(command: Command): Command {
  command.exitOverride().configureHelp({ showGlobalOptions: true });
  for (const inner of command.commands) inherit(inner);
  return command;
}

function tellFailure(error: unknown, isDebug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage;
  const message = error instanceof Error ? error.message : String(error);
  remark(isDebug && error instanceof Error ? (error.stack ?? message) : `${remarkColor.red("truce:")} ${message}`);
  return error instanceof CliError ? error.exitCode : exitError;
}
