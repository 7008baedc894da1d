import { SyncFailure } from "../../model/sync-error.ts";
import type { MappedCell, SchemaProblem } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import { at, idOf, type Json } from "./json.ts";
import { listPage } from "./list.ts";
import type { FieldShape } from "./options.ts";
import type { Reader } from "./read.ts";
import { type Bound, changedIn, fieldIn, idIn, isNamedByKey } from "./record.ts";
import { objectSchema, sampleRecords } from "./schema.ts";

type Problem = Pick<SchemaProblem, "cell" | "severity" | "message">;

/** What the mapping asks of an object and the tool can't do; found by asking it: a list, its second page, one record by itself. */
export async function objectProblems(client: Client, reader: Reader, bound: Bound): Promise<readonly SchemaProblem[]> {
  const { object, shape } = bound;
  try {
    const samples = await sampleRecords(client, shape, object.object);
    const found = [
      ...settingProblems(bound),
      ...cellsProblems(bound, samples),
      ...sampleProblems(bound, samples),
      ...(await pagingProblems(client, bound)),
      ...(await readProblems(reader, bound, samples)),
    ];
    return found.map((problem) => ({ object: object.object, ...problem }));
  } catch (failure) {
    if (
      !(failure instanceof SyncFailure) ||
      failure.error.code === "RATE_LIMITED" ||
      failure.error.code === "UNREACHABLE"
    )
      throw failure;
    return [{ object: object.object, cell: null, severity: "error", message: failure.message }];
  }
}

/** What the config says of the object and does not fit together. */
function settingProblems({ object, shape }: Bound): readonly Problem[] {
  const problems: Problem[] = [];
  if (shape.version === undefined && shape.update?.method === "PUT" && shape.update.sends !== "changes") {
    problems.push(
      warning(
        null,
        "PUT replaces whole records and the tool is not said to know versions: an edit of any field in the moment between look and write is written over. Set version if it has one",
      ),
    );
  }
  if (!object.create || isNamedByKey(shape)) return problems;
  if (shape.key === undefined) {
    problems.push(
      warning(
        null,
        "records are created here without a key field: after a lost answer an earlier create is known only by its identity. Name a text field under key",
      ),
    );
  } else if (shape.lookup?.[shape.key] === undefined) {
    problems.push(
      warning(
        null,
        `after a lost answer the whole list is searched for ${shape.key}; name a query for it under lookup`,
      ),
    );
  }
  return problems;
}

function cellsProblems({ object, shape }: Bound, samples: readonly Json[]): readonly Problem[] {
  const schema = objectSchema(object.object, shape, samples);
  return object.cells.flatMap((mapped): Problem[] => {
    const known = schema.cells.find(({ cell }) => cell === mapped.cell);
    const isThere = known !== undefined || samples.some((record) => fieldIn(shape, record, mapped.cell) !== undefined);
    if (!isThere && shape.fields !== undefined) {
      return [
        error(mapped.cell, `fields does not name ${mapped.cell}; it has ${Object.keys(shape.fields).join(", ")}`),
      ];
    }
    if (!isThere && samples.length > 0) {
      const names = schema.cells.map(({ cell }) => cell).join(", ");
      const message = `none of ${samples.length} records has ${mapped.cell}; they have ${names}`;
      // Where blanks are left out a field that nobody filled in yet looks the same as a misspelt one.
      if (shape.absent === "blank") return [warning(mapped.cell, `${message}. If the name is right, all is well`)];
      return [error(mapped.cell, `${message}. If the tool leaves blanks out, set absent: blank`)];
    }
    if (mapped.direction === "read") return [];
    if (known?.readOnly === true) {
      return [
        error(mapped.cell, `${mapped.cell} is the tool's own and can't be written; map it with direction "read"`),
      ];
    }
    const field = shape.fields?.[mapped.cell];
    return field === undefined || isFit(mapped, field)
      ? []
      : [
          error(
            mapped.cell,
            `${mapped.cell} holds ${field.type}, which does not keep values of type ${mapped.type.kind}`,
          ),
        ];
  });
}

/** Which declared types keep what of ours. Text keeps everything but lists. */
const fitting: Readonly<Record<FieldShape["type"], readonly string[]>> = {
  text: [
    "text",
    "name",
    "address",
    "email",
    "phone",
    "url",
    "domain",
    "date",
    "datetime",
    "choice",
    "reference",
    "money",
  ],
  email: ["email", "text"],
  phone: ["phone", "text"],
  url: ["url", "domain", "text"],
  number: ["number", "money", "reference"],
  boolean: ["boolean"],
  date: ["date"],
  datetime: ["datetime"],
  list: ["set", "reference"],
};

function isFit({ type }: MappedCell, field: FieldShape): boolean {
  if (field.as === "text" && (type.kind === "number" || type.kind === "boolean")) return true;
  return fitting[field.type].includes(type.kind);
}

function sampleProblems({ object, shape }: Bound, samples: readonly Json[]): readonly Problem[] {
  const problems: Problem[] = [];
  if (shape.modifiedAt !== undefined && samples.length > 0 && samples.every((one) => changedIn(shape, one) === null)) {
    problems.push(error(null, `no record has a moment at modifiedAt: "${shape.modifiedAt}"`));
  }
  if (shape.absent !== "blank") {
    const sparse = object.cells.filter(({ cell }) => samples.some((one) => fieldIn(shape, one, cell) === undefined));
    const isSome = sparse.filter(({ cell }) => samples.some((one) => fieldIn(shape, one, cell) !== undefined));
    const names = isSome.map(({ cell }) => cell).join(", ");
    if (names !== "") {
      problems.push(
        warning(
          null,
          `some records leave out ${names}: such a field counts as not mentioned. If it means blank, set absent: blank`,
        ),
      );
    }
  }
  return problems;
}

async function pagingProblems(client: Client, { object, shape }: Bound): Promise<readonly Problem[]> {
  const what = `listing ${object.object}`;
  const first = await listPage(client, { shape, place: null, what });
  if (first.next !== null) await listPage(client, { shape, place: first.next, what });
  return [];
}

/** The first record, read by itself, must be the same one. */
async function readProblems(reader: Reader, bound: Bound, samples: readonly Json[]): Promise<readonly Problem[]> {
  const [first] = samples;
  if (first === undefined) return [];
  const { shape, object } = bound;
  const id = idIn(shape, first, `listing ${object.object}`);
  const [held] = await reader.look(bound, [id]);
  if (held instanceof SyncFailure) throw held;
  if (held == null)
    return [error(null, `the list has record ${id}, but reading it alone finds nothing; correct itemPath or id`)];
  const { version } = shape;
  const etagIsMissing = version === "etag" && held.etag === null;
  if (etagIsMissing) return [error(null, "version: etag, but an answer to a single record carries no ETag header")];
  if (version === "etag" && held.etag?.startsWith("W/") === true) {
    return [
      warning(
        null,
        `the ETag ${held.etag} is a weak one, as web frameworks make by themselves: try whether a write with an outdated If-Match is refused, and leave version out if not`,
      ),
    ];
  }
  if (typeof version === "object" && idOf(at(held.record, version.field)) === undefined) {
    return [error(null, `a record has no version at "${version.field}"`)];
  }
  return [];
}

function error(cell: string | null, message: string): Problem {
  return { cell, severity: "error", message };
}

function warning(cell: string | null, message: string): Problem {
  return { cell, severity: "warning", message };
}
