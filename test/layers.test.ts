import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

/** What each folder of src/ may import of the others. Imports run one way, from the outside in. */
const layers: Record<string, readonly string[]> = {
  model: [],
  core: ["model"],
  ports: ["model", "core"],
  clock: ["model", "ports"],
  config: ["model", "core", "ports"],
  tables: [],
  dedupe: ["model", "core", "tables"],
  "local-postgres": [],
  "local-mariadb": ["local-postgres"],
  // One folder for each system, store or queue: none knows another.
  "connectors/*": ["model", "core", "ports", "tables"],
  "store/*": ["model", "core", "ports"],
  "intake/*": ["model", "core", "ports"],
  engine: ["model", "core", "ports"],
  control: ["model", "core", "ports", "engine"],
  server: ["model", "core", "ports", "engine", "control", "config"],
  cli: ["model", "core", "ports", "clock", "config", "dedupe", "local-postgres", "engine", "control", "server"],
};

/** The files that put all parts together, and so know every folder. */
const compositionFiles = [
  "src/main.ts",
  "src/index.ts",
  "src/testing.ts",
  "src/cli/create-connector.ts",
  "src/cli/open-store.ts",
  "src/cli/plan.ts",
  "src/cli/store-move.ts",
  "src/store/move.ts",
];

/** The files whose commands show Truce at work with emulated systems, which live outside of src/. */
const stageFiles = ["src/cli/main-command.ts", "src/cli/sandbox.ts"];

/** Packages that only compute. */
const purePackages = ["@marcbachmann/cel-js", "any-ascii", "libphonenumber-js", "node-diff3", "tldts"];

/** What would make a decision depend on more than its arguments. */
const impure =
  /\b(Date\.now|new Date\(\)|Temporal\.Now|Math\.random|crypto\.|performance\.|process\.|setTimeout|setInterval|setImmediate|queueMicrotask|fetch\(|console\.)/g;

const root = join(import.meta.dirname, "..");
const sources = new Map(
  globSync("src/**/*.ts", { cwd: root })
    .filter((file) => !isForTests(file))
    .sort()
    .map((file) => [file, withoutComments(readFileSync(join(root, file), "utf8"))]),
);
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));

test("there are sources, and their imports are found", () => {
  const text = 'import type {\n  B,\n} from "../model/b.ts";\nexport * from "pg";\nawait import("./c.ts");';
  expect(importsOf("src/core/a.ts", text)).toEqual([
    { file: "src/core/a.ts", target: "src/model/b.ts", isType: true },
    { file: "src/core/a.ts", target: "pg", isType: false },
    { file: "src/core/a.ts", target: "src/core/c.ts", isType: false },
  ]);
  expect(imports.length).toBeGreaterThan(sources.size / 2);
});

test("every folder of src has a rule here", () => {
  const unknown = [...sources.keys()].filter((file) => file.split("/").length > 2 && allowedIn(file) === undefined);
  expect(unknown).toEqual([]);
});

test("imports between folders run one way, from the outside in", () => {
  const wrong = imports
    .filter(
      ({ file, target }) => target.startsWith("src/") && !compositionFiles.includes(file) && !mayImport(file, target),
    )
    .map(
      ({ file, target }) =>
        `${file} imports ${target}: ${layerOf(file)} may import ${allowedIn(file)?.join(", ") || "no other folder"}`,
    );
  expect(wrong).toEqual([]);
});

test("src imports nothing from outside but packages, and nothing that is for tests", () => {
  const wrong = imports
    .filter(({ file, target }) => file !== "src/testing.ts" && target.includes("/") && isFile(target))
    .filter(({ file, target }) => isForTests(target) || (!target.startsWith("src/") && !stageFiles.includes(file)))
    .map(({ file, target }) => `${file} imports ${target}, which is not for those who run Truce`);
  expect(wrong).toEqual([]);
});

test("model imports no package, and core only those that compute: both without Node's own modules", () => {
  const wrong = imports
    .filter(({ file, target }) => !isFile(target) && isPure(file))
    .filter(({ file, target }) => !(file.startsWith("src/core/") && purePackages.includes(packageOf(target))))
    .map(
      ({ file, target }) =>
        `${file} imports ${target}: model may import no package, core only ${purePackages.join(", ")}`,
    );
  expect(wrong).toEqual([]);
});

test("model and core read no clock, chance, network or environment", () => {
  const wrong = [...sources]
    .filter(([file]) => isPure(file))
    .flatMap(([file, text]) =>
      [...text.matchAll(impure)].map(([found]) => `${file} uses ${found}: it must come as an argument`),
    );
  expect(wrong).toEqual([]);
});

test("no file loads itself by way of others", () => {
  // Types may name each other: they load nothing.
  const loads = imports.filter(({ isType }) => !isType);
  const next = Map.groupBy(loads, ({ file }) => file);
  const done = new Set<string>();
  const cycles: string[] = [];
  const follow = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (path.includes(file) || done.has(file)) return;
    for (const { target } of next.get(file) ?? []) follow(target, [...path, file]);
    done.add(file);
  };
  for (const file of sources.keys()) follow(file, []);
  expect(cycles).toEqual([]);
});

type Import = {
  readonly file: string;
  /** A path from the root, or a package's name. */
  readonly target: string;
  readonly isType: boolean;
};

function importsOf(file: string, text: string): Import[] {
  const still = text.matchAll(/^\s*(?:import|export)\s(type\s)?(?:[^"';]*?\sfrom\s)?"([^"]+)"/gm);
  const later = text.matchAll(/\bimport\((\s*)"([^"]+)"/g);
  return [...still, ...later].map(([, type = "", name = ""]) => ({
    file,
    target: name.startsWith(".") ? join(dirname(file), name) : name,
    isType: type.startsWith("type"),
  }));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![:"'`\\])\/\/.*/g, "");
}

function isForTests(file: string): boolean {
  return /\.(test|contract)\.ts$|\/testing(\.ts$|\/)/.test(file) && file !== "src/testing.ts";
}

function isFile(target: string): boolean {
  return target.endsWith(".ts") && existsSync(join(root, target));
}

function isPure(file: string): boolean {
  return file.startsWith("src/model/") || file.startsWith("src/core/");
}

function packageOf(target: string): string {
  return target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
}

/** "core", or "connectors/hubspot" where each folder in a folder stands for itself. A file directly in src stands for itself as well. */
function layerOf(file: string): string {
  const [, first = "", second = ""] = file.split("/");
  return `${first}/*` in layers ? `${first}/${second}` : first;
}

function allowedIn(file: string): readonly string[] | undefined {
  const layer = layerOf(file);
  return layers[layer] ?? layers[layer.replace(/\/.*/, "/*")];
}

function mayImport(file: string, target: string): boolean {
  return layerOf(file) === layerOf(target) || (allowedIn(file)?.includes(layerOf(target)) ?? false);
}
