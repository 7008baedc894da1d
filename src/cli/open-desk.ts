import type { Desk } from "./desk.ts";
import { deskOf } from "./desk.ts";
import { deskPath, reachDesk } from "./desk-socket.ts";
import { type CommonOptions, dataFolder, offlineDeps, openConfiguredStore, readConfig } from "./session.ts";

/** Does something at the desk of the running truce, or, when none runs, at one opened on the store for the purpose. */
export async function atDesk(options: CommonOptions, work: (desk: Desk) => Promise<void>): Promise<void> {
  const config = await readConfig(options, false);
  const path = deskPath(dataFolder(config));
  const running = path === null ? null : await reachDesk(path);
  if (running !== null) return work(running);
  const store = await openConfiguredStore(config);
  try {
    await work(deskOf(offlineDeps(config, store), null));
  } finally {
    await store.close();
  }
}
