import type { z } from "zod";
import type { Path } from "./problem.ts";
import { valueAt } from "./problem.ts";

/** The parts of a zod schema's definition that lead on to other schemas. */
type Definition = {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly discriminator?: string;
  readonly getter?: () => z.core.$ZodType;
};

/** The keys that the schema knows at a path of this data; empty where it has no fixed ones. */
export function knownKeys(schema: z.core.$ZodType, path: Path, data: unknown): string[] {
  let here = [schema];
  path.forEach((part, i) => {
    here = here.flatMap((one) => stepInto(one, part, valueAt(data, path.slice(0, i))));
  });
  const value = valueAt(data, path);
  return here.flatMap((one) => objectsOf(one, value).flatMap(({ shape }) => Object.keys(shape ?? {})));
}

function stepInto(schema: z.core.$ZodType, part: string | number, value: unknown): z.core.$ZodType[] {
  return objectsOf(schema, value).flatMap(({ shape, element, valueType }) => {
    const next = element ?? valueType ?? shape?.[part];
    return next === undefined ? [] : [next];
  });
}

/** The objects, records and lists that a schema may stand for, less those that the discriminator rules out. */
function objectsOf(schema: z.core.$ZodType, value: unknown): Definition[] {
  const definition = schema._zod.def as unknown as Definition;
  const { type, innerType, options, getter, discriminator } = definition;
  if (type === "object" || type === "record" || type === "array") return [definition];
  if (type === "pipe" && definition.in !== undefined) return objectsOf(definition.in, value);
  if (type === "lazy" && getter !== undefined) return objectsOf(getter(), value);
  if (innerType !== undefined) return objectsOf(innerType, value);
  const all = (options ?? []).flatMap((option) => objectsOf(option, value));
  return discriminator === undefined
    ? all
    : all.filter(({ shape }) => isChosen(shape?.[discriminator], value, discriminator));
}

function isChosen(literal: z.core.$ZodType | undefined, value: unknown, discriminator: string): boolean {
  const { values = [] } = (literal?._zod.def ?? {}) as { readonly values?: readonly unknown[] };
  return values.includes(valueAt(value, [discriminator]));
}
