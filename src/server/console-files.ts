import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import type { FastifyInstance } from "fastify";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".json": "application/json; charset=utf-8",
};

type File = { readonly type: string; readonly plain: Buffer; readonly zipped: Buffer; readonly isLasting: boolean };

/** Serves the built console: its files, and its page under every address that is nothing else. `null`: there is no build. */
export function registerConsole(app: FastifyInstance, folder: string | null): void {
  const files = folder === null ? new Map<string, File>() : filesIn(folder);
  app.get("/*", (request, reply) => {
    const path = new URL(request.url, "http://x").pathname.slice(1);
    const isPage = extname(path) === "";
    const file = files.get(path) ?? (isPage ? files.get("index.html") : undefined);
    if (file === undefined) {
      const why = files.size === 0 && isPage ? "The console is not built: npm run build." : "There is nothing here.";
      return reply.code(404).type("text/plain; charset=utf-8").send(why);
    }
    const zips = /\bgzip\b/u.test(String(request.headers["accept-encoding"] ?? ""));
    reply.type(file.type).header("vary", "accept-encoding");
    reply.header("cache-control", file.isLasting ? "public, max-age=31536000, immutable" : "no-cache");
    return zips ? reply.header("content-encoding", "gzip").send(file.zipped) : reply.send(file.plain);
  });
}

/** All of them in memory: they are few and small. Those in assets/ have their content's digest in their name. */
function filesIn(folder: string): Map<string, File> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join("/");
      const plain = readFileSync(path);
      const type = types[extname(name)] ?? "application/octet-stream";
      return [name, { type, plain, zipped: gzipSync(plain), isLasting: name.startsWith("assets/") }];
    }),
  );
}
