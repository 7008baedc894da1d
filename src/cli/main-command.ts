import { Command, CommanderError, Option } from "commander";
import { CliError, exitError, exitUsage } from "./exit.ts";
import { remark, remarkColor } from "./output.ts";
import { version } from "./version.ts";

/**
 * Runs one command line, given without the program's own name. Resolves to the exit code; see docs/cli.md. The code behind a command is loaded
 * only when it is called.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  // A reader like `head` that has seen enough is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : exitError));
  const program = createProgram();
  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return tellFailure(error, args.includes("--debug"));
  }
}

function createProgram(): Command {
  const program = new Command("truce")
    .description("Keeps the same people, companies and deals right in every system that holds a copy of them.")
    .version(version(), "--version")
    .option("-c, --config <file>", "config file (default: truce.config.ts or truce.yaml in this folder)")
    .option("--json", "results as JSON on standard output")
    .option("--no-color", "no colours; NO_COLOR does the same")
    .option("--debug", "show where an error came from")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  addSetUp(program);
  addRunning(program);
  addReview(program);
  addStore(program);
  addMatching(program);
  addTraining(program);
  addTrying(program);
  return program;
}

function addSetUp(program: Command): void {
  on(
    program.command("init"),
    "Connect systems, read what they hold, propose a mapping, write truce.yaml",
    async () => (await import("./init.ts")).initCommand,
  )
    .option(
      "--system <name=connector...>",
      "ask nothing: crm=hubspot db=postgres shop=mysql base=airtable:appID tool=rest:https://...",
    )
    .option("--variable <name=variable...>", "environment variable with a system's secret")
    .option("--url <name=url...>", "another address than the vendor's own")
    .option("--entity <name...>", "only these of the entities found")
    .option("--create <name...>", "systems in which missing records may be created")
    .option("--country <code>", "of phone numbers without a prefix")
    .option("--prefer <name...>", "conflicts: the first of these systems wins (default: the newer change)")
    .option("--review", "conflicts: a person decides")
    .option("--output <file>", "the file to write", "truce.yaml")
    .option("--force", "write over a config that is there");
  on(
    program.command("check"),
    "Check the config and every system it names",
    async () => (await import("./check.ts")).checkCommand,
  )
    .option("--prepare", "also make in the systems what Truce needs there (key property, publication ...)")
    .option("--offline", "the config alone: connect to nothing");
  on(
    program.command("schema"),
    "Print the JSON Schema of truce.yaml, for editors",
    async () => (await import("./schema.ts")).schemaCommand,
  );
}

function addRunning(program: Command): void {
  on(
    program.command("plan"),
    "Dry run: read everything, write nothing, show what a run would do",
    async () => (await import("./plan.ts")).planCommand,
  ).option("--samples <count>", "samples of each kind", "3");
  on(
    program.command("run"),
    "Sync until stopped; with --once until nothing is left to do",
    async () => (await import("./run.ts")).runCommand,
  )
    .option("--once", "end when nothing is left to do, for cron")
    .addOption(
      new Option(
        "--role <role>",
        "with several processes on one PostgreSQL: read the systems, decide and write, or both",
      )
        .choices(["all", "ingest", "worker"])
        .default("all"),
    )
    .option("--listen <address>", "another address than the config's; a worker has none without it")
    .option("--timeout <duration>", "with --once: give up after so long: 90s, 10m, 1h", "1h")
    .option("--ask-first", "write nothing until somebody has seen in the console what would be written, and lets it be")
    .option("--fail-on-holds", "with --once: exit code 4 when something is held for a person")
    .addOption(
      new Option("--log-level <level>", "structured logs, a line of JSON each, from this level on").choices([
        "error",
        "warn",
        "info",
        "debug",
        "silent",
      ]),
    )
    .option("--log-values", "field values in the logs too, at the level debug");
  on(
    program.command("sweep [system]"),
    "Compare systems in full and heal what differs",
    async () => (await import("./sweep.ts")).sweepCommand,
  ).option("--report", "also which fields agree in which systems as of then, and why the others don't");
  on(
    program.command("convergence"),
    "Which fields agree in which systems, and why the others don't",
    async () => (await import("./convergence.ts")).convergenceCommand,
  );
}

function addReview(program: Command): void {
  on(
    program.command("status"),
    "What is linked, behind, held or given up",
    async () => (await import("./status.ts")).statusCommand,
  );
  const holds = program.command("holds").description("List, show and decide what waits for a person");
  on(
    holds.command("list", { isDefault: true }),
    "What waits for a person",
    async () => (await import("./holds.ts")).listHolds,
  )
    .addOption(
      new Option("--kind <kind>", "only these").choices([
        "conflict",
        "clear",
        "delete",
        "duplicate",
        "incomplete",
        "refused",
        "missing",
      ]),
    )
    .option("--limit <count>", "at most so many", "50");
  on(holds.command("show <id>"), "One of them, with both sides", async () => (await import("./holds.ts")).showHold);
  on(holds.command("decide <id>"), "Decide one of them", async () => (await import("./holds.ts")).decideCommand)
    .option("--take <number>", "this candidate's values win")
    .option("--set <field=value...>", "these values instead; nothing after = is a blank")
    .option("--link <golden record>", "it is the same as this one")
    .option("--new", "it is a thing of its own")
    .option("--delete", "delete it everywhere")
    .option("--restore", "create it again where it was deleted")
    .option("--leave", "leave it as it is")
    .option("--revision <number>", "refuse if the hold has changed since this revision")
    .option("--by <name>", "who decides (default: the user)");
  on(
    program.command("split <record...>"),
    "Take records (system/object/id) that are something else out of the golden record that they share",
    async () => (await import("./split.ts")).splitCommand,
  ).option("--by <name>", "who says so (default: the user)");
  addDead(program);
  addAlerts(program);
  addGuard(program);
  addJournal(program);
  on(
    program.command("history <text>"),
    "Who set which field of a record when, and why; found by id, e-mail or other value",
    async () => (await import("./history.ts")).historyCommand,
  ).option("--field <name>", "this field only");
}

function addDead(program: Command): void {
  const dead = program.command("dead").description("List, show, correct, replay and discard what failed for good");
  const selected = (command: Command) =>
    command
      .addOption(new Option("--kind <kind>", "only these").choices(["observation", "write"]))
      .option("--system <name>", "only those of this system");
  selected(
    on(
      dead.command("list", { isDefault: true }),
      "What failed for good",
      async () => (await import("./dead.ts")).listDead,
    ),
  )
    .option("--closed", "those that have ended instead")
    .option("--limit <count>", "at most so many", "50");
  on(
    dead.command("show <id>"),
    "One of them, whole, with what can be done",
    async () => (await import("./dead.ts")).showDead,
  );
  on(
    dead.command("edit <id>"),
    "Correct one of them and try it again",
    async () => (await import("./dead.ts")).editDeadCommand,
  )
    .requiredOption("--set <field=value...>", "fields of a write, cells of an observation; nothing after = is a blank")
    .option("--by <name>", "who says so (default: the user)");
  selected(
    on(
      dead.command("replay [ids...]"),
      "Try them again, decided afresh on today's state",
      async () => (await import("./dead.ts")).replayDeadCommand,
    ),
  )
    .option("--all", "all that are open, of the kind and system if given")
    .option("--by <name>", "who says so (default: the user)");
  selected(
    on(
      dead.command("discard [ids...]"),
      "Give them up, for a reason that is kept",
      async () => (await import("./dead.ts")).discardDeadCommand,
    ),
  )
    .option("--all", "all that are open, of the kind and system if given")
    .requiredOption("--reason <text>", "why")
    .option("--by <name>", "who says so (default: the user)");
}

function addAlerts(program: Command): void {
  const alerts = program.command("alerts").description("What people should know of now");
  on(
    alerts.command("list", { isDefault: true }),
    "What is wrong now, and what to do",
    async () => (await import("./alerts.ts")).listAlerts,
  )
    .option("--past", "those that are over instead")
    .option("--limit <count>", "at most so many", "50");
  on(
    alerts.command("ack <key>"),
    "Take one on: it is not repeated or escalated any more",
    async () => (await import("./alerts.ts")).acknowledgeCommand,
  ).option("--by <name>", "who does (default: the user)");
  on(
    alerts.command("test <route>"),
    "Send a notice by one route, to see whether it arrives",
    async () => (await import("./alerts.ts")).testRouteCommand,
  );
}

function addGuard(program: Command): void {
  const guard = program.command("guard").description("Masses of deletes and blanks that wait for a person's word");
  on(
    guard.command("list", { isDefault: true }),
    "What was stopped",
    async () => (await import("./guard.ts")).listFlows,
  );
  on(
    guard.command("approve <flow>"),
    "They are meant: let them go on as the config says",
    async () => (await import("./guard.ts")).approveFlow,
  )
    .option("--max <count>", "so many of them only")
    .option("--by <name>", "who says so (default: the user)");
  on(
    guard.command("hold <flow>"),
    "Ask about each of them, so that they can be put back",
    async () => (await import("./guard.ts")).holdFlow,
  ).option("--by <name>", "who says so (default: the user)");
}

function addJournal(program: Command): void {
  const chosen = (command: Command) =>
    command
      .option("--record <system/object/id>", "lines about this record")
      .option("--golden <id>", "lines of this golden record")
      .option("--system <name>", "values from this system")
      .option("--field <name>", "this field only")
      .option("--rule <name>", "decided by this rule or for this reason, as the journal has it")
      .option("--author <name>", "set by this person, or by this user of a system")
      .option("--cause <id>", "caused by this decision, observation or undo")
      .option("--since <time>", "from then on: 2h ago, or 2026-11-24T15:00")
      .option("--until <time>", "before then");
  chosen(
    on(
      program.command("journal"),
      "Every field change: from, to, who, which rule, which event",
      async () => (await import("./journal.ts")).journalCommand,
    ),
  )
    .addOption(new Option("--kind <kind>", "lines of this kind: set, kept, held, superseded, written ..."))
    .option("--csv", "all of them as CSV; --json: as a line of JSON each")
    .option("--limit <count>", "at most so many");
  chosen(
    on(
      program.command("undo [numbers...]"),
      "Take changes back: show what would happen, with --yes do it",
      async () => (await import("./undo.ts")).undoCommand,
    ),
  )
    .option("--yes", "do it")
    .option("--by <name>", "who says so (default: the user)");
  on(
    program.command("suggest"),
    "Rules that people's decisions so far follow",
    async () => (await import("./suggest.ts")).suggestCommand,
  );
  on(
    program.command("replay"),
    "Past conflicts under another config's rules",
    async () => (await import("./replay.ts")).replayCommand,
  )
    .requiredOption("--rules <file>", "the other config")
    .option("--out <file>", "write every value that would be another one here, as a line of JSON each")
    .option("--since <time>", "from then on: 30d ago, or 2026-11-01", "30d");
  on(
    program.command("verify"),
    "That the journal leads to the present state, and that nobody has altered it",
    async () => (await import("./verify.ts")).verifyCommand,
  );
  on(
    program.command("erase <text>"),
    "Erase one person's values from all that Truce keeps",
    async () => (await import("./erase.ts")).eraseCommand,
  )
    .option("--yes", "do it; it can't be undone")
    .option("--by <name>", "who says so (default: the user)");
}

function addStore(program: Command): void {
  const users = program.command("users").description("Who may sign in to the console and the API");
  on(users.command("list", { isDefault: true }), "All of them", async () => (await import("./users.ts")).listUsers);
  on(
    users.command("add <name>"),
    "Make a user; prints the link by which they choose a password",
    async () => (await import("./users.ts")).addUser,
  ).option("--role <role>", "viewer, reviewer, operator or admin", "viewer");
  const store = program.command("store").description("Truce's own state");
  on(
    store.command("move"),
    "Take the embedded store to the PostgreSQL that TRUCE_DATABASE_URL or settings.store names",
    async () => (await import("./store-move.ts")).moveCommand,
  );
}

function addMatching(program: Command): void {
  const tables = (command: Command) =>
    command
      .addOption(
        new Option("--type <type>", "what the rows are (default: as the columns say)").choices(["contact", "company"]),
      )
      .option("--map <role=column...>", "what a column holds, where its name does not tell");
  tables(
    on(
      program.command("dedupe <file>"),
      "Find the duplicates in a CSV export",
      async () => (await import("./dedupe.ts")).dedupeCommand,
    ),
  )
    .option("--id <column>", "names the records (default: record_id or id, else row numbers)")
    .option("--one-to-one", "at most one record of each source in a cluster")
    .option("--out <file>", "write record_id,cluster_id")
    .option("--pairs <file>", "write the pairs with decision, score and evidence")
    .option("--html <file>", "write a report to read");
  tables(
    on(
      program.command("match <file>"),
      "Say of each pair in a CSV file whether both are the same",
      async () => (await import("./match.ts")).matchCommand,
    ),
  ).option("--out <file>", "write id,decision here");
  tables(
    on(
      program.command("match-score <file>"),
      "How right that is, on pairs with an answer column",
      async () => (await import("./match.ts")).matchScoreCommand,
    ),
  );
}

function addTraining(program: Command): void {
  on(
    program.command("match-train"),
    "Learn from what people decided on duplicates how to score them",
    async () => (await import("./match-train.ts")).trainCommand,
  ).option("--entity <name>", "of this entity only");
}

function addTrying(program: Command): void {
  on(
    program.command("sandbox <vendor>"),
    "An emulated hubspot, airtable, salesforce or activecampaign on this machine",
    async () => (await import("./sandbox.ts")).sandboxCommand,
  )
    .option("--port <number>", "default: a free one")
    .option("--file <file>", "keep its records in this file")
    .option("--speed <factor>", "limits and delays that many times faster");
  on(
    program.command("demo"),
    "A small company's mess in three systems, or in all, brought together while people edit and things break",
    async () => (await import("../../demo/command.ts")).demoCommand,
  )
    .option(
      "--systems <three|all>",
      "HubSpot, PostgreSQL and Airtable; or every system there is, with relations",
      "three",
    )
    .option("--seed <number>", "which story; one seed is one story")
    .option("--once", "headless, without the live view")
    .option("--kills <count>", "kill Truce with signal 9 that often while people edit", "0");
}

type Action = (...args: never[]) => Promise<void> | void;

/** The action is given the command's arguments and all options, global ones included. */
function on(command: Command, description: string, load: () => Promise<Action>): Command {
  return command.description(description).action(async (...given: unknown[]) => {
    const called = given.at(-1) as Command;
    const action = (await load()) as (...args: unknown[]) => Promise<void> | void;
    await action(...given.slice(0, -2), called.optsWithGlobals());
  });
}

function tellFailure(error: unknown, isDebug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage;
  const message = messageOf(error);
  if (isDebug && error instanceof Error) remark(error.stack ?? message);
  else if (message !== "") remark(`${remarkColor.red("truce:")} ${message}`);
  return error instanceof CliError ? error.exitCode : exitError;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const isFile = code === "ENOENT" && path !== undefined && (syscall === "open" || syscall === "stat");
  return isFile ? `There is no file ${path}.` : error.message;
}
