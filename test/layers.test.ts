import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { expect, test } from "vitest";

/** What the product's files of a layer may import, apart from that layer itself. */
type Layer = {
  readonly imports: readonly string[];
  /** May import Node's own modules. */
  readonly node?: true;
  /** May import npm packages. */
  readonly npm?: true;
  /** Must take time, chance and the network as arguments, so that the simulation can replay it. */
  readonly pure?: true;
};

const decided = ["model", "core", "ports"];
const adapter: Layer = { imports: decided, node: true, npm: true };

/**
 * The layers, from the bottom up. `connectors`, `store` and `intake` stand for each of their folders, which never import one another. `clock`, `config`,
 * `local-postgres` and `dedupe` are helpers beside the engine: they know no engine, connector or store.
 */
const layers: Readonly<Record<string, Layer>> = {
  model: { imports: [], pure: true },
  core: { imports: ["model"], npm: true, pure: true },
  ports: { imports: ["model", "core"], pure: true },
  engine: { imports: decided, pure: true },
  control: { imports: [...decided, "engine"], node: true, npm: true },
  connectors: adapter,
  store: adapter,
  intake: adapter,
  clock: { imports: ["model", "ports"], npm: true },
  config: { imports: ["model", "core"], node: true, npm: true },
  "local-postgres": { imports: [], node: true, npm: true },
  dedupe: { imports: ["model", "core"], node: true, npm: true },
  server: { imports: [...decided, "engine", "control", "config"], node: true, npm: true },
  cli: {
    imports: [
      ...[...decided, "engine", "control", "connectors", "store", "intake", "clock", "config", "local-postgres"],
      ...["dedupe", "server", "demo", "sandbox"],
    ],
    node: true,
    npm: true,
  },
  "main.ts": { imports: ["cli"] },
  "index.ts": { imports: ["config", "model"] },
};

/** The parts that come in several kinds, each in a folder of its own. */
const families = ["connectors", "store", "intake"];

const impurities = [
  /\bset(?:Timeout|Interval|Immediate)\b/,
  /\bfetch\(/,
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bTemporal\.Now\b/,
  /\bMath\.random\b/,
  /\bprocess\./,
  /\bperformance\./,
  /\bcrypto\./,
];

type Import = { readonly name: string; readonly to: string | null; readonly isTypeOnly: boolean };
type SourceFile = { readonly path: string; readonly code: string; readonly imports: readonly Import[] };

const root = join(import.meta.dirname, "..");
const files = await readSources();

test("imports run one way, from the command line down to the model", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(importViolations)).toEqual([]);
});

test("model, core, ports and engine take the time, chance and the network from outside", () => {
  const pure = files.filter((file) => layers[layerOf(file.path)]?.pure);
  const found = pure.flatMap(({ path, code }) =>
    impurities.flatMap((impurity) => {
      const match = impurity.exec(code);
      return match === null ? [] : [`${path}: uses ${match[0]}, which has to come as an argument`];
    }),
  );
  expect(found).toEqual([]);
});

test("no file imports itself in a circle at run time", () => {
  expect(circles(files).map((circle) => `${circle.join(" → ")}: a circle of imports`)).toEqual([]);
});

test("no file only passes on what others export, apart from the package's entry", () => {
  const barrels = files.filter(({ path, code }) => path !== "src/index.ts" && isBarrel(code));
  expect(barrels.map(({ path }) => `${path}: a file of re-exports; import from where things are`)).toEqual([]);
});

function importViolations({ path, imports }: SourceFile): string[] {
  const name = layerOf(path);
  const layer = layers[name];
  if (layer === undefined) return [`${path}: ${name} is no layer of test/layers.test.ts`];
  return imports.flatMap((one) => {
    const broken = brokenRule(path, name, layer, one);
    return broken === null ? [] : [`${path} imports ${one.name}: ${broken}`];
  });
}

function brokenRule(path: string, name: string, layer: Layer, { name: imported, to }: Import): string | null {
  if (to === null) {
    const isNode = imported.startsWith("node:");
    if (isNode ? layer.node : layer.npm) return null;
    return isNode ? `${name} imports nothing of Node` : `${name} imports no npm package`;
  }
  if (isTesting(to)) return "the product imports nothing made for tests";
  const target = layerOf(to);
  if (target === name) return families.includes(name) ? sameMember(path, to) : null;
  if (layer.imports.includes(target)) return null;
  return `${name} imports ${layer.imports.length === 0 ? "only itself" : layer.imports.join(", ")}`;
}

function sameMember(path: string, to: string): string | null {
  const member = (file: string) => file.split("/").slice(0, 3).join("/");
  return member(path) === member(to) ? null : `${member(path)} and ${member(to)} know nothing of each other`;
}

/** "engine" for src/engine/run.ts, "main.ts" for src/main.ts, "sandbox" for sandbox/core/serve.ts. */
function layerOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return top === "src" ? second : top;
}

function isTesting(path: string): boolean {
  return /\.(?:test|contract)\.ts$|\/testing\/|\/testing\.ts$|\/test-[^/]*\.ts$|^test\//.test(path);
}

async function readSources(): Promise<SourceFile[]> {
  const paths: string[] = [];
  for await (const file of glob("src/**/*.ts", { cwd: root })) paths.push(file.split(sep).join("/"));
  return paths
    .filter((path) => !isTesting(path))
    .sort()
    .map((path) => {
      const code = withoutComments(readFileSync(join(root, path), "utf8"));
      return { path, code, imports: importsOf(path, code) };
    });
}

/** The formatter keeps comments on lines of their own, or behind the code. */
function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/(^|\s)\/\/ .*$/gm, "");
}

function importsOf(path: string, code: string): Import[] {
  const statements = code.matchAll(
    /^(?:import|export)\b([^;"]*?)\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...statements].map(([, names = "", from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic!;
    const to = name.startsWith(".")
      ? normalize(join(dirname(path), name))
          .split(sep)
          .join("/")
      : null;
    return { name, to, isTypeOnly: isTypeOnly(names) };
  });
}

function isTypeOnly(names: string): boolean {
  if (/^\s*type\b/.test(names)) return true;
  const inBraces = /^\s*\{([^}]*)\}\s*$/
    .exec(names)?.[1]
    ?.split(",")
    .filter((one) => one.trim() !== "");
  return inBraces !== undefined && inBraces.length > 0 && inBraces.every((one) => /^\s*type\b/.test(one));
}

function isBarrel(code: string): boolean {
  const rest = code.replace(/^export\b[^;"]*?\bfrom "[^"]+";$/gm, "");
  return rest !== code && rest.trim() === "";
}

/**
 * Each circle once, by a walk along the imports that remembers the way it came. Types may refer to one another: a golden record has holds, and a hold
 * names its golden record.
 */
function circles(sources: readonly SourceFile[]): string[][] {
  const importsByPath = new Map(sources.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const found: string[][] = [];
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) found.push([...way.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const { to, isTypeOnly } of importsByPath.get(path) ?? [])
      if (to !== null && !isTypeOnly) walk(to, [...way, path]);
    done.add(path);
  };
  for (const { path } of sources) walk(path, []);
  return found;
}
