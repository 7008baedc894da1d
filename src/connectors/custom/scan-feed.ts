import { createHash } from "node:crypto";
import type { RawUpsert } from "../../model/observation.ts";
import type { ObjectName } from "../../model/record.ts";
import type { ChangeFeed, Connector } from "../../ports/connector.ts";
import { createSeenVersions } from "../../ports/seen-versions.ts";

/** `told` gives each pull with news a place of its own; `scans`: where each object's list goes on. */
type Cursor = { readonly told: number; readonly scans: Readonly<Record<ObjectName, string | null>> };

/**
 * A feed for a system that tells no changes: every `intervalMs` all is listed, a page of each object a pull, and what differs from the last time is
 * told. For collections of up to some ten thousand records; what was deleted is found by sweeps. After a restart all is told once more, which
 * changes nothing.
 */
export function scanFeed(scan: Connector["scan"], { intervalMs }: { readonly intervalMs: number }): ChangeFeed {
  const seen = createSeenVersions();
  return {
    kind: "poll",
    intervalMs,
    start: () => Promise.resolve(JSON.stringify({ told: 0, scans: {} } satisfies Cursor)),
    async pull({ objects, cursor, signal }) {
      seen.acknowledge(cursor);
      const { told, scans } = JSON.parse(cursor) as Cursor;
      const observations: RawUpsert[] = [];
      const next: Record<ObjectName, string | null> = {};
      for (const object of objects) {
        let place = scans[object.object] ?? null;
        const news: RawUpsert[] = [];
        // Pages without news are turned at once.
        do {
          const page = await scan(object, place);
          place = page.cursor;
          for (const one of page.observations) {
            const version = printOf(one);
            if (seen.has(object.object, one.ref.id, version)) continue;
            seen.add(object.object, one.ref.id, version);
            news.push(one);
          }
        } while (place !== null && news.length === 0 && !signal.aborted);
        observations.push(...news);
        next[object.object] = place;
      }
      const after = JSON.stringify({ told: told + observations.length, scans: next } satisfies Cursor);
      seen.handOver(after);
      // After news the next pull comes at once: it says that they are stored.
      const caughtUp = observations.length === 0 && Object.values(next).every((place) => place === null);
      return { observations, cursor: after, caughtUp, lost: [] };
    },
  };
}

function printOf({ revision, cells }: RawUpsert): string {
  return createHash("sha256")
    .update(JSON.stringify([revision, cells]))
    .digest("base64url")
    .slice(0, 22);
}
