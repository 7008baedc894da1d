import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { type LocalMariaDb, startLocalMariaDb } from "../../src/local-mariadb/start.ts";
import { debianProgram } from "./debian.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Every POST to it makes a database and answers its URL. */
    readonly mariaDbBroker: string;
  }
}

/** One MariaDB for all test files of a run, started when the first of them asks for a database: most runs need none. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let server: Promise<LocalMariaDb> | null = null;
  let made = 0;
  const broker = createServer(async (_, response) => {
    try {
      const { path, skipReason } = debianProgram("mariadbd");
      if (path === null) throw new Error(skipReason);
      server ??= startLocalMariaDb(path);
      response.end(await (await server).createDatabase(`test_${++made}`));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  await new Promise<void>((resolve) => broker.listen(0, "127.0.0.1", resolve));
  project.provide("mariaDbBroker", `http://127.0.0.1:${(broker.address() as AddressInfo).port}/`);
  return async () => {
    broker.close();
    // One that did not start has told the tests why.
    await server?.then((started) => started.stop()).catch(() => {});
  };
}
