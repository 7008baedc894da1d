import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRolodex } from "../examples/custom-connector/rolodex.ts";

/** docs/connectors/custom.md as a reader follows it: its files are taken out, checked, run and used. */
const root = join(import.meta.dirname, "..");
const names = ["rolodex-connector.ts", "rolodex-connector.test.ts", "truce.config.ts"];
const guide = readFileSync(join(root, "docs/connectors/custom.md"), "utf8");
const blocks = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gmu)].map(([, text = ""]) => text);
const run = promisify(execFile);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "truce-custom-"));
  for (const [i, name] of names.entries()) writeFileSync(join(folder, name), blocks[i] ?? "");
  cpSync(join(root, "examples/custom-connector/rolodex.ts"), join(folder, "rolodex.ts"));
  // What an installed package resolves to.
  const entries = { truce: join(root, "src/index.ts"), "truce/testing": join(root, "src/testing.ts") };
  writeFileSync(
    join(folder, "installed.mjs"),
    `import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
const entries = ${JSON.stringify(entries)};
registerHooks({
  resolve: (name, context, next) =>
    Object.hasOwn(entries, name) ? { url: pathToFileURL(entries[name]).href, shortCircuit: true } : next(name, context),
});
`,
  );
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const paths = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, [file]]));
  const compilerOptions = { paths, noEmit: true, typeRoots: [join(root, "node_modules/@types")] };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
});

afterAll(() => rmSync(folder, { recursive: true }));

test("the guide shows the files in examples/, and its connector has less than 100 lines", () => {
  for (const [i, name] of names.entries()) {
    expect(blocks[i], name).toBe(readFileSync(join(root, "examples/custom-connector", name), "utf8"));
  }
  expect(blocks[0]?.split("\n").length).toBeLessThan(100);
});

test("the guide's files have no type errors", { timeout: 120_000 }, async () => {
  const { stdout } = await run(join(root, "node_modules/.bin/tsc"), ["-p", folder]).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  expect(stdout).toBe("");
});

test("its connector passes the contract under node:test", { timeout: 120_000 }, async () => {
  const args = ["--import", "./installed.mjs", "--test", "rolodex-connector.test.ts"];
  const { NODE_OPTIONS: _, VITEST: __, NODE_TEST_CONTEXT: ___, ...env } = process.env;
  const { stdout } = await run(process.execPath, args, { cwd: folder, env });
  expect(stdout).toMatch(/pass 2\d\n/u);
  expect(stdout).toContain("fail 0");
});

test("and under vitest, with its functions in place of node:test's", { timeout: 120_000 }, async () => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const text = blocks[1]?.replace('"node:test"', '"vitest"') ?? "";
  writeFileSync(join(folder, "under-vitest.test.ts"), text);
  const alias = [
    { find: /^truce$/u.source, replacement: join(root, "src/index.ts") },
    { find: /^truce\/testing$/u.source, replacement: join(root, "src/testing.ts") },
  ].map(({ find, replacement }) => `{ find: /${find}/, replacement: ${JSON.stringify(replacement)} }`);
  writeFileSync(join(folder, "vitest.config.mjs"), `export default { resolve: { alias: [${alias.join(", ")}] } };\n`);
  const args = [join(root, "node_modules/vitest/vitest.mjs"), "run", "under-vitest.test.ts"];
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const { stdout } = await run(process.execPath, args, { cwd: folder, env: { ...env, NO_COLOR: "1" } });
  expect(stdout).toMatch(/Tests\s+2\d passed/u);
});

test("two systems of it are kept equal by a config in TypeScript", { timeout: 60_000 }, async () => {
  const [a, b] = [await startRolodex("one"), await startRolodex("two")];
  a.person.add({ email: "ada@example.org", name: "Ada", note: null });
  b.person.add({ email: "grace@example.org", name: "Grace", note: null });
  const config = `import { defineConfig, env } from "truce";
import { rolodex } from "./rolodex-connector.ts";
const fields = { email: "email", name: "name", note: "note" };
export default defineConfig({
  systems: { a: rolodex({ url: "${a.url}", token: env("A") }), b: rolodex({ url: "${b.url}", token: env("B") }) },
  entities: {
    contact: {
      fields: { email: "email", name: "name", note: "text" },
      identity: ["email"],
      systems: { a: { object: "cards", create: true, fields }, b: { object: "cards", create: true, fields } },
    },
  },
});
`;
  writeFileSync(join(folder, "two.config.ts"), config);
  const truce = (...args: readonly string[]) =>
    run(process.execPath, [join(root, "src/main.ts"), ...args, "--config", "two.config.ts"], {
      cwd: folder,
      env: { ...process.env, A: "one", B: "two", TRUCE_DATABASE_URL: "" },
    });
  expect((await truce("check")).stdout).toContain("a (Rolodex): reached");
  await truce("run", "--once");
  expect([a.person.count(), b.person.count()]).toEqual([2, 2]);
  await Promise.all([a.close(), b.close()]);
});
