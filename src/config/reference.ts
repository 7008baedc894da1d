/**
 * A text from the config in which `${NAME}` stands for an environment variable and `${file:PATH}` for a file's contents. Secrets are
 * written in no other way, and are put in only when a connection is made.
 */
export type Reference = string;

/** Where referenced values come from. */
export type ReferenceSource = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, `null` when it can't be read. */
  readonly readFile: (path: string) => string | null;
};

const pattern = /\$\{(?:file:(?<file>[^{}\n]+)|(?<name>[A-Za-z_][A-Za-z0-9_]*))\}/gu;
const wholePattern = /^\$\{(?:file:[^{}\n]+|[A-Za-z_][A-Za-z0-9_]*)\}$/u;

/** True when the text is one reference and nothing else. */
export function isReference(text: string): boolean {
  return wholePattern.test(text);
}

/** The first `${` that begins no reference, up to its end; `null` when there is none. */
export function brokenReference(text: string): string | null {
  return /\$\{[^}]*\}?/u.exec(text.replace(pattern, ""))?.[0] ?? null;
}

/** What the text refers to and the source does not have: "NAME", or "file:PATH". Empty values count as missing. */
export function missingReferences(text: Reference, source: ReferenceSource): string[] {
  return [...text.matchAll(pattern)]
    .filter(({ groups }) => !valueFor(groups, source))
    .map(({ groups }) => groups?.["name"] ?? `file:${groups?.["file"]}`);
}

/** The text with its references put in. Throws, naming the variable, when one is missing. */
export function resolveReference(text: Reference, source: ReferenceSource): string {
  return text.replaceAll(pattern, (whole, ...rest) => {
    const value = valueFor(rest.at(-1) as Groups, source);
    if (!value) throw new Error(`${whole} has no value: set it in the environment or in .env.`);
    return value;
  });
}

/** The values of what the text refers to, those left out that are missing. */
export function referencedValues(text: Reference, source: ReferenceSource): string[] {
  return [...text.matchAll(pattern)].flatMap(({ groups }) => valueFor(groups, source) || []);
}

type Groups = Readonly<Record<string, string | undefined>> | undefined;

function valueFor(groups: Groups, { env, readFile }: ReferenceSource): string | null | undefined {
  const file = groups?.["file"];
  // Files with secrets end with a line feed more often than not.
  return file === undefined ? env[groups?.["name"] ?? ""] : readFile(file)?.trimEnd();
}
