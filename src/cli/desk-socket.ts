import { createHash } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { join, relative } from "node:path";
import { type Desk, deskCalls } from "./desk.ts";

/** Longest path of a socket that every system takes, in bytes. */
const socketPathMax = 100;

/** Where the desk of the process that runs on this data folder is found; `null` where the path is too long for a socket. */
export function deskPath(folder: string): string | null {
  if (process.platform === "win32")
    return `\\\\.\\pipe\\truce-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`;
  const path = join(folder, "desk.sock");
  const shorter = [path, relative(process.cwd(), path)].sort((a, b) => a.length - b.length)[0] ?? path;
  return Buffer.byteLength(shorter) > socketPathMax ? null : shorter;
}

export type ServedDesk = { close(): Promise<void> };

/**
 * Opens the desk to other commands of the same user: a socket in the data folder, which only its owner may enter. `null` when another process
 * has one there already.
 */
export async function serveDesk(desk: Desk, path: string): Promise<ServedDesk | null> {
  if ((await reachDesk(path)) !== null) return null;
  // A process that was killed leaves its socket behind.
  if (process.platform !== "win32") rmSync(path, { force: true });
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      answer(desk, incoming.url ?? "", Buffer.concat(parts).toString()).then(
        (value) => response.end(JSON.stringify({ value: value ?? null })),
        (error: unknown) =>
          response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  if (process.platform !== "win32") chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(desk: Desk, url: string, body: string): Promise<unknown> {
  const name = deskCalls.find((one) => url === `/${one}`);
  if (name === undefined) throw new Error(`The running truce does not know ${url}; is it another version?`);
  const call = desk[name] as (...given: unknown[]) => Promise<unknown>;
  return call(...(JSON.parse(body) as unknown[]));
}

/** The desk of the process that runs there; `null` when there is none. */
export async function reachDesk(path: string): Promise<Desk | null> {
  const call = (name: string, given: readonly unknown[]) => ask(path, name, JSON.stringify(given));
  const desk = Object.fromEntries(deskCalls.map((name) => [name, (...given: unknown[]) => call(name, given)]));
  try {
    await call("hold", [""]);
    return desk as unknown as Desk;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK") return null;
    throw error;
  }
}

function ask(socketPath: string, name: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: `/${name}`, method: "POST" }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const { value, error } = JSON.parse(Buffer.concat(parts).toString()) as { value?: unknown; error?: string };
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
