import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The package as it is published: JavaScript and declarations in dist/, laid out as the sources are. */
const root = join(import.meta.dirname, "..");
const main = join(root, "dist", "src", "main.js");

// A file whose source is gone would otherwise be published on.
rmSync(join(root, "dist"), { recursive: true, force: true });
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
if (!readFileSync(main, "utf8").startsWith("#!/usr/bin/env node\n"))
  throw new Error("src/main.ts must begin with #!/usr/bin/env node, since it is the package's command.");
chmodSync(main, 0o755);
await import("./build-console.ts");
