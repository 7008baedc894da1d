import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The console into dist/console, where it is not built from just these sources already. Without vite, as in a package, there is nothing to do. */
const root = join(import.meta.dirname, "..");
const built = join(root, "dist", "console", "index.html");
const stamp = join(root, "dist", "console.sources");

async function buildConsole(): Promise<void> {
  const sources = sourcesDigest();
  if (existsSync(built) && existsSync(stamp) && readFileSync(stamp, "utf8") === sources) return;
  if (!existsSync(join(root, "node_modules", "vite"))) return;
  process.stderr.write("Building the console (some seconds, once) …\n");
  const { build } = await import("vite");
  rmSync(stamp, { force: true });
  await build({ configFile: join(root, "console", "vite.config.ts"), logLevel: "warn" });
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(stamp, sources);
}

/** What the build depends on: the console's own files, the client that it has in common with the server, and the packages. */
function sourcesDigest(): string {
  const files = [
    "console/**/*",
    "src/server/client.ts",
    "src/server/operations.ts",
    "src/server/access/identity.ts",
    "package-lock.json",
  ];
  const digest = createHash("sha256");
  for (const file of globSync(files, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    digest.update(file).update(readFileSync(file));
  }
  return digest.digest("hex");
}

await buildConsole();
